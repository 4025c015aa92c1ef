//! What was read of run folders, remembered under the times and sizes of the files it was read from.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::annotations::Annotations;
use super::folder_scan::scan;
use super::{RunRow, RunStatus};
use crate::session::file::write_atomically;
use crate::session::run_folder::{self, ABANDONED, CHECKPOINTS, JOURNAL, LOCK, QUEUED, SESSION, STUDENT, SUMMARY};

/// The file in a workspace.
pub(super) const FILE: &str = ".run_index.json";
/// Rises with every change of what a row is made of.
const VERSION: u32 = 4;

/// By what a change of a folder is seen: modification time in nanoseconds and size of the files that a row is read
/// from.
type Stamp = Vec<(u128, u64)>;

#[derive(Debug, Default, Serialize, Deserialize)]
struct Written {
    version: u32,
    rows: BTreeMap<String, Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    stamp: Stamp,
    row: RunRow,
}

/// The index of a workspace, as it was and as it becomes.
#[derive(Debug, Default)]
pub struct Index {
    was: BTreeMap<String, Entry>,
    is: BTreeMap<String, Entry>,
    /// Whether anything was read anew.
    stale: bool,
}

impl Index {
    /// The index of a workspace; empty where there is none of this version.
    pub fn read(workspace: &Path) -> Self {
        let text = std::fs::read(workspace.join(FILE)).unwrap_or_default();
        let written: Written = serde_json::from_slice(&text).unwrap_or_default();
        let was = if written.version == VERSION { written.rows } else { BTreeMap::new() };
        Self { was, ..Self::default() }
    }

    /// The row of a run, read anew where its folder has changed.
    pub fn row(&mut self, name: String, folder: &Path) -> RunRow {
        let stamp = stamp(folder);
        let known = self.was.remove(&name).filter(|entry| entry.stamp == stamp);
        let entry = known.unwrap_or_else(|| {
            self.stale = true;
            Entry { stamp, row: scan(folder) }
        });
        let row = of_today(entry.row.clone(), folder);
        self.is.insert(name, entry);
        row
    }

    /// Keeps the index, where it has changed. That it cannot be written costs time and nothing else.
    pub fn write(self, workspace: &Path) {
        if !self.stale && self.was.is_empty() {
            return;
        }
        let written = Written { version: VERSION, rows: self.is };
        let text = serde_json::to_vec(&written).unwrap_or_default();
        let _ = write_atomically(&workspace.join(FILE), &text);
    }
}

/// What no file's time tells: where the folder is now, who holds it, and what is noted of it.
pub fn of_today(mut row: RunRow, folder: &Path) -> RunRow {
    if matches!(row.status, RunStatus::Interrupted | RunStatus::Waiting) && run_folder::is_held(folder) {
        row.status = RunStatus::Running;
    }
    RunRow { folder: folder.to_owned(), annotations: Annotations::read(folder), ..row }
}

fn stamp(folder: &Path) -> Stamp {
    let files = [JOURNAL, SESSION, SUMMARY, LOCK, QUEUED, CHECKPOINTS, ABANDONED, STUDENT];
    let of = |file: &str| {
        let seen = std::fs::metadata(folder.join(file)).ok()?;
        let time = seen.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some((time.as_nanos(), seen.len()))
    };
    files.iter().map(|file| of(file).unwrap_or_default()).collect()
}
