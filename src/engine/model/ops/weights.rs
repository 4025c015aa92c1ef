//! The weights of a batch's rows in a mean.

use candle_core::{DType, Result, Tensor};

/// Every row's share in a weighted mean; all 0 where the weights sum to 0.
///
/// # Errors
/// If `weights` is not a vector.
pub fn shares(weights: &Tensor) -> Result<Vec<f32>> {
    let weights: Vec<f32> = weights.detach().to_dtype(DType::F32)?.to_vec1()?;
    let total: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
    let share = |weight: &f32| if total > 0.0 { (f64::from(*weight) / total) as f32 } else { 0.0 };
    Ok(weights.iter().map(share).collect())
}
