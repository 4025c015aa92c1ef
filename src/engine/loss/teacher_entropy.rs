//! How unsure the teacher is of the rows of a batch: the least that a cross-entropy against its probabilities can come
//! to, whatever the student says. Of a divergence that least is 0.

use candle_core::{DType, Result};
use rayon::prelude::*;

use super::Softened;
use super::softening::by_confidence;
use super::term::{Rows, Term};
use crate::engine::model::ops::{exp, widest};
use crate::engine::task::{Row, Targets, TopKRow};

/// Rows whose distributions exist at a time.
const CHUNK: usize = 64;

/// The weighted mean over rows of `T²·H(teacher_T)`, in nats, at the temperature of `term` in each row; of rows of
/// which the likeliest outcomes are known over these and the others as one, as the term compares them. `None` without
/// a teacher, or where no row counts.
///
/// # Errors
/// The tensor library's.
pub fn teacher_entropy(term: &Term, rows: &Rows) -> Result<Option<f64>> {
    let Some(teacher) = rows.teacher else { return Ok(None) };
    let (mut sum, mut weights) = (0.0, 0.0);
    for (number, chunk) in rows.rows.chunks(CHUNK).enumerate() {
        let first = number * CHUNK;
        let of_chunk: Vec<f64> = match teacher {
            Targets::TopK(top) => {
                let row = |place| top.row(first + place).map_or(f64::NAN, |row| of_known(term, row));
                (0..chunk.len()).into_par_iter().map(row).collect()
            }
            whole => {
                let values = whole.narrow(first, chunk.len())?.whole()?.detach().to_dtype(DType::F32)?;
                values.to_vec2::<f32>()?.par_iter().map(|row| of_whole(term, row)).collect()
            }
        };
        let counting = chunk.iter().zip(of_chunk).filter(|(row, _)| row.weight > 0.0);
        for (Row { weight, .. }, entropy) in counting {
            sum += f64::from(*weight) * entropy;
            weights += f64::from(*weight);
        }
    }
    Ok((weights > 0.0).then(|| sum / weights))
}

fn of_whole(term: &Term, values: &[f32]) -> f64 {
    let temperature = by_confidence(
        term.temperature as f32,
        term.by_confidence as f32,
        confidence(term, || Softened::of(values, 1.0).largest()),
    );
    f64::from(temperature).powi(2) * entropy(values, temperature)
}

/// Of the known outcomes and all others as one.
fn of_known(term: &Term, row: TopKRow) -> f64 {
    let temperature =
        by_confidence(term.temperature as f32, term.by_confidence as f32, confidence(term, || row.confidence()));
    let tail = row.tail(1.0 / temperature);
    let rest = (tail > f32::NEG_INFINITY).then_some(tail * temperature);
    let values: Vec<f32> = row.log_probs.iter().copied().chain(rest).collect();
    f64::from(temperature).powi(2) * entropy(&values, temperature)
}

/// Only asked for where the temperature follows it.
fn confidence(term: &Term, of: impl Fn() -> f32) -> f32 {
    if term.by_confidence == 0.0 { 0.5 } else { of() }
}

/// Entropy of `softmax(values / T)`, in nats. An outcome without a probability adds nothing.
fn entropy(values: &[f32], temperature: f32) -> f64 {
    widest(
        #[inline(always)]
        || {
            let row = Softened::of(values, temperature);
            let part = |value: &f32| {
                let log = value * row.coldness - row.level;
                if log < -87.0 { 0.0 } else { f64::from(-exp(log) * log) }
            };
            values.iter().map(part).sum()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entropy_of_an_even_row_is_the_logarithm_of_its_outcomes_at_any_temperature() {
        for temperature in [0.5, 1.0, 7.0] {
            assert!((entropy(&[3.0; 8], temperature) - 8f64.ln()).abs() < 1e-5);
        }
        assert_eq!(entropy(&[0.0, f32::NEG_INFINITY], 2.0), 0.0);
        assert!(entropy(&[1.0, 0.0], 4.0) > entropy(&[1.0, 0.0], 1.0));
    }
}
