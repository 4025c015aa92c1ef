//! The data: where the texts are, which part of a row means what, how they are split.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Texts with classes, and how they are cut into train, validation and test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Where the examples come from.
    pub source: DataSource,
    /// Share of the training examples set aside for validation, in [0, 0.5], where the source
    /// brings no validation part of its own.
    #[serde(default = "tenth")]
    pub validation: f64,
    /// Share set aside for the test where the source brings no test part of its own, in [0, 0.5].
    #[serde(default = "tenth")]
    pub test: f64,
    /// How many training examples keep their label (drawn from each class in proportion by the recipe's
    /// seed); the others still teach through the teacher's soft targets. `None` keeps all.
    #[serde(default)]
    pub labelled: Option<usize>,
    /// Upper limit on the examples of each part, drawn from each class in proportion. `None` keeps all.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// Where examples come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum DataSource {
    /// A corpus that ships inside the program, by name.
    BuiltIn(String),
    /// 20 Newsgroups as distributed: the `.tar.gz`, or the unpacked folder of class folders of
    /// message files (with `…-train` and `…-test` parts, or one folder of classes).
    Newsgroups {
        /// Archive or folder.
        path: PathBuf,
        /// What is removed from each message.
        #[serde(default)]
        strip: Strip,
    },
    /// Comma- or tab-separated rows.
    Delimited {
        /// File of training rows (or of all rows).
        path: PathBuf,
        /// File of test rows, where the data set has one.
        #[serde(default)]
        test: Option<PathBuf>,
        /// Whether the first row names the columns.
        #[serde(default = "yes")]
        header: bool,
        /// Column(s) of the text, joined by a line break.
        text: Vec<Column>,
        /// Column of the class.
        label: Column,
    },
    /// One JSON object per line.
    JsonLines {
        /// File of training rows (or of all rows).
        path: PathBuf,
        /// File of test rows, where the data set has one.
        #[serde(default)]
        test: Option<PathBuf>,
        /// Key(s) of the text, joined by a line break; `a.b` reaches into objects.
        text: Vec<String>,
        /// Key of the class.
        label: String,
    },
}

/// A column of a delimited file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Column {
    /// By its name in the header row.
    Name(String),
    /// By its place, counted from 0.
    Index(usize),
}

/// Which parts of a newsgroup message are removed, all on by default: left in, a model learns
/// the writers and servers instead of the topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Strip {
    /// Everything before the first blank line.
    pub headers: bool,
    /// A signature-like last paragraph.
    pub footers: bool,
    /// Lines that quote another message.
    pub quotes: bool,
}

impl Default for Strip {
    fn default() -> Self {
        Self { headers: true, footers: true, quotes: true }
    }
}

fn tenth() -> f64 {
    0.1
}

fn yes() -> bool {
    true
}
