//! The terms of a loss over one row after another, by their own forms on slices; and all of that as one operation on
//! logits that are there. Rows are cut into tasks of a fixed size and added in their order: the same sums on any number
//! of threads.

use std::sync::{Arc, OnceLock};

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::softening::by_confidence;
use super::term::{Rows, Term};
use super::{Compared, Divergence, Softened};
use crate::engine::model::ops::{are_fused, exp, log_sum_exp, max, output, read, slice, tensor, widest};
use crate::engine::task::{Row, Targets, TopK, TopKRow};

/// Elements of one task: small enough for the second-level cache, large enough to pay for a task.
const TASK: usize = 1 << 14;

/// What a teacher says of one row.
#[derive(Clone, Copy)]
pub(super) enum RowTarget<'a> {
    /// Nothing.
    None,
    /// Log-probabilities or logits of all outcomes.
    Whole(&'a [f32]),
    /// Those of the likeliest.
    TopK(TopKRow<'a>),
}

impl<'a> RowTarget<'a> {
    /// All outcomes, where they are known.
    fn whole(self) -> &'a [f32] {
        if let Self::Whole(values) = self { values } else { &[] }
    }

    /// The largest probability at temperature 1.
    fn confidence(self) -> f32 {
        match self {
            Self::None => 0.5,
            Self::Whole(values) => Softened::of(values, 1.0).largest(),
            Self::TopK(top) => top.confidence(),
        }
    }
}

/// Memory in which a row is worked on.
#[derive(Default)]
pub(super) struct Room {
    /// The gradient of a term behind the first.
    further: Vec<f32>,
    /// The student's values without those that the teacher tells one by one.
    others: Vec<f32>,
    /// Values of student and teacher, and the gradient, over the known outcomes and the others as one.
    reduced: [Vec<f32>; 3],
}

/// The terms of a loss and what they need to know of the rows besides the distributions.
pub(super) struct RowTerms {
    terms: Vec<KernelTerm>,
    truth: Vec<usize>,
}

struct KernelTerm {
    divergence: &'static dyn Divergence,
    weight: f32,
    temperature: f32,
    by_confidence: f32,
    parameter: f32,
    shares: Vec<f32>,
}

impl KernelTerm {
    fn new(term: Term, shares: Vec<f32>) -> Self {
        let [weight, temperature, by_confidence, parameter] =
            [term.weight, term.temperature, term.by_confidence, term.parameter].map(|number| number as f32);
        Self { divergence: term.divergence, weight, temperature, by_confidence, parameter, shares }
    }

    /// What a row adds to the term; its weighted gradient, times T² and through 1/T, goes to `gradient`.
    fn row(
        &self,
        index: usize,
        student: &[f32],
        (target, truth): (RowTarget, usize),
        gradient: Option<&mut [f32]>,
        (others, reduced): (&mut Vec<f32>, &mut [Vec<f32>; 3]),
    ) -> f64 {
        let temperature = match self.by_confidence {
            0.0 => self.temperature,
            strength => by_confidence(self.temperature, strength, target.confidence()),
        };
        let scale = self.weight * temperature * self.shares[index];
        let whole =
            Compared { values: student, teacher: target.whole(), truth, temperature, parameter: self.parameter };
        let value = match target {
            RowTarget::TopK(top) if self.divergence.needs().teacher => {
                // Less the largest: a log-sum in the hundreds has not the digits of the probabilities in it.
                let most = max(student);
                others.clear();
                others.extend(student.iter().map(|value| value - most));
                self.over_known(top, whole, scale, gradient, (others, reduced))
            }
            _ => self.divergence.row(&whole, scale, gradient),
        };
        f64::from(value) * f64::from(temperature).powi(2) * f64::from(self.shares[index])
    }

    /// The divergence of the known outcomes and all others as one. Its gradient with respect to that one goes to each
    /// of the others by its share in it, which is the derivative of a log-sum.
    fn over_known(
        &self,
        top: TopKRow,
        whole: Compared,
        scale: f32,
        gradient: Option<&mut [f32]>,
        (others, [student, teacher, slopes]): (&mut [f32], &mut [Vec<f32>; 3]),
    ) -> f32 {
        let Compared { values, temperature, parameter, .. } = whole;
        let coldness = 1.0 / temperature;
        student.clear();
        student.extend(top.ids.iter().map(|id| others[*id as usize]));
        top.ids.iter().for_each(|id| others[*id as usize] = f32::NEG_INFINITY);
        teacher.clear();
        teacher.extend_from_slice(top.log_probs);
        let mut rest = f32::NEG_INFINITY;
        if top.ids.len() < values.len() {
            rest = widest(
                #[inline(always)]
                || log_sum_exp(others, coldness),
            );
            student.push(rest * temperature);
            teacher.push(top.tail(coldness) * temperature);
        }
        slopes.clear();
        slopes.resize(student.len(), 0.0);
        let reduced = Compared { values: student, teacher, truth: 0, temperature, parameter };
        let Some(gradient) = gradient else { return self.divergence.row(&reduced, scale, None) };
        let value = self.divergence.row(&reduced, scale, Some(slopes));
        let of_others = slopes.get(top.ids.len()).copied().unwrap_or_default();
        widest(
            #[inline(always)]
            || {
                for (slope, other) in gradient.iter_mut().zip(&*others) {
                    *slope = exp(*other * coldness - rest) * of_others;
                }
            },
        );
        top.ids.iter().zip(&*slopes).for_each(|(id, slope)| gradient[*id as usize] = *slope);
        value
    }
}

impl RowTerms {
    /// `terms` with the share of every row in each of them.
    pub(super) fn new(terms: &[Term], rows: &[Row], shares: &[Vec<f32>]) -> Self {
        let terms = terms.iter().zip(shares).map(|(term, shares)| KernelTerm::new(*term, shares.clone()));
        let truth = rows.iter().map(|row| row.truth.unwrap_or_default() as usize);
        Self { terms: terms.collect(), truth: truth.collect() }
    }

    /// How many terms there are.
    pub(super) fn len(&self) -> usize {
        self.terms.len()
    }

    /// Puts what row `index` adds to each term behind `values`; its gradient goes to `gradient` `[outcomes]`,
    /// or nowhere if that is empty.
    pub(super) fn row(
        &self,
        index: usize,
        (student, target): (&[f32], RowTarget),
        gradient: &mut [f32],
        room: &mut Room,
        values: &mut Vec<f64>,
    ) {
        let mut written = false;
        let Room { further, others, reduced } = room;
        let target = (target, self.truth[index]);
        for term in &self.terms {
            if term.shares[index] == 0.0 {
                values.push(0.0);
                continue;
            }
            if gradient.is_empty() {
                values.push(term.row(index, student, target, None, (others, reduced)));
                continue;
            }
            if !written {
                values.push(term.row(index, student, target, Some(gradient), (others, reduced)));
                written = true;
                continue;
            }
            further.resize(gradient.len(), 0.0);
            values.push(term.row(index, student, target, Some(further), (others, reduced)));
            gradient.iter_mut().zip(&*further).for_each(|(sum, slope)| *sum += slope);
        }
        if !written {
            gradient.fill(0.0);
        }
    }

    /// Of the values of all rows, row by row, the sum of each term, and of all of them by their weights.
    pub(super) fn sums(&self, rows: &[f64]) -> (f32, Vec<f32>) {
        let sum = |term: usize| rows.iter().skip(term).step_by(self.terms.len()).sum::<f64>() as f32;
        let values: Vec<f32> = (0..self.terms.len()).map(sum).collect();
        let total =
            values.iter().zip(&self.terms).map(|(value, term)| value * term.weight).reduce(|sum, part| sum + part);
        (total.unwrap_or(0.0), values)
    }
}

/// Whether the kernel can read these targets.
pub(super) fn serves(teacher: Option<&Targets>) -> bool {
    match teacher {
        Some(Targets::Dense(teacher)) => are_fused(&[teacher]),
        Some(Targets::Deferred(deferred)) => are_fused(&[&deferred.states]),
        Some(Targets::TopK(_)) | None => true,
    }
}

/// The weighted sum of all terms, with its graph, and each of them.
pub(super) fn compared(
    terms: &[Term],
    student: &Tensor,
    rows: &Rows,
    shares: &[Vec<f32>],
) -> Result<(Tensor, Vec<f32>)> {
    let student = student.contiguous()?;
    let done = Arc::new(Done::default());
    let teacher = match rows.teacher {
        None => Teacher::None,
        Some(Targets::Dense(teacher)) => Teacher::Whole(teacher.detach().contiguous()?),
        Some(Targets::Deferred(deferred)) => Teacher::Whole(deferred.whole()?.detach().contiguous()?),
        Some(Targets::TopK(top)) => Teacher::TopK(top.clone()),
    };
    let operation = Kernel {
        terms: RowTerms::new(terms, rows.rows, shares),
        teacher,
        slopes: student.track_op() || student.is_variable(),
        done: Arc::clone(&done),
    };
    let total = student.apply_op1(operation)?;
    Ok((total, done.values.get().cloned().unwrap_or_default()))
}

enum Teacher {
    None,
    Whole(Tensor),
    TopK(TopK),
}

/// What the forward pass leaves behind.
#[derive(Default)]
struct Done {
    values: OnceLock<Vec<f32>>,
    /// As a tensor, so that it is handed on and not copied: over a vocabulary it is as large as the logits.
    gradient: OnceLock<Tensor>,
}

struct Kernel {
    terms: RowTerms,
    teacher: Teacher,
    /// Whether a gradient will be wanted.
    slopes: bool,
    done: Arc<Done>,
}

impl Kernel {
    fn target<'a>(&'a self, row: usize, teacher: &'a [f32], outcomes: usize) -> RowTarget<'a> {
        match &self.teacher {
            Teacher::None => RowTarget::None,
            Teacher::Whole(_) => {
                RowTarget::Whole(teacher.get(row * outcomes..(row + 1) * outcomes).unwrap_or_default())
            }
            Teacher::TopK(top) => top.row(row).map_or(RowTarget::None, RowTarget::TopK),
        }
    }

    /// Values of all rows from `first` on, row by row, and their gradient in `gradient`, empty where none is
    /// wanted.
    fn rows(&self, first: usize, [student, teacher]: [&[f32]; 2], outcomes: usize, gradient: &mut [f32]) -> Vec<f64> {
        let (mut room, mut values) = (Room::default(), Vec::new());
        for (row, student) in student.chunks_exact(outcomes).enumerate() {
            let gradient = gradient.get_mut(row * outcomes..(row + 1) * outcomes).unwrap_or_default();
            let target = self.target(first + row, teacher, outcomes);
            self.terms.row(first + row, (student, target), gradient, &mut room, &mut values);
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
            Teacher::Whole(teacher) => read(teacher, |teacher| self.all(student, teacher, outcomes))?,
            Teacher::None | Teacher::TopK(_) => self.all(student, &[], outcomes),
        };
        let (total, values) = self.terms.sums(&rows);
        // The forward pass runs once; a second one could only find the same.
        let _ = self.done.values.set(values);
        if self.slopes {
            let _ = self.done.gradient.set(tensor(gradient, layout.shape())?);
        }
        Ok(output(vec![total], ()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let Some(gradient) = self.done.gradient.get() else { bail!("no gradient was computed") };
        scaled(gradient, grad.to_scalar::<f32>()?).map(Some)
    }
}

/// A gradient times what comes from behind.
pub(super) fn scaled(gradient: &Tensor, factor: f32) -> Result<Tensor> {
    if factor == 1.0 { Ok(gradient.clone()) } else { gradient * f64::from(factor) }
}
