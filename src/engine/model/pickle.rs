//! PyTorch's archives (`pytorch_model.bin`), read without running anything. Candle's reader only
//! rebuilds plain values, but it trusts the file with its memory and its stack: so every archive is
//! looked through first (`weigh`), and every tensor's claim is held against the bytes that exist.

mod weigh;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};

use candle_core::pickle::{PthTensors, TensorInfo};
use candle_core::{DType, Device, Tensor};

use super::kinds::explain_bytes;
use super::{ModelError, shelter};
use crate::session::{Say, Sentence, say};

/// Largest description of tensors in an archive, bytes; a model of 1000 tensors has some 200 kB.
const MOST: u64 = 64 << 20;

/// One archive.
pub struct Pickle {
    reader: PthTensors,
    path: PathBuf,
}

impl Pickle {
    /// Opens an archive: reads which tensors there are, not the tensors.
    ///
    /// # Errors
    /// [`ModelError::Damaged`] if it is no archive, wants too much, or claims what is not there.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let failed = |reason: Sentence| match explain_bytes(path) {
            Some(reason) => ModelError::File { what: say!("the weights"), reason, path: path.to_owned() },
            None => ModelError::Damaged { reason, path: path.to_owned() },
        };
        let members = members(path).map_err(failed)?;
        let opened = sheltered(|| PthTensors::new(path, None)).map_err(failed)?;
        for info in opened.tensor_infos().values() {
            fits(info, &members).map_err(failed)?;
        }
        if opened.tensor_infos().is_empty() {
            return Err(failed(say!("it holds no tensors by name; is it a whole model instead of its weights?")));
        }
        Ok(Self { reader: opened, path: path.to_owned() })
    }

    /// Name, shape and precision of every tensor.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &[usize], DType)> {
        self.reader.tensor_infos().values().map(|info| (info.name.as_str(), info.layout.dims(), info.dtype))
    }

    /// One tensor in its own precision.
    ///
    /// # Errors
    /// [`ModelError::Damaged`].
    pub fn tensor(&self, name: &str, device: &Device) -> Result<Tensor, ModelError> {
        let failed = |reason: Sentence| ModelError::Damaged { reason, path: self.path.clone() };
        let read = sheltered(|| self.reader.get(name)).map_err(failed)?;
        let tensor = read.ok_or_else(|| failed(say!("{name} is not there", name)))?;
        Ok(tensor.contiguous()?.to_device(device)?)
    }
}

/// Members of the archive by name with their bytes, after a look through its description.
fn members(path: &Path) -> Result<BTreeMap<String, u64>, Sentence> {
    let file = File::open(path).map_err(|e| e.said())?;
    let whole = file.metadata().map_err(|e| e.said())?.len();
    let mut archive =
        zip::ZipArchive::new(BufReader::new(file)).map_err(|e| say!("it is no PyTorch archive ({e})", e))?;
    let mut members = BTreeMap::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(|e| e.said())?;
        let (name, size) = (member.name().map_err(|e| e.said())?.into_owned(), member.size());
        if member.compressed_size() != size || size > whole {
            return Err(say!("{name} is packed or longer than the file, as PyTorch never writes it", name));
        }
        if name.ends_with("data.pkl") {
            let mut bytes = Vec::new();
            member.by_ref().take(MOST + 1).read_to_end(&mut bytes).map_err(|e| e.said())?;
            weigh::weigh(&bytes, MOST as usize)?;
        }
        members.insert(name, size);
    }
    Ok(members)
}

/// Whether the archive has the bytes a tensor claims.
fn fits(info: &TensorInfo, members: &BTreeMap<String, u64>) -> Result<(), Sentence> {
    let name = &info.name;
    let held = *members.get(&info.path).ok_or_else(|| say!("the numbers of {name} are not in it", name))?;
    let wanted = info.layout.dims().iter().try_fold(info.dtype.size_in_bytes() as u64, |n, &d| n.checked_mul(d as u64));
    let end = wanted.and_then(|wanted| wanted.checked_add(info.layout.start_offset() as u64));
    match end {
        Some(end) if end <= held => Ok(()),
        _ => Err(say!(
            "{name} is said to be {layout}, more than the {held} bytes that are there",
            name,
            layout = format_args!("{:?}", info.layout.dims()),
            held
        )),
    }
}

/// Calls the reader; a panic inside it is an error like any other.
fn sheltered<T>(read: impl FnOnce() -> candle_core::Result<T>) -> Result<T, Sentence> {
    shelter::sheltered(read).ok_or(say!("its description is malformed"))?.map_err(|e| e.said())
}
