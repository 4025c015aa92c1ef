//! Stored tensors, read on demand: safetensors and GGUF mapped into memory, PyTorch's archives
//! through a guarded reader. What a file claims is checked before anything is allocated for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::safetensors::{BufferedSafetensors, MmapedSafetensors};
use candle_core::{CpuStorage, DType, Device, Storage, Tensor};

use super::ModelError;
use super::frozen::FrozenWeights;
use super::gguf;
use super::kinds::{self, explain_bytes};
use super::mapped::map;
use super::pickle::Pickle;
use super::shards::{Format, WeightFiles};
use super::text;
use crate::session::{Precision, Say, Sentence, say};

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
    /// The name under which the numbers stand, where this is only another name for them.
    kept_as: Option<String>,
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
            drop(text::open(&path, say!("the weights"))?);
            let tensors = match found.format {
                // SAFETY: the map is only read; a file that is cut while mapped ends the process
                // on every platform, as with any memory-mapped checkpoint.
                Format::Safetensors => unsafe { MmapedSafetensors::new(&path) }
                    .map(Tensors::Mapped)
                    .map_err(|e| no_safetensors(&e, &path))?,
                Format::Pickle => Tensors::Pickled(Pickle::open(&path)?),
            };
            stored.take(tensors, path.clone());
            if found.format == Format::Safetensors
                && let Ok((_, header)) = safetensors::SafeTensors::read_metadata(&map(&path)?)
            {
                stored.take_names(&header);
            }
        }
        kinds::check_tensors(stored.names(), folder)?;
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
            (name, Known { file, shape: view.shape().to_vec(), counts, kept_as: None })
        };
        match &tensors {
            Tensors::Mapped(mapped) => self.known.extend(mapped.tensors().into_iter().map(of)),
            Tensors::Buffered(buffered) => self.known.extend(buffered.tensors().into_iter().map(of)),
            Tensors::Pickled(pickle) => self.known.extend(pickle.tensors().map(|(name, shape, dtype)| {
                (name.to_owned(), Known { file, shape: shape.to_vec(), counts: dtype.is_float(), kept_as: None })
            })),
            Tensors::Gguf(tensors) => self.known.extend(
                tensors
                    .known()
                    .map(|(name, shape)| (name.to_owned(), Known { file, shape, counts: true, kept_as: None })),
            ),
            Tensors::Held(held) => self.known.extend(held.iter().map(|(name, tensor)| {
                let counts = tensor.dtype().is_float();
                let known = Known { file, shape: tensor.dims().to_vec(), counts, kept_as: None };
                (name.clone(), known)
            })),
        }
        self.files.push((path, tensors));
    }

    /// Other names for stored tensors, as `safetensors.torch.save_model` writes them down when it keeps
    /// one of several tensors that are one in memory.
    fn take_names(&mut self, header: &safetensors::tensor::Metadata) {
        for (name, kept_as) in header.metadata().iter().flatten() {
            let Some(known) = self.known.get(kept_as).filter(|_| !self.known.contains_key(name)) else { continue };
            let (file, shape, counts) = (known.file, known.shape.clone(), known.counts);
            self.known.insert(name.clone(), Known { file, shape, counts, kept_as: Some(kept_as.clone()) });
        }
    }

    /// Asks for matrices that only multiply to be kept in this precision.
    pub fn kept_in(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// Whether a tensor of this name is stored.
    pub fn has(&self, name: &str) -> bool {
        self.known.contains_key(name)
    }

    /// Names of all stored tensors; other names for the same numbers are left out.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.known.iter().filter(|(_, known)| known.kept_as.is_none()).map(|(name, _)| name.clone())
    }

    /// The name under which the numbers of a tensor stand in its file.
    pub fn kept_as(&self, name: &str) -> String {
        self.known.get(name).and_then(|known| known.kept_as.clone()).unwrap_or_else(|| name.to_owned())
    }

    /// Whether two stored tensors are the same numbers in the same shape.
    ///
    /// # Errors
    /// As [`Self::tensor`].
    pub fn are_equal(&self, one: &str, other: &str) -> Result<bool, ModelError> {
        let (one, other) = (self.kept_as(one), self.kept_as(other));
        if one == other || self.shape(&one) != self.shape(&other) {
            return Ok(one == other);
        }
        let bytes = |name: &str| match self.files.get(self.known.get(name)?.file)? {
            (_, Tensors::Mapped(mapped)) => mapped.get(name).ok().map(|view| (view.dtype(), view.data())),
            _ => None,
        };
        if let (Some(one), Some(other)) = (bytes(&one), bytes(&other))
            && one.0 == other.0
        {
            return Ok(one.1 == other.1);
        }
        let numbers =
            |name: &str| Ok::<_, ModelError>(self.tensor(name, &Device::Cpu)?.flatten_all()?.to_vec1::<f32>()?);
        Ok(numbers(&one)? == numbers(&other)?)
    }

    /// Shape of a stored tensor.
    pub fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.known.get(name).map(|known| known.shape.clone())
    }

    /// Stored numbers that are weights: whole numbers (positions, buffers) do not count.
    pub fn parameters(&self) -> u64 {
        let count = |known: &Known| known.shape.iter().fold(1u64, |n, &d| n.saturating_mul(d as u64));
        let own = self.known.values().filter(|known| known.counts && known.kept_as.is_none());
        own.map(count).fold(0, u64::saturating_add)
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
    pub fn frozen(&self, name: &str, device: &Device) -> Result<Option<FrozenWeights>, ModelError> {
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
            return Err(ModelError::Weights(say!(
                "{name} holds numbers beyond the range of {half}; keep this model in bf16 or f32",
                name,
                half = half.as_str()
            )));
        }
        Ok(Some(FrozenWeights::Half(kept.to_device(device)?)))
    }

    /// A stored tensor as `f32`, whatever precision it is kept in.
    ///
    /// # Errors
    /// [`ModelError::Damaged`] if it cannot be read, or holds what is no number.
    pub fn tensor(&self, name: &str, device: &Device) -> Result<Tensor, ModelError> {
        let found = self.known.get(name).and_then(|known| self.files.get(known.file));
        let (path, tensors) = found.ok_or_else(|| ModelError::Weights(say!("no tensor {name}", name)))?;
        let name = &*self.kept_as(name);
        let loaded = match tensors {
            Tensors::Mapped(mapped) => mapped.load(name, &Device::Cpu).map_err(|e| unreadable(name, &e, path))?,
            Tensors::Buffered(buffered) => buffered.load(name, &Device::Cpu).map_err(|e| unreadable(name, &e, path))?,
            Tensors::Pickled(pickle) => pickle.tensor(name, &Device::Cpu)?,
            Tensors::Gguf(tensors) => tensors.tensor(name, &Device::Cpu)?,
            Tensors::Held(held) => match held.get(name) {
                Some(tensor) => tensor.to_device(&Device::Cpu)?,
                None => return Err(ModelError::Weights(say!("no tensor {name}", name))),
            },
        };
        if !matches!(loaded.dtype(), DType::F32 | DType::F16 | DType::BF16 | DType::F64) {
            return Err(not_numbers(name, loaded.dtype().as_str()));
        }
        let loaded = loaded.to_dtype(DType::F32)?;
        if !is_finite(&loaded) {
            return Err(damaged(say!("{name} holds numbers that are NaN or infinite", name), path));
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

/// A tensor in a precision that is not read here.
fn not_numbers(name: &str, kept: &str) -> ModelError {
    ModelError::Weights(say!(
        "{name} is stored as {kept}; this program reads f32, f16, bf16 and f64, so fetch a version that is not quantised",
        name,
        kept
    ))
}

fn unreadable(name: &str, error: &candle_core::Error, path: &Path) -> ModelError {
    match error {
        candle_core::Error::WithPath { inner, .. } | candle_core::Error::WithBacktrace { inner, .. } => {
            unreadable(name, inner, path)
        }
        candle_core::Error::UnsupportedSafeTensorDtype(kept) => not_numbers(name, &format!("{kept:?}").to_lowercase()),
        other => damaged(reason(other), path),
    }
}

fn no_safetensors(error: &candle_core::Error, path: &Path) -> ModelError {
    match explain_bytes(path) {
        Some(reason) => ModelError::File { what: say!("the weights"), reason, path: path.to_owned() },
        None => damaged(reason(error), path),
    }
}

fn damaged(reason: Sentence, path: &Path) -> ModelError {
    ModelError::Damaged { reason, path: path.to_owned() }
}

/// What candle and safetensors say of a broken file, in words for its owner.
fn reason(error: &candle_core::Error) -> Sentence {
    use safetensors::SafeTensorError as Wrong;
    match error {
        candle_core::Error::WithPath { inner, .. } => reason(inner),
        candle_core::Error::WithBacktrace { inner, .. } => reason(inner),
        candle_core::Error::SafeTensor(wrong) => match wrong {
            Wrong::HeaderTooLarge | Wrong::HeaderTooSmall | Wrong::InvalidHeaderLength => {
                say!("its header is cut off or it is no safetensors file ({wrong})", wrong)
            }
            Wrong::MetadataIncompleteBuffer => say!("its length is not the one its header states; it is cut off"),
            Wrong::InvalidOffset(name) => say!("its tensors overlap or leave gaps, the first is {name}", name),
            wrong => wrong.said(),
        },
        other => other.said(),
    }
}
