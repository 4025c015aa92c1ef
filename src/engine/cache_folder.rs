//! Where the program keeps what it may make again, and what it has paid for: one folder for all runs.

use std::path::PathBuf;

/// The cache folder: `RETORT_CACHE`, else the one that the system sets aside for the program; `None` on a
/// system that names none.
pub fn folder() -> Option<PathBuf> {
    let named = std::env::var_os("RETORT_CACHE").filter(|value| !value.is_empty()).map(PathBuf::from);
    named.or_else(|| directories::ProjectDirs::from("", "", "retort").map(|dirs| dirs.cache_dir().to_owned()))
}
