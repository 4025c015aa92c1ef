//! Columns of a delimited file: which of them mean what, whether the first row names them, and whether the
//! file of another part has the same ones.

use std::path::Path;

use super::data_error::DataError;
use super::label_rows::shortened;
use super::table::Separator;
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

/// The first row of a table, and how it is taken.
#[derive(Clone, Debug)]
pub struct FirstRow {
    /// Its cells: the columns' names, or data.
    pub cells: Vec<String>,
    /// Whether they name the columns.
    pub header: bool,
    /// What stands between them.
    pub separator: Separator,
}

/// The place of a column in rows like the first one.
///
/// # Errors
/// [`DataError::Roles`] and [`DataError::Column`] for a column that is not there, or is there twice.
pub fn find(column: &Column, table: &FirstRow, path: &Path) -> Result<usize, DataError> {
    let first = &table.cells;
    let places: Vec<usize> = match column {
        Column::Index(place) => (*place < first.len()).then_some(*place).into_iter().collect(),
        Column::Name(name) if table.header => {
            first.iter().enumerate().filter(|(_, title)| *title == name.trim()).map(|(place, _)| place).collect()
        }
        Column::Name(name) => {
            let reason =
                say!("column `{name}` is asked for by name, but the first row is said not to name columns", name);
            return Err(DataError::Roles { reason, path: path.to_owned() });
        }
    };
    match places.as_slice() {
        [place] => Ok(*place),
        [] => Err(missing(column, table, path)),
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

fn missing(column: &Column, table: &FirstRow, path: &Path) -> DataError {
    let columns = match table.header {
        true => shortened(&table.cells),
        false => say!("numbered 0 to {names}", names = table.cells.len().saturating_sub(1)),
    };
    let columns = say!(
        "{columns} where {mark} parts the cells; another separator is chosen by format: Delimited(separator: …), and lines that are texts by format: Lines",
        columns,
        mark = table.separator.named()
    );
    DataError::Column { wanted: title(column), columns, path: path.to_owned() }
}

fn title(column: &Column) -> Sentence {
    match column {
        Column::Name(name) => Sentence::verbatim(format!("`{name}`")),
        Column::Index(place) => say!("number {place} (counted from 0)", place),
    }
}

/// Characters that a name has at most, and that texts have on average at least.
const LONGEST_NAME: usize = 30;
const TEXT_CHARS: usize = 20;

/// Whether the first of these rows looks like the names of the columns: a usual name; no number where all others have
/// one; short words above texts, none of which comes again below it.
pub fn looks_like_names(rows: &[Vec<String>]) -> bool {
    let Some((first, others)) = rows.split_first() else { return false };
    let is_known = |cell: &String| {
        let cell = cell.to_lowercase();
        LABEL_NAMES.contains(&cell.as_str()) || TEXT_NAMES.contains(&cell.as_str())
    };
    let is_number = |cell: &str| cell.parse::<f64>().is_ok();
    let stands_out = |(place, cell): (usize, &String)| {
        let below = || others.iter().filter_map(|row| row.get(place));
        !is_number(cell) && below().count() >= ENOUGH && below().all(|cell| is_number(cell))
    };
    let is_again = |(place, cell): (usize, &String)| others.iter().any(|row| row.get(place) == Some(cell));
    let is_name = |cell: &String| {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ');
        let chars = cell.chars().count();
        (1..=LONGEST_NAME).contains(&chars) && cell.chars().all(is_part) && cell.split(' ').count() < 3
    };
    let is_text = |place: usize| {
        let chars: usize = others.iter().filter_map(|row| row.get(place)).map(|cell| cell.chars().count()).sum();
        others.len() >= ENOUGH && chars >= TEXT_CHARS * others.len()
    };
    let above_texts = first.iter().all(is_name) && (0..first.len()).any(is_text);
    (first.iter().any(is_known) || above_texts) && !first.iter().enumerate().any(is_again)
        || first.iter().enumerate().any(stands_out)
        || first.len() > 1 && first.iter().enumerate().all(|(place, cell)| *cell == place.to_string())
}

/// Places of the columns that have a role.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// Those of the text.
    pub text: Vec<usize>,
    /// That of the class.
    pub label: Option<usize>,
}

/// Refuses a first row that is not what it is said to be: data where names are said to be, or names where data is.
/// `labels` are those of the rows, `by_place` says that the class is chosen by its place.
///
/// # Errors
/// [`DataError::Roles`].
pub fn check_first_row(
    table: &FirstRow,
    places: &Places,
    labels: &[&str],
    by_place: bool,
    path: &Path,
) -> Result<(), DataError> {
    let Some(cell) = places.label.and_then(|place| table.cells.get(place)) else { return Ok(()) };
    let is_number = |label: &str| label.parse::<f64>().is_ok();
    let same = labels.iter().filter(|label| *label == cell).count();
    let all_numbers = |skip: usize| labels.len() >= ENOUGH + skip && labels.iter().skip(skip).all(|l| is_number(l));
    let wrong = |reason: Sentence| Err(DataError::Roles { reason, path: path.to_owned() });
    if table.header {
        let is_data = by_place && !is_numbered(table) && (same > 0 || all_numbers(0) && is_number(cell));
        return match is_data {
            true => wrong(say!(
                "the first row is said to name the columns, but looks like data: {first}; say format: Delimited(header: false)",
                first = shortened(&table.cells)
            )),
            false => Ok(()),
        };
    }
    let named = |names: &[&str], cell: &str| names.contains(&cell.to_lowercase().as_str());
    let mut texts = places.text.iter().filter_map(|place| table.cells.get(*place));
    let is_header =
        texts.any(|cell| named(&TEXT_NAMES, cell)) || named(&LABEL_NAMES, cell) || all_numbers(1) && !is_number(cell);
    let is_header = same == 1 && is_header || is_numbered(table);
    match labels.len() > 1 && is_header {
        true => wrong(say!(
            "the first row looks like the names of the columns, {first}, but is said to be data; say format: Delimited(header: true)",
            first = shortened(&table.cells)
        )),
        false => Ok(()),
    }
}

/// Whether the first row counts its own columns, as a data frame without names is written.
fn is_numbered(table: &FirstRow) -> bool {
    table.cells.len() > 1 && table.cells.iter().enumerate().all(|(place, cell)| *cell == place.to_string())
}

/// Refuses a file of another part whose columns are others than those of the training file, where they are chosen
/// by the same places; a difference that changes nothing is noted.
///
/// # Errors
/// [`DataError::Roles`] with both lists.
pub fn compare(
    (train, path): (&FirstRow, &Path),
    (other, other_path): (&FirstRow, &Path),
    places: &Places,
    notes: &mut Vec<Sentence>,
) -> Result<(), DataError> {
    let list = |table: &FirstRow| match table.header {
        true => say!("{count} columns {names}", count = table.cells.len(), names = shortened(&table.cells)),
        false => say!("{count} columns", count = table.cells.len()),
    };
    let title = |path: &Path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let refused = || {
        let (ours, theirs, training) = (list(train), list(other), title(path));
        let reason = say!(
            "it has {theirs}, the training file {training} has {ours}; give both the same, or this part roles of its own",
            theirs,
            training,
            ours
        );
        Err(DataError::Roles { reason, path: other_path.to_owned() })
    };
    if train.cells.len() != other.cells.len() {
        return refused();
    }
    if !train.header || !other.header {
        return Ok(());
    }
    let name =
        |table: &FirstRow, place: usize| table.cells.get(place).map(|name| name.to_lowercase()).unwrap_or_default();
    let used = || places.text.iter().copied().chain(places.label);
    let elsewhere = |wanted: &str| other.cells.iter().any(|name| name.to_lowercase() == wanted);
    let moved = |place: usize| name(train, place) != name(other, place) && elsewhere(&name(train, place));
    if used().any(moved) || places.label.is_some_and(|label| name(train, label) != name(other, label)) {
        return refused();
    }
    let renamed = used().filter(|place| name(train, *place) != name(other, *place));
    notes.extend(renamed.map(|place| {
        let (ours, theirs) = (&train.cells[place], &other.cells[place]);
        say!(
            "column {place} is called `{theirs}` in {other} and `{ours}` in the training file",
            place,
            theirs,
            other = title(other_path),
            ours
        )
    }));
    Ok(())
}
