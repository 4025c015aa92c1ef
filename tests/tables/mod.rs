//! Files of rows as people have them, made anew: Parquet by the crate's own low-level writer, and packed ones.

#![allow(dead_code, reason = "each test that makes files makes some kinds of them")]

use std::io::Write as _;
use std::sync::Arc;

use flate2::write::GzEncoder;
use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;

/// The cells of one column.
#[derive(Clone, Debug)]
pub enum Cells {
    Texts(Vec<Option<String>>),
    Wholes(Vec<i64>),
    Numbers(Vec<f64>),
    Truths(Vec<bool>),
    Lists(Vec<Vec<String>>),
}

impl Cells {
    pub fn texts(cells: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::Texts(cells.into_iter().map(|cell| Some(cell.into())).collect())
    }

    fn field(&self, name: &str) -> String {
        match self {
            Self::Texts(_) => format!("optional binary {name} (UTF8);"),
            Self::Wholes(_) => format!("required int64 {name};"),
            Self::Numbers(_) => format!("required double {name};"),
            Self::Truths(_) => format!("required boolean {name};"),
            Self::Lists(_) => {
                format!("optional group {name} (LIST) {{ repeated group list {{ optional binary element (UTF8); }} }}")
            }
        }
    }

    fn write(&self, column: &mut SerializedColumnWriter) {
        let bytes = |text: &String| ByteArray::from(text.as_bytes().to_vec());
        let written = match self {
            Self::Texts(cells) => {
                let there: Vec<i16> = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
                let cells: Vec<ByteArray> = cells.iter().flatten().map(bytes).collect();
                column.typed::<ByteArrayType>().write_batch(&cells, Some(&there), None)
            }
            Self::Wholes(cells) => column.typed::<Int64Type>().write_batch(cells, None, None),
            Self::Numbers(cells) => column.typed::<DoubleType>().write_batch(cells, None, None),
            Self::Truths(cells) => column.typed::<BoolType>().write_batch(cells, None, None),
            Self::Lists(cells) => {
                let (mut there, mut repeated) = (Vec::new(), Vec::new());
                for list in cells {
                    there.extend(list.iter().map(|_| 3i16).chain(list.is_empty().then_some(1)));
                    repeated.extend((0..list.len().max(1)).map(|item| i16::from(item > 0)));
                }
                let cells: Vec<ByteArray> = cells.iter().flatten().map(bytes).collect();
                column.typed::<ByteArrayType>().write_batch(&cells, Some(&there), Some(&repeated))
            }
        };
        written.unwrap();
    }
}

/// A Parquet file.
pub fn parquet(columns: &[(&str, Cells)], packing: Compression, dictionary: bool) -> Vec<u8> {
    let fields: Vec<String> = columns.iter().map(|(name, cells)| cells.field(name)).collect();
    let schema = parse_message_type(&format!("message rows {{ {} }}", fields.join(" "))).unwrap();
    let properties = WriterProperties::builder().set_compression(packing).set_dictionary_enabled(dictionary);
    let mut file = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut file, Arc::new(schema), Arc::new(properties.build())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for (_, cells) in columns {
        let mut column = group.next_column().unwrap().unwrap();
        cells.write(&mut column);
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    file
}

/// A Parquet file of one column of conversations, each turn of them with who speaks and what is said.
pub fn conversations(column: &str, rows: &[Vec<[&str; 2]>]) -> Vec<u8> {
    let turn = "required group element { required binary role (UTF8); required binary content (UTF8); }";
    let schema = format!("message rows {{ optional group {column} (LIST) {{ repeated group list {{ {turn} }} }} }}");
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let mut file = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut file, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for place in [0, 1] {
        let cells: Vec<ByteArray> = rows.iter().flatten().map(|turn| turn[place].into()).collect();
        let repeated: Vec<i16> = rows.iter().flat_map(|row| (0..row.len()).map(|turn| i16::from(turn > 0))).collect();
        let there = vec![2; cells.len()];
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&cells, Some(&there), Some(&repeated)).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    file
}

/// Bytes packed by gzip.
pub fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// A tar archive.
pub fn tar(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut packer = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        packer.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    packer.into_inner().unwrap()
}

/// A zip archive.
pub fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut packer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        packer.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
        packer.write_all(bytes).unwrap();
    }
    packer.finish().unwrap().into_inner()
}
