//! A model in memory, and how it comes there from its files.

use std::sync::Arc;

use candle_core::{DType, Device, Tensor};

use super::{
    Architecture, Config, Input, LoadReport, ModelError, ModelFiles, Network, Stored, Tokens, Top, Weights,
    architecture, attention,
};
use crate::link::ModelCard;
use crate::session::ModelChoice;

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
    if !choice.needs_weights() {
        files.check_trainable()?;
    }
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
