//! How much room a run's folder takes, told whenever something was written there.

use std::fs;
use std::path::Path;

use super::Engine;
use crate::link::{FolderSize, OfRun, RunId};

impl Engine<'_> {
    /// Tells the size of a run's folder.
    pub(super) fn measure_folder(&mut self, id: RunId, run: &Path) {
        self.cells.folder.store(Some(OfRun::new(id, FolderSize { path: run.to_owned(), bytes: size(run) })));
        self.news.nudge();
    }
}

/// Bytes of all files in a folder; links count as nothing, what cannot be read neither.
fn size(folder: &Path) -> u64 {
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(data) if data.is_dir() => size(&entry.path()),
        Ok(data) if data.is_file() => data.len(),
        _ => 0,
    };
    fs::read_dir(folder).into_iter().flatten().flatten().map(of).sum()
}
