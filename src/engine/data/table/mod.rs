//! Tables: a reader for each format gives the columns of a file and then its rows, cell by cell; what a column
//! means is the roles' business. A file of JSON may hold a table for each part.

mod delimited_table;
mod json_table;
mod labelled_lines;
mod marked_documents;
mod page_limit;
mod parquet_table;
mod separator;

use std::borrow::Cow;

use super::data_error::DataError;
use super::data_file::DataFile;
use super::example::TEXT;
use super::parts::Part;
use crate::session::{Column, Format, Sentence};
pub use delimited_table::DelimitedTable;
pub use json_table::find;
pub use separator::Separator;

/// A column that is asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which.
    pub column: Column,
    /// How badly.
    pub need: Need,
}

/// Whether a row may lack a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Every row has it.
    Always,
    /// Some row has it: a name that none has is a slip of the pen.
    Somewhere,
    /// It may be missing altogether.
    Maybe,
}

/// What a row says in a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Nothing: there is no such cell.
    Absent,
    /// A single value as text; empty where it is null.
    Text(Cow<'a, str>),
    /// A list of single values.
    Items(Vec<String>),
    /// Values within values.
    Nested {
        /// What it is.
        kind: Sentence,
        /// All of it as JSON.
        json: String,
    },
}

/// Takes the cells of a row, in the order in which they were asked for, with its line.
pub type Take<'t> = dyn FnMut(u64, &[Cell]) -> Result<(), Sentence> + 't;

/// An open table.
pub enum Table {
    /// Cells with a separator between them.
    Delimited(DelimitedTable),
    /// Objects, or lists, of JSON.
    Json(json_table::JsonTable),
    /// Parquet.
    Parquet(parquet_table::ParquetTable),
    /// Lines, with or without a label in front.
    Lines(labelled_lines::LinesTable),
    /// Documents with a mark between them.
    Running(marked_documents::RunningText),
}

impl Table {
    /// Opens a file, written as `format` says or as its name and its beginning do; a file of several parts gives a
    /// table for each. `has_names` says whether columns are asked for by name.
    ///
    /// # Errors
    /// [`DataError`] naming the file, and the line where one is to blame.
    pub fn open(
        file: &DataFile,
        format: &Format,
        has_names: bool,
        notes: &mut Vec<Sentence>,
    ) -> Result<Vec<(Option<Part>, Self)>, DataError> {
        let alone = |table| vec![(None, table)];
        let mut judged = Judged::of(file, format, notes)?;
        Ok(match std::mem::take(&mut judged.format) {
            Format::Delimited { separator, header } => {
                let header = if *format == Format::Auto { None } else { Some(header) };
                let table = DelimitedTable::open(judged.text(file, notes)?, file, separator, header, has_names, notes)?;
                alone(Self::Delimited(table))
            }
            Format::Json => {
                let tables = json_table::open(judged.text(file, notes)?, file, notes)?;
                tables.into_iter().map(|(part, table)| (part, Self::Json(table))).collect()
            }
            Format::Parquet => alone(Self::Parquet(parquet_table::ParquetTable::open(file)?)),
            Format::LabelledLines => {
                alone(Self::Lines(labelled_lines::LinesTable::labelled(judged.text(file, notes)?)))
            }
            Format::Documents { between } => {
                let (text, is_found) = (judged.text(file, notes)?, *format == Format::Auto);
                alone(Self::Running(marked_documents::RunningText::open(text, between, is_found, file, notes)))
            }
            Format::Auto | Format::Lines | Format::Folders => {
                alone(Self::Lines(labelled_lines::LinesTable::plain(judged.text(file, notes)?)))
            }
        })
    }

    /// The names of its columns; of columns without names their places.
    pub fn columns(&self) -> Vec<String> {
        match self {
            Self::Delimited(table) => table.columns(),
            Self::Json(table) => table.columns(),
            Self::Parquet(table) => table.columns(),
            Self::Lines(table) => table.columns(),
            Self::Running(_) => vec![TEXT.to_owned()],
        }
    }

    /// Gives its rows to `take`.
    ///
    /// # Errors
    /// [`DataError`] where a column is missing, a row cannot be read, or `take` refuses it.
    pub fn rows(&self, wanted: &[Wanted], file: &DataFile, take: &mut Take) -> Result<(), DataError> {
        match self {
            Self::Delimited(table) => table.rows(wanted, file, take),
            Self::Json(table) => table.rows(wanted, file, take),
            Self::Parquet(table) => table.rows(wanted, file, take),
            Self::Lines(table) => table.rows(wanted, file, take),
            Self::Running(table) => table.rows(wanted, file, take),
        }
    }

    /// What a text is by its first lines.
    pub fn format_of_text(text: &str) -> Format {
        labelled_lines::by_beginning(text)
    }

    /// How it is written, in a word or two; empty where its name says so.
    pub fn written(&self) -> String {
        match self {
            Self::Delimited(table) => table.written(),
            Self::Json(_) => "JSON".to_owned(),
            Self::Parquet(_) => "Parquet".to_owned(),
            Self::Lines(table) => table.written(),
            Self::Running(_) => "running text".to_owned(),
        }
    }
}

/// The format of a file, and its text where that had to be looked at.
struct Judged {
    format: Format,
    text: Option<String>,
}

impl Judged {
    fn of(file: &DataFile, format: &Format, notes: &mut Vec<Sentence>) -> Result<Self, DataError> {
        let by_name = if *format == Format::Auto { by_name(file) } else { Some(format.clone()) };
        if let Some(format) = by_name {
            return Ok(Self { format, text: None });
        }
        if file.begins_with(b"PAR1") {
            return Ok(Self { format: Format::Parquet, text: None });
        }
        let text = file.text(notes)?;
        let format = labelled_lines::by_beginning(&text);
        Ok(Self { format, text: Some(text) })
    }

    fn text(self, file: &DataFile, notes: &mut Vec<Sentence>) -> Result<String, DataError> {
        self.text.map_or_else(|| file.text(notes), Ok)
    }
}

/// What the ending of a name says.
pub fn by_name(file: &DataFile) -> Option<Format> {
    let name = file.name();
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    match () {
        () if ends(&[".csv", ".tsv", ".tab"]) => Some(Format::delimited(true)),
        () if ends(&[".jsonl", ".ndjson", ".json"]) => Some(Format::Json),
        () if ends(&[".parquet", ".pq"]) => Some(Format::Parquet),
        () => None,
    }
}
