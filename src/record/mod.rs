//! WHAT HAPPENED: a run record is a pure fold of facts. Live, from a journal, or headless: the
//! same facts give the same record, so the picture is always the true state of the run. What is known beside
//! the runs, and which of them is shown, is the [`Workspace`].

pub mod card;
pub mod compare;
pub mod export;
pub mod journal;
pub mod kept_curves;
pub mod metrics;
pub mod notices;
pub mod opening;
pub mod recorder;
pub mod run_table;
pub mod series;
pub mod votes;
pub mod workspace;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::link::{
    Abandoned, About, Alarm, Budget, Fact, KnobChange, Notice, Opened, Origin, Outcome, Predictions, SeriesId, Step,
};
use crate::session::{Sentence, Session};
pub use notices::{Notices, Remark};
pub use series::{Bucket, Sample, Series};
pub use workspace::Workspace;

/// Everything known about a run, folded from its facts.
#[derive(Clone, Debug, Default)]
pub struct RunRecord {
    /// Its pair and data, once they are open.
    pub opened: Option<Arc<Opened>>,
    /// What it will pay its server for.
    pub budget: Option<Budget>,
    /// The session as run, once started.
    pub session: Option<Arc<Session>>,
    /// Its run folder.
    pub out: Option<PathBuf>,
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
    /// What went wrong in it, the newest last.
    pub notices: Vec<Remark>,
    /// What paused the run by itself, until it goes on.
    pub trouble: Option<Trouble>,
    /// How it ended.
    pub outcome: Option<Arc<Outcome>>,
    /// Whether what is opened next is the run's: older journals tell of what was opened behind it.
    pub opens: bool,
    /// Whether the points of long curves are all kept: what is written out needs them, what is drawn does not.
    pub keeps_points: bool,
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
    /// Takes in one fact.
    pub fn fold(&mut self, fact: Fact) {
        match fact {
            Fact::Opened(opened) => self.open(Arc::from(opened)),
            Fact::Counted(budget) => self.budget = budget,
            Fact::Started { session, out, step } => self.start(*session, out, step),
            Fact::Scalars { step, values } => self.grow(step, values),
            Fact::KnobsChanged { step, origin, changes } => self.mark(step, origin, changes),
            Fact::Predictions(predictions) => self.predictions = Some(predictions),
            Fact::Rewound { step } => self.rewind(step),
            Fact::Checkpoint { step } => self.keep(step),
            Fact::CheckpointsKept { steps, abandoned } => {
                self.checkpoints = steps;
                self.abandoned = abandoned.or(self.abandoned.take());
            }
            Fact::Left { .. } | Fact::Inputs(_) => {}
            Fact::Trouble { step, what, checkpoint, alarm } => {
                self.trouble = Some(Trouble { step, what, checkpoint, alarm });
            }
            Fact::Note(notice) => self.notes.push(notice),
            Fact::Warning(notice) => self.hear(false, notice),
            Fact::Failed(notice) => self.hear(true, notice),
            Fact::Finished(outcome) => self.outcome = Some(Arc::from(outcome)),
            Fact::Written { outcome, .. } => self.outcome = Some(Arc::from(outcome)),
        }
    }

    /// A run at step 0 starts an empty record; a continued one keeps what lies before `step`.
    fn start(&mut self, session: Session, out: PathBuf, step: Step) {
        if step == 0 {
            *self = Self { applied: session.knobs.clone(), keeps_points: self.keeps_points, ..Self::default() };
        } else {
            self.rewind(step);
            (self.outcome, self.trouble) = (None, None);
            self.notices.retain(|remark| remark.notice.about == Some(About::Run));
        }
        (self.opens, self.session, self.out) = (true, Some(Arc::new(session)), Some(out));
    }

    fn open(&mut self, opened: Arc<Opened>) {
        if std::mem::take(&mut self.opens) || self.session.is_none() {
            self.opened = Some(opened);
        }
    }

    fn hear(&mut self, grave: bool, notice: Notice) {
        let step = self.session.is_some().then_some(self.step);
        self.notices.push(Remark::of_engine(grave, notice, step));
    }

    /// It goes on: what had paused it is past.
    pub(crate) fn goes_on(&mut self) {
        self.trouble = None;
    }

    /// What a knob stood at when `step` steps were done.
    pub fn knob_at(&self, knob: &str, step: Step) -> Option<f64> {
        let of_knob = || self.marks.iter().filter(|mark| mark.change.knob == knob);
        let before = of_knob().rev().find(|mark| mark.step < step).map(|mark| mark.change.to);
        let after = || of_knob().find(|mark| mark.step >= step).map(|mark| mark.change.from);
        before.or_else(after).or_else(|| self.applied.get(knob).copied())
    }

    /// Notes a checkpoint. One written anew in its old place is the same one.
    fn keep(&mut self, step: Step) {
        if let Err(place) = self.checkpoints.binary_search(&step) {
            self.checkpoints.insert(place, step);
        }
    }

    fn grow(&mut self, step: Step, values: Vec<(SeriesId, f64)>) {
        self.step = self.step.max(step + 1);
        self.trouble.take_if(|trouble| trouble.step < step);
        for (id, value) in values {
            let series = self.series.entry(id).or_default();
            series.push(step, value);
            if !self.keeps_points {
                series.thin(&self.checkpoints);
            }
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
