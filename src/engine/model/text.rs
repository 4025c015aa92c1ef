//! The small text files of a model, read with care: what a bad clone leaves is named, and no file
//! can hang the program or eat its memory.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::ModelError;
use crate::session::{Say, Sentence, say};

/// Largest text file of a model, bytes; the largest tokenizers in use have some 35 MB.
const MOST: u64 = 256 << 20;

/// First bytes of what Git LFS leaves in place of a file it has not fetched.
const POINTER: &[u8] = b"version https://git-lfs";

/// Reads a text file; `what` names it in errors.
///
/// # Errors
/// [`ModelError::File`]: missing, no file, too large, a Git LFS pointer, or not UTF-8.
pub fn read_text(path: &Path, what: impl Say) -> Result<String, ModelError> {
    let failed = |reason: Sentence| ModelError::File { what: what.said(), reason, path: path.to_owned() };
    let file = open(path, &what)?;
    let mut bytes = Vec::new();
    file.take(MOST + 1).read_to_end(&mut bytes).map_err(|e| failed(e.said()))?;
    if bytes.len() as u64 > MOST {
        return Err(failed(say!("it has more than {most} MB; is it another file under this name?", most = MOST >> 20)));
    }
    String::from_utf8(bytes).map_err(|_| failed(say!("it is not UTF-8 text; fetch it again")))
}

/// Opens a file for reading, if it is a file and not what Git LFS leaves in its place.
///
/// # Errors
/// [`ModelError::File`].
pub fn open(path: &Path, what: impl Say) -> Result<File, ModelError> {
    let failed = |reason: Sentence| ModelError::File { what: what.said(), reason, path: path.to_owned() };
    let said = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => failed(say!("it is not there; put it there or pick another folder")),
        _ => failed(e.said()),
    };
    // Asked first: opening a pipe would wait for its other end.
    if !std::fs::metadata(path).map_err(said)?.is_file() {
        return Err(failed(say!("it is not a file")));
    }
    let mut start = [0; POINTER.len()];
    let is_pointer = File::open(path).map_err(said)?.read_exact(&mut start).is_ok() && start == *POINTER;
    if is_pointer {
        return Err(failed(say!("it is a Git LFS pointer, not the file itself; fetch it with git lfs pull")));
    }
    File::open(path).map_err(said)
}
