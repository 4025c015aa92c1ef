//! A post-norm sub-layer whole: what it says is thinned, added to its input and normalised.
//!
//! *Why one operation (2026-11).* Candle adds every gradient of an activation to a tensor of zeros
//! that it makes first, on one thread. A layer of BERT in small operations has twelve such gradients,
//! and they were what kept a step from using the second core; in two whole sub-layers it has two.

use std::sync::OnceLock;

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::arguments::PostNorm;
use super::dropout_mask::{self, DropoutMask};
use super::layer_norm::LayerNorm;
use super::parameters::{GradientSlot, no_gradient, register};
use super::rows;
use super::simd::widest;
use super::values::{output, read, read2, slice, tensor};

/// Where the gradient of an input is added up; `None` where nobody wants it.
pub type InputGradient<'a> = Option<&'a mut Option<Vec<f32>>>;

/// The inside of a sub-layer: from rows of the width to rows of the width.
pub trait Sublayer: Send + Sync {
    /// What it says to `x [batch, tokens, width]`.
    fn forward(&self, x: &[f32], shape: &Shape) -> Result<Vec<f32>>;

    /// Adds the gradient of `x` to `x_grad` and hands back those of the parameters, in their order; none where nobody
    /// `wants` them, because all of them are frozen.
    fn backward(
        &self,
        x: &[f32],
        shape: &Shape,
        grad: &[f32],
        x_grad: InputGradient,
        wants: bool,
    ) -> Result<Vec<Tensor>>;
}

/// `norm(x + dropout(sublayer(x)))`, where the sub-layer has these parameters.
///
/// # Errors
/// If the shapes do not fit.
pub fn apply<S: Sublayer + 'static>(x: &Tensor, sublayer: S, parameters: &[Tensor], end: &PostNorm) -> Result<Tensor> {
    let (gamma, beta) = (end.gamma.contiguous()?, end.beta.contiguous()?);
    if x.dims().last() != Some(&gamma.elem_count()) || gamma.dims() != beta.dims() {
        bail!("a norm of {} does not fit the rows of {:?}", gamma.elem_count(), x.shape());
    }
    if let Some(noise) = end.dropout {
        dropout_mask::check(noise.p)?;
    }
    let tied: Vec<&Tensor> = parameters.iter().chain([&gamma, &beta]).collect();
    let wants_parameters = tied.iter().any(|parameter| parameter.track_op());
    let graph = x.track_op() || wants_parameters;
    let (knot, mail) = register(&tied)?;
    let whole = Whole {
        sublayer,
        norm: LayerNorm::new(end.eps),
        gamma: gamma.detach(),
        beta: beta.detach(),
        dropout: end.dropout.filter(|noise| noise.p > 0.0),
        graph,
        wants_x: x.track_op(),
        wants_parameters,
        mail,
        sum: OnceLock::new(),
    };
    x.contiguous()?.apply_op2(&knot, whole)
}

struct Whole<S> {
    sublayer: S,
    norm: LayerNorm,
    gamma: Tensor,
    beta: Tensor,
    dropout: Option<DropoutMask>,
    /// Whether there will be a backward pass.
    graph: bool,
    wants_x: bool,
    wants_parameters: bool,
    mail: GradientSlot,
    /// What the norm was given.
    sum: OnceLock<Vec<f32>>,
}

impl<S: Sublayer> Whole<S> {
    fn forward(&self, x: &[f32], shape: &Shape) -> Result<Vec<f32>> {
        let mut sum = self.sublayer.forward(x, shape)?;
        read2(&self.gamma, &self.beta, |gamma, beta| {
            let add = |start: usize, rows: &mut [f32]| self.add(&x[start..start + rows.len()], start, rows);
            let normalise = |rows: &mut [f32]| {
                widest(
                    #[inline(always)]
                    || self.norm.normalise_rows(rows, gamma, beta),
                );
            };
            if self.graph {
                let y = rows::derived(&mut sum, gamma.len(), add, normalise);
                // The forward pass runs once; a second value could only be the same.
                let _ = self.sum.set(sum);
                return y;
            }
            rows::change(&mut sum, gamma.len(), |start, rows| {
                add(start, rows);
                normalise(rows);
            });
            sum
        })
    }

    /// Turns a stretch of what the sub-layer said into the sum.
    fn add(&self, x: &[f32], start: usize, rows: &mut [f32]) {
        self.apply_dropout(start, rows);
        widest(
            #[inline(always)]
            || rows.iter_mut().zip(x).for_each(|(said, x)| *said += x),
        );
    }

    fn apply_dropout(&self, start: usize, values: &mut [f32]) {
        if let Some(noise) = self.dropout {
            noise.apply_dropout(start, values);
        }
    }

    /// Gradient of `x` and those of all parameters, where they are wanted.
    fn backward(&self, x: &[f32], shape: &Shape, grad: &[f32]) -> Result<(Option<Vec<f32>>, Vec<Tensor>)> {
        let Some(sum) = self.sum.get() else { bail!("a sub-layer has nothing to go back through") };
        let width = self.gamma.elem_count();
        let sum_grad = read(&self.gamma, |gamma| self.norm.input_gradient(sum, grad, gamma))?;
        let said_grad = rows::changed(&sum_grad, 1, |start, values| self.apply_dropout(start, values));
        let mut x_grad = self.wants_x.then_some(sum_grad);
        let wanted = self.wants_x.then_some(&mut x_grad);
        let mut grads = self.sublayer.backward(x, shape, &said_grad, wanted, self.wants_parameters)?;
        if self.wants_parameters {
            let (gamma_grad, beta_grad) = self.norm.parameter_gradients(sum, grad, width);
            grads.extend([tensor(gamma_grad, width)?, tensor(beta_grad, width)?]);
        }
        Ok((x_grad, grads))
    }
}

impl<S: Sublayer> CustomOp2 for Whole<S> {
    fn name(&self) -> &'static str {
        "post-norm-sublayer"
    }

    fn cpu_fwd(&self, x: &CpuStorage, xl: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok(output(self.forward(slice(x, xl)?, xl.shape())?, xl.shape()))
    }

    fn bwd(&self, x: &Tensor, knot: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (x_grad, grads) = read2(x, &grad.contiguous()?, |values, grad| self.backward(values, x.shape(), grad))??;
        self.mail.send(grads.into_iter().map(Some).collect());
        let x_grad = x_grad.map(|values| tensor(values, x.dims())).transpose()?;
        Ok((x_grad, if knot.track_op() { no_gradient()? } else { None }))
    }
}
