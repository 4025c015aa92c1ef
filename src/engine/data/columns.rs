//! Columns of a delimited file: which of them mean what, whether the first row names them, and whether the
//! file of test rows has the same ones.

use std::path::Path;

use csv::StringRecord;

use super::data_error::DataError;
use super::labels::shortened;
use super::parts::Rows;
use crate::session::{Column, Sentence, say};

/// Names that columns of a class have in the wild.
const LABEL_NAMES: [&str; 22] = [
    "label",
    "labels",
    "class",
    "classes",
    "category",
    "target",
    "sentiment",
    "intent",
    "topic",
    "emotion",
    "y",
    "stars",
    "rating",
    "gold",
    "tag",
    "coarse_label",
    "label_text",
    "标签",
    "类别",
    "分类",
    "标注",
    "情感",
];

/// Names that columns of a text have in the wild.
const TEXT_NAMES: [&str; 18] = [
    "text",
    "texts",
    "sentence",
    "review",
    "content",
    "title",
    "question",
    "message",
    "comment",
    "tweet",
    "body",
    "utterance",
    "description",
    "文本",
    "内容",
    "评论",
    "句子",
    "标题",
];

/// Rows that a remark on the first of them needs beside it.
const ENOUGH: usize = 3;

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

/// The roles as places in a row.
pub struct Table {
    /// The first row: the columns' names, or data.
    pub first: Vec<String>,
    /// Places of the text.
    pub text: Vec<usize>,
    /// Place of the class.
    pub label: usize,
    /// What stands between two cells.
    pub delimiter: u8,
    /// Line at which each row of the file begins, from 1.
    pub starts: Vec<usize>,
}

impl Table {
    /// The places of `roles` in rows like the first one.
    ///
    /// # Errors
    /// [`DataError::Roles`] and [`DataError::Column`] for a column that is not there, or is there twice.
    pub fn new(first: &StringRecord, roles: &Roles, delimiter: u8, path: &Path) -> Result<Self, DataError> {
        if roles.text.is_empty() {
            let reason = say!("no column is named as text");
            return Err(DataError::Roles { reason, path: path.to_owned() });
        }
        let place = |column: &Column| find(column, first, delimiter, roles.header, path);
        let text = roles.text.iter().map(place).collect::<Result<_, _>>()?;
        let first_row = first.iter().map(|cell| cell.trim().to_owned()).collect();
        Ok(Self { first: first_row, text, label: place(roles.label)?, delimiter, starts: Vec::new() })
    }

    /// Takes the text and the class out of a row.
    ///
    /// # Errors
    /// In words, for a row of another width, or one whose text is too long.
    pub fn push(&self, record: &StringRecord, line: u64, rows: &mut Rows) -> Result<(), Sentence> {
        if record.len() != self.first.len() {
            return Err(say!(
                "it has {record} cells where the first row has {first}",
                record = record.len(),
                first = self.first.len()
            ));
        }
        let cell = |place: &usize| record.get(*place).unwrap_or_default();
        let text: Vec<&str> = self.text.iter().map(cell).collect();
        let label = rows.label_in(cell(&self.label));
        rows.push(&text.join("\n"), label, line)
    }
}

fn find(column: &Column, first: &StringRecord, delimiter: u8, header: bool, path: &Path) -> Result<usize, DataError> {
    let places: Vec<usize> = match column {
        Column::Index(place) => (*place < first.len()).then_some(*place).into_iter().collect(),
        Column::Name(name) if header => {
            first.iter().enumerate().filter(|(_, title)| title.trim() == name.trim()).map(|(place, _)| place).collect()
        }
        Column::Name(name) => {
            let reason =
                say!("column `{name}` is asked for by name, but the first row is said not to name columns", name);
            return Err(DataError::Roles { reason, path: path.to_owned() });
        }
    };
    match places.as_slice() {
        [place] => Ok(*place),
        [] => Err(missing(column, first, delimiter, header, path)),
        _ => {
            let reason = say!(
                "{column} occurs {places} times; choose it by its place",
                column = title(column),
                places = places.len()
            );
            Err(DataError::Roles { reason, path: path.to_owned() })
        }
    }
}

fn missing(column: &Column, first: &StringRecord, delimiter: u8, header: bool, path: &Path) -> DataError {
    let names: Vec<&str> = first.iter().map(str::trim).collect();
    let columns = match header {
        true => shortened(&names),
        false => say!("numbered 0 to {names}", names = names.len().saturating_sub(1)),
    };
    let mark = match delimiter {
        b'\t' => say!("a tab"),
        b',' => say!("a comma"),
        b';' => say!("a semicolon"),
        _ => say!("a bar"),
    };
    let columns = say!("{columns} where {mark} parts the cells", columns, mark);
    DataError::Column { wanted: title(column), columns, path: path.to_owned() }
}

fn title(column: &Column) -> Sentence {
    match column {
        Column::Name(name) => Sentence::verbatim(format!("`{name}`")),
        Column::Index(place) => say!("number {place} (counted from 0)", place),
    }
}

/// Refuses a first row that is not what `roles` say: data where names are said to be, or names where
/// data is.
///
/// # Errors
/// [`DataError::Roles`].
pub fn check_first_row(table: &Table, rows: &Rows, roles: &Roles, path: &Path) -> Result<(), DataError> {
    let Some(cell) = table.first.get(table.label) else { return Ok(()) };
    let others = || rows.labelled().map(|(_, label)| label);
    let is_number = |label: &str| label.parse::<f64>().is_ok();
    let same = others().filter(|label| label == cell).count();
    let all_numbers = |skip: usize| others().skip(skip).count() >= ENOUGH && others().skip(skip).all(is_number);
    let wrong = |reason: Sentence| Err(DataError::Roles { reason, path: path.to_owned() });
    if roles.header && matches!(roles.label, Column::Index(_)) {
        let is_data = !is_numbered(table) && (same > 0 || all_numbers(0) && is_number(cell));
        return match is_data {
            true => wrong(say!(
                "the first row is said to name the columns, but looks like data: {first}; say header: false",
                first = shortened(&table.first)
            )),
            false => Ok(()),
        };
    }
    let named = |names: &[&str], cell: &str| names.contains(&cell.to_lowercase().as_str());
    let text_named = table.text.iter().filter_map(|place| table.first.get(*place)).any(|cell| named(&TEXT_NAMES, cell));
    let is_header = text_named || named(&LABEL_NAMES, cell) || all_numbers(1) && !is_number(cell);
    let is_header = same == 1 && is_header || is_numbered(table);
    match !roles.header && others().count() > 1 && is_header {
        true => wrong(say!(
            "the first row looks like the names of the columns, {first}, but is said to be data; say header: true",
            first = shortened(&table.first)
        )),
        false => Ok(()),
    }
}

/// Whether the first row counts its own columns, as a data frame without names is written.
fn is_numbered(table: &Table) -> bool {
    table.first.len() > 1 && table.first.iter().enumerate().all(|(place, cell)| *cell == place.to_string())
}

/// Refuses a test file whose columns are others than those of the training file, where they are chosen
/// by place; a difference that changes nothing is noted.
///
/// # Errors
/// [`DataError::Roles`] with both lists.
pub fn compare(
    train: &Table,
    test: &Table,
    roles: &Roles,
    (path, test_path): (&Path, &Path),
    notes: &mut Vec<Sentence>,
) -> Result<(), DataError> {
    let by_place = roles.text.iter().chain([roles.label]).any(|column| matches!(column, Column::Index(_)));
    if !by_place {
        return Ok(());
    }
    let list = |table: &Table| match roles.header {
        true => say!("{count} columns {names}", count = table.first.len(), names = shortened(&table.first)),
        false => say!("{count} columns", count = table.first.len()),
    };
    let refused = || {
        let (ours, theirs) = (list(train), list(test));
        let training = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let reason = say!(
            "the test file has {theirs}, the training file {training} has {ours}; give both the same",
            theirs,
            training,
            ours
        );
        Err(DataError::Roles { reason, path: test_path.to_owned() })
    };
    if train.first.len() != test.first.len() {
        return refused();
    }
    if !roles.header {
        return Ok(());
    }
    let name = |table: &Table, place: usize| table.first.get(place).map(|name| name.to_lowercase()).unwrap_or_default();
    let used = || train.text.iter().copied().chain([train.label]);
    let elsewhere = |wanted: &str| test.first.iter().any(|name| name.to_lowercase() == wanted);
    let moved = |place: usize| name(train, place) != name(test, place) && elsewhere(&name(train, place));
    if used().any(moved) || name(train, train.label) != name(test, test.label) {
        return refused();
    }
    let renamed = used().filter(|place| name(train, *place) != name(test, *place));
    notes.extend(renamed.map(|place| {
        let (ours, theirs) = (&train.first[place], &test.first[place]);
        say!(
            "column {place} is called `{theirs}` in the test file and `{ours}` in the training file",
            place,
            theirs,
            ours
        )
    }));
    Ok(())
}
