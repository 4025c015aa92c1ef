//! The files that a path holds: itself, those of a folder, those of an archive. Files of a folder are read when it
//! is their turn; those of an archive are unpacked into memory at once, because a packed file cannot be read from
//! its middle.

use std::path::Path;

use super::data_error::DataError;
use super::data_file::{DataFile, Listing};
use super::layout::{Tree, TreePath};
use super::{archive, class_folders};

/// The files of `path`.
///
/// # Errors
/// [`DataError`] where it cannot be read.
pub fn list(path: &Path) -> Result<Listing, DataError> {
    if path.is_dir() {
        return class_folders::list(path);
    }
    let metadata = std::fs::metadata(path).map_err(|e| DataError::read(e, path))?;
    if metadata.is_file() && archive::is_archive(path)? {
        let tree = archive::read(path, None)?;
        archive::refuse_office(&tree, path)?;
        return Ok(held(tree, path));
    }
    Ok(Listing { files: vec![DataFile::alone(path)], alone: true, ..Listing::default() })
}

/// The files of an archive in memory.
fn held(tree: Tree, path: &Path) -> Listing {
    let file = |(place, bytes): (TreePath, Vec<u8>)| DataFile::held(path, place, bytes);
    let files = tree.documents.into_iter().map(file).collect();
    Listing { files, alone: false, folders: tree.folders.into_iter().collect(), skipped: tree.skipped }
}

/// All of a listing in memory, as a tree of documents.
///
/// # Errors
/// [`DataError`] for a document that cannot be read, and where all together are too large.
pub fn into_tree(listing: Listing) -> Result<Tree, DataError> {
    let folders = listing.folders.into_iter().collect();
    let mut tree = Tree { folders, skipped: listing.skipped, ..Tree::default() };
    let mut all = 0;
    for file in listing.files {
        let bytes = class_folders::document(&file, &mut all)?;
        tree.documents.insert(file.place, bytes);
    }
    Ok(tree)
}
