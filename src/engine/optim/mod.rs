//! Optimisers whose whole state can be written down, and the learning-rate schedules.
//!
//! *Why our own (2026-11).* Chosen over candle-nn's, whose AdamW keeps its moments and step private
//! (no exact resume), has one weight decay for all variables, and walks the tensors on one thread.
//! We would reconsider once it has all three.
//!
//! Not here: which step it is in the run, pruning masks themselves, gradients.

mod moments;
mod norm;
mod rule;
mod schedule;
mod settings;

use std::collections::{BTreeMap, BTreeSet};

use candle_core::backprop::GradStore;
use candle_core::{DType, Tensor, Var};
use rayon::prelude::*;

use crate::engine::model::tensor_trouble;
use crate::session::{OptimizerKind, Say, Sentence, say, spoken};
use moments::Moments;
use rule::Rule;

pub use schedule::scheduled;
pub use settings::{BETA1, BETA2, CLIP, EPSILON, LEARNING_RATE, Settings, WEIGHT_DECAY};

/// Why an optimiser cannot be made, moved or restored.
#[derive(Debug, thiserror::Error)]
pub enum OptimError {
    /// A variable of another type than f32.
    Type {
        /// The variable.
        name: String,
        /// Its type.
        found: DType,
    },
    /// Two variables under one name.
    Twice {
        /// The name.
        name: String,
    },
    /// No variable of this name.
    Unknown {
        /// The name.
        name: String,
    },
    /// A saved state lacks a tensor.
    Missing {
        /// The tensor.
        name: String,
    },
    /// A tensor of another shape than its variable.
    Shape {
        /// The tensor.
        name: String,
        /// The variable's shape.
        expected: Vec<usize>,
        /// The tensor's shape.
        found: Vec<usize>,
    },
    /// The tensor library refused.
    Tensor(#[from] candle_core::Error),
}

impl Say for OptimError {
    fn said(&self) -> Sentence {
        match self {
            Self::Type { name, found } => say!(
                "the optimiser moves f32 variables only, but {name} is {found}; convert the model first",
                name,
                found = format_args!("{found:?}")
            ),
            Self::Twice { name } => {
                say!("two variables are both named {name}; tied weights belong in the list once", name)
            }
            Self::Unknown { name } => say!("the optimiser has no variable named {name}", name),
            Self::Missing { name } => say!(
                "the saved optimiser state has no tensor {name}; was it written by another optimiser or model?",
                name
            ),
            Self::Shape { name, expected, found } => say!(
                "{name} has shape {found} where its variable has {expected}",
                name,
                found = format_args!("{found:?}"),
                expected = format_args!("{expected:?}")
            ),
            Self::Tensor(e) => say!("the optimiser's step failed: {reason}", reason = tensor_trouble(e)),
        }
    }
}

spoken!(OptimError);

type Result<T> = std::result::Result<T, OptimError>;

/// What variables may differ in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group {
    /// Whether weight decay acts: on matrices, not on biases and norms.
    pub decay: bool,
    /// What the learning rate is multiplied by; above 0.
    pub rate: f64,
}

impl Group {
    /// The group of a variable with these dimensions that learns at `rate` times the learning rate.
    pub fn of(dims: &[usize], rate: f64) -> Self {
        Self { decay: dims.len() > 1, rate }
    }
}

/// A variable and what the optimiser remembers of it.
struct Slot {
    name: String,
    variable: Var,
    group: Group,
    moments: Moments,
}

/// SGD with momentum, Adam or AdamW over named variables.
pub struct Optimizer {
    kind: OptimizerKind,
    slots: Vec<Slot>,
    /// Variables that it leaves alone, and of which it remembers nothing.
    frozen: BTreeSet<String>,
    steps: u64,
}

impl Optimizer {
    /// An optimiser at its first step, over `variables` in the order of their names.
    ///
    /// # Errors
    /// If a variable is not of type f32 or a name comes twice.
    pub fn new(kind: OptimizerKind, variables: Vec<(String, Var)>) -> Result<Self> {
        Self::grouped(kind, variables, |_| 1.0)
    }

    /// The same, each variable at `rate` times the learning rate; one at 0 is frozen. Weight decay that does not go
    /// through the gradient follows the rate of its variable, as in PyTorch's groups of parameters.
    ///
    /// # Errors
    /// As [`Optimizer::new`].
    pub fn grouped(kind: OptimizerKind, mut variables: Vec<(String, Var)>, rate: impl Fn(&str) -> f64) -> Result<Self> {
        variables.sort_by(|(a, _), (b, _)| a.cmp(b));
        if let Some([(name, _), _]) = variables.array_windows().find(|[(a, _), (b, _)]| a == b) {
            return Err(OptimError::Twice { name: name.clone() });
        }
        let (moved, frozen): (Vec<_>, Vec<_>) = variables.into_iter().partition(|(name, _)| rate(name) > 0.0);
        let slot = |(name, variable): (String, Var)| {
            let rate = rate(&name);
            Slot::new(kind, name, variable, rate)
        };
        let slots = moved.into_iter().map(slot).collect::<Result<_>>()?;
        Ok(Self { kind, slots, frozen: frozen.into_iter().map(|(name, _)| name).collect(), steps: 0 })
    }

    /// Moves every variable that has a gradient, in place: views of its memory follow. Returns the
    /// norm of all gradients together, before clipping.
    ///
    /// If that norm is not finite, nothing is moved and the step is not counted. The result does
    /// not depend on the number of threads.
    ///
    /// # Errors
    /// If a gradient does not have its variable's shape and type.
    ///
    /// # Source
    /// Clipping: Pascanu, Mikolov, Bengio 2013, algorithm 1, with the guard of
    /// `torch.nn.utils.clip_grad_norm_`.
    pub fn step(&mut self, gradients: &GradStore, rate: f64, settings: &Settings) -> Result<f64> {
        let found: Vec<Option<Tensor>> =
            self.slots.iter().map(|slot| slot.gradient(gradients)).collect::<Result<_>>()?;
        let norm = norm::global(found.iter().flatten())?;
        if !norm.is_finite() {
            return Ok(norm);
        }
        self.steps += 1;
        let shrink = if settings.clip > 0.0 { (settings.clip / (norm + 1e-6)).min(1.0) } else { 1.0 };
        let (kind, steps) = (self.kind, self.steps);
        let rule = |group: Group| {
            let decay = if group.decay { settings.weight_decay } else { 0.0 };
            Rule::new(kind, steps, rate * group.rate, shrink, decay, settings)
        };
        let step = |(slot, found): (&mut Slot, &Option<Tensor>)| match found {
            Some(gradient) => slot.moments.step(&slot.variable, gradient, rule(slot.group)),
            None => Ok(()),
        };
        // All variables at once: waking the threads for each of a hundred biases costs more than they.
        // Another device has a queue of its own, which one thread fills.
        if self.slots.iter().all(|slot| slot.variable.device().is_cpu()) {
            self.slots.par_iter_mut().zip(&found).try_for_each(step)?;
        } else {
            self.slots.iter_mut().zip(&found).try_for_each(step)?;
        }
        Ok(norm)
    }

    /// Steps done, the count that Adam's bias correction reads.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The moments of every variable, `first.NAME` and `second.NAME`, to be saved beside
    /// [`Optimizer::steps`].
    ///
    /// # Errors
    /// If a tensor cannot be made.
    pub fn state(&self) -> Result<BTreeMap<String, Tensor>> {
        let mut state = BTreeMap::new();
        for slot in &self.slots {
            slot.moments.save(&slot.name, &slot.variable, &mut state)?;
        }
        Ok(state)
    }

    /// Puts back what [`Optimizer::state`] gave, so that the next step is the one that would have
    /// followed, bit for bit.
    ///
    /// # Errors
    /// If a tensor is missing or has another shape; nothing has changed then.
    pub fn load_state(&mut self, state: &BTreeMap<String, Tensor>, steps: u64) -> Result<()> {
        let loaded = self.slots.iter().map(|slot| Moments::load(self.kind, &slot.name, &slot.variable, state));
        let loaded: Vec<Moments> = loaded.collect::<Result<_>>()?;
        for (slot, moments) in self.slots.iter_mut().zip(loaded) {
            slot.moments = moments;
        }
        self.steps = steps;
        Ok(())
    }

    /// Multiplies the moments of one variable by `mask`, so that a weight pruned to 0 stays there; a frozen one has none.
    ///
    /// # Errors
    /// If there is no such variable or the mask has another shape.
    pub fn mask(&mut self, name: &str, mask: &Tensor) -> Result<()> {
        if self.frozen.contains(name) {
            return Ok(());
        }
        let found = self.slots.iter_mut().find(|slot| slot.name == name);
        let slot = found.ok_or_else(|| OptimError::Unknown { name: name.to_owned() })?;
        fits(name, mask, &slot.variable)?;
        slot.moments.mask(mask)
    }
}

impl Slot {
    fn new(kind: OptimizerKind, name: String, variable: Var, rate: f64) -> Result<Self> {
        if variable.dtype() != DType::F32 {
            return Err(OptimError::Type { name, found: variable.dtype() });
        }
        let moments = Moments::new(kind, &variable)?;
        Ok(Self { name, group: Group::of(variable.dims(), rate), moments, variable })
    }

    fn gradient(&self, gradients: &GradStore) -> Result<Option<Tensor>> {
        let Some(gradient) = gradients.get(&self.variable) else { return Ok(None) };
        fits(&self.name, gradient, &self.variable)?;
        Ok(Some(gradient.detach().contiguous()?))
    }
}

/// Refuses a tensor that is not shaped like its variable.
fn fits(name: &str, tensor: &Tensor, variable: &Var) -> Result<()> {
    if tensor.dims() == variable.dims() {
        return Ok(());
    }
    Err(OptimError::Shape { name: name.to_owned(), expected: variable.dims().to_vec(), found: tensor.dims().to_vec() })
}
