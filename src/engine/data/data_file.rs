//! A file of data, wherever it lies: on the disk, to be read when it is its turn, or in memory, where an archive was
//! unpacked.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::data_error::DataError;
use super::decode::{file_title, is_gzip, read_bytes, text_of, unpack};
use super::layout::TreePath;
use crate::session::Sentence;

/// One file, wherever it lies.
#[derive(Clone, Debug)]
pub struct DataFile {
    /// Its path; of a file in an archive the archive's with its name behind it.
    pub path: PathBuf,
    /// Its path within the folder or the archive, folder by folder; its name alone where it was named itself.
    pub place: TreePath,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    OnDisk,
    Held(Vec<u8>),
}

/// What a path holds.
#[derive(Debug, Default)]
pub struct Listing {
    /// The files, by their place.
    pub files: Vec<DataFile>,
    /// Whether the path is a file of rows itself.
    pub alone: bool,
    /// Folders within.
    pub folders: Vec<TreePath>,
    /// Links and hidden files, which are not read.
    pub skipped: usize,
}

impl DataFile {
    /// A file that was named itself.
    pub fn alone(path: &Path) -> Self {
        Self::on_disk_at(path.to_owned(), vec![file_title(path).into_owned()])
    }

    /// A file of an archive, with its content.
    pub fn held(archive: &Path, place: TreePath, bytes: Vec<u8>) -> Self {
        Self { path: archive.join(place.join("/")), place, content: Content::Held(bytes) }
    }

    /// A file of a folder.
    pub fn on_disk_at(path: PathBuf, place: TreePath) -> Self {
        Self { path, place, content: Content::OnDisk }
    }

    /// Its name in small letters, without the `.gz` of a packed one.
    pub fn name(&self) -> String {
        let name = self.place.last().map_or_else(String::new, |name| name.to_lowercase());
        name.strip_suffix(".gz").map_or(name.clone(), str::to_owned)
    }

    /// Its path, if it lies on the disk as it is.
    pub fn on_disk(&self) -> Option<&Path> {
        matches!(self.content, Content::OnDisk).then_some(&self.path)
    }

    /// Its bytes, if it is held in memory.
    pub fn held_bytes(&self) -> &[u8] {
        match &self.content {
            Content::OnDisk => &[],
            Content::Held(bytes) => bytes,
        }
    }

    /// Whether its first bytes are these.
    pub fn begins_with(&self, magic: &[u8]) -> bool {
        match &self.content {
            Content::Held(bytes) => bytes.starts_with(magic),
            Content::OnDisk => first_bytes(&self.path, magic.len()).is_ok_and(|first| first == magic),
        }
    }

    /// All of its bytes; of a file that is packed by gzip those inside.
    ///
    /// # Errors
    /// [`DataError`] for one that cannot be read, is damaged or too large.
    pub fn bytes(&self) -> Result<Cow<'_, [u8]>, DataError> {
        let bytes = match &self.content {
            Content::OnDisk => Cow::Owned(read_bytes(&self.path)?),
            Content::Held(bytes) => Cow::Borrowed(bytes.as_slice()),
        };
        Ok(if is_gzip(&bytes) { Cow::Owned(unpack(&bytes, &self.path)?) } else { bytes })
    }

    /// All of it as text. Notes an odd encoding.
    ///
    /// # Errors
    /// As [`Self::bytes`], and where it is no text.
    pub fn text(&self, notes: &mut Vec<Sentence>) -> Result<String, DataError> {
        text_of(self.bytes()?, &self.path, notes)
    }
}

/// The first bytes of a file, as many as there are.
///
/// # Errors
/// The operating system's.
pub fn first_bytes(path: &Path, count: usize) -> std::io::Result<Vec<u8>> {
    let mut first = Vec::new();
    File::open(path)?.take(count as u64).read_to_end(&mut first)?;
    Ok(first)
}
