//! The total variation distance, `T²·½·Σ|teacher_T − student_T|`: the largest difference in the probability of any set
//! of outcomes (as a loss for distillation: Wen et al. 2023, arXiv 2307.15190). An outcome does not pull harder the
//! further apart both are. Its slope is that of `|x|`, 0 where both agree.
//!
//! T² does not keep its size as T changes: the distance of softened distributions falls as 1/T, not as 1/T². Hence
//! 1 as the default.

use candle_core::{D, Result, Tensor};

use super::paired::{Outcome, Paired};
use super::{Compared, ComposedRows, Divergence, Needs, Softening, softening};
use crate::engine::model::ops::{exp, widest};
use crate::session::Knob;
use crate::session::knob::Entry;

const SOFTENING: Softening = softening!("total_variation", "Temperature", 1.0, super::softening::HELP);

const WEIGHT: Knob = super::weight("total_variation.weight", "Total-variation weight", 1.0, super::TEACHER_WEIGHT);

/// Half the sum of the differences.
pub struct TotalVariation;

impl Divergence for TotalVariation {
    fn entry(&self) -> Entry {
        Entry {
            id: "total_variation",
            label: "Total variation",
            help: "Learn the teacher's probabilities by half the sum of how far the student's are off, each as it is, large ones no more.",
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
                let row = Paired::of(compared);
                if let Some(gradient) = gradient {
                    fill(row, gradient, scale);
                }
                0.5 * row.sum(
                    #[inline(always)]
                    |teacher, student| row.outcome(teacher, student).difference().abs(),
                )
            },
        )
    }

    fn composed(&self, compared: &ComposedRows) -> Result<Tensor> {
        let apart = (compared.student.exp()? - compared.teacher()?.exp()?)?;
        // An absolute value whose own slope at 0 is not 0 would not do.
        let sign = apart.detach().sign()?;
        (apart * sign)?.sum(D::Minus1)? * 0.5
    }
}

#[inline(always)]
fn fill(row: Paired, gradient: &mut [f32], scale: f32) {
    let (teacher, student) = row.first();
    let first = side(row.outcome(teacher, student));
    row.fill_weighed(
        gradient,
        scale,
        #[inline(always)]
        |teacher, student| {
            let outcome = row.outcome(teacher, student);
            exp(outcome.ln_q) * (side(outcome) - first)
        },
    );
}

/// ½, −½ or 0: by whether the student gives it more, less or as much.
#[inline(always)]
fn side(outcome: Outcome) -> f32 {
    let more = if outcome.ln_ratio < 0.0 { 0.5 } else { 0.0 };
    if outcome.ln_ratio > 0.0 { -0.5 } else { more }
}
