//! What every reader hands over: rows of text and label, by part, before anything is drawn.

use super::decode::DOCUMENT_LIMIT;

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
    pub fn adjective(self) -> &'static str {
        match self {
            Self::Train => "training",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

/// One text with the name of its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The text, trimmed, not empty.
    pub text: String,
    /// The class, trimmed, not empty.
    pub label: String,
}

/// The rows of one part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// The rows with text, in the source's order.
    pub rows: Vec<Row>,
    /// How many rows had no text and are left out.
    pub without_text: usize,
}

impl Rows {
    /// Takes a row; one without text is only counted.
    ///
    /// # Errors
    /// What is wrong with the row, in words; the caller knows the line.
    pub fn push(&mut self, text: &str, label: &str) -> Result<(), String> {
        let (text, label) = (text.trim(), label.trim());
        if label.is_empty() {
            return Err("its label is empty".to_owned());
        }
        if text.len() > DOCUMENT_LIMIT {
            return Err(format!("its text has {} bytes, more than the {DOCUMENT_LIMIT} allowed", text.len()));
        }
        if text.is_empty() {
            self.without_text += 1;
        } else {
            self.rows.push(Row { text: text.to_owned(), label: label.to_owned() });
        }
        Ok(())
    }

    /// A sentence about the rows that had no text, if there were any.
    pub fn note(&self, part: Part) -> Option<String> {
        (self.without_text > 0)
            .then(|| format!("{} {} texts were empty and are left out", self.without_text, part.adjective()))
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
    pub notes: Vec<String>,
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
