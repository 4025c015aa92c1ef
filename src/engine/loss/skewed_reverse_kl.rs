//! The skewed reverse Kullback–Leibler divergence, `T²·KL(student_T ‖ λ·student_T + (1 − λ)·teacher_T)` in nats
//! (DistiLLM, Ko et al. 2024, arXiv 2402.03898, §3.1): a little of the student is mixed into the teacher, so that what
//! the teacher holds impossible costs at most `ln(1/λ)`. At `λ = 0` it is the reverse divergence itself.

use candle_core::{D, Result, Tensor};

use super::logarithm::Ratio;
use super::mixture::{Mixture, Written, fill, ln_mixture};
use super::paired::{Outcome, Paired};
use super::reverse_kl::ReverseKl;
use super::{Compared, ComposedRows, Divergence, Needs, Softening, softening};
use crate::engine::model::ops::widest;
use crate::session::knob::{Entry, Scale};
use crate::session::{Knob, Knobs};

const SOFTENING: Softening = softening!("skewed_reverse_kl", "Temperature", 2.0, super::softening::HELP);

const WEIGHT: Knob = super::weight("skewed_reverse_kl.weight", "Skewed-reverse-KL weight", 1.0, super::TEACHER_WEIGHT);

/// λ.
pub const SKEW: Knob = Knob {
    id: "skewed_reverse_kl.skew",
    label: "Skew λ",
    unit: "",
    min: 0.0,
    max: 0.99,
    default: 0.1,
    scale: Scale::Linear,
    live: true,
    help: "How much of the student is mixed into the teacher before they are compared: 0 is the reverse KL, more bounds what a single outcome can cost.",
};

/// Divergence of a mixture from the student.
pub struct SkewedReverseKl;

impl Divergence for SkewedReverseKl {
    fn entry(&self) -> Entry {
        Entry {
            id: "skewed_reverse_kl",
            label: "Skewed reverse KL",
            help: "Learn the teacher's main answers with bounded cost: the student's KL to a mixture of λ parts student and 1 − λ parts teacher.",
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
            ReverseKl.row(compared, scale, gradient)
        }
    }

    fn composed(&self, compared: &ComposedRows) -> Result<Tensor> {
        if compared.parameter <= 0.0 {
            return ReverseKl.composed(compared);
        }
        let log_q = compared.student;
        let log_m = ln_mixture(compared.teacher()?, log_q, 1.0 - compared.parameter)?;
        (log_q.exp()? * (log_q - log_m)?)?.sum(D::Minus1)
    }
}

fn mixed(compared: &Compared, scale: f32, gradient: Option<&mut [f32]>) -> f32 {
    widest(
        #[inline(always)]
        || {
            let (row, skew) = (Paired::of(compared), compared.parameter);
            let (mixture, written) = (Mixture::of(1.0 - skew), Written::of(row));
            if let Some(gradient) = gradient {
                fill(
                    row,
                    gradient,
                    scale,
                    #[inline(always)]
                    |outcome| slope(mixture, skew, outcome, written),
                );
            }
            row.sum(
                #[inline(always)]
                |teacher, student| {
                    let mixed = mixture.outcome(row.outcome(teacher, student));
                    mixed.m * mixed.student.excess()
                },
            )
        },
    )
}

/// `ln(q/m) − λ·q/m`, up to a constant.
#[inline(always)]
fn slope(mixture: Mixture, skew: f32, outcome: Outcome, written: Written) -> f32 {
    match written {
        Written::Plain => {
            let share = mixture.outcome(outcome).student;
            share.ln() - skew * share.over
        }
        Written::ByRatio => {
            let odds = Ratio::over(mixture.odds(outcome));
            let rest = if odds.over < 1.0 { odds.over / odds.whole } else { 1.0 - 1.0 / odds.whole };
            rest - odds.ln()
        }
    }
}
