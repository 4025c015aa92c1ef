//! What stands between the cells of a table: said, or found in its first line.

use crate::engine::data::data_file::DataFile;
use crate::session::{Sentence, say};

/// What stands between two cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Separator {
    /// One byte; quotation marks quote.
    Byte(u8),
    /// Several; quotation marks are text.
    Text(String),
}

impl Separator {
    /// A separator as a session says it.
    ///
    /// # Errors
    /// In words, for one that cannot part cells.
    pub fn said(said: &str) -> Result<Self, Sentence> {
        match said.as_bytes() {
            [] => Err(say!("the separator is empty; write what stands between two cells, such as \",\" or \"\\t\"")),
            [b'"' | b'\n' | b'\r'] => {
                Err(say!("{said} cannot stand between cells, it has another meaning", said = format_args!("{said:?}")))
            }
            [one] if one.is_ascii() => Ok(Self::Byte(*one)),
            _ if said.contains(['\n', '\r']) => Err(say!("a separator cannot hold a line break")),
            _ => Ok(Self::Text(said.to_owned())),
        }
    }

    /// The separator: a tab in `.tsv` and `.tab`; a comma in `.csv` that has one in its first line;
    /// else the first of tab, comma, semicolon and bar that the first line holds.
    pub fn found(name: &str, text: &str) -> u8 {
        let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let is_in_first = |byte: &u8| first.as_bytes().contains(byte);
        let candidates: &[u8] = if name.ends_with(".csv") { b",;\t|" } else { b"\t,;|" };
        match name.ends_with(".tsv") || name.ends_with(".tab") {
            true => b'\t',
            false => candidates.iter().copied().find(is_in_first).unwrap_or(b','),
        }
    }

    /// The separator of a file, said or found.
    ///
    /// # Errors
    /// As [`Self::said`].
    pub fn of(file: &DataFile, text: &str, said: Option<&str>) -> Result<Self, Sentence> {
        said.map_or_else(|| Ok(Self::Byte(Self::found(&file.name(), text))), Self::said)
    }

    /// What a sentence calls it.
    pub fn named(&self) -> Sentence {
        match self {
            Self::Byte(b'\t') => say!("a tab"),
            Self::Byte(b',') => say!("a comma"),
            Self::Byte(b';') => say!("a semicolon"),
            Self::Byte(b'|') => say!("a bar"),
            Self::Byte(b' ') => say!("a blank"),
            Self::Byte(byte) => Sentence::verbatim(format!("`{}`", char::from(*byte))),
            Self::Text(text) => Sentence::verbatim(format!("`{text}`")),
        }
    }
}
