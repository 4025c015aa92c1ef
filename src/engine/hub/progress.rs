//! How far a fetch is, as it is told to whoever waits for it.

use std::time::Duration;

use crate::link::human_bytes;
use crate::session::{Say, Sentence, say, spoken};

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

impl Say for Progress {
    fn said(&self) -> Sentence {
        let (done, all) = (human_bytes(self.done), human_bytes(self.total));
        match self.total {
            0 => say!("asking the Hub for {name}", name = self.name),
            _ => say!("fetching {name} · {file} · {done} of {all}", name = self.name, file = self.file, done, all),
        }
    }
}

spoken!(Progress);
