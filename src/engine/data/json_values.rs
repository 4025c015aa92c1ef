//! The rows of a JSON file with the line each begins in, in the forms such files have: an object or a list a line,
//! one behind the other, or inside an array.

use std::path::Path;

use serde::de::IgnoredAny;
use serde_json::Value;

use super::data_error::DataError;
use crate::session::{Sentence, say};

/// How the objects of a file stand.
enum Form {
    /// One a line.
    Lines,
    /// Between the brackets of one array.
    Array,
    /// One behind the other, over several lines.
    Stream,
}

/// Gives every row of `content`, an object or a list, to `take` with its line; `path` only names the file in errors.
///
/// # Errors
/// [`DataError::Line`] with what is wrong there, or what `take` says of it.
pub fn each(
    content: &str,
    path: &Path,
    mut take: impl FnMut(u64, Value) -> Result<(), Sentence>,
) -> Result<(), DataError> {
    let mut take = |line: u64, value: Value| {
        let taken = match value {
            Value::Object(_) | Value::Array(_) => take(line, value),
            other => Err(say!("it is {kind}, not a JSON object", kind = kind(&other))),
        };
        taken.map_err(|reason| DataError::line(line, reason, path))
    };
    match form(content) {
        Form::Lines => {
            for (number, line) in (1..).zip(content.split('\n')).filter(|(_, line)| !line.trim().is_empty()) {
                let value = serde_json::from_str(line).map_err(|e| DataError::line(number, said(&e, line), path))?;
                take(number, value)?;
            }
            Ok(())
        }
        form => {
            let mut values = Values { rest: content, line: 1, array: matches!(form, Form::Array), begun: false };
            while let Some((line, value)) = values.next().map_err(|(line, why)| DataError::line(line, why, path))? {
                take(line, value)?;
            }
            Ok(())
        }
    }
}

fn form(content: &str) -> Form {
    let mut lines = content.split('\n').filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    let whole = serde_json::from_str::<IgnoredAny>(first);
    match first.trim_start().as_bytes().first() {
        Some(b'[') if whole.is_err() || first.contains('{') || lines.next().is_none() => Form::Array,
        Some(b'{') if whole.is_err_and(|e| e.is_eof()) => Form::Stream,
        _ => Form::Lines,
    }
}

/// Values one behind the other.
struct Values<'a> {
    rest: &'a str,
    line: u64,
    array: bool,
    begun: bool,
}

type Wrong = (u64, Sentence);

impl Values<'_> {
    fn next(&mut self) -> Result<Option<(u64, Value)>, Wrong> {
        self.skip_space();
        if self.array && !self.next_item()? || self.rest.is_empty() {
            return Ok(None);
        }
        let line = self.line;
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<Value>();
        let value = match values.next() {
            Some(Ok(value)) => value,
            Some(Err(e)) => return Err((line + e.line() as u64 - 1, said(&e, self.rest))),
            None => return Ok(None),
        };
        let length = values.byte_offset();
        self.skip(length);
        Ok(Some((line, value)))
    }

    /// Moves to the next item of the array; false behind the last.
    fn next_item(&mut self) -> Result<bool, Wrong> {
        let first = !std::mem::replace(&mut self.begun, true);
        if first {
            self.skip(1);
            self.skip_space();
        }
        if self.rest.starts_with(']') {
            self.skip(1);
            self.skip_space();
            let more = !self.rest.is_empty();
            return if more { Err((self.line, say!("text stands behind the end of the array"))) } else { Ok(false) };
        }
        if !first {
            if !self.rest.starts_with(',') {
                return Err((self.line, say!("a comma or the end of the array is missing before it")));
            }
            self.skip(1);
            self.skip_space();
        }
        Ok(true)
    }

    fn skip_space(&mut self) {
        self.skip(self.rest.len() - self.rest.trim_start().len());
    }

    fn skip(&mut self, length: usize) {
        let (over, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.line += over.matches('\n').count() as u64;
        self.rest = rest;
    }
}

/// What the parser found, without the line, which it counts from another start.
fn said(error: &serde_json::Error, text: &str) -> Sentence {
    let words = error.to_string();
    let reason = words.split(" at line ").next().unwrap_or(&words);
    let line = text.split('\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let has_nan = ["NaN", "Infinity"].iter().any(|word| line.contains(word));
    let hint = if has_nan { say!("; JSON has no NaN: write null") } else { Sentence::default() };
    say!("it is not JSON: {reason}, at column {column}{hint}", reason, column = error.column(), hint)
}

/// What a person calls this kind of value.
pub fn kind(value: &Value) -> Sentence {
    match value {
        Value::Null => say!("null"),
        Value::Bool(_) => say!("a truth value"),
        Value::Number(_) => say!("a number"),
        Value::String(_) => say!("a string"),
        Value::Array(_) => say!("a list"),
        Value::Object(_) => say!("an object"),
    }
}
