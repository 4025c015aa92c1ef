//! The bytes of a stream as UTF-8: unpacked where they are packed by gzip, decoded from the encoding that
//! is said or judged by their beginning. No row may be longer than a limit: a quotation mark that is never
//! closed would take in the rest of the file.

use std::cell::Cell;
use std::io::{Cursor, Read};
use std::rc::Rc;

use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use flate2::read::MultiGzDecoder;

use crate::engine::data::decode::{is_gzip, legacy_encoding};
use crate::session::{Say, Sentence, say};

/// Longest row, bytes.
pub const ROW_LIMIT: u64 = 64 << 20;
/// Bytes at the beginning by which encoding, separator and quoting are judged.
const SAMPLE: usize = 64 << 10;

/// A stream of UTF-8 with its beginning.
pub struct Opened<'a> {
    /// All bytes, the beginning included.
    pub input: Limited<'a>,
    /// The beginning; where it is not all, its last line is cut off.
    pub sample: String,
    /// Whether that is all there is.
    pub whole: bool,
    /// Name of the encoding, where it is not UTF-8.
    pub encoding: Option<&'static str>,
}

impl<'a> Opened<'a> {
    /// Looks at the beginning of `input`; `label` names its encoding.
    ///
    /// # Errors
    /// In words: the operating system's, or an encoding that nobody knows.
    pub fn new(input: impl Read + 'a, label: Option<&str>) -> Result<Self, Sentence> {
        let unread = |e: std::io::Error| e.said();
        let (mut first, mut rest) = peeked(Box::new(input)).map_err(unread)?;
        if is_gzip(&first) {
            (first, rest) = peeked(Box::new(MultiGzDecoder::new(rest))).map_err(unread)?;
        }
        let encoding = match label {
            Some(label) => Encoding::for_label(label.as_bytes()).ok_or_else(|| {
                say!(
                    "no encoding is called {label}; say utf-8, windows-1252, gbk, shift_jis, utf-16le or the like",
                    label = format_args!("{label:?}")
                )
            })?,
            None => judged(&first),
        };
        let decoded: Box<dyn Read + 'a> = match encoding == UTF_8 {
            true => rest,
            false => Box::new(Decoding::new(rest, encoding)),
        };
        let (mut sample, mut rest) = peeked(decoded).map_err(unread)?;
        if sample.starts_with(b"\xEF\xBB\xBF") {
            sample.drain(..3);
            rest = Box::new(skipped(rest, 3).map_err(unread)?);
        }
        let whole = sample.len() < SAMPLE - 3;
        let end = if whole {
            sample.len()
        } else {
            sample.iter().rposition(|byte| *byte == b'\n').map_or(sample.len(), |end| end + 1)
        };
        sample.truncate(end);
        let sample = String::from_utf8_lossy(&sample).into_owned();
        let encoding = (encoding != UTF_8).then(|| encoding.name());
        Ok(Self { input: Limited { input: rest, row: Rc::default() }, sample, whole, encoding })
    }
}

/// The encoding by a mark, else UTF-8 where the beginning is that, else by its letters.
fn judged(first: &[u8]) -> &'static Encoding {
    match first {
        [0xFF, 0xFE, ..] => UTF_16LE,
        [0xFE, 0xFF, ..] => UTF_16BE,
        // A character may be cut at the end of the beginning.
        _ if std::str::from_utf8(first).is_ok_and(|_| true) || is_utf_8_but_for_its_end(first) => UTF_8,
        _ => {
            let broken = first.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count();
            let sound: usize =
                first.utf8_chunks().map(|chunk| chunk.valid().chars().filter(|c| !c.is_ascii()).count()).sum();
            if sound >= broken { UTF_8 } else { legacy_encoding([first]) }
        }
    }
}

fn is_utf_8_but_for_its_end(first: &[u8]) -> bool {
    std::str::from_utf8(first).is_err_and(|e| e.error_len().is_none())
}

/// The first bytes, and a reader of all of them.
fn peeked<'a>(mut input: Box<dyn Read + 'a>) -> std::io::Result<(Vec<u8>, Box<dyn Read + 'a>)> {
    let mut first = Vec::with_capacity(SAMPLE);
    (&mut input).take(SAMPLE as u64).read_to_end(&mut first)?;
    let all = Cursor::new(first.clone()).chain(input);
    Ok((first, Box::new(all)))
}

fn skipped(mut input: impl Read, bytes: usize) -> std::io::Result<impl Read> {
    input.read_exact(&mut vec![0; bytes])?;
    Ok(input)
}

/// A reader that refuses a row without an end.
pub struct Limited<'a> {
    input: Box<dyn Read + 'a>,
    row: Rc<Cell<u64>>,
}

impl Limited<'_> {
    /// The count of bytes since the row began; to be set to 0 where one begins.
    pub fn row(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.row)
    }
}

impl Read for Limited<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.row.get() > ROW_LIMIT {
            let reason = say!(
                "a row has more than {row_limit} MB; is a quotation mark opened there and never closed?",
                row_limit = ROW_LIMIT >> 20
            );
            return Err(std::io::Error::other(reason.to_string()));
        }
        let read = self.input.read(buffer)?;
        self.row.set(self.row.get() + read as u64);
        Ok(read)
    }
}

/// Another encoding as UTF-8; what is no character becomes U+FFFD.
struct Decoding<'a> {
    input: Box<dyn Read + 'a>,
    decoder: Decoder,
    ready: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<'a> Decoding<'a> {
    fn new(input: Box<dyn Read + 'a>, encoding: &'static Encoding) -> Self {
        let decoder = encoding.new_decoder_with_bom_removal();
        Self { input, decoder, ready: Vec::new(), given: 0, ended: false }
    }

    fn refill(&mut self) -> std::io::Result<()> {
        let mut raw = [0; 16 << 10];
        while self.given == self.ready.len() && !self.ended {
            let read = self.input.read(&mut raw)?;
            self.ended = read == 0;
            let room = self.decoder.max_utf8_buffer_length(read).unwrap_or(4 * read + 16);
            self.ready.resize(room, 0);
            let raw = raw.get(..read).unwrap_or_default();
            let (_, _, written, _) = self.decoder.decode_to_utf8(raw, &mut self.ready, self.ended);
            self.ready.truncate(written);
            self.given = 0;
        }
        Ok(())
    }
}

impl Read for Decoding<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.refill()?;
        let ready = self.ready.get(self.given..).unwrap_or_default();
        let count = ready.len().min(buffer.len());
        let (from, to) = (ready.get(..count), buffer.get_mut(..count));
        if let (Some(from), Some(to)) = (from, to) {
            to.copy_from_slice(from);
        }
        self.given += count;
        Ok(count)
    }
}
