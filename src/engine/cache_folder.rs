//! Where the program keeps what it may make again, and what it has paid for: one folder for all runs.

use std::path::PathBuf;

use super::environment;

/// The cache folder: `RETORT_CACHE`, else the one that the system sets aside for the program; `None` on a
/// system that names none.
pub fn folder() -> Option<PathBuf> {
    environment::path("RETORT_CACHE")
        .or_else(|| directories::ProjectDirs::from("", "", "retort").map(|dirs| dirs.cache_dir().to_owned()))
}
