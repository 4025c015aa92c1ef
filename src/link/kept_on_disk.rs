//! What is kept of teachers on this machine's disk: rows that can be made again, and answers, some of which were paid.

use std::path::PathBuf;

use crate::session::Sentence;

/// What lies in the cache's folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptOnDisk {
    /// The folder.
    pub folder: PathBuf,
    /// Rows over a vocabulary.
    pub rows: KeptFiles,
    /// Those of them that a run has open: they stay.
    pub used: KeptFiles,
    /// Answers about classes of models on this machine.
    pub answers: KeptFiles,
    /// Answers that a server was paid for.
    pub paid: KeptFiles,
    /// What was removed just now, if anybody asked for it.
    pub removed: Option<KeptFiles>,
    /// Why something could not be read or removed.
    pub problem: Option<Sentence>,
}

/// Some files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptFiles {
    /// How many.
    pub files: usize,
    /// Their size, bytes.
    pub bytes: u64,
}

impl KeptFiles {
    /// Counts one more.
    pub fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }

    /// Those that are not among `others`.
    pub fn without(self, others: Self) -> Self {
        Self { files: self.files.saturating_sub(others.files), bytes: self.bytes.saturating_sub(others.bytes) }
    }
}
