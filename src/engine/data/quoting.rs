//! Whether quotation marks in a delimited file follow the rules: a quoted cell begins and ends with
//! `"`, a mark inside it is doubled, and a separator or line end follows. The parser itself is
//! lenient and would drop marks or swallow rows in silence.

use crate::session::{Sentence, say};

/// The first place that breaks the rules of quoting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line of the file, from 1.
    pub line: u64,
    /// What is wrong.
    pub reason: Sentence,
}

impl Fault {
    /// Whether the text ends inside a quoted cell, which may go on where the text was cut.
    pub fn is_open(&self) -> bool {
        self.reason == never_closed()
    }
}

fn never_closed() -> Sentence {
    say!("a quotation mark is opened but never closed")
}

/// The first break of the rules in `text`, or `None`.
pub fn fault(text: &str, delimiter: u8) -> Option<Fault> {
    let mut cells = Cells { bytes: text.as_bytes(), place: 0, line: 1, delimiter };
    while cells.place < cells.bytes.len() {
        if let Err(fault) = cells.skip_cell() {
            return Some(fault);
        }
    }
    None
}

/// The first quoted cell over several lines, each of which has all the separators of a row: what lies
/// between the marks are rows, and the marks are text.
pub fn swallow(text: &str, delimiter: u8) -> Option<Fault> {
    let separators = |line: &str| line.bytes().filter(|byte| *byte == delimiter).count();
    let lines: Vec<usize> = text.split('\n').map(separators).collect();
    // The first row may lie over several lines itself.
    let whole = *lines.first()?.max(&of_first_row(text, delimiter));
    if whole == 0 {
        return None;
    }
    let mut cells = Cells { bytes: text.as_bytes(), place: 0, line: 1, delimiter };
    while cells.place < cells.bytes.len() {
        let (first, is_quoted) = (cells.line, cells.bytes.get(cells.place) == Some(&b'"'));
        let last = cells.skip_cell().ok()?;
        let covered = lines.get(first as usize - 1..last as usize).unwrap_or_default();
        if is_quoted && covered.len() > 1 && covered.iter().all(|separators| *separators == whole) {
            return Some(Fault { line: first, reason: say!("a quotation mark would take in whole rows") });
        }
    }
    None
}

/// Separators of the first row.
fn of_first_row(text: &str, delimiter: u8) -> usize {
    let mut cells = Cells { bytes: text.as_bytes(), place: 0, line: 1, delimiter };
    let mut separators = 0;
    while cells.place < cells.bytes.len() && cells.skip_cell().is_ok() && cells.bytes[cells.place - 1] == delimiter {
        separators += 1;
    }
    separators
}

struct Cells<'a> {
    bytes: &'a [u8],
    place: usize,
    line: u64,
    delimiter: u8,
}

impl Cells<'_> {
    fn next(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.place).copied()?;
        self.place += 1;
        self.line += u64::from(byte == b'\n');
        Some(byte)
    }

    fn ends_cell(&self, byte: Option<u8>) -> bool {
        byte.is_none_or(|byte| byte == self.delimiter || byte == b'\n')
    }

    /// Moves behind the current cell and the separator after it; gives the line the cell ends in.
    fn skip_cell(&mut self) -> Result<u64, Fault> {
        let line = self.line;
        let mut last = line;
        let mut byte = self.next();
        if byte == Some(b'"') {
            self.skip_quoted().ok_or(Fault { line, reason: never_closed() })?;
            let line = self.line;
            last = line;
            byte = self.next();
            if !self.ends_cell(byte) {
                return Err(Fault {
                    line,
                    reason: say!("text follows a closing quotation mark (a mark inside quoted text must be doubled)"),
                });
            }
        }
        while !self.ends_cell(byte) {
            byte = self.next();
        }
        Ok(last)
    }

    /// Moves behind the closing mark.
    fn skip_quoted(&mut self) -> Option<()> {
        loop {
            if self.next()? == b'"' {
                if self.bytes.get(self.place) != Some(&b'"') {
                    return Some(());
                }
                self.place += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_quoted_cells_have_no_fault() {
        for text in ["", "a,b\n", "\"a\",b\n", "\"a \"\"b\"\"\nc\",d", "a \"b\" c,d\n", "\"\",\"\"\n\"\"", "a,\n,b"] {
            assert_eq!(fault(text, b','), None, "{text:?}");
        }
    }

    #[test]
    fn a_first_row_over_several_lines_swallows_none() {
        assert_eq!(swallow("a\t\"b\nc\"\td\t\"e\nf\"\ng\t\"h\ni\"\tj\tk\n", b'\t'), None);
        assert_eq!((swallow("", b'\t'), swallow("a\t", b'\t'), swallow("\"a\"\t", b'\t')), (None, None, None));
        assert!(swallow("\"a\tx\nb\ty\nc\"\tx\n", b'\t').is_some());
    }

    #[test]
    fn a_fault_is_named_by_its_line() {
        assert_eq!(fault("a,b\n\"c\" d,e\n", b',').map(|f| f.line), Some(2));
        let never_closed = fault("a,b\nc,\"d\ne,f\n", b',').unwrap();
        assert_eq!((never_closed.line, never_closed.reason.contains("never closed")), (2, true));
        assert_eq!(fault("\"a\nb\" c,d\n", b',').map(|f| f.line), Some(2));
    }
}
