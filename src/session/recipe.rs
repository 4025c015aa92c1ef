//! The recipe: what is minimised, by which optimiser, for how long, from which seed.

use serde::{Deserialize, Serialize};

use super::Device;

/// Everything about training that is not a live knob.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    /// Ids of the losses in the mixture, e.g. `soft_targets`, `hard_labels`, `next_token`.
    pub losses: Vec<String>,
    /// Which optimiser.
    pub optimizer: OptimizerKind,
    /// How the learning rate moves over the steps, after the warm-up.
    pub schedule: ScheduleKind,
    /// Steps over which the learning rate rises from 0.
    pub warmup: u64,
    /// Optimiser steps in all.
    pub steps: u64,
    /// Examples per step.
    pub batch: usize,
    /// Seed of weights, batches, dropout and which examples keep their label.
    pub seed: u64,
    /// Steps between two evaluations on the validation part; 0 never evaluates in between.
    pub evaluate_every: u64,
    /// Steps between two checkpoints; 0 writes one at the end only.
    pub checkpoint_every: u64,
    /// Stops early once the validation accuracy reaches this, in [0, 1].
    pub target_accuracy: Option<f64>,
    /// Worker threads of the tensor library; `None` takes what the machine has (one fewer with the
    /// window open). Part of bit-exact replay, so a run's own session has it filled in.
    pub threads: Option<usize>,
    /// Where both models compute.
    #[serde(skip_serializing_if = "Device::is_cpu")]
    pub device: Device,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            losses: vec!["soft_targets".to_owned(), "hard_labels".to_owned()],
            optimizer: OptimizerKind::AdamW,
            schedule: ScheduleKind::Linear,
            warmup: 50,
            steps: 1000,
            batch: 32,
            seed: 7,
            evaluate_every: 100,
            checkpoint_every: 200,
            target_accuracy: None,
            threads: None,
            device: Device::Cpu,
        }
    }
}

/// The optimisers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OptimizerKind {
    /// Stochastic gradient descent with momentum.
    Sgd,
    /// Adam; weight decay enters through the gradient (L2).
    Adam,
    /// Adam with decoupled weight decay.
    AdamW,
}

impl OptimizerKind {
    /// All of them, in the order a picker shows them.
    pub const ALL: [Self; 3] = [Self::Sgd, Self::Adam, Self::AdamW];

    /// The field's name for it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Sgd => "SGD",
            Self::Adam => "Adam",
            Self::AdamW => "AdamW",
        }
    }
}

/// The learning-rate schedules, each after a linear warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScheduleKind {
    /// Stays at the knob's value.
    Constant,
    /// Falls in a straight line to 0 at the last step.
    Linear,
    /// Falls along half a cosine to 0 at the last step.
    Cosine,
}

impl ScheduleKind {
    /// All of them, in the order a picker shows them.
    pub const ALL: [Self; 3] = [Self::Constant, Self::Linear, Self::Cosine];

    /// The field's name for it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Linear => "linear",
            Self::Cosine => "cosine",
        }
    }
}
