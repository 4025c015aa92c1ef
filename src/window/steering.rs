//! Who holds the wheel: what the sliders ask for, and whether a run is there to take it.
//!
//! Before a run a slider writes the session's value at step 0. During a run it writes the shared
//! cell only; the engine answers with a knob change, which becomes a mark on the curve and a line
//! of the session's script. So at every moment the session, run headless, repeats what was done.
//!
//! While a hand holds a knob, what it asks for is only shown: the pictures soften and count with it at
//! once. It acts (goes into the cell) when the hand lets go or has been still for [`REST`]; θ removes
//! weights and acts only when let go. Keys, buttons and typed numbers act at once. A change acts on the
//! very next step, whatever made it.
//!
//! *Why marks are of values and not of gestures (2026-11).* A smooth drag is one value that acted: one
//! mark, one line of the script. A hand that rests on the way has trained with each value it rested on,
//! and the replay needs them all: each is a mark. For undo it stays one gesture, because undo asks what
//! the person did, not what the run went through. Chosen over one mark a gesture, which would be untrue
//! of the steps between, and over waiting for the release alone, which hides what a held value does.

use crate::link::{Answer, Event, Fact, KnobChange, Live, OfRun, Origin, Phase, Reply, RunId, Step};
use crate::record::RunRecord;
use crate::session::{Catalog, Change, Knobs, Session};

/// Whether a run takes what the sliders say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Run {
    /// None is under way.
    #[default]
    None,
    /// One was asked for and has not begun.
    Asked,
    /// One is under way.
    Live,
}

/// A hand that has been still for so long means the value it holds, in egui's seconds.
pub const REST: f64 = 0.15;

/// The knob whose values remove weights: passing one on the way to another does harm.
pub const THETA: &str = "magnitude.theta";

/// A knob that is held, with a value that does not act yet.
#[derive(Clone, Debug, PartialEq)]
struct Held {
    id: String,
    /// When the hand moved last, in egui's seconds.
    moved: f64,
}

/// What the sliders ask for.
#[derive(Debug, Default)]
pub struct Steering {
    /// The run that they turn.
    id: RunId,
    requested: Knobs,
    run: Run,
    held: Option<Held>,
}

/// What an event means for the sliders; taken before the event is folded, acted on afterwards.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// Nothing.
    None,
    /// A run began, or was taken up again at this step.
    Began(Step),
    /// Knobs changed.
    Changed(Origin, Vec<KnobChange>),
    /// The run was put back.
    Rewound,
    /// The run is over.
    Over,
}

impl Turn {
    /// What `event` means for the sliders.
    pub fn of(event: &Event) -> Self {
        match event {
            Event::Fact(_, Fact::Started { step, .. }) => Self::Began(*step),
            Event::Fact(_, Fact::KnobsChanged { origin, changes, .. }) => Self::Changed(*origin, changes.clone()),
            Event::Fact(_, Fact::Rewound { .. }) => Self::Rewound,
            Event::Fact(_, Fact::Finished(_) | Fact::Failed(_)) => Self::Over,
            Event::Reply(Reply::Failed(_) | Reply::Answered(Answer::No)) => Self::Over,
            Event::Reply(Reply::Status(status)) if matches!(status.phase, Phase::Failed | Phase::Gone) => Self::Over,
            _ => Self::None,
        }
    }
}

impl Steering {
    /// The wheel of a session that is not running. Where a run was shown again, a knob the person
    /// has not touched since stands where the run left it.
    pub fn new(id: RunId, session: &Session, record: &RunRecord, catalog: &Catalog) -> Self {
        let mut requested = session.start_knobs(catalog);
        let as_run = record.session.as_ref().map(|session| session.start_knobs(catalog));
        for (id, applied) in &record.applied {
            let untouched = as_run.as_ref().is_some_and(|run| run.values.get(id) == requested.values.get(id));
            if untouched {
                requested.values.insert(id.clone(), *applied);
            }
        }
        Self { id, requested, run: Run::None, held: None }
    }

    /// What the sliders show.
    pub fn requested(&self) -> &Knobs {
        &self.requested
    }

    /// Whether a run is under way or about to be.
    pub fn is_live(&self) -> bool {
        self.run != Run::None
    }

    /// A person asks for a value; gives the one asked for before.
    pub fn request(&mut self, id: &str, value: f64, session: &mut Session, cell: &Live<OfRun<Knobs>>) -> Option<f64> {
        let before = self.requested.values.get(id).copied();
        self.requested.set(id, value);
        self.held.take_if(|held| held.id == id);
        self.commit(id, session, cell);
        before
    }

    /// A hand holds a knob at a value, at time `now`; gives the one asked for before. Without a run
    /// nothing could act, so the session has it at once.
    pub fn hold(
        &mut self,
        id: &str,
        value: f64,
        now: f64,
        session: &mut Session,
        cell: &Live<OfRun<Knobs>>,
    ) -> Option<f64> {
        if !self.is_live() {
            return self.request(id, value, session, cell);
        }
        if self.held.as_ref().is_some_and(|held| held.id != id) {
            self.let_go(session, cell);
        }
        self.held = Some(Held { id: id.to_owned(), moved: now });
        self.requested.values.insert(id.to_owned(), value)
    }

    /// Lets a held value act once the hand has come to rest or is no longer `down`. Gives the seconds
    /// until that has to be looked at again.
    pub fn settle(&mut self, now: f64, down: bool, session: &mut Session, cell: &Live<OfRun<Knobs>>) -> Option<f64> {
        let held = self.held.as_ref()?;
        if !down {
            self.let_go(session, cell);
            return None;
        }
        let left = held.moved + REST - now;
        if held.id == THETA || left > 0.0 {
            return (held.id != THETA).then_some(left);
        }
        self.let_go(session, cell);
        None
    }

    fn let_go(&mut self, session: &mut Session, cell: &Live<OfRun<Knobs>>) {
        if let Some(Held { id, .. }) = self.held.take() {
            self.requested.revision += 1;
            self.commit(&id, session, cell);
        }
    }

    /// Lets the value asked for act.
    fn commit(&self, id: &str, session: &mut Session, cell: &Live<OfRun<Knobs>>) {
        if self.is_live() {
            self.store(cell);
        } else if let Some(value) = self.requested.values.get(id) {
            session.set_knob(id, *value);
        }
    }

    /// Writes the cell. A value under a hand is not in it yet.
    fn store(&self, cell: &Live<OfRun<Knobs>>) {
        let mut knobs = self.requested.clone();
        if let Some(Held { id, .. }) = &self.held {
            match cell.load().it.values.get(id) {
                Some(acting) => knobs.values.insert(id.clone(), *acting),
                None => knobs.values.remove(id),
            };
        }
        cell.store(OfRun::new(self.id, knobs));
    }

    /// The run `id` of `session` is asked for: the sliders stand at step 0.
    pub fn begin(&mut self, id: RunId, session: &Session, catalog: &Catalog, cell: &Live<OfRun<Knobs>>) {
        let revision = self.requested.revision.max(cell.load().it.revision) + 1;
        self.id = id;
        self.requested = Knobs { revision, ..session.start_knobs(catalog) };
        self.held = None;
        cell.store(OfRun::new(id, self.requested.clone()));
        self.run = Run::Asked;
    }

    /// The run `id` is asked to go on from its folder.
    pub fn go_on(&mut self, id: RunId) {
        self.id = id;
        self.run = Run::Asked;
    }

    /// Takes in what an event meant; `record` has folded it already.
    pub fn turn(&mut self, turn: Turn, session: &mut Session, record: &RunRecord, cell: &Live<OfRun<Knobs>>) {
        match turn {
            Turn::None => {}
            Turn::Began(step) => self.began(step, record, cell),
            Turn::Changed(origin, changes) => {
                if origin == Origin::Script {
                    self.follow(changes.into_iter().map(|change| (change.knob, change.to)), cell);
                }
                session.script = script(record);
            }
            Turn::Rewound => {
                self.follow(record.applied.clone(), cell);
                session.script = script(record);
            }
            // What is held from here on is a value for the next start.
            Turn::Over => self.run = Run::None,
        }
    }

    fn began(&mut self, step: Step, record: &RunRecord, cell: &Live<OfRun<Knobs>>) {
        // A slider moved between the click and the first step is already in the cell; the run's
        // own knobs must not hide it.
        if self.run == Run::None || step > 0 {
            self.follow(record.applied.clone(), cell);
        }
        self.run = Run::Live;
    }

    /// Takes up values that a hand did not set. The cell takes them too: the engine sees a change
    /// by what differs in it, and turning a knob back to where it stood before must differ.
    fn follow(&mut self, values: impl IntoIterator<Item = (String, f64)>, cell: &Live<OfRun<Knobs>>) {
        for (id, value) in values {
            self.held.take_if(|held| held.id == id);
            self.requested.values.insert(id, value);
        }
        // Another session's sliders may have written the cell before: the revision only ever grows.
        self.requested.revision = self.requested.revision.max(cell.load().it.revision) + 1;
        self.store(cell);
    }
}

/// The script that repeats the run: what happened, then what its own script still holds.
fn script(record: &RunRecord) -> Vec<Change> {
    let mut script = record.script();
    let asked = record.session.iter().flat_map(|session| session.script.iter());
    let done = |change: &Change| script.iter().any(|past| past.step == change.step && past.knob == change.knob);
    let ahead: Vec<Change> = asked.filter(|change| change.step >= record.step && !done(change)).cloned().collect();
    script.extend(ahead);
    script.sort_by_key(|change| change.step);
    script
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn fold(steering: &mut Steering, record: &mut RunRecord, session: &mut Session, fact: Fact) {
        let turn = Turn::of(&fact.clone().of(RunId::FIRST));
        record.fold(fact);
        steering.turn(turn, session, record, &Live::default());
    }

    fn changed(step: Step, origin: Origin, from: f64, to: f64) -> Fact {
        let changes = vec![KnobChange { knob: "soft_targets.temperature".into(), from, to }];
        Fact::KnobsChanged { step, origin, changes }
    }

    fn started(session: &Session) -> Fact {
        Fact::Started { session: Box::new(session.clone()), out: PathBuf::new(), step: 0 }
    }

    #[test]
    fn the_script_of_a_repeated_run_keeps_the_changes_that_are_still_ahead() {
        let mut session = Session::built_in().unwrap();
        let change = |step, value| Change { step, knob: "soft_targets.temperature".into(), value };
        session.script = vec![change(2, 4.0), change(9, 8.0)];
        let (mut steering, mut record) = (Steering::default(), RunRecord::default());
        steering.begin(RunId::FIRST, &session, &Catalog::default(), &Live::default());
        let facts = [started(&session), changed(2, Origin::Script, 2.0, 4.0), changed(5, Origin::Person, 4.0, 3.0)];
        for fact in facts {
            fold(&mut steering, &mut record, &mut session, fact);
        }
        assert_eq!(session.script, [change(2, 4.0), change(5, 3.0), change(9, 8.0)]);
    }

    #[test]
    fn a_change_made_by_the_script_moves_the_slider() {
        let mut session = Session::built_in().unwrap();
        let (mut steering, mut record) = (Steering::default(), RunRecord::default());
        steering.begin(RunId::FIRST, &session, &Catalog::default(), &Live::default());
        let start = started(&session);
        fold(&mut steering, &mut record, &mut session, start);
        fold(&mut steering, &mut record, &mut session, changed(3, Origin::Script, 2.0, 6.0));
        assert_eq!(steering.requested().values["soft_targets.temperature"], 6.0);
        assert_eq!(session.knobs["soft_targets.temperature"], 2.0, "step 0 stays as it was");
    }

    #[test]
    fn a_rewind_takes_sliders_and_script_back_with_it() {
        let mut session = Session::built_in().unwrap();
        let (mut steering, mut record) = (Steering::default(), RunRecord::default());
        steering.begin(RunId::FIRST, &session, &Catalog::default(), &Live::default());
        let start = started(&session);
        fold(&mut steering, &mut record, &mut session, start);
        fold(&mut steering, &mut record, &mut session, changed(3, Origin::Person, 2.0, 6.0));
        fold(&mut steering, &mut record, &mut session, Fact::Rewound { step: 2 });
        assert_eq!(steering.requested().values["soft_targets.temperature"], 2.0);
        assert!(session.script.is_empty());
    }
}
