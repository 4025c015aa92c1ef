//! What the watching side knows: the runs by name, which of them is shown, and what the engine has answered.
//!
//! *Why one run is kept (2026-11).* Records are many by their type, and every fact, order and picture names its
//! run; so far whoever begins a run, or opens another, looks at that one alone, and the record before it is let
//! go. Its folder has it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Notices, Remark, RunRecord};
use crate::link::{
    About, Answer, Budget, Checkup, Event, Fact, ModelSize, Notice, Opened, Phase, Question, Reply, RunId, Status,
    Unwritten,
};

/// Everything known, folded from events.
#[derive(Clone, Debug)]
pub struct Workspace {
    runs: BTreeMap<RunId, RunRecord>,
    shown: RunId,
    /// A run that was asked for and has not begun.
    asked: Option<RunId>,
    /// The last name that was given.
    given: RunId,
    /// Pair and data that are open; those of the run may be others.
    pub opened: Option<Arc<Opened>>,
    /// The last check-up of a session.
    pub checkup: Option<Arc<Checkup>>,
    /// What the student that is being chosen weighs.
    pub size: Option<ModelSize>,
    /// What a run will pay its server for.
    pub budget: Option<Budget>,
    /// What the engine is doing.
    pub status: Status,
    /// What was said.
    pub notices: Notices,
    /// What an order waits for.
    pub question: Option<Arc<Question>>,
    /// A student that could not be written, as long as the engine has it: of this run or of one before.
    pub unwritten: Option<Arc<Unwritten>>,
}

impl Default for Workspace {
    fn default() -> Self {
        let shown = RunId::FIRST;
        Self {
            runs: BTreeMap::from([(shown, RunRecord::default())]),
            shown,
            asked: None,
            given: shown,
            opened: None,
            checkup: None,
            size: None,
            budget: None,
            status: Status::default(),
            notices: Notices::default(),
            question: None,
            unwritten: None,
        }
    }
}

impl Workspace {
    /// The run that is shown; empty where there is none.
    pub fn shown(&self) -> &RunRecord {
        &self.runs[&self.shown]
    }

    /// Its name.
    pub fn shown_run(&self) -> RunId {
        self.shown
    }

    /// The run that an order means: the one that was asked for, else the one that is shown.
    pub fn meant(&self) -> RunId {
        self.asked.unwrap_or(self.shown)
    }

    /// A name for a run that is being asked for.
    pub fn ask_for_run(&mut self) -> RunId {
        self.given = self.given.next();
        *self.asked.insert(self.given)
    }

    /// Shows another run, or none, and gives its name.
    pub fn show(&mut self, record: RunRecord) -> RunId {
        self.given = self.given.next();
        (self.shown, self.asked) = (self.given, None);
        self.notices.show(&record.notices);
        self.budget = record.budget;
        (self.opened, self.checkup, self.size, self.question) = (record.opened.clone(), None, None, None);
        self.runs = BTreeMap::from([(self.shown, record)]);
        self.shown
    }

    /// Takes in one event.
    pub fn fold(&mut self, event: Event) {
        match event {
            Event::Fact(run, fact) => self.happened(run, fact),
            Event::Reply(reply) => self.answered(reply),
        }
    }

    fn happened(&mut self, run: RunId, fact: Fact) {
        // A run whose student is written late may have been opened again since, from its folder.
        let again = matches!(&fact, Fact::Written { out, .. } if self.shown().out.as_ref() == Some(out));
        let run = if again { self.shown } else { run };
        match &fact {
            Fact::Started { step, .. } => self.begin(run, *step),
            Fact::Opened(opened) => self.open(Arc::from(opened.clone())),
            Fact::Counted(budget) => self.budget = *budget,
            Fact::Warning(notice) => self.hear(false, notice.clone()),
            Fact::Failed(notice) => self.fail(notice.clone()),
            // There was no room, and now there is.
            Fact::Written { .. } if run == self.shown => self.notices.read_about_run(),
            _ => {}
        }
        if let Some(record) = self.runs.get_mut(&run) {
            record.fold(fact);
        }
    }

    fn begin(&mut self, run: RunId, step: u64) {
        self.asked = None;
        self.notices.run_begins(step);
        let record = self.runs.remove(&run).unwrap_or_default();
        (self.runs, self.shown) = (BTreeMap::from([(run, record)]), run);
    }

    fn answered(&mut self, reply: Reply) {
        match reply {
            Reply::Opened(opened) => self.open(Arc::from(opened)),
            Reply::Examined(checkup) => self.checkup = Some(Arc::from(checkup)),
            Reply::Weighed(size) => self.size = size,
            Reply::Counted(budget) => self.budget = budget,
            Reply::Asked(question) => self.question = Some(Arc::from(question)),
            Reply::Answered(answer) => {
                self.question = None;
                self.asked.take_if(|_| answer == Answer::No);
            }
            Reply::Status(status) => self.take_status(status),
            Reply::Warning(notice) => self.hear(false, notice),
            Reply::Failed(notice) => self.fail(notice),
            Reply::Unwritten(unwritten) => self.unwritten = unwritten.map(Arc::from),
        }
    }

    /// What could be opened is sound.
    fn open(&mut self, opened: Arc<Opened>) {
        self.notices.forget(|about| matches!(about, About::Pair | About::Data));
        self.opened = Some(opened);
    }

    fn take_status(&mut self, status: Status) {
        if status.phase == Phase::Running
            && let Some(record) = self.runs.get_mut(&self.shown)
        {
            record.goes_on();
        }
        self.status = status;
    }

    fn fail(&mut self, notice: Notice) {
        self.asked = None;
        self.status.phase = Phase::Failed;
        self.hear(true, notice);
    }

    fn hear(&mut self, grave: bool, notice: Notice) {
        let shown = self.shown();
        let step = shown.session.is_some().then_some(shown.step);
        self.notices.hear(Remark::of_engine(grave, notice, step));
    }
}
