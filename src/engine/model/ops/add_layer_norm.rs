//! The end of a post-norm block: what a sub-layer says is added to its input and normalised. The
//! sum itself is never kept.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};

use super::layer_norm::LayerNorm;
use super::parameters::{GradientSlot, no_gradient, register};
use super::values::{are_fused, output, read2, slice, tensor, width};
use super::{composed, rows};

/// Layer normalisation of `x + y` over the last dimension.
///
/// # Shapes
/// `x`, `y [.., width]`, `gamma [width]`, `beta [width]`; result as `x`.
///
/// # Errors
/// If the shapes do not fit.
///
/// # Source
/// Vaswani et al. 2017, section 3.1: LayerNorm(x + Sublayer(x)).
pub fn add_layer_norm(x: &Tensor, y: &Tensor, gamma: &Tensor, beta: &Tensor, eps: f64) -> Result<Tensor> {
    if !are_fused(&[x, y, gamma, beta]) {
        return composed::add_layer_norm(x, y, gamma, beta, eps);
    }
    let (gamma, beta) = (gamma.contiguous()?, beta.contiguous()?);
    let (knot, mail) = register(&[&gamma, &beta])?;
    let op = AddLayerNorm { norm: LayerNorm::new(eps), gamma: gamma.detach(), beta: beta.detach(), mail };
    x.contiguous()?.apply_op3(&y.contiguous()?, &knot, op)
}

struct AddLayerNorm {
    norm: LayerNorm,
    gamma: Tensor,
    beta: Tensor,
    mail: GradientSlot,
}

impl CustomOp3 for AddLayerNorm {
    fn name(&self) -> &'static str {
        "add-layer-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        xl: &Layout,
        y: &CpuStorage,
        yl: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, y, width) = (slice(x, xl)?, slice(y, yl)?, width(xl)?);
        if xl.dims() != yl.dims() || self.gamma.elem_count() != width || self.beta.elem_count() != width {
            bail!("a norm of {} over the sum of {xl:?} and {yl:?} does not fit", self.gamma.elem_count());
        }
        let values = read2(&self.gamma, &self.beta, |gamma, beta| self.norm.forward(&sum(x, y), gamma, beta))?;
        Ok(output(values, xl.shape()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        y: &Tensor,
        knot: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let sum = read2(x, y, sum)?;
        let (values, gamma, beta) = read2(&grad.contiguous()?, &self.gamma, |grad, gamma| {
            let (gamma_grad, beta_grad) = self.norm.parameter_gradients(&sum, grad, gamma.len());
            (self.norm.input_gradient(&sum, grad, gamma), gamma_grad, beta_grad)
        })?;
        let width = self.gamma.elem_count();
        self.mail.send(vec![Some(tensor(gamma, width)?), Some(tensor(beta, width)?)]);
        let both = tensor(values, x.dims())?;
        Ok((Some(both.clone()), Some(both), if knot.track_op() { no_gradient()? } else { None }))
    }
}

fn sum(x: &[f32], y: &[f32]) -> Vec<f32> {
    rows::changed(
        x,
        1,
        #[inline(always)]
        |start, values| {
            for (x, y) in values.iter_mut().zip(&y[start..]) {
                *x += y;
            }
        },
    )
}
