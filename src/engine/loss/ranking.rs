//! A ranking loss over pairs of outcomes: RankNet (Burges et al. 2005, equation 3) with the teacher's own probabilities
//! as targets. Of a pair, `σ((t_i − t_j)/T)` is how likely `i` is if it must be one of the two; the student's is
//! compared with it by the divergence of two outcomes, `KL(P_ij ‖ Q_ij)`, which is RankNet's cross-entropy less what
//! no student can avoid: 0 where both agree. All pairs would be V²; taken are those of the teacher's likeliest outcome
//! with each other one, in the mean: `T²/(V − 1)·Σ_j KL(P_1j ‖ Q_1j)`.
//!
//! So it asks how far the right one is ahead of each rival, and every rival counts alike, whatever the teacher gives
//! it; soft targets hear little of what is improbable. Of equals the first outcome is the likeliest.

use candle_core::{D, DType, Result, Tensor};

use super::centred::likeliest;
use super::logarithm::{Ratio, growth};
use super::{Compared, ComposedRows, Divergence, Needs, RowSet, Softening, softening};
use crate::engine::model::ops::{exp, sum2, widest};
use crate::session::Knob;
use crate::session::knob::Entry;

const SOFTENING: Softening = softening!("ranking", "Temperature", 1.0, super::softening::HELP);

const WEIGHT: Knob = super::weight("ranking.weight", "Ranking weight", 1.0, super::TEACHER_WEIGHT);

/// RankNet of the teacher's likeliest outcome against all others.
pub struct Ranking;

impl Divergence for Ranking {
    fn entry(&self) -> Entry {
        Entry {
            id: "ranking",
            label: "Ranking",
            help: "Learn how far the teacher's likeliest outcome is ahead of each other one: the mean divergence of the two's probabilities, pair by pair.",
        }
    }

    fn weight(&self) -> &'static Knob {
        &WEIGHT
    }

    fn needs(&self) -> Needs {
        Needs { teacher: true, truth: false, rows: RowSet::Answers, whole_rows: true }
    }

    fn softening(&self) -> Option<&'static Softening> {
        Some(&SOFTENING)
    }

    fn row(&self, compared: &Compared, scale: f32, gradient: Option<&mut [f32]>) -> f32 {
        widest(
            #[inline(always)]
            || {
                let row = Ahead::of(compared);
                if let Some(gradient) = gradient {
                    row.fill(gradient, scale);
                }
                row.mean()
            },
        )
    }

    fn composed(&self, compared: &ComposedRows) -> Result<Tensor> {
        let (log_p, log_q) = (compared.teacher()?, compared.student);
        let first = first(log_p)?;
        let ahead = |values: &Tensor| values.gather(&first, 1)?.broadcast_sub(values);
        let (teacher, student) = (ahead(log_p)?, ahead(log_q)?);
        let ruled_out = log_p.eq(f64::NEG_INFINITY)?;
        let behind = ln_1p_exp(&teacher)?.neg()?.exp()?;
        let behind = ruled_out.where_cond(&behind.zeros_like()?, &behind)?;
        let teacher = ruled_out.where_cond(&teacher.zeros_like()?, &teacher)?;
        let cost = |ahead: &Tensor| ln_1p_exp(&ahead.neg()?)? + (&behind * ahead)?;
        let least = cost(&teacher)?;
        let least = ruled_out.where_cond(&least.zeros_like()?, &least)?;
        let pairs = (log_p.dim(D::Minus1)?.max(2) - 1) as f64;
        (cost(&student)? - least)?.sum(D::Minus1)? / pairs
    }
}

/// `ln(1 + eˣ)`, by operations whose gradient is whole everywhere.
fn ln_1p_exp(x: &Tensor) -> Result<Tensor> {
    let most = x.detach().relu()?;
    ((x - &most)?.exp()? + most.neg()?.exp()?)?.log()? + most
}

/// The first of the likeliest outcomes of each row, `u32 [rows, 1]`.
fn first(log_p: &Tensor) -> Result<Tensor> {
    let outcomes = log_p.dim(D::Minus1)? as u32;
    let places = Tensor::arange(0, outcomes, log_p.device())?.to_dtype(DType::F32)?;
    let places = places.broadcast_as(log_p.shape())?;
    let likeliest = log_p.broadcast_eq(&log_p.max_keepdim(D::Minus1)?)?;
    let last = (places.ones_like()? * f64::from(outcomes - 1))?;
    likeliest.where_cond(&places, &last)?.min_keepdim(D::Minus1)?.to_dtype(DType::U32)
}

/// By how much the teacher's likeliest outcome is ahead of each other one.
struct Ahead<'a> {
    student: &'a [f32],
    teacher: &'a [f32],
    coldness: f32,
    place: usize,
    /// The likeliest one's value for teacher and student.
    tops: [f32; 2],
    /// 1 / number of pairs.
    share: f32,
}

/// A pair of outcomes.
#[derive(Clone, Copy)]
struct Pair {
    /// How far the first is ahead for the teacher, at least 0.
    teacher: f32,
    /// For the student.
    student: f32,
    /// The teacher's less the student's; 0 of the first with itself.
    gap: f32,
    /// The teacher's probability of the second, at most ½.
    behind: f32,
}

impl<'a> Ahead<'a> {
    #[inline(always)]
    fn of(compared: &Compared<'a>) -> Self {
        let (student, teacher, place) = (compared.values, compared.teacher, likeliest(compared.teacher));
        let tops = [teacher, student].map(|values| values.get(place).copied().unwrap_or(f32::NAN));
        let share = 1.0 / (student.len().max(2) - 1) as f32;
        Self { student, teacher, coldness: 1.0 / compared.temperature, place, tops, share }
    }

    #[inline(always)]
    fn pair(&self, teacher: f32, student: f32) -> Pair {
        let (teacher, student) = ((self.tops[0] - teacher) * self.coldness, (self.tops[1] - student) * self.coldness);
        let weight = exp(-teacher);
        Pair { teacher, student, gap: teacher - student, behind: weight / (1.0 + weight) }
    }

    #[inline(always)]
    fn mean(&self) -> f32 {
        let sum = sum2(
            self.teacher,
            self.student,
            #[inline(always)]
            |teacher, student| self.pair(teacher, student).divergence(),
        );
        sum * self.share
    }

    #[inline(always)]
    fn fill(&self, gradient: &mut [f32], scale: f32) {
        let scale = scale * self.share;
        let pairs = self.teacher.iter().zip(self.student);
        for (slope, (teacher, student)) in gradient.iter_mut().zip(pairs) {
            *slope = self.pair(*teacher, *student).slope() * scale;
        }
        let others = sum2(gradient, gradient, |slope, _| slope);
        if let Some(slope) = gradient.get_mut(self.place) {
            *slope = -others;
        }
    }
}

impl Pair {
    #[inline(always)]
    fn is_close(self) -> bool {
        self.gap.abs() < 0.25
    }

    /// `KL(P ‖ Q)` of the two: the cumulants of one choice where both are close.
    #[inline(always)]
    fn divergence(self) -> f32 {
        let (x, r) = (self.gap, self.behind);
        let (v, odd) = (r * (1.0 - r), 1.0 - 2.0 * r);
        let sixth = (1.0 - v * (30.0 - 120.0 * v)) / 720.0;
        let close = (1.0 - 6.0 * v) / 24.0 + x * (odd * (1.0 - 12.0 * v) / 120.0 + x * sixth);
        let close = v * x * x * (0.5 + x * (odd / 6.0 + x * close));
        let ln_1p_exp = |x: f32| x.max(0.0) + Ratio::over(exp(-x.abs())).ln();
        let linear = if r == 0.0 { 0.0 } else { r * x };
        let far = ln_1p_exp(-self.student) - ln_1p_exp(-self.teacher) - linear;
        if self.is_close() { close } else { far }
    }

    /// By the student's logit of the second: its probability of the second less the teacher's.
    #[inline(always)]
    fn slope(self) -> f32 {
        let r = self.behind;
        let growth = growth(self.gap);
        let close = r * (1.0 - r) * growth / (1.0 + r * growth);
        let weight = exp(-self.student.abs());
        let behind = if self.student < 0.0 { 1.0 } else { weight } / (1.0 + weight);
        if self.is_close() { close } else { behind - r }
    }
}
