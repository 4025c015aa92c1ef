//! The teacher's softened probabilities: `T²·KL(teacher_T ‖ student_T)` over the classes, in nats,
//! averaged over the batch. T² keeps the gradient's size as T changes (Hinton et al. 2015, §2.1);
//! KL rather than cross-entropy, so that the shown value reaches 0 when the two agree.

use super::{ALPHA, Loss};
use crate::engine::model::ops;
use crate::session::Knob;
use crate::session::knob::{Entry, Scale};

/// Temperature of both distributions.
pub const TEMPERATURE: Knob = Knob {
    id: "soft_targets.temperature",
    label: "Temperature",
    unit: "",
    min: 0.5,
    max: 20.0,
    default: 2.0,
    scale: Scale::Log,
    live: true,
    help: "Softens both distributions before they are compared: higher shows more of what the teacher thinks of the wrong classes.",
};

/// The registry's line.
pub const LOSS: Loss = Loss {
    entry: Entry {
        id: "soft_targets",
        label: "Soft targets",
        help: "Learn the teacher's probabilities over the classes, softened by the temperature.",
    },
    knobs: &[TEMPERATURE],
    needs_teacher: true,
    needs_language: false,
    weight: |knobs| 1.0 - knobs.get(&ALPHA),
    compute: |given| {
        let Some(teacher) = given.teacher else { candle_core::bail!("soft targets need a teacher") };
        let everyone = given.labelled.ones_like()?;
        ops::distillation(&given.student.scores, teacher, given.knobs.get(&TEMPERATURE), &everyone)
    },
};
