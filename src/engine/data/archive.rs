//! An archive, read into memory: tar, plain or packed with gzip, and zip. Nothing is ever unpacked to disk, so a name
//! cannot escape; one that tries is refused all the same, and so is a link of a zip archive, whose target it would be
//! to read. What it may unpack to is bounded.

use std::fs::File;
use std::io::{BufReader, Read, Seek as _};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use tar::EntryType;
use zip::ZipArchive;

use super::data_error::DataError;
use super::data_file::first_bytes;
use super::decode::{FILE_LIMIT, is_gzip};
use super::layout::{Tree, TreePath, is_hidden};
use crate::session::{Say as _, Sentence, say};

/// Entries an archive may have.
const MOST_ENTRIES: usize = 1_000_000;
/// How a zip archive begins.
const ZIP: &[u8] = b"PK\x03\x04";
/// Where a tar archive has its mark.
const TAR_MARK: std::ops::Range<usize> = 257..262;

/// Whether the file at `path` is an archive of files.
///
/// # Errors
/// [`DataError::Read`].
pub fn is_archive(path: &Path) -> Result<bool, DataError> {
    let first = first_bytes(path, TAR_MARK.end).map_err(|e| DataError::read(e, path))?;
    let is_tar = |first: &[u8]| first.get(TAR_MARK) == Some(b"ustar");
    if !is_gzip(&first) {
        return Ok(first.starts_with(ZIP) || is_tar(&first));
    }
    let (mut inside, file) = (Vec::new(), File::open(path).map_err(|e| DataError::read(e, path))?);
    // What cannot be unpacked is no archive, and is told where it is read as what it claims to be.
    let _ = MultiGzDecoder::new(BufReader::new(file)).take(TAR_MARK.end as u64).read_to_end(&mut inside);
    Ok(is_tar(&inside))
}

/// Reads all files of the archive at `path`, none of them larger than `document` bytes.
///
/// # Errors
/// [`DataError::Read`], [`DataError::Archive`] or, for a document that is too large,
/// [`DataError::Text`].
pub fn read(path: &Path, document: Option<usize>) -> Result<Tree, DataError> {
    let mut file = File::open(path).map_err(|e| DataError::read(e, path))?;
    let mut magic = Vec::new();
    (&mut file).take(4).read_to_end(&mut magic).map_err(|e| DataError::read(e, path))?;
    file.rewind().map_err(|e| DataError::read(e, path))?;
    let (file, most) = (BufReader::new(file), document.map_or(FILE_LIMIT, |most| most as u64));
    match magic.as_slice() {
        ZIP => read_zip(file, path, most),
        magic if is_gzip(magic) => read_tar(MultiGzDecoder::new(file), path, most),
        _ => read_tar(file, path, most),
    }
}

/// Refuses a spreadsheet or another office document, which are archives of files and no folders of texts.
///
/// # Errors
/// [`DataError::Text`].
pub fn refuse_office(tree: &Tree, path: &Path) -> Result<(), DataError> {
    let is_office = |name: &str| tree.documents.keys().any(|place| matches!(place.as_slice(), [only] if only == name));
    match is_office("[Content_Types].xml") || is_office("mimetype") {
        true => {
            Err(DataError::text(say!("it is a spreadsheet or another office document; save its table as CSV"), path))
        }
        false => Ok(()),
    }
}

fn too_much(path: &Path) -> DataError {
    DataError::archive(say!("it unpacks to more than {file_limit} bytes", file_limit = FILE_LIMIT), path)
}

fn read_zip(file: BufReader<File>, path: &Path, most: u64) -> Result<Tree, DataError> {
    let failed = |e: zip::result::ZipError| DataError::archive(e.said(), path);
    let mut archive = ZipArchive::new(file).map_err(failed)?;
    if archive.len() > MOST_ENTRIES {
        return Err(DataError::archive(say!("it has more than {most} entries", most = MOST_ENTRIES), path));
    }
    let (mut tree, mut left) = (Tree::default(), FILE_LIMIT);
    for number in 0..archive.len() {
        let entry = archive.by_index(number).map_err(failed)?;
        let place = tree_path(entry.name_raw()).map_err(|reason| DataError::archive(reason, path))?;
        if entry.is_symlink() {
            let name = place.join("/");
            return Err(DataError::archive(
                say!("`{name}` in it is a link, which is not followed; pack it without", name),
                path,
            ));
        }
        if place.iter().any(|name| is_hidden(name)) {
            tree.skipped += 1;
        } else if entry.is_dir() {
            tree.folders.insert(place);
        } else if !place.is_empty() {
            let bytes = inflated(entry, &place, path, (most, left))?;
            left -= bytes.len() as u64;
            tree.documents.insert(place, bytes);
        }
    }
    Ok(tree)
}

/// An entry of a zip archive, which may claim any size: what counts is what comes out.
fn inflated(entry: impl Read, place: &[String], path: &Path, (most, left): (u64, u64)) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    entry.take(most.min(left) + 1).read_to_end(&mut bytes).map_err(|e| DataError::archive(e, path))?;
    match bytes.len() as u64 {
        size if size > left => Err(too_much(path)),
        size if size > most => Err(too_large(size, most, place, path)),
        _ => Ok(bytes),
    }
}

fn too_large(size: u64, most: u64, place: &[String], path: &Path) -> DataError {
    let reason = say!(
        "it has {size} bytes, more than the {document_limit} allowed; pack the archive without it",
        size,
        document_limit = most
    );
    DataError::text(reason, &path.join(place.join("/")))
}

/// Reads a tar stream; `path` only names it in errors.
fn read_tar(stream: impl Read, path: &Path, most: u64) -> Result<Tree, DataError> {
    // One byte more than allowed, so that a stream of exactly the limit is told from a longer one.
    let mut stream = stream.take(FILE_LIMIT + 1);
    let mut tree = Tree::default();
    let result = read_entries(&mut stream, &mut tree, path, most);
    if stream.limit() == 0 {
        return Err(too_much(path));
    }
    result?;
    // The archive may end before its packing does: only the packing's end holds the check sum.
    std::io::copy(&mut stream, &mut std::io::sink()).map_err(|e| DataError::archive(e, path))?;
    Ok(tree)
}

fn read_entries(stream: &mut impl Read, tree: &mut Tree, path: &Path, most: u64) -> Result<(), DataError> {
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
                let bytes = document(entry, &place, path, most)?;
                tree.documents.insert(place, bytes);
            }
            EntryType::XGlobalHeader => {}
            _ => tree.skipped += 1,
        }
    }
    Ok(())
}

fn document(entry: tar::Entry<impl Read>, place: &[String], path: &Path, most: u64) -> Result<Vec<u8>, DataError> {
    let size = entry.size();
    if size > most {
        return Err(too_large(size, most, place, path));
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
