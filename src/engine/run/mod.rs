//! The engine's day: takes orders, takes steps, tells what happened. One step sees one knob
//! revision; a paused run still answers what it is asked.

mod looking;
mod memory;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use super::pair::Pair;
use super::train::Trainer;
use super::{EngineError, checkpoint, evaluate};
use crate::link::{
    Cells, ChannelSink, Command, Event, EventSink, KnobChange, Notice, Origin, Outcome, Phase, SeriesId, Status, Step,
};
use crate::session::{Catalog, Knobs, Session};
use looking::Looks;
pub use memory::peak_bytes;

/// Time between two status reports while training.
const STATUS_PAUSE: Duration = Duration::from_millis(250);

/// Serves orders until the watching end is dropped.
pub fn serve(commands: &Receiver<Command>, cells: &Cells, sink: &mut ChannelSink, record: &mut dyn EventSink) {
    let catalog = super::catalog();
    let mut engine = Engine {
        cells,
        sink,
        record,
        catalog,
        pair: None,
        run: None,
        revived: 0,
        looks: Looks::default(),
        status: Status::default(),
    };
    loop {
        let order = if engine.is_training() {
            commands.try_recv()
        } else {
            commands.recv().map_err(|_| TryRecvError::Disconnected)
        };
        match order {
            Ok(command) => engine.obey(command),
            Err(TryRecvError::Empty) if engine.is_training() => engine.step(),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return engine.leave(),
        }
    }
}

struct Engine<'a> {
    cells: &'a Cells,
    sink: &'a mut ChannelSink,
    record: &'a mut dyn EventSink,
    catalog: Catalog,
    pair: Option<Pair>,
    run: Option<Run>,
    /// Steps behind the student of an open pair without a run: those of the run that was shown again,
    /// or that has just ended.
    revived: Step,
    looks: Looks,
    status: Status,
}

/// A run that is loaded.
struct Run {
    trainer: Trainer,
    out: PathBuf,
    mode: Mode,
    /// The slider values last seen; what differs from them was moved by a hand.
    seen: Arc<Knobs>,
    begun: Instant,
    seconds_before: f64,
    told: Instant,
    told_step: Step,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Running,
    OneStep,
    Paused,
}

impl Run {
    fn new(trainer: Trainer, out: PathBuf, seen: Arc<Knobs>, seconds_before: f64) -> Self {
        let (now, step) = (Instant::now(), trainer.step);
        Self { trainer, out, mode: Mode::Running, seen, begun: now, seconds_before, told: now, told_step: step }
    }

    fn seconds(&self) -> f64 {
        self.seconds_before + self.begun.elapsed().as_secs_f64()
    }
}

impl Engine<'_> {
    fn emit(&mut self, event: Event) {
        self.record.emit(event.clone());
        self.sink.emit(event);
    }

    fn is_training(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.mode != Mode::Paused)
    }

    fn phase(&mut self, phase: Phase, what: &str) {
        self.status.phase = phase;
        self.status.what = what.to_owned();
        if let Some(run) = &self.run {
            self.status.done = run.trainer.step;
            self.status.total = run.trainer.session.recipe.steps;
        }
        self.status.peak_bytes = peak_bytes();
        self.emit(Event::Status(self.status.clone()));
    }

    /// Reports an error that keeps something from starting or ends it.
    fn fail(&mut self, error: &EngineError) {
        self.emit(Event::Failed(Notice::from(error)));
        self.phase(Phase::Failed, "");
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Open(session) => self.open(&session),
            Command::Start { session, out } => self.start(*session, out),
            Command::Continue(out) => self.go_on(&out),
            Command::Pause => self.set_mode(Mode::Paused),
            Command::Resume => self.set_mode(Mode::Running),
            Command::StepOnce => self.set_mode(Mode::OneStep),
            Command::Look => self.look(true),
            Command::Checkpoint => self.checkpoint(),
            Command::Stop => self.finish("stopped"),
            Command::Rewind(step) => self.rewind(step),
        }
    }

    fn set_mode(&mut self, mode: Mode) {
        let Some(run) = &mut self.run else { return };
        run.mode = mode;
        (run.told, run.told_step) = (Instant::now(), run.trainer.step);
        self.phase(if mode == Mode::Paused { Phase::Paused } else { Phase::Running }, "");
    }

    /// The open pair, wherever it is.
    fn take_pair(&mut self) -> Option<Pair> {
        self.run.take().map(|run| run.trainer.pair).or_else(|| self.pair.take())
    }

    fn open(&mut self, session: &Session) {
        if self.run.is_some() {
            return self.emit(Event::Warning("stop the run before opening another pair or data set".into()));
        }
        self.phase(Phase::Opening, "reading models and data");
        match Pair::open(session, self.pair.as_ref()) {
            Ok(pair) => {
                self.revived = session.run.as_deref().and_then(|run| checkpoint::revive(&pair, run)).unwrap_or(0);
                self.emit(Event::Opened(Box::new(pair.opened())));
                self.pair = Some(pair);
                self.phase(Phase::Ready, "");
                self.look(true);
            }
            Err(e) => self.fail(&e),
        }
    }

    fn start(&mut self, mut session: Session, out: PathBuf) {
        self.checkpoint();
        let before = self.take_pair();
        let threads = rayon::current_num_threads();
        if let Some(asked) = session.recipe.threads.filter(|asked| *asked != threads) {
            self.emit(Event::Warning(
                format!("the session was run with {asked} threads and now has {threads}: the curves may differ in their last digits; set RAYON_NUM_THREADS={asked} to repeat them exactly").into(),
            ));
        }
        session.recipe.threads = Some(threads);
        session.run = None;
        self.phase(Phase::Opening, "reading models and data");
        let catalog = self.catalog.clone();
        let begin = || -> Result<Trainer, EngineError> {
            std::fs::create_dir_all(&out)
                .map_err(|e| EngineError::Folder { reason: e.to_string(), path: out.clone() })?;
            let pair = Pair::open(&session, before.as_ref())?;
            session.knobs = session.start_knobs(&catalog).values;
            Trainer::new(session, pair, &catalog)
        };
        match begin() {
            Ok(trainer) => {
                forget_checkpoints(&out);
                let seen = Arc::new(trainer.knobs.clone());
                self.begin(Run::new(trainer, out, seen, 0.0));
            }
            Err(e) => {
                self.pair = before;
                self.fail(&e);
            }
        }
    }

    fn go_on(&mut self, out: &Path) {
        self.checkpoint();
        let before = self.take_pair();
        self.phase(Phase::Opening, "reading models, data and the checkpoint");
        let catalog = self.catalog.clone();
        let begin = || -> Result<(Trainer, f64), EngineError> {
            let (state, folder) = checkpoint::read(out, None)?;
            let pair = Pair::open(&state.session, before.as_ref())?;
            let mut trainer = Trainer::new(state.session.clone(), pair, &catalog)?;
            checkpoint::restore(&mut trainer, &state, &folder)?;
            Ok((trainer, state.seconds))
        };
        match begin() {
            Ok((trainer, seconds)) => {
                let seen = self.cells.knobs.load();
                self.begin(Run::new(trainer, out.to_owned(), seen, seconds));
            }
            Err(e) => {
                self.pair = before;
                self.fail(&e);
            }
        }
    }

    fn begin(&mut self, run: Run) {
        let session = Box::new(run.trainer.session.clone());
        let (out, step, opened) = (run.out.clone(), run.trainer.step, Box::new(run.trainer.pair.opened()));
        self.looks.spent = Duration::ZERO;
        self.run = Some(run);
        self.emit(Event::Started { session, out, step });
        self.emit(Event::Opened(opened));
        self.phase(Phase::Running, "");
    }

    /// One step of the run and what is due behind it.
    fn step(&mut self) {
        let Some(run) = &mut self.run else { return };
        let recipe = run.trainer.session.recipe.clone();
        if run.trainer.step >= recipe.steps {
            return self.finish("finished");
        }
        self.turn_knobs();
        let Some(run) = &mut self.run else { return };
        let step = run.trainer.step;
        let stepped = match run.trainer.advance() {
            Ok(stepped) => stepped,
            Err(e) => return self.give_up(&e),
        };
        let once = run.mode == Mode::OneStep;
        let warning = run.trainer.targets.as_mut().and_then(|targets| targets.take_warning());
        self.emit(Event::Scalars { step, values: stepped.values });
        if let Some(warning) = warning {
            self.emit(Event::Warning(warning.into()));
        }
        if !stepped.sound {
            return self.trouble(step);
        }
        let due = |every: u64| every > 0 && (step + 1) % every == 0;
        if due(recipe.evaluate_every) && self.validate(step, recipe.target_accuracy) {
            return self.finish("target reached");
        }
        if due(recipe.checkpoint_every) {
            self.checkpoint();
        }
        self.tell();
        self.look(false);
        if once {
            self.set_mode(Mode::Paused);
        }
    }

    /// Loads the knobs once for the coming step: first the script's changes, then those of a hand.
    fn turn_knobs(&mut self) {
        let Some(run) = &mut self.run else { return };
        let step = run.trainer.step;
        let due = run.trainer.session.script.iter().filter(|change| change.step == step);
        let scripted: Vec<(String, f64)> = due.map(|change| (change.knob.clone(), change.value)).collect();
        let script = turn(&mut run.trainer.knobs, scripted);
        let live = self.cells.knobs.load();
        let moved = live.values.iter().filter(|(id, value)| run.seen.values.get(*id) != Some(value));
        let in_range =
            |id: &str, value: f64| self.catalog.knob(id).is_some_and(|knob| knob.live && knob.problem(value).is_none());
        let moved: Vec<_> = moved.filter(|(id, value)| in_range(id, **value)).map(|(id, v)| (id.clone(), *v)).collect();
        let person = turn(&mut run.trainer.knobs, moved);
        run.seen = live;
        for (origin, changes) in [(Origin::Script, script), (Origin::Person, person)] {
            if !changes.is_empty() {
                self.emit(Event::KnobsChanged { step, origin, changes });
            }
        }
    }

    /// Measures on the validation part; tells whether the target is reached.
    fn validate(&mut self, step: Step, target: Option<f64>) -> bool {
        self.phase(Phase::Evaluating, "measuring on the validation part");
        let Some(run) = &mut self.run else { return false };
        match run.trainer.validate() {
            Ok(measures) => {
                let reached = target.is_some_and(|target| measures.get("accuracy").is_some_and(|a| *a >= target));
                let values =
                    measures.iter().map(|(name, value)| (SeriesId::from(format!("measure/{name}").as_str()), *value));
                self.emit(Event::Scalars { step, values: values.collect() });
                self.phase(Phase::Running, "");
                reached
            }
            Err(e) => {
                self.give_up(&e);
                false
            }
        }
    }

    fn trouble(&mut self, step: Step) {
        let checkpoint = self.run.as_ref().and_then(|run| checkpoint::list(&run.out).last().copied());
        let what = format!(
            "the loss or the gradient of step {step} is not a finite number; the weights were left as they were. A lower learning rate usually helps"
        );
        self.emit(Event::Trouble { step, what, checkpoint });
        self.set_mode(Mode::Paused);
    }

    fn checkpoint(&mut self) {
        let Some(run) = &mut self.run else { return };
        let step = run.trainer.step;
        match checkpoint::save(&run.trainer, &run.out, run.seconds()) {
            Ok(()) => self.emit(Event::Checkpoint { step }),
            // A full disk must not end a night's training.
            Err(e) => self.emit(Event::Warning(Notice::from(e))),
        }
    }

    fn rewind(&mut self, step: Step) {
        let Some(run) = &mut self.run else { return };
        let back = checkpoint::read(&run.out, Some(step))
            .and_then(|(state, folder)| checkpoint::restore(&mut run.trainer, &state, &folder));
        match back {
            Ok(()) => {
                run.seen = self.cells.knobs.load();
                let step = run.trainer.step;
                self.emit(Event::Rewound { step });
                self.set_mode(Mode::Paused);
                self.look(true);
            }
            Err(e) => self.emit(Event::Warning(Notice::from(e))),
        }
    }

    /// Ends the run: checkpoint, test, student, outcome.
    fn finish(&mut self, reason: &str) {
        self.checkpoint();
        self.phase(Phase::Evaluating, "measuring on the test part");
        let Some(mut run) = self.run.take() else { return self.phase(Phase::Ready, "") };
        let result = evaluate::test(&mut run.trainer, |_, _| ()).and_then(|result| {
            let (teacher, student) = evaluate::sides(&mut run.trainer, &result)?;
            run.trainer.pair.student.save(&run.out.join("student"), &run.trainer.pair.data.classes)?;
            Ok((result.predictions, teacher, student))
        });
        let (steps, seconds) = (run.trainer.step, run.seconds());
        self.revived = steps;
        self.pair = Some(run.trainer.pair);
        match result {
            Ok((predictions, teacher, student)) => {
                self.emit(Event::Predictions(Arc::new(predictions)));
                let (reason, peak_bytes) = (reason.to_owned(), peak_bytes());
                self.emit(Event::Finished(Box::new(Outcome { reason, steps, seconds, peak_bytes, teacher, student })));
                self.phase(
                    if self.status.phase == Phase::Failed {
                        Phase::Failed
                    } else {
                        end_phase(steps, self.status.total)
                    },
                    "",
                );
                self.look(true);
            }
            Err(e) => self.fail(&e),
        }
    }

    /// An error in the middle of a run: what was learned is kept in a checkpoint.
    fn give_up(&mut self, error: &EngineError) {
        self.checkpoint();
        self.pair = self.run.take().map(|run| {
            self.revived = run.trainer.step;
            run.trainer.pair
        });
        self.fail(error);
    }

    /// The watching end is gone: keep what was learned.
    fn leave(&mut self) {
        if self.run.as_ref().is_some_and(|run| run.trainer.step > 0) {
            self.checkpoint();
        }
    }

    fn tell(&mut self) {
        let Some(run) = &mut self.run else { return };
        let waited = run.told.elapsed();
        if waited < STATUS_PAUSE {
            return;
        }
        self.status.steps_per_sec = (run.trainer.step - run.told_step) as f64 / waited.as_secs_f64();
        self.status.looking = self.looks.spent.as_secs_f64() / run.begun.elapsed().as_secs_f64().max(1e-9);
        (run.told, run.told_step) = (Instant::now(), run.trainer.step);
        self.phase(Phase::Running, "");
    }
}

fn end_phase(steps: Step, total: u64) -> Phase {
    if steps >= total { Phase::Finished } else { Phase::Stopped }
}

/// Sets knobs and tells what really changed.
fn turn(knobs: &mut Knobs, wanted: Vec<(String, f64)>) -> Vec<KnobChange> {
    let change = |(knob, to): (String, f64)| {
        let from = knobs.values.get(&knob).copied().unwrap_or(to);
        if from == to {
            return None;
        }
        knobs.set(&knob, to);
        Some(KnobChange { knob, from, to })
    };
    wanted.into_iter().filter_map(change).collect()
}

/// A new run in an old folder must not be continued from the old run's checkpoints.
fn forget_checkpoints(out: &Path) {
    let _ = std::fs::remove_dir_all(out.join("checkpoints"));
}
