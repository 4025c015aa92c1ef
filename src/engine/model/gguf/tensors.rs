//! The tensors of a GGUF file under Hugging Face's names and layouts, read on demand.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::quantized::{QStorage, QTensor};
use candle_core::{Device, Tensor};

use super::ggml_names::{TensorNames, Turn, is_ignored, row_in_file};
use super::header::Info;
use super::split_files::{Mapped, Whole};
use super::{metadata, refused};
use crate::engine::model::ModelError;
use crate::engine::model::frozen::FrozenWeights;
use crate::session::{Sentence, say};

/// A mapped file and what of it is where.
pub struct Tensors {
    map: memmap2::Mmap,
    parts: BTreeMap<String, Part>,
    names: TensorNames,
    /// Rows of one head.
    wide: usize,
    path: PathBuf,
}

struct Part {
    called: String,
    info: Info,
    turn: Turn,
}

impl Tensors {
    /// Opens the file, or all parts of the model it is one of; reads what the tensors are, not yet
    /// the numbers.
    ///
    /// # Errors
    /// [`ModelError::File`] for another network than its architecture says or a part that is missing
    /// or belongs elsewhere, [`ModelError::Damaged`] for a file that contradicts itself.
    pub fn open(path: &Path) -> Result<Vec<(PathBuf, Self)>, ModelError> {
        let Whole { header, files } = Whole::open(path)?;
        let (names, wide) = metadata::names(&header).map_err(|reason| refused(reason, path))?;
        let empty = |Mapped { path, map }| Self { map, parts: BTreeMap::new(), names, wide, path };
        let mut all: Vec<Self> = files.into_iter().map(empty).collect();
        for (called, info) in header.tensors {
            let Some(file) = all.get_mut(info.file) else { continue };
            match names.translate(&called) {
                Some((name, turn)) => drop(file.parts.insert(name, Part { called, info, turn })),
                None if is_ignored(&called) => {}
                None => {
                    let reason = say!(
                        "its tensor {called} has no place in the network its metadata names, so this program would compute something else; choose another model",
                        called
                    );
                    return Err(refused(reason, &file.path));
                }
            }
        }
        Ok(all.into_iter().map(|file| (file.path.clone(), file)).collect())
    }

    /// Names and shapes, both as in Hugging Face's layout.
    pub fn known(&self) -> impl Iterator<Item = (&str, Vec<usize>)> {
        self.parts.iter().map(|(name, part)| (name.as_str(), part.shape()))
    }

    /// Memory of all tensors as they are used, bytes. candle packs a quantised matrix a second time,
    /// in the order in which the processor reads it; the others become `f32`.
    pub fn memory(&self) -> u64 {
        let of = |part: &Part| match part.stays() {
            true => 2 * part.info.bytes.len() as u64,
            false => part.info.shape.iter().fold(4, |bytes: u64, size| bytes.saturating_mul(*size as u64)),
        };
        self.parts.values().map(of).fold(0, u64::saturating_add)
    }

    /// What the file calls a tensor, or would.
    pub fn called(&self, name: &str) -> Option<String> {
        self.names.called(name)
    }

    /// A tensor as numbers, whatever it is kept as.
    ///
    /// # Errors
    /// [`ModelError::Damaged`] if it is not whole.
    pub fn tensor(&self, name: &str, device: &Device) -> Result<Tensor, ModelError> {
        let part = self.part(name)?;
        let plain = self.blocks(part, self.bytes(part)?, &Device::Cpu)?.dequantize(&Device::Cpu)?.to_device(device)?;
        let turned = match part.turn {
            Turn::Plain => plain,
            Turn::Transposed => plain.t()?.contiguous()?,
            Turn::QueryRows | Turn::KeyRows => {
                let rows: Vec<u32> = self.order(part)?.into_iter().map(|row| row as u32).collect();
                plain.index_select(&Tensor::new(rows, device)?, 0)?
            }
        };
        Ok(turned)
    }

    /// A matrix that is kept quantised, as it is; `None` for one that becomes numbers.
    ///
    /// # Errors
    /// As [`Self::tensor`].
    pub fn frozen(&self, name: &str, device: &Device) -> Result<Option<FrozenWeights>, ModelError> {
        let part = self.part(name)?;
        if !part.stays() {
            return Ok(None);
        }
        let bytes = self.bytes(part)?;
        let blocks = match part.turn {
            // A transposed matrix lies in the file as the product wants it.
            Turn::Plain | Turn::Transposed => self.blocks(part, bytes, device)?,
            // Rows are whole blocks, so they can be moved without unpacking them.
            Turn::QueryRows | Turn::KeyRows => {
                let (order, row) = (self.order(part)?, bytes.len() / part.info.shape[0]);
                let moved: Vec<&[u8]> = order.into_iter().map(|from| &bytes[from * row..(from + 1) * row]).collect();
                self.blocks(part, &moved.concat(), device)?
            }
        };
        Ok(Some(FrozenWeights::quantised(blocks, part.info.kind.name)))
    }

    fn part(&self, name: &str) -> Result<&Part, ModelError> {
        self.parts.get(name).ok_or_else(|| ModelError::Weights(say!("no tensor {name}", name)))
    }

    fn bytes(&self, part: &Part) -> Result<&[u8], ModelError> {
        let damaged = |reason: Sentence| ModelError::Damaged { reason, path: self.path.clone() };
        let bytes = self.map.get(part.info.bytes.clone());
        let bytes = bytes.ok_or_else(|| damaged(say!("{called} is not there", called = part.called)))?;
        if part.info.kind.is_finite(bytes) {
            Ok(bytes)
        } else {
            Err(damaged(say!("{called} holds scales that are NaN or infinite", called = part.called)))
        }
    }

    fn blocks(&self, part: &Part, bytes: &[u8], device: &Device) -> Result<QTensor, ModelError> {
        // candle reads numbers in place and panics where they are not aligned. In the file they are,
        // because the header is held to it.
        let mut room = Vec::new();
        let bytes = Cow::Borrowed(aligned(bytes, &mut room));
        let storage = QStorage::from_data(bytes, device, part.info.kind.dtype)?;
        Ok(QTensor::new(storage, part.info.shape.as_slice())?)
    }

    /// For each row in Hugging Face's order, the row in the file.
    fn order(&self, part: &Part) -> Result<Vec<usize>, ModelError> {
        let rows = part.info.shape[0];
        if !rows.is_multiple_of(self.wide) {
            let reason = say!(
                "{called} has {rows} rows, no multiple of a head's {wide}",
                called = part.called,
                rows,
                wide = self.wide
            );
            return Err(ModelError::Damaged { reason, path: self.path.clone() });
        }
        Ok((0..rows).map(|to| row_in_file(to, self.wide)).collect())
    }
}

impl Part {
    /// Whether it is used as it is, without being unpacked.
    fn stays(&self) -> bool {
        matches!(self.info.shape.as_slice(), [_, row] if self.info.kind.multiplies(*row))
    }

    fn shape(&self) -> Vec<usize> {
        let mut shape = self.info.shape.clone();
        if self.turn == Turn::Transposed {
            shape.reverse();
        }
        shape
    }
}

/// The same bytes where their numbers are aligned; `room` holds them if they had to be moved.
fn aligned<'a>(bytes: &'a [u8], room: &'a mut Vec<u8>) -> &'a [u8] {
    const NUMBER: usize = 8;
    if bytes.as_ptr().align_offset(NUMBER) == 0 {
        return bytes;
    }
    room.reserve_exact(bytes.len() + NUMBER);
    let start = room.as_ptr().align_offset(NUMBER).min(NUMBER);
    room.resize(start, 0);
    room.extend_from_slice(bytes);
    &room[start..]
}
