//! What happened to a run. Every [`Fact`] is a line of its journal and can be read back from there.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::alarm::Alarm;
use super::budget::Budget;
use super::notice::Notice;
use super::opened::Opened;
use super::outcome::Outcome;
use super::predictions::Predictions;
use super::series::{SeriesId, Step};
use crate::session::{Change, Sentence, Session};

/// Something that happened to a run. Which run it was says the event around it, and on disk the folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Fact {
    /// A run began (or was continued, then with the steps already done).
    Started {
        /// The session exactly as run: threads and every knob filled in.
        session: Box<Session>,
        /// Its run folder.
        out: PathBuf,
        /// First step that will be done.
        step: Step,
    },
    /// Pair and data of the run are open.
    Opened(Box<Opened>),
    /// What the run will pay its server for; `None` where that cannot be told.
    Counted(Option<Budget>),
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
    /// Something that ended the run.
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
