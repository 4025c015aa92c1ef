//! A student as it is or was, open and asked alone. It is read into memory of its own on the processor: the run's device
//! is the run's.
//!
//! *Why a saved student is preferred to its checkpoints (2026-11).* It needs nothing but its folder: its words, its
//! classes and how it is asked lie beside its weights. A checkpoint holds the weights alone, so its session is opened
//! with its data and what the student started from.

use std::path::Path;
use std::sync::Arc;

use candle_core::Device;
use rayon::prelude::*;

use crate::engine::data::{Example, Fields, Layout};
use crate::engine::model::{self, Model};
use crate::engine::pair::Pair;
use crate::engine::probe::{Alone, alone, top_answer};
use crate::engine::task::{self, Task};
use crate::engine::{EngineError, checkpoint, content_hash, hub};
use crate::link::{Outcome, SnapshotAnswer, StudentIdentity, TopAnswer};
use crate::session::run_folder::{SESSION, STUDENT, SUMMARY};
use crate::session::{ModelChoice, Prompt, Say as _, Sentence, Session, Source, StudentSnapshot, file, say};

/// Characters of a hash that are shown: two models of a million would be confused in one case of a thousand.
const SHOWN: usize = 10;

/// An open student.
pub struct Snapshot {
    model: Model,
    task: Box<dyn Task>,
    classes: Arc<[String]>,
    layout: Arc<Layout>,
    identity: StudentIdentity,
}

impl Snapshot {
    /// Opens a student. A state of the own one is of `session`.
    ///
    /// # Errors
    /// [`EngineError`] naming what is missing, the reason and the next step.
    pub fn open(which: &StudentSnapshot, session: Option<&Session>) -> Result<Self, EngineError> {
        match which {
            StudentSnapshot::BeforeTraining => Self::of_pair(pair(session)?, 0),
            StudentSnapshot::Checkpoint(step) => {
                let pair = pair(session)?;
                let run = session.and_then(|session| session.run.as_deref()).ok_or_else(no_run)?;
                checkpoint::put_snapshot(&pair, run, *step)?;
                Self::of_pair(pair, *step)
            }
            StudentSnapshot::Run(folder) => Self::of_run(folder),
        }
    }

    fn of_run(folder: &Path) -> Result<Self, EngineError> {
        let path = folder.join(SESSION);
        let session = file::open(&path).map_err(|e| unusable(folder, e.said()))?;
        if session.recipe.task.is_classes() && folder.join(STUDENT).is_dir() {
            return Self::saved(folder);
        }
        let pair = pair(Some(&session))?;
        let (step, _) = checkpoint::revive(&pair, folder).ok_or_else(|| {
            unusable(folder, say!("it has left no student, and no checkpoint of one; let it come to its end"))
        })?;
        Self::of_pair(pair, step)
    }

    /// The student that a run has saved, asked as `retort.ron` beside it says.
    fn saved(folder: &Path) -> Result<Self, EngineError> {
        let source = Source::Folder(folder.join(STUDENT));
        let files = hub::files(&ModelChoice::stored(source.clone()))?;
        let usage = files.usage()?.ok_or_else(|| {
            unusable(
                folder,
                say!("its student has no retort.ron, which says how it is asked; let the run save it again"),
            )
        })?;
        let choice = ModelChoice { head: usage.head, max_tokens: usage.max_tokens, ..ModelChoice::stored(source) };
        let model = model::open_files(&choice, files, usage.classes.len(), 0, &Device::Cpu)?;
        let layout = usage.columns.clone().map_or_else(Layout::default, Layout::from);
        let task = task::for_model(&model, &usage.prompt, &usage.classes, &layout)?;
        Self::new(model, task, usage.classes.into(), Arc::new(layout), saved_step(folder))
    }

    fn of_pair(pair: Pair, step: u64) -> Result<Self, EngineError> {
        let prompt = Prompt { variants: Vec::new(), ..pair.session.prompt.for_student() };
        let task = pair.task(&pair.student, &prompt)?;
        let data = Arc::clone(&pair.assets.data);
        Self::new(pair.student, task, data.classes.as_slice().into(), Arc::clone(&data.layout), step)
    }

    fn new(
        model: Model,
        task: Box<dyn Task>,
        classes: Arc<[String]>,
        layout: Arc<Layout>,
        step: u64,
    ) -> Result<Self, EngineError> {
        let identity = identity(&model, step)?;
        Ok(Self { model, task, classes, layout, identity })
    }

    /// What it says of `text`, with the attention of a layer where one is asked for, and of the `pinned` texts.
    pub fn answer(&self, text: &str, pinned: &[String], attention: Option<usize>) -> SnapshotAnswer {
        let read = if text.trim().is_empty() { None } else { Some(self.look(text, attention)) };
        let (seen, problem) = match read.transpose() {
            Ok(seen) => (seen, None),
            Err(e) => (None, Some(e.said())),
        };
        let classes = seen.as_ref().map_or_else(|| Arc::clone(&self.classes), |seen| self.outcomes(seen));
        let (side, tokens) = seen.map_or((None, None), |seen| (Some(seen.side), seen.tokens));
        let pinned = pinned.iter().map(|text| self.pinned(text)).collect();
        SnapshotAnswer { identity: self.identity.clone(), classes, side, tokens, problem, pinned, test: None }
    }

    fn look(&self, text: &str, attention: Option<usize>) -> Result<Alone, EngineError> {
        let example = Example::of(&Fields::typed(&self.layout, text));
        alone(&self.model, self.task.as_ref(), &example, attention)
    }

    /// What the scores of a view are of.
    fn outcomes(&self, seen: &Alone) -> Arc<[String]> {
        let row = seen.tokens.as_ref().and_then(|tokens| tokens.row(tokens.last()?));
        row.map_or_else(|| Arc::clone(&self.classes), |row| Arc::clone(&row.outcomes))
    }

    fn pinned(&self, text: &str) -> TopAnswer {
        let Ok(seen) = self.look(text, None) else { return TopAnswer::default() };
        let names = self.outcomes(&seen);
        let others =
            seen.tokens.as_ref().and_then(|tokens| tokens.row(tokens.last()?)).map_or(0, |row| row.whole.others);
        let answers = seen.side.scores.len() - usize::from(others > 0).min(seen.side.scores.len());
        top_answer(&names, seen.side.scores.get(..answers).unwrap_or_default())
    }
}

impl Snapshot {
    /// Its answers to examples of classes.
    ///
    /// # Errors
    /// [`EngineError`] if a text cannot be read or the tensor library refuses.
    pub fn answer_all(&self, examples: &[Example]) -> Result<Vec<TopAnswer>, EngineError> {
        let encode = |example: &Example| self.task.encode(&self.model, &Example::of(&example.fields), 0);
        let samples = examples.par_iter().map(encode).collect::<Result<Vec<_>, _>>()?;
        let rows = task::log_probabilities(&self.model, self.task.as_ref(), &samples.iter().collect::<Vec<_>>())?;
        Ok(rows.iter().map(|scores| top_answer(&self.classes, scores)).collect())
    }
}

/// Which weights a model has behind `step` steps.
///
/// # Errors
/// The tensor library's.
pub fn identity(model: &Model, step: u64) -> Result<StudentIdentity, EngineError> {
    let hash = content_hash::hex(&model.weights.hash()?).chars().take(SHOWN).collect();
    Ok(StudentIdentity { step, hash, parameters: model.weights.count(), bytes: model.weights.bytes() })
}

/// The pair of a session without its teacher, on the processor.
fn pair(session: Option<&Session>) -> Result<Pair, EngineError> {
    let mut session = session.ok_or_else(no_run)?.clone();
    session.recipe.device = crate::session::Device::Cpu;
    Pair::open_student(&session)
}

/// Steps behind which the saved student stands.
fn saved_step(folder: &Path) -> u64 {
    let outcome =
        std::fs::read(folder.join(SUMMARY)).ok().and_then(|bytes| serde_json::from_slice::<Outcome>(&bytes).ok());
    outcome.map_or(0, |outcome| outcome.saved.map_or(outcome.steps, |saved| saved.step))
}

fn no_run() -> EngineError {
    EngineError::Recipe(say!("there is no run on show whose student could be taken up; start one, or open one"))
}

fn unusable(folder: &Path, reason: Sentence) -> EngineError {
    EngineError::Student { title: folder.display().to_string(), reason }
}
