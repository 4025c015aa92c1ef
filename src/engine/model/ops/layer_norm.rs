//! Layer normalisation. The backward pass works the statistics out again: they cost one look at a
//! row that is in the cache anyway, and nothing has to be kept.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};

use super::gradients::route_gradient;
use super::math::{sum, sum2};
use super::values::{are_fused, output, read3, slice, tensor, width};
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
    x.contiguous()?.apply_op3(&gamma.contiguous()?, &beta.contiguous()?, LayerNorm::new(eps))
}

/// The arithmetic of a norm over rows; the width is that of gamma.
pub struct LayerNorm {
    eps: f32,
}

impl LayerNorm {
    /// With this added to the variance.
    pub fn new(eps: f64) -> Self {
        Self { eps: eps as f32 }
    }

    /// The normalised rows.
    pub fn forward(&self, x: &[f32], gamma: &[f32], beta: &[f32]) -> Vec<f32> {
        rows::changed(
            x,
            gamma.len(),
            #[inline(always)]
            |_, rows| self.normalise_rows(rows, gamma, beta),
        )
    }

    /// Normalises rows where they lie.
    #[inline(always)]
    pub fn normalise_rows(&self, rows: &mut [f32], gamma: &[f32], beta: &[f32]) {
        for row in rows.chunks_exact_mut(gamma.len()) {
            self.normalise(row, gamma, beta);
        }
    }

    /// Gradient of the input.
    pub fn input_gradient(&self, x: &[f32], grad: &[f32], gamma: &[f32]) -> Vec<f32> {
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

    /// Gradients of gamma and beta.
    pub fn parameter_gradients(&self, x: &[f32], grad: &[f32], width: usize) -> (Vec<f32>, Vec<f32>) {
        let mut gamma = rows::summed(
            x.len() / width,
            2 * width,
            #[inline(always)]
            |rows, sums| {
                let stretch = rows.start * width..rows.end * width;
                for (x, grad) in x[stretch.clone()].chunks_exact(width).zip(grad[stretch].chunks_exact(width)) {
                    self.collect(sums, grad, x);
                }
            },
        );
        let beta = gamma.split_off(width);
        (gamma, beta)
    }

    #[inline(always)]
    fn normalise(&self, row: &mut [f32], gamma: &[f32], beta: &[f32]) {
        let (mean, scale) = self.statistics(row);
        for ((x, gamma), beta) in row.iter_mut().zip(gamma).zip(beta) {
            *x = ((*x - mean) * scale).mul_add(*gamma, *beta);
        }
    }

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
    fn backward(&self, grad: &mut [f32], x: &[f32], gamma: &[f32]) {
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
        Ok(output(self.forward(x, gamma, beta), xl.shape()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        gamma: &Tensor,
        beta: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (values, gamma_grad, beta_grad) = read3(x, &grad.contiguous()?, gamma, |x, grad, gamma| {
            let (gamma_grad, beta_grad) = self.parameter_gradients(x, grad, gamma.len());
            (self.input_gradient(x, grad, gamma), gamma_grad, beta_grad)
        })?;
        let width = gamma.elem_count();
        let gamma_grad = route_gradient(gamma, Some(tensor(gamma_grad, width)?));
        let beta_grad = route_gradient(beta, Some(tensor(beta_grad, width)?));
        Ok((Some(tensor(values, x.dims())?), gamma_grad, beta_grad))
    }
}
