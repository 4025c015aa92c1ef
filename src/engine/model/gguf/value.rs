//! Values of GGUF's metadata, read from bytes that may lie about themselves.

use std::path::Path;

use super::ModelError;
use crate::session::{Say, Sentence, say};

/// One value, as far as this program has a use for it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A whole number of any size and sign.
    Whole(i64),
    /// A number.
    Real(f64),
    /// Yes or no.
    Switch(bool),
    /// A word or a text.
    Text(String),
    /// A list of whole numbers, none of them large.
    Wholes(Vec<i32>),
    /// A list of numbers.
    Reals(Vec<f32>),
    /// A list of texts.
    Texts(Vec<String>),
    /// Something else; it was walked over.
    Other,
}

/// Longest list: far above the largest vocabularies, and a bound on what a list can take.
const LONGEST: u64 = 4_000_000;

/// Lists within lists that are walked over.
const DEEPEST: usize = 4;

/// Number of the type that is a text.
const TEXT: u32 = 8;
/// Number of the type that is a list.
const LIST: u32 = 9;

/// Bytes and how far they are read; `path` names them in errors.
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    path: &'a Path,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8], path: &'a Path) -> Self {
        Self { bytes, at: 0, path }
    }

    /// Bytes read so far.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The file contradicts itself.
    pub fn damaged(&self, reason: impl Say) -> ModelError {
        ModelError::Damaged { reason: reason.said(), path: self.path.to_owned() }
    }

    /// Refuses a count of things of which each takes at least so many bytes, if they cannot all be
    /// there.
    ///
    /// # Errors
    /// [`ModelError::Damaged`].
    pub fn expect(&self, count: u64, each: u64, what: Sentence) -> Result<usize, ModelError> {
        let left = (self.bytes.len() - self.at) as u64;
        match usize::try_from(count) {
            Ok(fits) if count.saturating_mul(each) <= left => Ok(fits),
            _ => Err(self.damaged(say!(
                "its header claims {count} {what}, more than the {left} bytes left of it can hold",
                count,
                what,
                left
            ))),
        }
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// [`ModelError::Damaged`] if there are not so many.
    pub fn take(&mut self, count: u64) -> Result<&'a [u8], ModelError> {
        let end = usize::try_from(count).ok().and_then(|count| self.at.checked_add(count));
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| self.damaged(say!("it ends within its header; it is cut off")))?;
        self.at += taken.len();
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ModelError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N as u64)?);
        Ok(array)
    }

    /// The next four bytes as a number.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn u32(&mut self) -> Result<u32, ModelError> {
        self.array().map(u32::from_le_bytes)
    }

    /// The next eight bytes as a number.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn u64(&mut self) -> Result<u64, ModelError> {
        self.array().map(u64::from_le_bytes)
    }

    /// A text with its length before it. What is no UTF-8 in it is shown as such.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn text(&mut self) -> Result<String, ModelError> {
        let length = self.u64()?;
        Ok(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    /// A value with its type before it.
    ///
    /// # Errors
    /// [`ModelError::Damaged`].
    pub fn value(&mut self) -> Result<Value, ModelError> {
        match self.u32()? {
            TEXT => self.text().map(Value::Text),
            LIST => self.list(0),
            kind => self.single(kind),
        }
    }

    fn single(&mut self, kind: u32) -> Result<Value, ModelError> {
        let value = match kind {
            0 => Value::Whole(u8::from_le_bytes(self.array()?).into()),
            1 => Value::Whole(i8::from_le_bytes(self.array()?).into()),
            2 => Value::Whole(u16::from_le_bytes(self.array()?).into()),
            3 => Value::Whole(i16::from_le_bytes(self.array()?).into()),
            4 => Value::Whole(self.u32()?.into()),
            5 => Value::Whole(i32::from_le_bytes(self.array()?).into()),
            6 => Value::Real(f32::from_le_bytes(self.array()?).into()),
            7 => Value::Switch(u8::from_le_bytes(self.array()?) != 0),
            10 => i64::try_from(self.u64()?).map_or(Value::Other, Value::Whole),
            11 => Value::Whole(i64::from_le_bytes(self.array()?)),
            12 => Value::Real(f64::from_le_bytes(self.array()?)),
            other => return Err(self.damaged(say!("its metadata has a value of the unknown type {other}", other))),
        };
        Ok(value)
    }

    fn list(&mut self, depth: usize) -> Result<Value, ModelError> {
        let (kind, count) = (self.u32()?, self.u64()?);
        // Shortest entry: the length of an empty text, type and length of an empty list, or a number.
        let each = if kind == LIST { 12 } else { width(kind).unwrap_or(8) };
        let entries = self.expect(count, each, say!("entries of a list"))?;
        if count > LONGEST {
            return Err(self.damaged(say!("its metadata has a list of {count} entries; no model has so many", count)));
        }
        match kind {
            TEXT => (0..entries).map(|_| self.text()).collect::<Result<_, _>>().map(Value::Texts),
            LIST if depth == DEEPEST => Err(self.damaged(say!("its metadata nests lists too deeply"))),
            LIST => (0..entries).try_for_each(|_| self.list(depth + 1).map(|_| ())).map(|()| Value::Other),
            6 | 12 => self
                .numbers(kind, entries, |value| match value {
                    Value::Real(number) => Some(number as f32),
                    _ => None,
                })
                .map(|all| all.map_or(Value::Other, Value::Reals)),
            _ => self
                .numbers(kind, entries, |value| match value {
                    Value::Whole(number) => i32::try_from(number).ok(),
                    _ => None,
                })
                .map(|all| all.map_or(Value::Other, Value::Wholes)),
        }
    }

    /// Numbers of one type; `None` if not all of them are what is looked for.
    fn numbers<T>(
        &mut self,
        kind: u32,
        entries: usize,
        of: fn(Value) -> Option<T>,
    ) -> Result<Option<Vec<T>>, ModelError> {
        let mut all = Some(Vec::new());
        for _ in 0..entries {
            match (of(self.single(kind)?), &mut all) {
                (Some(number), Some(all)) => all.push(number),
                _ => all = None,
            }
        }
        Ok(all)
    }
}

/// Bytes of one number of this type.
fn width(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        _ => None,
    }
}
