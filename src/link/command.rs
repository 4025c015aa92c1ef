//! Orders down: what the engine is asked to do.

use std::path::PathBuf;
use std::sync::Arc;

use super::question::Question;
use super::run_id::RunId;
use super::secret::Secret;
use super::series::Step;
use crate::session::{DataSource, ServerOrigin, Session, Source};

/// An order to the engine.
#[derive(Clone, Debug)]
pub enum Command {
    /// What is to become of a run. Where another run is loaded by now, an order to this one comes too late and
    /// does nothing; what begins or continues one, and what is said of a student that waits to be written, is
    /// obeyed all the same.
    Run(RunId, Order),
    /// Open pair and data of this session so that probes and prompts are answered; no training.
    Open {
        /// The run that is shown with it: what is seen of the pair is of that one.
        run: RunId,
        /// What to open.
        session: Box<Session>,
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
    /// Answer what was asked: go on with the order that waits for it, or drop it.
    Answer {
        /// The question; an answer to another one than waits is too late and means nothing.
        question: Box<Question>,
        /// Whether it may be done.
        yes: bool,
    },
    /// The probe request in its cell has changed.
    Look,
    /// Look which models are on this machine and fill their cell.
    List,
    /// Look what is kept of teachers on the disk and fill its cell.
    ListKept,
    /// Remove the rows of teachers that are kept on the disk, but those that a run has open, and fill that cell.
    ClearRows,
    /// Look which GGUF files a repository of the Hub has and fill their cell.
    Files {
        /// `OWNER/NAME`.
        repo: String,
        /// Branch, tag or commit.
        revision: String,
    },
}

/// What is to become of a run.
#[derive(Clone, Debug)]
pub enum Order {
    /// Run this session from step 0, writing its run folder.
    Start {
        /// What to run.
        session: Box<Session>,
        /// Where journal, checkpoints and the student go.
        out: PathBuf,
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
    /// Write a checkpoint now.
    Checkpoint,
    /// End the run: write a checkpoint, the outcome so far and the student. Ends a fetch or a check-up, too,
    /// whatever run is meant.
    Stop,
    /// Put the run back to its last checkpoint at or before this step and pause there.
    Rewind(Step),
    /// Write the student that could not be written: into the run's folder, or into another one; where that
    /// holds something else already, into a folder within it.
    WriteStudent(Option<PathBuf>),
    /// Let the student go that could not be written.
    DropStudent,
}

impl Order {
    /// To `run`.
    pub fn to(self, run: RunId) -> Command {
        Command::Run(run, self)
    }
}

impl Command {
    /// Whether it ends what takes its time before a run: a fetch, a check-up, a measuring.
    pub fn is_stop(&self) -> bool {
        matches!(self, Self::Run(_, Order::Stop))
    }

    /// Whether it opens or begins something, in the place of what is being opened.
    pub fn opens(&self) -> bool {
        matches!(
            self,
            Self::Open { .. } | Self::Run(_, Order::Start { .. } | Order::Continue(_) | Order::Extend { .. })
        )
    }
}
