//! What stands between the cells of a table: said, or found in its first line.

use crate::engine::data::data_file::DataFile;
use crate::session::{Sentence, say};

/// What stands between two cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Separator {
    /// One byte; quotation marks quote.
    Byte(u8),
    /// Several; quotation marks are text.
    Text(String),
}

/// Lines that are looked at.
const LOOKED: usize = 50;

impl Separator {
    /// A separator as a session says it.
    ///
    /// # Errors
    /// In words, for one that cannot part cells.
    pub fn said(said: &str) -> Result<Self, Sentence> {
        match said.as_bytes() {
            [] => Err(say!("the separator is empty; write what stands between two cells, such as \",\" or \"\\t\"")),
            [b'"' | b'\n' | b'\r'] => {
                Err(say!("{said} cannot stand between cells, it has another meaning", said = format_args!("{said:?}")))
            }
            [one] if one.is_ascii() => Ok(Self::Byte(*one)),
            _ if said.contains(['\n', '\r']) => Err(say!("a separator cannot hold a line break")),
            _ => Ok(Self::Text(said.to_owned())),
        }
    }

    /// The separator: a tab in `.tsv` and `.tab`; a comma in `.csv` that has one in its first line;
    /// else a tab that the first line holds, else the first of comma, semicolon and bar that all lines hold as often
    /// as the first, or that the first line holds.
    pub fn found(name: &str, text: &str) -> u8 {
        let lines: Vec<&[u8]> =
            text.lines().filter(|line| !line.trim().is_empty()).take(LOOKED).map(str::as_bytes).collect();
        let first = lines.first().copied().unwrap_or_default();
        let row = first_row(text);
        // A mark that quotes nothing hides separators.
        let some = row.iter().any(|byte| b",;\t|".contains(byte));
        let is_in_first = |byte: &u8| if some { row.contains(byte) } else { first.contains(byte) };
        if name.ends_with(".tsv") || name.ends_with(".tab") {
            return b'\t';
        }
        if name.ends_with(".csv") {
            return b",;\t|".iter().copied().find(is_in_first).unwrap_or(b',');
        }
        // In a text without marks a comma of the first sentence parts nothing, where each line has one semicolon.
        let count = |line: &[u8], byte: u8| line.iter().filter(|found| **found == byte).count();
        let parts_all = |byte: &u8| lines.iter().all(|line| count(line, *byte) == count(first, *byte));
        let candidates = || b"\t,;|".iter().copied().filter(is_in_first);
        match first.contains(&b'\t') {
            true => b'\t',
            false => candidates().find(parts_all).or_else(|| candidates().next()).unwrap_or(b','),
        }
    }

    /// The separator of a file, said or found.
    ///
    /// # Errors
    /// As [`Self::said`].
    pub fn of(file: &DataFile, text: &str, said: Option<&str>) -> Result<Self, Sentence> {
        said.map_or_else(|| Ok(Self::Byte(Self::found(&file.name(), text))), Self::said)
    }

    /// What a sentence calls it.
    pub fn named(&self) -> Sentence {
        match self {
            Self::Byte(b'\t') => say!("a tab"),
            Self::Byte(b',') => say!("a comma"),
            Self::Byte(b';') => say!("a semicolon"),
            Self::Byte(b'|') => say!("a bar"),
            Self::Byte(b' ') => say!("a blank"),
            Self::Byte(byte) => Sentence::verbatim(format!("`{}`", char::from(*byte))),
            Self::Text(text) => Sentence::verbatim(format!("`{text}`")),
        }
    }
}

/// What stands outside of quotation marks in the first row, which may lie over several lines; nothing where a mark is
/// not closed in time.
fn first_row(text: &str) -> Vec<u8> {
    const LONGEST: usize = 1 << 16;
    let (mut row, mut is_quoted) = (Vec::new(), false);
    for byte in text.trim_start_matches(['\n', ' ']).bytes().take(LONGEST) {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' if !is_quoted => break,
            _ if !is_quoted => row.push(byte),
            _ => {}
        }
    }
    if is_quoted { Vec::new() } else { row }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_separators_and_those_of_a_first_sentence_part_nothing() {
        for (name, text, byte) in [
            ("a.csv", "text,label\n", b','),
            ("a.csv", "\"a | b\nc\",x\n\"d\",y\n", b','),
            ("a.csv", "\"a, b\";x\n", b';'),
            ("a.csv", "text\n", b','),
            ("a.txt", "well, so;x\nyes;y\n", b';'),
            ("a.txt", "well, \"so\tx\nyes\ty\n", b'\t'),
            ("a", "a|b\nc|d\n", b'|'),
            ("a.tsv", "a,b\n", b'\t'),
        ] {
            assert_eq!(char::from(Separator::found(name, text)), char::from(byte), "{name}: {text:?}");
        }
    }
}
