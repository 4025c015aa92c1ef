//! Where the window keeps its own things: run folders, the autosaved session, the recent files,
//! and the mark by which the next start knows that this one ended badly.
//!
//! Each open window holds the lock of one slot, so two windows never write one autosave, and the
//! system frees the lock of a window that was killed. What such windows have left is taken over by the
//! next that opens, whatever slot it gets.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::preferences::Preferences;
use crate::session::file::write_atomically;

/// The window's folder.
#[derive(Debug)]
pub struct Storage {
    root: PathBuf,
    slot: Option<Slot>,
    left: Vec<PathBuf>,
    /// When the newest place to keep a session was given away, milliseconds since 1970.
    given: u128,
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
        crate::session::run_folder::data_folder()
    }

    /// The folder `root` with the first free slot. A folder that cannot be written costs autosave
    /// only; runs then say so themselves when they start.
    pub fn open(root: PathBuf) -> Self {
        let slot = std::fs::create_dir_all(&root).ok().and_then(|()| (0..Self::SLOTS).find_map(|n| claim(&root, n)));
        let crashed = slot.as_ref().is_some_and(|(_, crashed)| *crashed);
        let mut storage = Self { root, slot: slot.map(|(slot, _)| slot), left: Vec::new(), given: 0 };
        if let Some(own) = storage.slot.as_ref().map(|slot| slot.number) {
            storage.take_over(own, crashed);
            (0..Self::SLOTS).filter(|number| *number != own).for_each(|number| storage.inherit(number));
            storage.left = storage.kept_in(own);
        }
        storage
    }

    /// The sessions that earlier windows had in no file, the oldest first.
    pub fn left_behind(&self) -> &[PathBuf] {
        &self.left
    }

    /// Where a session can be kept that is put aside now, another place each time; `None` without a slot.
    pub fn place_to_keep(&mut self) -> Option<PathBuf> {
        let slot = self.slot.as_ref()?.number;
        // Files are written behind the asking, so that it does not tell which places are taken.
        self.given = millis(SystemTime::now()).max(self.given + 1);
        Some(self.free_place(slot, self.given))
    }

    /// A file to keep a session in, named for when it was put aside.
    fn free_place(&self, slot: usize, millis: u128) -> PathBuf {
        let path = |stamp: u128| self.root.join(format!("kept-{slot}-{stamp:015}.ron"));
        let free = (millis..).map(path).find(|path| !path.exists());
        free.unwrap_or_else(|| path(millis))
    }

    /// What is kept under a slot, the oldest first.
    fn kept_in(&self, slot: usize) -> Vec<PathBuf> {
        let prefix = format!("kept-{slot}-");
        let ours = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(&prefix) && name.ends_with(".ron")
        };
        let entries = std::fs::read_dir(&self.root).into_iter().flatten().flatten();
        let mut kept: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(ours).collect();
        kept.sort();
        kept
    }

    /// Takes over what the last window of a slot has left. A session that was closed properly is of no use
    /// to anyone and goes.
    fn take_over(&self, slot: usize, crashed: bool) {
        let autosave = self.autosave_of(slot);
        self.set_aside(&autosave.with_extension("lost.ron"));
        if crashed {
            self.set_aside(&autosave);
        } else {
            // One that cannot be removed is written over.
            let _ = std::fs::remove_file(autosave);
        }
    }

    /// Takes over what is kept under another slot, unless a window is there.
    fn inherit(&self, slot: usize) {
        let used = self.root.join(mark_name(slot)).exists();
        let Some((mut theirs, crashed)) = Some(slot).filter(|_| used).and_then(|slot| claim(&self.root, slot)) else {
            return;
        };
        self.take_over(slot, crashed);
        for path in self.kept_in(slot) {
            self.set_aside(&path);
        }
        theirs.close();
    }

    /// Moves a session to those that are kept, unless the newest of them is the same.
    fn set_aside(&self, path: &Path) {
        let (Some(slot), Ok(found)) = (&self.slot, std::fs::metadata(path)) else { return };
        let same = |kept: &PathBuf| std::fs::read(kept).ok() == std::fs::read(path).ok();
        // Errors leave the file where it is; then there is only nothing to offer.
        let _ = if self.kept_in(slot.number).last().is_some_and(same) {
            std::fs::remove_file(path)
        } else {
            let time = found.modified().unwrap_or_else(|_| SystemTime::now());
            std::fs::rename(path, self.free_place(slot.number, millis(time)))
        };
    }

    fn autosave_of(&self, slot: usize) -> PathBuf {
        self.root.join(format!("autosave-{slot}.ron"))
    }

    /// Where this window's session is autosaved.
    pub fn autosave_path(&self) -> Option<PathBuf> {
        self.slot.as_ref().map(|slot| self.autosave_of(slot.number))
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where runs lie, as long as nobody has chosen another folder.
    pub fn runs(&self) -> PathBuf {
        self.root.join("runs")
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
        self.slot.iter_mut().for_each(Slot::close);
    }
}

impl Slot {
    fn close(&mut self) {
        // If the mark stays, the next start offers a session nobody lost: no harm.
        let _ = self.mark.set_len(0);
    }
}

fn millis(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis())
}

/// The file that is locked while a window is open in a slot.
fn mark_name(slot: usize) -> String {
    format!("window-{slot}")
}

fn claim(root: &Path, number: usize) -> Option<(Slot, bool)> {
    let path = root.join(mark_name(number));
    let mut mark = File::options().read(true).write(true).create(true).truncate(false).open(path).ok()?;
    mark.try_lock().ok()?;
    let mut text = String::new();
    mark.read_to_string(&mut text).ok()?;
    mark.rewind().ok()?;
    mark.write_all(OPEN.as_bytes()).ok()?;
    Some((Slot { number, mark }, text == OPEN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_was_not_closed_leaves_its_session_behind() {
        let folder = tempfile::tempdir().unwrap();
        let first = Storage::open(folder.path().to_owned());
        assert!(first.left_behind().is_empty());
        std::fs::write(first.autosave_path().unwrap(), "x").unwrap();
        drop(first);
        let mut second = Storage::open(folder.path().to_owned());
        assert_eq!(second.left_behind().len(), 1);
        second.close();
        drop(second);
        let mut third = Storage::open(folder.path().to_owned());
        let left = third.left_behind().to_vec();
        assert_eq!(left.len(), 1, "an offer nobody answered is made again");
        std::fs::remove_file(&left[0]).unwrap();
        third.close();
        drop(third);
        assert!(Storage::open(folder.path().to_owned()).left_behind().is_empty());
    }

    #[test]
    fn what_windows_of_any_slot_have_left_is_taken_over_oldest_first_and_once() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Storage::open(folder.path().to_owned());
        let texts = |storage: &Storage| -> Vec<String> {
            storage.left_behind().iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
        };
        let write = |path: PathBuf, text: &str, secs: u64| {
            std::fs::write(&path, text).unwrap();
            let time = UNIX_EPOCH + std::time::Duration::from_secs(secs);
            File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        };
        let (first, mut second, third) = (open(), open(), open());
        write(second.place_to_keep().unwrap(), "put aside", 100);
        second.close();
        write(first.autosave_path().unwrap(), "crashed", 200);
        write(third.autosave_path().unwrap(), "crashed too", 300);
        drop((first, second));
        let mut next = open();
        assert_eq!(texts(&next), ["put aside", "crashed"], "the third window is still open");
        next.close();
        drop((next, third));
        let last = open();
        assert_eq!(texts(&last), ["put aside", "crashed", "crashed too"]);
        // An autosave that was put aside before the crash is one session, not two.
        write(last.autosave_path().unwrap(), "crashed too", 400);
        drop(last);
        assert_eq!(texts(&open()).len(), 3);
    }

    #[test]
    fn sessions_put_aside_at_once_each_have_a_place() {
        let folder = tempfile::tempdir().unwrap();
        let mut storage = Storage::open(folder.path().to_owned());
        let places: Vec<PathBuf> = (0..3).filter_map(|_| storage.place_to_keep()).collect();
        assert!(places.len() == 3 && places.is_sorted() && places[0] != places[1] && places[1] != places[2]);
    }

    #[test]
    fn two_open_windows_have_two_autosaves() {
        let folder = tempfile::tempdir().unwrap();
        let first = Storage::open(folder.path().to_owned());
        let second = Storage::open(folder.path().to_owned());
        assert_ne!(first.autosave_path(), second.autosave_path());
        assert!(second.left_behind().is_empty());
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
