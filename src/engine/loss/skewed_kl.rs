//! The skewed Kullback–Leibler divergence, `T²·KL(teacher_T ‖ λ·teacher_T + (1 − λ)·student_T)` in nats (DistiLLM, Ko
//! et al. 2024, arXiv 2402.03898, §3.1): a little of the teacher is mixed into the student, so that what the student
//! holds impossible costs at most `ln(1/λ)` and pulls no harder than the rest. At `λ = 0` it is the divergence of the
//! soft targets itself.

use candle_core::{Result, Tensor};

use super::mixture::{Mixture, Written, fill, ln_mixture, teacher_from};
use super::paired::{Outcome, Paired};
use super::soft_targets::SoftTargets;
use super::{Compared, ComposedRows, Divergence, Needs, Softening, softening};
use crate::engine::model::ops::widest;
use crate::session::knob::{Entry, Scale};
use crate::session::{Knob, Knobs};

const SOFTENING: Softening = softening!("skewed_kl", "Temperature", 2.0, super::softening::HELP);

const WEIGHT: Knob = super::weight("skewed_kl.weight", "Skewed-KL weight", 1.0, super::TEACHER_WEIGHT);

/// λ.
pub const SKEW: Knob = Knob {
    id: "skewed_kl.skew",
    label: "Skew λ",
    unit: "",
    min: 0.0,
    max: 0.99,
    default: 0.1,
    scale: Scale::Linear,
    live: true,
    help: "How much of the teacher is mixed into the student before they are compared: 0 is the forward KL, more bounds what a single outcome can cost.",
};

/// Divergence of a mixture from the teacher.
pub struct SkewedKl;

impl Divergence for SkewedKl {
    fn entry(&self) -> Entry {
        Entry {
            id: "skewed_kl",
            label: "Skewed KL",
            help: "Learn the teacher's probabilities with bounded cost: the teacher's KL to a mixture of λ parts teacher and 1 − λ parts student.",
        }
    }

    fn weight(&self) -> &'static Knob {
        &WEIGHT
    }

    fn knobs(&self) -> &'static [Knob] {
        &[SKEW]
    }

    fn needs(&self) -> Needs {
        super::TAUGHT
    }

    fn softening(&self) -> Option<&'static Softening> {
        Some(&SOFTENING)
    }

    fn parameter(&self, knobs: &Knobs) -> f64 {
        knobs.get(&SKEW)
    }

    fn row(&self, compared: &Compared, scale: f32, gradient: Option<&mut [f32]>) -> f32 {
        if compared.parameter > 0.0 {
            mixed(compared, scale, gradient)
        } else {
            SoftTargets.row(compared, scale, gradient)
        }
    }

    fn composed(&self, compared: &ComposedRows) -> Result<Tensor> {
        if compared.parameter <= 0.0 {
            return SoftTargets.composed(compared);
        }
        let log_p = compared.teacher()?;
        teacher_from(log_p, &ln_mixture(log_p, compared.student, compared.parameter)?)
    }
}

fn mixed(compared: &Compared, scale: f32, gradient: Option<&mut [f32]>) -> f32 {
    widest(
        #[inline(always)]
        || {
            let (row, skew) = (Paired::of(compared), compared.parameter);
            let (mixture, written) = (Mixture::of(skew), Written::of(row));
            if let Some(gradient) = gradient {
                fill(
                    row,
                    gradient,
                    scale * (1.0 - skew),
                    #[inline(always)]
                    |outcome| slope(mixture, outcome, written),
                );
            }
            row.sum(
                #[inline(always)]
                |teacher, student| {
                    let mixed = mixture.outcome(row.outcome(teacher, student));
                    mixed.m * mixed.teacher.excess()
                },
            )
        },
    )
}

/// `−p/m`, up to a constant.
#[inline(always)]
fn slope(mixture: Mixture, outcome: Outcome, written: Written) -> f32 {
    let share = mixture.outcome(outcome).teacher;
    match written {
        Written::Plain => -share.over,
        Written::ByRatio => -share.whole,
    }
}
