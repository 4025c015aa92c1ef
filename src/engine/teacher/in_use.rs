//! A mark beside a file of rows, locked as long as somebody has the file open, so that whoever makes room can leave it
//! alone. The file's own lock is held only while a record is written: several runs share it.
//!
//! *Why a file of its own (2026-11).* A lock that is shared by all who read would keep any of them from the lock they
//! write under. The lock ends with its process, so that no stale mark keeps a file for ever.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The mark of a file that is open here; `None` on a disk without locks.
pub struct InUse(#[expect(dead_code, reason = "held for its lock")] Option<File>);

impl InUse {
    /// Marks the file at `path` until this is dropped.
    pub fn mark(path: &Path) -> Self {
        let open = File::options().create(true).append(true).open(mark_of(path));
        Self(open.ok().filter(|mark| mark.lock_shared().is_ok()))
    }
}

fn mark_of(path: &Path) -> PathBuf {
    path.with_extension("rows.used")
}

/// Whether anybody has the file at `path` open.
pub fn is_used(path: &Path) -> bool {
    File::open(mark_of(path)).is_ok_and(|mark| matches!(mark.try_lock(), Err(TryLockError::WouldBlock)))
}

/// Removes the file at `path` and its mark; `false` where somebody has it open, and it stays.
///
/// # Errors
/// The operating system's; a file that is not there any more is none.
pub fn remove(path: &Path) -> io::Result<bool> {
    let mark = File::open(mark_of(path)).ok();
    if mark.as_ref().is_some_and(|mark| matches!(mark.try_lock(), Err(TryLockError::WouldBlock))) {
        return Ok(false);
    }
    let removed = match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(true),
    };
    let _ = std::fs::remove_file(mark_of(path));
    removed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_open_anywhere_stays_until_the_last_has_closed_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.rows");
        std::fs::write(&path, "rows").unwrap();
        let (one, other) = (InUse::mark(&path), InUse::mark(&path));
        assert!(is_used(&path) && !remove(&path).unwrap() && path.exists());
        drop(one);
        assert!(is_used(&path) && !remove(&path).unwrap());
        drop(other);
        assert!(!is_used(&path) && remove(&path).unwrap() && !path.exists());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the mark goes with it");
        assert!(remove(&path).unwrap(), "what is gone already is no trouble");
    }

    #[test]
    fn a_file_of_an_earlier_version_has_no_mark_and_can_be_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.rows");
        std::fs::write(&path, "rows").unwrap();
        assert!(!is_used(&path) && remove(&path).unwrap() && !path.exists());
    }
}
