//! The student of a finished run that keeps no checkpoints: its weights are those that were saved.

use std::path::Path;

use candle_core::Device;

use super::set;
use crate::engine::pair::Pair;
use crate::engine::prune::Pruner;
use crate::link::{Outcome, Step};
use crate::session::file;
use crate::session::run_folder::{SESSION, STUDENT, SUMMARY};

/// Gives an open pair the saved student of the run in a folder; gives the steps done and what was pruned,
/// of which only the zeros are left. `None` where the folder has no saved student of this kind.
pub(super) fn revive(pair: &Pair, run: &Path) -> Option<(Step, Pruner)> {
    let outcome: Outcome = serde_json::from_slice(&std::fs::read(run.join(SUMMARY)).ok()?).ok()?;
    if file::open(&run.join(SESSION)).ok()?.student != pair.session.student {
        return None;
    }
    let stored = candle_core::safetensors::load(run.join(STUDENT).join("model.safetensors"), &Device::Cpu).ok()?;
    let variables = pair.student.weights.variables().iter();
    let fitting = variables.map(|(name, variable)| {
        let tensor = stored.get(name).filter(|tensor| tensor.dims() == variable.dims())?;
        Some((variable, tensor))
    });
    let fitting: Vec<_> = fitting.collect::<Option<_>>()?;
    fitting.into_iter().try_for_each(|(variable, tensor)| set(variable, tensor)).ok()?;
    let step = outcome.saved.map_or(outcome.steps, |saved| saved.step);
    Some((step, Pruner::default()))
}
