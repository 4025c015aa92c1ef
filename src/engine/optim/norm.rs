//! The length of a gradient, the same on any number of threads.

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use crate::engine::model::ops::values;

/// Elements summed by one thread at a time; fixed, or the rounding would follow the thread count.
const CHUNK: usize = 1 << 14;

/// Partial sums of a chunk, one a vector lane.
const LANES: usize = 32;

/// √(Σ g²) over all elements of all tensors.
///
/// # Errors
/// If a tensor cannot be read.
pub fn global<'a>(gradients: impl Iterator<Item = &'a Tensor>) -> Result<f64> {
    let gradients: Vec<&Tensor> = gradients.collect();
    if gradients.iter().any(|gradient| !values::is_fused(gradient)) {
        return elsewhere(&gradients);
    }
    let squares: Vec<f64> = gradients.into_par_iter().map(square).collect::<Result<_>>()?;
    Ok(squares.iter().sum::<f64>().sqrt())
}

/// On another device: all sums are made there and fetched at once.
fn elsewhere(gradients: &[&Tensor]) -> Result<f64> {
    let squares = gradients.iter().map(|gradient| gradient.sqr()?.sum_all()).collect::<Result<Vec<_>>>()?;
    let squares: Vec<f32> = Tensor::stack(&squares, 0)?.to_vec1()?;
    Ok(squares.into_iter().map(f64::from).sum::<f64>().sqrt())
}

fn square(gradient: &Tensor) -> Result<f64> {
    values::read(gradient, |all| {
        let parts: Vec<f64> = all.par_chunks(CHUNK).map(chunk).collect();
        parts.iter().sum()
    })
}

fn chunk(values: &[f32]) -> f64 {
    let mut sums = [0f32; LANES];
    let (rows, rest) = values.as_chunks::<LANES>();
    for row in rows {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value * value;
        }
    }
    sums.iter().chain(&rest.iter().map(|value| value * value).collect::<Vec<_>>()).map(|sum| f64::from(*sum)).sum()
}
