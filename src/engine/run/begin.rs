//! How a run comes about: a pair is opened, a run is started, or taken up from its checkpoint.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::pair::Pair;
use super::super::train::Trainer;
use super::super::{EngineError, checkpoint};
use super::{Engine, Left, Run};
use crate::link::{Event, Phase};
use crate::session::Session;

impl Engine<'_> {
    /// The open pair, wherever it is.
    fn take_pair(&mut self) -> Option<Pair> {
        self.run.take().map(|run| run.trainer.pair).or_else(|| self.pair.take())
    }

    pub(super) fn open(&mut self, session: &Session) {
        if self.run.is_some() {
            return self.emit(Event::Warning("stop the run before opening another pair or data set".into()));
        }
        if !self.provided(session, Phase::Ready) {
            return;
        }
        self.phase(Phase::Opening, "reading models and data");
        match Pair::open(session, self.pair.as_ref()) {
            Ok(pair) => {
                let revived = session.run.as_deref().and_then(|run| checkpoint::revive(&pair, run));
                self.left = revived.map(|(step, pruner)| Left { step, pruner }).unwrap_or_default();
                self.emit(Event::Opened(Box::new(pair.opened())));
                self.pair = Some(pair);
                self.weigh(session);
                self.phase(Phase::Ready, "");
                self.look(true);
                self.count(session);
            }
            Err(e) => self.fail(&e),
        }
    }

    pub(super) fn start(&mut self, mut session: Session, out: PathBuf) {
        self.checkpoint();
        self.pair = self.take_pair();
        if !self.provided(&session, Phase::Running) || !self.is_permitted(&session) {
            return;
        }
        let before = self.pair.take();
        let other = other_threads(&session);
        session.recipe.threads = Some(rayon::current_num_threads());
        session.run = None;
        self.phase(Phase::Opening, "reading models and data");
        let run = self.fresh(session, out, before.as_ref());
        self.begin(run, before);
        self.warn_in_run(other);
    }

    /// A warning behind the start of a run, so that it stands in its journal.
    fn warn_in_run(&mut self, warning: Option<String>) {
        if let Some(warning) = warning.filter(|_| self.run.is_some()) {
            self.emit(Event::Warning(warning.into()));
        }
    }

    fn fresh(&self, mut session: Session, out: PathBuf, before: Option<&Pair>) -> Result<Run, EngineError> {
        std::fs::create_dir_all(&out).map_err(|e| EngineError::Folder { reason: e.to_string(), path: out.clone() })?;
        let pair = Pair::open(&session, before)?;
        session.knobs = session.start_knobs(&self.catalog).values;
        let trainer = Trainer::new(session, pair, &self.catalog)?;
        let run = Run::new(trainer, out, 0.0)?;
        forget_checkpoints(&run.out);
        Ok(run)
    }

    pub(super) fn go_on(&mut self, out: &Path) {
        self.checkpoint();
        self.pair = self.take_pair();
        if let Ok((state, _)) = checkpoint::read(out, None)
            && !(self.provided(&state.session, Phase::Running) && self.is_permitted(&state.session))
        {
            return;
        }
        let before = self.pair.take();
        self.phase(Phase::Opening, "reading models, data and the checkpoint");
        let mut run = self.continued(out, before.as_ref());
        if let Ok(run) = &mut run {
            run.settle(&self.cells.knobs.load());
        }
        let other = run.as_ref().ok().and_then(|run| other_threads(&run.trainer.session));
        self.begin(run, before);
        self.warn_in_run(other);
    }

    fn continued(&self, out: &Path, before: Option<&Pair>) -> Result<Run, EngineError> {
        let (state, folder) = checkpoint::read(out, None)?;
        let pair = Pair::open(&state.session, before)?;
        let mut trainer = Trainer::new(state.session.clone(), pair, &self.catalog)?;
        checkpoint::restore(&mut trainer, &state, &folder)?;
        Run::new(trainer, out.to_owned(), state.seconds)
    }

    /// Begins what could be made, or keeps what was open before.
    fn begin(&mut self, run: Result<Run, EngineError>, before: Option<Pair>) {
        let run = match run {
            Ok(run) => run,
            Err(e) => {
                self.pair = before;
                return self.fail(&e);
            }
        };
        let session = Box::new(run.trainer.session.clone());
        let (out, step, opened) = (run.out.clone(), run.trainer.step, Box::new(run.trainer.pair.opened()));
        self.looks.spent = Duration::ZERO;
        let budget = run.budget;
        self.run = Some(run);
        self.emit(Event::Started { session, out, step });
        self.emit(Event::Opened(opened));
        if budget.is_some() {
            self.emit(Event::Counted(budget));
        }
        self.phase(Phase::Running, "");
    }
}

/// A new run in an old folder must not be continued from the old run's checkpoints.
fn forget_checkpoints(out: &Path) {
    let _ = std::fs::remove_dir_all(out.join("checkpoints"));
}

/// The number of threads is part of bit-exact replay: another one than recorded is said.
fn other_threads(session: &Session) -> Option<String> {
    let threads = rayon::current_num_threads();
    let asked = session.recipe.threads.filter(|asked| *asked != threads)?;
    Some(format!(
        "the session was run with {asked} threads and now has {threads}: the curves may differ in their last digits; set RAYON_NUM_THREADS={asked} to repeat them exactly"
    ))
}
