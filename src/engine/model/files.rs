//! A model's files: inside the program or in a folder; weights memory-mapped.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::safetensors::{BufferedSafetensors, MmapedSafetensors};
use candle_core::{Device, Tensor};

use super::ModelError;
use crate::session::Source;
use crate::session::knob::Entry;

/// A model that ships inside the program.
struct Shipped {
    entry: Entry,
    config: &'static str,
    tokenizer: &'static str,
    weights: Option<&'static [u8]>,
}

const SHIPPED: &[Shipped] = &[
    Shipped {
        entry: BUILT_IN[0],
        config: include_str!("../../../assets/models/posts-teacher/config.json"),
        tokenizer: include_str!("../../../assets/models/posts-teacher/tokenizer.json"),
        weights: Some(include_bytes!("../../../assets/models/posts-teacher/model.safetensors")),
    },
    Shipped {
        entry: BUILT_IN[1],
        config: include_str!("../../../assets/models/posts-student/config.json"),
        tokenizer: include_str!("../../../assets/models/posts-student/tokenizer.json"),
        weights: None,
    },
];

/// The built-in models, for pickers.
pub(super) const BUILT_IN: &[Entry] = &[
    Entry {
        id: "posts-teacher",
        label: "Posts teacher",
        help: "A small GPT-style model that answers a prompt about a short post with a word.",
    },
    Entry {
        id: "posts-student",
        label: "Posts student",
        help: "A tiny BERT-style encoder without weights: it starts from random ones.",
    },
];

/// Where the files of one model are.
#[derive(Clone, Debug)]
pub enum ModelFiles {
    /// Inside the program, by name.
    BuiltIn(&'static str),
    /// In a folder.
    Folder(PathBuf),
}

impl ModelFiles {
    /// Looks for the files of `source`.
    ///
    /// # Errors
    /// [`ModelError`] if the folder or the built-in model does not exist.
    pub fn find(source: &Source) -> Result<Self, ModelError> {
        match source {
            Source::BuiltIn(name) => {
                let names = || BUILT_IN.iter().map(|e| e.id).collect::<Vec<_>>().join(", ");
                let found = BUILT_IN.iter().find(|entry| entry.id == name);
                found.map(|e| Self::BuiltIn(e.id)).ok_or_else(|| ModelError::UnknownBuiltIn(name.clone(), names()))
            }
            Source::Folder(path) if path.is_dir() => Ok(Self::Folder(path.clone())),
            Source::Folder(path) => Err(ModelError::File {
                what: "the model folder",
                reason: if path.exists() { "it is a file".into() } else { "it does not exist".into() },
                path: path.clone(),
            }),
        }
    }

    fn shipped(&self) -> Option<&'static Shipped> {
        let Self::BuiltIn(name) = self else { return None };
        SHIPPED.iter().find(|shipped| shipped.entry.id == *name)
    }

    /// The text of `config.json`.
    ///
    /// # Errors
    /// [`ModelError::File`].
    pub fn config(&self) -> Result<String, ModelError> {
        self.text("config.json", |shipped| shipped.config)
    }

    /// The text of `tokenizer.json`.
    ///
    /// # Errors
    /// [`ModelError::File`].
    pub fn tokenizer(&self) -> Result<String, ModelError> {
        self.text("tokenizer.json", |shipped| shipped.tokenizer)
    }

    fn text(&self, what: &'static str, of: fn(&Shipped) -> &'static str) -> Result<String, ModelError> {
        match (self, self.shipped()) {
            (Self::Folder(folder), _) => read_text(folder, what),
            (Self::BuiltIn(_), Some(shipped)) => Ok(of(shipped).to_owned()),
            (Self::BuiltIn(name), None) => Err(ModelError::UnknownBuiltIn((*name).to_owned(), String::new())),
        }
    }

    /// The stored weights.
    ///
    /// # Errors
    /// [`ModelError::File`] if there are none or they are damaged.
    pub fn weights(&self, _device: &Device) -> Result<Stored, ModelError> {
        match (self, self.shipped()) {
            (Self::Folder(folder), _) => Stored::open_folder(folder),
            (_, Some(Shipped { weights: Some(bytes), entry, .. })) => Stored::from_bytes(bytes, Path::new(entry.id)),
            (Self::BuiltIn(name), _) => Err(ModelError::File {
                what: "model.safetensors",
                reason: "this built-in model ships without weights; set its start to Fresh".into(),
                path: PathBuf::from(name),
            }),
        }
    }

    /// A hash of everything that decides what the model answers: configuration, tokenizer, weights.
    ///
    /// # Errors
    /// [`ModelError::File`].
    pub fn content_hash(&self) -> Result<[u8; 32], ModelError> {
        let mut hash = blake3::Hasher::new();
        hash.update(self.config()?.as_bytes()).update(self.tokenizer()?.as_bytes());
        match (self, self.shipped()) {
            (Self::Folder(folder), _) => {
                for path in weight_files(folder)? {
                    let file = map(&path)?;
                    hash.update(&file);
                }
            }
            (_, shipped) => {
                hash.update(shipped.and_then(|s| s.weights).unwrap_or_default());
            }
        }
        Ok(*hash.finalize().as_bytes())
    }
}

fn read_text(folder: &Path, what: &'static str) -> Result<String, ModelError> {
    let path = folder.join(what);
    std::fs::read_to_string(&path).map_err(|e| ModelError::File { what, reason: e.to_string(), path })
}

fn map(path: &Path) -> Result<memmap2::Mmap, ModelError> {
    let failed =
        |e: std::io::Error| ModelError::File { what: "the weights", reason: e.to_string(), path: path.to_owned() };
    let file = std::fs::File::open(path).map_err(failed)?;
    // SAFETY: the map is only read; a file that is cut while mapped ends the process on every
    // platform, as with any memory-mapped checkpoint.
    unsafe { memmap2::Mmap::map(&file) }.map_err(failed)
}

/// The weight files of a folder: one, or the shards its index names.
fn weight_files(folder: &Path) -> Result<Vec<PathBuf>, ModelError> {
    let single = folder.join("model.safetensors");
    if single.is_file() {
        return Ok(vec![single]);
    }
    let what = "model.safetensors.index.json";
    let index = folder.join(what);
    if !index.is_file() {
        let reason = "neither model.safetensors nor its index is there".into();
        return Err(ModelError::File { what: "model.safetensors", reason, path: folder.to_owned() });
    }
    #[derive(serde::Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let damaged = |reason: String| ModelError::File { what, reason, path: index.clone() };
    let parsed: Index = serde_json::from_str(&read_text(folder, what)?).map_err(|e| damaged(e.to_string()))?;
    let mut shards: Vec<String> = parsed.weight_map.into_values().collect();
    shards.sort();
    shards.dedup();
    if let Some(outside) =
        shards.iter().find(|shard| Path::new(shard).components().count() != 1 || shard.starts_with(".."))
    {
        return Err(damaged(format!("it names {outside:?}, which lies outside the folder")));
    }
    Ok(shards.into_iter().map(|shard| folder.join(shard)).collect())
}

/// Stored tensors, read on demand.
pub struct Stored {
    tensors: Tensors,
    shapes: BTreeMap<String, Vec<usize>>,
    path: PathBuf,
}

enum Tensors {
    Mapped(Arc<MmapedSafetensors>),
    Buffered(Arc<BufferedSafetensors>),
}

impl Stored {
    fn open_folder(folder: &Path) -> Result<Self, ModelError> {
        let files = weight_files(folder)?;
        for path in &files {
            check_not_a_pointer(path)?;
        }
        // SAFETY: as in `map`.
        let mapped = unsafe { MmapedSafetensors::multi(&files) }.map_err(|e| damaged(&e, folder))?;
        let shapes = mapped.tensors().into_iter().map(|(name, view)| (name, view.shape().to_vec())).collect();
        Ok(Self { tensors: Tensors::Mapped(Arc::new(mapped)), shapes, path: folder.to_owned() })
    }

    fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self, ModelError> {
        let buffered = BufferedSafetensors::new(bytes.to_vec()).map_err(|e| damaged(&e, path))?;
        let shapes = buffered.tensors().into_iter().map(|(name, view)| (name, view.shape().to_vec())).collect();
        Ok(Self { tensors: Tensors::Buffered(Arc::new(buffered)), shapes, path: path.to_owned() })
    }

    /// Whether a tensor of this name is stored.
    pub fn has(&self, name: &str) -> bool {
        self.shapes.contains_key(name)
    }

    /// Names of all stored tensors.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.shapes.keys().cloned()
    }

    /// Shape of a stored tensor.
    pub fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.shapes.get(name).cloned()
    }

    /// A stored tensor in its own precision.
    ///
    /// # Errors
    /// [`ModelError::File`].
    pub fn tensor(&self, name: &str, device: &Device) -> Result<Tensor, ModelError> {
        let loaded = match &self.tensors {
            Tensors::Mapped(tensors) => tensors.load(name, device),
            Tensors::Buffered(tensors) => tensors.load(name, device),
        };
        loaded.map_err(|e| damaged(&e, &self.path))
    }
}

fn damaged(error: &candle_core::Error, path: &Path) -> ModelError {
    ModelError::File { what: "the weights", reason: error.to_string(), path: path.to_owned() }
}

/// A checkout without its large files has small text files in their place.
fn check_not_a_pointer(path: &Path) -> Result<(), ModelError> {
    use std::io::Read as _;
    let failed = |reason: String| ModelError::File { what: "the weights", reason, path: path.to_owned() };
    let mut start = Vec::new();
    let file = std::fs::File::open(path).map_err(|e| failed(e.to_string()))?;
    file.take(24).read_to_end(&mut start).map_err(|e| failed(e.to_string()))?;
    if start.starts_with(b"version https://git-lfs") {
        return Err(failed("it is a Git LFS pointer, not the weights; fetch them with git lfs pull".into()));
    }
    Ok(())
}
