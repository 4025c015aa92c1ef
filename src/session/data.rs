//! The data: where the texts are, which part of a row means what, how they are split.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::value::{EnumAccessDeserializer, MapAccessDeserializer};
use serde::de::{self, EnumAccess, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Texts with classes, and how they are cut into train, validation and test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// Seed of what is drawn from the source: the validation and the test part it does not bring, and
    /// the examples a limit keeps. Apart from the recipe's seed, so that runs of several seeds are
    /// measured on the same texts.
    #[serde(default)]
    pub split_seed: u64,
    /// How many of the training examples that have a label keep it (drawn from each class in proportion by
    /// the recipe's seed); the others still teach through the teacher's soft targets, as those without a
    /// label do. `None` keeps all.
    #[serde(default)]
    pub labelled: Option<usize>,
    /// Upper limit on the examples of each part, drawn from each class in proportion. `None` keeps all.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// Where examples come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
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
        /// Column of the class; an empty cell is a text without a label.
        label: Column,
    },
    /// JSON objects: one a line, or the items of one array.
    JsonLines {
        /// File of training rows (or of all rows).
        path: PathBuf,
        /// File of test rows, where the data set has one.
        #[serde(default)]
        test: Option<PathBuf>,
        /// Key(s) of the text, joined by a line break; `a.b` reaches into objects.
        text: Vec<String>,
        /// Key of the class; an object without it is a text without a label.
        label: String,
    },
}

impl DataSource {
    /// Where it lies, unless it ships inside the program.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::BuiltIn(_) => None,
            Self::Newsgroups { path, .. } | Self::Delimited { path, .. } | Self::JsonLines { path, .. } => Some(path),
        }
    }

    /// Whether everything was named that is needed to look for it.
    pub fn is_named(&self) -> bool {
        self.path().is_none_or(|path| !path.as_os_str().is_empty())
    }
}

/// A column of a delimited file. A session may write a bare text for a name and a bare number for a
/// place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Column {
    /// By its name in the header row.
    Name(String),
    /// By its place, counted from 0.
    Index(usize),
}

impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ColumnForm)
    }
}

#[derive(Deserialize)]
#[serde(remote = "Column")]
enum Spelled {
    Name(String),
    Index(usize),
}

struct ColumnForm;

impl<'de> Visitor<'de> for ColumnForm {
    type Value = Column;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a column: its name in quotation marks, or its place counted from 0")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Column, E> {
        Ok(Column::Name(name.to_owned()))
    }

    fn visit_u64<E: de::Error>(self, place: u64) -> Result<Column, E> {
        Ok(Column::Index(usize::try_from(place).map_err(E::custom)?))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<Column, A::Error> {
        Spelled::deserialize(EnumAccessDeserializer::new(variant))
    }

    fn visit_map<A: MapAccess<'de>>(self, entry: A) -> Result<Column, A::Error> {
        Spelled::deserialize(MapAccessDeserializer::new(entry))
    }
}

/// Which parts of a newsgroup message are removed, all on by default: left in, a model learns
/// the writers and servers instead of the topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
