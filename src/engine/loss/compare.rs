//! All divergences of a recipe over one set of rows, as one operation on the student's logits. What is
//! common to them is done here: temperature and T² (Hinton, Vinyals, Dean 2015, section 2: the factor keeps
//! the gradient's size as T changes), the rows' shares in the mean, threads, and the weighted sum.
//!
//! On the processor each row is walked once, every term's value and gradient read off while it is in the
//! cache; the terms' weights are known by then, so that the gradient is whole when the value is. Rows are
//! cut into tasks of a fixed size and added in their order: the same sums on any number of threads.
//! Elsewhere, and in other precisions, the terms' composed forms do the same.

use std::sync::{Arc, OnceLock};

use candle_core::{CpuStorage, CustomOp1, D, DType, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::{Compared, Divergence};
use crate::engine::model::ops::{self, are_fused, output, read, slice, tensor};
use crate::engine::task::Row;

/// Elements of one task: small enough for the second-level cache, large enough to pay for a task.
const TASK: usize = 1 << 14;

/// A divergence as it takes part in a sum.
#[derive(Clone, Copy)]
pub struct Term {
    /// Which one.
    pub divergence: &'static dyn Divergence,
    /// Its weight in the sum.
    pub weight: f64,
    /// Of both distributions; above 0.
    pub temperature: f64,
}

/// What is compared.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// The student's logits, `[rows, outcomes]`, with their graph.
    pub student: &'a Tensor,
    /// The teacher's log-probabilities or logits, as the student's; no gradient reaches them.
    pub teacher: Option<&'a Tensor>,
    /// What each row is.
    pub rows: &'a [Row],
}

/// The sum of the terms, and each of them.
pub struct Comparison {
    /// `Σ weight·term`, a scalar that carries the gradient.
    pub total: Tensor,
    /// The unweighted mean over rows of each term; `None` where no row counts for it.
    pub terms: Vec<Option<f32>>,
}

/// Computes all `terms` over `rows`: each a weighted mean over the rows that count for it, 0 where none
/// does. A row counts for a term that needs the truth only where it is known; one that does not count is
/// not looked at, whatever it holds.
///
/// # Shapes
/// `student`, `teacher [rows, outcomes]`; the total is a scalar.
///
/// # Errors
/// If shapes do not fit, a truth is no outcome, a temperature is not above 0, or a term lacks its teacher.
pub fn compare(terms: &[Term], rows: &Rows) -> Result<Comparison> {
    let shares = checked(terms, rows)?;
    let fused = are_fused(&[rows.student]) && rows.teacher.is_none_or(|teacher| are_fused(&[teacher]));
    let compared = if fused { kernel(terms, rows, &shares)? } else { composed(terms, rows, &shares)? };
    let counts = |(value, shares): (f32, &Vec<f32>)| shares.iter().any(|share| *share > 0.0).then_some(value);
    let (total, values) = compared;
    Ok(Comparison { total, terms: values.into_iter().zip(&shares).map(counts).collect() })
}

/// The shares of all rows in every term's mean.
fn checked(terms: &[Term], rows: &Rows) -> Result<Vec<Vec<f32>>> {
    let (count, outcomes) = rows.student.dims2()?;
    if rows.rows.len() != count || rows.teacher.is_some_and(|teacher| teacher.dims() != rows.student.dims()) {
        let (student, teacher) = (rows.student.dims(), rows.teacher.map(Tensor::dims));
        bail!("student {student:?}, teacher {teacher:?} and {} rows do not fit", rows.rows.len());
    }
    for Term { divergence, temperature, .. } in terms {
        if !(*temperature > 0.0 && temperature.is_finite()) {
            bail!("the temperature must be above 0, not {temperature}");
        }
        if divergence.needs().teacher && rows.teacher.is_none() {
            bail!("the loss {} needs a teacher", divergence.entry().id);
        }
    }
    let wrong = |row: &&Row| row.weight > 0.0 && row.truth.is_some_and(|truth| truth as usize >= outcomes);
    if let Some(Row { truth, .. }) = rows.rows.iter().find(wrong) {
        bail!("truth {} is not one of {outcomes} outcomes", truth.unwrap_or_default());
    }
    Ok(terms.iter().map(|term| shares(term.divergence, rows.rows)).collect())
}

/// Every row's share in a weighted mean; all 0 where the weights sum to 0.
fn shares(divergence: &dyn Divergence, rows: &[Row]) -> Vec<f32> {
    let truth = divergence.needs().truth;
    let weight = |row: &Row| if truth && row.truth.is_none() { 0.0 } else { f64::from(row.weight) };
    let total: f64 = rows.iter().map(weight).sum();
    rows.iter().map(|row| if total > 0.0 { (weight(row) / total) as f32 } else { 0.0 }).collect()
}

fn kernel(terms: &[Term], rows: &Rows, shares: &[Vec<f32>]) -> Result<(Tensor, Vec<f32>)> {
    let student = rows.student.contiguous()?;
    let done = Arc::new(Done::default());
    let operation = Kernel {
        terms: terms.iter().zip(shares).map(|(term, shares)| KernelTerm::new(*term, shares.clone())).collect(),
        teacher: rows.teacher.map(|teacher| teacher.detach().contiguous()).transpose()?,
        truth: rows.rows.iter().map(|row| row.truth.unwrap_or_default() as usize).collect(),
        slopes: student.track_op() || student.is_variable(),
        done: Arc::clone(&done),
    };
    let total = student.apply_op1(operation)?;
    Ok((total, done.values.get().cloned().unwrap_or_default()))
}

/// What the forward pass leaves behind.
#[derive(Default)]
struct Done {
    values: OnceLock<Vec<f32>>,
    /// As a tensor, so that it is handed on and not copied: over a vocabulary it is as large as the logits.
    gradient: OnceLock<Tensor>,
}

struct Kernel {
    terms: Vec<KernelTerm>,
    teacher: Option<Tensor>,
    truth: Vec<usize>,
    /// Whether a gradient will be wanted.
    slopes: bool,
    done: Arc<Done>,
}

struct KernelTerm {
    divergence: &'static dyn Divergence,
    weight: f32,
    temperature: f32,
    shares: Vec<f32>,
}

impl KernelTerm {
    fn new(term: Term, shares: Vec<f32>) -> Self {
        let (weight, temperature) = (term.weight as f32, term.temperature as f32);
        Self { divergence: term.divergence, weight, temperature, shares }
    }

    /// What a row adds to the term; its weighted gradient, times T² and through 1/T, goes to `gradient`.
    fn row(&self, index: usize, student: &[f32], teacher: &[f32], truth: usize, gradient: Option<&mut [f32]>) -> f64 {
        let compared = Compared { values: student, teacher, truth, temperature: self.temperature };
        let scale = self.weight * self.temperature * self.shares[index];
        let value = self.divergence.row(&compared, scale, gradient);
        f64::from(value) * f64::from(self.temperature).powi(2) * f64::from(self.shares[index])
    }
}

impl Kernel {
    /// Puts what row `index` adds to each term behind `values`; its gradient goes to `gradient` `[outcomes]`,
    /// or nowhere if that is empty. `scratch` is as long where there are several terms.
    fn row(
        &self,
        index: usize,
        [student, teacher]: [&[f32]; 2],
        gradient: &mut [f32],
        scratch: &mut [f32],
        values: &mut Vec<f64>,
    ) {
        let mut written = false;
        for term in &self.terms {
            if term.shares[index] == 0.0 {
                values.push(0.0);
                continue;
            }
            let room = if written { &mut *scratch } else { &mut *gradient };
            let room = if room.is_empty() { None } else { Some(room) };
            values.push(term.row(index, student, teacher, self.truth[index], room));
            if written {
                gradient.iter_mut().zip(&*scratch).for_each(|(sum, slope)| *sum += slope);
            }
            written = true;
        }
        if !written {
            gradient.fill(0.0);
        }
    }

    /// Values of all rows from `first` on, row by row, and their gradient in `gradient`, empty where none is
    /// wanted.
    fn rows(&self, first: usize, [student, teacher]: [&[f32]; 2], outcomes: usize, gradient: &mut [f32]) -> Vec<f64> {
        let mut scratch = vec![0.0; if gradient.is_empty() || self.terms.len() < 2 { 0 } else { outcomes }];
        let mut values = Vec::new();
        for (row, student) in student.chunks_exact(outcomes).enumerate() {
            let place = row * outcomes..(row + 1) * outcomes;
            let teacher = teacher.get(place.clone()).unwrap_or_default();
            let gradient = gradient.get_mut(place).unwrap_or_default();
            self.row(first + row, [student, teacher], gradient, &mut scratch, &mut values);
        }
        values
    }

    /// Values of all rows and terms, row by row, and the gradient where one is wanted.
    fn all(&self, student: &[f32], teacher: &[f32], outcomes: usize) -> (Vec<f64>, Vec<f32>) {
        let many = (TASK / outcomes).max(1);
        let size = many * outcomes;
        let mut gradient = vec![0.0; if self.slopes { student.len() } else { 0 }];
        if student.len() <= size {
            // A single task is not worth waking a thread.
            return (self.rows(0, [student, teacher], outcomes, &mut gradient), gradient);
        }
        let of = |task: usize, student: &[f32], gradient: &mut [f32]| {
            let teacher = teacher.get(task * size..).unwrap_or_default();
            self.rows(task * many, [student, teacher], outcomes, gradient)
        };
        let tasks = student.par_chunks(size).enumerate();
        let values: Vec<Vec<f64>> = match self.slopes {
            true => tasks
                .zip(gradient.par_chunks_mut(size))
                .map(|((task, student), slopes)| of(task, student, slopes))
                .collect(),
            false => tasks.map(|(task, student)| of(task, student, &mut [])).collect(),
        };
        (values.concat(), gradient)
    }
}

impl CustomOp1 for Kernel {
    fn name(&self) -> &'static str {
        "divergences"
    }

    fn cpu_fwd(&self, student: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (_, outcomes) = layout.shape().dims2()?;
        let student = slice(student, layout)?;
        let (rows, gradient) = match &self.teacher {
            Some(teacher) => read(teacher, |teacher| self.all(student, teacher, outcomes))?,
            None => self.all(student, &[], outcomes),
        };
        let mean = |term: usize| rows.iter().skip(term).step_by(self.terms.len()).sum::<f64>() as f32;
        let values: Vec<f32> = (0..self.terms.len()).map(mean).collect();
        let total =
            values.iter().zip(&self.terms).map(|(value, term)| value * term.weight).reduce(|sum, part| sum + part);
        // The forward pass runs once; a second one could only find the same.
        let _ = self.done.values.set(values);
        if self.slopes {
            let _ = self.done.gradient.set(tensor(gradient, layout.shape())?);
        }
        Ok(output(vec![total.unwrap_or(0.0)], ()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let Some(gradient) = self.done.gradient.get() else { bail!("no gradient was computed") };
        let factor = grad.to_scalar::<f32>()?;
        if factor == 1.0 { Ok(Some(gradient.clone())) } else { (gradient * f64::from(factor)).map(Some) }
    }
}

/// The same of tensors anywhere, by operations that know their own gradients.
fn composed(terms: &[Term], rows: &Rows, shares: &[Vec<f32>]) -> Result<(Tensor, Vec<f32>)> {
    let mut total: Option<Tensor> = None;
    let mut values = Vec::new();
    for (term, shares) in terms.iter().zip(shares) {
        let value = composed_term(term, rows, shares)?;
        let weighted = (&value * term.weight)?;
        total = Some(match total {
            Some(sum) => (sum + weighted)?,
            None => weighted,
        });
        values.push(value);
    }
    let Some(total) = total else {
        return Ok((Tensor::zeros((), rows.student.dtype(), rows.student.device())?, Vec::new()));
    };
    // At once: a device is waited for each time.
    Ok((total, Tensor::stack(&values, 0)?.to_dtype(DType::F32)?.to_vec1()?))
}

fn composed_term(term: &Term, rows: &Rows, shares: &[f32]) -> Result<Tensor> {
    let (device, dtype) = (rows.student.device(), rows.student.dtype());
    let shares = Tensor::new(shares, device)?;
    let counted = shares.ne(0f64)?;
    let shares = shares.to_dtype(dtype)?;
    let softened = |values: &Tensor| ops::composed::log_softmax(&(looked_at(values, &counted)? / term.temperature)?);
    let teacher = rows.teacher.filter(|_| term.divergence.needs().teacher);
    let teacher = teacher.map(|teacher| softened(&teacher.detach().to_dtype(dtype)?)).transpose()?;
    let truth: Vec<u32> = rows.rows.iter().map(|row| row.truth.unwrap_or_default()).collect();
    let truth = Tensor::new(truth, device)?;
    let truth = counted.where_cond(&truth, &truth.zeros_like()?)?;
    let values = term.divergence.composed(&softened(rows.student)?, teacher.as_ref(), &truth)?;
    (values * shares)?.sum(D::Minus1)? * term.temperature.powi(2)
}

/// `rows [rows, outcomes]` with 0 throughout each row of which `counted [rows]` is 0. Weighing such a row
/// with 0 is not enough: where it holds −∞ or NaN, its value and its gradient would be 0 · ∞.
fn looked_at(rows: &Tensor, counted: &Tensor) -> Result<Tensor> {
    counted.unsqueeze(1)?.broadcast_as(rows.shape())?.where_cond(rows, &rows.zeros_like()?)
}
