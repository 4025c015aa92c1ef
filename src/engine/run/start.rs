//! How a run comes about: a pair is opened, a run is started, or taken up from its checkpoint. A
//! folder is looked at before anything is opened and written to once everything is: a start that
//! fails leaves nothing behind.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::super::checkpoint::{Found, State};
use super::super::pair::Pair;
use super::super::train::Trainer;
use super::super::{EngineError, budget, checkpoint, hub, inputs, watch};
use super::{Engine, FinishedRun, FolderError, Run, claim, finish};
use crate::link::{About, Fact, InputFile, Notice, Opened, Phase, Reply, RunId, Step};
use crate::session::run_folder::{self, CHECKPOINTS, SESSION, SUMMARY};
use crate::session::{Extension, Sentence, Session, file, say};

/// What is said of a run whose checkpoints do not tell what it reads.
fn unnoted() -> Sentence {
    say!(
        "this run is from before it was noted which data and models a run reads: whether they are still the same cannot be told; it is gone on with as it is, and from now on they are noted"
    )
}

impl Engine<'_> {
    /// The open pair, wherever it is.
    fn take_pair(&mut self) -> Option<Pair> {
        self.run.take().map(|run| run.trainer.pair).or_else(|| self.pair.take())
    }

    pub(super) fn open(&mut self, run: RunId, session: &Session) {
        if self.run.is_some() {
            let said = say!("stop the run before opening another pair or data set");
            return self.news.reply(Reply::Warning(said.into()));
        }
        if !self.ensure_local(session, Phase::Ready) {
            return;
        }
        self.phase(Phase::Opening, say!("reading models and data"));
        match Pair::open(session, self.pair.as_ref()) {
            Ok(pair) => {
                let revived = session.run.as_deref().and_then(|run| checkpoint::revive(&pair, run));
                self.cells.weights.store(None); // They were another student's.
                let (step, pruner) = revived.unwrap_or_default();
                self.left = FinishedRun { run, step, pruner };
                match &session.run {
                    Some(folder) => self.measure_folder(run, folder),
                    None => self.cells.folder.store(None),
                }
                self.look_away();
                // As it was asked for: a branch of the Hub has become a commit in the pair.
                let models = Some(Box::new(session.models()));
                self.news.reply(Reply::Opened(Box::new(Opened { models, ..pair.opened() })));
                self.pair = Some(pair);
                self.weigh(session);
                // A long text or a slow model takes its time, and Start waits behind it: ready is who answers at once.
                self.phase(Phase::Opening, say!("asking both models about the text under the lens"));
                self.look(true);
                self.count(session);
                self.phase(Phase::Ready, Sentence::default());
            }
            Err(e) => self.news.fail(&e),
        }
    }

    pub(super) fn start(&mut self, id: RunId, session: Session, out: PathBuf) {
        if let Some(e) = self.waits_for_student() {
            return self.refuse(&e);
        }
        if let Err(e) = self.vacant(&out) {
            return self.refuse(&e.into());
        }
        self.leave_run();
        self.start_in(id, session, out);
    }

    /// Refuses a folder in which no new run can begin.
    fn vacant(&self, out: &Path) -> Result<(), FolderError> {
        match &self.run {
            Some(run) if claim::is_same(&run.out, out) => Err(FolderError::Taken { path: out.to_owned() }),
            _ => claim::vacant(out),
        }
    }

    /// Begins a run in a folder that may be used.
    fn start_in(&mut self, id: RunId, mut session: Session, out: PathBuf) {
        if !self.ensure_local(&session, Phase::Running) || !self.is_permitted(&session) {
            return;
        }
        let before = self.pair.take();
        let other = other_threads(&session);
        session.recipe.threads = Some(rayon::current_num_threads());
        // Another commit behind the same name is another model.
        session = hub::pinned(&session);
        session.run = None;
        self.phase(Phase::Opening, say!("reading models and data"));
        let run = self.fresh(id, session, out, before.as_ref());
        self.begin(run, before, other.into_iter().collect());
    }

    /// Leaves the run that is loaded, if one is, so that it can be continued.
    fn leave_run(&mut self) {
        self.checkpoint();
        if let Some(step) = self.run.as_ref().map(|run| run.trainer.step) {
            self.news.fact(Fact::Left { step });
        }
        self.news.run_ends();
        self.pair = self.take_pair();
    }

    /// Says why an order is not carried out. A run that is loaded goes on.
    fn refuse(&mut self, error: &EngineError) {
        if self.run.is_some() {
            self.news.reply(Reply::Warning(error.notice()));
        } else {
            self.news.fail(error);
        }
    }

    fn fresh(&self, id: RunId, mut session: Session, out: PathBuf, before: Option<&Pair>) -> Result<Run, EngineError> {
        let again = claim::begun(&out);
        let pair = Pair::open(&session, before)?;
        session.knobs = session.start_knobs(&self.catalog).values;
        let trainer = Trainer::new(session, pair, &self.catalog)?;
        comparable(&trainer)?;
        let budget = budget::granted(&trainer)?;
        let inputs = read_by(&trainer.pair, inputs::files(&trainer.session)?);
        let fresh = !run_folder::is_marked(&out);
        let claim = if again { claim::claim(&out)? } else { claim::claim_vacant(&out)? };
        Ok(Run { inputs, fresh, ..Run::new(id, trainer, out, claim, budget) })
    }

    /// Goes on with the run in `out`, up to `steps` in all where that is said.
    pub(super) fn go_on(&mut self, id: RunId, out: &Path, steps: Option<Step>) {
        if let Some(e) = self.waits_for_student() {
            return self.refuse(&e);
        }
        let loaded = self.run.as_ref().is_some_and(|run| claim::is_same(&run.out, out));
        if let Err(e) = if loaded { Ok(()) } else { claim::resumable(out) } {
            return self.refuse(&e.into());
        }
        self.leave_run();
        match (checkpoint::find(out, None), begun(out)) {
            (Err(EngineError::NoCheckpoint { .. }), Some(mut session)) => {
                session.recipe.steps = steps.unwrap_or(session.recipe.steps);
                self.start_in(id, session, out.to_owned());
            }
            (Err(e), _) => self.news.fail(&e),
            (Ok(found), _) => self.take_up(id, out, found, steps),
        }
    }

    /// Takes a run up from its newest whole checkpoint.
    fn take_up(&mut self, id: RunId, out: &Path, found: Found, steps: Option<Step>) {
        let session = &found.checkpoint.state.session;
        if !(self.ensure_local(session, Phase::Running) && self.is_permitted(session)) {
            return;
        }
        let before = self.pair.take();
        self.phase(Phase::Opening, say!("reading models, data and the checkpoint"));
        let mut run = self.continued(id, out, &found, steps, before.as_ref());
        if let Ok(run) = &mut run {
            run.sync_knobs(&self.cells.knobs.load().it);
        }
        let other = run.as_ref().ok().and_then(|run| other_threads(&run.trainer.session));
        let step = found.checkpoint.state.step;
        let told = |fault| {
            say!("{fault}; the run goes on from step {step}, and what was damaged lies in abandoned/", fault, step)
        };
        let unnoted = found.checkpoint.state.inputs.is_none().then(|| unnoted().to_owned());
        self.begin(run, before, found.damaged.into_iter().map(told).chain(other).chain(unnoted).collect());
    }

    fn continued(
        &self,
        id: RunId,
        out: &Path,
        found: &Found,
        steps: Option<Step>,
        before: Option<&Pair>,
    ) -> Result<Run, EngineError> {
        let state = &found.checkpoint.state;
        let mut session = state.session.clone();
        let ends = if steps.is_none() { finish::cut_short(out, state.step, state.ended.as_deref()) } else { None };
        if ends.is_none() {
            extend(&mut session, state, steps)?;
        }
        let claim = claim::claim(out)?;
        let files = inputs::files(&session)?;
        state.inputs.iter().try_for_each(|then| inputs::unchanged(then, &files))?;
        let pair = Pair::open(&session, before)?;
        let inputs = read_by(&pair, files);
        state.inputs.iter().try_for_each(|then| inputs::unchanged(then, &inputs))?;
        let mut trainer = Trainer::new(session, pair, &self.catalog)?;
        // Only a damaged one can lie behind the one that was found.
        found.checkpoint.restore(&mut trainer, || finish::abandon(out, state.step))?;
        let budget = budget::granted(&trainer)?;
        let run = Run::new(id, trainer, out.to_owned(), claim, budget);
        let (watch, divergence) = (state.watch.clone(), state.divergence.clone());
        Ok(Run { inputs, seconds_before: state.seconds, watch, divergence, ends, ..run })
    }

    /// Begins what could be made, with something to say of it that stands in its journal, or keeps what
    /// was open before.
    fn begin(&mut self, run: Result<Run, EngineError>, before: Option<Pair>, remarks: Vec<Sentence>) {
        let run = match run {
            Ok(run) => run,
            Err(e) => {
                self.pair = before;
                return self.news.fail(&e);
            }
        };
        let id = run.id;
        let session = Box::new(run.trainer.session.clone());
        let folder = run.out.clone();
        let (out, step, opened) = (run.out.clone(), run.trainer.step, Box::new(run.trainer.pair.opened()));
        self.looks.spent = Duration::ZERO;
        self.cells.weights.store(None); // They were another student's.
        let stray = session.prompt.stray_words(&opened.classes);
        let (budget, inputs) = (run.budget, run.inputs.clone());
        let run = Run { vetted: step > 0, ..run };
        self.run = Some(run);
        self.look_away();
        self.news.run_begins(id);
        self.news.fact(Fact::Started { session, out, step });
        self.news.fact(Fact::Opened(opened));
        if let Some(stray) = stray {
            self.news.warn(Notice::from(stray).about(About::Prompt));
        }
        if budget.is_some() {
            self.news.fact(Fact::Counted(budget));
        }
        self.news.fact(Fact::Inputs(inputs));
        self.tell_checkpoints(None);
        self.measure_folder(id, &folder);
        remarks.into_iter().for_each(|remark| self.news.warn(remark));
        // The teacher may be asked for a long while before the first step.
        self.look_again();
        if step == 0 {
            self.vet();
        }
        if let Some(run) = &mut self.run {
            run.since = Instant::now();
            self.phase(Phase::Running, Sentence::default());
        }
    }
}

/// The session of a run that was killed before its first checkpoint. One that came to its end is never
/// begun again, even if its checkpoints were cleared away.
fn begun(out: &Path) -> Option<Session> {
    let bare = run_folder::named_checkpoints(&out.join(CHECKPOINTS)).is_empty() && !out.join(SUMMARY).exists();
    file::open(&out.join(SESSION)).ok().filter(|_| bare)
}

/// All that an open pair has read: the files, and what became of the data.
fn read_by(pair: &Pair, files: Vec<InputFile>) -> Vec<InputFile> {
    files.into_iter().chain([inputs::examples(&pair.assets.data, &pair.session)]).collect()
}

/// Refuses a recipe that compares evaluations where there is nothing to compare.
fn comparable(trainer: &Trainer) -> Result<(), EngineError> {
    let (recipe, measured) = (&trainer.session.recipe, trainer.pair.assets.data.validation.len());
    match watch::incomparable(recipe, measured, trainer.teacher.is_some()) {
        Some((why, fix)) => Err(EngineError::Recipe(Sentence::joined([why, fix], "; "))),
        None => Ok(()),
    }
}

/// Plans a run that is taken up for `steps` in all. What it was planned for until now is kept, so that
/// the session as run repeats it.
fn extend(session: &mut Session, state: &State, steps: Option<Step>) -> Result<(), EngineError> {
    let recipe = &mut session.recipe;
    let planned = steps.unwrap_or(recipe.steps);
    if steps.is_some() && planned <= state.step {
        return Err(EngineError::Recipe(say!(
            "the run has done {step} steps already; ask for more than that in all, not {planned}",
            step = state.step,
            planned
        )));
    }
    let ended_early = state.ended.as_deref().is_some_and(|reason| finish::EARLY.contains(&reason));
    if planned != recipe.steps || ended_early && state.step < planned {
        recipe.extended.push(Extension { at: state.step, steps: recipe.steps });
        recipe.steps = planned;
    }
    Ok(())
}

/// The number of threads is part of bit-exact replay: another one than recorded is said.
fn other_threads(session: &Session) -> Option<Sentence> {
    let threads = rayon::current_num_threads();
    let asked = session.recipe.threads.filter(|asked| *asked != threads)?;
    Some(say!(
        "the session was run with {asked} threads and now has {threads}: the curves may differ in their last digits; set RAYON_NUM_THREADS={asked} to repeat them exactly",
        asked,
        threads
    ))
}
