//! Both distributions of one row by their normalising constants: a probability is `e^(value/T − level)`. That is quick,
//! and exact enough where the levels are small; large ones leave too few digits, see [`super::centred`].
//!
//! *Why it stays beside the other way (2026-11).* The runs that were recorded before there was another way replay to
//! the bit.

use super::{Compared, Softened};
use crate::engine::model::ops::{exp, sum2};

/// Levels beyond which a log-probability has lost more than 2e-6.
const MOST: f32 = 32.0;

/// Teacher's and student's normalising constants of one row.
#[derive(Clone, Copy)]
pub(super) struct Levels<'a> {
    values: [&'a [f32]; 2],
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

impl<'a> Levels<'a> {
    /// Those of a row; `None` where they leave too few digits.
    #[inline(always)]
    pub(super) fn of(compared: &Compared<'a>) -> Option<Self> {
        let teacher = Softened::of(compared.teacher, compared.temperature);
        let student = Softened::of(compared.values, compared.temperature);
        let (values, coldness) = ([teacher.values, student.values], student.coldness);
        let (teacher, student) = (teacher.level, student.level);
        let levels = Self { values, coldness, teacher, student, gap: teacher - student };
        (teacher.abs() < MOST && student.abs() < MOST).then_some(levels)
    }

    /// `KL(teacher ‖ student)`; `scale` times its slope goes to `gradient`.
    #[inline(always)]
    pub(super) fn divergence(self, scale: f32, gradient: Option<&mut [f32]>) -> f32 {
        let [teacher, student] = self.values;
        if let Some(gradient) = gradient {
            for (slope, (teacher, student)) in gradient.iter_mut().zip(teacher.iter().zip(student)) {
                *slope = self.outcome(*teacher, *student).slope() * scale;
            }
        }
        sum2(teacher, student, |teacher, student| self.outcome(teacher, student).excess())
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
