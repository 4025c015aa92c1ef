//! The generalised Jensen–Shannon divergence: `T²·(β·KL(teacher_T ‖ M) + (1 − β)·KL(student_T ‖ M))` in nats, with the
//! mixture `M = β·teacher_T + (1 − β)·student_T` (GKD, Agarwal et al. 2024, arXiv 2306.13649, §2). It is bounded,
//! whatever either rules out.
//!
//! At both ends that formula is 0 for any student. As GKD and TRL have it, `β = 0` is the forward divergence
//! `KL(teacher ‖ student)` itself, that of the soft targets, and `β = 1` the reverse one. Near an end the value is
//! small: it is about β times the forward divergence near 0 and about (1 − β) times the reverse one near 1.

use candle_core::{D, Result, Tensor};

use super::mixture::{Mixture, Written, fill, ln_mixture, teacher_from};
use super::paired::{Outcome, Paired};
use super::reverse_kl::ReverseKl;
use super::soft_targets::SoftTargets;
use super::{Compared, ComposedRows, Divergence, Needs, Softening, softening};
use crate::engine::model::ops::widest;
use crate::session::knob::{Entry, Scale};
use crate::session::{Knob, Knobs};

const SOFTENING: Softening = softening!("jensen_shannon", "Temperature", 2.0, super::softening::HELP);

const WEIGHT: Knob = super::weight("jensen_shannon.weight", "Jensen–Shannon weight", 1.0, super::TEACHER_WEIGHT);

/// β.
pub const BETA: Knob = Knob {
    id: "jensen_shannon.beta",
    label: "Forward to reverse β",
    unit: "",
    min: 0.0,
    max: 1.0,
    default: 0.5,
    scale: Scale::Linear,
    live: true,
    help: "0 is the forward KL, teacher to student, which covers all that the teacher holds possible; 1 is the reverse KL, student to teacher, which keeps to its main answers; between them both are compared with their mixture.",
};

/// Generalised Jensen–Shannon divergence.
pub struct JensenShannon;

impl Divergence for JensenShannon {
    fn entry(&self) -> Entry {
        Entry {
            id: "jensen_shannon",
            label: "Jensen–Shannon",
            help: "Learn from both directions at once: β times the teacher's KL to the mixture of both, plus 1 − β times the student's.",
        }
    }

    fn weight(&self) -> &'static Knob {
        &WEIGHT
    }

    fn knobs(&self) -> &'static [Knob] {
        &[BETA]
    }

    fn needs(&self) -> Needs {
        super::TAUGHT
    }

    fn softening(&self) -> Option<&'static Softening> {
        Some(&SOFTENING)
    }

    fn parameter(&self, knobs: &Knobs) -> f64 {
        knobs.get(&BETA)
    }

    fn row(&self, compared: &Compared, scale: f32, gradient: Option<&mut [f32]>) -> f32 {
        match compared.parameter {
            beta if beta <= 0.0 => SoftTargets.row(compared, scale, gradient),
            beta if beta >= 1.0 => ReverseKl.row(compared, scale, gradient),
            _ => between(compared, scale, gradient),
        }
    }

    fn composed(&self, compared: &ComposedRows) -> Result<Tensor> {
        let beta = compared.parameter;
        if beta <= 0.0 {
            return SoftTargets.composed(compared);
        }
        if beta >= 1.0 {
            return ReverseKl.composed(compared);
        }
        let (log_p, log_q) = (compared.teacher()?, compared.student);
        let log_m = ln_mixture(log_p, log_q, beta)?;
        let student = (log_q.exp()? * (log_q - &log_m)?)?.sum(D::Minus1)?;
        (teacher_from(log_p, &log_m)? * beta)? + (student * (1.0 - beta))?
    }
}

/// The formula between the ends. Its slope is `(1 − β)·q·(ln(q/m) − KL(q ‖ m))`.
fn between(compared: &Compared, scale: f32, gradient: Option<&mut [f32]>) -> f32 {
    widest(
        #[inline(always)]
        || {
            let (row, beta) = (Paired::of(compared), compared.parameter);
            let (mixture, written) = (Mixture::of(beta), Written::of(row));
            if let Some(gradient) = gradient {
                fill(
                    row,
                    gradient,
                    scale * (1.0 - beta),
                    #[inline(always)]
                    |outcome| mixture.ln_student(outcome, written),
                );
            }
            row.sum(
                #[inline(always)]
                |teacher, student| part(mixture, beta, row.outcome(teacher, student)),
            )
        },
    )
}

/// An outcome's part.
#[inline(always)]
fn part(mixture: Mixture, beta: f32, outcome: Outcome) -> f32 {
    let mixed = mixture.outcome(outcome);
    mixed.m * (beta * mixed.teacher.excess() + (1.0 - beta) * mixed.student.excess())
}
