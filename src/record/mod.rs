//! WHAT HAPPENED: a run record is a pure fold of events. Live, from a journal, or headless: the
//! same events give the same record, so the picture is always the true state of the run.

pub mod card;
pub mod journal;
pub mod metrics;
pub mod opening;
pub mod recorder;
pub mod series;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use crate::link::{
    Abandoned, About, Alarm, Budget, Checkup, Event, KnobChange, ModelSize, Notice, Opened, Origin, Outcome, Phase,
    Predictions, Question, SeriesId, Status, Step, Unwritten,
};
use crate::session::{Sentence, Session};
pub use series::{Bucket, Series};

/// Everything known about the run, folded from its events.
#[derive(Clone, Debug, Default)]
pub struct RunRecord {
    /// Pair and data, once open.
    pub opened: Option<Arc<Opened>>,
    /// Pair and data of the run; what is open may be others by now.
    pub of_run: Option<Arc<Opened>>,
    /// The last check-up of a session.
    pub checkup: Option<Arc<Checkup>>,
    /// What the student that is being chosen weighs.
    pub size: Option<ModelSize>,
    /// What a run will pay its server for.
    pub budget: Option<Budget>,
    /// The session as run, once started.
    pub session: Option<Arc<Session>>,
    /// Its run folder.
    pub out: Option<PathBuf>,
    /// What the engine is doing.
    pub status: Status,
    /// Steps done.
    pub step: Step,
    /// Every curve.
    pub series: BTreeMap<SeriesId, Series>,
    /// Every knob change, in step order.
    pub marks: Vec<Mark>,
    /// Knob values in use, as of the last change; empty before the start.
    pub applied: BTreeMap<String, f64>,
    /// Answers on the test part, the newest.
    pub predictions: Option<Arc<Predictions>>,
    /// Steps of the checkpoints there are, ascending: what one can go back to.
    pub checkpoints: Vec<Step>,
    /// What the last rewind has set aside.
    pub abandoned: Option<Abandoned>,
    /// What is worth knowing of the run and no trouble, in the order in which it was said.
    pub notes: Vec<Notice>,
    /// Notices, the newest last.
    pub notices: Vec<Remark>,
    /// How many of them are from before the run.
    pub earlier: usize,
    /// What paused the run by itself, until it goes on.
    pub trouble: Option<Trouble>,
    /// How it ended.
    pub outcome: Option<Arc<Outcome>>,
    /// What an order waits for.
    pub question: Option<Arc<Question>>,
    /// A student that could not be written, as long as the engine has it: of this run or of one before.
    pub unwritten: Option<Arc<Unwritten>>,
    /// Whether what is opened next is the run's.
    pub opens: bool,
}

/// A knob change on the curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// First step that used the new value.
    pub step: Step,
    /// Who changed it.
    pub origin: Origin,
    /// Knob, old and new value.
    pub change: KnobChange,
}

/// A notice, how grave it is, and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Remark {
    /// Whether it ended the run.
    pub grave: bool,
    /// The sentence.
    pub notice: Notice,
    /// Steps done when it was said; `None` outside of a run.
    pub step: Option<Step>,
    /// Whether the engine said it, or whoever watches.
    pub from_engine: bool,
    /// When a window heard of it; a record that is only folded has no clock.
    pub heard: Option<Instant>,
    /// Whether the person has read it: it is listed only.
    pub read: bool,
}

impl Remark {
    /// Something that whoever watches has to say.
    pub fn new(grave: bool, notice: impl Into<Notice>) -> Self {
        Self { grave, notice: notice.into(), step: None, from_engine: false, heard: None, read: false }
    }

    /// Whether it says the same.
    pub fn says_the_same(&self, other: &Self) -> bool {
        (self.grave, &self.notice) == (other.grave, &other.notice)
    }
}

/// A run that paused itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Trouble {
    /// At this step.
    pub step: Step,
    /// What happened.
    pub what: Sentence,
    /// The checkpoint one can rewind to.
    pub checkpoint: Option<Step>,
    /// In which way the run has come apart; `None` where a number stopped being one.
    pub alarm: Option<Alarm>,
}

impl RunRecord {
    /// Takes in one event.
    pub fn fold(&mut self, event: Event) {
        match event {
            Event::Opened(opened) => self.open(Arc::from(opened)),
            Event::Examined(checkup) => self.checkup = Some(Arc::from(checkup)),
            Event::Asked(question) => self.question = Some(Arc::from(question)),
            Event::Answered(_) => self.question = None,
            Event::Weighed(size) => self.size = size,
            Event::Counted(budget) => self.budget = budget,
            Event::Started { session, out, step } => self.start(*session, out, step),
            Event::Status(status) => self.take_status(status),
            Event::Scalars { step, values } => self.grow(step, values),
            Event::KnobsChanged { step, origin, changes } => self.mark(step, origin, changes),
            Event::Predictions(predictions) => self.predictions = Some(predictions),
            Event::Rewound { step } => self.rewind(step),
            Event::Checkpoint { step } => self.keep(step),
            Event::CheckpointsKept { steps, abandoned } => {
                self.checkpoints = steps;
                self.abandoned = abandoned.or(self.abandoned.take());
            }
            Event::Left { .. } | Event::Inputs(_) => {}
            Event::Trouble { step, what, checkpoint, alarm } => {
                self.trouble = Some(Trouble { step, what, checkpoint, alarm });
            }
            Event::Note(notice) => self.notes.push(notice),
            Event::Warning(notice) => self.hear(false, notice),
            Event::Failed(notice) => {
                self.status.phase = Phase::Failed;
                self.hear(true, notice);
            }
            Event::Finished(outcome) => self.outcome = Some(Arc::from(outcome)),
            // It may have been written while another run was looked at.
            Event::Written { outcome, out } => {
                if self.out.as_ref() == Some(&out) {
                    self.outcome = Some(Arc::from(outcome));
                    // There was no room, and now there is.
                    self.read_about_run();
                }
            }
            Event::Unwritten(unwritten) => self.unwritten = unwritten.map(Arc::from),
        }
    }

    /// A new run at step 0 starts an empty record; a continued one keeps what lies before `step`.
    fn start(&mut self, session: Session, out: PathBuf, step: Step) {
        if step == 0 {
            *self = Self {
                of_run: self.opened.clone(),
                opened: self.opened.take(),
                checkup: self.checkup.take(),
                size: self.size,
                budget: self.budget,
                status: std::mem::take(&mut self.status),
                notices: self.notices.drain(..).filter(|remark| remark.notice.about.is_none()).collect(),
                unwritten: self.unwritten.take(),
                ..Self::default()
            };
            self.applied = session.knobs.clone();
        } else {
            self.rewind(step);
            self.outcome = None;
            self.forget(|about| about != About::Run);
        }
        (self.earlier, self.opens) = (self.notices.len(), true);
        self.session = Some(Arc::new(session));
        self.out = Some(out);
    }

    /// What could be opened is sound.
    fn open(&mut self, opened: Arc<Opened>) {
        self.forget(|about| matches!(about, About::Pair | About::Data));
        if std::mem::take(&mut self.opens) || self.session.is_none() {
            self.of_run = Some(Arc::clone(&opened));
        }
        self.opened = Some(opened);
    }

    /// Takes in what the engine says; of a part that fails again only the newest.
    fn hear(&mut self, grave: bool, notice: Notice) {
        let about = notice.about.unwrap_or(About::Run);
        if grave && about != About::Run {
            self.forget(|earlier| earlier == about);
        }
        let step = self.session.is_some().then_some(self.step);
        self.notices.push(Remark { step, from_engine: true, ..Remark::new(grave, notice.about(about)) });
    }

    /// Takes back the notices about parts that `past` names: they are sound again, or others.
    pub fn forget(&mut self, past: impl Fn(About) -> bool) {
        let is_past = |remark: &Remark| remark.notice.about.is_some_and(&past);
        self.earlier -= self.notices.iter().take(self.earlier).filter(|remark| is_past(remark)).count();
        self.notices.retain(|remark| !is_past(remark));
    }

    /// What a knob stood at when `step` steps were done.
    pub fn knob_at(&self, knob: &str, step: Step) -> Option<f64> {
        let of_knob = || self.marks.iter().filter(|mark| mark.change.knob == knob);
        let before = of_knob().rev().find(|mark| mark.step < step).map(|mark| mark.change.to);
        let after = || of_knob().find(|mark| mark.step >= step).map(|mark| mark.change.from);
        before.or_else(after).or_else(|| self.applied.get(knob).copied())
    }

    /// Takes every notice for read; they stay in the list.
    pub fn read_all(&mut self) {
        self.notices.iter_mut().for_each(|remark| remark.read = true);
    }

    /// Takes for read what was said of the run.
    pub fn read_about_run(&mut self) {
        let of_run = |remark: &&mut Remark| remark.notice.about == Some(About::Run);
        self.notices.iter_mut().filter(of_run).for_each(|remark| remark.read = true);
    }

    /// The newest notice that says something of what is shown now: during a run none from before it.
    /// With its place among all; one that was read is past.
    pub fn newest(&self, live: bool) -> Option<(usize, &Remark)> {
        let earlier = if live { self.earlier } else { 0 };
        self.notices.iter().enumerate().skip(earlier).rev().find(|(_, remark)| !remark.read)
    }

    /// Notes a checkpoint. One written anew in its old place is the same one.
    fn keep(&mut self, step: Step) {
        if let Err(place) = self.checkpoints.binary_search(&step) {
            self.checkpoints.insert(place, step);
        }
    }

    fn take_status(&mut self, status: Status) {
        if status.phase == Phase::Running {
            self.trouble = None;
        }
        self.status = status;
    }

    fn grow(&mut self, step: Step, values: Vec<(SeriesId, f64)>) {
        self.step = self.step.max(step + 1);
        for (id, value) in values {
            self.series.entry(id).or_default().push(step, value);
        }
    }

    fn mark(&mut self, step: Step, origin: Origin, changes: Vec<KnobChange>) {
        for change in changes {
            self.applied.insert(change.knob.clone(), change.to);
            self.marks.push(Mark { step, origin, change });
        }
    }

    /// Forgets everything recorded at or after `step`.
    fn rewind(&mut self, step: Step) {
        self.step = step;
        self.series.values_mut().for_each(|series| series.truncate(step));
        while let Some(mark) = self.marks.pop_if(|mark| mark.step >= step) {
            self.applied.insert(mark.change.knob, mark.change.from);
        }
        self.checkpoints.retain(|&checkpoint| checkpoint <= step);
        if self.predictions.as_ref().is_some_and(|predictions| predictions.step > step) {
            self.predictions = None;
        }
    }

    /// The knob changes as a session's script: run with it, the session repeats this run.
    pub fn script(&self) -> Vec<crate::session::Change> {
        self.marks.iter().map(|mark| mark.change.at(mark.step)).collect()
    }

    /// The newest value of a curve.
    pub fn latest(&self, id: &str) -> Option<f64> {
        self.series.get(&SeriesId::from(id)).and_then(Series::last).map(|(_, value)| value)
    }
}
