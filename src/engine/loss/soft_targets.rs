//! The teacher's softened probabilities: `T²·KL(teacher_T ‖ student_T)` over the outcomes, in nats,
//! averaged over the rows. KL rather than cross-entropy, so that the shown value reaches 0 when the two
//! agree.
//!
//! An outcome that the teacher rules out (−∞, or a probability below `e^−87.3`) adds nothing, whatever
//! the student makes of it; one that only the student rules out makes the divergence infinite, its
//! gradient stays finite. A row of nothing but −∞ is no distribution and gives NaN.

use candle_core::{D, Result, Tensor};

use super::levels::Levels;
use super::paired::Paired;
use super::{Compared, ComposedRows, Divergence, Needs, Softening, softening};
use crate::engine::model::ops::widest;
use crate::session::Knob;
use crate::session::knob::Entry;

/// Temperature of both distributions.
pub const TEMPERATURE: Knob = SOFTENING.temperature;

/// The temperature's knobs.
pub const SOFTENING: Softening = softening!("soft_targets", "Temperature", 2.0, super::softening::HELP);

const WEIGHT: Knob = super::weight(
    "soft_targets.weight",
    "Soft-target weight",
    1.0,
    "Weight of the teacher's soft targets beside the other losses, times what the label weight leaves them.",
);

/// Logarithm of the smallest probability that counts: single precision ends there.
const RULED_OUT: f64 = -87.3;

/// Kullback–Leibler divergence of the student from the teacher.
pub struct SoftTargets;

impl Divergence for SoftTargets {
    fn entry(&self) -> Entry {
        Entry {
            id: "soft_targets",
            label: "Soft targets",
            help: "Learn the teacher's probabilities over the classes, softened by the temperature.",
        }
    }

    fn weight(&self) -> &'static Knob {
        &WEIGHT
    }

    fn needs(&self) -> Needs {
        super::TAUGHT
    }

    fn softening(&self) -> Option<&'static Softening> {
        Some(&SOFTENING)
    }

    fn row(&self, compared: &Compared, scale: f32, gradient: Option<&mut [f32]>) -> f32 {
        widest(
            #[inline(always)]
            || {
                if let Some(levels) = Levels::of(compared) {
                    return levels.divergence(scale, gradient);
                }
                let row = Paired::of(compared);
                if let Some(gradient) = gradient {
                    row.fill(
                        gradient,
                        scale,
                        #[inline(always)]
                        |teacher, student| row.outcome(teacher, student).difference(),
                    );
                }
                row.sum(
                    #[inline(always)]
                    |teacher, student| row.outcome(teacher, student).excess(),
                )
            },
        )
    }

    fn composed(&self, compared: &ComposedRows) -> Result<Tensor> {
        let (log_p, log_q) = (compared.teacher()?, compared.student);
        // Nothing where the teacher rules an outcome out: 0 · ln 0 is 0 here.
        let counted = log_p.ge(RULED_OUT)?;
        let parts = (log_p.exp()? * (log_p - log_q)?)?;
        counted.where_cond(&parts, &parts.zeros_like()?)?.sum(D::Minus1)
    }
}
