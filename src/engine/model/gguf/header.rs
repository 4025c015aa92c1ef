//! What stands before the numbers of a GGUF file: metadata, and where each tensor lies. Everything
//! it claims is held against the file's length.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use super::kind::Kind;
use super::refused;
use super::value::{Reader, Value};
use crate::engine::model::ModelError;
use crate::engine::model::mapped::map;
use crate::session::{Sentence, say};

/// Metadata and the places of the tensors.
pub struct Header {
    fields: BTreeMap<String, Value>,
    /// Tensors by ggml's names.
    pub tensors: BTreeMap<String, Info>,
}

/// One tensor.
#[derive(Clone, Debug)]
pub struct Info {
    /// How its numbers are kept.
    pub kind: Kind,
    /// Its shape, outermost first as everywhere here (the file has it the other way round).
    pub shape: Vec<usize>,
    /// In which of the model's files it is.
    pub file: usize,
    /// Where in that file its bytes are.
    pub bytes: Range<usize>,
}

/// First bytes of every such file.
pub const MAGIC: &[u8; 4] = b"GGUF";

/// Bytes of the shortest entry of metadata: length of its key, type, one byte.
const SHORTEST_FIELD: u64 = 13;
/// Bytes of the shortest description of a tensor: length of its name, dimensions, kind, place.
const SHORTEST_TENSOR: u64 = 24;
/// Dimensions a tensor has at most, as in ggml.
const MOST_DIMENSIONS: u32 = 4;

impl Header {
    /// Maps a file and reads its header.
    ///
    /// # Errors
    /// [`ModelError::File`] if it is none that this program reads, [`ModelError::Damaged`] if it
    /// contradicts itself or its length.
    pub fn open(path: &Path) -> Result<(Self, memmap2::Mmap), ModelError> {
        let map = map(path)?;
        let header = Self::parse(&map, path)?;
        Ok((header, map))
    }

    fn parse(bytes: &[u8], path: &Path) -> Result<Self, ModelError> {
        let mut reader = Reader::new(bytes, path);
        check_start(&mut reader, path)?;
        let (tensors, fields) = (reader.u64()?, reader.u64()?);
        let tensors = reader.expect(tensors, SHORTEST_TENSOR, say!("tensors"))?;
        let fields = reader.expect(fields, SHORTEST_FIELD, say!("entries of metadata"))?;
        let field = |reader: &mut Reader| Ok((reader.text()?, reader.value()?));
        let fields = (0..fields).map(|_| field(&mut reader)).collect::<Result<BTreeMap<_, _>, ModelError>>()?;
        let mut header = Self { fields, tensors: BTreeMap::new() };
        let claims = (0..tensors).map(|_| Claim::read(&mut reader, path)).collect::<Result<Vec<_>, _>>()?;
        header.place(claims, &reader, bytes.len())?;
        Ok(header)
    }

    /// Finds the bytes of every tensor.
    fn place(&mut self, claims: Vec<Claim>, reader: &Reader, length: usize) -> Result<(), ModelError> {
        let alignment = self.alignment(reader)?;
        let start = reader.position().next_multiple_of(alignment);
        let mut total = 0usize;
        for claim in claims {
            let (name, info) = claim.placed(start, alignment, length, reader)?;
            total = total.saturating_add(info.bytes.len());
            if self.tensors.insert(name.clone(), info).is_some() {
                return Err(reader.damaged(say!("it has two tensors named {name}", name)));
            }
        }
        // Bounds what loading can take: no byte is read twice.
        if total > length.saturating_sub(start) {
            return Err(reader.damaged(say!("its tensors overlap")));
        }
        Ok(())
    }

    fn alignment(&self, reader: &Reader) -> Result<usize, ModelError> {
        // From 8 on every number of a tensor lies where the processor wants it.
        match self.fields.get("general.alignment") {
            None => Ok(32),
            Some(Value::Whole(power @ 8..=0x10_0000)) if power.count_ones() == 1 => Ok(*power as usize),
            Some(other) => Err(reader.damaged(say!(
                "its general.alignment is {other}, not a power of two from 8",
                other = format_args!("{other:?}")
            ))),
        }
    }

    /// A value of metadata.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// A text of metadata.
    ///
    /// # Errors
    /// That it is missing, in words.
    pub fn text(&self, name: &str) -> Result<&str, Sentence> {
        match self.fields.get(name) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(say!("its metadata has no {name}; convert the model again with a present llama.cpp", name)),
        }
    }

    /// A whole number of metadata.
    pub fn whole(&self, name: &str) -> Option<i64> {
        match self.fields.get(name) {
            Some(Value::Whole(number)) => Some(*number),
            _ => None,
        }
    }

    /// Whether there is a tensor of this name.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }
}

/// First bytes and version.
fn check_start(reader: &mut Reader, path: &Path) -> Result<(), ModelError> {
    let start = reader.take(4)?;
    if start != MAGIC {
        let found = String::from_utf8_lossy(start).escape_default().to_string();
        let reason = say!("it is no GGUF file: it begins with \"{found}\"; fetch it again or name another", found);
        return Err(refused(reason, path));
    }
    match reader.u32()? {
        2 | 3 => Ok(()),
        big if big.swap_bytes() < 256 && big > 255 => {
            Err(refused(say!("its numbers are big-endian; fetch the usual little-endian version"), path))
        }
        other => Err(refused(
            say!(
                "its version is {other}, and 2 and 3 are read here; convert the model again with a present llama.cpp",
                other
            ),
            path,
        )),
    }
}

/// What a file says of one tensor.
struct Claim {
    name: String,
    kind: Kind,
    shape: Vec<u64>,
    offset: u64,
}

impl Claim {
    fn read(reader: &mut Reader, path: &Path) -> Result<Self, ModelError> {
        let (name, dimensions) = (reader.text()?, reader.u32()?);
        if !(1..=MOST_DIMENSIONS).contains(&dimensions) {
            return Err(reader.damaged(say!("its tensor {name} has {dimensions} dimensions", name, dimensions)));
        }
        let mut shape = (0..dimensions).map(|_| reader.u64()).collect::<Result<Vec<_>, _>>()?;
        shape.reverse();
        let kind =
            Kind::of(reader.u32()?).map_err(|why| refused(say!("its tensor {name} is {why}", name, why), path))?;
        Ok(Self { name, kind, shape, offset: reader.u64()? })
    }

    /// Its shape, and the bytes it takes.
    fn size(&self) -> Result<(Vec<usize>, usize), Sentence> {
        let (name, shape) = (&self.name, &self.shape);
        let sizes = shape.iter().map(|size| usize::try_from(*size).ok().filter(|size| *size > 0));
        let sizes: Option<Vec<usize>> = sizes.collect();
        let count = |sizes: &Vec<usize>| sizes.iter().try_fold(1usize, |n, size| n.checked_mul(*size));
        let known = sizes.and_then(|sizes| Some((count(&sizes)?, sizes)));
        let (count, sizes) =
            known.ok_or_else(|| say!("its tensor {name} is {shape}", name, shape = format_args!("{shape:?}")))?;
        let row = sizes.last().copied().unwrap_or(1);
        let bytes = self.kind.bytes(row).and_then(|_| self.kind.bytes(count));
        let (kind, block) = (self.kind.name, self.kind.block());
        let wrong = || {
            say!(
                "its tensor {name} is {shape}, but rows of {kind} are multiples of {block}",
                name,
                shape = format_args!("{shape:?}"),
                kind,
                block
            )
        };
        Ok((sizes, bytes.ok_or_else(wrong)?))
    }

    fn placed(
        self,
        start: usize,
        alignment: usize,
        length: usize,
        reader: &Reader,
    ) -> Result<(String, Info), ModelError> {
        let (shape, bytes) = self.size().map_err(|why| reader.damaged(why))?;
        let name = self.name;
        let offset = usize::try_from(self.offset).ok().filter(|offset| offset.is_multiple_of(alignment));
        let from = offset.and_then(|offset| start.checked_add(offset));
        let from =
            from.ok_or_else(|| reader.damaged(say!("its tensor {name} lies at {offset}", name, offset = self.offset)))?;
        match from.checked_add(bytes) {
            Some(end) if end <= length => Ok((name, Info { kind: self.kind, shape, file: 0, bytes: from..end })),
            _ => Err(reader.damaged(say!(
                "its tensor {name} needs {bytes} bytes from byte {from} on, and the file has {length}; it is cut off",
                name,
                bytes,
                from,
                length
            ))),
        }
    }
}
