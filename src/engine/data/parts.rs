//! What every reader hands over: rows of text and label, by part, before anything is drawn.

use std::collections::BTreeMap;

use super::decode::DOCUMENT_LIMIT;
use crate::session::{Sentence, say};

/// The parts of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What is learned from.
    Train,
    /// What choices are made on.
    Validation,
    /// What is reported.
    Test,
}

impl Part {
    /// The part in a sentence: "… training texts".
    pub fn adjective(self) -> Sentence {
        match self {
            Self::Train => say!("training"),
            Self::Validation => say!("validation"),
            Self::Test => say!("test"),
        }
    }
}

/// One text with the name of its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The text, trimmed, not empty.
    pub text: String,
    /// The class, trimmed, not empty; `None` where the row has no label.
    pub label: Option<String>,
    /// Line of its file at which it begins, from 1; 0 where the source has no lines.
    pub line: u64,
}

/// The rows of one part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// The rows with text, in the source's order.
    pub rows: Vec<Row>,
    /// How many rows had no text and are left out.
    pub without_text: usize,
    /// Spellings of a missing label that were met, and how often.
    pub missing: BTreeMap<String, usize>,
}

/// Spellings of "no value" that no class is called by; how programs write an empty cell.
const MISSING: [&str; 7] = ["nan", "null", "n/a", "#n/a", "<na>", "<null>", "#null!"];

impl Rows {
    /// Takes a row; one without text is only counted. `label` is `None` where there is no cell for it;
    /// an empty one is no label either.
    ///
    /// # Errors
    /// What is wrong with the row, in words; the caller knows the line.
    pub fn push(&mut self, text: &str, label: Option<&str>, line: u64) -> Result<(), Sentence> {
        let (text, label) = (text.trim(), label.unwrap_or_default().trim());
        if label.contains(char::REPLACEMENT_CHARACTER) {
            return Err(say!(
                "its label {label} holds U+FFFD, the sign of a damaged character",
                label = format_args!("{label:?}")
            ));
        }
        if text.len() > DOCUMENT_LIMIT {
            return Err(say!(
                "its text has {text} bytes, more than the {document_limit} allowed",
                text = text.len(),
                document_limit = DOCUMENT_LIMIT
            ));
        }
        if text.is_empty() {
            self.without_text += 1;
        } else {
            self.rows.push(Row { text: text.to_owned(), label: (!label.is_empty()).then(|| label.to_owned()), line });
        }
        Ok(())
    }

    /// What a cell of a file says: `None` where it holds one of the spellings of a missing value, which
    /// is counted.
    pub fn label_in<'a>(&mut self, cell: &'a str) -> Option<&'a str> {
        let cell = cell.trim();
        if MISSING.contains(&cell.to_lowercase().as_str()) {
            *self.missing.entry(cell.to_owned()).or_default() += 1;
            return None;
        }
        Some(cell)
    }

    /// A sentence about the rows that had no text, if there were any.
    pub fn note(&self, part: Part) -> Option<Sentence> {
        (self.without_text > 0).then(|| {
            say!("{count} {part} texts were empty and are left out", count = self.without_text, part = part.adjective())
        })
    }

    /// The rows that have a label, with it.
    pub fn labelled(&self) -> impl Iterator<Item = (&Row, &str)> {
        self.rows.iter().filter_map(|row| Some((row, row.label.as_deref()?)))
    }
}

/// All rows of a source. A part the source does not have is `None` and will be cut from train.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Training rows, or all rows.
    pub train: Rows,
    /// The source's own validation part.
    pub validation: Option<Rows>,
    /// The source's own test part.
    pub test: Option<Rows>,
    /// What was met while reading.
    pub notes: Vec<Sentence>,
    /// Why rows are left out, and how many.
    pub left_out: Vec<(Sentence, usize)>,
}

impl Parts {
    /// The rows of `part`, made where the source had none so far.
    pub fn part_mut(&mut self, part: Part) -> &mut Rows {
        match part {
            Part::Train => &mut self.train,
            Part::Validation => self.validation.get_or_insert_default(),
            Part::Test => self.test.get_or_insert_default(),
        }
    }

    /// Counts what is left out, unless it is nothing.
    pub fn leave_out(&mut self, reason: Sentence, rows: usize) {
        if rows > 0 {
            self.left_out.push((reason, rows));
        }
    }

    /// The rows of all parts.
    pub fn rows_mut(&mut self) -> impl Iterator<Item = &mut Row> {
        let parts = [Some(&mut self.train), self.validation.as_mut(), self.test.as_mut()];
        parts.into_iter().flatten().flat_map(|rows| &mut rows.rows)
    }

    /// The parts the source has.
    pub fn iter(&self) -> impl Iterator<Item = (Part, &Rows)> {
        let named = [
            (Part::Train, Some(&self.train)),
            (Part::Validation, self.validation.as_ref()),
            (Part::Test, self.test.as_ref()),
        ];
        named.into_iter().filter_map(|(part, rows)| Some((part, rows?)))
    }
}
