//! Checkpoints: everything a run needs to go on exactly as if nothing had happened. Batches and
//! dropout are functions of seed and step, so that the step itself is the data cursor and the
//! state of every random generator.
//!
//! A checkpoint is a folder `checkpoints/step-000000400` with `state.safetensors` and `state.json`,
//! written under another name and renamed when whole and on disk: a kill at any moment leaves the
//! one before it. One that was damaged later is passed over for the one before it, and said.

mod saved;
mod timeline;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor, Var};
use serde::{Deserialize, Serialize};

use super::EngineError;
use super::divergence::Divergence;
use super::model::save::serialize;
use super::pair::Pair;
use super::prune::Pruner;
use super::train::Trainer;
use super::watch::Watch;
use crate::link::{InputFile, Step};
use crate::session::atomic::temporary_folder;
use crate::session::paths::absolute;
use crate::session::run_folder::{self, CHECKPOINTS, STATE, TENSORS, checkpoint_name, named_checkpoints};
use crate::session::{Keep, Knobs, Say, Sentence, Session, say};
pub use run_folder::checkpoints as list;
pub use timeline::{abandon, clear};

/// The newest format this program writes. 2: what the evaluations said, how the run ended, what it
/// reads, and a hash of the tensors.
const FORMAT: u32 = 2;

/// What a checkpoint says besides tensors.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    format: u32,
    /// The session as run.
    pub session: Session,
    /// Steps done.
    pub step: Step,
    /// Optimiser steps done: fewer, if a step was skipped because its gradient was no number.
    pub optimizer_steps: u64,
    /// Knob values in use.
    pub knobs: Knobs,
    /// Wall time of the run so far, seconds.
    pub seconds: f64,
    theta: f64,
    /// The run folder it was written in, by which a folder that was moved finds its files; empty in
    /// checkpoints of before.
    #[serde(default)]
    home: PathBuf,
    /// Tokens that a server was paid for in this run.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub tokens: u64,
    /// What the evaluations said so far.
    #[serde(default)]
    pub watch: Watch,
    /// What the run was like so far.
    #[serde(default)]
    pub divergence: Divergence,
    /// Why the run ended here, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// What the run reads, with hashes; `None` in checkpoints of format 1, from before that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Vec<InputFile>>,
    /// Hash of the file of tensors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tensors: Option<String>,
}

fn is_nothing(tokens: &u64) -> bool {
    *tokens == 0
}

impl State {
    /// Finds the session's files again where the run's folder has moved with them.
    fn follow_to(&mut self, run: &Path) -> Result<(), EngineError> {
        let now = absolute(run).map_err(failed(run))?;
        if self.home != now && self.home.is_absolute() {
            self.session.follow_folder(&self.home, &now);
        }
        Ok(())
    }
}

/// What a run knows of itself besides its trainer.
pub struct Story {
    /// Wall time of the run so far, seconds.
    pub seconds: f64,
    /// What the evaluations said so far.
    pub watch: Watch,
    /// What the run was like so far.
    pub divergence: Divergence,
    /// Why the run ends here, where it does.
    pub ended: Option<String>,
    /// What it reads.
    pub inputs: Vec<InputFile>,
}

/// A checkpoint, read and whole.
pub struct Checkpoint {
    /// What it says.
    pub state: State,
    tensors: HashMap<String, Tensor>,
    path: PathBuf,
}

/// The checkpoint that was looked for.
pub struct Found {
    /// The newest that is whole.
    pub checkpoint: Checkpoint,
    /// For each later one that is damaged, what is wrong with it.
    pub damaged: Vec<Sentence>,
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> EngineError + '_ {
    |e| damaged(e, path)
}

fn damaged(reason: impl Say, path: &Path) -> EngineError {
    EngineError::Checkpoint { reason: reason.said(), path: path.to_owned() }
}

/// Writes a checkpoint of `trainer` into the run folder.
///
/// # Errors
/// [`EngineError::Checkpoint`]; earlier checkpoints are untouched.
pub fn save(trainer: &Trainer, run: &Path, story: Story) -> Result<(), EngineError> {
    let home = run.join(CHECKPOINTS);
    std::fs::create_dir_all(&home).map_err(failed(&home))?;
    timeline::clear_halves(&home);
    let all = tensors_of(trainer)?;
    let views = all.iter().map(|(name, tensor)| (name.as_str(), tensor.clone())).collect();
    let tensors = serialize(&views)?;
    let state = State {
        format: FORMAT,
        session: trainer.session.clone(),
        step: trainer.step,
        optimizer_steps: trainer.optimizer.steps(),
        knobs: trainer.knobs.clone(),
        seconds: story.seconds,
        theta: trainer.pruner.state().0,
        home: absolute(run).map_err(failed(run))?,
        tokens: trainer.teacher.as_ref().map_or(0, |targets| targets.billed_tokens()),
        watch: story.watch,
        divergence: story.divergence,
        ended: story.ended,
        inputs: Some(story.inputs),
        tensors: Some(hash(&tensors)),
    };
    write(&home, trainer.step, &tensors, &state)?;
    timeline::forget_old(run);
    Ok(())
}

/// Weights, moments and what was pruned, by kind and name.
fn tensors_of(trainer: &Trainer) -> Result<BTreeMap<String, Tensor>, EngineError> {
    let (_, masks, removed) = trainer.pruner.state();
    let moments = trainer.optimizer.state()?;
    let weights =
        trainer.pair.student.weights.variables().iter().map(|(n, v)| (format!("weights.{n}"), v.as_detached_tensor()));
    let named = |kind: &'static str, from: &BTreeMap<String, Tensor>| {
        from.iter().map(move |(name, tensor)| (format!("{kind}.{name}"), tensor.clone())).collect::<Vec<_>>()
    };
    let all = weights.chain(named("optimizer", &moments)).chain(named("mask", masks)).chain(named("removed", removed));
    Ok(all.collect())
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

fn write(home: &Path, step: Step, tensors: &[u8], state: &State) -> Result<(), EngineError> {
    let target = home.join(checkpoint_name(step));
    let build = temporary_folder(home, timeline::WRITING).map_err(failed(home))?;
    let json = serde_json::to_vec_pretty(state).map_err(|e| damaged(e, &target))?;
    for (name, bytes) in [(TENSORS, tensors), (STATE, &json)] {
        let path = build.path().join(name);
        let mut file = std::fs::File::create(&path).map_err(failed(&path))?;
        std::io::Write::write_all(&mut file, bytes).map_err(failed(&path))?;
        file.sync_all().map_err(failed(&path))?;
    }
    if target.exists() {
        timeline::remove(&target).map_err(failed(&target))?;
    }
    std::fs::rename(build.path(), &target).map_err(failed(&target))?;
    // The renamed folder is no longer the temporary one: nothing is left to clean up.
    let _ = build.keep();
    Ok(())
}

/// The newest whole checkpoint at or before `most` steps (`None`: the newest of all).
///
/// # Errors
/// [`EngineError::Checkpoint`] if there is none, or none that is whole, or a later program wrote it.
pub fn find(run: &Path, most: Option<Step>) -> Result<Found, EngineError> {
    let home = run.join(CHECKPOINTS);
    let mut faults: Vec<Sentence> = Vec::new();
    for step in named_checkpoints(&home).into_iter().rev().filter(|step| most.is_none_or(|most| *step <= most)) {
        match read(&home.join(checkpoint_name(step))) {
            Ok(mut checkpoint) => {
                checkpoint.state.follow_to(run)?;
                return Ok(Found { checkpoint, damaged: faults });
            }
            Err(newer @ EngineError::Newer { .. }) => return Err(newer),
            Err(EngineError::Checkpoint { reason, path }) => {
                let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                faults.push(say!("the checkpoint of step {step} is damaged ({file}: {reason})", step, file, reason));
            }
            Err(other) => return Err(other),
        }
    }
    let reason = match faults.first() {
        None => {
            say!("the folder has none, as a finished run with recipe.checkpoint_every at 0; start the run anew")
        }
        Some(newest) => {
            say!(
                "none of its {faults} can be read, {newest}; start the run anew in another folder",
                faults = faults.len(),
                newest
            )
        }
    };
    Err(EngineError::NoCheckpoint { reason, path: home })
}

/// Reads the checkpoint in `folder` and sees that it is whole.
fn read(folder: &Path) -> Result<Checkpoint, EngineError> {
    let state = state_of(folder)?;
    let path = folder.join(TENSORS);
    let bytes = std::fs::read(&path).map_err(failed(&path))?;
    if state.tensors.as_ref().is_some_and(|hash_then| *hash_then != hash(&bytes)) {
        return Err(damaged(say!("it is not what was written"), &path));
    }
    let tensors = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu).map_err(|e| damaged(e, &path))?;
    Ok(Checkpoint { state, tensors, path })
}

/// What the checkpoint in `folder` says.
fn state_of(folder: &Path) -> Result<State, EngineError> {
    /// Only what every format has.
    #[derive(Deserialize)]
    struct Versioned {
        format: u32,
    }
    let path = folder.join(STATE);
    let text = std::fs::read_to_string(&path).map_err(failed(&path))?;
    let Versioned { format } = serde_json::from_str(&text).map_err(|e| damaged(e, &path))?;
    if format > FORMAT {
        return Err(EngineError::Newer { what: say!("the checkpoint"), found: format, known: FORMAT, path });
    }
    serde_json::from_str(&text).map_err(|e| damaged(e, &path))
}

/// Gives an open pair the student that the run in a folder has left or would leave, so that a run that
/// is shown again is looked at with the weights it ended with; gives the steps done and what was pruned.
/// `None` where the folder holds no checkpoint of this student, nor a saved one.
pub fn revive(pair: &Pair, run: &Path) -> Option<(Step, Pruner)> {
    let Ok(Found { checkpoint: newest, .. }) = find(run, None) else { return saved::revive(pair, run) };
    if newest.state.session.student != pair.session.student {
        return None;
    }
    let best = newest.state.watch.best.filter(|_| newest.state.session.recipe.keep != Keep::Last);
    let checkpoint = best.and_then(|best| read(&run_folder::checkpoint(run, best.step)).ok()).unwrap_or(newest);
    Some((checkpoint.state.step, checkpoint.put_weights(pair).ok()?))
}

/// Gives an open pair the student of one of its run's checkpoints.
///
/// # Errors
/// [`EngineError::Checkpoint`] if it is not there, is damaged, or holds another student.
pub fn put_snapshot(pair: &Pair, run: &Path, step: Step) -> Result<(), EngineError> {
    read(&run_folder::checkpoint(run, step))?.put_weights(pair).map(drop)
}

/// Gives `trainer` the student of the checkpoint behind `step` steps, to be looked at and saved; it is
/// not trained any further.
///
/// # Errors
/// [`EngineError::Checkpoint`]; the trainer then stays as it was.
pub fn put_student(trainer: &mut Trainer, run: &Path, step: Step) -> Result<(), EngineError> {
    trainer.pruner = read(&run_folder::checkpoint(run, step))?.put_weights(&trainer.pair)?;
    trainer.step = step;
    Ok(())
}

impl Checkpoint {
    /// Puts `trainer` back to this checkpoint. `ready` is called when nothing can fail any more but the
    /// tensor library.
    ///
    /// # Errors
    /// [`EngineError::Checkpoint`] if it belongs to another model, or what `ready` met; the trainer then
    /// stays as it was.
    pub fn restore<T>(
        &self,
        trainer: &mut Trainer,
        ready: impl FnOnce() -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let state = &self.state;
        self.weights_for(&trainer.pair)?;
        let done = ready()?;
        trainer.optimizer.load_state(&of(&self.tensors, "optimizer."), state.optimizer_steps)?;
        trainer.pruner = self.put_weights(&trainer.pair)?;
        trainer.knobs = state.knobs.clone();
        trainer.step = state.step;
        // What is paid stays paid, even where the run is put back.
        trainer.teacher.iter().for_each(|targets| targets.restore_billing(state.tokens));
        Ok(done)
    }

    /// Gives the student of `pair` these weights; gives what is pruned of them.
    fn put_weights(&self, pair: &Pair) -> Result<Pruner, EngineError> {
        let stored = self.weights_for(pair)?;
        let pruner = self.pruner(&pair.assets.device).map_err(|e| damaged(e, &self.path))?;
        stored
            .into_iter()
            .try_for_each(|(variable, tensor)| set(variable, tensor))
            .map_err(|e| damaged(e, &self.path))?;
        Ok(pruner)
    }

    /// Every variable of the student with what it was.
    fn weights_for<'a>(&'a self, pair: &'a Pair) -> Result<Vec<(&'a Var, &'a Tensor)>, EngineError> {
        let variables = pair.student.weights.variables().iter();
        let stored = variables.map(|(name, variable)| match self.tensors.get(&format!("weights.{name}")) {
            Some(stored) if stored.dims() == variable.dims() => Ok((variable, stored)),
            Some(stored) => Err(damaged(
                say!("{name} has shape {stored} there", name, stored = format_args!("{:?}", stored.dims())),
                &self.path,
            )),
            None => Err(damaged(say!("it has no weights for {name}", name), &self.path)),
        });
        stored.collect()
    }

    /// What was pruned, on the device of the weights.
    fn pruner(&self, device: &Device) -> candle_core::Result<Pruner> {
        let moved = |kind: &str| {
            let tensors =
                of(&self.tensors, kind).into_iter().map(|(name, tensor)| Ok((name, tensor.to_device(device)?)));
            tensors.collect::<candle_core::Result<BTreeMap<_, _>>>()
        };
        Ok(Pruner::restore(self.state.theta, moved("mask.")?, moved("removed.")?))
    }
}

/// Puts a stored tensor into a variable, wherever that is.
fn set(variable: &Var, stored: &Tensor) -> candle_core::Result<()> {
    variable.set(&stored.to_device(variable.device())?)
}

/// The tensors of one kind, under their own names.
fn of(all: &HashMap<String, Tensor>, kind: &str) -> BTreeMap<String, Tensor> {
    all.iter().filter_map(|(name, tensor)| Some((name.strip_prefix(kind)?.to_owned(), tensor.clone()))).collect()
}
