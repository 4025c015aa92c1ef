//! The teacher's softened probabilities: `T²·KL(teacher_T ‖ student_T)` over the outcomes, in nats,
//! averaged over the rows. KL rather than cross-entropy, so that the shown value reaches 0 when the two
//! agree.
//!
//! An outcome that the teacher rules out (−∞, or a probability below `e^−87.3`) adds nothing, whatever
//! the student makes of it; one that only the student rules out makes the divergence infinite, its
//! gradient stays finite. A row of nothing but −∞ is no distribution and gives NaN.

use candle_core::{D, Result, Tensor};

use super::{Compared, ComposedRows, Divergence, Needs, RowSet, Softened, Softening, softening};
use crate::engine::model::ops::{exp, sum2, widest};
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
        Needs { teacher: true, truth: false, rows: RowSet::Answers, whole_rows: false }
    }

    fn softening(&self) -> Option<&'static Softening> {
        Some(&SOFTENING)
    }

    fn row(&self, compared: &Compared, scale: f32, gradient: Option<&mut [f32]>) -> f32 {
        widest(
            #[inline(always)]
            || {
                let (teacher, student) = (compared.teacher(), compared.student());
                let levels = Levels::of(teacher, student);
                if let Some(gradient) = gradient {
                    for (slope, (teacher, student)) in
                        gradient.iter_mut().zip(teacher.values.iter().zip(student.values))
                    {
                        *slope = levels.outcome(*teacher, *student).slope() * scale;
                    }
                }
                sum2(teacher.values, student.values, |teacher, student| levels.outcome(teacher, student).excess())
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

/// Teacher's and student's normalising constants of one row.
#[derive(Clone, Copy)]
struct Levels {
    coldness: f32,
    teacher: f32,
    student: f32,
    /// Teacher's less student's.
    gap: f32,
}

/// One outcome under both.
#[derive(Clone, Copy)]
struct Outcome {
    /// Teacher's probability; 0 below `e^−87.3`.
    p: f32,
    /// ln(p / q).
    d: f32,
    /// q/p; q itself where p is 0, so that no product of 0 and infinity stands for it.
    ratio: f32,
}

impl Levels {
    #[inline(always)]
    fn of(teacher: Softened, student: Softened) -> Self {
        let gap = teacher.level - student.level;
        Self { coldness: student.coldness, teacher: teacher.level, student: student.level, gap }
    }

    #[inline(always)]
    fn outcome(self, teacher: f32, student: f32) -> Outcome {
        let p = exp(teacher * self.coldness - self.teacher);
        let d = (teacher - student) * self.coldness - self.gap;
        // q ≤ 1, so q/p stays within the range of the exponential as long as p does.
        let ratio = exp(if p == 0.0 { student * self.coldness - self.student } else { -d });
        Outcome { p, d, ratio }
    }
}

impl Outcome {
    /// An outcome's part of the divergence, `p·ln(p/q) − p + q`, written so that it is never negative and
    /// does not cancel when teacher and student are close, as they are at high temperature.
    #[inline(always)]
    fn excess(self) -> f32 {
        let Self { p, d, ratio } = self;
        let near = d * d * (0.5 - d * (1.0 / 6.0 - d * (1.0 / 24.0 - d * (1.0 / 120.0 - d / 720.0))));
        let far = ratio - 1.0 + d;
        let part = p * if d.abs() < 0.25 { near } else { far };
        if p == 0.0 { ratio } else { part }
    }

    /// Its part of the gradient, q − p.
    #[inline(always)]
    fn slope(self) -> f32 {
        let part = (self.ratio - 1.0) * self.p;
        if self.p == 0.0 { self.ratio } else { part }
    }
}
