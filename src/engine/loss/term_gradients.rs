//! What each term of a loss asks of the student: the gradient of the weighted term with respect to the last hidden
//! states, as the head's matrix reads them, and with respect to the logits themselves where no head is known beside
//! them, as of classes. Its norm says how loud a term is, its cosine with that of the labels whether both want the
//! same.
//!
//! *Why on a few rows (2026-11).* Every term's gradient has to be turned back through the head by itself, which over a
//! vocabulary is most of what a step costs. A few rows show how the terms stand to each other; of these it is the
//! gradient of the loss as if they were the whole batch, so that neither number depends on the batch's size. Nothing
//! of this is part of the step: the rows are read again, without the graph.

use candle_core::{Result, Tensor, Var};

use super::compare;
use super::term::{Rows, Term};
use crate::engine::model::frozen::Weight;
use crate::engine::model::layers::Linear;
use crate::engine::model::ops;
use crate::engine::task::{Deferred, Logits, Row};

/// Rows that are looked at: the first that count.
pub const SAMPLE: usize = 16;
/// Most rows among which they are sought.
const SOUGHT: usize = 64;

/// The gradient of one weighted term.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TermGradient {
    /// Its length (Frobenius norm over all rows of the sample).
    pub norm: f64,
    /// Cosine with the gradient of the first term that learns labels; `None` of that one itself, where there is none,
    /// and where one of the two is 0.
    pub cosine: Option<f64>,
}

/// The gradient of every term over the first rows; `None` where no row counts.
///
/// # Errors
/// As [`compare`](super::compare()).
pub fn term_gradients(terms: &[Term], rows: &Rows) -> Result<Option<Vec<TermGradient>>> {
    let count = sample(rows.rows);
    if count == 0 {
        return Ok(None);
    }
    let (logits, teacher) = (rows.student.narrow(0, count)?, rows.teacher.map(|all| all.narrow(0, count)).transpose()?);
    let (student, states) = detached(&logits)?;
    let part = Rows { student: &student, teacher: teacher.as_ref(), rows: &rows.rows[..count], of_step: None };
    let of_terms = terms.iter().map(|term| gradient(*term, &part, &states)).collect::<Result<Vec<_>>>()?;
    let labels = terms.iter().position(|term| term.divergence.needs().labels());
    let told = |(place, own): (usize, &Vec<f32>)| TermGradient {
        norm: product(own, own).sqrt(),
        cosine: labels.filter(|labels| *labels != place).and_then(|labels| cosine(own, &of_terms[labels])),
    };
    Ok(Some(of_terms.iter().enumerate().map(told).collect()))
}

/// How many rows there are up to the last of the first that count; 0 where none does.
fn sample(rows: &[Row]) -> usize {
    let counting = rows.iter().take(SOUGHT).enumerate().filter(|(_, row)| row.weight > 0.0);
    counting.take(SAMPLE).last().map_or(0, |(place, _)| place + 1)
}

/// The same logits with nothing behind them but what the gradient is wanted of.
fn detached(logits: &Logits) -> Result<(Logits, Var)> {
    let variable = |tensor: &Tensor| Var::from_tensor(&tensor.detach().contiguous()?);
    if let Logits::Deferred(deferred) = logits
        && let Some((weight, bias)) = deferred.head.plain()
    {
        let states = variable(&deferred.states)?;
        let head = Linear::of(Weight::Trainable(weight.detach()), bias.map(Tensor::detach));
        let student = Deferred { states: states.as_tensor().clone(), head, outcomes: deferred.outcomes };
        return Ok((Logits::Deferred(student), states));
    }
    let whole = variable(&logits.whole()?)?;
    Ok((Logits::Dense(whole.as_tensor().clone()), whole))
}

fn gradient(term: Term, rows: &Rows, states: &Var) -> Result<Vec<f32>> {
    let total = compare(&[term], rows)?.total;
    let gradients = ops::backward(&total)?;
    let gradient = gradients.get(states).map_or_else(|| states.zeros_like(), |gradient| Ok(gradient.clone()))?;
    gradient.flatten_all()?.to_dtype(candle_core::DType::F32)?.to_vec1()
}

fn product(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

fn cosine(a: &[f32], b: &[f32]) -> Option<f64> {
    let lengths = (product(a, a) * product(b, b)).sqrt();
    (lengths > 0.0).then(|| (product(a, b) / lengths).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_ends_with_the_last_of_the_first_rows_that_count() {
        let row = |weight| Row { example: 0, position: 0, weight, truth: None };
        let rows = |weights: &[f32]| weights.iter().map(|weight| row(*weight)).collect::<Vec<_>>();
        assert_eq!(sample(&rows(&[1.0, 0.0, 1.0, 0.0])), 3);
        assert_eq!(sample(&rows(&[0.0; 9])), 0);
        assert_eq!(sample(&rows(&[1.0; 99])), SAMPLE);
        let every_other: Vec<f32> = (0..99).map(|i| (i % 2) as f32).collect();
        assert_eq!(sample(&rows(&every_other)), 2 * SAMPLE);
        let late: Vec<f32> = (0..999).map(|i| if i > 500 { 1.0 } else { 0.0 }).collect();
        assert_eq!(sample(&rows(&late)), 0, "too far behind");
    }

    #[test]
    fn against_nothing_there_is_no_cosine() {
        assert_eq!(cosine(&[1.0, 0.0], &[0.0, 0.0]), None);
        assert_eq!(cosine(&[1.0, 0.0], &[2.0, 0.0]), Some(1.0));
        assert_eq!(cosine(&[1.0, 0.0], &[0.0, 3.0]), Some(0.0));
    }
}
