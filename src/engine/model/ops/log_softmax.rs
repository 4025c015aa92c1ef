//! Logarithm of the softmax.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

use super::math::{exp, max, sum};
use super::values::{are_fused, output, read2, slice, tensor, width};
use super::{composed, rows};

/// Logarithm of the softmax over the last dimension.
///
/// # Shapes
/// `x [.., classes]`; result as `x`.
///
/// # Errors
/// If `x` has no dimension.
pub fn log_softmax(x: &Tensor) -> Result<Tensor> {
    if !are_fused(&[x]) {
        return composed::log_softmax(x);
    }
    x.contiguous()?.apply_op1(LogSoftmax)
}

/// `ln Σ e^(factor·xᵢ)` of a row, without overflow.
#[inline(always)]
pub fn log_sum_exp(row: &[f32], factor: f32) -> f32 {
    let top = max(row) * factor;
    top + sum(row, |x| exp(x * factor - top)).ln()
}

struct LogSoftmax;

impl CustomOp1 for LogSoftmax {
    fn name(&self) -> &'static str {
        "log-softmax"
    }

    fn cpu_fwd(&self, x: &CpuStorage, xl: &Layout) -> Result<(CpuStorage, Shape)> {
        let width = width(xl)?;
        let y = rows::changed(
            slice(x, xl)?,
            width,
            #[inline(always)]
            |_, rows| {
                for row in rows.chunks_exact_mut(width) {
                    let level = log_sum_exp(row, 1.0);
                    for x in row.iter_mut() {
                        *x -= level;
                    }
                }
            },
        );
        Ok(output(y, xl.shape()))
    }

    fn bwd(&self, _: &Tensor, y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let width = width(y.layout())?;
        let values = read2(y, &grad.contiguous()?, |y, grad| {
            rows::changed(
                grad,
                width,
                #[inline(always)]
                |start, rows| {
                    for (grad, y) in rows.chunks_exact_mut(width).zip(y[start..].chunks_exact(width)) {
                        let total = sum(grad, |grad| grad);
                        for (grad, y) in grad.iter_mut().zip(y) {
                            *grad -= exp(*y) * total;
                        }
                    }
                },
            )
        })?;
        Ok(Some(tensor(values, y.dims())?))
    }
}
