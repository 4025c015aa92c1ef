//! A list of the kept rows, file by file: how many, of which teacher, how much of each; and their removal. They can be
//! made again.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::in_use;
use super::row_file::RowFile;
use crate::session::{Say, Sentence};

/// A file of kept rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RowsOnDisk {
    /// The file.
    pub path: PathBuf,
    /// Its size, bytes.
    pub bytes: u64,
    /// Texts, or blocks of them, in it.
    pub samples: usize,
    /// Their rows.
    pub rows: u64,
    /// What they are, where the file says it.
    pub about: Option<serde_json::Value>,
    /// Whether a run has them open: then they are not removed.
    pub in_use: bool,
    /// Why they cannot be used.
    pub note: Option<Sentence>,
}

impl RowsOnDisk {
    /// What a person would call the teacher; empty where the file does not say it.
    pub fn teacher(&self) -> &str {
        self.about.as_ref().and_then(|about| about.get("teacher")?.as_str()).unwrap_or_default()
    }

    /// How many outcomes of each row are kept; `None` where all are.
    pub fn k(&self) -> Option<u64> {
        self.about.as_ref()?.get("k")?.as_u64()
    }
}

/// The files of rows in `folder`, the largest first.
///
/// # Errors
/// The operating system's; a folder that does not exist holds none.
pub fn list(folder: &Path) -> std::io::Result<Vec<RowsOnDisk>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let mut found: Vec<RowsOnDisk> =
        paths.filter(|path| path.extension().is_some_and(|e| e == "rows")).map(|path| of(&path)).collect();
    found.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.path.cmp(&b.path)));
    Ok(found)
}

/// Removes a file of kept rows; `false` where a run has it open, and it stays.
///
/// # Errors
/// The operating system's.
pub fn remove(rows: &RowsOnDisk) -> std::io::Result<bool> {
    in_use::remove(&rows.path)
}

fn of(path: &Path) -> RowsOnDisk {
    let bytes = std::fs::metadata(path).map_or(0, |data| data.len());
    let in_use = in_use::is_used(path);
    let found = RowsOnDisk { path: path.to_owned(), bytes, in_use, ..RowsOnDisk::default() };
    match RowFile::look(path) {
        Ok((about, samples, rows)) => RowsOnDisk { samples, rows, about: serde_json::from_str(&about).ok(), ..found },
        Err(e) => RowsOnDisk { note: Some(e.said()), ..found },
    }
}
