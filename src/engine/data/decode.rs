//! From bytes to text: byte order marks, UTF-8, UTF-16 with a mark, else windows-1252, and one kind
//! of line end. Encodings are not guessed from letter statistics: a wrong guess is silent, while
//! the one fallback is counted and told.

use std::borrow::Cow;
use std::io::Read as _;
use std::path::Path;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::error::DataError;

/// Longest text of one example, in bytes: some 40 times the largest document the program is meant
/// for, and small enough that a damaged file cannot fill the memory.
pub const DOCUMENT_LIMIT: usize = 8 << 20;

/// Largest data file, unpacked, in bytes; all of it is kept in memory.
pub const FILE_LIMIT: u64 = 1 << 30;

/// A text and how it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The text with `\n` line ends and without a byte order mark.
    pub text: String,
    /// Whether the bytes were neither UTF-8 nor marked as UTF-16, so windows-1252 was taken, which
    /// agrees with Latin-1 wherever that has letters.
    pub fallback: bool,
}

/// Decodes a whole file's bytes.
///
/// # Errors
/// Why they are not text, in words.
pub fn decode(bytes: Vec<u8>) -> Result<Decoded, &'static str> {
    let (text, fallback) = match bytes.as_slice() {
        [0xFF, 0xFE, rest @ ..] => (utf_16(rest, UTF_16LE)?, false),
        [0xFE, 0xFF, rest @ ..] => (utf_16(rest, UTF_16BE)?, false),
        [0xEF, 0xBB, 0xBF, rest @ ..] => eight_bit(rest.to_vec()),
        _ => eight_bit(bytes),
    };
    if text.contains('\0') {
        return Err("it holds NUL bytes, so it is binary or UTF-16 without a byte order mark; save it as UTF-8");
    }
    Ok(Decoded { text: one_line_end(text), fallback })
}

fn utf_16(bytes: &[u8], encoding: &'static encoding_rs::Encoding) -> Result<String, &'static str> {
    match encoding.decode_without_bom_handling(bytes) {
        (text, false) => Ok(text.into_owned()),
        (_, true) => Err("it begins like UTF-16 but is damaged; save it as UTF-8"),
    }
}

fn eight_bit(bytes: Vec<u8>) -> (String, bool) {
    match String::from_utf8(bytes) {
        Ok(text) => (text, false),
        Err(not_utf_8) => {
            let (text, _) = WINDOWS_1252.decode_without_bom_handling(not_utf_8.as_bytes());
            (text.into_owned(), true)
        }
    }
}

/// A lone `\r` ends a line only in a file that has no `\n`; elsewhere it is a character of a text.
fn one_line_end(text: String) -> String {
    match (text.contains('\r'), text.contains('\n')) {
        (false, _) => text,
        (true, true) => text.replace("\r\n", "\n"),
        (true, false) => text.replace('\r', "\n"),
    }
}

/// Reads a text file; one packed with gzip is unpacked on the way. Notes an odd encoding.
///
/// # Errors
/// [`DataError::Read`], [`DataError::Archive`] or [`DataError::Text`].
pub fn read_text(path: &Path, notes: &mut Vec<String>) -> Result<String, DataError> {
    let bytes = read_bytes(path)?;
    let bytes = if is_gzip(&bytes) { unpack(&bytes, path)? } else { bytes };
    let Decoded { text, fallback } = decode(bytes).map_err(|reason| DataError::text(reason, path))?;
    if fallback {
        notes.push(format!(
            "{} is not UTF-8 and was read as windows-1252; save it as UTF-8 if letters look wrong",
            file_title(path)
        ));
    }
    Ok(text)
}

/// Whether these bytes begin like a gzip file.
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1F, 0x8B])
}

/// Unpacks gzip bytes; `path` only names them in errors.
///
/// # Errors
/// [`DataError::Archive`] where they are damaged or unpack to more than [`FILE_LIMIT`].
pub fn unpack(bytes: &[u8], path: &Path) -> Result<Vec<u8>, DataError> {
    let mut unpacked = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(bytes).take(FILE_LIMIT + 1);
    reader.read_to_end(&mut unpacked).map_err(|e| DataError::archive(e, path))?;
    match unpacked.len() as u64 > FILE_LIMIT {
        true => Err(DataError::archive(format!("it unpacks to more than {FILE_LIMIT} bytes"), path)),
        false => Ok(unpacked),
    }
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, DataError> {
    let metadata = std::fs::metadata(path).map_err(|e| DataError::read(e, path))?;
    if !metadata.is_file() {
        return Err(DataError::read("it is not a file", path));
    }
    if metadata.len() > FILE_LIMIT {
        return Err(DataError::read(format!("it has more than the {FILE_LIMIT} bytes allowed"), path));
    }
    std::fs::read(path).map_err(|e| DataError::read(e, path))
}

/// The last part of a path, for notes.
pub fn file_title(path: &Path) -> Cow<'_, str> {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(bytes: &[u8]) -> (String, bool) {
        let decoded = decode(bytes.to_vec()).unwrap();
        (decoded.text, decoded.fallback)
    }

    #[test]
    fn a_byte_order_mark_is_not_part_of_the_text() {
        assert_eq!(text_of(b"\xEF\xBB\xBFtext"), ("text".into(), false));
        assert_eq!(text_of(b"\xFF\xFEh\0i\0"), ("hi".into(), false));
        assert_eq!(text_of(b"\xFE\xFF\0h\0i"), ("hi".into(), false));
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_read_as_windows_1252() {
        assert_eq!(text_of(b"caf\xE9 \x93quoted\x94"), ("café “quoted”".into(), true));
        assert_eq!(text_of("café".as_bytes()), ("café".into(), false));
    }

    #[test]
    fn every_kind_of_line_end_becomes_one() {
        assert_eq!(text_of(b"a\r\nb\r\n").0, "a\nb\n");
        assert_eq!(text_of(b"a\rb\r").0, "a\nb\n");
        assert_eq!(text_of(b"a\rb\nc").0, "a\rb\nc");
        assert_eq!(text_of("a\u{85}b".as_bytes()).0, "a\u{85}b");
    }

    #[test]
    fn binary_bytes_are_refused() {
        assert!(decode(b"PK\x03\x04\0\0".to_vec()).unwrap_err().contains("NUL"));
        assert!(decode(b"\xFF\xFE\0\0h\0\0\0".to_vec()).unwrap_err().contains("NUL"));
        assert!(decode(b"\xFF\xFEh".to_vec()).unwrap_err().contains("UTF-16"));
        assert!(decode(b"\xFF\xFE\x00\xD8h\0".to_vec()).unwrap_err().contains("damaged"));
    }
}
