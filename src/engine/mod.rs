//! WEST WING: candle lives here and nowhere else. Models, losses, training, and the thread they
//! run on. Tensors never leave this room; what leaves it are the plain messages of `link`.

pub mod allocator;
pub mod assets;
mod batch_plan;
pub mod budget;
pub mod cache_folder;
pub mod checkpoint;
pub mod content_hash;
pub mod data;
pub mod device;
pub mod divergence;
pub mod doctor;
pub mod environment;
pub mod evaluate;
pub mod hub;
pub mod in_pieces;
pub mod inputs;
pub mod layer_rates;
pub mod loss;
pub mod measure;
pub mod model;
pub mod optim;
mod outside;
pub mod pair;
pub mod predictions;
pub mod probe;
pub mod process_memory;
pub mod prompt;
pub mod prune;
pub mod run;
pub mod script;
pub mod secret;
pub mod shared_vocabulary;
pub mod side_by_side;
pub mod speed;
pub mod student_init;
pub mod task;
pub mod teacher;
mod text_lengths;
pub mod tls;
pub mod token_evaluation;
pub mod train;
pub mod vetting;
pub mod watch;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::thread::JoinHandle;

use crate::link::{About, EngineEnd, EventSink, Fact, Notice, Phase, Reply, Status};
use crate::session::knob::Entry;
use crate::session::{Catalog, Say, Sentence, say, spoken};

/// Why the engine cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A model.
    Model(#[from] model::ModelError),
    /// The student in the making.
    StudentInit(#[from] student_init::StudentInitError),
    /// The Hub, or its cache.
    Hub(#[from] hub::HubError),
    /// The data.
    Data(#[from] data::DataError),
    /// The prompt.
    Prompt(#[from] prompt::PromptError),
    /// The teacher.
    Teacher(#[from] teacher::TeacherError),
    /// What the session says of the student's outputs does not fit it.
    Student {
        /// What a person calls it.
        title: String,
        /// What does not fit, and what to do.
        reason: Sentence,
    },
    /// The run would pay more than the session lets it.
    Budget(Sentence),
    /// The optimiser.
    Optimizer(#[from] optim::OptimError),
    /// The recipe contradicts itself or the pair.
    Recipe(Sentence),
    /// A knob is unknown or out of range.
    Knob(Sentence),
    /// A checkpoint cannot be written or read.
    Checkpoint {
        /// The operating system's or parser's words.
        reason: Sentence,
        /// File or folder.
        path: PathBuf,
    },
    /// No checkpoint is there, or none that is whole.
    NoCheckpoint {
        /// What was looked at, and the next step.
        reason: Sentence,
        /// The folder of checkpoints.
        path: PathBuf,
    },
    /// What a run reads is no longer what it was.
    Changed {
        /// Whose file it is.
        what: Sentence,
        /// How it has changed.
        reason: Sentence,
        /// The file.
        path: PathBuf,
    },
    /// A later program wrote a file.
    Newer {
        /// What the file is.
        what: Sentence,
        /// Its format.
        found: u32,
        /// The newest format this program knows.
        known: u32,
        /// The file.
        path: PathBuf,
    },
    /// The run folder cannot be used.
    Folder(#[from] run::FolderError),
    /// The table of answers on the test part cannot be written.
    Predictions {
        /// The operating system's words.
        reason: Sentence,
        /// The file.
        path: PathBuf,
    },
    /// A person has called it off.
    Cancelled,
    /// The student of the last run is nowhere but in memory.
    Unwritten {
        /// That run's folder.
        path: PathBuf,
    },
    /// The device is not to be had.
    Device {
        /// What it is called.
        name: String,
        /// Why not.
        reason: Sentence,
        /// What to do about it.
        next: Sentence,
    },
    /// The tensor library refused.
    Tensor(#[from] candle_core::Error),
}

impl Say for EngineError {
    fn said(&self) -> Sentence {
        match self {
            Self::Model(e) => e.said(),
            Self::StudentInit(e) => e.said(),
            Self::Hub(e) => e.said(),
            Self::Data(e) => e.said(),
            Self::Prompt(e) => e.said(),
            Self::Teacher(e) => e.said(),
            Self::Student { title, reason } => say!("the student {title}: {reason}", title, reason),
            Self::Budget(reason) => reason.clone(),
            Self::Optimizer(e) => e.said(),
            Self::Recipe(reason) => say!("the recipe: {reason}", reason),
            Self::Knob(reason) => say!("a knob: {reason}", reason),
            Self::Checkpoint { reason, path } => {
                say!("the checkpoint: {reason}; earlier checkpoints are kept: {path}", reason, path)
            }
            Self::NoCheckpoint { reason, path } => {
                say!("there is no checkpoint to go on from: {reason}: {path}", reason, path)
            }
            Self::Changed { what, reason, path } => say!(
                "{what} has changed since the run began: {reason}; put it back as it was, or start a new run in another folder: {path}",
                what,
                reason,
                path
            ),
            Self::Newer { what, found, known, path } => say!(
                "{what} has format {found}, this program reads up to {known}; update retort: {path}",
                what,
                found,
                known,
                path
            ),
            Self::Folder(e) => e.said(),
            Self::Predictions { reason, path } => say!(
                "the answers on the test part could not be written: {reason}; make room, or free the file: {path}",
                reason,
                path
            ),
            Self::Cancelled => say!("it was stopped"),
            Self::Unwritten { path } => say!(
                "the student of the last run is not written yet: write it, elsewhere if need be, or let it go, before another run begins: {path}",
                path
            ),
            Self::Device { name, reason, next } => {
                say!("cannot compute on {name}: {reason}; {next}", name, reason, next)
            }
            Self::Tensor(e) => say!("tensor library: {reason}", reason = model::tensor_trouble(e)),
        }
    }
}

spoken!(EngineError);

impl EngineError {
    /// The part that is to blame.
    pub fn about(&self) -> About {
        match self {
            Self::Model(_) | Self::StudentInit(_) | Self::Hub(_) | Self::Student { .. } | Self::Device { .. } => {
                About::Pair
            }
            Self::Teacher(teacher::TeacherError::Prompt(_)) | Self::Prompt(_) => About::Prompt,
            Self::Teacher(_) => About::Pair,
            Self::Data(_) => About::Data,
            _ => About::Run,
        }
    }

    /// What a person is told of it.
    pub fn notice(&self) -> Notice {
        Notice::from(self).about(self.about())
    }
}

fn losses_that(learn: fn(loss::Needs) -> bool) -> Vec<&'static str> {
    loss::LOSSES.iter().filter(|loss| learn(loss.needs())).map(|loss| loss.entry().id).collect()
}

/// Everything the engine can do, as plain data for windows and sessions.
pub fn catalog() -> Catalog {
    let optimizer = [optim::LEARNING_RATE, optim::WEIGHT_DECAY, optim::CLIP, optim::BETA1, optim::BETA2];
    let losses = loss::LOSSES.iter().flat_map(|loss| loss.all_knobs().into_iter().chain([loss.weight()]).copied());
    let first = [loss::soft_targets::TEMPERATURE, loss::ALPHA, optim::LEARNING_RATE, prune::THETA];
    let mut knobs: Vec<_> = first.to_vec();
    for knob in losses.chain(optimizer) {
        if !knobs.iter().any(|known| known.id == knob.id) {
            knobs.push(knob);
        }
    }
    let architecture = |a: &model::Architecture| Entry { id: a.id, label: a.label, help: a.help };
    Catalog {
        knobs,
        losses: loss::LOSSES.iter().map(|loss| loss.entry()).collect(),
        weighed: (losses_that(|needs| needs.labels()), losses_that(|needs| needs.teacher)),
        architectures: model::ARCHITECTURES.iter().map(architecture).collect(),
        models: model::BUILT_IN.to_vec(),
        corpora: data::CORPORA.to_vec(),
        devices: device::offered(),
    }
}

/// Starts the engine on a thread of its own; it ends when the watching end is dropped. Every event
/// goes to `record` (a journal) as well as down the link. A panic inside becomes
/// [`Fact::Failed`], never a dead window.
///
/// # Errors
/// The operating system's, if it has no thread to give.
pub fn spawn(end: EngineEnd, mut record: impl EventSink + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    let EngineEnd { commands, beside, cells, mut sink } = end;
    side_by_side::spawn(beside, cells.clone(), sink.wake())?;
    std::thread::Builder::new().name("engine".to_owned()).spawn(move || {
        let loaded = Cell::new(None);
        loop {
            let work = AssertUnwindSafe(|| run::serve(&commands, &cells, &mut sink, &mut record, &loaded));
            let Err(panic) = catch_unwind(work) else { return };
            let notice = Notice::from(panic_text(panic.as_ref())).about(About::Run);
            let failed = match loaded.take() {
                Some(run) => Fact::Failed(notice).of(run),
                None => Reply::Failed(notice).into(),
            };
            record.emit(failed.clone());
            sink.emit(failed);
            sink.emit(Reply::Status(Status { phase: Phase::Failed, ..Status::default() }).into());
        }
    })
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> Sentence {
    let words = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let words = words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    say!(
        "the engine met a bug and dropped the run ({words}); continue it from its last checkpoint, and please report this",
        words
    )
}
