//! What the engine tells: facts of the run that is loaded, to its journal and to whoever watches; answers to
//! whoever watches alone.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::super::EngineError;
use crate::link::{ChannelSink, Event, EventSink, Fact, Measuring, Notice, Phase, Reply, RunId, Status};
use crate::session::Sentence;

/// Time between two status reports.
pub(super) const STATUS_PAUSE: Duration = Duration::from_millis(250);

/// Tells what happens.
pub(super) struct Reporter<'a> {
    sink: &'a mut ChannelSink,
    record: &'a mut dyn EventSink,
    /// The run that is loaded, from its beginning to its last fact. Whoever catches a panic reads it.
    run: &'a Cell<Option<RunId>>,
    /// The one that was loaded last.
    last: RunId,
    /// What the engine is doing.
    pub(super) status: Status,
    /// When it was last said how far a measuring is.
    measured: Option<Instant>,
}

impl<'a> Reporter<'a> {
    pub(super) fn new(sink: &'a mut ChannelSink, record: &'a mut dyn EventSink, run: &'a Cell<Option<RunId>>) -> Self {
        Self { sink, record, run, last: RunId::FIRST, status: Status::default(), measured: None }
    }

    /// What is told from now on is told of `run`.
    pub(super) fn run_begins(&mut self, run: RunId) {
        self.run.set(Some(run));
        self.last = run;
    }

    /// Nothing more happens to the run.
    pub(super) fn run_ends(&mut self) {
        self.run.set(None);
    }

    /// Tells a fact of the run that is loaded.
    pub(super) fn fact(&mut self, fact: Fact) {
        debug_assert!(self.run.get().is_some(), "no run is loaded, and this is said of one: {fact:?}");
        self.fact_of(self.last, fact);
    }

    /// Tells a fact of a run that may be over.
    pub(super) fn fact_of(&mut self, run: RunId, fact: Fact) {
        self.emit(fact.of(run));
    }

    /// Answers whoever watches.
    pub(super) fn reply(&mut self, reply: Reply) {
        self.emit(reply.into());
    }

    fn emit(&mut self, event: Event) {
        self.record.emit(event.clone());
        self.sink.emit(event);
        for words in self.record.take_complaints() {
            // Not to the record, which could not write it down.
            self.sink.emit(Reply::Warning(words.into()).into());
        }
    }

    /// The end of a run that leaves no folder: `undo` takes that away between the record, which closes its files,
    /// and whoever watches, for whom it is gone by then.
    pub(super) fn fail_and_undo(&mut self, notice: Notice, undo: impl FnOnce()) {
        let Some(run) = self.run.take() else { return };
        self.record.emit(Fact::Failed(notice.clone()).of(run));
        undo();
        self.sink.emit(Fact::Failed(notice).of(run));
    }

    /// Something to know: of the run that is loaded, else of an order.
    pub(super) fn warn(&mut self, notice: impl Into<Notice>) {
        let notice = notice.into();
        match self.run.get() {
            Some(run) => self.fact_of(run, Fact::Warning(notice)),
            None => self.reply(Reply::Warning(notice)),
        }
    }

    /// An error that ends the run that is loaded, or else keeps something from being done.
    pub(super) fn fail(&mut self, error: &EngineError) {
        match self.run.take() {
            Some(run) => self.fact_of(run, Fact::Failed(error.notice())),
            None => self.reply(Reply::Failed(error.notice())),
        }
        self.phase(Phase::Failed, Sentence::default());
    }

    /// Tells what the engine is doing from now on.
    pub(super) fn phase(&mut self, phase: Phase, what: Sentence) {
        (self.status.phase, self.status.what) = (phase, what);
        self.tell_status();
    }

    /// Tells what the engine is doing.
    pub(super) fn tell_status(&mut self) {
        self.reply(Reply::Status(self.status.clone()));
    }

    /// Tells how far a measuring is, if the last word is old enough.
    pub(super) fn measuring(&mut self, measuring: Measuring) {
        self.status.measuring = Some(measuring);
        if self.measured.is_none_or(|told| told.elapsed() >= STATUS_PAUSE) {
            self.measured = Some(Instant::now());
            self.tell_status();
        }
    }

    /// A cell has new content.
    pub(super) fn nudge(&mut self) {
        self.sink.nudge();
    }
}
