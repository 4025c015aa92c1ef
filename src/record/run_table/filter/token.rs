//! The pieces of a filter: words, signs, parentheses.

use std::cmp::Ordering;

use super::super::Cell;
use super::filter_error::FilterError;

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The same, texts without regard to case.
    Equal,
    /// Anything else.
    Unequal,
    /// Smaller.
    Less,
    /// Not larger.
    AtMost,
    /// Larger.
    More,
    /// Not smaller.
    AtLeast,
    /// A text in which another stands.
    Holds,
}

/// Signs as they are written; of two that begin alike the longer first.
const SIGNS: [(&str, Sign); 8] = [
    ("!=", Sign::Unequal),
    ("<=", Sign::AtMost),
    (">=", Sign::AtLeast),
    ("==", Sign::Equal),
    ("=", Sign::Equal),
    ("<", Sign::Less),
    (">", Sign::More),
    ("~", Sign::Holds),
];

impl Sign {
    /// Whether it asks for more or less.
    pub fn orders(self) -> bool {
        matches!(self, Self::Less | Self::AtMost | Self::More | Self::AtLeast)
    }

    /// Whether what stands in a column compares so with a value.
    pub fn holds(self, cell: &Cell, value: &str) -> bool {
        let text = match cell {
            Cell::Number(number) => number.to_string(),
            Cell::Text(text) => text.to_lowercase(),
        };
        if self == Self::Holds {
            return text.contains(&value.to_lowercase());
        }
        let order = match (cell, value.parse::<f64>()) {
            (Cell::Number(number), Ok(value)) => number.partial_cmp(&value),
            _ => Some(text.cmp(&value.to_lowercase())),
        };
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::Unequal => order != Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::AtMost => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Self::More => order == Some(Ordering::Greater),
            Self::AtLeast => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
            Self::Holds => false,
        }
    }
}

/// A piece of a filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A word that stands bare.
    Word(String),
    /// One in quotation marks.
    Quoted(String),
    /// A sign, and as it is written.
    Sign(Sign, &'static str),
    /// An opening parenthesis.
    Open,
    /// A closing one.
    Close,
}

impl Token {
    /// As it is written.
    pub fn text(&self) -> &str {
        match self {
            Self::Word(text) | Self::Quoted(text) => text,
            Self::Sign(_, text) => text,
            Self::Open => "(",
            Self::Close => ")",
        }
    }

    /// Whether it is this word of the language.
    pub fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text.eq_ignore_ascii_case(word))
    }
}

/// The pieces of a filter, in order.
///
/// # Errors
/// [`FilterError::Open`].
pub fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let (mut rest, mut tokens) = (text.trim_start(), Vec::new());
    while let Some(first) = rest.chars().next() {
        let sign = SIGNS.iter().find(|(written, _)| rest.starts_with(written));
        let (token, length) = match (first, sign) {
            ('(', _) => (Token::Open, 1),
            (')', _) => (Token::Close, 1),
            ('"' | '\'', _) => {
                let inside = rest.get(1..).unwrap_or_default();
                let end = inside.find(first).ok_or(FilterError::Open { mark: first })?;
                (Token::Quoted(inside[..end].to_owned()), end + 2)
            }
            (_, Some((written, sign))) => (Token::Sign(*sign, written), written.len()),
            _ => {
                let ends = |c: char| c.is_whitespace() || "()\"'!=<>~".contains(c);
                let end = rest.char_indices().skip(1).find(|(_, c)| ends(*c)).map_or(rest.len(), |(at, _)| at);
                (Token::Word(rest[..end].to_owned()), end)
            }
        };
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}
