//! Models: forward passes with every attention probability in reach.
//!
//! *Why leaves, not trunks (2026-11).* Attention, feed-forward, norm and linear are shared as plain
//! structs whose differences are data; each architecture file spells out its own layer and forward
//! in full, readable beside its paper. One transformer with fourteen flags was rejected.
//!
//! *Why Hugging Face names and layouts in memory (2026-11).* A saved student opens in Python
//! unchanged, and a golden test compares tensors by name. The price, GPT-2's `[in, out]` matrices,
//! is paid by one linear that knows its layout.
//!
//! Not here: losses, optimisers, tokens to text for people, knobs.

pub mod attention;
pub mod bert;
pub mod cache;
pub mod chat;
pub mod config;
pub mod distilbert;
pub mod encoder_layer;
pub mod feed_forward;
pub mod files;
pub mod frozen;
pub mod generate;
pub mod gguf;
pub mod gpt2;
pub mod init;
pub mod layers;
pub mod llama;
pub mod memory;
pub mod ops;
pub mod pickle;
pub mod plan;
pub mod position;
pub mod roberta;
pub mod save;
pub mod shards;
mod shelter;
pub mod stored;
pub mod t5;
pub mod text;
pub mod tokenizer_config;
pub mod tokens;
pub mod trace;
pub mod vocabulary;
pub mod weights;

use std::path::PathBuf;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};

use crate::link::ModelCard;
use crate::session::knob::Entry;
use crate::session::{Head, ModelChoice};
pub use cache::Cache;
pub use config::Config;
pub use files::ModelFiles;
pub use layers::Noise;
pub use plan::Plan;
pub use stored::Stored;
pub use tokens::Tokens;
pub use trace::Trace;
pub use weights::{LoadReport, Names, Weights};

/// Why a model cannot be opened, run or saved.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file is missing or unreadable.
    #[error("cannot read {what}: {reason}: {path}")]
    File {
        /// Which file of the model.
        what: &'static str,
        /// The operating system's or parser's words.
        reason: String,
        /// The file or folder.
        path: PathBuf,
    },
    /// A file's content contradicts itself.
    #[error("the weights are damaged: {reason}; fetch the file again: {path}")]
    Damaged {
        /// What is wrong with it.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// The configuration asks for something this program does not know.
    #[error("config.json: {0}")]
    Config(String),
    /// The weights do not fit the configuration.
    #[error("the weights do not fit the configuration: {0}")]
    Weights(String),
    /// The tokenizer cannot do what is asked.
    #[error("the tokenizer: {0}")]
    Tokens(String),
    /// No built-in model has this name.
    #[error("there is no built-in model {0:?}; the known ones are {1}")]
    UnknownBuiltIn(String, String),
    /// What a run left beside the weights cannot be used.
    #[error(transparent)]
    Usage(#[from] crate::session::UsageError),
    /// Writing the model failed.
    #[error("cannot write the model: {reason}; check that the folder can be written and has room: {path}")]
    Write {
        /// The operating system's words.
        reason: String,
        /// The file or folder.
        path: PathBuf,
    },
    /// The tensor library refused.
    #[error("tensor library: {0}")]
    Tensor(#[from] candle_core::Error),
}

/// What one forward pass reads.
pub struct Input {
    /// Token ids, `u32 [batch, tokens]`.
    pub ids: Tensor,
    /// Position of each token, `u32 [batch, tokens]`.
    pub positions: Tensor,
    /// Additive attention mask, `f32 [batch, 1, 1 or tokens, tokens]`: 0 where a query may look,
    /// [`attention::MASKED`] where not.
    pub mask: Tensor,
}

/// What a model puts on top of its hidden states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Top {
    /// A classifier over this many classes.
    Classes(usize),
    /// Scores for every token of the vocabulary.
    Vocabulary,
}

impl Top {
    /// What stands on top of a model for `classes` classes that answers as asked.
    pub fn asked(head: Head, architecture: &Architecture, classes: usize) -> Self {
        match (head, architecture.writes()) {
            (Head::Classifier, _) | (Head::Auto, false) => Self::Classes(classes),
            (Head::LabelWords, _) | (Head::Auto, true) => Self::Vocabulary,
        }
    }
}

/// A network: hidden states, and what stands on top of them. Built twice over the same memory,
/// once tracked for training, once detached for looking.
pub trait Network: Send + Sync {
    /// Hidden states of the last layer, `[batch, tokens, width]`. Shows `trace` what it asks for.
    ///
    /// # Errors
    /// The tensor library's, e.g. for ids beyond the vocabulary.
    fn encode(&self, input: &Input, trace: &mut Trace, noise: &Noise) -> candle_core::Result<Tensor>;

    /// Class logits `[batch, classes]` from hidden states `[batch, tokens, width]`, where `ends` is
    /// the index of each row's last token.
    ///
    /// # Errors
    /// If the network was opened with [`Top::Vocabulary`].
    fn classify(&self, hidden: &Tensor, ends: &[u32], noise: &Noise) -> candle_core::Result<Tensor>;

    /// Vocabulary logits `[rows, vocabulary]` from hidden states `[rows, width]`.
    ///
    /// # Errors
    /// If the network was opened with [`Top::Classes`].
    fn vocabulary(&self, hidden: &Tensor) -> candle_core::Result<Tensor>;

    /// Hidden states `[batch, tokens, width]` of the tokens `written` behind a text of which
    /// [`Self::encode`] gave the states `read [batch, read tokens, width]` under `read_mask`: what an
    /// encoder–decoder makes of its answer so far.
    ///
    /// # Errors
    /// If the network has no decoder beside its encoder.
    fn decode(
        &self,
        _read: &Tensor,
        _read_mask: &Tensor,
        _written: &Input,
        _trace: &mut Trace,
        _noise: &Noise,
    ) -> candle_core::Result<Tensor> {
        candle_core::bail!("this network has no decoder beside its encoder")
    }

    /// Hidden states `[batch, new, width]` of tokens that a decoder reads or writes behind those that
    /// `cache` keeps, and that it keeps from now on: the numbers that [`Self::encode`] gives for the
    /// whole text, or [`Self::decode`] where an encoder's states and their mask are `read`.
    ///
    /// # Shapes
    /// `new` holds ids and positions `u32 [batch, new]` and a mask over all tokens that then stand,
    /// `[batch, 1, new, tokens]`.
    ///
    /// # Errors
    /// If the network does not write, or the shapes do not fit what is kept.
    fn write_on(
        &self,
        _new: &Input,
        _read: Option<(&Tensor, &Tensor)>,
        _cache: &mut Cache,
    ) -> candle_core::Result<Tensor> {
        candle_core::bail!("this network reads and does not write")
    }
}

/// What a network does with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Reads it both ways.
    Encoder,
    /// Reads it left to right and writes on.
    Decoder,
    /// Reads it both ways, then writes an answer left to right.
    EncoderDecoder,
}

/// Builds a network over named weights.
pub type Build = fn(&Config, &Top, &Names) -> Result<Box<dyn Network>, ModelError>;

/// One architecture this program can open and train.
pub struct Architecture {
    /// `model_type` of `config.json`.
    pub id: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// What it does with a text.
    pub kind: Kind,
    /// Longest input in tokens.
    pub longest: fn(&Config) -> usize,
    /// Builds the network over named weights.
    pub build: Build,
    /// Other names under which checkpoints keep a tensor.
    pub aliases: fn(&str) -> Vec<String>,
    /// Stored tensors that are rightly not used (buffers, tied copies).
    pub ignored: fn(&str) -> bool,
    /// The class transformers would open the result with.
    pub class: fn(&Top) -> &'static str,
}

/// Every architecture; adding one is one file and one line here.
pub const ARCHITECTURES: &[Architecture] = &[
    bert::ARCHITECTURE,
    distilbert::ARCHITECTURE,
    roberta::ARCHITECTURE,
    gpt2::ARCHITECTURE,
    t5::ARCHITECTURE,
    llama::LLAMA,
    llama::MISTRAL,
    llama::QWEN2,
    llama::QWEN3,
];

impl Architecture {
    /// Whether every token of the text sees only those before it.
    pub fn causal(&self) -> bool {
        self.kind == Kind::Decoder
    }

    /// Whether it answers by writing on, of its own accord.
    pub fn writes(&self) -> bool {
        self.kind != Kind::Encoder
    }
}

/// The built-in models.
pub const BUILT_IN: &[Entry] = files::BUILT_IN;

/// A model in memory: one set of weights, two readings of it, and its tokenizer.
pub struct Model {
    /// What it is, in figures.
    pub card: ModelCard,
    /// Its configuration, as read.
    pub config: Config,
    /// What stands on top.
    pub top: Top,
    /// The architecture.
    pub architecture: &'static Architecture,
    /// Named weights.
    pub weights: Weights,
    /// Records a graph: for training.
    pub tracked: Box<dyn Network>,
    /// Shares the memory, records nothing: for evaluation and probes.
    pub detached: Box<dyn Network>,
    /// Text to ids and back.
    pub tokens: Arc<Tokens>,
    /// Longest input in tokens.
    pub max_tokens: usize,
    /// The files it came from.
    pub files: ModelFiles,
}

/// Opens a model for `classes` classes as the session asks, on `device`.
///
/// # Errors
/// [`ModelError`] naming the file and what is wrong with it.
pub fn open(choice: &ModelChoice, classes: usize, seed: u64, device: &Device) -> Result<Model, ModelError> {
    open_files(choice, ModelFiles::find(&choice.source)?, classes, seed, device)
}

/// As [`open`], from files that were already found.
///
/// # Errors
/// As [`open`].
pub fn open_files(
    choice: &ModelChoice,
    files: ModelFiles,
    classes: usize,
    seed: u64,
    device: &Device,
) -> Result<Model, ModelError> {
    let place = files.clone();
    open_read(choice, files, classes, seed, device).map_err(|error| place.explain(error))
}

fn open_read(
    choice: &ModelChoice,
    files: ModelFiles,
    classes: usize,
    seed: u64,
    device: &Device,
) -> Result<Model, ModelError> {
    let config = Config::parse(&files.config()?)?;
    architecture(&config)?;
    let stored = if choice.needs_weights() { Some(files.weights()?.kept_in(choice.precision)) } else { None };
    let parts = Parts { config, stored, tokens: Arc::new(Tokens::open(&files)?) };
    open_parts(choice, files, parts, classes, seed, device)
}

/// What a model is put together from.
pub struct Parts {
    /// Its configuration.
    pub config: Config,
    /// Its weights; fresh ones where there are none.
    pub stored: Option<Stored>,
    /// Its tokenizer.
    pub tokens: Arc<Tokens>,
}

/// As [`open`], from parts that need not be those of `files`.
///
/// # Errors
/// As [`open`].
pub fn open_parts(
    choice: &ModelChoice,
    files: ModelFiles,
    parts: Parts,
    classes: usize,
    seed: u64,
    device: &Device,
) -> Result<Model, ModelError> {
    let Parts { config, stored, tokens } = parts;
    let architecture = architecture(&config)?;
    let top = Top::asked(choice.head, architecture, classes);
    let (weights, report) = Weights::build(architecture, &config, &top, stored, seed, device)?;
    assemble(choice, files, config, architecture, top, weights, &report, tokens)
}

#[allow(clippy::too_many_arguments, reason = "the parts of a model, named once, right before they become one")]
fn assemble(
    choice: &ModelChoice,
    files: ModelFiles,
    config: Config,
    architecture: &'static Architecture,
    top: Top,
    weights: Weights,
    report: &LoadReport,
    tokens: Arc<Tokens>,
) -> Result<Model, ModelError> {
    let longest = (architecture.longest)(&config);
    let max_tokens = if choice.max_tokens == 0 { longest } else { choice.max_tokens.min(longest) };
    if tokens.size() > config.vocabulary() {
        return Err(ModelError::Tokens(format!(
            "it has {} entries but the model only {}; is it another model's tokenizer?",
            tokens.size(),
            config.vocabulary()
        )));
    }
    let card = ModelCard {
        title: choice.source.title(),
        architecture: architecture.id.to_owned(),
        parameters: weights.count(),
        layers: config.layers(),
        heads: config.heads(),
        width: config.width(),
        vocabulary: config.vocabulary(),
        max_tokens,
        notes: report.notes().into_iter().chain(weights.frozen_kinds().map(frozen_note)).collect(),
    };
    let tracked = (architecture.build)(&config, &top, &weights.tracked().names())?;
    let detached = (architecture.build)(&config, &top, &weights.detached().names())?;
    Ok(Model { card, config, top, architecture, weights, tracked, detached, tokens, max_tokens, files })
}

fn frozen_note(kinds: String) -> String {
    format!("kept frozen ({kinds}): it can only teach")
}

/// The architecture a configuration names.
///
/// # Errors
/// [`ModelError::Config`] with the list of known ones.
pub fn architecture(config: &Config) -> Result<&'static Architecture, ModelError> {
    let name = config.model_type()?;
    ARCHITECTURES.iter().find(|architecture| architecture.id == name).ok_or_else(|| {
        let known = ARCHITECTURES.iter().map(|a| a.id).collect::<Vec<_>>().join(", ");
        ModelError::Config(format!("model_type {name:?} is not known here; the known ones are {known}"))
    })
}

impl Model {
    /// The device its weights are on.
    pub fn device(&self) -> &Device {
        self.weights.device()
    }

    /// Ids and mask of plain rows to read, padded to the longest: bidirectional or causal as the
    /// architecture is.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn input(&self, rows: &[&[u32]]) -> candle_core::Result<Input> {
        self.padded(rows, self.architecture.causal())
    }

    /// As [`Self::input`], for rows that a decoder writes: always causal.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn written(&self, rows: &[&[u32]]) -> candle_core::Result<Input> {
        self.padded(rows, true)
    }

    /// Ids and mask of tokens that come behind `before` others, a text of its own.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn behind(&self, before: usize, tokens: &[u32]) -> candle_core::Result<Input> {
        let (device, count) = (self.device(), tokens.len());
        let positions: Vec<u32> = (before as u32..).take(count).collect();
        Ok(Input {
            ids: Tensor::new(tokens, device)?.unsqueeze(0)?,
            positions: Tensor::new(positions, device)?.unsqueeze(0)?,
            mask: attention::mask_behind(before, count, device)?,
        })
    }

    fn padded(&self, rows: &[&[u32]], causal: bool) -> candle_core::Result<Input> {
        let longest = rows.iter().map(|row| row.len()).max().unwrap_or(0).max(1);
        let pad = self.tokens.pad();
        let padded = |row: &&[u32]| row.iter().copied().chain(std::iter::repeat(pad)).take(longest).collect::<Vec<_>>();
        let ids: Vec<u32> = rows.iter().flat_map(padded).collect();
        let positions: Vec<u32> = rows.iter().flat_map(|_| 0..longest as u32).collect();
        let lengths: Vec<usize> = rows.iter().map(|row| row.len()).collect();
        let device = self.device();
        let mask = if causal {
            attention::causal_mask(&lengths, longest, device)?
        } else {
            attention::padding_mask(&lengths, longest, device)?
        };
        let shape = (rows.len(), longest);
        Ok(Input {
            ids: Tensor::from_vec(ids, shape, device)?,
            positions: Tensor::from_vec(positions, shape, device)?,
            mask: mask.to_dtype(DType::F32)?,
        })
    }
}
