//! Comma- and tab-separated rows. The separator comes from the file's ending and its first line;
//! quoted cells may hold separators and line breaks. Every row must be as wide as the first one; a row of
//! nothing but empty cells is an empty line.

use std::collections::BTreeSet;
use std::path::Path;

use csv::{ReaderBuilder, Terminator};

use super::columns::{self, Roles, Table};
use super::data_error::DataError;
use super::decode::{file_title, read_text};
use super::parts::{Part, Parts, Rows};
use super::quoting;
use crate::session::{Sentence, say};

/// Reads a file of rows and, where there is one, the file of its test rows.
///
/// # Errors
/// [`DataError`] naming the file, and the line where one row is to blame.
pub fn read(path: &Path, test: Option<&Path>, roles: &Roles) -> Result<Parts, DataError> {
    let mut parts = Parts::default();
    let (rows, table) = read_rows(path, roles, Part::Train, &mut parts)?;
    parts.train = rows;
    if let Some(test) = test {
        let (rows, other) = read_rows(test, roles, Part::Test, &mut parts)?;
        parts.test = Some(rows);
        columns::compare(&table, &other, roles, (path, test), &mut parts.notes)?;
    }
    Ok(parts)
}

fn read_rows(path: &Path, roles: &Roles, part: Part, parts: &mut Parts) -> Result<(Rows, Table), DataError> {
    let text = read_text(path, &mut parts.notes)?;
    let delimiter = delimiter(path, &text);
    let quoting = is_quoted(&text, delimiter, path, &mut parts.notes)?;
    let (rows, table) = parse(&text, delimiter, quoting, roles, path)?;
    let table = match table {
        Some(table) if !rows.rows.is_empty() => table,
        _ => {
            let reason = say!("the file has no row with text");
            return Err(DataError::NoExamples { what: part.adjective(), reason, path: path.to_owned() });
        }
    };
    columns::check_first_row(&table, &rows, roles, path)?;
    if quoting {
        swallowed_rows(&text, &rows, &table, path)?;
    }
    parts.notes.extend(rows.note(part));
    parts.leave_out(say!("{part} rows without text", part = part.adjective()), rows.without_text);
    Ok((rows, table))
}

fn parse(
    text: &str,
    delimiter: u8,
    quoting: bool,
    roles: &Roles,
    path: &Path,
) -> Result<(Rows, Option<Table>), DataError> {
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter).quoting(quoting).terminator(Terminator::Any(b'\n'));
    let mut rows = Rows::default();
    let (mut table, mut starts): (Option<Table>, Vec<usize>) = (None, Vec::new());
    for record in builder.from_reader(text.as_bytes()).records() {
        let record = record.map_err(|e| DataError::text(e, path))?;
        let line = record.position().map_or(0, csv::Position::line);
        starts.push(line as usize);
        // A spreadsheet writes its empty rows as nothing but separators.
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let is_header = roles.header && table.is_none();
        let table = match &table {
            Some(table) => table,
            None => table.insert(Table::new(&record, roles, delimiter, path)?),
        };
        if !is_header {
            table.push(&record, line, &mut rows).map_err(|reason| DataError::line(line, reason, path))?;
        }
    }
    Ok((rows, table.map(|table| Table { starts, ..table })))
}

/// Refuses a quoted cell over several lines whose inner lines are rows of their own, each with all its
/// separators and a known class: the marks were text, and lines between them are lost in silence.
fn swallowed_rows(text: &str, rows: &Rows, table: &Table, path: &Path) -> Result<(), DataError> {
    let classes: BTreeSet<&str> = rows.labelled().map(|(_, label)| label).collect();
    let lines: Vec<&str> = text.split('\n').collect();
    let ends = table.starts.iter().copied().skip(1).chain([lines.len() + 1]);
    for (start, end) in table.starts.iter().copied().zip(ends) {
        let inner = lines.get(start..end.saturating_sub(2)).unwrap_or_default();
        let is_row = |line: &&str| {
            let cells: Vec<&str> = line.split(char::from(table.delimiter)).collect();
            let class = cells.get(table.label).map(|cell| cell.trim());
            cells.len() == table.first.len() && class.is_some_and(|class| classes.contains(class))
        };
        if inner.len() > 1 && inner.iter().all(is_row) && table.first.len() > 1 {
            let reason = say!(
                "its quoted cell holds {inner} lines that are rows themselves; where quotation marks are text, double them and quote the cell",
                inner = inner.len()
            );
            return Err(DataError::line(start as u64, reason, path));
        }
    }
    Ok(())
}

/// The separator: a tab in `.tsv` and `.tab`; a comma in `.csv` that has one in its first line;
/// else the first of tab, comma, semicolon and bar that the first line holds.
pub fn delimiter(path: &Path, text: &str) -> u8 {
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
pub fn is_quoted(text: &str, delimiter: u8, path: &Path, notes: &mut Vec<Sentence>) -> Result<bool, DataError> {
    let swallow = || quoting::swallow(text, delimiter).filter(|_| delimiter == b'\t');
    match quoting::fault(text, delimiter).or_else(swallow) {
        None => Ok(true),
        Some(fault) if delimiter == b'\t' => {
            let name = file_title(path);
            notes.push(say!(
                "{name} is read without quoting, its quotation marks as plain text: in line {line} {reason}",
                name,
                line = fault.line,
                reason = fault.reason
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
    use crate::session::Column;

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
        parts.train.rows.iter().map(|row| (row.text.as_str(), row.label.as_deref().unwrap_or_default())).collect()
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
            assert_eq!(named(name, content).unwrap().train.rows[0].label.as_deref(), Some("x"), "{content:?}");
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
        assert!(error.contains("`text`") && error.contains("`sentence`, `label` where a comma"), "{error}");
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
    fn an_empty_label_is_none_and_an_empty_text_is_counted() {
        let parts = named("a.csv", "text,label\na,x\nb,  \nc,NaN\n").unwrap();
        assert_eq!(pairs(&parts), [("a", "x"), ("b", ""), ("c", "")]);
        assert_eq!(parts.train.missing["NaN"], 1);
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
    fn rows_of_empty_cells_are_empty_lines_wherever_they_stand_and_however_wide() {
        for blank in [";", ";;;;", " ; ", "\"\";\"\"", "\t;"] {
            let content = format!("{blank}\ntext;label\n{blank}\na;x\n{blank}\n{blank}\nb;y\n{blank}\n");
            let parts = named("a.csv", &content).unwrap();
            assert_eq!(pairs(&parts), [("a", "x"), ("b", "y")], "{blank:?}");
            assert_eq!(parts.train.without_text, 0);
        }
    }

    #[test]
    fn marks_that_would_swallow_whole_rows_are_text_in_tsv_and_an_error_elsewhere() {
        for (first, last) in [(0, 3), (2, 5), (1, 19), (4, 5)] {
            let row = |i: usize, mark: char| match i {
                _ if i == first => format!("\"text {i}{mark}x"),
                _ if i == last => format!("text {i}{mark}y\""),
                _ => format!("text {i}{mark}{}", ["x", "y"][i % 2]),
            };
            let file = |mark| format!("text{mark}label\n") + &(0..20).map(|i| row(i, mark) + "\n").collect::<String>();
            let parts = named("a.tsv", &file('\t')).unwrap();
            assert_eq!(parts.train.rows.len(), 20, "{first} to {last}");
            assert!(parts.notes[0].contains("without quoting") && parts.notes[0].contains("whole rows"));
            if last - first > 2 {
                let file = file(',');
                let error = message(named("a.csv", &file));
                assert!(error.contains(&format!("line {} ", first + 2)), "{error}");
            }
        }
        let quoted = "text\tlabel\n\"one\ntwo\"\tx\n\"a\tb\tc\nd\"\ty\n";
        assert_eq!(pairs(&named("a.tsv", quoted).unwrap()), [("one\ntwo", "x"), ("a\tb\tc\nd", "y")]);
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
                // Lines with all separators of a row may be rows of their own, whatever marks stand around
                // them: such a file is refused, and is not what this is about.
                let splits = |text: &String| delimiter == b'\t' || text.contains('\n');
                let plain = |text: &String| {
                    if splits(text) { text.replace(char::from(delimiter), " ") } else { text.clone() }
                };
                let cells: Vec<_> = cells.iter().map(|(text, label)| (plain(text), label.clone())).collect();
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
