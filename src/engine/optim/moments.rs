//! What an optimiser remembers of one variable, and the step that uses it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use candle_core::{CpuStorage, DType, Device, InplaceOp1, Layout, Tensor, Var};
use rayon::prelude::*;

use super::rule::Rule;
use super::{OptimError, Result, fits};
use crate::engine::model::ops::values;
use crate::session::OptimizerKind;

/// Elements moved by one thread at a time.
const CHUNK: usize = 1 << 14;

/// First moment (SGD: the momentum buffer) and second moment (SGD: none) of every element, beside
/// their variable: numbers in main memory, tensors on another device.
pub enum Moments {
    /// Of a variable that the fused sweep moves.
    Here {
        /// First moments.
        first: Vec<f32>,
        /// Second moments; empty for SGD.
        second: Vec<f32>,
    },
    /// Of a variable on another device.
    There {
        /// First moments.
        first: Tensor,
        /// Second moments; `None` for SGD.
        second: Option<Tensor>,
    },
}

impl Moments {
    /// Moments before the first step.
    pub fn new(kind: OptimizerKind, variable: &Var) -> Result<Self> {
        let has_second = kind != OptimizerKind::Sgd;
        if values::is_fused(variable) {
            let count = variable.elem_count();
            return Ok(Self::Here { first: vec![0.0; count], second: vec![0.0; if has_second { count } else { 0 }] });
        }
        let zeros = || Tensor::zeros(variable.dims(), DType::F32, variable.device());
        Ok(Self::There { first: zeros()?, second: if has_second { Some(zeros()?) } else { None } })
    }

    /// Moves `variable` by its gradient.
    pub fn step(&mut self, variable: &Var, gradient: &Tensor, rule: Rule) -> Result<()> {
        match self {
            Self::Here { first, second } => {
                let update = |gradient: &[f32]| {
                    let moments = RefCell::new((first.as_mut_slice(), second.as_mut_slice()));
                    variable.inplace_op1(&Update { rule, gradient, moments })
                };
                Ok(values::read(gradient, update)??)
            }
            Self::There { first, second } => {
                let weights = variable.as_detached_tensor();
                let moved = rule.apply_to_tensors(&weights, gradient, first, second.as_ref())?;
                variable.set(&moved.weights)?;
                (*first, *second) = (moved.first, moved.second);
                Ok(())
            }
        }
    }

    /// Adds the moments to a state that will be saved.
    pub fn save(&self, name: &str, variable: &Var, state: &mut BTreeMap<String, Tensor>) -> Result<()> {
        let mut keep = |part: &str, tensor: Tensor| state.insert(format!("{part}.{name}"), tensor);
        match self {
            Self::Here { first, second } => {
                let tensor = |values: &[f32]| Tensor::from_slice(values, variable.dims(), &Device::Cpu);
                keep("first", tensor(first)?);
                if !second.is_empty() {
                    keep("second", tensor(second)?);
                }
            }
            Self::There { first, second } => {
                keep("first", first.to_device(&Device::Cpu)?);
                if let Some(second) = second {
                    keep("second", second.to_device(&Device::Cpu)?);
                }
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
            Ok::<&Tensor, OptimError>(tensor)
        };
        let (first, second) = (find("first")?, if kind == OptimizerKind::Sgd { None } else { Some(find("second")?) });
        if !values::is_fused(variable) {
            let there = |tensor: &Tensor| tensor.to_device(variable.device());
            return Ok(Self::There { first: there(first)?, second: second.map(there).transpose()? });
        }
        let numbers = |tensor: &Tensor| tensor.flatten_all()?.to_vec1();
        Ok(Self::Here { first: numbers(first)?, second: second.map(numbers).transpose()?.unwrap_or_default() })
    }

    /// Multiplies the moments by a mask of the variable's shape.
    pub fn mask(&mut self, mask: &Tensor) -> Result<()> {
        let mask = mask.to_dtype(DType::F32)?;
        match self {
            Self::Here { first, second } => {
                let mask: Vec<f32> = mask.flatten_all()?.to_vec1()?;
                for moment in [first, second] {
                    moment.iter_mut().zip(&mask).for_each(|(value, keep)| *value *= keep);
                }
            }
            Self::There { first, second } => {
                for moment in std::iter::once(first).chain(second) {
                    *moment = (&*moment * mask.to_device(moment.device())?)?;
                }
            }
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

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;

    /// A variable's way under ten steps, with its moments here or there.
    fn way(kind: OptimizerKind, there: bool) -> Vec<f32> {
        let start = Tensor::new(&[0.5f32, -1.0, 2.0, 0.0], &Device::Cpu).unwrap();
        let variable = Var::from_tensor(&start).unwrap();
        let zeros = || start.zeros_like().unwrap();
        let mut moments = match (there, kind) {
            (false, _) => Moments::new(kind, &variable).unwrap(),
            (true, OptimizerKind::Sgd) => Moments::There { first: zeros(), second: None },
            (true, _) => Moments::There { first: zeros(), second: Some(zeros()) },
        };
        for step in 1..=10u32 {
            let gradient = (variable.as_detached_tensor() * f64::from(step)).unwrap();
            let rule = Rule::new(kind, u64::from(step), 0.05, 0.7, 0.1, &Settings::default());
            moments.step(&variable, &gradient, rule).unwrap();
        }
        moments.mask(&Tensor::new(&[1f32, 0.0, 1.0, 1.0], &Device::Cpu).unwrap()).unwrap();
        let mut state = BTreeMap::new();
        moments.save("w", &variable, &mut state).unwrap();
        let moments = state.values().flat_map(|tensor| tensor.to_vec1::<f32>().unwrap());
        variable.to_vec1::<f32>().unwrap().into_iter().chain(moments).collect()
    }

    #[test]
    fn a_variable_elsewhere_goes_the_same_way() {
        for kind in OptimizerKind::ALL {
            let (here, there) = (way(kind, false), way(kind, true));
            assert_eq!(here.len(), there.len());
            assert!(here.contains(&0.0) && here.iter().any(|value| value.abs() > 0.01));
            let apart = here.iter().zip(&there).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(apart < 1e-6, "{kind:?}: {apart}");
        }
    }
}
