//! Cross-entropy against labels: the mean and its gradient without a matrix of log-probabilities.

use candle_core::{CpuStorage, CustomOp1, DType, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::log_softmax::log_sum_exp;
use super::math::exp;
use super::simd::widest;
use super::values::{are_fused, output, read, slice, tensor};
use super::{composed, rows, weights};

/// Weighted mean over rows of the cross-entropy against labels; 0 where the weights sum to 0.
///
/// A row of weight 0 is not looked at, so its label may be anything. No gradient reaches the
/// weights.
///
/// # Shapes
/// `logits [batch, classes]`, `labels` u32 `[batch]`, `weights [batch]`; result a scalar.
///
/// # Errors
/// If the shapes do not fit or a label of a row with weight is not a class.
pub fn cross_entropy(logits: &Tensor, labels: &Tensor, weights: &Tensor) -> Result<Tensor> {
    if !are_fused(&[logits]) {
        return composed::cross_entropy(logits, labels, weights);
    }
    let (batch, classes) = logits.dims2()?;
    let labels: Vec<u32> = labels.to_dtype(DType::U32)?.to_vec1()?;
    let shares = weights::shares(weights)?;
    if labels.len() != batch || shares.len() != batch {
        bail!("{} labels and {} weights do not fit {batch} rows of logits", labels.len(), shares.len());
    }
    if let Some((label, _)) = labels.iter().zip(&shares).find(|(label, w)| **w != 0.0 && **label as usize >= classes) {
        bail!("label {label} is not one of {classes} classes");
    }
    logits.contiguous()?.apply_op1(CrossEntropy { labels, shares })
}

struct CrossEntropy {
    labels: Vec<u32>,
    shares: Vec<f32>,
}

impl CrossEntropy {
    /// What row `row` adds to the mean.
    #[inline(always)]
    fn term(&self, row: usize, logits: &[f32]) -> f64 {
        let (label, share) = (self.labels[row] as usize, self.shares[row]);
        if share == 0.0 { 0.0 } else { f64::from(log_sum_exp(logits, 1.0) - logits[label]) * f64::from(share) }
    }

    /// Turns a row of logits into its gradient.
    #[inline(always)]
    fn slope(&self, row: usize, logits: &mut [f32], factor: f32) {
        let (label, share) = (self.labels[row] as usize, self.shares[row] * factor);
        if self.shares[row] == 0.0 {
            return logits.fill(0.0);
        }
        let level = log_sum_exp(logits, 1.0);
        for logit in logits.iter_mut() {
            *logit = exp(*logit - level) * share;
        }
        logits[label] -= share;
    }
}

impl CustomOp1 for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross-entropy"
    }

    fn cpu_fwd(&self, logits: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (_, classes) = layout.shape().dims2()?;
        let rows = slice(logits, layout)?.par_chunks_exact(classes).enumerate();
        let terms: Vec<f64> = rows
            .map(|(row, logits)| {
                widest(
                    #[inline(always)]
                    || self.term(row, logits),
                )
            })
            .collect();
        Ok(output(vec![terms.iter().sum::<f64>() as f32], ()))
    }

    fn bwd(&self, logits: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (factor, (_, classes)) = (grad.to_scalar::<f32>()?, logits.dims2()?);
        let values = read(logits, |logits| {
            rows::changed(
                logits,
                classes,
                #[inline(always)]
                |start, rows| {
                    for (index, row) in rows.chunks_exact_mut(classes).enumerate() {
                        self.slope(start / classes + index, row, factor);
                    }
                },
            )
        })?;
        Ok(Some(tensor(values, logits.dims())?))
    }
}
