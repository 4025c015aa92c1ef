//! What every reader hands over: rows with their texts and their label, by part, before anything is drawn.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::Fields;
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

/// Where a row stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Which of the files of [`Parts`].
    pub file: usize,
    /// Line of it at which the row begins, from 1; of a file without lines its row, from 1; 0 where a file is a row.
    pub line: u64,
}

/// One text with the name of its class.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its texts; that of all columns together is not empty.
    pub fields: Fields,
    /// The class, trimmed, not empty; `None` where the row has no label.
    pub label: Option<Arc<str>>,
    /// What is to be written behind the text, where the row says so.
    pub completion: Option<Arc<str>>,
    /// What it counts in the loss.
    pub weight: f32,
    /// Where it stands.
    pub place: Place,
}

impl Row {
    /// A text with its label and nothing else.
    pub fn plain(text: &str, label: Option<Arc<str>>, place: Place) -> Self {
        Self { fields: Fields::text(text.trim()), label, completion: None, weight: 1.0, place }
    }
}

/// Rows that are in no part: how many, and where the first of them stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missed {
    /// How many.
    pub rows: usize,
    first: Vec<Place>,
}

/// Places that a sentence names before it only counts.
const NAMED: usize = 5;

impl Missed {
    /// Counts a row.
    pub fn push(&mut self, place: Place) {
        self.rows += 1;
        if self.first.len() < NAMED {
            self.first.push(place);
        }
    }

    /// `reason` with the lines of the first of them, by file where there are several.
    fn told(&self, reason: Sentence, files: &[PathBuf]) -> Sentence {
        let name = |place: &Place| files.get(place.file).map(|path| super::decode::file_title(path).into_owned());
        let shown = |place: &Place| match name(place).filter(|_| files.len() > 1) {
            Some(name) => format!("{name}:{}", place.line),
            None => place.line.to_string(),
        };
        let lines: Vec<String> = self.first.iter().filter(|place| place.line > 0).map(shown).collect();
        let more = if self.rows > lines.len() { ", …" } else { "" };
        match lines.as_slice() {
            [] => reason,
            [line] if more.is_empty() => say!("{reason} (line {line})", reason, line),
            lines => say!("{reason} (lines {lines}{more})", reason, lines = lines.join(", "), more),
        }
    }
}

/// The rows of one part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// The rows with text, in the source's order.
    pub rows: Vec<Row>,
    /// Rows that had no text and are left out.
    pub without_text: Missed,
    /// Spellings of a missing label that were met, and how often.
    pub missing: BTreeMap<String, usize>,
    /// Labels met so far: each is kept once.
    labels: HashSet<Arc<str>>,
}

/// Spellings of "no value" that no class is called by; how programs write an empty cell.
const MISSING: [&str; 7] = ["nan", "null", "n/a", "#n/a", "<na>", "<null>", "#null!"];

impl Rows {
    /// Takes a text; an empty one is only counted. `label` is `None` where there is none; an empty one is none
    /// either.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn push(&mut self, text: &str, label: Option<&str>, place: Place) -> Result<(), Sentence> {
        let label = self.label(label)?;
        self.add(Row::plain(text, label, place))
    }

    /// Takes a row; one without text is only counted.
    ///
    /// # Errors
    /// What is wrong with the row, in words; the caller knows the line.
    pub fn add(&mut self, row: Row) -> Result<(), Sentence> {
        let text = row.fields.whole();
        if text.len() > DOCUMENT_LIMIT {
            return Err(say!(
                "its text has {text} bytes, more than the {document_limit} allowed",
                text = text.len(),
                document_limit = DOCUMENT_LIMIT
            ));
        }
        match text.is_empty() {
            true => self.without_text.push(row.place),
            false => self.rows.push(row),
        }
        Ok(())
    }

    /// The label of a row: `None` where it is missing or empty.
    ///
    /// # Errors
    /// In words, where it is damaged.
    pub fn label(&mut self, label: Option<&str>) -> Result<Option<Arc<str>>, Sentence> {
        let label = label.unwrap_or_default().trim();
        if label.contains(char::REPLACEMENT_CHARACTER) {
            return Err(say!(
                "its label {label} holds U+FFFD, the sign of a damaged character",
                label = format_args!("{label:?}")
            ));
        }
        Ok((!label.is_empty()).then(|| self.kept(label)))
    }

    fn kept(&mut self, label: &str) -> Arc<str> {
        if let Some(known) = self.labels.get(label) {
            return Arc::clone(known);
        }
        let new: Arc<str> = label.into();
        self.labels.insert(Arc::clone(&new));
        new
    }

    /// What a cell of a file says: `None` where it holds one of the spellings of a missing value, which
    /// is counted.
    pub fn label_in<'a>(&mut self, cell: &'a str) -> Option<&'a str> {
        const LONGEST: usize = 7;
        let cell = cell.trim();
        if cell.len() <= LONGEST && MISSING.contains(&cell.to_lowercase().as_str()) {
            *self.missing.entry(cell.to_owned()).or_default() += 1;
            return None;
        }
        Some(cell)
    }

    /// The rows that have a label, with it.
    pub fn labelled(&self) -> impl Iterator<Item = (&Row, &str)> {
        labelled(&self.rows)
    }
}

/// Those of `rows` that have a label, with it.
pub fn labelled(rows: &[Row]) -> impl Iterator<Item = (&Row, &str)> {
    rows.iter().filter_map(|row| Some((row, row.label.as_deref()?)))
}

/// All rows of a source. A part the source does not have is `None` and will be cut from train.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parts {
    /// Training rows, or all rows.
    pub train: Rows,
    /// The source's own validation part.
    pub validation: Option<Rows>,
    /// The source's own test part.
    pub test: Option<Rows>,
    /// The files that rows were read from.
    pub files: Vec<PathBuf>,
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
    pub fn leave_out(&mut self, reason: Sentence, missed: &Missed) {
        if missed.rows > 0 {
            self.left_out.push((missed.told(reason, &self.files), missed.rows));
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

    /// The parts the source has, to be changed.
    pub fn parts_mut(&mut self) -> impl Iterator<Item = (Part, &mut Rows)> {
        let named = [
            (Part::Train, Some(&mut self.train)),
            (Part::Validation, self.validation.as_mut()),
            (Part::Test, self.test.as_mut()),
        ];
        named.into_iter().filter_map(|(part, rows)| Some((part, rows?)))
    }
}
