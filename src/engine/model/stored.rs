//! Stored tensors, read on demand: safetensors and GGUF mapped into memory, PyTorch's archives
//! through a guarded reader. What a file claims is checked before anything is allocated for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::safetensors::{BufferedSafetensors, MmapedSafetensors};
use candle_core::{CpuStorage, DType, Device, Storage, Tensor};

use super::ModelError;
use super::frozen::Frozen;
use super::gguf;
use super::pickle::Pickle;
use super::shards::{Format, WeightFiles};
use super::text;
use crate::session::Precision;

/// The tensors of one model, in one file or several.
pub struct Stored {
    files: Vec<(PathBuf, Tensors)>,
    known: BTreeMap<String, Known>,
    precision: Precision,
}

struct Known {
    file: usize,
    shape: Vec<usize>,
    counts: bool,
}

enum Tensors {
    Mapped(MmapedSafetensors),
    Buffered(BufferedSafetensors),
    Pickled(Pickle),
    Gguf(gguf::Tensors),
    Held(BTreeMap<String, Tensor>),
}

impl Stored {
    /// Opens the weights of a folder; reads what they are, not yet the numbers.
    ///
    /// # Errors
    /// [`ModelError::File`] and [`ModelError::Damaged`] naming the file.
    pub fn open(folder: &Path) -> Result<Self, ModelError> {
        let found = WeightFiles::find(folder)?;
        let mut stored = Self { files: Vec::new(), known: BTreeMap::new(), precision: Precision::F32 };
        for path in found.paths {
            drop(text::open(&path, "the weights")?);
            let tensors = match found.format {
                // SAFETY: the map is only read; a file that is cut while mapped ends the process
                // on every platform, as with any memory-mapped checkpoint.
                Format::Safetensors => unsafe { MmapedSafetensors::new(&path) }
                    .map(Tensors::Mapped)
                    .map_err(|e| damaged(reason(&e), &path))?,
                Format::Pickle => Tensors::Pickled(Pickle::open(&path)?),
            };
            stored.take(tensors, path);
        }
        Ok(stored)
    }

    /// Opens safetensors that are already in memory; `path` names them in errors.
    ///
    /// # Errors
    /// [`ModelError::Damaged`].
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self, ModelError> {
        let buffered = BufferedSafetensors::new(bytes.to_vec()).map_err(|e| damaged(reason(&e), path))?;
        let mut stored = Self { files: Vec::new(), known: BTreeMap::new(), precision: Precision::F32 };
        stored.take(Tensors::Buffered(buffered), path.to_owned());
        Ok(stored)
    }

    /// Opens a GGUF file, or all parts of the model it is one of.
    ///
    /// # Errors
    /// As [`gguf::Tensors::open`].
    pub fn open_gguf(path: &Path) -> Result<Self, ModelError> {
        let mut stored = Self { files: Vec::new(), known: BTreeMap::new(), precision: Precision::F32 };
        for (path, tensors) in gguf::Tensors::open(path)? {
            stored.take(Tensors::Gguf(tensors), path);
        }
        Ok(stored)
    }

    /// Tensors that another model already holds in memory; `path` names them in errors.
    pub fn of(tensors: BTreeMap<String, Tensor>, path: &Path) -> Self {
        let mut stored = Self { files: Vec::new(), known: BTreeMap::new(), precision: Precision::F32 };
        stored.take(Tensors::Held(tensors), path.to_owned());
        stored
    }

    fn take(&mut self, tensors: Tensors, path: PathBuf) {
        let file = self.files.len();
        let of = |(name, view): (String, safetensors::tensor::TensorView<'_>)| {
            let counts = DType::try_from(view.dtype()).is_ok_and(|dtype| dtype.is_float());
            (name, Known { file, shape: view.shape().to_vec(), counts })
        };
        match &tensors {
            Tensors::Mapped(mapped) => self.known.extend(mapped.tensors().into_iter().map(of)),
            Tensors::Buffered(buffered) => self.known.extend(buffered.tensors().into_iter().map(of)),
            Tensors::Pickled(pickle) => self.known.extend(pickle.tensors().map(|(name, shape, dtype)| {
                (name.to_owned(), Known { file, shape: shape.to_vec(), counts: dtype.is_float() })
            })),
            Tensors::Gguf(tensors) => self
                .known
                .extend(tensors.known().map(|(name, shape)| (name.to_owned(), Known { file, shape, counts: true }))),
            Tensors::Held(held) => self.known.extend(held.iter().map(|(name, tensor)| {
                let known = Known { file, shape: tensor.dims().to_vec(), counts: tensor.dtype().is_float() };
                (name.clone(), known)
            })),
        }
        self.files.push((path, tensors));
    }

    /// Asks for matrices that only multiply to be kept in this precision.
    pub fn kept_in(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// Whether a tensor of this name is stored.
    pub fn has(&self, name: &str) -> bool {
        self.known.contains_key(name)
    }

    /// Names of all stored tensors.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.known.keys().cloned()
    }

    /// Shape of a stored tensor.
    pub fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.known.get(name).map(|known| known.shape.clone())
    }

    /// Stored numbers that are weights: whole numbers (positions, buffers) do not count.
    pub fn parameters(&self) -> u64 {
        let count = |known: &Known| known.shape.iter().fold(1u64, |n, &d| n.saturating_mul(d as u64));
        self.known.values().filter(|known| known.counts).map(count).fold(0, u64::saturating_add)
    }

    /// Memory of a frozen model's weights as they are used, bytes; `None` for what is no GGUF file.
    pub fn frozen_bytes(&self) -> Option<u64> {
        let of = |tensors: &Tensors| match tensors {
            Tensors::Gguf(tensors) => Some(tensors.memory()),
            _ => None,
        };
        self.files.iter().filter_map(|(_, tensors)| of(tensors)).reduce(u64::saturating_add)
    }

    /// What a tensor is called in these files, or would be; for messages.
    pub fn called(&self, name: &str) -> String {
        let gguf = self.files.iter().find_map(|(_, tensors)| match tensors {
            Tensors::Gguf(tensors) => tensors.called(name),
            _ => None,
        });
        gguf.unwrap_or_else(|| name.to_owned())
    }

    /// A stored matrix as it is kept if it is not to be trained: quantised as it is, or in half
    /// precision where that was asked for; `None` for one that becomes numbers.
    ///
    /// # Errors
    /// As [`Self::tensor`]; [`ModelError::Weights`] for a number beyond the range of `f16`.
    pub fn frozen(&self, name: &str, device: &Device) -> Result<Option<Frozen>, ModelError> {
        if let Some((_, Tensors::Gguf(tensors))) = self.known.get(name).and_then(|known| self.files.get(known.file)) {
            return tensors.frozen(name, device);
        }
        let half = match self.precision {
            Precision::F32 => return Ok(None),
            Precision::F16 => DType::F16,
            Precision::Bf16 => DType::BF16,
        };
        let whole = self.tensor(name, &Device::Cpu)?;
        let kept = whole.to_dtype(half)?;
        if !is_finite(&kept.to_dtype(DType::F32)?) {
            return Err(ModelError::Weights(format!(
                "{name} holds numbers beyond the range of {}; keep this model in bf16 or f32",
                half.as_str()
            )));
        }
        Ok(Some(Frozen::Half(kept.to_device(device)?)))
    }

    /// A stored tensor as `f32`, whatever precision it is kept in.
    ///
    /// # Errors
    /// [`ModelError::Damaged`] if it cannot be read, or holds what is no number.
    pub fn tensor(&self, name: &str, device: &Device) -> Result<Tensor, ModelError> {
        let found = self.known.get(name).and_then(|known| self.files.get(known.file));
        let (path, tensors) = found.ok_or_else(|| ModelError::Weights(format!("no tensor {name}")))?;
        let loaded = match tensors {
            Tensors::Mapped(mapped) => mapped.load(name, &Device::Cpu).map_err(|e| damaged(reason(&e), path))?,
            Tensors::Buffered(buffered) => buffered.load(name, &Device::Cpu).map_err(|e| damaged(reason(&e), path))?,
            Tensors::Pickled(pickle) => pickle.tensor(name, &Device::Cpu)?,
            Tensors::Gguf(tensors) => tensors.tensor(name, &Device::Cpu)?,
            Tensors::Held(held) => match held.get(name) {
                Some(tensor) => tensor.to_device(&Device::Cpu)?,
                None => return Err(ModelError::Weights(format!("no tensor {name}"))),
            },
        };
        if !matches!(loaded.dtype(), DType::F32 | DType::F16 | DType::BF16 | DType::F64) {
            let kept = loaded.dtype().as_str();
            return Err(ModelError::Weights(format!(
                "{name} is stored as {kept}; this program reads f32, f16, bf16 and f64, so fetch a version that is not quantised"
            )));
        }
        let loaded = loaded.to_dtype(DType::F32)?;
        if !is_finite(&loaded) {
            return Err(damaged(format!("{name} holds numbers that are NaN or infinite"), path));
        }
        Ok(loaded.to_device(device)?)
    }
}

/// Whether every number of an `f32` tensor in main memory is one.
fn is_finite(tensor: &Tensor) -> bool {
    match &*tensor.storage_and_layout().0 {
        Storage::Cpu(CpuStorage::F32(values)) => values.iter().all(|value| value.is_finite()),
        _ => true,
    }
}

fn damaged(reason: String, path: &Path) -> ModelError {
    ModelError::Damaged { reason, path: path.to_owned() }
}

/// What candle and safetensors say of a broken file, in words for its owner.
fn reason(error: &candle_core::Error) -> String {
    use safetensors::SafeTensorError as Wrong;
    match error {
        candle_core::Error::WithPath { inner, .. } => reason(inner),
        candle_core::Error::WithBacktrace { inner, .. } => reason(inner),
        candle_core::Error::SafeTensor(wrong) => match wrong {
            Wrong::HeaderTooLarge | Wrong::HeaderTooSmall | Wrong::InvalidHeaderLength => {
                format!("its header is cut off or it is no safetensors file ({wrong})")
            }
            Wrong::MetadataIncompleteBuffer => "its length is not the one its header states; it is cut off".into(),
            Wrong::InvalidOffset(name) => format!("its tensors overlap or leave gaps, the first is {name}"),
            wrong => wrong.to_string(),
        },
        other => other.to_string(),
    }
}
