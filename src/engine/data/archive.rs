//! A tar archive, plain or packed with gzip, read into memory. Nothing is ever unpacked to disk, so
//! a name cannot escape; one that tries is refused all the same.

use std::fs::File;
use std::io::{BufReader, Read, Seek as _};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use tar::{Entry, EntryType};

use super::data_error::DataError;
use super::decode::{DOCUMENT_LIMIT, FILE_LIMIT, is_gzip};
use super::layout::{Tree, TreePath, is_hidden};
use crate::session::{Sentence, say};

/// Reads all files of the archive at `path`.
///
/// # Errors
/// [`DataError::Read`], [`DataError::Archive`] or, for a document that is too large,
/// [`DataError::Text`].
pub fn read(path: &Path) -> Result<Tree, DataError> {
    let mut file = File::open(path).map_err(|e| DataError::read(e, path))?;
    let mut magic = Vec::new();
    (&mut file).take(2).read_to_end(&mut magic).map_err(|e| DataError::read(e, path))?;
    file.rewind().map_err(|e| DataError::read(e, path))?;
    let file = BufReader::new(file);
    if is_gzip(&magic) { read_tar(MultiGzDecoder::new(file), path) } else { read_tar(file, path) }
}

/// Reads a tar stream; `path` only names it in errors.
fn read_tar(stream: impl Read, path: &Path) -> Result<Tree, DataError> {
    // One byte more than allowed, so that a stream of exactly the limit is told from a longer one.
    let mut stream = stream.take(FILE_LIMIT + 1);
    let mut tree = Tree::default();
    let result = read_entries(&mut stream, &mut tree, path);
    if stream.limit() == 0 {
        return Err(DataError::archive(
            say!("it unpacks to more than {file_limit} bytes", file_limit = FILE_LIMIT),
            path,
        ));
    }
    result?;
    // The archive may end before its packing does: only the packing's end holds the check sum.
    std::io::copy(&mut stream, &mut std::io::sink()).map_err(|e| DataError::archive(e, path))?;
    Ok(tree)
}

fn read_entries(stream: &mut impl Read, tree: &mut Tree, path: &Path) -> Result<(), DataError> {
    let mut archive = tar::Archive::new(stream);
    for entry in archive.entries().map_err(|e| DataError::archive(e, path))? {
        let entry = entry.map_err(|e| DataError::archive(e, path))?;
        let place = tree_path(&entry.path_bytes()).map_err(|reason| DataError::archive(reason, path))?;
        if place.is_empty() {
            continue;
        }
        match entry.header().entry_type() {
            _ if place.iter().any(|name| is_hidden(name)) => tree.skipped += 1,
            EntryType::Directory => _ = tree.folders.insert(place),
            EntryType::Regular | EntryType::Continuous => {
                let bytes = document(entry, &place, path)?;
                tree.documents.insert(place, bytes);
            }
            EntryType::XGlobalHeader => {}
            _ => tree.skipped += 1,
        }
    }
    Ok(())
}

fn document(entry: Entry<impl Read>, place: &[String], path: &Path) -> Result<Vec<u8>, DataError> {
    let size = entry.size();
    if size > DOCUMENT_LIMIT as u64 {
        let reason = say!(
            "it has {size} bytes, more than the {document_limit} allowed; pack the archive without it",
            size,
            document_limit = DOCUMENT_LIMIT
        );
        return Err(DataError::text(reason, &path.join(place.join("/"))));
    }
    let mut bytes = Vec::new();
    entry.take(size).read_to_end(&mut bytes).map_err(|e| DataError::archive(e, path))?;
    match bytes.len() as u64 == size {
        true => Ok(bytes),
        false => Err(DataError::archive(say!("it ends within `{place}`", place = place.join("/")), path)),
    }
}

/// A name of the archive, folder by folder.
fn tree_path(name: &[u8]) -> Result<TreePath, Sentence> {
    let name = String::from_utf8_lossy(name);
    let path: TreePath = name.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect();
    match name.starts_with('/') || path.iter().any(|part| part == "..") {
        true => Err(say!("the name `{name}` points out of it", name)),
        false => Ok(path),
    }
}
