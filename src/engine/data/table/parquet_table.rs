//! Parquet as a table, by the record interface of the `parquet` crate: cells are single values or lists of them.
//!
//! *Why a guard against panics (2026-11).* A damaged file can have the crate index beyond a page's end; a person
//! whose download broke off must be told, and lose nothing. So a panic inside it is an error of the file.

use std::borrow::Cow;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use parquet::schema::types::{Type, TypePtr};
use serde_json::Value;

use super::page_limit::Bounded;
use super::{Cell, Need, Take, Wanted};
use crate::engine::data::data_error::DataError;
use crate::engine::data::data_file::DataFile;
use crate::engine::data::decode::FILE_LIMIT;
use crate::engine::data::label_rows::shortened;
use crate::session::{Column, Say, Sentence, say};

/// How a file that is packed as a whole begins.
const GZIP: [u8; 2] = [0x1F, 0x8B];

/// A Parquet file, open.
pub struct ParquetTable {
    reader: Box<dyn FileReader>,
    columns: Vec<String>,
}

impl ParquetTable {
    /// Opens a file and looks at its schema.
    ///
    /// # Errors
    /// [`DataError`] for a damaged file and for a compression that is not read.
    pub fn open(file: &DataFile) -> Result<Self, DataError> {
        let failed = |reason: Sentence| DataError::text(reason, &file.path);
        let packed = if file.on_disk().is_none() || file.begins_with(&GZIP) { Some(file.bytes()?) } else { None };
        let reader = guarded(|| opened(file, packed)).map_err(failed)?;
        let columns = reader.metadata().file_metadata().schema().get_fields().iter();
        let columns = columns.map(|field| field.name().to_owned()).collect();
        let table = Self { reader, columns };
        table.check().map_err(failed)?;
        Ok(table)
    }

    /// That all of it can be unpacked, into what fits.
    fn check(&self) -> Result<(), Sentence> {
        let groups = self.reader.metadata().row_groups();
        let brotli = |column: &&parquet::file::metadata::ColumnChunkMetaData| {
            matches!(column.compression(), Compression::BROTLI(_) | Compression::LZO)
        };
        if let Some(column) = groups.iter().flat_map(|group| group.columns()).find(brotli) {
            let (name, packing) = (column.column_path().string(), format!("{:?}", column.compression()));
            return Err(say!(
                "its column `{name}` is packed with {packing}, which is not read here; write it with snappy, zstd, lz4 or gzip",
                name,
                packing
            ));
        }
        let bytes: i64 = groups.iter().map(|group| group.total_byte_size().max(0)).fold(0, i64::saturating_add);
        match bytes as u64 > FILE_LIMIT {
            true => Err(too_much()),
            false => Ok(()),
        }
    }

    /// As [`super::Table::columns`].
    pub fn columns(&self) -> Vec<String> {
        self.columns.clone()
    }

    /// As [`super::Table::rows`].
    ///
    /// # Errors
    /// [`DataError`].
    pub fn rows(&self, wanted: &[Wanted], file: &DataFile, take: &mut Take) -> Result<(), DataError> {
        let places: Vec<Option<usize>> =
            wanted.iter().map(|wanted| self.place(wanted, file)).collect::<Result<_, _>>()?;
        let failed = |reason: Sentence| DataError::text(reason, &file.path);
        let (projection, order) = self.projection(&places);
        let mut rows = guarded(|| self.reader.get_row_iter(Some(projection))).map_err(failed)?;
        let mut bytes = 0;
        for row in 1.. {
            let Some(read) = guarded(|| rows.next().transpose()).map_err(failed)? else { break };
            bytes += read.get_column_iter().map(|(_, field)| LEAST + length(field)).sum::<u64>();
            // A run of equal cells costs a file nothing and the memory each of them.
            if bytes > FILE_LIMIT {
                return Err(failed(too_much()));
            }
            let cells: Vec<Cell> = order.iter().map(|place| place.map_or(Cell::Absent, |n| cell(&read, n))).collect();
            let place = |reason| say!("row {row}: {reason}", row, reason);
            take(row, &cells).map_err(|reason| failed(place(reason)))?;
        }
        Ok(())
    }

    fn place(&self, wanted: &Wanted, file: &DataFile) -> Result<Option<usize>, DataError> {
        let place = match &wanted.column {
            Column::Name(name) => self.columns.iter().position(|column| column == name),
            Column::Index(place) => Some(*place).filter(|place| *place < self.columns.len()),
        };
        match place {
            None if wanted.need != Need::Maybe => Err(DataError::Column {
                wanted: Sentence::verbatim(format!("`{}`", wanted.column.title())),
                columns: shortened(&self.columns),
                path: file.path.clone(),
            }),
            place => Ok(place),
        }
    }

    /// The schema of the wanted columns alone, and of each of `places` its place within that.
    fn projection(&self, places: &[Option<usize>]) -> (Type, Vec<Option<usize>>) {
        let schema = self.reader.metadata().file_metadata().schema();
        let kept: Vec<usize> = (0..self.columns.len()).filter(|place| places.contains(&Some(*place))).collect();
        let fields: Vec<TypePtr> =
            kept.iter().filter_map(|place| schema.get_fields().get(*place).map(Arc::clone)).collect();
        let built = Type::group_type_builder(schema.name()).with_fields(fields).build();
        let order = places.iter().map(|place| kept.iter().position(|kept| Some(*kept) == *place));
        match built {
            Ok(projection) => (projection, order.collect()),
            Err(_) => (schema.clone(), places.to_vec()),
        }
    }
}

/// A reader of the bytes that were unpacked, else of the file on the disk.
fn opened(file: &DataFile, unpacked: Option<Cow<[u8]>>) -> Result<Box<dyn FileReader>, ParquetError> {
    match unpacked {
        Some(bytes) => bounded(bytes::Bytes::from(bytes.into_owned())),
        None => bounded(File::open(&file.path)?),
    }
}

fn bounded(file: impl ChunkReader + 'static) -> Result<Box<dyn FileReader>, ParquetError> {
    let (file, limit) = Bounded::new(file);
    let reader = SerializedFileReader::new(file)?;
    limit.set(reader.metadata());
    Ok(Box::new(reader))
}

/// What a cell counts at least, so that there cannot be any number of empty ones.
const LEAST: u64 = 16;

fn length(field: &Field) -> u64 {
    match field {
        Field::Str(text) => text.len() as u64,
        Field::Bytes(bytes) => bytes.len() as u64,
        Field::ListInternal(list) => list.elements().iter().map(|item| LEAST + length(item)).sum(),
        Field::Group(row) => row.get_column_iter().map(|(_, field)| LEAST + length(field)).sum(),
        Field::MapInternal(map) => map.entries().iter().map(|(key, own)| LEAST + length(key) + length(own)).sum(),
        _ => 0,
    }
}

fn too_much() -> Sentence {
    say!("it unpacks to more than {file_limit} bytes", file_limit = FILE_LIMIT)
}

/// What `work` gives; an error of the crate, or a panic within it, in words.
fn guarded<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, Sentence> {
    let damaged = |reason: Sentence| say!("it is no Parquet file that can be read: {reason}; write it anew", reason);
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(|e| damaged(e.said())),
        Err(_) => Err(damaged(say!("a page of it is damaged"))),
    }
}

fn cell(row: &Row, place: usize) -> Cell<'_> {
    let Some((_, field)) = row.get_column_iter().nth(place) else { return Cell::Absent };
    match field {
        Field::Str(text) => Cell::Text(Cow::Borrowed(text)),
        Field::ListInternal(list) => {
            let items: Option<Vec<String>> = list.elements().iter().map(single).collect();
            items.map_or_else(|| nested(field), Cell::Items)
        }
        Field::Group(_) | Field::MapInternal(_) => nested(field),
        field => single(field).map_or_else(|| nested(field), |text| Cell::Text(Cow::Owned(text))),
    }
}

fn nested(field: &Field) -> Cell<'static> {
    let kind = match field {
        Field::ListInternal(_) => say!("a list"),
        Field::Bytes(_) => say!("bytes that are no text"),
        _ => say!("an object"),
    };
    Cell::Nested { kind, json: json(field).to_string() }
}

/// A value with all that is within it; the library's own text of it is no JSON.
fn json(field: &Field) -> Value {
    match field {
        Field::ListInternal(list) => list.elements().iter().map(json).collect(),
        Field::Group(row) => row.get_column_iter().map(|(name, field)| (name.clone(), json(field))).collect(),
        Field::MapInternal(map) => {
            let key = |key: &Field| single(key).unwrap_or_else(|| json(key).to_string());
            map.entries().iter().map(|(own, field)| (key(own), json(field))).collect()
        }
        Field::Null => Value::Null,
        Field::Bool(truth) => Value::Bool(*truth),
        field => single(field).map_or(Value::Null, Value::String),
    }
}

/// A single value as text.
fn single(field: &Field) -> Option<String> {
    match field {
        Field::Null => Some(String::new()),
        Field::Str(text) => Some(text.clone()),
        Field::Bytes(bytes) => std::str::from_utf8(bytes.data()).ok().map(str::to_owned),
        Field::Group(_) | Field::ListInternal(_) | Field::MapInternal(_) => None,
        Field::Double(number) => Some(number.to_string()),
        Field::Float(number) => Some(number.to_string()),
        other => Some(other.to_string()),
    }
}
