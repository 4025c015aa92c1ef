//! What is typed to filter runs: `accuracy > 0.9 and seed != 7`.
//!
//! A comparison names a column, whole (`test.accuracy`, `recipe.seed`) or by its last part where that means one
//! (`accuracy`, `seed`); of a measure that was taken on both parts the test's is meant. `accuracy@500` is a validation
//! measure as it was at that step, `best.accuracy` its best. `=` and `!=` compare numbers as numbers and texts without
//! regard to case, `~` asks whether a text holds another. A word alone is looked for in name, folder, pair, task,
//! status, tags and note. `and`, `or`, `not` and parentheses join them; words beside each other mean `and`.
//! A run that has nothing in a column fits no comparison with it, `!=` included.

mod filter_error;
mod token;

use std::collections::BTreeSet;

use self::token::{Sign, Token, tokens};
use super::{Cell, RunRow};
use crate::link::Step;
use crate::session::near::suggested;

pub use self::filter_error::FilterError;

/// What rows are asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter(Option<Term>);

#[derive(Clone, Debug, PartialEq)]
enum Term {
    Any(Vec<Term>),
    All(Vec<Term>),
    Not(Box<Term>),
    Word(String),
    Compared { column: String, at: Option<Step>, sign: Sign, value: String },
}

impl Filter {
    /// Reads a filter over the columns there are; an empty one lets every run through.
    ///
    /// # Errors
    /// [`FilterError`].
    pub fn new(text: &str, columns: &BTreeSet<String>) -> Result<Self, FilterError> {
        let tokens = tokens(text)?;
        if tokens.is_empty() {
            return Ok(Self(None));
        }
        let mut reader = Reader { tokens, at: 0, depth: 0, columns };
        let term = reader.any()?;
        match reader.peek() {
            None => Ok(Self(Some(term))),
            Some(token) => Err(FilterError::Unexpected { found: token.text().to_owned() }),
        }
    }

    /// The column that a name means.
    ///
    /// # Errors
    /// [`FilterError::NoColumn`], [`FilterError::Several`].
    pub fn column(name: &str, columns: &BTreeSet<String>) -> Result<String, FilterError> {
        column(name, false, columns)
    }

    /// Whether a run is among those that are asked for.
    pub fn fits(&self, row: &RunRow) -> bool {
        self.0.as_ref().is_none_or(|term| term.fits(row))
    }
}

impl Term {
    fn fits(&self, row: &RunRow) -> bool {
        match self {
            Self::Any(terms) => terms.iter().any(|term| term.fits(row)),
            Self::All(terms) => terms.iter().all(|term| term.fits(row)),
            Self::Not(term) => !term.fits(row),
            Self::Word(word) => {
                let text = |column: &str| match row.cell(column, None) {
                    Some(Cell::Text(text)) => text.to_lowercase().contains(word),
                    _ => false,
                };
                ["name", "folder", "pair", "task", "status", "tags", "note"].into_iter().any(text)
            }
            Self::Compared { column, at, sign, value } => {
                row.cell(column, *at).is_some_and(|cell| sign.holds(&cell, value))
            }
        }
    }
}

/// Whether a column holds nothing but numbers.
fn is_figure(column: &str) -> bool {
    let measure = column.split_once('.').is_some_and(|(part, _)| MEASURED.contains(&part));
    measure || ["steps", "seconds", "size"].contains(&column)
}

/// The first part of a column that is a measure.
const MEASURED: [&str; 4] = ["test", "validation", "best", "teacher_test"];

struct Reader<'a> {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    columns: &'a BTreeSet<String>,
}

/// Conditions inside one another.
const DEEPEST: usize = 100;

impl Reader<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        self.at += 1;
        self.tokens.get(self.at - 1).cloned()
    }

    fn accept(&mut self, word: &str) -> bool {
        let there = self.peek().is_some_and(|token| token.is(word));
        self.at += usize::from(there);
        there
    }

    fn any(&mut self) -> Result<Term, FilterError> {
        let mut terms = vec![self.all()?];
        while self.accept("or") {
            terms.push(self.all()?);
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Term::Any(terms) })
    }

    fn all(&mut self) -> Result<Term, FilterError> {
        let mut terms = vec![self.one()?];
        let goes_on = |token: &Token| *token != Token::Close && !token.is("or");
        while self.accept("and") || self.peek().is_some_and(goes_on) {
            terms.push(self.one()?);
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Term::All(terms) })
    }

    /// One condition; parentheses and negations lie in one another at most so deep that no stack overflows.
    fn one(&mut self) -> Result<Term, FilterError> {
        self.depth += 1;
        let term = if self.depth > DEEPEST { Err(FilterError::TooDeep) } else { self.condition() };
        self.depth -= 1;
        term
    }

    fn condition(&mut self) -> Result<Term, FilterError> {
        if self.accept("not") {
            return Ok(Term::Not(Box::new(self.one()?)));
        }
        match self.next() {
            Some(Token::Open) => {
                let term = self.any()?;
                match self.next() {
                    Some(Token::Close) => Ok(term),
                    _ => Err(FilterError::Open { mark: '(' }),
                }
            }
            Some(Token::Quoted(word)) => Ok(Term::Word(word.to_lowercase())),
            Some(Token::Word(word)) if !["and", "or"].contains(&word.to_ascii_lowercase().as_str()) => {
                self.compared_or_word(word)
            }
            token => {
                Err(FilterError::Unexpected { found: token.map_or(String::new(), |token| token.text().to_owned()) })
            }
        }
    }

    fn compared_or_word(&mut self, word: String) -> Result<Term, FilterError> {
        let Some(Token::Sign(sign, _)) = self.peek() else { return Ok(Term::Word(word.to_lowercase())) };
        let sign = *sign;
        self.at += 1;
        let value = match self.next() {
            Some(Token::Word(value) | Token::Quoted(value)) => value,
            token => {
                let found = token.map_or(String::new(), |token| token.text().to_owned());
                return Err(FilterError::Unexpected { found });
            }
        };
        let (name, at) = match word.split_once('@') {
            Some((name, step)) => {
                (name, Some(step.parse().map_err(|_| FilterError::NoStep { found: step.to_owned() })?))
            }
            None => (word.as_str(), None),
        };
        let column = column(name, at.is_some(), self.columns)?;
        if sign.orders() && is_figure(&column) && value.parse::<f64>().is_err() {
            return Err(FilterError::NoNumber { column, found: value });
        }
        Ok(Term::Compared { column, at, sign, value })
    }
}

/// The column that a name means.
fn column(name: &str, at_step: bool, columns: &BTreeSet<String>) -> Result<String, FilterError> {
    let is_curve = |column: &str| !at_step || column.starts_with("validation.");
    if columns.contains(name) {
        return if is_curve(name) { Ok(name.to_owned()) } else { Err(FilterError::NoCurve { name: name.to_owned() }) };
    }
    let by_last = |column: &&String| column.rsplit('.').next().is_some_and(|last| last == name);
    let mut named: Vec<&String> = columns.iter().filter(by_last).collect();
    // Of a measure the test's, or at a step the validation's.
    let first = if at_step { "validation" } else { "test" };
    for part in [first, "validation"] {
        let of_part: Vec<&String> = named
            .iter()
            .copied()
            .filter(|column| column.strip_prefix(part).is_some_and(|rest| rest.starts_with('.')))
            .collect();
        if !of_part.is_empty() {
            named = of_part;
            break;
        }
    }
    if !named.is_empty() && !named.iter().any(|column| is_curve(column)) {
        return Err(FilterError::NoCurve { name: name.to_owned() });
    }
    match named.as_slice() {
        [column] => Ok((*column).clone()),
        [] => {
            let lasts = columns.iter().filter_map(|column| column.rsplit('.').next());
            let known: Vec<&str> = columns.iter().map(String::as_str).chain(lasts).collect();
            Err(FilterError::NoColumn { name: name.to_owned(), near: suggested(name, &known) })
        }
        several => {
            let several: Vec<&str> = several.iter().map(|column| column.as_str()).collect();
            Err(FilterError::Several { name: name.to_owned(), columns: several.join(", ") })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::RunStatus;
    use super::*;

    fn rows() -> Vec<RunRow> {
        let settings = |seed: &str, alpha: &str, optimizer: &str| {
            [
                ("recipe.seed", seed),
                ("mixture.alpha", alpha),
                ("recipe.optimizer", optimizer),
                ("soft_targets.temperature", "2"),
                ("jensen_shannon.temperature", "4"),
            ]
            .map(|(path, value)| (path.to_owned(), value.to_owned()))
            .into()
        };
        let row = |name: &str, accuracy: Option<f64>, settings| RunRow {
            session: name.into(),
            status: if accuracy.is_some() { RunStatus::Finished } else { RunStatus::Interrupted },
            test: accuracy.map(|value| ("accuracy".to_owned(), value)).into_iter().collect(),
            validation: [("accuracy".to_owned(), vec![(10, 0.5), (20, 0.8), (30, 0.7)])].into(),
            settings,
            ..RunRow::default()
        };
        vec![
            row("Banking taught", Some(0.92), settings("7", "0.1", "AdamW")),
            row("Banking taught", Some(0.91), settings("8", "0.1", "AdamW")),
            row("Banking alone", Some(0.78), settings("7", "1", "Sgd")),
            row("News", None, settings("7", "0.5", "AdamW")),
        ]
    }

    fn found(text: &str) -> Result<Vec<usize>, FilterError> {
        let rows = rows();
        let columns = rows.iter().flat_map(RunRow::columns).collect();
        let filter = Filter::new(text, &columns)?;
        Ok((0..rows.len()).filter(|place| filter.fits(&rows[*place])).collect())
    }

    #[test]
    fn what_is_typed_finds_the_runs_it_says() {
        let cases: [(&str, &[usize]); 25] = [
            ("", &[0, 1, 2, 3]),
            ("   ", &[0, 1, 2, 3]),
            ("accuracy > 0.9 and seed != 7", &[1]),
            ("accuracy>0.9", &[0, 1]),
            ("accuracy >= 0.91 seed=8", &[1]),
            ("test.accuracy < 0.9", &[2]),
            ("validation.accuracy = 0.7", &[0, 1, 2, 3]),
            ("best.accuracy = 0.8", &[0, 1, 2, 3]),
            ("accuracy@25 == 0.8 and alpha = 0.5", &[3]),
            ("accuracy@5 > 0", &[]),
            ("banking", &[0, 1, 2]),
            ("banking not alone", &[0, 1]),
            ("\"banking taught\" and seed = 8", &[1]),
            ("optimizer = adamw", &[0, 1, 3]),
            ("optimizer ~ adam", &[0, 1, 3]),
            ("optimizer != AdamW", &[2]),
            ("status = interrupted or alpha = 1", &[2, 3]),
            ("interrupted", &[3]),
            ("(news or alone) and seed = 7", &[2, 3]),
            ("not (news or alone)", &[0, 1]),
            ("NOT news AND NOT alone", &[0, 1]),
            ("mixture.alpha <= 0.1", &[0, 1]),
            ("recipe.seed = 7.0", &[0, 2, 3]),
            ("name = 'News'", &[3]),
            ("accuracy != 2", &[0, 1, 2]),
        ];
        for (text, expected) in cases {
            assert_eq!(found(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_with_what_would_be_right() {
        let cases = [
            ("acuracy > 0.9", "did you mean \"accuracy\""),
            ("temperature = 2", "jensen_shannon.temperature, soft_targets.temperature"),
            ("accuracy >", "ends where"),
            ("accuracy > and", "not with and"),
            ("> 0.9", "> stands where"),
            ("accuracy > 0.9 and", "ends where"),
            ("(accuracy > 0.9", "( is not closed"),
            ("accuracy > 0.9)", ") stands where"),
            ("\"news", "\" is not closed"),
            ("accuracy@x > 1", "not x"),
            ("seed@3 = 1", "seed is not known step by step"),
            ("steps@3 = 1", "steps is not known step by step"),
            ("test.accuracy@3 > 1", "test.accuracy is not known step by step"),
            ("accuracy > 0,9", "compared with a number, such as 0.9, and not with 0,9"),
            ("steps < many", "not with many"),
            ("accuracy > < 3", "< stands where"),
            ("or news", "or stands where"),
            ("体育 > 3", "no run has a column 体育"),
        ];
        for deep in ["(".repeat(20_000), "not ".repeat(20_000)] {
            assert_eq!(found(&deep), Err(FilterError::TooDeep));
        }
        for (text, words) in cases {
            match found(text) {
                Err(e) => assert!(e.to_string().contains(words), "{text}: {e}"),
                Ok(rows) => panic!("{text}: {rows:?}"),
            }
        }
    }
}
