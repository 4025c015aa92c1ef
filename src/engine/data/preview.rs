//! A look at a table before it is taken as data: its columns, its first rows, how many values each column has.
//! Nothing is refused here but what cannot be read at all.

use std::collections::HashMap;
use std::path::Path;

use csv::{ReaderBuilder, Terminator};
use serde_json::{Map, Value};

use super::data_error::DataError;
use super::decode::read_text;
use super::delimited::{delimiter, is_quoted};
use super::json_values::each;
use crate::link::preview::{Sheet, SheetColumn};
use crate::session::{DataSource, Format, Sentence};

/// Most rows that are looked at: enough to tell classes from texts, in a moment.
const MOST: usize = 20_000;
/// Rows that are shown.
const SHOWN: usize = 4;
/// Characters of a cell that are shown.
const CELL: usize = 120;

/// The beginning of the table that `source` names.
///
/// # Errors
/// [`DataError`] if the file cannot be read, or is no table.
pub fn preview(source: &DataSource) -> Result<Sheet, DataError> {
    match source {
        DataSource::Files(files) => {
            let path = files.train.files.first().cloned().unwrap_or_default();
            match &files.format {
                Format::Json => json(&path),
                format => delimited(&path, *format != Format::delimited(false)),
            }
        }
        DataSource::BuiltIn(_) | DataSource::Newsgroups { .. } => Ok(Sheet::default()),
    }
}

fn delimited(path: &Path, header: bool) -> Result<Sheet, DataError> {
    let mut notes = Vec::new();
    let text = read_text(path, &mut notes)?;
    let delimiter = delimiter(path, &text);
    let quoting = is_quoted(&text, delimiter, path, &mut notes)?;
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter).quoting(quoting).terminator(Terminator::Any(b'\n'));
    let mut looked = Looked::default();
    let mut named = !header;
    for record in builder.from_reader(text.as_bytes()).records() {
        let record = record.map_err(|e| DataError::text(e, path))?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if !named {
            looked.columns = record.iter().map(|name| Counted::new(name.trim())).collect();
            named = true;
            continue;
        }
        if looked.read == MOST {
            return Ok(looked.sheet(false));
        }
        while !header && looked.columns.len() < record.len() {
            let place = looked.columns.len().to_string();
            looked.columns.push(Counted::new(&place));
        }
        looked.push(record.iter().map(str::to_owned).collect());
    }
    Ok(looked.sheet(true))
}

fn json(path: &Path) -> Result<Sheet, DataError> {
    let content = read_text(path, &mut Vec::new())?;
    let mut looked = Looked::default();
    let result = each(&content, path, |_, object| {
        if looked.read == MOST {
            return Err(Sentence::default());
        }
        for key in object.keys() {
            if !looked.columns.iter().any(|column| column.name == *key) {
                looked.columns.push(Counted::new(key));
            }
        }
        let cells = looked.columns.iter().map(|column| cell(&object, &column.name)).collect();
        looked.push(cells);
        Ok(())
    });
    let whole = looked.read < MOST;
    if whole {
        result?;
    }
    Ok(looked.sheet(whole))
}

fn cell(object: &Map<String, Value>, key: &str) -> String {
    match object.get(key) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    }
}

/// The rows looked at so far.
#[derive(Default)]
struct Looked {
    columns: Vec<Counted>,
    rows: Vec<Vec<String>>,
    read: usize,
}

struct Counted {
    name: String,
    chars: usize,
    values: HashMap<String, usize>,
}

impl Counted {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), chars: 0, values: HashMap::new() }
    }

    fn column(self) -> SheetColumn {
        let filled: usize = self.values.values().sum();
        // Of equal ones the first by name, so that the same file always tells the same.
        let ends = |a: &(&String, &usize), b: &(&String, &usize)| a.1.cmp(b.1).then(b.0.cmp(a.0));
        let told = |(value, rows): (&String, &usize)| (cut(value), *rows);
        let (largest, smallest) =
            (self.values.iter().max_by(ends).map(told), self.values.iter().min_by(ends).map(told));
        SheetColumn {
            name: self.name,
            filled,
            distinct: self.values.len(),
            mean_chars: self.chars as f64 / filled.max(1) as f64,
            largest,
            smallest,
        }
    }
}

impl Looked {
    fn push(&mut self, cells: Vec<String>) {
        self.read += 1;
        for (column, cell) in self.columns.iter_mut().zip(&cells) {
            let cell = cell.trim();
            if !cell.is_empty() {
                column.chars += cell.chars().count();
                *column.values.entry(cell.to_owned()).or_default() += 1;
            }
        }
        if self.rows.len() < SHOWN {
            self.rows.push(cells.iter().map(|cell| cut(cell.trim())).collect());
        }
    }

    fn sheet(self, whole: bool) -> Sheet {
        let columns = self.columns.into_iter().map(Counted::column).collect();
        Sheet { columns, rows: self.rows, read: self.read, whole }
    }
}

fn cut(text: &str) -> String {
    let line: String = text.chars().take(CELL).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(CELL).is_some() { line + "…" } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Files;

    fn look(name: &str, content: &str, header: bool) -> Result<Sheet, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let source = if name.ends_with("jsonl") {
            DataSource::Files(Files { format: Format::Json, ..Files::of(path) })
        } else {
            DataSource::Files(Files { format: Format::delimited(header), ..Files::of(path) })
        };
        preview(&source)
    }

    #[test]
    fn the_columns_of_every_form_of_table_are_counted_alike() {
        let rows = [("one, two", "x"), ("three", "y"), ("four", "x")];
        let csv: String = rows.iter().map(|(text, label)| format!("\"{text}\",{label}\n")).collect();
        let json: String =
            rows.iter().map(|(text, label)| format!("{{\"text\":\"{text}\",\"label\":\"{label}\"}}\n")).collect();
        for (name, content, header, names) in [
            ("a.csv", format!("text,label\n{csv}"), true, ["text", "label"]),
            ("a.csv", csv.clone(), false, ["0", "1"]),
            ("a.jsonl", json, true, ["text", "label"]),
        ] {
            let sheet = look(name, &content, header).unwrap();
            // Of an object the keys come in the order of their names.
            let [text, label] = names.map(|name| sheet.column(name).unwrap());
            assert_eq!((text.distinct, text.filled, label.distinct, label.filled), (3, 3, 2, 3), "{name} {header}");
            assert_eq!((&label.largest, &label.smallest), (&Some(("x".into(), 2)), &Some(("y".into(), 1))));
            assert_eq!((sheet.read, sheet.rows.len(), sheet.whole), (3, 3, true));
        }
    }

    #[test]
    fn a_long_file_is_looked_at_in_part_and_says_so() {
        let content: String = (0..MOST + 5).map(|row| format!("{{\"text\":\"{row}\"}}\n")).collect();
        let sheet = look("a.jsonl", &content, true).unwrap();
        assert_eq!((sheet.read, sheet.whole), (MOST, false));
        assert!(look("a.jsonl", "no json", true).is_err());
    }
}
