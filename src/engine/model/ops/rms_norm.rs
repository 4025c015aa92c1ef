//! Root-mean-square normalisation. As with layer normalisation, the backward pass works the size of
//! a row out again instead of keeping it.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::math::{sum, sum2};
use super::values::{are_fused, output, read3, slice, tensor, width};
use super::{composed, rows};

/// Root-mean-square normalisation over the last dimension: `gamma · x / √(mean(x²) + eps)`.
///
/// # Shapes
/// `x [.., width]`, `gamma [width]`; result as `x`.
///
/// # Errors
/// If the shapes do not fit.
///
/// # Source
/// Zhang, Sennrich 2019 (arXiv 1910.07467), equation 4.
pub fn rms_norm(x: &Tensor, gamma: &Tensor, eps: f64) -> Result<Tensor> {
    if !are_fused(&[x, gamma]) {
        return composed::rms_norm(x, gamma, eps);
    }
    x.contiguous()?.apply_op2(&gamma.contiguous()?, RmsNorm { eps: eps as f32 })
}

struct RmsNorm {
    eps: f32,
}

impl RmsNorm {
    /// 1 / size of a row.
    #[inline(always)]
    fn scale(&self, row: &[f32]) -> f32 {
        1.0 / (sum(row, |x| x * x) / row.len() as f32 + self.eps).sqrt()
    }

    fn forward(&self, x: &[f32], gamma: &[f32]) -> Vec<f32> {
        rows::changed(
            x,
            gamma.len(),
            #[inline(always)]
            |_, rows| {
                for row in rows.chunks_exact_mut(gamma.len()) {
                    let scale = self.scale(row);
                    row.iter_mut().zip(gamma).for_each(|(x, gamma)| *x *= scale * gamma);
                }
            },
        )
    }

    /// Gradient of the input.
    fn input_gradient(&self, x: &[f32], grad: &[f32], gamma: &[f32]) -> Vec<f32> {
        rows::changed(
            grad,
            gamma.len(),
            #[inline(always)]
            |start, rows| {
                let inputs = x[start..].chunks_exact(gamma.len());
                for (grad, x) in rows.chunks_exact_mut(gamma.len()).zip(inputs) {
                    self.backward(grad, x, gamma);
                }
            },
        )
    }

    /// Turns the gradient of a result row into that of its input row.
    #[inline(always)]
    fn backward(&self, grad: &mut [f32], x: &[f32], gamma: &[f32]) {
        let scale = self.scale(x);
        grad.iter_mut().zip(gamma).for_each(|(grad, gamma)| *grad *= gamma);
        let slope = sum2(grad, x, |grad, x| grad * x) * scale * scale / x.len() as f32;
        grad.iter_mut().zip(x).for_each(|(grad, x)| *grad = scale * (*grad - x * slope));
    }

    /// Gradient of gamma.
    fn gamma_gradient(&self, x: &[f32], grad: &[f32], width: usize) -> Vec<f32> {
        rows::summed(
            x.len() / width,
            width,
            #[inline(always)]
            |rows, sums| {
                let stretch = rows.start * width..rows.end * width;
                for (x, grad) in x[stretch.clone()].chunks_exact(width).zip(grad[stretch].chunks_exact(width)) {
                    let scale = self.scale(x);
                    sums.iter_mut().zip(x).zip(grad).for_each(|((sum, x), grad)| *sum += grad * x * scale);
                }
            },
        )
    }
}

impl CustomOp2 for RmsNorm {
    fn name(&self) -> &'static str {
        "rms-norm"
    }

    fn cpu_fwd(&self, x: &CpuStorage, xl: &Layout, gamma: &CpuStorage, gl: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, gamma, width) = (slice(x, xl)?, slice(gamma, gl)?, width(xl)?);
        if gamma.len() != width {
            bail!("a norm of width {} does not fit its input {xl:?}", gamma.len());
        }
        Ok(output(self.forward(x, gamma), xl.shape()))
    }

    fn bwd(&self, x: &Tensor, gamma: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (values, gamma_grad) = read3(x, &grad.contiguous()?, gamma, |x, grad, gamma| {
            (self.input_gradient(x, grad, gamma), self.gamma_gradient(x, grad, gamma.len()))
        })?;
        Ok((Some(tensor(values, x.dims())?), Some(tensor(gamma_grad, gamma.dims())?)))
    }
}
