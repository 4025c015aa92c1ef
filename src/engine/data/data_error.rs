//! Why data cannot be used, in words for the person who pointed at it.

use std::path::{Path, PathBuf};

use crate::session::{Say, Sentence, say, spoken};

/// Why data cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The file or folder cannot be read.
    Read {
        /// The operating system's words.
        reason: Sentence,
        /// File or folder.
        path: PathBuf,
    },
    /// A compressed file or an archive does not hold what it promises.
    Archive {
        /// What was met.
        reason: Sentence,
        /// The archive.
        path: PathBuf,
    },
    /// One row of a file cannot be used.
    Line {
        /// Line of the file, from 1; of a row over several lines the first.
        line: u64,
        /// What is wrong with it.
        reason: Sentence,
        /// The file.
        path: PathBuf,
    },
    /// One document of a folder or an archive cannot be used, or the text of a whole file.
    Text {
        /// What is wrong with it and what would help.
        reason: Sentence,
        /// The file, or the archive with the document's name behind it.
        path: PathBuf,
    },
    /// A column that the session asks for is not there.
    Column {
        /// The column as asked for.
        wanted: Sentence,
        /// The columns that exist.
        columns: Sentence,
        /// The file.
        path: PathBuf,
    },
    /// The session's roles cannot be met by any file.
    Roles {
        /// What is wrong.
        reason: Sentence,
        /// The file.
        path: PathBuf,
    },
    /// The labels are not what was meant.
    Labels {
        /// What is wrong, and what would help.
        reason: Sentence,
        /// The file.
        path: PathBuf,
    },
    /// There is no corpus of that name.
    UnknownCorpus {
        /// As asked for.
        name: String,
        /// What ships with the program.
        known: String,
    },
    /// Nothing to learn from.
    NoExamples {
        /// Which part.
        what: Sentence,
        /// Why, or what to check.
        reason: Sentence,
        /// Where the data came from.
        path: PathBuf,
    },
    /// Nothing to tell apart.
    OneClass {
        /// The only class.
        class: String,
        /// Where the data came from.
        path: PathBuf,
    },
}

impl Say for DataError {
    fn said(&self) -> Sentence {
        match self {
            Self::Read { reason, path } => say!("cannot read the data: {reason}; check the path {path}", reason, path),
            Self::Archive { reason, path } => {
                say!("the archive cannot be read: {reason}; fetch or pack it again: {path}", reason, path)
            }
            Self::Line { line, reason, path } => {
                say!("line {line} cannot be used: {reason}; mend or remove it in {path}", line, reason, path)
            }
            Self::Text { reason, path } => say!("the text cannot be used: {reason}: {path}", reason, path),
            Self::Column { wanted, columns, path } => say!(
                "there is no column {wanted}; the columns are {columns}; choose among them for {path}",
                wanted,
                columns,
                path
            ),
            Self::Roles { reason, path } => {
                say!("the roles of the columns do not work: {reason}; edit them for {path}", reason, path)
            }
            Self::Labels { reason, path } => say!("the labels cannot be used: {reason}: {path}", reason, path),
            Self::UnknownCorpus { name, known } => {
                say!("there is no built-in corpus `{name}`; choose one of: {known}", name, known)
            }
            Self::NoExamples { what, reason, path } => {
                say!("no {what} examples are left: {reason}; in {path}", what, reason, path)
            }
            Self::OneClass { class, path } => say!(
                "all examples have the class `{class}`, but a classifier needs two or more; check the label in {path}",
                class,
                path
            ),
        }
    }
}

spoken!(DataError);

impl DataError {
    /// The operating system refused `path`.
    pub fn read(reason: impl Say, path: &Path) -> Self {
        Self::Read { reason: reason.said(), path: path.to_owned() }
    }

    /// `path` is damaged or no archive.
    pub fn archive(reason: impl Say, path: &Path) -> Self {
        Self::Archive { reason: reason.said(), path: path.to_owned() }
    }

    /// One line of `path` is unusable.
    pub fn line(line: u64, reason: impl Say, path: &Path) -> Self {
        Self::Line { line, reason: reason.said(), path: path.to_owned() }
    }

    /// The text at `path` is unusable.
    pub fn text(reason: impl Say, path: &Path) -> Self {
        Self::Text { reason: reason.said(), path: path.to_owned() }
    }
}
