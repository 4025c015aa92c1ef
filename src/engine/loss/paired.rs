//! Teacher's and student's distribution of one row side by side, and what the divergences need of both.
//!
//! A slope with respect to the softened logits is `q_j·(g_j − Σ q·g)` where `g` is that with respect to the
//! probabilities `q`. A constant in all `g` changes nothing, so they are taken relative to that of the student's
//! likeliest outcome: where that has nearly all of the probability, `g_j − Σ q·g` would else be a difference of equals.

use super::Compared;
use super::centred::Centred;
use super::logarithm::growth;
use crate::engine::model::ops::{exp, sum2};

/// Two distributions of one row.
#[derive(Clone, Copy)]
pub(super) struct Paired<'a> {
    pub teacher: Centred<'a>,
    pub student: Centred<'a>,
    /// How much larger the student's largest log-probability is.
    gap: f32,
}

/// One outcome under both.
#[derive(Clone, Copy)]
pub(super) struct Outcome {
    /// Teacher's log-probability.
    pub ln_p: f32,
    /// Student's.
    pub ln_q: f32,
    /// `ln(p/q)`, with its digits where both are close; 0 where both are ruled out.
    pub ln_ratio: f32,
}

impl<'a> Paired<'a> {
    /// Both at the temperature.
    #[inline(always)]
    pub fn of(compared: &Compared<'a>) -> Self {
        let teacher = Centred::of(compared.teacher, compared.temperature);
        let student = Centred::of(compared.values, compared.temperature);
        Self { teacher, student, gap: teacher.beyond - student.beyond }
    }

    /// The outcome of these values.
    #[inline(always)]
    pub fn outcome(self, teacher: f32, student: f32) -> Outcome {
        self.outcome_below(self.teacher.below(teacher), self.student.below(student))
    }

    /// The outcome of which the log-probabilities are that much below each one's largest.
    #[inline(always)]
    pub fn outcome_below(self, teacher: f32, student: f32) -> Outcome {
        // Both may be −∞.
        let apart = if teacher == student { 0.0 } else { teacher - student };
        let (ln_p, ln_q) = (teacher - self.teacher.beyond, student - self.student.beyond);
        Outcome { ln_p, ln_q, ln_ratio: apart - self.gap }
    }

    /// The student's likeliest outcome.
    #[inline(always)]
    pub fn first(self) -> (f32, f32) {
        let at = |values: &[f32]| values.get(self.student.place).copied().unwrap_or(f32::NAN);
        (at(self.teacher.values), at(self.student.values))
    }

    /// Σ of `part` over the outcomes.
    #[inline(always)]
    pub fn sum(self, part: impl Fn(f32, f32) -> f32) -> f32 {
        sum2(self.teacher.values, self.student.values, part)
    }

    /// Puts `slope` of every outcome, times `scale`, into `gradient`.
    #[inline(always)]
    pub fn fill(self, gradient: &mut [f32], scale: f32, slope: impl Fn(f32, f32) -> f32) {
        let outcomes = self.teacher.values.iter().zip(self.student.values);
        for (place, (teacher, student)) in gradient.iter_mut().zip(outcomes) {
            *place = slope(*teacher, *student) * scale;
        }
    }

    /// Puts `q_j·(g_j − Σ q·g)` times `scale` into `gradient`; `weighed` gives `q·g`, with `g` relative to that of the
    /// student's likeliest outcome.
    #[inline(always)]
    pub fn fill_weighed(self, gradient: &mut [f32], scale: f32, weighed: impl Fn(f32, f32) -> f32) {
        self.fill(gradient, 1.0, weighed);
        let mean = sum2(gradient, gradient, |part, _| part);
        for (place, student) in gradient.iter_mut().zip(self.student.values) {
            let q = exp(self.student.below(*student) - self.student.beyond);
            *place = (*place - q * mean) * scale;
        }
    }
}

impl Outcome {
    /// Whether the teacher gives it more.
    #[inline(always)]
    pub fn teacher_leads(self) -> bool {
        self.ln_ratio > 0.0
    }

    /// The larger of both probabilities.
    #[inline(always)]
    pub fn larger(self) -> f32 {
        exp(if self.teacher_leads() { self.ln_p } else { self.ln_q })
    }

    /// `q − p`.
    #[inline(always)]
    pub fn difference(self) -> f32 {
        let part = self.larger() * growth(-self.ln_ratio.abs());
        if self.teacher_leads() { part } else { -part }
    }

    /// Its part of `KL(p ‖ q)`, `p·ln(p/q) − p + q`: never negative, with all its digits where both are close, and
    /// infinite where only the student rules it out.
    #[inline(always)]
    pub fn excess(self) -> f32 {
        excess(self.ln_p, self.ln_q, self.ln_ratio)
    }

    /// Its part of `KL(q ‖ p)`.
    #[inline(always)]
    pub fn excess_reversed(self) -> f32 {
        excess(self.ln_q, self.ln_p, -self.ln_ratio)
    }
}

/// `p·ln(p/q) − p + q` where `d` is `ln(p/q)`.
#[inline(always)]
fn excess(ln_p: f32, ln_q: f32, d: f32) -> f32 {
    let p = exp(ln_p);
    // q ≤ 1, so q/p stays within the range of the exponential as long as p does.
    let ratio = exp(if p == 0.0 { ln_q } else { -d });
    let near = d * d * (0.5 - d * (1.0 / 6.0 - d * (1.0 / 24.0 - d * (1.0 / 120.0 - d / 720.0))));
    let part = p * if d.abs() < 0.25 { near } else { ratio - 1.0 + d };
    if p == 0.0 { ratio } else { part }
}
