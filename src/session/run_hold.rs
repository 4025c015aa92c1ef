//! Holding a run's folder for the moment in which something in it is removed, so that no process begins, goes on with or
//! reads the run meanwhile.
//!
//! Not here: the claim of a process that runs it, which writes its name into the lock (the engine's).

use std::fs::{self, File, TryLockError};
use std::path::Path;

use super::run_folder::{Holder, LOCK, holder};
use super::{Say, Sentence, say};

/// Why a folder could not be held.
#[derive(Debug)]
pub enum HoldError {
    /// A process has the run loaded, this one included; what it says of itself.
    Loaded(Option<Holder>),
    /// The operating system refuses it.
    Unusable(std::io::Error),
}

impl HoldError {
    /// What is said of the run in a folder.
    pub fn said_of(&self, folder: &Path) -> Sentence {
        let path = folder.display();
        match self {
            Self::Loaded(Some(holder)) if holder.pid == std::process::id() => {
                say!("the run is open in this window; open another session first, then try again: {path}", path)
            }
            Self::Loaded(Some(holder)) => say!(
                "the run is open in another process ({holder}); close it there, then try again: {path}",
                holder = holder.said(),
                path
            ),
            Self::Loaded(None) => {
                say!(
                    "the run is open in another process, which does not say its name; close it there, then try again: {path}",
                    path
                )
            }
            Self::Unusable(e) => {
                say!(
                    "cannot take hold of the run: {error}; check that its folder can be written: {path}",
                    error = e,
                    path
                )
            }
        }
    }
}

/// Holds the folder of a run as long as the file lives; `None` where it bears no lock, as runs of before there was one.
/// With `make` it is given one.
///
/// # Errors
/// [`HoldError`].
pub fn hold(run: &Path, make: bool) -> Result<Option<File>, HoldError> {
    let path = run.join(LOCK);
    match fs::symlink_metadata(&path) {
        Ok(seen) if !seen.is_file() => return Ok(None),
        Err(_) if !make => return Ok(None),
        _ => {}
    }
    let opened = File::options().read(true).write(true).create(make).truncate(false).open(&path);
    let file = opened.map_err(HoldError::Unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(HoldError::Loaded(holder(run))),
        // A disk without locks: who was there last may still be.
        Err(TryLockError::Error(_)) => match holder(run).filter(lives) {
            Some(holder) => Err(HoldError::Loaded(Some(holder))),
            None => Ok(Some(file)),
        },
    }
}

/// Whether a process of this number is alive, as far as the system tells.
fn lives(holder: &Holder) -> bool {
    Path::new("/proc").join(holder.pid.to_string()).exists()
}
