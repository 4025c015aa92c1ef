//! Where the window keeps its own things: run folders, the autosaved session, the recent files,
//! and the mark by which the next start knows that this one ended badly.
//!
//! Each open window holds the lock of one slot, so two windows never write one autosave, and the
//! system frees the lock of a window that was killed.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use super::preferences::Preferences;
use crate::session::file::write_atomically;

/// The window's folder.
#[derive(Debug)]
pub struct Storage {
    root: PathBuf,
    slot: Option<Slot>,
    left: Option<PathBuf>,
}

#[derive(Debug)]
struct Slot {
    number: usize,
    mark: File,
}

/// Written into the mark while a window is open.
const OPEN: &str = "open";

impl Storage {
    const SLOTS: usize = 8;
    const RECENT: usize = 10;

    /// The folder the system gives programs for their data; the current folder where it gives none.
    pub fn default_root() -> PathBuf {
        directories::ProjectDirs::from("", "", "retort")
            .map_or_else(|| PathBuf::from("retort-data"), |dirs| dirs.data_dir().to_owned())
    }

    /// The folder `root` with the first free slot. A folder that cannot be written costs autosave
    /// only; runs then say so themselves when they start.
    pub fn open(root: PathBuf) -> Self {
        let slot = std::fs::create_dir_all(&root).ok().and_then(|()| (0..Self::SLOTS).find_map(|n| claim(&root, n)));
        let crashed = slot.as_ref().is_some_and(|(_, crashed)| *crashed);
        let mut storage = Self { root, slot: slot.map(|(slot, _)| slot), left: None };
        storage.left = storage.autosave_path().and_then(|path| set_aside(&path, crashed));
        storage
    }

    /// The autosaved session of a window that used this slot and ended badly.
    pub fn left_behind(&self) -> Option<&Path> {
        self.left.as_deref()
    }

    /// Forgets the session that was left behind.
    pub fn forget_left_behind(&mut self) {
        if let Some(path) = self.left.take() {
            // A file that cannot be removed is offered once more: no harm.
            let _ = std::fs::remove_file(path);
        }
    }

    /// Where this window's session is autosaved.
    pub fn autosave_path(&self) -> Option<PathBuf> {
        self.slot.as_ref().map(|slot| self.root.join(format!("autosave-{}.ron", slot.number)))
    }

    /// A new, empty run folder.
    ///
    /// # Errors
    /// The operating system's.
    pub fn new_run_folder(&self) -> std::io::Result<PathBuf> {
        let runs = self.root.join("runs");
        std::fs::create_dir_all(&runs)?;
        let number = |entry: std::io::Result<std::fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse::<u32>().ok();
        let mut next = std::fs::read_dir(&runs)?.filter_map(number).max().unwrap_or(0) + 1;
        loop {
            let folder = runs.join(format!("{next:04}"));
            match std::fs::create_dir(&folder) {
                Ok(()) => return Ok(folder),
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => next += 1,
                Err(e) => return Err(e),
            }
        }
    }

    /// Where the person's choices for every session are kept.
    pub fn preferences_path(&self) -> PathBuf {
        self.root.join("preferences.ron")
    }

    /// The person's choices, and what is wrong with their file if anything is.
    pub fn preferences(&self) -> (Preferences, Option<String>) {
        Preferences::read(&self.preferences_path())
    }

    /// Session files used lately, newest first.
    pub fn recent(&self) -> Vec<PathBuf> {
        let text = std::fs::read(self.root.join("recent.json")).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Puts `path` at the head of the recent files and gives the new list.
    pub fn used(&self, path: &Path) -> Vec<PathBuf> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mut recent = self.recent();
        recent.retain(|old| *old != path);
        recent.insert(0, path);
        recent.truncate(Self::RECENT);
        // A list of conveniences is not worth a notice when the disk is full.
        let _ = serde_json::to_vec(&recent).map(|text| write_atomically(&self.root.join("recent.json"), &text));
        recent
    }

    /// Says that the window was closed properly.
    pub fn close(&mut self) {
        if let Some(slot) = &mut self.slot {
            // If the mark stays, the next start offers a session nobody lost: no harm.
            let _ = slot.mark.set_len(0);
        }
    }
}

fn claim(root: &Path, number: usize) -> Option<(Slot, bool)> {
    let path = root.join(format!("window-{number}"));
    let mut mark = File::options().read(true).write(true).create(true).truncate(false).open(path).ok()?;
    mark.try_lock().ok()?;
    let mut text = String::new();
    mark.read_to_string(&mut text).ok()?;
    mark.rewind().ok()?;
    mark.write_all(OPEN.as_bytes()).ok()?;
    Some((Slot { number, mark }, text == OPEN))
}

/// Moves a lost session out of the way of this window's autosave; a session that was closed
/// properly is of no use to anyone and goes.
fn set_aside(autosave: &Path, crashed: bool) -> Option<PathBuf> {
    let aside = autosave.with_extension("lost.ron");
    // Errors leave the file where it is; then there is only nothing to offer.
    let _ = if crashed { std::fs::rename(autosave, &aside) } else { std::fs::remove_file(autosave) };
    aside.exists().then_some(aside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_was_not_closed_leaves_its_session_behind() {
        let folder = tempfile::tempdir().unwrap();
        let first = Storage::open(folder.path().to_owned());
        assert!(first.left_behind().is_none());
        std::fs::write(first.autosave_path().unwrap(), "x").unwrap();
        drop(first);
        let mut second = Storage::open(folder.path().to_owned());
        assert!(second.left_behind().is_some());
        second.close();
        drop(second);
        let mut third = Storage::open(folder.path().to_owned());
        assert!(third.left_behind().is_some(), "an offer nobody answered is made again");
        third.forget_left_behind();
        third.close();
        drop(third);
        assert!(Storage::open(folder.path().to_owned()).left_behind().is_none());
    }

    #[test]
    fn two_open_windows_have_two_autosaves() {
        let folder = tempfile::tempdir().unwrap();
        let first = Storage::open(folder.path().to_owned());
        let second = Storage::open(folder.path().to_owned());
        assert_ne!(first.autosave_path(), second.autosave_path());
        assert!(second.left_behind().is_none());
    }

    #[test]
    fn every_run_gets_a_folder_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::open(folder.path().to_owned());
        let (a, b) = (storage.new_run_folder().unwrap(), storage.new_run_folder().unwrap());
        assert_ne!(a, b);
        assert!(a.is_dir() && b.is_dir());
    }

    #[test]
    fn a_file_used_again_moves_to_the_head_of_the_recent_ones() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::open(folder.path().to_owned());
        for name in ["a", "b", "a"] {
            storage.used(Path::new(name));
        }
        assert_eq!(storage.recent(), ["a", "b"].map(|name| std::path::absolute(name).unwrap()));
    }
}
