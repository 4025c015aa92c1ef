//! Files that hold rows in a form that is not read here, told by how they begin: what would else be taken for text
//! in an odd encoding, and be refused for the wrong reason or not at all.

use crate::session::{Sentence, say};

/// How they begin, and what people call them.
const BEGINNINGS: [(&[u8], &str); 9] = [
    (b"\xFD7zXZ\0", "xz"),
    (b"\x28\xB5\x2F\xFD", "zstd"),
    (b"BZh", "bzip2"),
    (b"7z\xBC\xAF\x27\x1C", "7-Zip"),
    (b"Rar!\x1A\x07", "RAR"),
    (b"ARROW1", "Arrow"),
    (b"SQLite format 3\0", "SQLite"),
    (b"\x89HDF\r\n\x1A\n", "HDF5"),
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "Excel (.xls)"),
];

/// How every block of bzip2 begins, behind the three letters and the level.
const BLOCK: &[u8] = b"1AY&SY";

/// Refuses bytes that are no text.
///
/// # Errors
/// In words, with the way out.
pub fn refuse(bytes: &[u8]) -> Result<(), Sentence> {
    let begins = |magic: &[u8]| bytes.starts_with(magic) && (magic != b"BZh" || bytes.get(4..10) == Some(BLOCK));
    match BEGINNINGS.iter().find(|(magic, _)| begins(magic)) {
        Some((_, kind)) => Err(say!(
            "it is a file of {kind}, which is not read here; unpack it, or save it as CSV, JSON or Parquet, packed by gzip or zip if need be",
            kind
        )),
        None => Ok(()),
    }
}
