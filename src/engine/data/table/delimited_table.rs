//! Rows of cells: CSV, TSV and their like. The separator is said, or found by the file's ending and its first line;
//! quoted cells may hold separators and line breaks. Every row must be as wide as the first one; a row of nothing
//! but empty cells is an empty line.

use std::borrow::Cow;
use std::cell::RefCell;

use csv::{ReaderBuilder, StringRecord, Terminator};

use super::separator::Separator;
use super::{Cell, Need, Take, Wanted};
use crate::engine::data::columns::{self, FirstRow};
use crate::engine::data::data_error::DataError;
use crate::engine::data::data_file::DataFile;
use crate::engine::data::decode::file_title;
use crate::engine::data::quoting;
use crate::session::{Column, Sentence, say};

/// A delimited file, open.
pub struct DelimitedTable {
    text: String,
    quoting: bool,
    /// Its first row.
    pub first: FirstRow,
    /// First line and line behind the last of each row that lies over three lines or more.
    long: RefCell<Vec<(usize, usize)>>,
}

impl DelimitedTable {
    /// Opens a file whose text this is. Whether it has a header is judged where it is not said: columns that are
    /// asked for by name need one, else the first row tells.
    ///
    /// # Errors
    /// [`DataError`] for a separator that is none, and for marks that break the rules of quoting.
    pub fn open(
        text: String,
        file: &DataFile,
        separator: Option<String>,
        header: Option<bool>,
        has_names: bool,
        notes: &mut Vec<Sentence>,
    ) -> Result<Self, DataError> {
        let separator = Separator::of(file, &text, separator.as_deref())
            .map_err(|reason| DataError::Roles { reason, path: file.path.clone() })?;
        let quoting = match &separator {
            Separator::Byte(byte) => is_quoted(&text, *byte, file, notes)?,
            Separator::Text(_) => false,
        };
        let first = FirstRow { cells: Vec::new(), header: true, separator };
        let mut table = Self { text, quoting, first, long: RefCell::default() };
        let mut rows: Vec<Vec<String>> = Vec::new();
        table.records(file, &mut |_, record| {
            rows.push(record.iter().map(|cell| (*cell).trim().to_owned()).collect());
            Ok(rows.len() < LOOKED)
        })?;
        table.first.header = header.unwrap_or_else(|| has_names || columns::looks_like_names(&rows));
        if header.is_none() && !has_names && !rows.is_empty() {
            let (name, first) = (file_title(&file.path), crate::engine::data::label_rows::shortened(&rows[0]));
            notes.push(match table.first.header {
                true => say!("{name}: the first row, {first}, is taken for the names of the columns", name, first),
                false => say!("{name}: the first row, {first}, is taken for data", name, first),
            });
        }
        table.first.cells = rows.into_iter().next().unwrap_or_default();
        Ok(table)
    }

    /// As [`super::Table::columns`].
    pub fn columns(&self) -> Vec<String> {
        match self.first.header {
            true => self.first.cells.clone(),
            false => (0..self.first.cells.len()).map(|place| place.to_string()).collect(),
        }
    }

    /// As [`super::Table::written`].
    pub fn written(&self) -> String {
        match &self.first.separator {
            Separator::Byte(b'\t') => "\\t".to_owned(),
            Separator::Byte(byte) => char::from(*byte).to_string(),
            Separator::Text(text) => text.clone(),
        }
    }

    /// The place of a column; `None` where it may be missing and is.
    ///
    /// # Errors
    /// [`DataError::Column`] and [`DataError::Roles`].
    pub fn place(&self, wanted: &Wanted, file: &DataFile) -> Result<Option<usize>, DataError> {
        match columns::find(&wanted.column, &self.first, &file.path) {
            Err(_) if wanted.need == Need::Maybe => Ok(None),
            found => found.map(Some),
        }
    }

    /// As [`super::Table::rows`].
    ///
    /// # Errors
    /// [`DataError`].
    pub fn rows(&self, wanted: &[Wanted], file: &DataFile, take: &mut Take) -> Result<(), DataError> {
        if self.first.cells.is_empty() {
            return Ok(());
        }
        let places: Vec<Option<usize>> =
            wanted.iter().map(|wanted| self.place(wanted, file)).collect::<Result<_, _>>()?;
        let mut is_header = self.first.header;
        self.records(file, &mut |line, record| {
            if std::mem::take(&mut is_header) {
                return Ok(true);
            }
            if record.len() != self.first.cells.len() {
                let (record, first) = (record.len(), self.first.cells.len());
                return Err(say!("it has {record} cells where the first row has {first}", record, first));
            }
            let cell = |place: &Option<usize>| {
                let text = place.and_then(|place| record.get(place));
                text.map_or(Cell::Absent, |text| Cell::Text(Cow::Borrowed(text)))
            };
            take(line, &places.iter().map(cell).collect::<Vec<_>>()).map(|()| true)
        })
    }

    /// Frees the text behind the last reading, which is as large as what was read; kept where rows lie over lines, which
    /// [`Self::swallowed_rows`] looks at again.
    pub fn free_text(&mut self) {
        if self.long.get_mut().is_empty() {
            self.text = String::new();
        }
    }

    /// Gives each row that has something in a cell, until `take` says that it is enough.
    fn records(&self, file: &DataFile, take: &mut Records) -> Result<(), DataError> {
        match &self.first.separator {
            Separator::Byte(byte) => self.quoted_records(*byte, file, take),
            Separator::Text(separator) => self.split_records(separator, file, take),
        }
    }

    fn quoted_records(&self, separator: u8, file: &DataFile, take: &mut Records) -> Result<(), DataError> {
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true).delimiter(separator).quoting(self.quoting);
        let mut reader = builder.terminator(Terminator::Any(b'\n')).from_reader(self.text.as_bytes());
        let (mut record, mut long) = (StringRecord::new(), Vec::new());
        while reader.read_record(&mut record).map_err(|e| DataError::text(e, &file.path))? {
            let line = record.position().map_or(0, csv::Position::line);
            let end = reader.position().line();
            long.extend((end > line + 2).then_some((line as usize, end as usize)));
            // A spreadsheet writes its empty rows as nothing but separators.
            if record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let cells: Vec<&str> = record.iter().collect();
            if !take(line, &cells).map_err(|reason| DataError::line(line, reason, &file.path))? {
                break;
            }
        }
        self.long.replace(long);
        Ok(())
    }

    fn split_records(&self, separator: &str, file: &DataFile, take: &mut Records) -> Result<(), DataError> {
        for (line, text) in (1..).zip(self.text.split('\n')) {
            let cells: Vec<&str> = text.split(separator).collect();
            if cells.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            if !take(line, &cells).map_err(|reason| DataError::line(line, reason, &file.path))? {
                break;
            }
        }
        Ok(())
    }

    /// Refuses a quoted cell over several lines whose inner lines are rows of their own, each with all its
    /// separators and, in the column at `label`, what `is_class` knows: the marks were text, and lines between them
    /// are lost in silence.
    ///
    /// # Errors
    /// [`DataError::Line`].
    pub fn swallowed_rows(
        &self,
        label: usize,
        is_class: impl Fn(&str) -> bool,
        file: &DataFile,
    ) -> Result<(), DataError> {
        let (Separator::Byte(separator), true) = (&self.first.separator, self.quoting && self.first.cells.len() > 1)
        else {
            return Ok(());
        };
        let long = self.long.borrow();
        let lines: Vec<&str> = if long.is_empty() { Vec::new() } else { self.text.split('\n').collect() };
        for (start, end) in long.iter().copied() {
            let inner = lines.get(start..end.saturating_sub(2)).unwrap_or_default();
            let is_row = |line: &&str| {
                let cells: Vec<&str> = line.split(char::from(*separator)).collect();
                cells.len() == self.first.cells.len() && cells.get(label).is_some_and(|cell| is_class(cell.trim()))
            };
            if inner.len() > 1 && inner.iter().all(is_row) {
                let reason = say!(
                    "its quoted cell holds {inner} lines that are rows themselves; where quotation marks are text, double them and quote the cell",
                    inner = inner.len()
                );
                return Err(DataError::line(start as u64, reason, &file.path));
            }
        }
        Ok(())
    }

    /// Whether a column is asked for by its place.
    pub fn is_by_place(column: &Column) -> bool {
        matches!(column, Column::Index(_))
    }
}

/// Takes a row with its line, and says whether to go on.
type Records<'t> = dyn FnMut(u64, &[&str]) -> Result<bool, Sentence> + 't;

/// Rows by which it is judged whether the first one is a header.
const LOOKED: usize = 50;

/// Whether quotation marks quote. Tab-separated files are often written without any quoting, then
/// a mark is a character like others; with other separators a broken quote is an error.
fn is_quoted(text: &str, separator: u8, file: &DataFile, notes: &mut Vec<Sentence>) -> Result<bool, DataError> {
    let swallow = || quoting::swallow(text, separator).filter(|_| separator == b'\t');
    match quoting::fault(text, separator).or_else(swallow) {
        None => Ok(true),
        Some(fault) if separator == b'\t' => {
            let name = file_title(&file.path);
            notes.push(say!(
                "{name} is read without quoting, its quotation marks as plain text: in line {line} {reason}",
                name,
                line = fault.line,
                reason = fault.reason
            ));
            Ok(false)
        }
        Some(fault) => Err(DataError::line(fault.line, fault.reason, &file.path)),
    }
}
