//! How a model is asked for its classes: as `retort.ron` beside its weights says, by the labels of its
//! configuration, or, where it names none, by the prompt and the classes of a session. The same words and
//! the same numbers whether one text is asked about or a file of them.

use std::sync::Arc;

use candle_core::Device;
use rayon::prelude::*;

use super::{CommandError, consent};
use crate::engine::EngineError;
use crate::engine::data::{Example, Fields, Layout};
use crate::engine::hub;
use crate::engine::model::{self, Classes, HeadKind, Model, ModelFiles};
use crate::engine::task::{self, Sample, Task};
use crate::link::Missing;
use crate::link::scores::log_softened;
use crate::session::{Chat, Head, InferenceSpec, ModelChoice, Prompt, Scoring, Session, Source};

/// A model and how it is asked for its classes.
pub struct Asked {
    /// The model.
    pub model: Model,
    /// The classes, in the order of the answers.
    pub classes: Vec<String>,
    /// What its logits are divided by for calibrated probabilities, where that is kept beside it.
    pub temperature: Option<f64>,
    task: Box<dyn Task>,
    layout: Arc<Layout>,
}

/// The answer to one text.
#[derive(Clone, Debug)]
pub struct Scores {
    /// Log-probabilities of the classes.
    pub log_probabilities: Vec<f32>,
    /// Tokens of the text that were cut.
    pub cut: usize,
}

impl Asked {
    /// Opens the model that a person names, with the classes it knows by itself.
    ///
    /// # Errors
    /// [`CommandError`]: it is not there, or names no classes.
    pub fn open(name: &str, fetch: bool) -> Result<Self, CommandError> {
        let model = open(name, fetch)?;
        let usage = usage(&model)?.ok_or_else(|| {
            CommandError::input(format!(
                "{name} names no classes: neither retort.ron nor labels of its configuration are there; name a session whose prompt and classes it is to be asked by; how it goes on with a text retort probe shows, how well it tells tokens retort evaluate"
            ))
        })?;
        let asked = Self::by(model, &usage.prompt, usage.classes.clone(), layout(&usage))?;
        Ok(Self { temperature: usage.temperature, ..asked })
    }

    /// The same; where the model names no classes, by the prompt of `session` about `classes`.
    ///
    /// # Errors
    /// [`CommandError`]: it is not there, or does not answer for these classes.
    pub fn open_for(name: &str, fetch: bool, session: &Session, classes: &[String]) -> Result<Self, CommandError> {
        let source = source(name);
        ensure_local(&source, fetch)?;
        // The session may say which output of a classifier is which class.
        let said = session
            .choices()
            .filter(|choice| choice.needs_weights())
            .find(|choice| is_same(&choice.source, &source))
            .cloned();
        let is = |choice: &ModelChoice| is_same(&choice.source, &source);
        let learns = is(&session.student) && !session.teacher().is_some_and(is);
        let files = hub::files(&ModelChoice::stored(source.clone())).map_err(CommandError::input)?;
        if said.is_none() && files.usage().map_err(CommandError::input)?.is_some() {
            return Self::open(name, fetch);
        }
        let choice = said.map_or_else(|| stored(source, &files).map_err(CommandError::input), Ok)?;
        let model = model::open_for(&choice, files, Classes::Teaching(classes), 0, &Device::Cpu)
            .map_err(CommandError::input)?;
        if let Some(trouble) = &model.outputs.trouble {
            return Err(CommandError::input(format!("{name} does not answer for the data's classes: {trouble}")));
        }
        // Only the first template asks; variants are for training a model to be asked.
        let asked = if learns { session.prompt.for_student() } else { session.prompt.for_teacher() };
        let prompt = Prompt { variants: Vec::new(), ..asked };
        Self::by(model, &prompt, classes.to_vec(), Layout::default())
    }

    fn by(model: Model, prompt: &Prompt, classes: Vec<String>, layout: Layout) -> Result<Self, CommandError> {
        let task = task::for_model(&model, prompt, &classes, &layout).map_err(CommandError::input)?;
        Ok(Self { model, classes, temperature: None, task, layout: Arc::new(layout) })
    }

    /// The answers to texts, each with a line for every column that the model reads. One text's is the same numbers whatever stands beside it.
    ///
    /// # Errors
    /// [`EngineError`] if a text leaves no room or the tensor library refuses.
    pub fn scores(&self, texts: &[&str]) -> Result<Vec<Scores>, EngineError> {
        let example = |text: &str| Example::of(&Fields::typed(&self.layout, text));
        let prepare = |text: &&str| self.task.encode(&self.model, &example(text), 0);
        let prepared = texts.par_iter().map(prepare).collect::<Result<Vec<Sample>, _>>()?;
        let rows = task::log_probabilities(&self.model, self.task.as_ref(), &prepared.iter().collect::<Vec<_>>())?;
        let cut = prepared.iter().map(Sample::cut);
        Ok(rows.into_iter().zip(cut).map(|(log_probabilities, cut)| Scores { log_probabilities, cut }).collect())
    }

    /// The same at a temperature; at 1 they are the model's own, to the bit.
    ///
    /// # Errors
    /// As [`Self::scores`].
    pub fn scores_at(&self, texts: &[&str], temperature: f64) -> Result<Vec<Scores>, EngineError> {
        let mut all = self.scores(texts)?;
        for scores in all.iter_mut().filter(|_| temperature != 1.0) {
            let softened = log_softened(&scores.log_probabilities, temperature);
            scores.log_probabilities = softened.into_iter().map(|score| score as f32).collect();
        }
        Ok(all)
    }

    /// What is to be said of a model before its answers are believed.
    pub fn remarks(&self) -> Vec<String> {
        remarks(&self.model)
    }
}

/// The columns that a model reads.
pub fn layout(usage: &InferenceSpec) -> Layout {
    usage.columns.clone().map_or_else(Layout::default, Layout::from)
}

/// What is to be said of a model before its answers are believed.
pub fn remarks(model: &Model) -> Vec<String> {
    let notes = model.card.notes.iter().map(|note| format!("note: {note}"));
    let random = (!model.card.random.is_empty()).then(|| {
        format!(
            "warning: these parts of the model are not stored and were filled at random, so that its answers mean nothing: {}",
            model.card.random.join(", ")
        )
    });
    notes.chain(random).collect()
}

/// The model that a person names on the command line.
pub fn source(name: &str) -> Source {
    match (name.strip_prefix("built-in:"), name.strip_prefix("hub:")) {
        (Some(built_in), _) => Source::BuiltIn(built_in.to_owned()),
        (_, Some(name)) => Source::hub(name),
        _ => Source::Folder(name.into()),
    }
}

/// Opens the model that a person names.
///
/// # Errors
/// [`CommandError`] if it is not there or cannot be used.
pub fn open(name: &str, fetch: bool) -> Result<Model, CommandError> {
    let source = source(name);
    ensure_local(&source, fetch)?;
    opened(source).map_err(CommandError::input)
}

/// Whether two sources are one model; a folder has many names.
pub(super) fn is_same(a: &Source, b: &Source) -> bool {
    match (a, b) {
        (Source::Folder(a), Source::Folder(b)) => {
            a.canonicalize().ok().is_some_and(|a| b.canonicalize().is_ok_and(|b| a == b))
        }
        _ => a == b,
    }
}

fn ensure_local(source: &Source, fetch: bool) -> Result<(), CommandError> {
    let missing = hub::missing(&ModelChoice::stored(source.clone())).map_err(CommandError::input)?;
    consent::download(missing, fetch)
}

/// What the cache lacks of the model that a person names.
///
/// # Errors
/// [`CommandError`] if its name is none.
pub fn missing(name: &str) -> Result<Option<Missing>, CommandError> {
    hub::missing(&ModelChoice::stored(source(name))).map_err(CommandError::input)
}

fn opened(source: Source) -> Result<Model, EngineError> {
    let files = hub::files(&ModelChoice::stored(source.clone()))?;
    let choice = stored(source, &files)?;
    let classes = files.configuration()?.0.classes();
    Ok(model::open_files(&choice, files, classes.unwrap_or(1), 0, &Device::Cpu)?)
}

/// A model with the head it was saved with: a classifier if its configuration names labels and its class is
/// one for classification, else its vocabulary head.
fn stored(source: Source, files: &ModelFiles) -> Result<ModelChoice, EngineError> {
    let classes = files.configuration()?.0.classes();
    let head = if classes.is_some() { Head::Classifier } else { Head::LabelWords };
    let max_tokens = files.usage()?.map_or(0, |usage| usage.max_tokens);
    Ok(ModelChoice { head, max_tokens, ..ModelChoice::stored(source) })
}

/// How the model is asked; `None` where it names no classes.
///
/// # Errors
/// [`CommandError`] if `retort.ron` cannot be used or does not fit the model.
pub fn usage(model: &Model) -> Result<Option<InferenceSpec>, CommandError> {
    let Some(usage) = model.files.usage().map_err(CommandError::input)? else { return Ok(labels(model)) };
    match model.top {
        HeadKind::Classes(classes) if classes != usage.classes.len() => Err(CommandError::input(format!(
            "retort.ron names {} classes and the classifier has {classes}; is it another model's?",
            usage.classes.len()
        ))),
        _ => Ok(Some(usage)),
    }
}

/// A classifier of other making is asked with the bare text; its configuration may name its classes.
fn labels(model: &Model) -> Option<InferenceSpec> {
    let classes = model.config.class_names()?;
    let prompt = Prompt {
        template: String::new(),
        variants: Vec::new(),
        label_words: Default::default(),
        scoring: Scoring::Sum,
        chat: Chat::Off,
    };
    (model.top == HeadKind::Classes(classes.len()))
        .then(|| InferenceSpec::new(Head::Classifier, model.max_tokens, &classes, &prompt))
}
