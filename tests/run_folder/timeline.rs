//! Random orders against a reference that knows nothing but the rules: which checkpoints lie on disk,
//! which are set aside, what the menu offers, what the journal holds, which student is saved.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use proptest::prelude::*;
use proptest::test_runner::Config;
use retort::link::{self, Command, Event, Fact, Phase, RunId};
use retort::record::{RunRecord, journal};
use retort::session::{ScheduleKind, Session};

use super::{Play, start, tiny, weights};

/// Steps planned at first, and the most there may be.
const STEPS: u64 = 9;
const MOST: u64 = 13;
const EVERY: u64 = 2;
const KEPT: usize = 5;

#[derive(Clone, Copy, Debug)]
enum Act {
    Start,
    Pause,
    Step,
    Rewind(u64),
    Continue,
    Extend(u64),
    Stop,
    Open,
    /// The window is closed and opened again.
    Reopen,
}

fn orders() -> impl Strategy<Value = Vec<Act>> {
    let one = prop_oneof![
        1 => Just(Act::Start),
        1 => Just(Act::Pause),
        12 => Just(Act::Step),
        3 => (0..MOST + 2).prop_map(Act::Rewind),
        3 => Just(Act::Continue),
        1 => (1..=MOST).prop_map(Act::Extend),
        1 => Just(Act::Stop),
        1 => Just(Act::Open),
        1 => Just(Act::Reopen),
    ];
    prop::collection::vec(one, 4..40).prop_map(|rest| std::iter::once(Act::Start).chain(rest).collect())
}

/// What the rules say.
#[derive(Debug, Default)]
struct Reference {
    begun: bool,
    live: bool,
    ended: bool,
    step: u64,
    steps: u64,
    disk: BTreeSet<u64>,
    aside: BTreeSet<u64>,
    student: Option<u64>,
}

impl Reference {
    fn save(&mut self) {
        self.disk.insert(self.step);
        while self.disk.len() > KEPT {
            self.disk.pop_first();
        }
    }

    fn leave(&mut self) {
        if std::mem::take(&mut self.live) {
            self.save();
        }
    }

    fn end(&mut self) {
        self.leave();
        (self.student, self.ended) = (Some(self.step), true);
    }

    fn obey(&mut self, order: Act) {
        match order {
            Act::Start if !self.begun => (self.begun, self.live, self.steps) = (true, true, STEPS),
            Act::Start | Act::Pause | Act::Open => {}
            Act::Step if self.live && self.step < self.steps => {
                self.step += 1;
                if self.step.is_multiple_of(EVERY) {
                    self.save();
                }
            }
            Act::Step | Act::Stop if self.live => self.end(),
            Act::Step | Act::Stop => {}
            Act::Rewind(to) => {
                let target = self.disk.range(..=to).next_back().copied().filter(|_| self.live);
                if let Some(target) = target {
                    let later = self.disk.split_off(&(target + 1));
                    if !later.is_empty() {
                        self.aside = later;
                    }
                    self.step = target;
                }
            }
            Act::Continue | Act::Extend(_) => {
                self.leave();
                let planned = if let Act::Extend(steps) = order { steps } else { self.steps };
                match self.disk.last() {
                    Some(newest) if matches!(order, Act::Extend(steps) if steps <= *newest) => {}
                    Some(newest) => (self.live, self.step, self.steps) = (true, *newest, planned),
                    None if self.begun && !self.ended => (self.live, self.step, self.steps) = (true, 0, planned),
                    None => {}
                }
            }
            // What is at step 0 is begun again anyway.
            Act::Reopen if self.step == 0 => self.live = false,
            Act::Reopen => self.leave(),
        }
    }
}

/// The run on the engine's side.
struct Bench {
    play: Play,
    heard: usize,
    record: RunRecord,
    session: Session,
    out: PathBuf,
}

impl Bench {
    fn wait(&mut self, phases: &[Phase]) {
        self.play.until_phase(phases);
        self.hear();
    }

    /// Folds what came, as the window does.
    fn hear(&mut self) {
        for event in &self.play.said[self.heard..] {
            if let Event::Fact(_, fact) = event {
                self.record.fold(fact.clone());
            }
        }
        self.heard = self.play.said.len();
    }

    /// Carries an order out and waits until it is done; `after` is what the rules make of it.
    fn obey(&mut self, order: Act, was_live: bool, after: &Reference) {
        const OVER: &[Phase] = &[Phase::Finished, Phase::Stopped, Phase::Failed];
        let command = match order {
            Act::Start => start(&self.session, &self.out),
            Act::Pause => link::Order::Pause.to(RunId::FIRST),
            Act::Step => link::Order::StepOnce.to(RunId::FIRST),
            Act::Rewind(step) => link::Order::Rewind(step).to(RunId::FIRST),
            Act::Continue => link::Order::Continue(self.out.clone()).to(RunId::FIRST),
            Act::Extend(steps) => link::Order::Extend { out: self.out.clone(), steps }.to(RunId::FIRST),
            Act::Stop => link::Order::Stop.to(RunId::FIRST),
            Act::Open => Command::Open { run: RunId::FIRST, session: Box::new(self.session.clone()) },
            Act::Reopen => return self.reopen(),
        };
        self.play.send(command);
        match order {
            Act::Continue | Act::Extend(_) if !after.live => self.wait(&[Phase::Failed]),
            Act::Start if !was_live && !after.live => self.wait(&[Phase::Failed]),
            Act::Start if was_live => {}
            Act::Start | Act::Continue | Act::Extend(_) => {
                self.play.send(link::Order::Pause.to(RunId::FIRST));
                self.wait(&[Phase::Paused]);
            }
            Act::Pause if was_live => self.wait(&[Phase::Paused]),
            Act::Step if after.live => self.wait(&[Phase::Paused]),
            Act::Step | Act::Stop if was_live => self.wait(OVER),
            Act::Rewind(_) if was_live => {
                let told = self.play.until(|event| matches!(event, Event::Fact(_, Fact::CheckpointsKept { .. })));
                if told.iter().any(|event| matches!(event, Event::Fact(_, Fact::Rewound { .. }))) {
                    self.wait(&[Phase::Paused]);
                }
            }
            Act::Open if !was_live => self.wait(&[Phase::Ready, Phase::Failed]),
            _ => {}
        }
        self.hear();
    }

    fn reopen(&mut self) {
        self.play.leave();
        self.play = Play::begin();
        self.heard = 0;
        self.record = journal::replay(&self.out).unwrap_or_default();
    }
}

fn steps_in(folder: &Path) -> BTreeSet<u64> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_str().unwrap().strip_prefix("step-").unwrap().parse().unwrap()).collect()
}

/// The session of all cases, its data kept for the length of the test.
fn session() -> Session {
    static DATA: OnceLock<tempfile::TempDir> = OnceLock::new();
    let mut session = tiny(DATA.get_or_init(|| tempfile::tempdir().unwrap()).path());
    session.recipe.schedule = ScheduleKind::Constant;
    (session.recipe.steps, session.recipe.checkpoint_every) = (STEPS, EVERY);
    session
}

/// The student by number of steps, and the run's curve.
type Undisturbed = (BTreeMap<u64, Vec<u8>>, Vec<u64>);

/// For every number of steps, the student of a run that nobody disturbed; and the run's curve.
fn undisturbed() -> &'static Undisturbed {
    static STUDENTS: OnceLock<Undisturbed> = OnceLock::new();
    STUDENTS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let mut session = session();
        session.recipe.steps = MOST;
        let student = |step: u64| {
            let out = folder.path().join(step.to_string());
            let mut play = Play::begin();
            play.send(start(&session, &out));
            play.send(link::Order::Pause.to(RunId::FIRST));
            play.until_phase(&[Phase::Paused]);
            for _ in 0..step {
                play.send(link::Order::StepOnce.to(RunId::FIRST));
                play.until_phase(&[Phase::Paused]);
            }
            play.to_the_end(link::Order::Stop.to(RunId::FIRST)).unwrap();
            (step, weights(&out))
        };
        let students = (0..=MOST).map(student).collect();
        (students, curve(&journal::replay(&folder.path().join(MOST.to_string())).unwrap()))
    })
}

fn curve(record: &RunRecord) -> Vec<u64> {
    let series = record.series.get(&"loss/total".into());
    series.map(|series| series.points().map(|(_, value)| value.to_bits()).collect()).unwrap_or_default()
}

fn check(bench: &Bench, rules: &Reference) -> Result<(), TestCaseError> {
    let out = &bench.out;
    prop_assert_eq!(&steps_in(&out.join("checkpoints")), &rules.disk, "on disk");
    prop_assert_eq!(&steps_in(&out.join("abandoned")), &rules.aside, "set aside");
    let menu: BTreeSet<u64> = bench.record.checkpoints.iter().copied().collect();
    prop_assert_eq!(&menu, &rules.disk, "in the menu");
    prop_assert_eq!(bench.record.checkpoints.len(), menu.len(), "offered twice");
    let student = out.join("student").exists().then(|| weights(out));
    let expected = rules.student.map(|step| &undisturbed().0[&step]);
    prop_assert!(student.as_ref() == expected, "the student is not that of step {:?}", rules.student);
    prop_assert_eq!(curve(&bench.record), &undisturbed().1[..rules.step as usize], "the curve");
    if rules.begun && !rules.live {
        let replayed = journal::replay(out).unwrap();
        prop_assert_eq!(&replayed.checkpoints, &bench.record.checkpoints, "in the journal");
        prop_assert_eq!(curve(&replayed), curve(&bench.record), "the journal's curve");
        prop_assert_eq!(replayed.step, rules.step, "the journal's step");
        let closed = replayed.notices.iter().any(|remark| remark.grave);
        prop_assert!(!closed, "a refusal lies in the journal: {:?}", replayed.notices);
    }
    Ok(())
}

fn play(orders: &[Act]) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let (out, session) = (folder.path().join("run"), session());
    let mut bench = Bench { play: Play::begin(), heard: 0, record: RunRecord::default(), session, out };
    let mut rules = Reference::default();
    for (number, order) in orders.iter().enumerate() {
        let was_live = rules.live;
        let journal = fs::read(bench.out.join("journal.jsonl")).ok().filter(|_| !was_live);
        rules.obey(*order);
        bench.obey(*order, was_live, &rules);
        check(&bench, &rules).map_err(|e| TestCaseError::fail(format!("order {number}, {order:?}: {e}\n{rules:?}")))?;
        if let (Some(before), false) = (journal, rules.live) {
            let after = fs::read(bench.out.join("journal.jsonl")).unwrap();
            prop_assert!(before == after, "order {number}, {order:?}: the journal went on behind the end of its run");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: 48, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_orders_leave_disk_menu_journal_and_student_as_the_rules_say(orders in orders()) {
        play(&orders)?;
    }
}

#[test]
fn a_rewind_is_never_continued_into_the_time_it_left() {
    let steps = [Act::Step; 8];
    let back = [Act::Rewind(4), Act::Step, Act::Reopen, Act::Continue, Act::Step, Act::Stop, Act::Continue];
    let orders: Vec<Act> = std::iter::once(Act::Start).chain(steps).chain(back).collect();
    play(&orders).unwrap();
}

/// What a run was like so far, as its checkpoint at the end of `tiny` knows it.
fn watched(out: &Path) -> serde_json::Value {
    let state = fs::read(retort::session::run_folder::checkpoint(out, 12).join("state.json")).unwrap();
    serde_json::from_slice::<serde_json::Value>(&state).unwrap()["divergence"].clone()
}

#[test]
fn a_run_that_was_taken_up_or_put_back_is_watched_for_coming_apart_as_if_it_had_gone_through() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, left, back) = (folder.path().join("whole"), folder.path().join("left"), folder.path().join("back"));
    let session = tiny(folder.path());
    super::run(&session, &whole);
    super::leave_at(&session, &left, 7);
    super::resume(&left).0.unwrap();
    let mut play = Play::begin();
    play.send(start(&session, &back));
    play.send(link::Order::Pause.to(RunId::FIRST));
    play.until_phase(&[Phase::Paused]);
    for _ in 0..7 {
        play.send(link::Order::StepOnce.to(RunId::FIRST));
        play.until_phase(&[Phase::Paused]);
    }
    play.send(link::Order::Rewind(4).to(RunId::FIRST));
    play.until(|event| matches!(event, Event::Fact(_, Fact::Rewound { step: 4 })));
    play.to_the_end(link::Order::Resume.to(RunId::FIRST)).unwrap();
    assert!(watched(&whole)["losses"]["first"].is_number(), "{}", watched(&whole));
    for (how, out) in [("taken up", left), ("put back", back)] {
        assert_eq!(watched(&out), watched(&whole), "{how}");
    }
}
