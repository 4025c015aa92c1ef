//! Why data cannot be used, in words for the person who pointed at it.

use std::path::{Path, PathBuf};

/// Why data cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The file or folder cannot be read.
    #[error("cannot read the data: {reason}; check the path {path}")]
    Read {
        /// The operating system's words.
        reason: String,
        /// File or folder.
        path: PathBuf,
    },
    /// A compressed file or an archive does not hold what it promises.
    #[error("the archive cannot be read: {reason}; fetch or pack it again: {path}")]
    Archive {
        /// What was met.
        reason: String,
        /// The archive.
        path: PathBuf,
    },
    /// One row of a file cannot be used.
    #[error("line {line} cannot be used: {reason}; mend or remove it in {path}")]
    Line {
        /// Line of the file, from 1; of a row over several lines the first.
        line: u64,
        /// What is wrong with it.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// One document of a folder or an archive cannot be used, or the text of a whole file.
    #[error("the text cannot be used: {reason}: {path}")]
    Text {
        /// What is wrong with it and what would help.
        reason: String,
        /// The file, or the archive with the document's name behind it.
        path: PathBuf,
    },
    /// A column that the session asks for is not there.
    #[error("there is no column {wanted}; the columns are {columns}; choose among them for {path}")]
    Column {
        /// The column as asked for.
        wanted: String,
        /// The columns that exist.
        columns: String,
        /// The file.
        path: PathBuf,
    },
    /// The session's roles cannot be met by any file.
    #[error("the roles of the columns do not work: {reason}; edit them for {path}")]
    Roles {
        /// What is wrong.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// The labels are not what was meant.
    #[error("the labels cannot be used: {reason}: {path}")]
    Labels {
        /// What is wrong, and what would help.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// There is no corpus of that name.
    #[error("there is no built-in corpus `{name}`; choose one of: {known}")]
    UnknownCorpus {
        /// As asked for.
        name: String,
        /// What ships with the program.
        known: String,
    },
    /// Nothing to learn from.
    #[error("no {what} examples are left: {reason}; in {path}")]
    NoExamples {
        /// Which part.
        what: &'static str,
        /// Why, or what to check.
        reason: String,
        /// Where the data came from.
        path: PathBuf,
    },
    /// Nothing to tell apart.
    #[error("all examples have the class `{class}`, but a classifier needs two or more; check the label in {path}")]
    OneClass {
        /// The only class.
        class: String,
        /// Where the data came from.
        path: PathBuf,
    },
}

impl DataError {
    /// The operating system refused `path`.
    pub fn read(reason: impl ToString, path: &Path) -> Self {
        Self::Read { reason: reason.to_string(), path: path.to_owned() }
    }

    /// `path` is damaged or no archive.
    pub fn archive(reason: impl ToString, path: &Path) -> Self {
        Self::Archive { reason: reason.to_string(), path: path.to_owned() }
    }

    /// One line of `path` is unusable.
    pub fn line(line: u64, reason: impl ToString, path: &Path) -> Self {
        Self::Line { line, reason: reason.to_string(), path: path.to_owned() }
    }

    /// The text at `path` is unusable.
    pub fn text(reason: impl ToString, path: &Path) -> Self {
        Self::Text { reason: reason.to_string(), path: path.to_owned() }
    }
}
