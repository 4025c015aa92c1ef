//! RON text as a tree that knows where each value stands. The text is cut here; what a string or a
//! number means is left to the `ron` crate.
//!
//! *Why not `ron` alone (2026-11).* Its parser goes from text to types in one pass: it has no tree that
//! keeps the names of enum variants, so nothing could be migrated in between, and its errors do not say
//! to which field they belong. We would reconsider if its `Value` came to hold enums.

use super::refusal::Refusal;
use super::{Sentence, say};

/// Values inside one another; a session has about six.
const DEEPEST: usize = 64;

/// A value and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Byte of the text; `None` for what no text holds.
    pub at: Option<usize>,
    /// What stands there.
    pub kind: Kind,
}

/// What a value is by its form alone.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A bare word: `Fresh`, `None`, `true`.
    Word(String),
    /// A number as it is written.
    Number(String),
    /// A text in quotation marks, its escapes undone.
    Text(String),
    /// `[…]`.
    List(Vec<Node>),
    /// `{key: value, …}`.
    Map(Vec<(Node, Node)>),
    /// `(field: value, …)` or `Name(field: value, …)`.
    Fields(Option<String>, Vec<Field>),
    /// `(value, …)` or `Name(value, …)`.
    Tuple(Option<String>, Vec<Node>),
}

/// One field of a struct.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Byte at which the name begins.
    pub at: Option<usize>,
    /// Its value.
    pub value: Node,
}

/// Reads the one value that `text` holds.
///
/// # Errors
/// [`Refusal`] at the byte from which on it is no RON.
pub fn parse(text: &str) -> Result<Node, Refusal> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    reader.attributes()?;
    let node = reader.value()?;
    reader.skip()?;
    match reader.peek() {
        None => Ok(node),
        Some(_) => Err(reader.unexpected(say!("the end of the file"))),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn refuse(&self, reason: Sentence) -> Refusal {
        Refusal::at(self.at, reason)
    }

    fn unexpected(&self, wanted: Sentence) -> Refusal {
        match self.peek() {
            Some(c @ ('“' | '”' | '„' | '‘' | '’' | '「' | '」')) => {
                self.refuse(say!("{c} is no quotation mark here; write \"", c))
            }
            Some(c) => self.refuse(say!("{wanted} is expected here, not {c}", wanted, c = format_args!("{c:?}"))),
            None => self.refuse(say!("{wanted} is expected here, but the text ends", wanted)),
        }
    }

    /// Takes `mark` if it comes next, behind white space.
    fn takes(&mut self, mark: char) -> Result<bool, Refusal> {
        self.skip()?;
        let found = self.peek() == Some(mark);
        self.at += if found { mark.len_utf8() } else { 0 };
        Ok(found)
    }

    fn expect(&mut self, mark: char) -> Result<(), Refusal> {
        match self.takes(mark)? {
            true => Ok(()),
            false => Err(self.unexpected(Sentence::verbatim(format!("{mark:?}")))),
        }
    }

    /// White space and comments.
    fn skip(&mut self) -> Result<(), Refusal> {
        loop {
            let rest = self.rest();
            let blank = |c: char| c.is_whitespace() || matches!(c, '\u{200E}' | '\u{200F}');
            let space = rest.len() - rest.trim_start_matches(blank).len();
            if space > 0 {
                self.at += space;
            } else if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.block_comment()?;
            } else {
                return Ok(());
            }
        }
    }

    fn block_comment(&mut self) -> Result<(), Refusal> {
        let (rest, mut open) = (self.rest(), 0usize);
        let mut marks = rest.char_indices().filter(|(at, _)| rest[*at..].starts_with(['/', '*'])).peekable();
        while let Some((at, _)) = marks.next() {
            let here = &rest[at..];
            match (here.starts_with("/*"), here.starts_with("*/")) {
                (true, _) => open += 1,
                (_, true) => open -= 1,
                _ => continue,
            }
            marks.next_if(|(next, _)| *next == at + 1);
            if open == 0 {
                self.at += at + 2;
                return Ok(());
            }
        }
        Err(self.refuse(say!("the comment /* has no */")))
    }

    /// `#![enable(…)]`: what it enables is allowed here anyway.
    fn attributes(&mut self) -> Result<(), Refusal> {
        loop {
            self.skip()?;
            if !self.rest().starts_with("#!") {
                return Ok(());
            }
            self.at +=
                self.rest().find(']').map(|end| end + 1).ok_or_else(|| self.refuse(say!("the attribute has no ]")))?;
        }
    }

    fn value(&mut self) -> Result<Node, Refusal> {
        self.skip()?;
        let at = Some(self.at);
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.refuse(say!("values lie more than {deepest} deep inside one another", deepest = DEEPEST)));
        }
        let kind = match self.peek() {
            Some('[') => self.list()?,
            Some('{') => self.map()?,
            Some('(') => self.parenthesis(None)?,
            Some('"') => self.text()?,
            Some('\'') => self.character()?,
            Some('r') if self.is_raw_text() => self.raw_text()?,
            Some(c) if c.is_ascii_digit() || matches!(c, '+' | '-' | '.') => self.number(),
            Some(c) if c.is_alphabetic() || c == '_' => self.word()?,
            _ => return Err(self.unexpected(say!("a value"))),
        };
        self.depth -= 1;
        Ok(Node { at, kind })
    }

    /// Whether another item of a list comes before `end`, which is taken; `first` needs no comma.
    fn another(&mut self, end: char, first: bool) -> Result<bool, Refusal> {
        if self.takes(end)? {
            return Ok(false);
        }
        if first {
            return Ok(true);
        }
        match self.takes(',')? {
            true => Ok(!self.takes(end)?),
            false => Err(self.unexpected(say!("a comma or {end}", end = format_args!("{end:?}")))),
        }
    }

    fn list(&mut self) -> Result<Kind, Refusal> {
        self.expect('[')?;
        let mut items = Vec::new();
        while self.another(']', items.is_empty())? {
            items.push(self.value()?);
        }
        Ok(Kind::List(items))
    }

    fn map(&mut self) -> Result<Kind, Refusal> {
        self.expect('{')?;
        let mut entries = Vec::new();
        while self.another('}', entries.is_empty())? {
            let key = self.value()?;
            self.expect(':')?;
            entries.push((key, self.value()?));
        }
        Ok(Kind::Map(entries))
    }

    /// Fields or values between parentheses, behind the name of a variant or struct where there is one.
    fn parenthesis(&mut self, name: Option<String>) -> Result<Kind, Refusal> {
        self.expect('(')?;
        match self.next_is_field()? {
            true => self.fields(name),
            false => self.tuple(name),
        }
    }

    fn next_is_field(&mut self) -> Result<bool, Refusal> {
        self.skip()?;
        let start = self.at;
        let is_field = !self.identifier().is_empty() && self.takes(':')?;
        self.at = start;
        Ok(is_field)
    }

    fn fields(&mut self, name: Option<String>) -> Result<Kind, Refusal> {
        let mut fields = Vec::new();
        while self.another(')', fields.is_empty())? {
            self.skip()?;
            let at = Some(self.at);
            let name = self.identifier();
            if name.is_empty() {
                return Err(self.unexpected(say!("the name of a field, without quotation marks,")));
            }
            self.expect(':')?;
            fields.push(Field { name, at, value: self.value()? });
        }
        Ok(Kind::Fields(name, fields))
    }

    fn tuple(&mut self, name: Option<String>) -> Result<Kind, Refusal> {
        let mut items = Vec::new();
        while self.another(')', items.is_empty())? {
            items.push(self.value()?);
        }
        Ok(Kind::Tuple(name, items))
    }

    /// A name, raw (`r#name`) or plain; empty if none comes next.
    fn identifier(&mut self) -> String {
        let rest = self.rest();
        let raw = rest.strip_prefix("r#");
        let name = raw.unwrap_or(rest);
        let more = |c: char| c.is_alphanumeric() || c == '_' || raw.is_some() && matches!(c, '.' | '+' | '-');
        let starts = raw.is_some() || name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        let length = if starts { name.find(|c| !more(c)).unwrap_or(name.len()) } else { 0 };
        self.at += if length > 0 { rest.len() - name.len() + length } else { 0 };
        name[..length].to_owned()
    }

    fn word(&mut self) -> Result<Kind, Refusal> {
        let word = self.identifier();
        if word.is_empty() {
            return Err(self.unexpected(say!("a value")));
        }
        match self.rest().trim_start().starts_with('(') {
            true => self.parenthesis(Some(word)),
            false if matches!(word.as_str(), "inf" | "NaN") => Ok(Kind::Number(word)),
            false => Ok(Kind::Word(word)),
        }
    }

    fn number(&mut self) -> Kind {
        let rest = self.rest();
        let more = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_');
        let length = rest.find(|c| !more(c)).unwrap_or(rest.len());
        self.at += length;
        Kind::Number(rest[..length].to_owned())
    }

    fn text(&mut self) -> Result<Kind, Refusal> {
        let (rest, mut escaped) = (self.rest(), false);
        let end = rest.char_indices().skip(1).find(|(_, c)| {
            let ends = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        let Some((end, _)) = end else { return Err(self.refuse(say!("the text has no second quotation mark"))) };
        self.decoded(end + 1)
    }

    fn is_raw_text(&self) -> bool {
        self.rest()[1..].trim_start_matches('#').starts_with('"')
    }

    fn raw_text(&mut self) -> Result<Kind, Refusal> {
        let rest = self.rest();
        let hashes = rest.find('"').unwrap_or_default() - 1;
        let close = format!("\"{}", "#".repeat(hashes));
        let inside = hashes + 2;
        let Some(end) = rest[inside..].find(&close) else {
            return Err(self.refuse(say!("the raw text has no {close} at its end", close)));
        };
        self.decoded(inside + end + close.len())
    }

    /// The text that the next `length` bytes stand for.
    fn decoded(&mut self, length: usize) -> Result<Kind, Refusal> {
        let text =
            ron::from_str(&self.rest()[..length]).map_err(|e| self.refuse(Sentence::verbatim(e.code.to_string())))?;
        self.at += length;
        Ok(Kind::Text(text))
    }

    fn character(&mut self) -> Result<Kind, Refusal> {
        let rest = self.rest();
        let end = rest.char_indices().skip(2).find(|(_, c)| *c == '\'').map(|(end, _)| end + 1);
        let character = end.and_then(|end| Some((end, ron::from_str::<char>(&rest[..end]).ok()?)));
        let Some((end, character)) = character else {
            return Err(self.refuse(say!("a text stands between double quotation marks")));
        };
        self.at += end;
        Ok(Kind::Text(character.into()))
    }
}
