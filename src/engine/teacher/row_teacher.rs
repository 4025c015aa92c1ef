//! A teacher of tasks over tokens: what it says of the same places of the same text.
//!
//! A sample is read by itself, never in a padded batch, so that what the teacher says of it does not depend on what
//! else happened to be in the batch.

use std::sync::Arc;

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use crate::engine::model::{DropoutRng, Model, Trace};
use crate::engine::task::{Deferred, Logits, Sample, Targets, Task};

/// A local model whose vocabulary is the student's.
pub struct RowTeacher {
    model: Arc<Model>,
}

impl RowTeacher {
    /// Asks `model`.
    pub fn new(model: Arc<Model>) -> Self {
        Self { model }
    }

    /// What it says of the rows of `batch`, read as `task` reads them.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn targets(&self, task: &dyn Task, batch: &[&Sample]) -> Result<Targets> {
        let on_cpu = self.model.device().is_cpu();
        let parts: Vec<Logits> = match on_cpu {
            true => batch.par_iter().map(|sample| self.one(task, sample)).collect::<Result<_>>()?,
            false => batch.iter().map(|sample| self.one(task, sample)).collect::<Result<_>>()?,
        };
        joined(&parts)
    }

    fn one(&self, task: &dyn Task, sample: &Sample) -> Result<Logits> {
        let network = self.model.detached.as_ref();
        let pass = task.forward(&self.model, network, &[sample], false, &mut Trace::none(), &DropoutRng::none())?;
        Ok(pass.answers.logits)
    }
}

/// Rows of several passes, one behind the other.
fn joined(parts: &[Logits]) -> Result<Targets> {
    let deferred = |part: &Logits| if let Logits::Deferred(deferred) = part { Some(deferred.clone()) } else { None };
    if let Some(all) = parts.iter().map(deferred).collect::<Option<Vec<Deferred>>>()
        && let Some(first) = all.first()
    {
        let states: Vec<&Tensor> = all.iter().map(|part| &part.states).collect();
        return Ok(Targets::Deferred(Deferred { states: Tensor::cat(&states, 0)?.detach(), ..first.clone() }));
    }
    let whole = parts.iter().map(Logits::whole).collect::<Result<Vec<_>>>()?;
    Ok(Targets::Dense(Tensor::cat(&whole, 0)?.detach()))
}
