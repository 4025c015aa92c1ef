//! A model in memory, and how it comes there from its files.

use std::collections::BTreeSet;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};

use super::outputs::{self, Outputs};
use super::weights::HeadRows;
use super::{
    Architecture, Config, HeadKind, InputIds, LoadReport, ModelError, ModelFiles, Network, Stored, Tokens, Weights,
    architecture, attention,
};
use crate::link::ModelCard;
use crate::session::{Head, ModelChoice, Say, Sentence, say};

/// A model in memory: one set of weights, two readings of it, and its tokenizer.
pub struct Model {
    /// What it is, in figures.
    pub card: ModelCard,
    /// Its configuration, as read.
    pub config: Config,
    /// What stands on top.
    pub top: HeadKind,
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
    /// What the stored classifier answers for, if there is one.
    pub outputs: Outputs,
}

/// For which classes a model is opened.
#[derive(Clone, Copy, Debug)]
pub enum Classes<'a> {
    /// So many, in the order in which they are stored.
    Count(usize),
    /// Those of the data, for a teacher: a stored classifier of others is opened as it is, and
    /// [`Outputs::trouble`] says that it cannot teach.
    Teaching(&'a [String]),
    /// Those of the data, for a student: in place of a stored classifier of others it gets a new one.
    Learning(&'a [String]),
}

impl Classes<'_> {
    fn count(self) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Teaching(names) | Self::Learning(names) => names.len(),
        }
    }
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
    open_for(choice, files, Classes::Count(classes), seed, device)
}

/// As [`open_files`], with a stored classifier's outputs matched to the classes by name.
///
/// # Errors
/// As [`open`].
pub fn open_for(
    choice: &ModelChoice,
    files: ModelFiles,
    classes: Classes,
    seed: u64,
    device: &Device,
) -> Result<Model, ModelError> {
    let place = files.clone();
    open_read(choice, files, classes, seed, device).map_err(|error| place.explain(error))
}

fn open_read(
    choice: &ModelChoice,
    files: ModelFiles,
    classes: Classes,
    seed: u64,
    device: &Device,
) -> Result<Model, ModelError> {
    let (config, told) = files.configuration()?;
    let architecture = architecture(&config)?;
    if !choice.needs_weights() {
        files.check_trainable()?;
    }
    let stored = if choice.needs_weights() { Some(files.weights()?.kept_in(choice.precision)) } else { None };
    let top = HeadKind::asked(choice.head, architecture, classes.count());
    let (outputs, head) = match &stored {
        Some(stored) if top != HeadKind::Vocabulary => {
            classified(choice, &files, &config, architecture, stored, classes)?
        }
        _ => (Outputs { trouble: unread(choice, classes, &top), ..Outputs::default() }, HeadRows::AsStored),
    };
    // A teacher of other classes is opened as it is.
    let other = matches!(classes, Classes::Teaching(_)) && outputs.trouble.is_some() && !outputs.names.is_empty();
    let count = if other { outputs.names.len() } else { classes.count() };
    let parts = Parts { config, stored, tokens: Arc::new(Tokens::open(&files)?), head };
    let mut model = open_parts(choice, files, parts, count, seed, device)?;
    model.card.notes.splice(0..0, told);
    if !outputs.names.is_empty() && config_asks_several(&model.config) {
        let note = say!(
            "its classifier was trained to give a text several labels (problem_type); here its outputs are read as one choice among the classes"
        );
        model.card.notes.push(note);
    }
    if outputs.unnamed {
        let note = say!(
            "nothing names the outputs of its classifier: they are taken for the data's classes in their order, from which training goes on"
        );
        model.card.notes.push(note);
    }
    if outputs.replaced {
        model.card.notes.push(say!("it was trained on the classes {names}, which are not the data's: a new classifier, with random weights, stands in the place of its own", names = outputs::list(&outputs.names)));
    }
    // Without a word from it the labels of the configuration count.
    if !outputs.names.is_empty()
        && let Err(e) = model.files.usage()
    {
        model.card.notes.push(e.said());
    }
    model.card.outputs.clone_from(&outputs.names);
    model.card.trouble.clone_from(&outputs.trouble);
    model.outputs = outputs;
    Ok(model)
}

/// Whether a classifier was trained for something else than one class of a text.
pub fn config_asks_several(config: &Config) -> bool {
    matches!(config.word_or("problem_type", ""), "multi_label_classification" | "regression")
}

/// What a stored classifier answers for, and the rows of it that are the classes.
fn classified(
    choice: &ModelChoice,
    files: &ModelFiles,
    config: &Config,
    architecture: &Architecture,
    stored: &Stored,
    classes: Classes,
) -> Result<(Outputs, HeadRows), ModelError> {
    let names = output_names(files, config, architecture, stored);
    let data = match classes {
        Classes::Teaching(names) | Classes::Learning(names) => names,
        Classes::Count(_) => return Ok((Outputs { names, ..Outputs::default() }, HeadRows::AsStored)),
    };
    if names.is_empty() {
        let trouble = unread(choice, classes, &HeadKind::Classes(data.len()));
        return Ok((Outputs { trouble, ..Outputs::default() }, HeadRows::AsStored));
    }
    let is_named = files.usage().ok().flatten().is_some() || config.labels().is_some();
    if let Classes::Learning(data) = classes
        && !is_named
        && choice.classes.is_none()
        && names.len() == data.len()
    {
        // Nothing speaks against it, and what is wrong in it is learned.
        return Ok((Outputs { unnamed: true, ..Outputs::default() }, HeadRows::AsStored));
    }
    Ok(match (outputs::matched(&names, data, choice.classes.as_ref()), classes) {
        (Ok(matched), _) if matched.is_in_place() => (Outputs { names, ..Outputs::default() }, HeadRows::AsStored),
        (Ok(matched), _) => {
            let (order, left_out) = (Some(matched.order.clone()), matched.left_out);
            (Outputs { names, order, left_out, ..Outputs::default() }, HeadRows::Picked(matched.order))
        }
        (Err(why), Classes::Learning(_)) => {
            // Names that do not match are no fault of a student's; a mapping that does not is one.
            let trouble = choice.classes.is_some().then_some(why);
            (Outputs { names, replaced: true, trouble, ..Outputs::default() }, HeadRows::New)
        }
        (Err(why), _) => (Outputs { names, trouble: Some(why), ..Outputs::default() }, HeadRows::AsStored),
    })
}

/// The names of a stored classifier's outputs, by what a run has left beside it, else by its
/// configuration; empty where none is stored.
pub fn output_names(files: &ModelFiles, config: &Config, architecture: &Architecture, stored: &Stored) -> Vec<String> {
    let names = std::iter::once(architecture.heads.classifier.to_owned());
    let mut names = names.chain((architecture.aliases)(architecture.heads.classifier));
    let rows = names.find_map(|name| stored.shape(&name)?.first().copied());
    let Some(rows) = rows else { return Vec::new() };
    let usage =
        files.usage().ok().flatten().filter(|usage| usage.head == Head::Classifier && usage.classes.len() == rows);
    let named = usage.map(|usage| usage.classes).or_else(|| config.labels().filter(|names| names.len() == rows));
    named.unwrap_or_else(|| outputs::unnamed(rows))
}

/// A mapping of classes that no classifier is there for.
fn unread(choice: &ModelChoice, classes: Classes, top: &HeadKind) -> Option<Sentence> {
    let why = if *top == HeadKind::Vocabulary {
        say!("it answers by label words")
    } else {
        say!("no classifier is stored with it")
    };
    let asked = choice.classes.is_some() && matches!(classes, Classes::Teaching(_) | Classes::Learning(_));
    asked.then(|| say!("`classes` says which output is which class, but {why}; leave `classes` out", why))
}

/// What a model is put together from.
pub struct Parts {
    /// Its configuration.
    pub config: Config,
    /// Its weights; fresh ones where there are none.
    pub stored: Option<Stored>,
    /// Its tokenizer.
    pub tokens: Arc<Tokens>,
    /// Which rows of a stored classifier are the classes.
    pub head: HeadRows,
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
    let Parts { config, stored, tokens, head } = parts;
    let architecture = architecture(&config)?;
    let top = HeadKind::asked(choice.head, architecture, classes);
    let (weights, report) = Weights::build(architecture, &config, &top, stored, head, seed, device)?;
    assemble(choice, files, config, architecture, top, weights, &report, tokens)
}

#[allow(clippy::too_many_arguments, reason = "the parts of a model, named once, right before they become one")]
fn assemble(
    choice: &ModelChoice,
    files: ModelFiles,
    config: Config,
    architecture: &'static Architecture,
    top: HeadKind,
    weights: Weights,
    report: &LoadReport,
    tokens: Arc<Tokens>,
) -> Result<Model, ModelError> {
    let longest = (architecture.longest)(&config);
    let max_tokens = if choice.max_tokens == 0 { longest } else { choice.max_tokens.min(longest) };
    let beyond = tokens.check_rows(config.vocabulary())?;
    let notes = report.notes().into_iter().chain(beyond).chain(tokens.notes());
    let card = ModelCard {
        title: choice.source.title(),
        architecture: architecture.id.to_owned(),
        parameters: weights.count(),
        layers: architecture.layers(&config),
        heads: architecture.attention_heads(&config),
        width: architecture.width(&config),
        vocabulary: config.vocabulary(),
        max_tokens,
        notes: notes.chain(weights.frozen_kinds().map(frozen_note)).collect(),
        random: report.added.clone(),
        ..ModelCard::default()
    };
    let tracked = (architecture.build)(&config, &top, &weights.tracked().names())?;
    let detached = (architecture.build)(&config, &top, &weights.detached().names())?;
    let outputs = Outputs::default();
    Ok(Model { card, config, top, architecture, weights, tracked, detached, tokens, max_tokens, files, outputs })
}

fn frozen_note(kinds: String) -> Sentence {
    say!("kept frozen ({kinds}): it can only teach", kinds)
}

impl Model {
    /// The device its weights are on.
    pub fn device(&self) -> &Device {
        self.weights.device()
    }

    /// Lets the variables `still` be read without a graph from now on, and all others with one.
    ///
    /// # Errors
    /// None that building the model has not met.
    pub fn freeze(&mut self, still: BTreeSet<String>) -> Result<(), ModelError> {
        let view = self.weights.tracked_but(still);
        self.tracked = (self.architecture.build)(&self.config, &self.top, &view.names())?;
        Ok(())
    }

    /// Ids and mask of plain rows to read, padded to the longest: bidirectional or causal as the
    /// architecture is.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn input(&self, rows: &[&[u32]]) -> candle_core::Result<InputIds> {
        self.padded(rows, self.architecture.causal())
    }

    /// As [`Self::input`] with the text that each token belongs to, 0 or 1; a row of none has one text.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn input_of(&self, rows: &[&[u32]], segments: &[&[u32]]) -> candle_core::Result<InputIds> {
        let input = self.input(rows)?;
        if segments.iter().all(|row| row.is_empty()) {
            return Ok(input);
        }
        let (batch, longest) = input.ids.dims2()?;
        let padded = |row: &&[u32]| row.iter().copied().chain(std::iter::repeat(0)).take(longest).collect::<Vec<_>>();
        let all: Vec<u32> = segments.iter().flat_map(padded).collect();
        Ok(InputIds { segments: Some(Tensor::from_vec(all, (batch, longest), self.device())?), ..input })
    }

    /// As [`Self::input`], for rows that a decoder writes: always causal.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn written(&self, rows: &[&[u32]]) -> candle_core::Result<InputIds> {
        self.padded(rows, true)
    }

    /// Ids and mask of tokens that come behind `before` others, a text of its own.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn behind(&self, before: usize, tokens: &[u32]) -> candle_core::Result<InputIds> {
        let (device, count) = (self.device(), tokens.len());
        let positions: Vec<u32> = (before as u32..).take(count).collect();
        Ok(InputIds {
            ids: Tensor::new(tokens, device)?.unsqueeze(0)?,
            positions: Tensor::new(positions, device)?.unsqueeze(0)?,
            mask: attention::mask_behind(before, count, device)?,
            segments: None,
        })
    }

    fn padded(&self, rows: &[&[u32]], causal: bool) -> candle_core::Result<InputIds> {
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
        Ok(InputIds {
            ids: Tensor::from_vec(ids, shape, device)?,
            positions: Tensor::from_vec(positions, shape, device)?,
            mask: mask.to_dtype(DType::F32)?,
            segments: None,
        })
    }
}
