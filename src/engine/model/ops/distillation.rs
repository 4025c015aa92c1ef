//! The soft-target loss: temperature-softened Kullback-Leibler divergence, times T².

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::log_softmax::log_sum_exp;
use super::math::{exp, sum2};
use super::simd::widest;
use super::values::{are_fused, output, read, read2, slice, tensor};
use super::{composed, rows, weights};

/// `T²·KL(softmax(teacher/T) ‖ softmax(student/T))`, weighted mean over rows; 0 where the weights
/// sum to 0. No gradient reaches the teacher or the weights.
///
/// A class that the teacher rules out (−∞, or a probability below `e^−87.3`) adds nothing, whatever
/// the student makes of it; one that only the student rules out makes the divergence infinite, its
/// gradient stays finite. A row of nothing but −∞ is no distribution and gives NaN.
///
/// # Shapes
/// `student`, `teacher [batch, classes]`, logits or log-probabilities; `weights [batch]`; result a
/// scalar.
///
/// # Errors
/// If the shapes do not fit or the temperature is not above 0.
///
/// # Source
/// Hinton, Vinyals, Dean 2015, section 2 (the factor T² keeps the gradient's size).
pub fn distillation(student: &Tensor, teacher: &Tensor, temperature: f64, weights: &Tensor) -> Result<Tensor> {
    if !(temperature > 0.0 && temperature.is_finite()) {
        bail!("the temperature must be above 0, not {temperature}");
    }
    if !are_fused(&[student, teacher]) {
        return composed::distillation(student, teacher, temperature, weights);
    }
    let shares = weights::shares(weights)?;
    let (batch, _) = student.dims2()?;
    if teacher.dims() != student.dims() || shares.len() != batch {
        let (student, teacher) = (student.dims(), teacher.dims());
        bail!("student {student:?}, teacher {teacher:?} and {} weights do not fit", shares.len());
    }
    let teacher = teacher.detach().contiguous()?;
    student.contiguous()?.apply_op1(Distillation { teacher, temperature: temperature as f32, shares })
}

struct Distillation {
    teacher: Tensor,
    temperature: f32,
    shares: Vec<f32>,
}

/// Teacher's and student's normalising constants of one row, at the temperature.
#[derive(Clone, Copy)]
struct Levels {
    coldness: f32,
    teacher: f32,
    student: f32,
    /// Teacher's less student's.
    gap: f32,
}

/// One class under both.
#[derive(Clone, Copy)]
struct Class {
    /// Teacher's probability; 0 below `e^−87.3`.
    p: f32,
    /// ln(p / q).
    d: f32,
    /// q/p; q itself where p is 0, so that no product of 0 and infinity stands for it.
    ratio: f32,
}

impl Levels {
    #[inline(always)]
    fn of(teacher: &[f32], student: &[f32], temperature: f32) -> Self {
        let coldness = 1.0 / temperature;
        let (teacher, student) = (log_sum_exp(teacher, coldness), log_sum_exp(student, coldness));
        Self { coldness, teacher, student, gap: teacher - student }
    }

    #[inline(always)]
    fn class(self, teacher: f32, student: f32) -> Class {
        let p = exp(teacher * self.coldness - self.teacher);
        let d = (teacher - student) * self.coldness - self.gap;
        // q ≤ 1, so q/p stays within the range of the exponential as long as p does.
        let ratio = exp(if p == 0.0 { student * self.coldness - self.student } else { -d });
        Class { p, d, ratio }
    }
}

impl Class {
    /// A class's part of the divergence, `p·ln(p/q) − p + q`, written so that it is never negative and
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

impl Distillation {
    #[inline(always)]
    fn term(&self, row: usize, teacher: &[f32], student: &[f32]) -> f64 {
        if self.shares[row] == 0.0 {
            return 0.0;
        }
        let levels = Levels::of(teacher, student, self.temperature);
        let divergence = sum2(teacher, student, |teacher, student| levels.class(teacher, student).excess());
        f64::from(divergence) * f64::from(self.temperature).powi(2) * f64::from(self.shares[row])
    }

    /// Turns a row of the student's logits into its gradient, `T·(q − p)` times the row's share.
    #[inline(always)]
    fn slope(&self, row: usize, teacher: &[f32], student: &mut [f32], factor: f32) {
        let levels = Levels::of(teacher, student, self.temperature);
        let factor = factor * self.temperature * self.shares[row];
        if self.shares[row] == 0.0 {
            return student.fill(0.0);
        }
        for (teacher, student) in teacher.iter().zip(student) {
            *student = levels.class(*teacher, *student).slope() * factor;
        }
    }
}

impl CustomOp1 for Distillation {
    fn name(&self) -> &'static str {
        "distillation"
    }

    fn cpu_fwd(&self, student: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (_, classes) = layout.shape().dims2()?;
        let student = slice(student, layout)?;
        let terms: Vec<f64> = read(&self.teacher, |teacher| {
            let rows = teacher.par_chunks_exact(classes).zip(student.par_chunks_exact(classes)).enumerate();
            rows.map(|(row, (teacher, student))| {
                widest(
                    #[inline(always)]
                    || self.term(row, teacher, student),
                )
            })
            .collect()
        })?;
        Ok(output(vec![terms.iter().sum::<f64>() as f32], ()))
    }

    fn bwd(&self, student: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (factor, (_, classes)) = (grad.to_scalar::<f32>()?, student.dims2()?);
        let values = read2(student, &self.teacher, |student, teacher| {
            rows::changed(
                student,
                classes,
                #[inline(always)]
                |start, rows| {
                    for (index, row) in rows.chunks_exact_mut(classes).enumerate() {
                        let at = start + index * classes;
                        self.slope(at / classes, &teacher[at..at + classes], row, factor);
                    }
                },
            )
        })?;
        Ok(Some(tensor(values, student.dims())?))
    }
}
