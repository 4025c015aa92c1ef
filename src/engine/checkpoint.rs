//! Checkpoints: everything a run needs to go on exactly as if nothing had happened. Batches and
//! dropout are functions of seed and step, so that the step itself is the data cursor and the
//! state of every random generator.
//!
//! A checkpoint is a folder `checkpoints/step-000000400` with `state.safetensors` and `state.json`,
//! written under another name and renamed when whole and on disk: a kill at any moment leaves the
//! one before it.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor, Var};
use serde::{Deserialize, Serialize};

use super::EngineError;
use super::model::save::serialize;
use super::pair::Pair;
use super::prune::Pruner;
use super::train::Trainer;
use crate::link::Step;
use crate::session::atomic::temporary_folder;
use crate::session::paths::absolute;
use crate::session::{Knobs, Session};

/// Checkpoints kept of one run; older ones are removed.
const KEPT: usize = 5;
const FORMAT: u32 = 1;

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
}

fn is_nothing(tokens: &u64) -> bool {
    *tokens == 0
}

/// The folder of checkpoints in a run folder.
fn home(run: &Path) -> PathBuf {
    run.join("checkpoints")
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> EngineError + '_ {
    |e| EngineError::Checkpoint { reason: e.to_string(), path: path.to_owned() }
}

/// Writes a checkpoint of `trainer` into the run folder.
///
/// # Errors
/// [`EngineError::Checkpoint`]; earlier checkpoints are untouched.
pub fn save(trainer: &Trainer, run: &Path, seconds: f64) -> Result<(), EngineError> {
    let home = home(run);
    std::fs::create_dir_all(&home).map_err(failed(&home))?;
    let (theta, masks, removed) = trainer.pruner.state();
    let moments = trainer.optimizer.state()?;
    let weights =
        trainer.pair.student.weights.variables().iter().map(|(n, v)| (format!("weights.{n}"), v.as_detached_tensor()));
    let named = |kind: &'static str, from: &BTreeMap<String, Tensor>| {
        from.iter().map(move |(name, tensor)| (format!("{kind}.{name}"), tensor.clone())).collect::<Vec<_>>()
    };
    let all = weights.chain(named("optimizer", &moments)).chain(named("mask", masks)).chain(named("removed", removed));
    let all: BTreeMap<String, Tensor> = all.collect();
    let state = State {
        format: FORMAT,
        session: trainer.session.clone(),
        step: trainer.step,
        optimizer_steps: trainer.optimizer.steps(),
        knobs: trainer.knobs.clone(),
        seconds,
        theta,
        home: absolute(run).map_err(failed(run))?,
        tokens: trainer.targets.as_ref().map_or(0, |targets| targets.paid()),
    };
    let views = all.iter().map(|(name, tensor)| (name.as_str(), tensor.clone())).collect();
    write(&home, trainer.step, &serialize(&views)?, &state)?;
    forget_old(&home);
    Ok(())
}

fn write(home: &Path, step: Step, tensors: &[u8], state: &State) -> Result<(), EngineError> {
    let target = home.join(format!("step-{step:09}"));
    let build = temporary_folder(home, "writing-").map_err(failed(home))?;
    let json = serde_json::to_vec_pretty(state)
        .map_err(|e| EngineError::Checkpoint { reason: e.to_string(), path: target.clone() })?;
    for (name, bytes) in [("state.safetensors", tensors), ("state.json", &json)] {
        let path = build.path().join(name);
        let mut file = std::fs::File::create(&path).map_err(failed(&path))?;
        std::io::Write::write_all(&mut file, bytes).map_err(failed(&path))?;
        file.sync_all().map_err(failed(&path))?;
    }
    if target.exists() {
        std::fs::remove_dir_all(&target).map_err(failed(&target))?;
    }
    std::fs::rename(build.path(), &target).map_err(failed(&target))?;
    // The renamed folder is no longer the temporary one: nothing is left to clean up.
    let _ = build.keep();
    Ok(())
}

/// Steps of the sound checkpoints of a run, ascending.
pub fn list(run: &Path) -> Vec<Step> {
    let Ok(entries) = std::fs::read_dir(home(run)) else { return Vec::new() };
    let step = |entry: std::fs::DirEntry| entry.file_name().to_str()?.strip_prefix("step-")?.parse::<Step>().ok();
    let mut steps: Vec<Step> = entries.flatten().filter_map(step).collect();
    steps.sort_unstable();
    steps
}

fn forget_old(home: &Path) {
    let run = home.parent().unwrap_or(home);
    let steps = list(run);
    for step in steps.iter().take(steps.len().saturating_sub(KEPT)) {
        // An old checkpoint that cannot be removed costs room, nothing else.
        let _ = std::fs::remove_dir_all(home.join(format!("step-{step:09}")));
    }
}

/// The newest checkpoint at or before `step` (`None`: the newest of all).
///
/// # Errors
/// [`EngineError::Checkpoint`] if there is none or it is damaged.
pub fn read(run: &Path, step: Option<Step>) -> Result<(State, PathBuf), EngineError> {
    let fits = |found: &Step| step.is_none_or(|most| *found <= most);
    let Some(found) = list(run).into_iter().rev().find(fits) else {
        let reason = "there is no checkpoint to go on from; start the run anew".to_owned();
        return Err(EngineError::Checkpoint { reason, path: home(run) });
    };
    let folder = home(run).join(format!("step-{found:09}"));
    let path = folder.join("state.json");
    let text = std::fs::read_to_string(&path).map_err(failed(&path))?;
    let mut state: State = serde_json::from_str(&text)
        .map_err(|e| EngineError::Checkpoint { reason: e.to_string(), path: path.clone() })?;
    let now = absolute(run).map_err(failed(run))?;
    if state.home != now && state.home.is_absolute() {
        state.session.follow_folder(&state.home, &now);
    }
    if state.format > FORMAT {
        let reason = format!("it has format {}, this program reads up to {FORMAT}; update retort", state.format);
        return Err(EngineError::Checkpoint { reason, path });
    }
    Ok((state, folder))
}

/// Gives an open pair the student of the newest checkpoint in a run folder, so that a run that is
/// shown again is looked at with the weights it ended with; gives the steps done and what was pruned.
/// `None` where the folder holds no checkpoint of this student.
pub fn revive(pair: &Pair, run: &Path) -> Option<(Step, Pruner)> {
    let (state, folder) = read(run, None).ok()?;
    if state.session.models.student != pair.session.models.student {
        return None;
    }
    let all = candle_core::safetensors::load(folder.join("state.safetensors"), &Device::Cpu).ok()?;
    let variables = pair.student.weights.variables();
    let stored = variables.iter().map(|(name, variable)| {
        let tensor = all.get(&format!("weights.{name}"))?;
        (tensor.dims() == variable.dims()).then_some((variable, tensor))
    });
    let stored: Vec<_> = stored.collect::<Option<_>>()?;
    stored.into_iter().try_for_each(|(variable, tensor)| set(variable, tensor)).ok()?;
    Some((state.step, pruner(&state, &all, &pair.device).ok()?))
}

/// Puts `trainer` back to a checkpoint.
///
/// # Errors
/// [`EngineError::Checkpoint`] if it is damaged or belongs to another model; the trainer then stays
/// as it was.
pub fn restore(trainer: &mut Trainer, state: &State, folder: &Path) -> Result<(), EngineError> {
    let path = folder.join("state.safetensors");
    let damaged = |reason: String| EngineError::Checkpoint { reason, path: path.clone() };
    let all = candle_core::safetensors::load(&path, &Device::Cpu).map_err(|e| damaged(e.to_string()))?;
    let weights = of(&all, "weights.");
    let variables = trainer.pair.student.weights.variables().iter();
    let stored: Vec<(&Var, &Tensor)> = variables
        .map(|(name, variable)| match weights.get(name) {
            Some(stored) if stored.dims() == variable.dims() => Ok((variable, stored)),
            Some(stored) => Err(damaged(format!("{name} has shape {:?} there", stored.dims()))),
            None => Err(damaged(format!("it has no weights for {name}"))),
        })
        .collect::<Result<_, _>>()?;
    trainer.optimizer.load_state(&of(&all, "optimizer."), state.optimizer_steps)?;
    stored.into_iter().try_for_each(|(variable, tensor)| set(variable, tensor)).map_err(|e| damaged(e.to_string()))?;
    trainer.pruner = pruner(state, &all, &trainer.pair.device).map_err(|e| damaged(e.to_string()))?;
    trainer.knobs = state.knobs.clone();
    trainer.step = state.step;
    // What is paid stays paid, even where the run is put back.
    trainer.targets.iter().for_each(|targets| targets.take_up(state.tokens));
    Ok(())
}

/// Puts a stored tensor into a variable, wherever that is.
fn set(variable: &Var, stored: &Tensor) -> candle_core::Result<()> {
    variable.set(&stored.to_device(variable.device())?)
}

/// What was pruned, on the device of the weights.
fn pruner(state: &State, all: &HashMap<String, Tensor>, device: &Device) -> candle_core::Result<Pruner> {
    let moved = |kind: &str| {
        let tensors = of(all, kind).into_iter().map(|(name, tensor)| Ok((name, tensor.to_device(device)?)));
        tensors.collect::<candle_core::Result<BTreeMap<_, _>>>()
    };
    Ok(Pruner::restore(state.theta, moved("mask.")?, moved("removed.")?))
}

/// The tensors of one kind, under their own names.
fn of(all: &HashMap<String, Tensor>, kind: &str) -> BTreeMap<String, Tensor> {
    all.iter().filter_map(|(name, tensor)| Some((name.strip_prefix(kind)?.to_owned(), tensor.clone()))).collect()
}
