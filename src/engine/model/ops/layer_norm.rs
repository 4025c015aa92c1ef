//! Layer normalisation. The backward pass works the statistics out again: they cost one look at a
//! row that is in the cache anyway, and nothing has to be kept.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};

use super::math::{sum, sum2};
use super::values::{are_fused, output, read2, slice, tensor, width};
use super::{composed, rows};

/// Layer normalisation over the last dimension.
///
/// # Shapes
/// `x [.., width]`, `gamma [width]`, `beta [width]`; result as `x`.
///
/// # Errors
/// If the shapes do not fit.
///
/// # Source
/// Ba, Kiros, Hinton 2016, equation 4.
pub fn layer_norm(x: &Tensor, gamma: &Tensor, beta: &Tensor, eps: f64) -> Result<Tensor> {
    if !are_fused(&[x, gamma, beta]) {
        return composed::layer_norm(x, gamma, beta, eps);
    }
    x.contiguous()?.apply_op3(&gamma.contiguous()?, &beta.contiguous()?, LayerNorm { eps: eps as f32 })
}

struct LayerNorm {
    eps: f32,
}

impl LayerNorm {
    /// Mean and 1 / standard deviation of a row.
    #[inline(always)]
    fn statistics(&self, row: &[f32]) -> (f32, f32) {
        let count = row.len() as f32;
        let mean = sum(row, |x| x) / count;
        let variance = sum(row, |x| (x - mean) * (x - mean)) / count;
        (mean, 1.0 / (variance + self.eps).sqrt())
    }

    /// Turns the gradient of a result row into that of its input row.
    #[inline(always)]
    fn pull_back(&self, grad: &mut [f32], x: &[f32], gamma: &[f32]) {
        let (mean, scale) = self.statistics(x);
        for (grad, gamma) in grad.iter_mut().zip(gamma) {
            *grad *= gamma;
        }
        let count = x.len() as f32;
        let level = sum(grad, |grad| grad) / count;
        let slope = sum2(grad, x, |grad, x| grad * (x - mean)) * scale * scale / count;
        for (grad, x) in grad.iter_mut().zip(x) {
            *grad = scale * (*grad - level - (x - mean) * slope);
        }
    }

    /// Adds a row's share to the gradients of gamma and beta, which lie behind each other.
    #[inline(always)]
    fn collect(&self, sums: &mut [f32], grad: &[f32], x: &[f32]) {
        let (mean, scale) = self.statistics(x);
        let (gamma, beta) = sums.split_at_mut(x.len());
        for (((gamma, beta), grad), x) in gamma.iter_mut().zip(beta).zip(grad).zip(x) {
            *gamma += grad * (x - mean) * scale;
            *beta += grad;
        }
    }
}

impl CustomOp3 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        xl: &Layout,
        gamma: &CpuStorage,
        gl: &Layout,
        beta: &CpuStorage,
        bl: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, gamma, beta, width) = (slice(x, xl)?, slice(gamma, gl)?, slice(beta, bl)?, width(xl)?);
        if gamma.len() != width || beta.len() != width {
            bail!("a norm of width {} and {} does not fit its input {xl:?}", gamma.len(), beta.len());
        }
        let y = rows::changed(x, width, |_, rows| {
            for row in rows.chunks_exact_mut(width) {
                let (mean, scale) = self.statistics(row);
                for ((x, gamma), beta) in row.iter_mut().zip(gamma).zip(beta) {
                    *x = (*x - mean) * scale * gamma + beta;
                }
            }
        });
        Ok(output(y, xl.shape()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        gamma: &Tensor,
        _: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (grad, width) = (grad.contiguous()?, gamma.elem_count());
        let x_grad = super::values::read3(x, &grad, gamma, |x, grad, gamma| {
            rows::changed(grad, width, |start, rows| {
                let inputs = x[start..start + rows.len()].chunks_exact(width);
                for (grad, x) in rows.chunks_exact_mut(width).zip(inputs) {
                    self.pull_back(grad, x, gamma);
                }
            })
        })?;
        let mut gamma_grad = read2(x, &grad, |x, grad| {
            rows::summed(x.len() / width, 2 * width, |rows, sums| {
                let stretch = rows.start * width..rows.end * width;
                for (x, grad) in x[stretch.clone()].chunks_exact(width).zip(grad[stretch].chunks_exact(width)) {
                    self.collect(sums, grad, x);
                }
            })
        })?;
        let beta_grad = gamma_grad.split_off(width);
        Ok((Some(tensor(x_grad, x.dims())?), Some(tensor(gamma_grad, width)?), Some(tensor(beta_grad, width)?)))
    }
}
