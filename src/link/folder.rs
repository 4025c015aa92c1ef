//! How much room a run's folder takes.

use std::path::PathBuf;

/// A run's folder and its size on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderSize {
    /// The folder.
    pub path: PathBuf,
    /// Bytes of all files in it.
    pub bytes: u64,
}
