//! The files of a folder, and their content where each is a document.

use std::fs::FileType;
use std::path::{Path, PathBuf};

use super::data_error::DataError;
use super::data_file::{DataFile, Listing, first_bytes};
use super::decode::{DOCUMENT_LIMIT, FILE_LIMIT};
use super::layout::{TreePath, is_hidden};
use crate::session::say;

/// Folders below one another that are looked into: wrapping, part, class and some to spare.
const DEPTH: usize = 8;

/// Lists all files below `root`, sorted by their place. Links to files are followed, links to folders are not,
/// because they can form a circle.
///
/// # Errors
/// [`DataError::Read`].
pub fn list(root: &Path) -> Result<Listing, DataError> {
    let mut walk = Walk { listing: Listing::default() };
    walk.folder(root, &mut TreePath::new())?;
    walk.listing.files.sort_by(|a, b| a.place.cmp(&b.place));
    Ok(walk.listing)
}

struct Walk {
    listing: Listing,
}

impl Walk {
    fn folder(&mut self, folder: &Path, place: &mut TreePath) -> Result<(), DataError> {
        for entry in std::fs::read_dir(folder).map_err(|e| DataError::read(e, folder))? {
            let entry = entry.map_err(|e| DataError::read(e, folder))?;
            let kind = entry.file_type().map_err(|e| DataError::read(e, &entry.path()))?;
            place.push(entry.file_name().to_string_lossy().into_owned());
            self.entry(entry.path(), kind, place)?;
            place.pop();
        }
        Ok(())
    }

    fn entry(&mut self, path: PathBuf, kind: FileType, place: &mut TreePath) -> Result<(), DataError> {
        let is_file = kind.is_file() || (kind.is_symlink() && path.is_file());
        if place.last().is_some_and(|name| is_hidden(name)) || place.len() > DEPTH {
            self.listing.skipped += 1;
        } else if is_file {
            self.listing.files.push(DataFile::on_disk_at(path, place.clone()));
        } else if kind.is_dir() {
            self.listing.folders.push(place.clone());
            self.folder(&path, place)?;
        } else {
            self.listing.skipped += 1;
        }
        Ok(())
    }
}

/// The content of a document, of one that is too large only so much that this shows: files beside the documents may
/// have any size. `all` counts the bytes of those before it.
///
/// # Errors
/// [`DataError`] for one that cannot be read, and where all together are too large.
pub fn document(file: &DataFile, all: &mut u64) -> Result<Vec<u8>, DataError> {
    let bytes = match file.on_disk() {
        Some(path) => first_bytes(path, DOCUMENT_LIMIT + 1).map_err(|e| DataError::read(e, path))?,
        None => file.held_bytes().iter().copied().take(DOCUMENT_LIMIT + 1).collect(),
    };
    *all += bytes.len() as u64;
    if *all > FILE_LIMIT {
        let reason = say!("the folder holds more than {file_limit} bytes of text", file_limit = FILE_LIMIT);
        return Err(DataError::read(reason, &file.path));
    }
    Ok(bytes)
}

/// Refuses a document that is too large.
///
/// # Errors
/// [`DataError::Text`].
pub fn within_limit(bytes: &[u8], path: &Path) -> Result<(), DataError> {
    match bytes.len() > DOCUMENT_LIMIT {
        true => Err(DataError::text(
            say!("it has more than {document_limit} bytes; remove it or cut it", document_limit = DOCUMENT_LIMIT),
            path,
        )),
        false => Ok(()),
    }
}
