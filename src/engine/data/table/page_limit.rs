//! Pages of a Parquet file, kept from claiming more than its columns unpack to. The library makes room for a page by
//! what its header says and fills it with zeros: for one damaged number, up to two gigabytes.

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{ChunkReader, Length};

/// What a page may unpack to whatever the columns say: less is not worth a refusal.
const FREE: u64 = 16 << 20;

/// Bytes that hold the first two fields of a page's header.
const FIELDS: u64 = 16;

/// A file whose page headers are looked at before they are followed.
pub struct Bounded<R> {
    inner: R,
    /// Most bytes that a page may unpack to.
    most: Arc<AtomicU64>,
}

/// Sets the limit once the file's columns are known.
pub struct Limit(Arc<AtomicU64>);

impl<R> Bounded<R> {
    /// Wraps a file whose columns are not known yet, with the handle to tell them.
    pub fn new(inner: R) -> (Self, Limit) {
        let most = Arc::new(AtomicU64::new(FREE));
        (Self { inner, most: Arc::clone(&most) }, Limit(most))
    }
}

impl Limit {
    /// No page is larger than the largest column of a row group.
    pub fn set(&self, metadata: &ParquetMetaData) {
        let columns = metadata.row_groups().iter().flat_map(|group| group.columns());
        let sizes = columns.map(|column| column.uncompressed_size().max(0) as u64);
        self.0.store(sizes.fold(FREE, u64::max), Ordering::Relaxed);
    }
}

impl<R: Length> Length for Bounded<R> {
    fn len(&self) -> u64 {
        self.inner.len()
    }
}

impl<R: ChunkReader> ChunkReader for Bounded<R> {
    type T = R::T;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let mut first = Vec::new();
        self.inner.get_read(start)?.take(FIELDS).read_to_end(&mut first)?;
        match claimed(&first) {
            Some(size) if size > self.most.load(Ordering::Relaxed) => {
                Err(ParquetError::General(format!("a page claims to unpack to {size} bytes")))
            }
            _ => self.inner.get_read(start),
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<bytes::Bytes> {
        match start.saturating_add(length as u64) > self.len() {
            true => Err(ParquetError::EOF(format!("{length} bytes at {start} lie beyond its end"))),
            false => self.inner.get_bytes(start, length),
        }
    }
}

/// What a page says that it unpacks to; `None` where this is not the header of a page.
///
/// # Source
/// `PageHeader` of the Parquet format, in Thrift's compact protocol: two numbers of 32 bits come first, the kind of
/// page and its size unpacked.
fn claimed(header: &[u8]) -> Option<u64> {
    let mut bytes = header.iter().copied();
    number(&mut bytes)?;
    number(&mut bytes)
}

/// The next field, if it is the one behind the last and a number of 32 bits; 0 where it is below that.
fn number(bytes: &mut impl Iterator<Item = u8>) -> Option<u64> {
    const NEXT: u8 = 0x15;
    bytes.next().filter(|byte| *byte == NEXT)?;
    let mut value = 0u64;
    for shift in (0..35).step_by(7) {
        let byte = bytes.next()?;
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            // Zigzag: odd ones are below 0.
            return Some(if value & 1 == 0 { value >> 1 } else { 0 });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_that_a_page_claims_is_read_from_its_header() {
        for (header, size) in [
            (&[0x15, 0x00, 0x15, 0x14, 0x15, 0x14][..], Some(10)),
            (&[0x15, 0x00, 0x15, 0xFE, 0xFF, 0xFF, 0xFF, 0x0F, 0x15], Some(i32::MAX as u64)),
            (&[0x15, 0x00, 0x15, 0x03, 0x15], Some(0)),
            (&[0x15, 0x02, 0x19, 0x5C], None),
            (&[0x15, 0x00, 0x15, 0xFF], None),
            (b"", None),
        ] {
            assert_eq!(claimed(header), size, "{header:?}");
        }
    }
}
