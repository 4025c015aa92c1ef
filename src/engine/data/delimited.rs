//! Comma- and tab-separated rows. The separator comes from the file's ending and its first line;
//! quoted cells may hold separators and line breaks. Every row must be as wide as the first one.

use std::path::Path;

use csv::{ReaderBuilder, StringRecord, Terminator};

use super::decode::{file_title, read_text};
use super::error::DataError;
use super::parts::{Part, Parts, Rows};
use super::quoting;
use crate::session::Column;

/// Which column means what.
#[derive(Clone, Copy, Debug)]
pub struct Roles<'a> {
    /// Whether the first row names the columns.
    pub header: bool,
    /// Columns of the text, joined by a line break.
    pub text: &'a [Column],
    /// Column of the class.
    pub label: &'a Column,
}

/// Reads a file of rows and, where there is one, the file of its test rows.
///
/// # Errors
/// [`DataError`] naming the file, and the line where one row is to blame.
pub fn read(path: &Path, test: Option<&Path>, roles: &Roles) -> Result<Parts, DataError> {
    let mut parts = Parts::default();
    parts.train = read_rows(path, roles, Part::Train, &mut parts.notes)?;
    if let Some(test) = test {
        parts.test = Some(read_rows(test, roles, Part::Test, &mut parts.notes)?);
    }
    Ok(parts)
}

fn read_rows(path: &Path, roles: &Roles, part: Part, notes: &mut Vec<String>) -> Result<Rows, DataError> {
    let text = read_text(path, notes)?;
    let delimiter = delimiter(path, &text);
    let quoting = is_quoted(&text, delimiter, path, notes)?;
    let rows = parse(&text, delimiter, quoting, roles, path)?;
    if rows.rows.is_empty() {
        let reason = "the file has no row with text".to_owned();
        return Err(DataError::NoExamples { what: part.adjective(), reason, path: path.to_owned() });
    }
    notes.extend(rows.note(part));
    Ok(rows)
}

fn parse(text: &str, delimiter: u8, quoting: bool, roles: &Roles, path: &Path) -> Result<Rows, DataError> {
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter).quoting(quoting).terminator(Terminator::Any(b'\n'));
    let mut rows = Rows::default();
    let mut table = None;
    for record in builder.from_reader(text.as_bytes()).records() {
        let record = record.map_err(|e| DataError::text(e, path))?;
        let is_header = roles.header && table.is_none();
        let table = match &table {
            Some(table) => table,
            None => table.insert(Table::new(&record, roles, path)?),
        };
        if !is_header {
            let line = record.position().map_or(0, csv::Position::line);
            table.push(&record, &mut rows).map_err(|reason| DataError::line(line, reason, path))?;
        }
    }
    Ok(rows)
}

/// The roles as places in a row.
struct Table {
    width: usize,
    text: Vec<usize>,
    label: usize,
}

impl Table {
    fn new(first: &StringRecord, roles: &Roles, path: &Path) -> Result<Self, DataError> {
        if roles.text.is_empty() {
            let reason = "no column is named as text".to_owned();
            return Err(DataError::Roles { reason, path: path.to_owned() });
        }
        let place = |column: &Column| find(column, first, roles.header, path);
        let text = roles.text.iter().map(place).collect::<Result<_, _>>()?;
        Ok(Self { width: first.len(), text, label: place(roles.label)? })
    }

    fn push(&self, record: &StringRecord, rows: &mut Rows) -> Result<(), String> {
        if record.len() != self.width {
            return Err(format!("it has {} cells where the first row has {}", record.len(), self.width));
        }
        let cell = |place: &usize| record.get(*place).unwrap_or_default();
        let text: Vec<&str> = self.text.iter().map(cell).collect();
        rows.push(&text.join("\n"), cell(&self.label))
    }
}

fn find(column: &Column, first: &StringRecord, header: bool, path: &Path) -> Result<usize, DataError> {
    let places: Vec<usize> = match column {
        Column::Index(place) => (*place < first.len()).then_some(*place).into_iter().collect(),
        Column::Name(name) if header => {
            first.iter().enumerate().filter(|(_, title)| title.trim() == name.trim()).map(|(place, _)| place).collect()
        }
        Column::Name(name) => {
            let reason = format!("column `{name}` is asked for by name, but the first row is said not to name columns");
            return Err(DataError::Roles { reason, path: path.to_owned() });
        }
    };
    match places.as_slice() {
        [place] => Ok(*place),
        [] => Err(missing(column, first, header, path)),
        _ => {
            let reason = format!("{} occurs {} times; choose it by its place", title(column), places.len());
            Err(DataError::Roles { reason, path: path.to_owned() })
        }
    }
}

fn missing(column: &Column, first: &StringRecord, header: bool, path: &Path) -> DataError {
    let columns = if header {
        first.iter().map(|title| format!("`{}`", title.trim())).collect::<Vec<_>>().join(", ")
    } else {
        format!("numbered 0 to {}", first.len().saturating_sub(1))
    };
    DataError::Column { wanted: title(column), columns, path: path.to_owned() }
}

fn title(column: &Column) -> String {
    match column {
        Column::Name(name) => format!("`{name}`"),
        Column::Index(place) => format!("number {place} (counted from 0)"),
    }
}

/// The separator: a tab in `.tsv` and `.tab`; a comma in `.csv` that has one in its first line;
/// else the first of tab, comma, semicolon and bar that the first line holds.
fn delimiter(path: &Path, text: &str) -> u8 {
    let name = file_title(path).to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let first = text.lines().find(|line| !line.is_empty()).unwrap_or_default();
    let is_in_first = |byte: &u8| first.as_bytes().contains(byte);
    let candidates: &[u8] = if name.ends_with(".csv") { b",;\t|" } else { b"\t,;|" };
    match name.ends_with(".tsv") || name.ends_with(".tab") {
        true => b'\t',
        false => candidates.iter().copied().find(is_in_first).unwrap_or(b','),
    }
}

/// Whether quotation marks quote. Tab-separated files are often written without any quoting, then
/// a mark is a character like others; with other separators a broken quote is an error.
fn is_quoted(text: &str, delimiter: u8, path: &Path, notes: &mut Vec<String>) -> Result<bool, DataError> {
    match quoting::fault(text, delimiter) {
        None => Ok(true),
        Some(fault) if delimiter == b'\t' => {
            let name = file_title(path);
            notes.push(format!(
                "{name} is read without quoting, its quotation marks as plain text: in line {} {}",
                fault.line, fault.reason
            ));
            Ok(false)
        }
        Some(fault) => Err(DataError::line(fault.line, fault.reason, path)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_as(name: &str, content: &[u8], header: bool, text: &[Column], label: Column) -> Result<Parts, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        read(&path, None, &Roles { header, text, label: &label })
    }

    fn named(name: &str, content: &str) -> Result<Parts, DataError> {
        read_as(name, content.as_bytes(), true, &[Column::Name("text".into())], Column::Name("label".into()))
    }

    fn pairs(parts: &Parts) -> Vec<(&str, &str)> {
        parts.train.rows.iter().map(|row| (row.text.as_str(), row.label.as_str())).collect()
    }

    fn message(result: Result<Parts, DataError>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn quoted_cells_hold_separators_line_breaks_and_marks() {
        let parts = named("a.csv", "label,text\nx,\"one, \"\"two\"\"\nthree\"\n y ,four\n").unwrap();
        assert_eq!(pairs(&parts), [("one, \"two\"\nthree", "x"), ("four", "y")]);
    }

    #[test]
    fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
        let parts = named("a.csv", "\u{feff}text,label\r\none,x\r\n\"two\r\nlines\",y\r\n").unwrap();
        assert_eq!(pairs(&parts), [("one", "x"), ("two\nlines", "y")]);
    }

    #[test]
    fn the_separator_is_found_by_ending_and_first_line() {
        for (name, content) in [
            ("a.csv", "text,label\na;b,x\n"),
            ("a.csv", "text;label\na;x\n"),
            ("a.tsv", "text\tlabel\na, b\tx\n"),
            ("a.txt", "text\tlabel\na, b\tx\n"),
            ("data", "text|label\na|x\n"),
        ] {
            assert_eq!(named(name, content).unwrap().train.rows[0].label, "x", "{content:?}");
        }
    }

    #[test]
    fn several_text_columns_are_joined_by_a_line_break() {
        let text = [Column::Index(2), Column::Index(0)];
        let parts = read_as("a.csv", b"body,x,title\n", false, &text, Column::Index(1)).unwrap();
        assert_eq!(pairs(&parts), [("title\nbody", "x")]);
    }

    #[test]
    fn a_ragged_row_is_refused_by_file_and_line() {
        let error = message(named("ragged.csv", "text,label\n\"a\nb\",x\nc,y,z\n"));
        assert!(error.contains("line 4") && error.contains("3 cells") && error.ends_with("ragged.csv"), "{error}");
    }

    #[test]
    fn a_missing_column_lists_those_that_exist() {
        let error = message(named("a.csv", "sentence,label\na,x\n"));
        assert!(error.contains("`text`") && error.contains("`sentence`, `label`"), "{error}");
        let error = message(read_as("a.csv", b"a,x\n", false, &[Column::Index(7)], Column::Index(1)));
        assert!(error.contains("number 7") && error.contains("0 to 1"), "{error}");
    }

    #[test]
    fn roles_that_cannot_be_met_are_refused() {
        let by_name = read_as("a.csv", b"a,x\n", false, &[Column::Name("text".into())], Column::Index(1));
        assert!(message(by_name).contains("not to name columns"));
        assert!(message(read_as("a.csv", b"a,x\n", false, &[], Column::Index(1))).contains("no column"));
        assert!(message(named("a.csv", "text,label,text\na,x,b\n")).contains("2 times"));
    }

    #[test]
    fn an_empty_label_is_refused_by_line_and_an_empty_text_is_counted() {
        assert!(message(named("a.csv", "text,label\na,x\nb,  \n")).contains("line 3 cannot be used: its label"));
        let parts = named("a.csv", "text,label\na,x\n  ,y\n").unwrap();
        assert_eq!((parts.train.rows.len(), parts.train.without_text), (1, 1));
    }

    #[test]
    fn a_file_without_rows_is_refused() {
        assert!(message(named("a.csv", "text,label\n")).contains("no training examples"));
        assert!(message(named("a.csv", "")).contains("no training examples"));
    }

    #[test]
    fn broken_quotes_are_an_error_in_csv_and_plain_text_in_tsv() {
        assert!(message(named("a.csv", "text,label\n\"a\" b,x\n")).contains("line 2"));
        let parts = named("a.tsv", "text\tlabel\n\"a\" b\tx\n\"c\ty\n").unwrap();
        assert_eq!(pairs(&parts), [("\"a\" b", "x"), ("\"c", "y")]);
        assert!(parts.notes[0].contains("without quoting") && parts.notes[0].contains("line 2"));
    }

    #[test]
    fn an_old_encoding_is_read_and_noted_and_binary_is_refused() {
        let columns = [Column::Index(0)];
        let parts = read_as("a.csv", b"caf\xE9,x\n", false, &columns, Column::Index(1)).unwrap();
        assert_eq!((pairs(&parts)[0].0, parts.notes.len()), ("café", 1));
        assert!(message(read_as("a.csv", b"a\0b,x\n", false, &columns, Column::Index(1))).contains("NUL"));
    }

    #[test]
    fn a_folder_or_a_missing_file_is_refused_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let roles = Roles { header: true, text: &[Column::Index(0)], label: &Column::Index(1) };
        assert!(message(read(folder.path(), None, &roles)).contains("not a file"));
        assert!(message(read(&folder.path().join("gone.csv"), None, &roles)).ends_with("gone.csv"));
    }

    proptest! {
        #[test]
        fn what_was_written_by_the_rules_is_read_back(
            cells in prop::collection::vec(("[a-c \",;\t\n]{0,8}z", "[xy\"]{1,3}"), 1..20),
        ) {
            for (name, delimiter) in [("a.csv", b','), ("a.tsv", b'\t')] {
                let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
                writer.write_record(["text", "label"]).unwrap();
                cells.iter().for_each(|(text, label)| writer.write_record([text, label]).unwrap());
                let content = String::from_utf8(writer.into_inner().unwrap()).unwrap();
                let parts = named(name, &content).unwrap();
                let expected: Vec<_> = cells.iter().map(|(text, label)| (text.trim(), label.trim())).collect();
                prop_assert_eq!(pairs(&parts), expected);
            }
        }

        #[test]
        fn no_soup_of_bytes_panics(content in prop::collection::vec(prop::sample::select(&b"\",\t\n\r;a\xE9\xFF\xFE\0{}"[..]), 0..60)) {
            for name in ["a.csv", "a.tsv", "a"] {
                let _ = read_as(name, &content, true, &[Column::Index(0)], Column::Index(1));
                let _ = read_as(name, &content, false, &[Column::Index(1)], Column::Index(0));
            }
        }
    }
}
