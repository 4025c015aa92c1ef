//! From bytes to text: byte order marks, UTF-8 (a damaged character or two allowed), UTF-16 with and
//! without its mark, else an older encoding by the statistics of its letters; and one kind of line end.
//! What is not plain UTF-8 is told with the encoding it was read in.
//!
//! *Why guess (2026-11).* Chosen over windows-1252 for whatever is not UTF-8: spreadsheets of half the
//! world save GBK, Big5 or Shift_JIS, and every text and class of theirs became accents. The detector
//! is the one of a browser; two or three characters alone can mislead it, so the guess is told.

use std::borrow::Cow;
use std::io::Read as _;
use std::path::Path;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, SHIFT_JIS, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::data_error::DataError;
use super::foreign;
use crate::session::{Sentence, say};

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
    /// The encoding, where it is not UTF-8.
    pub encoding: Option<&'static str>,
    /// Lines, from 1, with bytes that stand for no character; U+FFFD is in their place.
    pub damaged: Vec<u64>,
}

impl Decoded {
    fn whole(text: String, encoding: Option<&'static str>) -> Self {
        Self { text, encoding, damaged: Vec::new() }
    }
}

/// Decodes a whole file's bytes; what is neither UTF-8 nor UTF-16 is taken for `legacy`.
///
/// # Errors
/// Why they are not text, in words.
pub fn decode(bytes: &[u8], legacy: &'static Encoding) -> Result<Decoded, Sentence> {
    let decoded = match bytes {
        [0xFF, 0xFE, rest @ ..] => utf_16(rest, UTF_16LE)?,
        [0xFE, 0xFF, rest @ ..] => utf_16(rest, UTF_16BE)?,
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf_8(rest).0,
        _ if bytes.contains(&0) => unmarked_utf_16(bytes)?,
        _ if legacy == ISO_2022_JP => in_encoding(bytes, ISO_2022_JP),
        _ => match utf_8(bytes) {
            (decoded, true) => decoded,
            (_, false) => in_encoding(bytes, legacy),
        },
    };
    if decoded.text.contains('\0') {
        return Err(nul());
    }
    // A few damaged characters are a scratch; many mean that the guess is wrong or encodings are mixed.
    let lines = decoded.text.lines().count() as u64;
    match decoded.damaged.first() {
        Some(first) if decoded.damaged.len() as u64 > 1 + lines / 50 => Err(say!(
            "{damaged} of its {lines} lines, first line {first}, hold bytes that are no characters of {encoding}; save it as UTF-8",
            damaged = decoded.damaged.len(),
            lines,
            first,
            encoding = decoded.encoding.unwrap_or("UTF-8")
        )),
        _ => Ok(Decoded { text: one_line_end(decoded.text), ..decoded }),
    }
}

fn nul() -> Sentence {
    say!("it holds NUL bytes, so it is binary or a kind of text that is not known here; save it as UTF-8")
}

/// The encoding of documents that are not UTF-8, by the statistics of their letters, all of them
/// together; windows-1252, which agrees with Latin-1 wherever that has letters, where they say nothing.
pub fn legacy_encoding<'a>(documents: impl IntoIterator<Item = &'a [u8]>) -> &'static Encoding {
    let (mut detector, mut letters) = (EncodingDetector::new(Iso2022JpDetection::Deny), 0);
    let (mut japanese, mut hiragana) = (true, 0);
    for document in documents {
        if !document.contains(&0) && std::str::from_utf8(document).is_err() {
            detector.feed(document, false);
            letters += document.iter().filter(|byte| !byte.is_ascii()).count();
            let (text, damaged) = SHIFT_JIS.decode_without_bom_handling(document);
            japanese &= !damaged;
            hiragana += text.chars().filter(|c| ('\u{3041}'..='\u{3096}').contains(c)).count();
        }
    }
    detector.feed(b"", true);
    match detector.guess(None, Utf8Detection::Deny) {
        // The detector takes short Shift_JIS for Cyrillic; a third of hiragana is no accident.
        guess if guess.is_single_byte() && japanese && 3 * 2 * hiragana >= letters && hiragana > 0 => SHIFT_JIS,
        guess if guess.is_single_byte() && letters < FEWEST_LETTERS => WINDOWS_1252,
        guess => guess,
    }
}

/// Letters beyond ASCII from which on one alphabet of single bytes can be told from another.
const FEWEST_LETTERS: usize = 4;

fn utf_16(bytes: &[u8], encoding: &'static Encoding) -> Result<Decoded, Sentence> {
    match encoding.decode_without_bom_handling(bytes) {
        (text, false) => Ok(Decoded::whole(text.into_owned(), Some(encoding.name()))),
        (_, true) => Err(say!("it begins like UTF-16 but is damaged; save it as UTF-8")),
    }
}

/// UTF-16 without its mark: of the two byte orders the one that gives characters of a text.
fn unmarked_utf_16(bytes: &[u8]) -> Result<Decoded, Sentence> {
    let orders = [UTF_16LE, UTF_16BE].into_iter().filter_map(|encoding| utf_16(bytes, encoding).ok());
    let is_text = |decoded: &Decoded| {
        let is_odd =
            |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r') || ('\u{E000}'..='\u{F8FF}').contains(&c);
        let plain = decoded.text.chars().filter(char::is_ascii).count();
        !decoded.text.contains(is_odd)
            && decoded.text.contains(['\n', '\r'])
            && plain >= 3
            && 50 * plain >= decoded.text.chars().count()
    };
    let plain = |decoded: &Decoded| decoded.text.chars().filter(char::is_ascii).count();
    orders.filter(is_text).max_by_key(plain).ok_or_else(nul)
}

/// The encoding of one file that is not UTF-8, as [`legacy_encoding`]; one that escapes to Japanese counts.
/// Not of the documents of a folder, among which such a one is a rarity and was always read as it stands.
fn encoding_of(file: &[u8]) -> &'static Encoding {
    if escapes_japanese(file) { ISO_2022_JP } else { legacy_encoding([file]) }
}

/// Whether the bytes switch to Japanese by escapes, which are ASCII and would pass for UTF-8.
fn escapes_japanese(bytes: &[u8]) -> bool {
    bytes.is_ascii() && bytes.windows(3).any(|three| matches!(three, b"\x1B$B" | b"\x1B$@"))
}

/// The bytes as UTF-8, damaged characters replaced; and whether they are UTF-8 at all: other
/// encodings hardly ever give a sequence of its form, so that as many sound as broken ones tell.
fn utf_8(bytes: &[u8]) -> (Decoded, bool) {
    let (mut decoded, mut line, mut sound, mut broken) = (Decoded::whole(String::new(), None), 1, 0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid();
        line += valid.matches('\n').count() as u64;
        decoded.text.push_str(valid);
        if chunk.invalid().is_empty() {
            sound += if broken > 0 { beyond_ascii(valid) } else { 0 };
            continue;
        }
        sound += beyond_ascii(valid);
        broken += 1;
        decoded.text.push(char::REPLACEMENT_CHARACTER);
        if decoded.damaged.last() != Some(&line) {
            decoded.damaged.push(line);
        }
    }
    (decoded, sound >= broken)
}

fn beyond_ascii(text: &str) -> usize {
    text.chars().filter(|c| !c.is_ascii()).count()
}

fn in_encoding(bytes: &[u8], encoding: &'static Encoding) -> Decoded {
    let (text, has_errors) = encoding.decode_without_bom_handling(bytes);
    let is_damaged = |line: &&str| has_errors && line.contains(char::REPLACEMENT_CHARACTER);
    let damaged = (1..).zip(text.split('\n')).filter(|(_, line)| is_damaged(line)).map(|(number, _)| number).collect();
    Decoded { text: text.into_owned(), encoding: Some(encoding.name()), damaged }
}

/// A lone `\r` ends a line only in a file that has no `\n`; elsewhere it is a character of a text.
fn one_line_end(text: String) -> String {
    let has_feeds = text.contains('\n');
    if !text.contains('\r') {
        return text;
    }
    // In place: a copy beside a large file would be the most that reading it ever holds.
    let mut bytes = text.into_bytes();
    match has_feeds {
        true => bytes.dedup_by(|next, before| {
            let is_end = (*before, *next) == (b'\r', b'\n');
            *before = if is_end { b'\n' } else { *before };
            is_end
        }),
        false => bytes.iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n'),
    }
    String::from_utf8(bytes).unwrap_or_else(|broken| String::from_utf8_lossy(broken.as_bytes()).into_owned())
}

/// The text of a file's bytes. Notes an odd encoding.
///
/// # Errors
/// [`DataError::Text`].
pub fn text_of(bytes: Cow<[u8]>, path: &Path, notes: &mut Vec<Sentence>) -> Result<String, DataError> {
    foreign::refuse(&bytes).map_err(|reason| DataError::text(reason, path))?;
    let bytes = match plain(bytes) {
        Ok(text) => return Ok(text),
        Err(bytes) => bytes,
    };
    let decoded = decode(&bytes, encoding_of(&bytes)).map_err(|reason| DataError::text(reason, path))?;
    let name = file_title(path);
    notes.extend(decoded.encoding.map(|encoding| read_as(&name, encoding)));
    notes.extend(damage(&decoded, &name));
    Ok(decoded.text)
}

/// The commonest case without a copy: UTF-8 without NUL, with a mark or without.
fn plain(bytes: Cow<[u8]>) -> Result<String, Cow<[u8]>> {
    const MARK: char = '\u{FEFF}';
    if bytes.iter().any(|byte| matches!(byte, 0 | 0x1B)) {
        return Err(bytes);
    }
    let mut text = String::from_utf8(bytes.into_owned()).map_err(|e| Cow::Owned(e.into_bytes()))?;
    if text.starts_with(MARK) {
        text.remove(0);
    }
    Ok(one_line_end(text))
}

/// What a file was taken for, and how sure that is.
fn read_as(name: &str, encoding: &str) -> Sentence {
    // What any bytes can be read as, and what other programs would have taken them for.
    let instead = if encoding == WINDOWS_1252.name() { Sentence::default() } else { say!(" and not as windows-1252") };
    match encoding.starts_with("UTF-16") {
        true => say!("{name} is not UTF-8 and was read as {encoding}", name, encoding),
        false => say!(
            "{name} is not UTF-8 and was read as {encoding}{instead}, judged by its letters; save it as UTF-8 if they look wrong",
            name,
            encoding,
            instead
        ),
    }
}

fn damage(decoded: &Decoded, name: &str) -> Option<Sentence> {
    const NAMED: usize = 5;
    let named: Vec<String> = decoded.damaged.iter().take(NAMED).map(u64::to_string).collect();
    let more = decoded.damaged.len().saturating_sub(NAMED);
    let more = if more > 0 { say!(" and {more} more", more) } else { Sentence::default() };
    let lines = if decoded.damaged.len() == 1 { "line" } else { "lines" };
    (!named.is_empty()).then(|| {
        say!(
            "{name} holds bytes that are no characters, read as U+FFFD, in {lines} {named}{more}",
            name,
            lines,
            named = named.join(", "),
            more
        )
    })
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
        true => {
            Err(DataError::archive(say!("it unpacks to more than {file_limit} bytes", file_limit = FILE_LIMIT), path))
        }
        false => Ok(unpacked),
    }
}

/// All bytes of a file.
///
/// # Errors
/// [`DataError::Read`] also for one that is too large.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, DataError> {
    let metadata = std::fs::metadata(path).map_err(|e| DataError::read(e, path))?;
    if !metadata.is_file() {
        return Err(DataError::read(say!("it is not a file"), path));
    }
    if metadata.len() > FILE_LIMIT {
        return Err(DataError::read(
            say!("it has more than the {file_limit} bytes allowed", file_limit = FILE_LIMIT),
            path,
        ));
    }
    std::fs::read(path).map_err(|e| DataError::read(e, path))
}

/// The last part of a path, for notes.
pub fn file_title(path: &Path) -> Cow<'_, str> {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()
}

#[cfg(test)]
mod tests {
    use encoding_rs::{BIG5, EUC_KR, GBK, WINDOWS_1251};

    use super::*;

    fn decoded(bytes: &[u8]) -> Result<Decoded, String> {
        decode(bytes, encoding_of(bytes)).map_err(|said| said.to_string())
    }

    fn text_of(bytes: &[u8]) -> (String, Option<&'static str>) {
        let decoded = decoded(bytes).unwrap();
        assert_eq!(decoded.damaged, [0u64; 0]);
        (decoded.text, decoded.encoding)
    }

    #[test]
    fn a_byte_order_mark_is_not_part_of_the_text() {
        assert_eq!(text_of(b"\xEF\xBB\xBFtext"), ("text".into(), None));
        assert_eq!(text_of(b"\xFF\xFEh\0i\0"), ("hi".into(), Some("UTF-16LE")));
        assert_eq!(text_of(b"\xFE\xFF\0h\0i"), ("hi".into(), Some("UTF-16BE")));
    }

    #[test]
    fn an_older_encoding_is_told_by_its_letters() {
        for (encoding, text) in [
            (GBK, "文本,标签\n这部电影非常好看,好评\n太差了 浪费时间,差评\n"),
            (BIG5, "文本,標籤\n這部電影非常好看,好評\n太差了 浪費時間,差評\n"),
            (SHIFT_JIS, "テキスト,ラベル\nこの映画はとても良かった,良い\nひどい,悪い\n"),
            (ISO_2022_JP, "テキスト,ラベル\nこの映画はとても良かった,良い\nひどい,悪い\n"),
            (SHIFT_JIS, "時間の無駄でした,悪い\n"),
            (EUC_KR, "텍스트,라벨\n이 영화는 정말 재미있어요,긍정\n별로,부정\n"),
            (WINDOWS_1251, "текст,метка\nочень хороший фильм,хорошо\nплохо,плохо\n"),
            (WINDOWS_1252, "text,label\ncaf\u{e9} \u{201c}quoted\u{201d},x\n"),
        ] {
            let (bytes, ..) = encoding.encode(text);
            assert_eq!(text_of(&bytes), (text.to_owned(), Some(encoding.name())));
        }
        assert_eq!(text_of("café".as_bytes()), ("café".into(), None));
        assert_eq!(text_of(b"5 \xA3 a day"), ("5 £ a day".into(), Some("windows-1252")));
    }

    #[test]
    fn utf_16_is_read_without_its_mark_too() {
        for text in ["text,label\na film,good\n", "文本,标签\n一部好电影,好评\n一般,差评\n"] {
            let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            assert_eq!(text_of(&little), (text.to_owned(), Some("UTF-16LE")));
            assert_eq!(text_of(&big), (text.to_owned(), Some("UTF-16BE")));
        }
    }

    #[test]
    fn a_damaged_byte_costs_its_character_and_not_the_encoding() {
        let rows = "很好的电影,好评\n太差,差评\n".repeat(30);
        for (at, line) in [(0, 1), (rows.find('太').unwrap(), 2), (rows.len() - 1, 60)] {
            let mut bytes = rows.clone().into_bytes();
            bytes.insert(at, 0xFF);
            let decoded = decoded(&bytes).unwrap();
            assert_eq!((decoded.encoding, decoded.damaged), (None, vec![line]), "byte {at}");
            assert_eq!(decoded.text.replace('\u{FFFD}', ""), rows);
        }
        let mixed = [rows.clone().into_bytes(), GBK.encode("太差,差评\n").0.repeat(5)].concat();
        let refused = decoded(&mixed).unwrap_err();
        assert!(refused.contains("first line 61") && refused.contains("save it as UTF-8"), "{refused}");
    }

    #[test]
    fn every_kind_of_line_end_becomes_one() {
        assert_eq!(text_of(b"a\r\nb\r\n").0, "a\nb\n");
        assert_eq!(text_of(b"a\rb\r").0, "a\nb\n");
        assert_eq!(text_of(b"a\rb\nc").0, "a\rb\nc");
        assert_eq!(text_of("a\u{85}b".as_bytes()).0, "a\u{85}b");
    }

    #[test]
    fn the_short_way_reads_what_the_long_one_does() {
        for bytes in [
            &b"a\r\n\r\nb"[..],
            b"\r\r\n\n",
            b"\r\r",
            b"\n\r",
            b"",
            b"\xEF\xBB\xBFa\r\nb\r",
            b"\xEF\xBB\xBF\xEF\xBB\xBFa",
            "é\r\né\r".as_bytes(),
        ] {
            let short = super::text_of(Cow::Borrowed(bytes), Path::new("a.txt"), &mut Vec::new()).unwrap();
            assert_eq!(short, text_of(bytes).0, "{bytes:?}");
            assert_eq!(plain(Cow::Borrowed(bytes)).unwrap(), short);
        }
        assert!(plain(Cow::Borrowed(b"\x1B$B")).is_err() && plain(Cow::Borrowed(b"caf\xE9")).is_err());
    }

    #[test]
    fn binary_bytes_are_refused() {
        for bytes in [&b"PK\x03\x04\0\0"[..], b"\xFF\xFE\0\0h\0\0\0", b"a\0b,x\n", b"H\n\nx\0y", b"\0"] {
            assert!(decoded(bytes).unwrap_err().contains("NUL"), "{bytes:?}");
        }
        assert!(decoded(b"\xFF\xFEh").unwrap_err().contains("UTF-16"));
        assert!(decoded(b"\xFF\xFE\x00\xD8h\0").unwrap_err().contains("damaged"));
    }
}
