//! A folder of class folders, read into memory.

use std::fs::FileType;
use std::io::Read as _;
use std::path::Path;

use super::data_error::DataError;
use super::decode::{DOCUMENT_LIMIT, FILE_LIMIT};
use super::layout::{Tree, TreePath, is_hidden};
use crate::session::say;

/// Folders below one another that are looked into: wrapping, part, class and some to spare.
const DEPTH: usize = 8;

/// Reads all files below `root`. Links to files are followed, links to folders are not, because
/// they can form a circle.
///
/// # Errors
/// [`DataError::Read`] or, for a document that is too large, [`DataError::Text`].
pub fn read(root: &Path) -> Result<Tree, DataError> {
    let mut walk = Walk { tree: Tree::default(), bytes: 0 };
    walk.folder(root, &mut TreePath::new())?;
    Ok(walk.tree)
}

struct Walk {
    tree: Tree,
    bytes: u64,
}

impl Walk {
    fn folder(&mut self, folder: &Path, place: &mut TreePath) -> Result<(), DataError> {
        for entry in std::fs::read_dir(folder).map_err(|e| DataError::read(e, folder))? {
            let entry = entry.map_err(|e| DataError::read(e, folder))?;
            let kind = entry.file_type().map_err(|e| DataError::read(e, &entry.path()))?;
            place.push(entry.file_name().to_string_lossy().into_owned());
            self.entry(&entry.path(), kind, place)?;
            place.pop();
        }
        Ok(())
    }

    fn entry(&mut self, path: &Path, kind: FileType, place: &mut TreePath) -> Result<(), DataError> {
        let is_file = kind.is_file() || (kind.is_symlink() && path.is_file());
        if place.last().is_some_and(|name| is_hidden(name)) || place.len() > DEPTH {
            self.tree.skipped += 1;
        } else if is_file {
            let bytes = self.document(path)?;
            self.tree.documents.insert(place.clone(), bytes);
        } else if kind.is_dir() {
            self.tree.folders.insert(place.clone());
            self.folder(path, place)?;
        } else {
            self.tree.skipped += 1;
        }
        Ok(())
    }

    fn document(&mut self, path: &Path) -> Result<Vec<u8>, DataError> {
        let file = std::fs::File::open(path).map_err(|e| DataError::read(e, path))?;
        let mut bytes = Vec::new();
        file.take(DOCUMENT_LIMIT as u64 + 1).read_to_end(&mut bytes).map_err(|e| DataError::read(e, path))?;
        if bytes.len() > DOCUMENT_LIMIT {
            let reason =
                say!("it has more than {document_limit} bytes; remove it or cut it", document_limit = DOCUMENT_LIMIT);
            return Err(DataError::text(reason, path));
        }
        self.bytes += bytes.len() as u64;
        if self.bytes > FILE_LIMIT {
            return Err(DataError::read(
                say!("the folder holds more than {file_limit} bytes of text", file_limit = FILE_LIMIT),
                path,
            ));
        }
        Ok(bytes)
    }
}
