//! Where a teacher's rows are kept while a run goes on: a file where there is one, and counts of what was asked.
//! Trouble with the disk costs the memory of rows only: it becomes a warning, and the teacher is asked.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Reading;
use super::answer_file::AnswerFileError;
use super::row_file::{Kept, RowFile, limit};
use crate::engine::content_hash::hex;
use crate::session::{Say, Sentence, say};

/// Where rows may be kept.
#[derive(Clone, Copy, Debug)]
pub struct Keep<'a> {
    /// The cache's folder.
    pub folder: &'a Path,
    /// Bytes that are free there, where that is known.
    pub free: Option<u64>,
}

/// What the rows that were asked for came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowsKept {
    /// Rows asked for.
    pub rows: u64,
    /// Those of them that were there.
    pub hits: u64,
    /// Bytes that all of them take as they are kept.
    pub bytes: u64,
}

/// Rows by what was read.
#[derive(Default)]
pub struct RowStore {
    shelf: Mutex<Shelf>,
    rows: AtomicU64,
    hits: AtomicU64,
    bytes: AtomicU64,
}

#[derive(Default)]
struct Shelf {
    file: Option<RowFile>,
    is_full: bool,
    warnings: VecDeque<Sentence>,
}

impl RowStore {
    /// The rows of the teacher with this fingerprint, which `about` describes.
    pub fn open(keep: Keep, fingerprint: &[u8; 32], about: &str) -> Self {
        let path = keep.folder.join(format!("{}.rows", hex(&fingerprint[..16])));
        let mut shelf = Shelf::default();
        match RowFile::open(&path, about, limit(&path, keep.free)) {
            Ok(file) => shelf.file = Some(file),
            Err(e) => shelf.warnings.push_back(not_kept(&e.said(), &path)),
        }
        Self { shelf: Mutex::new(shelf), ..Self::default() }
    }

    /// A store that keeps nothing, and says why.
    pub fn without(reason: &Sentence, folder: &Path) -> Self {
        let shelf = Shelf { warnings: [not_kept(reason, folder)].into(), ..Shelf::default() };
        Self { shelf: Mutex::new(shelf), ..Self::default() }
    }

    /// What is kept for an input.
    pub fn get(&self, key: &Reading) -> Option<Vec<u8>> {
        self.asked(|file| file.get(key)).flatten()
    }

    /// Whether anything is kept for an input.
    pub fn has(&self, key: &Reading) -> bool {
        self.asked(|file| file.has(key)).unwrap_or_default()
    }

    /// Whether more can be kept.
    pub fn keeps(&self) -> bool {
        self.with(|shelf| shelf.file.is_some() && !shelf.is_full)
    }

    fn asked<T>(&self, ask: impl FnOnce(&mut RowFile) -> Result<T, AnswerFileError>) -> Option<T> {
        self.with(|shelf| match ask(shelf.file.as_mut()?) {
            Ok(found) => Some(found),
            Err(e) => {
                shelf.lost(&e);
                None
            }
        })
    }

    /// Keeps the rows of an input, where there is room.
    pub fn put(&self, key: &Reading, rows: usize, bytes: &[u8]) {
        self.with(|shelf| match shelf.file.as_mut().map(|file| file.put(key, rows as u32, bytes)) {
            Some(Ok(Kept::Full)) => shelf.full(),
            Some(Err(e)) => shelf.lost(&e),
            Some(Ok(Kept::Written(_) | Kept::Known)) | None => {}
        });
    }

    /// Counts rows that were asked for.
    pub fn count(&self, rows: usize, bytes: usize, was_there: bool) {
        self.rows.fetch_add(rows as u64, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.hits.fetch_add(if was_there { rows as u64 } else { 0 }, Ordering::Relaxed);
    }

    /// What was asked for so far.
    pub fn kept(&self) -> RowsKept {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        RowsKept { rows: of(&self.rows), hits: of(&self.hits), bytes: of(&self.bytes) }
    }

    /// What went wrong with the disk, or that it is full; each said once.
    pub fn take_warning(&self) -> Option<Sentence> {
        self.with(|shelf| shelf.warnings.pop_front())
    }

    /// One thread at a time: reading by position moves the file's own place.
    fn with<T>(&self, work: impl FnOnce(&mut Shelf) -> T) -> T {
        work(&mut self.shelf.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shelf {
    fn full(&mut self) {
        if !std::mem::replace(&mut self.is_full, true) {
            let path = self.file.as_ref().map(|file| file.path().display().to_string()).unwrap_or_default();
            self.warnings.push_back(say!(
                "the teacher's kept rows have all the room on the disk that they may take, so no more are kept and the teacher reads the other texts anew; retort cache --clear makes room: {path}",
                path
            ));
        }
    }

    fn lost(&mut self, error: &AnswerFileError) {
        let path = self.file.take().map(|file| file.path().to_owned()).unwrap_or_default();
        self.warnings.push_back(not_kept(&error.said(), &path));
    }
}

fn not_kept(reason: &Sentence, path: &Path) -> Sentence {
    say!(
        "the teacher's rows are not kept, and it reads every text anew: {reason}: {path}",
        reason,
        path = path.display()
    )
}
