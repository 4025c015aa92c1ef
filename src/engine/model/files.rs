//! A model's files: inside the program, in a folder or in one file; weights memory-mapped.

use std::path::{Path, PathBuf};

use super::chat_template::{ChatFile, chat_file, own_template};
use super::gguf;
use super::kinds;
use super::shards::WeightFiles;
use super::stored::Stored;
use super::text::read_text;
use super::vocabulary;
use super::{Config, ModelError, identity, tokenizer_class};
use crate::engine::content_hash;
use crate::session::knob::Entry;
use crate::session::{InferenceSpec, Say, Sentence, Source, say};

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
    /// In a GGUF file, or in several of which this is one; such a model can only teach.
    Gguf(PathBuf),
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
            Source::Folder(path) if path.is_dir() => Self::within(path),
            Source::Folder(path) if gguf::is_one(path) => Ok(Self::Gguf(path.clone())),
            Source::Folder(path) => Err(ModelError::File {
                what: say!("the model folder"),
                reason: if path.exists() {
                    kinds::explain_file(path)
                } else {
                    say!(
                        "it does not exist; give the folder that holds config.json, tokenizer and weights, or a .gguf file"
                    )
                },
                path: path.clone(),
            }),
            Source::Server { model, url, .. } => Err(ModelError::File {
                what: say!("the model folder"),
                reason: say!("{model} is behind a server, which can only teach; choose another student", model),
                path: PathBuf::from(url),
            }),
            Source::Hub { repo, .. } => Err(ModelError::File {
                what: say!("the model folder"),
                reason: say!("{repo} is a model of the Hub; fetch it first: retort fetch {repo}", repo),
                path: PathBuf::from(repo),
            }),
        }
    }

    /// The files in a folder that is there: a GGUF file, if that is the only model in it.
    ///
    /// # Errors
    /// [`ModelError::File`] if it holds several.
    pub fn within(folder: &Path) -> Result<Self, ModelError> {
        Ok(gguf::within(folder)?.map_or_else(|| Self::Folder(folder.to_owned()), Self::Gguf))
    }

    /// Refuses files that cannot become a student.
    ///
    /// # Errors
    /// [`ModelError::File`] for a GGUF file.
    pub fn check_trainable(&self) -> Result<(), ModelError> {
        let Self::Gguf(path) = self else { return Ok(()) };
        Err(ModelError::File {
            what: say!("the student"),
            reason: say!(
                "a GGUF file holds weights that are rounded and frozen, so it can teach but not learn; make it the teacher, and choose a student that is built in or a folder with safetensors"
            ),
            path: path.clone(),
        })
    }

    /// An error of opening, with the GGUF file in it: what it says of a configuration or a tokenizer
    /// stands in that file's metadata.
    pub(super) fn explain(&self, error: ModelError) -> ModelError {
        let Self::Gguf(path) = self else { return error };
        let file = |what: Sentence, reason| ModelError::File { what, reason, path: path.clone() };
        match error {
            ModelError::Config(reason) => file(say!("the GGUF metadata"), reason),
            ModelError::Tokens(reason) => file(say!("the GGUF tokenizer"), reason),
            ModelError::Weights(reason) => file(say!("the GGUF tensors"), reason),
            other => other,
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
        match self {
            Self::Folder(folder) => read_text(&folder.join("config.json"), "config.json").map_err(|error| {
                let missing = !folder.join("config.json").exists();
                kinds::explain(folder).filter(|_| missing).unwrap_or(error)
            }),
            Self::Gguf(path) => gguf::config(path),
            Self::BuiltIn(_) => self.built_in(|shipped| shipped.config),
        }
    }

    /// The configuration, which names its architecture even where `config.json` does not; and what that
    /// was told by.
    ///
    /// # Errors
    /// [`ModelError::File`] and [`ModelError::Config`].
    pub fn configuration(&self) -> Result<(Config, Option<Sentence>), ModelError> {
        let mut config = Config::parse(&self.config()?)?;
        let names = || self.weights().map(|stored| stored.names().collect()).unwrap_or_default();
        let told = identity::identify(&mut config, names)?;
        Ok((config, told))
    }

    /// The tokenizer as the text of a `tokenizer.json`, whichever files the folder has.
    ///
    /// # Errors
    /// [`ModelError::File`] and [`ModelError::Tokens`].
    pub fn tokenizer(&self) -> Result<String, ModelError> {
        match self {
            Self::Folder(folder) => vocabulary::tokenizer(folder),
            Self::Gguf(path) => gguf::tokenizer(path),
            Self::BuiltIn(_) => self.built_in(|shipped| shipped.tokenizer),
        }
    }

    /// The tokenizer as it is used: as [`Self::tokenizer`], with the settings of `tokenizer_config.json`
    /// before it; and what they changed, in sentences.
    ///
    /// # Errors
    /// As [`Self::tokenizer`].
    pub fn tokenizer_in_use(&self) -> Result<(String, Vec<Sentence>), ModelError> {
        let text = self.tokenizer()?;
        if !matches!(self, Self::Folder(_)) {
            return Ok((text, Vec::new()));
        }
        let config = self.config().and_then(|text| Config::parse(&text)).ok();
        let model_type = config.as_ref().and_then(|config| config.model_type().ok());
        tokenizer_class::applied(text, &self.tokenizer_settings(), model_type)
    }

    /// The model's chat template, if it has one.
    ///
    /// # Errors
    /// As [`chat_file`].
    pub fn chat(&self) -> Result<Option<ChatFile>, ModelError> {
        match self {
            Self::Folder(folder) => chat_file(folder),
            Self::Gguf(path) => gguf::chat_file(path),
            Self::BuiltIn(_) => Ok(None),
        }
    }

    /// Which words the folder's own settings name for the roles of special tokens, and its chat
    /// template, if there are any: fields of `tokenizer_config.json`, else of `special_tokens_map.json`.
    /// Files that cannot be read count as missing: a model opens without them.
    pub fn tokenizer_settings(&self) -> serde_json::Map<String, serde_json::Value> {
        let Self::Folder(folder) = self else { return serde_json::Map::new() };
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
        let fields = |name: &str| serde_json::from_str::<serde_json::Map<_, _>>(&read(name)?).ok();
        let mut settings = fields("special_tokens_map.json").unwrap_or_default();
        settings.extend(fields("tokenizer_config.json").unwrap_or_default());
        // A chat template in a file of its own goes before the settings' one.
        if let Ok(Some(own)) = own_template(folder) {
            settings.insert("chat_template".into(), own.into());
        }
        settings
    }

    /// The text of `generation_config.json`, if it is there.
    pub fn generation(&self) -> Option<String> {
        let Self::Folder(folder) = self else { return None };
        std::fs::read_to_string(folder.join("generation_config.json")).ok()
    }

    /// How the model is asked, where a run has left it beside the weights.
    ///
    /// # Errors
    /// [`ModelError::InferenceSpec`] if the file cannot be used.
    pub fn usage(&self) -> Result<Option<InferenceSpec>, ModelError> {
        if let Self::Folder(folder) = self { Ok(InferenceSpec::open(folder)?) } else { Ok(None) }
    }

    fn built_in(&self, of: fn(&Shipped) -> &'static str) -> Result<String, ModelError> {
        let name = if let Self::BuiltIn(name) = self { name } else { "" };
        let unknown = || ModelError::UnknownBuiltIn(name.to_owned(), String::new());
        self.shipped().map(|shipped| of(shipped).to_owned()).ok_or_else(unknown)
    }

    /// The stored weights.
    ///
    /// # Errors
    /// [`ModelError::File`] if there are none, [`ModelError::Damaged`] if they cannot be used.
    pub fn weights(&self) -> Result<Stored, ModelError> {
        match (self, self.shipped()) {
            (Self::Folder(folder), _) => {
                if let Ok(config) = self.config().and_then(|text| Config::parse(&text)) {
                    kinds::check_quantised(&config, folder)?;
                }
                Stored::open(folder)
            }
            (Self::Gguf(path), _) => Stored::open_gguf(path),
            (_, Some(Shipped { weights: Some(bytes), entry, .. })) => Stored::from_bytes(bytes, Path::new(entry.id)),
            (Self::BuiltIn(name), _) => Err(ModelError::File {
                what: Sentence::verbatim("model.safetensors"),
                reason: say!(
                    "this built-in model ships without weights; let its weights start at random (init: Fresh), or choose another model"
                ),
                path: PathBuf::from(name),
            }),
        }
    }

    /// A hash of everything that decides what the model answers: configuration, tokenizer, weights. Files that
    /// have not changed since they were hashed are not read again.
    ///
    /// # Errors
    /// [`ModelError::File`].
    pub fn content_hash(&self) -> Result<[u8; 32], ModelError> {
        let (config, tokenizer) = (self.config()?, self.tokenizer_in_use()?.0);
        let weights = self.shipped().and_then(|shipped| shipped.weights).unwrap_or_default();
        let first = [config.as_bytes(), tokenizer.as_bytes(), weights];
        let paths = self.weight_files()?;
        let place = paths.first().cloned().unwrap_or_default();
        content_hash::of_files(&first, &paths).map_err(|e| ModelError::File {
            what: say!("the weights"),
            reason: e.said(),
            path: place,
        })
    }

    /// Bytes of its stored weights: of its files, or within the program; `None` where there are none.
    pub fn weight_bytes(&self) -> Option<u64> {
        if let Some(shipped) = self.shipped() {
            return shipped.weights.map(|weights| weights.len() as u64);
        }
        let paths = self.weight_files().ok()?;
        paths.iter().map(|path| std::fs::metadata(path).ok().map(|file| file.len())).sum()
    }

    /// The files of its weights; none of a built-in model, whose weights are part of the program.
    ///
    /// # Errors
    /// [`ModelError::File`] if there are none where there should be.
    pub fn weight_files(&self) -> Result<Vec<PathBuf>, ModelError> {
        match self {
            Self::Folder(folder) => Ok(WeightFiles::find(folder)?.paths),
            Self::Gguf(path) => gguf::files(path),
            Self::BuiltIn(_) => Ok(Vec::new()),
        }
    }
}
