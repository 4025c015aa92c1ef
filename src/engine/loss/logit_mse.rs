//! Half the mean squared difference of logits, `½·mean((s − t)²)` over the outcomes, each side less its mean: the limit
//! of the soft targets' `T²·KL` at high temperature (Hinton, Vinyals, Dean 2015, §2.1, where both are assumed to have
//! mean 0; Ba and Caruana 2014 learn logits so). Without the means a teacher's log-probabilities, which are its logits
//! but for a constant, would not be the same as its logits. There is no temperature.
//!
//! Outcomes that teacher or student rules out (−∞) are left out of the mean and of both centres. A row of nothing else
//! gives NaN. It is computed in double precision, which costs little here, as there is no exponential.

use candle_core::{D, Result, Tensor};

use super::{Compared, ComposedRows, Divergence, Needs, RowSet};
use crate::engine::model::ops::widest;
use crate::session::Knob;
use crate::session::knob::Entry;

const WEIGHT: Knob = super::weight("logit_mse.weight", "Logit-error weight", 1.0, super::TEACHER_WEIGHT);

/// Partial sums kept side by side; fixed, so that every processor adds in the same order.
const LANES: usize = 8;

/// Half the mean squared difference of centred logits.
pub struct LogitMse;

impl Divergence for LogitMse {
    fn entry(&self) -> Entry {
        Entry {
            id: "logit_mse",
            label: "Logit error",
            help: "Learn the teacher's logits: half the mean squared difference over the outcomes, each side less its mean; what the soft targets become at high temperature.",
        }
    }

    fn weight(&self) -> &'static Knob {
        &WEIGHT
    }

    fn needs(&self) -> Needs {
        Needs { teacher: true, truth: false, rows: RowSet::Answers, whole_rows: true }
    }

    fn row(&self, compared: &Compared, scale: f32, gradient: Option<&mut [f32]>) -> f32 {
        widest(
            #[inline(always)]
            || {
                let row = Differences::of(compared);
                if let Some(gradient) = gradient {
                    row.fill(gradient, scale);
                }
                row.half_mean_square()
            },
        )
    }

    fn composed(&self, compared: &ComposedRows) -> Result<Tensor> {
        let (log_p, log_q) = (compared.teacher()?, compared.student);
        // Smaller ones than any that single precision holds are none.
        let counted = (log_p.ne(f64::NEG_INFINITY)? * log_q.ne(f64::NEG_INFINITY)?)?;
        let zeros = log_q.zeros_like()?;
        let kept = |values: &Tensor| counted.where_cond(values, &zeros);
        let difference = (kept(log_q)? - kept(log_p)?)?;
        let counted = counted.to_dtype(log_q.dtype())?;
        let count = counted.sum_keepdim(D::Minus1)?;
        let centre = (difference.sum_keepdim(D::Minus1)? / &count)?;
        let centred = (difference.broadcast_sub(&centre)? * counted)?;
        (centred.sqr()?.sum(D::Minus1)? / count.squeeze(D::Minus1)?)? * 0.5
    }
}

/// A row's differences of logits.
struct Differences<'a> {
    student: &'a [f32],
    teacher: &'a [f32],
    /// How many count.
    count: f64,
    /// Their mean.
    centre: f64,
}

impl<'a> Differences<'a> {
    #[inline(always)]
    fn of(compared: &Compared<'a>) -> Self {
        let mut row = Self { student: compared.values, teacher: compared.teacher, count: 1.0, centre: 0.0 };
        row.count = row.sum(|_| 1.0);
        row.centre = row.sum(|difference| difference) / row.count;
        row
    }

    #[inline(always)]
    fn half_mean_square(&self) -> f32 {
        let squares = self.sum(|difference| (difference - self.centre) * (difference - self.centre));
        (0.5 * squares / self.count) as f32
    }

    /// `(difference − centre)/count` of those that count.
    #[inline(always)]
    fn fill(&self, gradient: &mut [f32], scale: f32) {
        let share = f64::from(scale) / self.count;
        let pairs = self.student.iter().zip(self.teacher);
        for (slope, (student, teacher)) in gradient.iter_mut().zip(pairs) {
            *slope = part(*student, *teacher, |difference| (difference - self.centre) * share) as f32;
        }
    }

    /// Σ of `f` over the differences that count.
    #[inline(always)]
    fn sum(&self, f: impl Fn(f64) -> f64) -> f64 {
        let mut sums = [0f64; LANES];
        let (students, student_rest) = self.student.as_chunks::<LANES>();
        let (teachers, teacher_rest) = self.teacher.as_chunks::<LANES>();
        for (student, teacher) in students.iter().zip(teachers) {
            for lane in 0..LANES {
                sums[lane] += part(student[lane], teacher[lane], &f);
            }
        }
        let rest: f64 = student_rest.iter().zip(teacher_rest).map(|(s, t)| part(*s, *t, &f)).sum();
        sums.iter().sum::<f64>() + rest
    }
}

/// `f` of a difference, or 0 where either rules the outcome out.
#[inline(always)]
fn part(student: f32, teacher: f32, f: impl Fn(f64) -> f64) -> f64 {
    let part = f(f64::from(student) - f64::from(teacher));
    if student == f32::NEG_INFINITY || teacher == f32::NEG_INFINITY { 0.0 } else { part }
}
