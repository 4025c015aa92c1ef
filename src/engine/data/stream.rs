//! Rows of a file of any size, one after the other: what a model is asked about when nobody needs the whole
//! file. Columns as they stand are carried through; which of them are the text is chosen by name. A row that
//! cannot be read is handed over as that, with its line.
//!
//! *Why not the readers of data sets (2026-11).* Those hold the file, judge its encoding and its quotation
//! marks by all of it, and refuse it for one bad row: right for what is learned from. Here a file may be
//! larger than the memory, and a bad row in its last hour must not cost the others. We would reconsider if
//! the readers of data sets learned to stream.

mod bytes;
mod records;

use std::collections::{BTreeSet, VecDeque};
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::labels::shortened;
use super::quoting;
use super::table::{Separator, find};
use bytes::Opened;
use records::{Record, Records, Unread, Way};

use crate::session::{Sentence, say};
pub use bytes::ROW_LIMIT;

/// The column of a stream of lines, and the one that is the text where nothing else is said.
const TEXT: &str = "text";

/// How the rows of a stream are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Cells with a separator between them: a tab, or the one that the first line holds.
    Delimited {
        /// Whether it is a tab in any case.
        tab: bool,
    },
    /// A JSON object a line.
    JsonLines,
    /// A text a line.
    Lines,
}

impl Format {
    /// What the name of a file says of its rows.
    pub fn of(name: &Path) -> Self {
        let name = name.to_string_lossy().to_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        match () {
            () if ends(&[".tsv", ".tab"]) => Self::Delimited { tab: true },
            () if ends(&[".csv"]) => Self::Delimited { tab: false },
            () if ends(&[".jsonl", ".ndjson", ".json"]) => Self::JsonLines,
            () => Self::Lines,
        }
    }
}

/// How a stream is read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// How its rows are written.
    pub format: Format,
    /// Whether the first row names the columns; else they are called `0`, `1`, … .
    pub header: bool,
    /// The columns of the text; chosen where none is said.
    pub text: Vec<String>,
    /// Columns to choose if all of them are there.
    pub preferred: Vec<String>,
    /// Label of the encoding, as in `windows-1252`; judged where it is not said.
    pub encoding: Option<String>,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamRow {
    /// Line of the file at which it begins, from 1.
    pub line: u64,
    /// Its cells, one for each column.
    pub cells: Vec<String>,
    /// Its text, without white space around it; may be empty.
    pub text: String,
}

/// A row that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// Line of the file at which it begins, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: Sentence,
}

/// Rows, one after the other.
pub struct RowStream<'a> {
    records: Records<'a>,
    /// Records that were read to learn the columns.
    waiting: VecDeque<Result<(u64, Record), Bad>>,
    columns: Vec<String>,
    text: TextPlace,
    further: BTreeSet<String>,
    /// What a person should know of the reading.
    pub notes: Vec<Sentence>,
}

/// Where the text of a row is.
enum TextPlace {
    Cells(Vec<usize>),
    Keys(Vec<String>),
}

impl<'a> RowStream<'a> {
    /// Begins to read `input`.
    ///
    /// # Errors
    /// In words: an unknown encoding, no row, or no column that is the text; then with the columns there are.
    pub fn open(input: impl Read + 'a, reading: &Reading) -> Result<Self, Sentence> {
        let opened = Opened::new(input, reading.encoding.as_deref())?;
        let mut notes: Vec<Sentence> =
            opened.encoding.map(|name| say!("the file is not UTF-8 and is read as {name}", name)).into_iter().collect();
        let way = way(&opened, reading.format, &mut notes)?;
        let mut stream = Self {
            records: Records::new(opened, &way),
            waiting: VecDeque::new(),
            columns: Vec::new(),
            text: TextPlace::Cells(Vec::new()),
            further: BTreeSet::new(),
            notes,
        };
        stream.learn_columns(reading)?;
        Ok(stream)
    }

    /// Names of the columns, in their order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Names of the columns that are the text.
    pub fn text_columns(&self) -> Vec<String> {
        match &self.text {
            TextPlace::Keys(keys) => keys.clone(),
            TextPlace::Cells(places) => places.iter().filter_map(|place| self.columns.get(*place).cloned()).collect(),
        }
    }

    /// Keys of objects that the first one lacked, and which therefore have no column; the first hundred.
    pub fn further_keys(&self) -> Vec<&str> {
        self.further.iter().map(String::as_str).collect()
    }

    /// The next row, or why it cannot be read; `None` behind the last one.
    ///
    /// # Errors
    /// In words, where nothing more can be read: the operating system's, or a row without an end.
    pub fn next_row(&mut self) -> Result<Option<Result<StreamRow, Bad>>, Sentence> {
        let read = match self.waiting.pop_front() {
            Some(read) => read,
            None => match self.records.next() {
                None => return Ok(None),
                Some(Ok(record)) => Ok(record),
                Some(Err(Unread::Row(bad))) => Err(bad),
                Some(Err(Unread::All(reason))) => return Err(reason),
            },
        };
        let row = read.and_then(|(line, record)| self.row(line, record).map_err(|reason| Bad { line, reason }));
        Ok(Some(row))
    }

    fn row(&mut self, line: u64, record: Record) -> Result<StreamRow, Sentence> {
        let (cells, texts) = match (record, &self.text) {
            (Record::Cells(cells), TextPlace::Cells(places)) => {
                if cells.len() != self.columns.len() {
                    let (has, should) = (cells.len(), self.columns.len());
                    return Err(say!("it has {has} cells where the first row has {should}", has, should));
                }
                let texts: Vec<String> = places.iter().filter_map(|place| cells.get(*place).cloned()).collect();
                (cells, texts)
            }
            (Record::Object(object), TextPlace::Keys(keys)) => {
                records::further(&object, &self.columns, &mut self.further);
                let text = |key: &String| match find(&object, key) {
                    Some(Value::Array(_) | Value::Object(_)) => Err(say!("`{key}` is no text", key)),
                    value => Ok(records::cell(value)),
                };
                let texts = keys.iter().map(text).collect::<Result<_, _>>()?;
                (self.columns.iter().map(|column| records::cell(object.get(column))).collect(), texts)
            }
            _ => return Err(say!("it is written in another way than the first row")),
        };
        Ok(StreamRow { line, cells, text: texts.join("\n").trim().to_owned() })
    }

    /// Reads up to the first record and learns from it which columns there are.
    fn learn_columns(&mut self, reading: &Reading) -> Result<(), Sentence> {
        loop {
            match self.records.next() {
                None => return Err(say!("it has no row that could be read")),
                Some(Err(Unread::All(reason))) => return Err(reason),
                Some(Err(Unread::Row(bad))) => self.waiting.push_back(Err(bad)),
                Some(Ok((line, record))) => return self.take_first(line, record, reading),
            }
        }
    }

    fn take_first(&mut self, line: u64, record: Record, reading: &Reading) -> Result<(), Sentence> {
        match &record {
            Record::Object(object) => {
                self.columns = object.keys().cloned().collect();
                let has = |key: &String| find(object, key).is_some();
                self.text = TextPlace::Keys(chosen(&self.columns, reading, has)?);
            }
            Record::Cells(cells) => {
                let named = reading.header && reading.format != Format::Lines;
                self.columns = match (named, reading.format) {
                    (true, _) => cells.iter().map(|cell| cell.trim().to_owned()).collect(),
                    (false, Format::Lines) => vec![TEXT.to_owned()],
                    (false, _) => (0..cells.len()).map(|place| place.to_string()).collect(),
                };
                let text = chosen(&self.columns, reading, |name| self.columns.contains(name))?;
                self.text = TextPlace::Cells(places(&self.columns, &text)?);
                if named {
                    return Ok(());
                }
            }
        }
        self.waiting.push_back(Ok((line, record)));
        Ok(())
    }
}

/// The separator and whether marks quote, judged by the beginning.
fn way(opened: &Opened, format: Format, notes: &mut Vec<Sentence>) -> Result<Way, Sentence> {
    let tab = match format {
        Format::Lines => return Ok(Way::Lines),
        Format::JsonLines if opened.sample.trim_start().starts_with('[') => {
            return Err(say!(
                "it is one JSON array, which cannot be read row by row; write one object a line, as jq -c '.[]' does"
            ));
        }
        Format::JsonLines => return Ok(Way::JsonLines),
        Format::Delimited { tab } => tab,
    };
    let delimiter = Separator::found(if tab { "rows.tsv" } else { "rows.csv" }, &opened.sample);
    let fault = quoting::fault(&opened.sample, delimiter);
    // A cell may go on behind the beginning.
    let fault = fault.filter(|fault| opened.whole || !fault.is_open());
    match fault {
        None => Ok(Way::Delimited { delimiter, quoting: true }),
        Some(fault) if delimiter == b'\t' => {
            notes.push(say!(
                "it is read without quoting, its quotation marks as plain text: in line {line} {reason}",
                line = fault.line,
                reason = fault.reason
            ));
            Ok(Way::Delimited { delimiter, quoting: false })
        }
        Some(fault) => Err(say!("line {line}: {reason}", line = fault.line, reason = fault.reason)),
    }
}

/// The columns of the text: those that are said, else the preferred ones, else `text`, else the only one.
fn chosen(columns: &[String], reading: &Reading, has: impl Fn(&String) -> bool) -> Result<Vec<String>, Sentence> {
    let there = || shortened(columns);
    if let Some(missing) = reading.text.iter().find(|name| !has(name)) {
        return Err(say!("it has no column `{missing}`; its columns are {there}", missing, there = there()));
    }
    if !reading.text.is_empty() {
        return Ok(reading.text.clone());
    }
    if !reading.preferred.is_empty() && reading.preferred.iter().all(&has) {
        return Ok(reading.preferred.clone());
    }
    match columns {
        _ if has(&TEXT.to_owned()) => Ok(vec![TEXT.to_owned()]),
        [only] => Ok(vec![only.clone()]),
        _ => Err(say!("which column is the text? name it with --text; its columns are {there}", there = there())),
    }
}

fn places(columns: &[String], text: &[String]) -> Result<Vec<usize>, Sentence> {
    let place = |name: &String| {
        let mut all = columns.iter().enumerate().filter(|(_, column)| *column == name).map(|(place, _)| place);
        match (all.next(), all.next()) {
            (Some(place), None) => Ok(place),
            (Some(_), Some(_)) => Err(say!("several columns are called `{name}`; rename all but one", name)),
            (None, _) => Err(say!("it has no column `{name}`", name)),
        }
    };
    text.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use proptest::prelude::*;

    use super::*;

    fn reading(name: &str) -> Reading {
        Reading {
            format: Format::of(Path::new(name)),
            header: true,
            text: Vec::new(),
            preferred: Vec::new(),
            encoding: None,
        }
    }

    /// Texts of the rows, and the lines of those that cannot be read.
    fn read(name: &str, content: &[u8]) -> (Vec<String>, Vec<u64>) {
        let mut stream = RowStream::open(content, &reading(name)).unwrap();
        let (mut texts, mut bad) = (Vec::new(), Vec::new());
        while let Some(row) = stream.next_row().unwrap() {
            match row {
                Ok(row) => texts.push(row.text),
                Err(row) => bad.push(row.line),
            }
        }
        (texts, bad)
    }

    #[test]
    fn every_format_gives_its_texts_and_the_lines_of_rows_that_cannot_be_read() {
        type Case<'a> = (&'a str, &'a [u8], &'a [&'a str], &'a [u64]);
        let cases: [Case; 9] = [
            ("a.csv", b"text,n\n\"a, \"\"b\"\"\nc\",1\n\nd,2\ne\nf,3\n", &["a, \"b\"\nc", "d", "f"], &[6]),
            ("a.csv", b"\xEF\xBB\xBFn;text\r\n1; a \r\n;\r\n2;\r\n", &["a", ""], &[]),
            ("a.csv", b"text,n\ncaf\xC3\xA9,1\nx\xFFy,2\nz,3\n", &["café", "z"], &[3]),
            ("a.tsv", b"text\tn\n\"a\" b\t1\n\"c\t2\n", &["\"a\" b", "\"c"], &[]),
            ("a.csv", b"text,n\ra,1\rb,2\r", &["a", "b"], &[]),
            (
                "a.jsonl",
                b"{\"text\":\"a\\nb\",\"n\":1}\n[1]\n\n{\"text\":null}\n{\"text\":[1]}\n{oh\n{\"text\":7}",
                &["a\nb", "", "7"],
                &[2, 5, 6],
            ),
            ("a.txt", b"one\r\n\n two \n\0\nlast", &["one", "", "two", "last"], &[4]),
            ("a.csv", b"text\nonly\n", &["only"], &[]),
            ("a.csv", b"\xFF\xFEt\0e\0x\0t\0\n\0h\0i\0\n\0", &["hi"], &[]),
        ];
        for (name, content, texts, bad) in cases {
            let said = String::from_utf8_lossy(content);
            assert_eq!(
                read(name, content),
                (texts.iter().map(|text| (*text).to_owned()).collect(), bad.to_vec()),
                "{name}: {said}"
            );
        }
    }

    #[test]
    fn columns_are_carried_and_the_text_is_chosen_or_asked_for() {
        let open = |content: &'static str, change: &dyn Fn(&mut Reading)| {
            let mut reading = reading("a.csv");
            change(&mut reading);
            RowStream::open(content.as_bytes(), &reading)
                .map(|stream| (stream.columns().to_vec(), stream.text_columns()))
        };
        let content = "id,body,title\n1,b,t\n";
        let refused = open(content, &|_| ()).unwrap_err();
        assert!(refused.contains("--text") && refused.contains("`id`, `body`, `title`"), "{refused}");
        let prefer = |reading: &mut Reading| reading.preferred = vec!["title".into(), "body".into()];
        assert_eq!(open(content, &prefer).unwrap().1, ["title", "body"]);
        assert_eq!(open("id,text\n", &prefer).unwrap().1, ["text"]);
        assert_eq!(open(content, &|reading| reading.text = vec!["body".into()]).unwrap().1, ["body"]);
        assert!(open(content, &|reading| reading.text = vec!["Body".into()]).unwrap_err().contains("no column `Body`"));
        assert!(open("", &|_| ()).unwrap_err().contains("no row"));
        assert!(open("text,text\n", &|_| ()).unwrap_err().contains("several columns"));
        assert!(open("text\n", &|reading| reading.encoding = Some("klingon".into())).unwrap_err().contains("klingon"));
        let bare = |reading: &mut Reading| (reading.header, reading.text) = (false, vec!["1".into()]);
        assert_eq!(open("a,b\n", &bare).unwrap(), (vec!["0".into(), "1".into()], vec!["1".into()]));
    }

    #[test]
    fn keys_that_the_first_object_lacks_are_told_and_nested_texts_are_found() {
        let content = b"{\"doc\":{\"body\":\"a\"},\"id\":1}\n{\"doc\":{\"body\":\"b\"},\"extra\":2}\n";
        let wanted = Reading { text: vec!["doc.body".into()], ..reading("a.jsonl") };
        let mut stream = RowStream::open(&content[..], &wanted).unwrap();
        let rows: Vec<StreamRow> = std::iter::from_fn(|| stream.next_row().unwrap()).map(Result::unwrap).collect();
        assert_eq!((rows[0].text.as_str(), rows[1].text.as_str()), ("a", "b"));
        assert_eq!(rows[1].cells[stream.columns().iter().position(|column| column == "id").unwrap()], "");
        assert_eq!(stream.further_keys(), ["extra"]);
        assert!(
            RowStream::open(&b"[{\"text\":1}]"[..], &reading("a.json")).err().unwrap().contains("one object a line")
        );
    }

    /// Bytes without an end that counts how many were taken.
    struct Endless {
        row: &'static [u8],
        taken: Rc<Cell<u64>>,
        most: u64,
    }

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let begun = self.taken.get();
            let left = (self.most - begun.min(self.most)).min(buffer.len() as u64) as usize;
            for (place, byte) in buffer[..left].iter_mut().enumerate() {
                *byte = self.row[(begun as usize + place) % self.row.len()];
            }
            self.taken.set(begun + left as u64);
            Ok(left)
        }
    }

    #[test]
    fn no_more_of_a_file_is_read_than_the_rows_that_were_asked_for() {
        for (name, row) in [
            ("a.csv", &b"text of a row,1\n"[..]),
            ("a.txt", b"text of a row,1\n"),
            ("a.jsonl", b"{\"text\":\"row\"}\n"),
        ] {
            let taken = Rc::new(Cell::new(0));
            let endless = Endless { row, taken: Rc::clone(&taken), most: u64::MAX };
            let only = Reading {
                header: false,
                text: if name == "a.csv" { vec!["0".into()] } else { Vec::new() },
                ..reading(name)
            };
            let mut stream = RowStream::open(endless, &only).unwrap();
            for rows in 1..=20_000u64 {
                stream.next_row().unwrap().unwrap().unwrap();
                let ahead = taken.get() - rows * row.len() as u64;
                assert!(ahead <= 256 << 10, "{name}: {ahead} bytes ahead of row {rows}");
            }
        }
    }

    #[test]
    fn a_mark_that_is_never_closed_ends_the_reading_before_the_memory_is_full() {
        let taken = Rc::new(Cell::new(0));
        let endless = Endless { row: b"a row without any mark\n", taken: Rc::clone(&taken), most: u64::MAX };
        let only = Reading { header: false, text: vec!["1".into()], ..reading("a.csv") };
        let opened = (&b"a,b\nx,\"here\n"[..]).chain(endless);
        let mut stream = RowStream::open(opened, &only).unwrap();
        let ended = (0..10).find_map(|_| stream.next_row().err()).unwrap();
        assert!(ended.contains("never closed") && taken.get() < 2 * ROW_LIMIT, "{ended}");
    }

    proptest! {
        #[test]
        fn what_was_written_by_the_rules_is_read_back(cells in prop::collection::vec(("[a-c \",;\n]{0,8}z", "[xy\"]{1,3}"), 1..20)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["text", "n"]).unwrap();
            cells.iter().for_each(|(text, n)| writer.write_record([text, n]).unwrap());
            let content = writer.into_inner().unwrap();
            let expected: Vec<String> = cells.iter().map(|(text, _)| text.trim().to_owned()).collect();
            prop_assert_eq!(read("a.csv", &content), (expected, Vec::new()));
        }

        #[test]
        fn no_soup_of_bytes_panics(content in prop::collection::vec(prop::sample::select(&b"\",\t\n\r;a\xE9\xFF\xFE\0{}:"[..]), 0..80)) {
            for name in ["a.csv", "a.tsv", "a.jsonl", "a.txt"] {
                let mut any = reading(name);
                for header in [true, false] {
                    any.header = header;
                    let Ok(mut stream) = RowStream::open(&content[..], &any) else { continue };
                    while let Ok(Some(_)) = stream.next_row() {}
                }
            }
        }
    }
}
