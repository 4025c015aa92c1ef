//! The records of a stream: rows of cells, objects or lines, each with its line.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::rc::Rc;

use csv::{ByteRecord, ReaderBuilder, Terminator};
use serde_json::{Map, Value};

use super::Bad;
use super::bytes::{Limited, Opened};
use crate::session::{Say, Sentence, say};

/// A record as it stands.
#[derive(Clone, Debug)]
pub enum Record {
    /// Cells, in the order of the columns.
    Cells(Vec<String>),
    /// Values by key.
    Object(Map<String, Value>),
}

/// Why there is no record.
pub enum Unread {
    /// This one cannot be read.
    Row(Bad),
    /// Nothing more can be.
    All(Sentence),
}

/// How the records are written.
pub enum Way {
    /// As rows of cells.
    Delimited {
        /// What stands between two cells.
        delimiter: u8,
        /// Whether quotation marks quote.
        quoting: bool,
    },
    /// As objects, one a line.
    JsonLines,
    /// As lines.
    Lines,
}

/// Reads records.
pub struct Records<'a> {
    source: Source<'a>,
    row: Rc<Cell<u64>>,
    encoding: Option<&'static str>,
}

enum Source<'a> {
    Delimited(Box<csv::Reader<Limited<'a>>>),
    Lines { input: BufReader<Limited<'a>>, line: u64, json: bool },
}

impl<'a> Records<'a> {
    /// Reads `opened` in the way that was judged.
    pub fn new(opened: Opened<'a>, way: &Way) -> Self {
        let (row, encoding) = (opened.input.row(), opened.encoding);
        let only_returns = opened.sample.contains('\r') && !opened.sample.contains('\n');
        let source = match way {
            Way::Delimited { delimiter, quoting } => {
                let mut builder = ReaderBuilder::new();
                builder.has_headers(false).flexible(true).delimiter(*delimiter).quoting(*quoting);
                // A lone return is a sign of a text, unless nothing else ends the rows.
                builder.terminator(if only_returns { Terminator::CRLF } else { Terminator::Any(b'\n') });
                Source::Delimited(Box::new(builder.from_reader(opened.input)))
            }
            Way::JsonLines | Way::Lines => {
                Source::Lines { input: BufReader::new(opened.input), line: 0, json: matches!(way, Way::JsonLines) }
            }
        };
        Self { source, row, encoding }
    }

    /// The next record and its line; `None` behind the last one. Rows of nothing but empty cells are empty
    /// lines, which only a file of lines has as records.
    pub fn next(&mut self) -> Option<Result<(u64, Record), Unread>> {
        loop {
            self.row.set(0);
            let read = match &mut self.source {
                Source::Delimited(reader) => cells(reader, self.encoding),
                Source::Lines { input, line, json } => next_line(input, line, *json, self.encoding),
            };
            match read {
                Some(Ok(None)) => {}
                None => return None,
                Some(Ok(Some(record))) => return Some(Ok(record)),
                Some(Err(unread)) => return Some(Err(unread)),
            }
        }
    }
}

type Read = Option<Result<Option<(u64, Record)>, Unread>>;

fn cells(reader: &mut csv::Reader<Limited>, encoding: Option<&str>) -> Read {
    let mut record = ByteRecord::new();
    match reader.read_byte_record(&mut record) {
        Ok(false) => return None,
        Err(e) => return Some(Err(Unread::All(e.said()))),
        Ok(true) => {}
    }
    let line = record.position().map_or(0, csv::Position::line);
    let mut cells = Vec::with_capacity(record.len());
    for cell in &record {
        match text(cell, encoding) {
            Ok(text) => cells.push(text),
            Err(reason) => return Some(Err(Unread::Row(Bad { line, reason }))),
        }
    }
    if let Some(last) = cells.last_mut().filter(|last| last.ends_with('\r')) {
        last.pop();
    }
    let is_empty = cells.iter().all(|cell| cell.trim().is_empty());
    Some(Ok((!is_empty).then_some((line, Record::Cells(cells)))))
}

fn next_line(input: &mut BufReader<Limited>, line: &mut u64, json: bool, encoding: Option<&str>) -> Read {
    let mut bytes = Vec::new();
    match input.read_until(b'\n', &mut bytes) {
        Ok(0) => return None,
        Err(e) => return Some(Err(Unread::All(e.said()))),
        Ok(_) => *line += 1,
    }
    while matches!(bytes.last(), Some(b'\n' | b'\r')) {
        bytes.pop();
    }
    let bad = |reason: Sentence| Some(Err(Unread::Row(Bad { line: *line, reason })));
    let text = match text(&bytes, encoding) {
        Ok(text) => text,
        Err(reason) => return bad(reason),
    };
    if !json {
        return Some(Ok(Some((*line, Record::Cells(vec![text])))));
    }
    if text.trim().is_empty() {
        return Some(Ok(None));
    }
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(object)) => Some(Ok(Some((*line, Record::Object(object))))),
        Ok(_) => bad(say!("it is no JSON object")),
        Err(e) => bad(say!("it is not JSON: {e}", e)),
    }
}

/// Bytes as text, or why they are none.
fn text(bytes: &[u8], encoding: Option<&str>) -> Result<String, Sentence> {
    let text = std::str::from_utf8(bytes).map_err(|_| {
        say!("it holds bytes that are not UTF-8; name its encoding with --encoding, or save the file as UTF-8")
    })?;
    match encoding.filter(|_| text.contains(char::REPLACEMENT_CHARACTER)) {
        Some(encoding) => Err(say!("it holds bytes that are no characters of {encoding}", encoding)),
        None if text.contains('\0') => Err(say!("it holds NUL bytes")),
        None => Ok(text.to_owned()),
    }
}

/// A value as the cell of a table.
pub fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The keys of `object` that are no columns.
pub fn further(object: &Map<String, Value>, columns: &[String], known: &mut BTreeSet<String>) {
    const MOST: usize = 100;
    let unknown = object.keys().filter(|key| !columns.contains(key));
    for key in unknown {
        if known.len() < MOST {
            known.insert(key.clone());
        }
    }
}
