//! The data: where the texts are, which column means what, how they are split.
//!
//! *Why columns and labels stand apart (2026-11).* Which column is the text is a matter of one file, and a file of
//! test rows may call it otherwise. What the classes are called, and what is done with a row that has two of them,
//! is a matter of the whole set: a part that read its labels in a way of its own would be measured in vain.

mod column;
mod files;
mod labels;
mod limits;
mod role;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use column::Column;
pub use files::{FilePart, Files, Format, Roles};
pub use labels::{ClassNames, ClassWeights, Labels, SeveralLabels};
pub use limits::Limits;
pub use role::Role;

/// Texts, with or without classes, and how they are cut into train, validation and test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Where the examples come from.
    pub source: DataSource,
    /// What the classes are called, and how labels are read.
    #[serde(default, skip_serializing_if = "Labels::is_default")]
    #[cfg_attr(test, schemars(!skip_serializing_if))]
    pub labels: Labels,
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
    /// label do. Where texts themselves are learned, how many of all of them are. `None` keeps all.
    #[serde(default)]
    pub labelled: Option<usize>,
    /// Most examples of each part, drawn from each class in proportion. A bare number holds for every part.
    #[serde(default, skip_serializing_if = "Limits::is_none")]
    #[cfg_attr(test, schemars(!skip_serializing_if))]
    pub limit: Limits,
}

/// Where examples come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(from = "Spelled", into = "Spelled")]
pub enum DataSource {
    /// A corpus that ships inside the program, by name.
    BuiltIn(String),
    /// 20 Newsgroups as distributed: the `.tar.gz`, or the unpacked folder of class folders of
    /// message files (with `…-train` and `…-test` parts, or one folder of classes).
    Newsgroups {
        /// Archive or folder.
        path: PathBuf,
        /// What is removed from each message.
        strip: Strip,
    },
    /// Tables, lines or folders of texts.
    Files(Box<Files>),
}

/// A source as a file spells it: the fields of [`Files`] stand inside one pair of parentheses.
#[expect(clippy::large_enum_variant, reason = "it lives for a moment, between a file and the source")]
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename = "DataSource")]
enum Spelled {
    /// A corpus that ships inside the program, by name.
    BuiltIn(String),
    /// 20 Newsgroups as distributed: the `.tar.gz`, or the unpacked folder of class folders of message files.
    Newsgroups {
        /// Archive or folder.
        path: PathBuf,
        /// What is removed from each message.
        #[serde(default)]
        strip: Strip,
    },
    /// Tables, lines or folders of texts.
    Files {
        /// Files of training rows, or of all rows: files, folders and archives.
        train: FilePart,
        /// Files of validation rows, where the data set has them.
        #[serde(default, skip_serializing_if = "FilePart::is_empty")]
        #[cfg_attr(test, schemars(!skip_serializing_if))]
        validation: FilePart,
        /// Files of test rows, where the data set has them.
        #[serde(default, skip_serializing_if = "FilePart::is_empty")]
        #[cfg_attr(test, schemars(!skip_serializing_if))]
        test: FilePart,
        /// How the files are written; found by their names and their beginnings where it is not said.
        #[serde(default)]
        format: Format,
        /// Which column means what.
        #[serde(default)]
        roles: Roles,
    },
}

impl From<Spelled> for DataSource {
    fn from(spelled: Spelled) -> Self {
        match spelled {
            Spelled::BuiltIn(name) => Self::BuiltIn(name),
            Spelled::Newsgroups { path, strip } => Self::Newsgroups { path, strip },
            Spelled::Files { train, validation, test, format, roles } => {
                Files { train, validation, test, format, roles }.into()
            }
        }
    }
}

impl From<Files> for DataSource {
    fn from(files: Files) -> Self {
        Self::Files(Box::new(files))
    }
}

impl From<DataSource> for Spelled {
    fn from(source: DataSource) -> Self {
        match source {
            DataSource::BuiltIn(name) => Self::BuiltIn(name),
            DataSource::Newsgroups { path, strip } => Self::Newsgroups { path, strip },
            DataSource::Files(files) => {
                let Files { train, validation, test, format, roles } = *files;
                Self::Files { train, validation, test, format, roles }
            }
        }
    }
}

impl DataSource {
    /// Where it lies, of several files the first, unless it ships inside the program.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::BuiltIn(_) => None,
            Self::Newsgroups { path, .. } => Some(path),
            Self::Files(files) => Some(files.train.files.first().map_or(Path::new(""), PathBuf::as_path)),
        }
    }

    /// The files of a table, if it is one.
    pub fn files(&self) -> Option<&Files> {
        match self {
            Self::Files(files) => Some(files),
            Self::BuiltIn(_) | Self::Newsgroups { .. } => None,
        }
    }

    /// The same, to be changed.
    pub fn files_mut(&mut self) -> Option<&mut Files> {
        match self {
            Self::Files(files) => Some(files),
            Self::BuiltIn(_) | Self::Newsgroups { .. } => None,
        }
    }

    /// Every path of it.
    pub fn paths_mut(&mut self) -> Vec<&mut PathBuf> {
        match self {
            Self::BuiltIn(_) => Vec::new(),
            Self::Newsgroups { path, .. } => vec![path],
            Self::Files(files) => files.paths_mut(),
        }
    }

    /// Whether everything was named that is needed to look for it.
    pub fn is_named(&self) -> bool {
        self.path().is_none_or(|path| !path.as_os_str().is_empty())
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
