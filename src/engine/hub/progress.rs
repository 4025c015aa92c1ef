//! How far a fetch is, as it is told to whoever waits for it.

use std::time::Duration;

use crate::link::human_bytes;

/// Time between two reports.
pub(super) const REPORT: Duration = Duration::from_millis(100);

/// How far a fetch is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The model.
    pub name: String,
    /// The file that is coming; empty at first.
    pub file: String,
    /// Bytes that are there.
    pub done: u64,
    /// Bytes of all files known to be needed; 0 if not known.
    pub total: u64,
}

impl std::fmt::Display for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.total {
            0 => write!(f, "asking the Hub for {}", self.name),
            total => {
                write!(
                    f,
                    "fetching {} · {} · {} of {}",
                    self.name,
                    self.file,
                    human_bytes(self.done),
                    human_bytes(total)
                )
            }
        }
    }
}
