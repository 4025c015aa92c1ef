//! The engine's day: takes orders, takes steps, tells what happened. One step sees one knob
//! revision; a paused run still answers what it is asked.

mod asking;
mod claim;
mod connecting;
mod consent;
mod errands;
mod fetching;
mod finish;
mod folder;
mod inspection;
mod key_storage;
mod measuring;
mod orders;
mod probing;

mod reporter;
mod start;
mod train_loop;
mod unwritten;

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Instant;

use super::divergence::Divergence;
use super::pair::Pair;
use super::process_memory::peak_bytes;
use super::prune::Pruner;
use super::teacher::CachedTeacher;
use super::train::Trainer;
use super::watch::Watch;
use crate::link::{
    Budget, Cells, ChannelSink, Command, EventSink, InputFile, OfRun, Order, Pace, Pacer, Phase, Plan, RunId, STOPPED,
    Step,
};
use crate::session::{Catalog, Knobs, Sentence, Session};
use claim::Claim;
pub use claim::{FolderError, vacant};
use consent::Questions;
use errands::Errands;
use orders::Orders;
use probing::Looks;
use reporter::Reporter;
use unwritten::Unwritten;

/// Serves orders until the watching end is dropped. `loaded` names the run that is loaded, for whoever catches a
/// panic.
pub fn serve(
    commands: &Receiver<Command>,
    cells: &Cells,
    sink: &mut ChannelSink,
    record: &mut dyn EventSink,
    loaded: &Cell<Option<RunId>>,
) {
    let catalog = super::catalog();
    let mut engine = Engine {
        orders: Orders::new(commands),
        questions: Questions::default(),
        errands: Errands { cells: cells.clone(), wake: sink.wake() },
        cells,
        news: Reporter::new(sink, record, loaded),
        catalog,
        pair: None,
        run: None,
        left: FinishedRun::default(),
        unwritten: None,
        looks: Looks::default(),
    };
    loop {
        match engine.orders.next(!engine.is_training()) {
            Ok(command) => engine.obey(command),
            Err(TryRecvError::Empty) if engine.is_training() => engine.step(),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return engine.leave(),
        }
    }
}

struct Engine<'a> {
    orders: Orders<'a>,
    questions: Questions,
    errands: Errands,
    cells: &'a Cells,
    news: Reporter<'a>,
    catalog: Catalog,
    pair: Option<Pair>,
    run: Option<Run>,
    /// What the last run left in the student of an open pair without a run.
    left: FinishedRun,
    /// A student that could not be written at the end of its run.
    unwritten: Option<Unwritten>,
    looks: Looks,
}

/// A run that is loaded.
struct Run {
    id: RunId,
    trainer: Trainer,
    out: PathBuf,
    /// Keeps the folder from every other process.
    claim: Claim,
    /// Whether the folder held nothing before this run: if it never steps, nothing is left of it.
    fresh: bool,
    /// What it reads.
    inputs: Vec<InputFile>,
    /// What the evaluations said so far.
    watch: Watch,
    /// Whether it has come apart.
    divergence: Divergence,
    mode: Mode,
    /// The slider values last seen; what differs from them was moved by a hand.
    seen: Arc<OfRun<Knobs>>,
    begun: Instant,
    seconds_before: f64,
    told: Instant,
    told_step: Step,
    /// How long steps and evaluations take.
    pacer: Pacer,
    /// Since when the coming step is being done.
    since: Instant,
    /// Whether the validation part is being measured.
    evaluates: bool,
    /// What it will pay its server for.
    budget: Option<Budget>,
    /// Why no further step is done, once that is so.
    ends: Option<&'static str>,
    /// Whether it was said what the teacher gets right.
    vetted: bool,
    /// When it was last said that the teacher is being asked.
    asked: Option<Instant>,
    /// Why the teacher is not asked for what is measured at the end.
    unasked: Option<Sentence>,
}

/// What stays of a run in a student that is only looked at: of the one that has just ended, or of
/// the one that was shown again.
#[derive(Default)]
struct FinishedRun {
    run: RunId,
    step: Step,
    pruner: Pruner,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Running,
    OneStep,
    Paused,
}

impl Run {
    /// A run that is begun or taken up, and what it will pay its server for.
    fn new(id: RunId, trainer: Trainer, out: PathBuf, claim: Claim, budget: Option<Budget>) -> Self {
        let (now, step) = (Instant::now(), trainer.step);
        let seen = Arc::new(OfRun::new(id, trainer.knobs.clone()));
        Self {
            id,
            trainer,
            out,
            claim,
            fresh: false,
            inputs: Vec::new(),
            watch: Watch::default(),
            divergence: Divergence::default(),
            mode: Mode::Running,
            seen,
            begun: now,
            seconds_before: 0.0,
            told: now,
            told_step: step,
            pacer: Pacer::default(),
            since: now,
            evaluates: false,
            budget,
            ends: None,
            vetted: false,
            asked: None,
            unasked: None,
        }
    }

    /// Takes the sliders as seen, wherever they stand: a run that was put back or taken up again
    /// follows them only once they are written anew, and then to any value, be it the one from before.
    fn sync_knobs(&mut self, sliders: &Knobs) {
        let seen = Knobs { revision: sliders.revision, ..self.trainer.knobs.clone() };
        self.seen = Arc::new(OfRun::new(self.id, seen));
    }

    /// What the rest of it takes, as far as it can be told.
    fn pace(&self) -> Pace {
        let (data, recipe) = (&self.trainer.pair.assets.data, &self.trainer.session.recipe);
        let asked_at_end = if self.trainer.teacher.is_some() { data.test.len() as u64 } else { 0 };
        let (step, ends) = (self.trainer.step, self.ends.is_some());
        self.pacer.pace(&Plan {
            steps: if ends { 0 } else { recipe.steps.saturating_sub(step) },
            evaluations: u64::from(self.evaluates) + if ends { 0 } else { recipe.evaluations_from(step) },
            texts_each: data.validation.len() as u64,
            texts_at_end: (data.validation.len() + data.test.len()) as u64,
            asked_at_end,
            batch: recipe.examples_per_step() as u64,
        })
    }

    fn seconds(&self) -> f64 {
        self.seconds_before + self.begun.elapsed().as_secs_f64()
    }
}

impl Engine<'_> {
    fn is_training(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.mode != Mode::Paused)
    }

    fn phase(&mut self, phase: Phase, what: Sentence) {
        let status = &mut self.news.status;
        if let Some(run) = &self.run {
            status.done = run.trainer.step;
            status.total = run.trainer.session.recipe.steps;
            status.pace = run.pace();
        }
        status.peak_bytes = peak_bytes();
        self.news.phase(phase, what);
    }

    fn obey(&mut self, command: Command) {
        self.note_order(&command);
        match command {
            Command::Run(run, order) => self.obey_of_run(run, order),
            Command::Open { run, session } => self.open(run, &located(session)),
            Command::Examine(session) => self.examine(&located(session), false),
            Command::ExamineAsking(session) => self.examine(&located(session), true),
            Command::Weigh(session) => self.weigh(&located(session)),
            Command::Count(session) => self.count(&located(session)),
            Command::Preview(source) => self.errands.preview(*source),
            Command::Connect(source) if self.may_send(&source) => self.errands.connect(&source),
            Command::Connect(_) => {}
            Command::StoreKey { name, key, host } => self.errands.store_key(name, key, host),
            Command::Answer { question, yes } => self.answered(&question, yes),
            Command::Look => self.look(true),
            Command::List => self.errands.list_models(),
            Command::ListKept => self.errands.list_kept(false),
            Command::ClearRows => self.errands.list_kept(true),
            Command::Files { repo, revision } => self.errands.list_files(repo, revision),
        }
    }

    fn obey_of_run(&mut self, id: RunId, order: Order) {
        match order {
            Order::Start { session, out } => self.start(id, located(session), out),
            Order::Continue(out) => self.go_on(id, &out, None),
            Order::Extend { out, steps } => self.go_on(id, &out, Some(steps)),
            Order::WriteStudent(to) => self.write_student(to),
            Order::DropStudent => self.drop_student(),
            order if self.run.as_ref().is_some_and(|run| run.id == id) => self.obey_of_loaded(order),
            // It has ended meanwhile, or another one has begun.
            _ => self.news.tell_status(),
        }
    }

    fn obey_of_loaded(&mut self, order: Order) {
        match order {
            Order::Pause => self.set_mode(Mode::Paused),
            Order::Resume => self.set_mode(Mode::Running),
            Order::StepOnce => self.set_mode(Mode::OneStep),
            Order::Checkpoint => self.checkpoint(),
            Order::Stop => self.finish(STOPPED),
            Order::Rewind(step) => self.rewind(step),
            _ => {}
        }
    }

    fn set_mode(&mut self, mode: Mode) {
        let Some(run) = &mut self.run else { return };
        run.mode = mode;
        if mode == Mode::Paused {
            // No further request while the run rests; an answer that is under way is kept.
            run.trainer.teacher.iter().for_each(CachedTeacher::call_off);
        }
        run.since = Instant::now();
        (run.told, run.told_step) = (run.since, run.trainer.step);
        self.phase(if mode == Mode::Paused { Phase::Paused } else { Phase::Running }, Sentence::default());
    }
}

/// The session as it stays true when it is written down: paths that were given from the working folder
/// start at the root.
fn located(mut session: Box<Session>) -> Session {
    session.make_paths_absolute();
    *session
}
