//! What an optimiser remembers of one variable, and the step that uses it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use candle_core::{CpuStorage, InplaceOp1, Layout, Tensor, Var};
use rayon::prelude::*;

use super::rule::Rule;
use super::{OptimError, Result, fits};
use crate::engine::model::ops::values;
use crate::session::OptimizerKind;

/// Elements moved by one thread at a time.
const CHUNK: usize = 1 << 14;

/// First moment (SGD: the momentum buffer) and second moment (SGD: empty) of every element. They
/// live in main memory whatever the variable's device.
pub struct Moments {
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Moments {
    /// Moments before the first step.
    pub fn new(kind: OptimizerKind, variable: &Var) -> Result<Self> {
        let count = variable.elem_count();
        let second = if kind == OptimizerKind::Sgd { 0 } else { count };
        Ok(Self { first: vec![0.0; count], second: vec![0.0; second] })
    }

    /// Moves `variable` by its gradient.
    pub fn step(&mut self, variable: &Var, gradient: &Tensor, rule: Rule) -> Result<()> {
        if !values::is_fused(variable) || !values::is_fused(gradient) {
            return self.step_elsewhere(variable, gradient, rule);
        }
        let update = |gradient: &[f32]| {
            let moments = RefCell::new((self.first.as_mut_slice(), self.second.as_mut_slice()));
            variable.inplace_op1(&Update { rule, gradient, moments })
        };
        Ok(values::read(gradient, update)??)
    }

    /// The same step for a variable on another device: down, moved, up again.
    fn step_elsewhere(&mut self, variable: &Var, gradient: &Tensor, rule: Rule) -> Result<()> {
        let gradient: Vec<f32> = gradient.flatten_all()?.to_vec1()?;
        let mut weights: Vec<f32> = variable.flatten_all()?.to_vec1()?;
        sweep(rule, &mut weights, &gradient, &mut self.first, &mut self.second);
        Ok(variable.set(&Tensor::from_vec(weights, variable.dims(), variable.device())?)?)
    }

    /// Adds the moments to a state that will be saved.
    pub fn save(&self, name: &str, variable: &Var, state: &mut BTreeMap<String, Tensor>) -> Result<()> {
        for (part, values) in [("first", &self.first), ("second", &self.second)] {
            if !values.is_empty() {
                let tensor = Tensor::from_slice(values, variable.dims(), &candle_core::Device::Cpu)?;
                state.insert(format!("{part}.{name}"), tensor);
            }
        }
        Ok(())
    }

    /// The moments in a saved state.
    pub fn load(kind: OptimizerKind, name: &str, variable: &Var, state: &BTreeMap<String, Tensor>) -> Result<Self> {
        let find = |part: &str| {
            let name = format!("{part}.{name}");
            let tensor = state.get(&name).ok_or_else(|| OptimError::Missing { name: name.clone() })?;
            fits(&name, tensor, variable)?;
            Ok::<Vec<f32>, OptimError>(tensor.flatten_all()?.to_vec1()?)
        };
        let second = if kind == OptimizerKind::Sgd { Vec::new() } else { find("second")? };
        Ok(Self { first: find("first")?, second })
    }

    /// Multiplies the moments by a mask of the variable's shape.
    pub fn mask(&mut self, mask: &Tensor) -> Result<()> {
        let mask: Vec<f32> = mask.to_dtype(candle_core::DType::F32)?.flatten_all()?.to_vec1()?;
        for moment in [&mut self.first, &mut self.second] {
            moment.iter_mut().zip(&mask).for_each(|(value, keep)| *value *= keep);
        }
        Ok(())
    }
}

/// One step as candle's in-place operation: the only way to a variable's own memory.
struct Update<'a> {
    rule: Rule,
    gradient: &'a [f32],
    moments: RefCell<(&'a mut [f32], &'a mut [f32])>,
}

impl InplaceOp1 for Update<'_> {
    fn name(&self) -> &'static str {
        "optimizer-step"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        let (CpuStorage::F32(all), Some((start, end))) = (storage, layout.contiguous_offsets()) else {
            candle_core::bail!("an optimiser step needs a contiguous f32 variable");
        };
        let (first, second) = &mut *self.moments.borrow_mut();
        sweep(self.rule, &mut all[start..end], self.gradient, first, second);
        Ok(())
    }
}

/// Applies the rule chunk by chunk; every element is its own, so the order does not matter.
fn sweep(rule: Rule, weights: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
    let chunks = weights.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK)).zip(first.par_chunks_mut(CHUNK));
    if second.is_empty() {
        chunks.for_each(|((w, g), m)| rule.apply(w, g, m, &mut []));
    } else {
        chunks.zip(second.par_chunks_mut(CHUNK)).for_each(|(((w, g), m), v)| rule.apply(w, g, m, v));
    }
}
