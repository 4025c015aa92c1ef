//! Magnitude pruning by importance `I_i = |w_i| / Σ_j |w_j|` over all prunable weights: weights
//! with `I_i < θ/N` are removed, θ being a multiple of the mean importance 1/N (a bare θ would be
//! about 1e-8 for a real model and mean nothing to a person; the window shows both).
//!
//! Removed weights are exactly 0 after every step, and so are their moments: momentum would revive
//! them. Their gradients are masked before the common norm is taken. Their last values are kept aside,
//! so that lowering θ brings them back.
//!
//! Prunable are the matrices of the encoder's linears; embeddings, norms, biases and the top are
//! left alone (they have small norms, or few weights, and a global threshold would gut them).

use std::collections::BTreeMap;

use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor};

use crate::engine::model::Weights;
use crate::engine::optim::Optimizer;
use crate::link::{Histogram, WeightFrame};
use crate::session::Knob;
use crate::session::knob::Scale;

/// The threshold.
pub const THETA: Knob = Knob {
    id: "magnitude.theta",
    label: "Pruning threshold θ",
    unit: "× mean",
    min: 0.0,
    max: 10.0,
    default: 0.0,
    scale: Scale::Log,
    live: true,
    help: "Removes weights whose importance |w|/Σ|w| is below θ times the mean; 0 prunes nothing, lowering it brings weights back.",
};

/// Masks and removed values of a model's prunable weights.
#[derive(Default)]
pub struct Pruner {
    theta: f64,
    masks: BTreeMap<String, Tensor>,
    removed: BTreeMap<String, Tensor>,
}

impl Pruner {
    /// Moves the threshold: masks are made anew from the weights as they would be unpruned. Does
    /// nothing while θ stays where it is, so masks are stable between changes. Gives whether it moved.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn set_theta(&mut self, theta: f64, weights: &Weights) -> Result<bool> {
        if theta == self.theta {
            return Ok(false);
        }
        let dense = self.dense(weights)?;
        self.theta = theta;
        self.masks.clear();
        self.removed.clear();
        let cut = theta * mean_magnitude(&dense)?;
        for (name, values) in dense {
            let Some(variable) = weights.variables().get(&name) else { continue };
            if theta <= 0.0 {
                variable.set(&values)?;
                continue;
            }
            let mask = values.abs()?.ge(cut)?.to_dtype(values.dtype())?;
            let kept = (&values * &mask)?;
            variable.set(&kept)?;
            self.removed.insert(name.clone(), (values - kept)?);
            self.masks.insert(name, mask);
        }
        Ok(true)
    }

    /// Takes the removed weights out of the gradients, before their common norm is clipped: what is gone
    /// must not shorten the step of what is left. A masked weight with masked moments then stays 0 by
    /// itself.
    ///
    /// # Errors
    /// The tensor library's.
    ///
    /// # Source
    /// As `torch.nn.utils.prune`, whose parameter is `weight_orig · mask`.
    pub fn mask_gradients(&self, weights: &Weights, gradients: &mut GradStore) -> Result<()> {
        for (name, mask) in &self.masks {
            let Some(variable) = weights.variables().get(name) else { continue };
            if let Some(gradient) = gradients.remove(variable) {
                gradients.insert(variable, (gradient * mask)?);
            }
        }
        Ok(())
    }

    /// Sets removed weights and their moments to 0, once after the masks were made anew: momentum from
    /// before would revive them.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn enforce(&self, weights: &Weights, optimizer: &mut Optimizer) -> Result<()> {
        for (name, mask) in &self.masks {
            if let Some(variable) = weights.variables().get(name) {
                variable.set(&(variable.as_detached_tensor() * mask)?)?;
            }
            optimizer.mask(name, mask).map_err(candle_core::Error::wrap)?;
        }
        Ok(())
    }

    /// Prunable weights as they would be unpruned, in name order.
    fn dense(&self, weights: &Weights) -> Result<BTreeMap<String, Tensor>> {
        let prunable = weights.variables().iter().filter(|(name, variable)| weights.is_prunable(name, variable));
        let whole = |(name, variable): (&String, &candle_core::Var)| {
            let now = variable.as_detached_tensor();
            let values = match self.removed.get(name) {
                Some(removed) => (now + removed)?,
                None => now.copy()?,
            };
            Ok((name.clone(), values))
        };
        prunable.map(whole).collect()
    }

    /// Number of weights that are exactly 0 because they were removed.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn pruned(&self) -> Result<u64> {
        let zeros = |mask: &Tensor| -> Result<u64> {
            Ok(mask.elem_count() as u64 - mask.sum_all()?.to_dtype(candle_core::DType::F64)?.to_scalar::<f64>()? as u64)
        };
        self.masks.values().map(zeros).sum()
    }

    /// Importances of all prunable weights, as they would be unpruned.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn frame(&self, weights: &Weights, step: u64) -> Result<WeightFrame> {
        let dense = self.dense(weights)?;
        let mean = mean_magnitude(&dense)?.max(f64::MIN_POSITIVE);
        let mut all = vec![0; Histogram::BINS];
        let mut tensors = Vec::new();
        for (name, values) in dense {
            let mut counts = vec![0; Histogram::BINS];
            for value in values.flatten_all()?.to_vec1::<f32>()? {
                counts[Histogram::bin(f64::from(value.abs()) / mean)] += 1;
            }
            all.iter_mut().zip(&counts).for_each(|(sum, count)| *sum += count);
            tensors.push((name, Histogram { counts }));
        }
        let total: u64 = all.iter().sum();
        let sparsity = self.pruned()? as f64 / total.max(1) as f64;
        Ok(WeightFrame { step, all: Histogram { counts: all }, tensors, sparsity })
    }

    /// Everything a checkpoint needs.
    pub fn state(&self) -> (f64, &BTreeMap<String, Tensor>, &BTreeMap<String, Tensor>) {
        (self.theta, &self.masks, &self.removed)
    }

    /// As it was when [`Self::state`] was taken.
    pub fn restore(theta: f64, masks: BTreeMap<String, Tensor>, removed: BTreeMap<String, Tensor>) -> Self {
        Self { theta, masks, removed }
    }
}

/// Mean of |w| over all tensors. Summed per tensor in double precision: a float sum over millions
/// of weights loses the small ones.
fn mean_magnitude(tensors: &BTreeMap<String, Tensor>) -> Result<f64> {
    let (mut sum, mut count) = (0.0, 0usize);
    for tensor in tensors.values() {
        sum += tensor.flatten_all()?.to_vec1::<f32>()?.iter().map(|v| f64::from(v.abs())).sum::<f64>();
        count += tensor.elem_count();
    }
    Ok(sum / count.max(1) as f64)
}
