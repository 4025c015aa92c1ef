//! Dropout without a stored mask.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

use super::dropout_mask::DropoutMask;
use super::values::{are_fused, output, read, slice, tensor};
use super::{composed, dropout_mask, rows};

/// Inverted dropout: each element is 0 with probability `p`, else divided by `1 − p`.
///
/// The same `seed` gives the same mask; the caller changes it from step to step and place to place.
///
/// # Errors
/// If `p` is outside [0, 1).
///
/// # Source
/// Srivastava et al. 2014, section 10.
pub fn dropout(x: &Tensor, p: f32, seed: u64) -> Result<Tensor> {
    dropout_mask::check(p)?;
    if p == 0.0 {
        return Ok(x.clone());
    }
    if !are_fused(&[x]) {
        return composed::dropout(x, p, seed);
    }
    x.contiguous()?.apply_op1(Dropout(DropoutMask { p, seed }))
}

struct Dropout(DropoutMask);

impl Dropout {
    fn apply_dropout(&self, values: &[f32]) -> Vec<f32> {
        rows::changed(values, dropout_mask::BLOCK, |start, part| self.0.apply_dropout(start, part))
    }
}

impl CustomOp1 for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn cpu_fwd(&self, x: &CpuStorage, xl: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok(output(self.apply_dropout(slice(x, xl)?), xl.shape()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(tensor(read(&grad.contiguous()?, |grad| self.apply_dropout(grad))?, x.dims())?))
    }
}
