//! The numbers of an optimiser, as knobs and as one plain struct a step.

use crate::session::{Knob, Knobs, Scale};

/// How far one step goes, before the schedule's factor.
pub const LEARNING_RATE: Knob = Knob {
    id: "optimizer.learning_rate",
    label: "Learning rate",
    unit: "",
    min: 1e-6,
    max: 1.0,
    default: 1e-3,
    scale: Scale::Log,
    live: true,
    help: "How far one step goes, before the schedule's factor.",
};

/// Pull of the weights towards 0; not on biases and norms.
pub const WEIGHT_DECAY: Knob = Knob {
    id: "optimizer.weight_decay",
    label: "Weight decay",
    unit: "",
    min: 0.0,
    max: 1.0,
    default: 0.01,
    scale: Scale::Linear,
    live: true,
    help: "Pulls the weights towards 0 at every step; biases and norms are left alone.",
};

/// Largest norm of the gradient over all variables.
pub const CLIP: Knob = Knob {
    id: "optimizer.clip",
    label: "Gradient clip",
    unit: "",
    min: 0.0,
    max: 100.0,
    default: 1.0,
    scale: Scale::Linear,
    live: true,
    help: "A longer gradient is shortened to this length; 0 never shortens it.",
};

/// Momentum of SGD, decay of Adam's first moment.
pub const BETA1: Knob = Knob {
    id: "optimizer.beta1",
    label: "Momentum (beta 1)",
    unit: "",
    min: 0.0,
    max: 0.999,
    default: 0.9,
    scale: Scale::Linear,
    live: false,
    help: "How much of the last steps' direction is kept: SGD's momentum, Adam's beta 1.",
};

/// Decay of Adam's second moment.
pub const BETA2: Knob = Knob {
    id: "optimizer.beta2",
    label: "Beta 2",
    unit: "",
    min: 0.0,
    max: 0.9999,
    default: 0.999,
    scale: Scale::Linear,
    live: false,
    help: "How slowly Adam's estimate of the gradient's size moves; SGD does not read it.",
};

/// What Adam adds to the root of the second moment, PyTorch's default.
pub const EPSILON: f64 = 1e-8;

/// Everything but the learning rate that one step reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Momentum of SGD, decay of Adam's first moment, in [0, 1).
    pub beta1: f64,
    /// Decay of Adam's second moment, in [0, 1).
    pub beta2: f64,
    /// What Adam adds to the root of the second moment.
    pub eps: f64,
    /// Pull towards 0 of the variables in decaying groups.
    pub weight_decay: f64,
    /// Largest global norm of the gradient; 0 is off.
    pub clip: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self::from(&Knobs::default())
    }
}

impl From<&Knobs> for Settings {
    fn from(knobs: &Knobs) -> Self {
        Self {
            beta1: knobs.get(&BETA1),
            beta2: knobs.get(&BETA2),
            eps: EPSILON,
            weight_decay: knobs.get(&WEIGHT_DECAY),
            clip: knobs.get(&CLIP),
        }
    }
}
