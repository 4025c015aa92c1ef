//! Teacher and student against a mixture of both, `m = a·p + (1 − a)·q`: what the Jensen–Shannon divergence and the
//! skewed ones are made of. With `a` within (0, 1) nothing of it is infinite, whatever either rules out.

use candle_core::{Result, Tensor};

use super::logarithm::{Ratio, growth};
use super::paired::{Outcome, Paired};
use crate::engine::model::ops::exp;

/// How the logarithm of a ratio is taken below which the student has its likeliest outcome nearly to itself.
const ALONE: f32 = -1.0;

/// A mixture of both distributions.
#[derive(Clone, Copy)]
pub(super) struct Mixture {
    /// `a`.
    teacher: f32,
    /// `1 − a`.
    student: f32,
}

/// One outcome under the mixture.
#[derive(Clone, Copy)]
pub(super) struct Mixed {
    /// Its probability.
    pub m: f32,
    /// p/m.
    pub teacher: Ratio,
    /// q/m.
    pub student: Ratio,
}

/// How the slopes with respect to the student's probabilities are written, up to a constant that they share.
#[derive(Clone, Copy)]
pub(super) enum Written {
    /// By `q/m` and `p/m` themselves.
    Plain,
    /// By `p/q`, which is near 0 where the student has its likeliest outcome nearly to itself: `ln(q/m)` is then
    /// `−ln(1 + p·a/(q·(1 − a)))` and a constant.
    ByRatio,
}

impl Mixture {
    /// With that much of the teacher, in (0, 1).
    #[inline(always)]
    pub fn of(teacher: f32) -> Self {
        Self { teacher, student: 1.0 - teacher }
    }

    /// An outcome.
    #[inline(always)]
    pub fn outcome(self, outcome: Outcome) -> Mixed {
        let leads = outcome.teacher_leads();
        let (high, low) = if leads { (self.teacher, self.student) } else { (self.student, self.teacher) };
        let apart = -outcome.ln_ratio.abs();
        let (ratio, gap) = (exp(apart), -growth(apart));
        let share = high + low * ratio;
        let one = 1.0 / share;
        let larger = Ratio { whole: one, over: low * gap * one };
        let smaller = Ratio { whole: ratio * one, over: -high * gap * one };
        let (teacher, student) = if leads { (larger, smaller) } else { (smaller, larger) };
        Mixed { m: outcome.larger() * share, teacher, student }
    }

    /// `p·a/(q·(1 − a))`, as far as single precision goes.
    #[inline(always)]
    pub fn odds(self, outcome: Outcome) -> f32 {
        exp(outcome.ln_ratio) * (self.teacher / self.student)
    }

    /// `ln(q/m)`, up to the constant.
    #[inline(always)]
    pub fn ln_student(self, outcome: Outcome, written: Written) -> f32 {
        match written {
            Written::Plain => self.outcome(outcome).student.ln(),
            Written::ByRatio => -Ratio::over(self.odds(outcome)).ln(),
        }
    }
}

impl Written {
    /// What serves this row.
    #[inline(always)]
    pub fn of(row: Paired) -> Self {
        let (teacher, student) = row.first();
        if row.outcome(teacher, student).ln_ratio < ALONE { Self::ByRatio } else { Self::Plain }
    }
}

/// Puts the slopes of which `slope` is that with respect to an outcome's probability, up to a constant, into
/// `gradient`, times `scale`.
#[inline(always)]
pub(super) fn fill(row: Paired, gradient: &mut [f32], scale: f32, slope: impl Fn(Outcome) -> f32) {
    let (teacher, student) = row.first();
    let first = slope(row.outcome(teacher, student));
    row.fill_weighed(
        gradient,
        scale,
        #[inline(always)]
        |teacher, student| {
            let outcome = row.outcome(teacher, student);
            exp(outcome.ln_q) * (slope(outcome) - first)
        },
    );
}

/// `ln(a·p + (1 − a)·q)` of log-probabilities, `a` within (0, 1).
///
/// # Errors
/// The tensor library's.
pub(super) fn ln_mixture(log_p: &Tensor, log_q: &Tensor, teacher: f64) -> Result<Tensor> {
    let (log_p, log_q) = ((log_p + teacher.ln())?, (log_q + (1.0 - teacher).ln())?);
    let most = log_p.maximum(&log_q.detach())?;
    let sum = ((log_p - &most)?.exp()? + (log_q - &most)?.exp()?)?;
    sum.log()? + most
}

/// `Σ p·ln(p/m)`, where the teacher gives any probability.
///
/// # Errors
/// The tensor library's.
pub(super) fn teacher_from(log_p: &Tensor, log_m: &Tensor) -> Result<Tensor> {
    let parts = (log_p.exp()? * (log_p - log_m)?)?;
    log_p.eq(f64::NEG_INFINITY)?.where_cond(&parts.zeros_like()?, &parts)?.sum(candle_core::D::Minus1)
}
