//! A student that has no place but the memory.

use std::path::PathBuf;

use super::run_id::RunId;
use crate::session::Sentence;

/// A student that could not be written at the end of its run. It stays in memory until it is written or let
/// go; until then no other run begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwritten {
    /// The run.
    pub run: RunId,
    /// The run's folder.
    pub out: PathBuf,
    /// Why it could not be written, the last time it was tried.
    pub reason: Sentence,
    /// Room it takes, bytes.
    pub bytes: u64,
}
