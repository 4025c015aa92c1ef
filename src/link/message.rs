//! Orders down, facts up. Every [`Event`] can be written to the journal and read back.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::alarm::Alarm;
use super::budget::Budget;
use super::checkup::{Checkup, ModelSize};
use super::outcome::Outcome;
use super::pace::{Measuring, Pace};
use super::question::{Answer, Question};
use super::secret::Secret;
use super::series::{SeriesId, Step};
use crate::session::{Change, Data, DataSource, Models, Say, Sentence, ServerOrigin, Session, Source};

/// An order to the engine.
#[derive(Clone, Debug)]
pub enum Command {
    /// Open pair and data of this session so that probes and prompts are answered; no training.
    Open(Box<Session>),
    /// Run this session from step 0, writing its run folder.
    Start {
        /// What to run.
        session: Box<Session>,
        /// Where journal, checkpoints and the student go.
        out: PathBuf,
    },
    /// Examine this session as it would be run; nothing that is open or running changes.
    Examine(Box<Session>),
    /// The same, and a teacher behind a server is asked about a few texts, which may cost money; a stop ends
    /// the asking.
    ExamineAsking(Box<Session>),
    /// Weigh this session's student from its configuration alone, while it is being chosen.
    Weigh(Box<Session>),
    /// Count what a run of this session will pay its server for; nothing is asked.
    Count(Box<Session>),
    /// Look into this table before it is taken as data and fill its cell.
    Preview(Box<DataSource>),
    /// Ask this server whether it answers and which models it has, and fill its cell; nothing is paid.
    Connect(Box<Source>),
    /// Put a key into the system's keyring.
    StoreKey {
        /// The entry's name there.
        name: String,
        /// The key; shared, because it is never copied.
        key: Arc<Secret>,
        /// The only server that it may go to from now on; `None` leaves that as it was.
        host: Option<ServerOrigin>,
    },
    /// Answer what [`Event::Asked`] asked: go on with the order that waits for it, or drop it.
    Answer {
        /// The question; an answer to another one than waits is too late and means nothing.
        question: Box<Question>,
        /// Whether it may be done.
        yes: bool,
    },
    /// Continue the run in this folder from its last checkpoint; one killed before its first begins
    /// again. What had ended the run early does not end it again.
    Continue(PathBuf),
    /// Continue the run in this folder from its last checkpoint, up to so many steps in all.
    Extend {
        /// The run's folder.
        out: PathBuf,
        /// Steps in all, more than are done.
        steps: Step,
    },
    /// Stop after the current step but keep everything loaded.
    Pause,
    /// Go on after a pause.
    Resume,
    /// One step, then pause.
    StepOnce,
    /// The probe request in its cell has changed.
    Look,
    /// Look which models are on this machine and fill their cell.
    List,
    /// Look which GGUF files a repository of the Hub has and fill their cell.
    Files {
        /// `OWNER/NAME`.
        repo: String,
        /// Branch, tag or commit.
        revision: String,
    },
    /// Write a checkpoint now.
    Checkpoint,
    /// End the run: write a checkpoint, the outcome so far and the student.
    Stop,
    /// Put the run back to its last checkpoint at or before this step and pause there.
    Rewind(Step),
    /// Write the student that could not be written: into the run's folder, or into another one; where that
    /// holds something else already, into a folder within it.
    WriteStudent(Option<PathBuf>),
    /// Let the student go that could not be written.
    DropStudent,
}

/// A fact about the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// Pair and data are open.
    Opened(Box<Opened>),
    /// A session was examined.
    Examined(Box<Checkup>),
    /// A student was weighed; `None` where its configuration cannot be read, which opening it says.
    Weighed(Option<ModelSize>),
    /// What a run will pay its server for; `None` where that cannot be told yet, which opening it says.
    Counted(Option<Budget>),
    /// An order waits for the person's answer; nothing of it was done. Not written down.
    Asked(Box<Question>),
    /// What became of the last question. Not written down.
    Answered(Answer),
    /// A run began (or was continued, then with the steps already done).
    Started {
        /// The session exactly as run: threads and every knob filled in.
        session: Box<Session>,
        /// Its run folder.
        out: PathBuf,
        /// First step that will be done.
        step: Step,
    },
    /// What the engine is doing.
    Status(Status),
    /// Values of one step.
    Scalars {
        /// The step they belong to.
        step: Step,
        /// Curve and value; NaN and infinities survive the journal.
        #[serde(with = "super::series::lossless")]
        values: Vec<(SeriesId, f64)>,
    },
    /// Knobs took new values at the top of this step.
    KnobsChanged {
        /// The first step that used the new values.
        step: Step,
        /// Who changed them.
        origin: Origin,
        /// The changes.
        changes: Vec<KnobChange>,
    },
    /// Teacher's and student's answers on the test part.
    Predictions(Arc<Predictions>),
    /// The run was put back: everything recorded at or after this step did not happen.
    Rewound {
        /// The next step to be done.
        step: Step,
    },
    /// A checkpoint was written.
    Checkpoint {
        /// Steps done.
        step: Step,
    },
    /// Training paused itself because a number stopped being one, or because the run has come apart.
    Trouble {
        /// The step.
        step: Step,
        /// What happened, in a sentence.
        #[serde(flatten, with = "crate::session::written_sentence::as_what")]
        what: Sentence,
        /// The last good checkpoint, to which one can rewind.
        checkpoint: Option<Step>,
        /// In which way the run has come apart; `None` where a number stopped being one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alarm: Option<Alarm>,
    },
    /// The files a run reads, and what is in them.
    Inputs(Vec<InputFile>),
    /// The checkpoints there are now: what one can go back to or on from.
    CheckpointsKept {
        /// Their steps, ascending.
        steps: Vec<Step>,
        /// What was set aside just now, if anything was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        abandoned: Option<Abandoned>,
    },
    /// The run was left for something else, behind this step; it can be continued.
    Left {
        /// Steps done.
        step: Step,
    },
    /// Something worth knowing of a run that is no trouble.
    Note(Notice),
    /// Something a run survives.
    Warning(Notice),
    /// Something that ended the run, or kept it from starting.
    Failed(Notice),
    /// The run is over.
    Finished(Box<Outcome>),
    /// The student that could not be written at the end of its run is, by now.
    Written {
        /// How the run ended, with what was saved.
        outcome: Box<Outcome>,
        /// The run's folder.
        out: PathBuf,
    },
    /// A student is in memory that could not be written; `None` once it is, or was let go. Not written down.
    Unwritten(Option<Box<Unwritten>>),
}

/// A student that could not be written at the end of its run. It stays in memory until it is written or let
/// go; until then no other run begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unwritten {
    /// The run's folder.
    pub out: PathBuf,
    /// Why it could not be written, the last time it was tried.
    #[serde(flatten, with = "crate::session::written_sentence::as_reason")]
    pub reason: Sentence,
    /// Room it takes, bytes.
    pub bytes: u64,
}

/// A file that a run reads: it is only gone on with where that has not changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// What it is for: `data`, `teacher`, `student`; `examples` for all that was read as data.
    pub role: String,
    /// Where it lies.
    pub path: PathBuf,
    /// How large it is, bytes; of `examples` how many teach.
    pub bytes: u64,
    /// Hash of what is in it, BLAKE3 in hexadecimal digits.
    pub hash: String,
}

/// Checkpoints that a rewind has left behind: they lie in the run's folder under `abandoned` until
/// the next rewind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abandoned {
    /// Their steps, ascending.
    pub steps: Vec<Step>,
    /// Room they take, bytes.
    pub bytes: u64,
}

/// Who changed a knob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// A hand on the slider.
    Person,
    /// The session's script.
    Script,
}

/// One knob's change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnobChange {
    /// Knob id.
    pub knob: String,
    /// Value up to the step before.
    pub from: f64,
    /// Value from this step on.
    pub to: f64,
}

impl KnobChange {
    /// As a line of a session's script.
    pub fn at(&self, step: Step) -> Change {
        Change { step, knob: self.knob.clone(), value: self.to }
    }
}

/// A sentence for a person: what, why, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What happened, lower case, without a full stop.
    #[serde(flatten, with = "crate::session::written_sentence::as_text")]
    pub text: Sentence,
    /// Which part is to blame: the notice means nothing any more once that is sound or another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
}

/// A part of the work that a notice can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum About {
    /// Teacher or student.
    Pair,
    /// The data.
    Data,
    /// The prompt.
    Prompt,
    /// The run.
    Run,
}

impl<T: Say> From<T> for Notice {
    fn from(words: T) -> Self {
        Self { text: words.said(), about: None }
    }
}

impl Notice {
    /// The same sentence, about this part.
    pub fn about(self, about: About) -> Self {
        Self { about: Some(about), ..self }
    }
}

/// What the engine is doing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Which phase.
    pub phase: Phase,
    /// What exactly, e.g. `teacher scores the training texts`; empty while training.
    #[serde(flatten, with = "crate::session::written_sentence::as_what")]
    pub what: Sentence,
    /// Done units of `total`: steps while training.
    pub done: u64,
    /// Units in all; 0 if unknown.
    pub total: u64,
    /// Training steps per second of the last second or so, without evaluations.
    pub steps_per_sec: f64,
    /// How far the measuring of a part of the data is; `None` while none is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measuring: Option<Measuring>,
    /// What the rest of the run takes, as far as it can be told.
    #[serde(default)]
    pub pace: Pace,
    /// Share of the time spent on probes and pictures, in [0, 1].
    pub looking: f64,
    /// Peak memory of the process, bytes.
    pub peak_bytes: u64,
}

/// The phases of the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Nothing open.
    #[default]
    Empty,
    /// Reading models and data.
    Opening,
    /// Open, no run.
    Ready,
    /// Taking steps.
    Running,
    /// A run that waits.
    Paused,
    /// Measuring on the validation or test part.
    Evaluating,
    /// The run reached its end or its target.
    Finished,
    /// The run was stopped by hand.
    Stopped,
    /// The run failed.
    Failed,
    /// The engine's thread is gone.
    Gone,
}

impl Phase {
    /// Whether a run is loaded that can be resumed or stopped.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Evaluating)
    }
}

/// What was opened: everything the window needs to know of pair and data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// The teacher, if there is one.
    pub teacher: Option<ModelCard>,
    /// The student.
    pub student: ModelCard,
    /// Class names in class order.
    pub classes: Vec<String>,
    /// Examples per part.
    pub parts: PartCounts,
    /// What reading the data met: emptied documents, odd encodings, skipped rows.
    #[serde(flatten, with = "crate::session::written_sentence::as_notes")]
    pub notes: Vec<Sentence>,
    /// A few training examples, `(text, class index)`; a text without a label has no class.
    pub samples: Vec<(String, Option<usize>)>,
    /// Training texts of each class that have their label, in class order; empty where nobody counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub class_counts: Vec<usize>,
    /// The pair it is, as it was asked for; `None` in records from before this was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<Box<Models>>,
    /// The data, as they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<Data>>,
}

/// Examples per part of a data set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartCounts {
    /// Training examples.
    pub train: usize,
    /// Training examples whose label is used.
    pub labelled: usize,
    /// Validation examples.
    pub validation: usize,
    /// Test examples.
    pub test: usize,
}

/// A model in figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// Name of the source.
    pub title: String,
    /// `model_type` of its configuration.
    pub architecture: String,
    /// Trainable numbers, tied ones counted once.
    pub parameters: u64,
    /// Layers.
    pub layers: usize,
    /// Attention heads per layer.
    pub heads: usize,
    /// Width of the hidden states.
    pub width: usize,
    /// Rows of the token embedding.
    pub vocabulary: usize,
    /// Longest input in tokens.
    pub max_tokens: usize,
    /// Remarks of the loading report: unused tensors, a head that was added.
    #[serde(flatten, with = "crate::session::written_sentence::as_notes")]
    pub notes: Vec<Sentence>,
    /// Names of the outputs of the classifier that is stored with it, in their order; empty without one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<String>,
    /// Tensors that were not stored and are filled at random.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub random: Vec<String>,
    /// Why it cannot teach this data, and what to do; `None` where it can.
    #[serde(flatten, with = "crate::session::written_sentence::as_trouble", skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Sentence>,
}

impl ModelCard {
    /// The same with the sentences in words alone, as it is printed for programs.
    #[must_use]
    pub fn in_words(&self) -> Self {
        let notes = self.notes.iter().map(Sentence::in_words).collect();
        Self { notes, trouble: self.trouble.as_ref().map(Sentence::in_words), ..self.clone() }
    }
}

/// Answers on the test part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Predictions {
    /// Steps done when they were made.
    pub step: Step,
    /// One row per example.
    pub rows: Vec<Prediction>,
}

/// Answers on one text. Probabilities are at temperature 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// The text, cut to a few hundred characters.
    pub text: String,
    /// Its class.
    pub gold: usize,
    /// The teacher's class and its probability.
    #[serde(default, with = "super::any_number::optional_answer")]
    pub teacher: Option<(usize, f32)>,
    /// The student's class and its probability.
    #[serde(with = "super::any_number::answer")]
    pub student: (usize, f32),
    /// KL(teacher ‖ student) at T = 1, in nats; NaN where one of them answers with no distribution.
    #[serde(default, with = "super::any_number::optional")]
    pub kl: Option<f32>,
}
