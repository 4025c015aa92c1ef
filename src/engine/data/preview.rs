//! A look at a table before it is taken as data: its columns, its first rows, how many values each column has.
//! Nothing is refused here but what cannot be read at all.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use super::data_error::DataError;
use super::data_file::{DataFile, Listing};
use super::goal::Goal;
use super::parts::{Part, Parts};
use super::table::{Cell, Need, Table, Wanted};
use super::table_files::{part_of, tables};
use super::{documents, file_listing};
use crate::link::preview::{Sheet, SheetColumn};
use crate::session::{Column, DataSource, Format, Sentence};

/// Most rows that are looked at: enough to tell classes from texts, in a moment.
const MOST: usize = 20_000;
/// Rows that are shown.
const SHOWN: usize = 6;
/// Values of a column that are told with their rows.
const COMMON: usize = 40;
/// Characters of a cell that are shown.
const CELL: usize = 120;

/// The beginning of the table that `source` names: of several files that of the first.
///
/// # Errors
/// [`DataError`] if the file cannot be read, or is no table.
pub fn preview(source: &DataSource) -> Result<Sheet, DataError> {
    let (Some(files), Some(path)) = (source.files(), source.path()) else { return Ok(Sheet::default()) };
    let format = files.train.format.as_ref().unwrap_or(&files.format);
    let listing = file_listing::list(path)?;
    let chosen = if listing.alone { Vec::new() } else { tables(&listing, format) };
    let of_train = |file: &&DataFile| part_of(&file.place).is_none_or(|part| part == Part::Train);
    let in_folder = || listing.files.iter().filter(|file| chosen.contains(&file.place));
    match in_folder().find(of_train).or_else(|| in_folder().next()).or(listing.files.first()) {
        Some(file) if listing.alone || !chosen.is_empty() => of_table(file, format),
        _ => of_documents(listing, path),
    }
}

fn of_table(file: &DataFile, format: &Format) -> Result<Sheet, DataError> {
    let mut notes = Vec::new();
    let mut tables = Table::open(file, format, false, &mut notes)?;
    // A file of several parts shows its training rows, which come first.
    let table = if tables.is_empty() { return Ok(Sheet::default()) } else { tables.remove(0).1 };
    let columns = table.columns().iter().map(|name| Counted::new(name)).collect();
    let mut looked = Looked { columns, ..Looked::default() };
    let wanted = |(place, name): (usize, &Counted)| Wanted {
        // Names of a delimited file may be there twice, keys of objects have no place.
        column: if matches!(table, Table::Json(_)) { Column::named(&name.name) } else { Column::Index(place) },
        need: Need::Maybe,
    };
    let wanted: Vec<Wanted> = looked.columns.iter().enumerate().map(wanted).collect();
    let read = table.rows(&wanted, file, &mut |_, cells| {
        if looked.read == MOST {
            return Err(Sentence::default());
        }
        looked.push(cells.iter().map(shown).collect());
        Ok(())
    });
    let whole = looked.read < MOST;
    if whole {
        read?;
    }
    let has_names = match &table {
        Table::Delimited(table) => table.first.header,
        _ => true,
    };
    Ok(Sheet { written: table.written(), has_names, notes, ..looked.sheet(whole) })
}

/// Folders of texts as a table of them.
fn of_documents(listing: Listing, path: &Path) -> Result<Sheet, DataError> {
    let mut parts = Parts::default();
    documents::read(listing, path, (Part::Train, true), Goal::Classes, &mut parts)?;
    let mut looked = Looked { columns: ["label", "text"].map(Counted::new).into(), ..Looked::default() };
    let whole = parts.iter().map(|(_, rows)| rows.rows.len()).sum::<usize>() <= MOST;
    for row in parts.iter().flat_map(|(_, rows)| &rows.rows).take(MOST) {
        looked.push(vec![row.label.as_deref().unwrap_or_default().to_owned(), row.fields.whole().to_owned()]);
    }
    Ok(Sheet { written: "a text a file".to_owned(), has_names: true, notes: parts.notes, ..looked.sheet(whole) })
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Absent => String::new(),
        Cell::Text(text) => Cow::clone(text).into_owned(),
        Cell::Items(items) => format!("[{}]", items.join(", ")),
        Cell::Nested { json, .. } => json.clone(),
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
        let mut all: Vec<(&String, &usize)> = self.values.iter().collect();
        all.sort_by(|a, b| ends(b, a));
        let common = all.into_iter().take(COMMON).map(told).collect();
        SheetColumn {
            common,
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
        Sheet { columns, rows: self.rows, read: self.read, whole, ..Sheet::default() }
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

    fn look(name: &str, content: &str, format: Format) -> Result<Sheet, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        preview(&DataSource::from(Files { format, ..Files::of(path) }))
    }

    #[test]
    fn the_columns_of_every_form_of_table_are_counted_alike() {
        let rows = [("one, two", "x"), ("three", "y"), ("four", "x")];
        let csv: String = rows.iter().map(|(text, label)| format!("\"{text}\",{label}\n")).collect();
        let json: String =
            rows.iter().map(|(text, label)| format!("{{\"text\":\"{text}\",\"label\":\"{label}\"}}\n")).collect();
        for (name, content, format, names) in [
            ("a.csv", format!("text,label\n{csv}"), Format::Auto, ["text", "label"]),
            ("a.csv", csv.clone(), Format::delimited(false), ["0", "1"]),
            ("a.csv", csv.clone(), Format::Auto, ["0", "1"]),
            ("a.jsonl", json, Format::Auto, ["text", "label"]),
        ] {
            let sheet = look(name, &content, format).unwrap();
            // Of an object the keys come in the order of their names.
            let [text, label] = names.map(|name| sheet.column(name).unwrap());
            assert_eq!((text.distinct, text.filled, label.distinct, label.filled), (3, 3, 2, 3), "{name}");
            assert_eq!((&label.largest, &label.smallest), (&Some(("x".into(), 2)), &Some(("y".into(), 1))));
            assert_eq!((sheet.read, sheet.rows.len(), sheet.whole), (3, 3, true));
        }
    }

    #[test]
    fn a_long_file_is_looked_at_in_part_and_says_so() {
        let content: String = (0..MOST + 5).map(|row| format!("{{\"text\":\"{row}\"}}\n")).collect();
        let sheet = look("a.jsonl", &content, Format::Auto).unwrap();
        assert_eq!((sheet.read, sheet.whole), (MOST, false));
        assert!(look("a.jsonl", "no json", Format::Auto).is_err());
    }
}
