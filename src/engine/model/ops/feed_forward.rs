//! A whole feed-forward block: two linear layers and what stands between them. As one operation it
//! keeps the inner values once instead of twice, and their gradients never wait in the graph.

use std::sync::OnceLock;

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::gelu::Activation;
use super::linear::{Orientation, Sizes};
use super::parameters::{Mail, receipt, tie};
use super::values::{are_fused, output, read, read2, slice, tensor};
use super::{composed, rows};

/// Gradients of the input, where it asks for one, and of the four parameters.
type Gradients = (Option<Vec<f32>>, [Vec<f32>; 4]);

/// One linear layer of a block.
#[derive(Clone, Copy)]
pub struct Dense<'a> {
    /// `[out, in]` or `[in, out]`.
    pub weight: &'a Tensor,
    /// `[out]`.
    pub bias: &'a Tensor,
    /// Which of the two.
    pub orientation: Orientation,
}

/// `down(activation(up(x)))`.
///
/// # Shapes
/// `x [.., width]`; `up` leads from `width` to the inner size, `down` back; result as `x`.
///
/// # Errors
/// If the shapes do not fit.
///
/// # Source
/// Vaswani et al. 2017, section 3.3, with the activation of the architecture.
pub fn feed_forward(x: &Tensor, up: Dense, down: Dense, activation: Activation) -> Result<Tensor> {
    let parameters = [up.weight, up.bias, down.weight, down.bias];
    if !are_fused(&[x]) || !are_fused(&parameters) {
        return composed::feed_forward(x, up, down, activation);
    }
    let parameters = parameters.map(Tensor::contiguous);
    let [up_weight, up_bias, down_weight, down_bias] = parameters;
    let parameters = [up_weight?, up_bias?, down_weight?, down_bias?];
    let (knot, mail) = tie(&parameters.each_ref())?;
    let block = FeedForward {
        up: Sizes::of(up.orientation, up.weight.dims())?,
        down: Sizes::of(down.orientation, down.weight.dims())?,
        wants_x: x.track_op(),
        wants: parameters.each_ref().map(|parameter| parameter.track_op()),
        parameters: parameters.map(|parameter| parameter.detach()),
        activation,
        mail,
        kept: OnceLock::new(),
    };
    x.contiguous()?.apply_op2(&knot, block)
}

struct FeedForward {
    up: Sizes,
    down: Sizes,
    activation: Activation,
    /// Weight and bias of `up`, weight and bias of `down`.
    parameters: [Tensor; 4],
    wants_x: bool,
    wants: [bool; 4],
    mail: Mail,
    /// What the activation was given, where a backward pass will follow.
    kept: OnceLock<Vec<f32>>,
}

impl FeedForward {
    fn forward(&self, x: &[f32]) -> Result<Vec<f32>> {
        let [up, up_bias, down, down_bias] = &self.parameters;
        // The bias is added on the way to the activation, not in a pass of its own.
        let mut inner = read(up, |weight| self.up.forward(x, weight, None))??;
        read(up_bias, |bias| {
            let (add, activate) =
                (|rows: &mut [f32]| rows::add_row(rows, bias), |rows: &mut [f32]| self.activation.forward(rows));
            if self.wants_x || self.wants.contains(&true) {
                let active = rows::derived(&mut inner, bias.len(), add, activate);
                // The forward pass runs once; a second value could only be the same.
                let _ = self.kept.set(std::mem::replace(&mut inner, active));
            } else {
                rows::change(&mut inner, bias.len(), |rows| {
                    add(rows);
                    activate(rows);
                });
            }
        })?;
        read2(down, down_bias, |weight, bias| self.down.forward(&inner, weight, Some(bias)))?
    }

    /// Gradient of `x`, where it is wanted, and of the parameters.
    fn backward(&self, x: &[f32], grad: &[f32]) -> Result<Gradients> {
        let Some(inner) = self.kept.get() else { bail!("a feed-forward block has nothing to go back through") };
        let [up, _, down, _] = &self.parameters;
        let mut inner_grad = read(down, |weight| self.down.input_gradient(weight, grad))??;
        let active = rows::changed_with(inner, &mut inner_grad, |values, grad| {
            self.activation.forward_and_pull_back(values, grad);
        });
        let down_grad = self.down.weight_gradient(&active, grad)?;
        drop(active);
        let up_grad = self.up.weight_gradient(x, &inner_grad)?;
        let biases = [self.up.bias_gradient(&inner_grad), self.down.bias_gradient(grad)];
        let x_grad = || read(up, |weight| self.up.input_gradient(weight, &inner_grad))?;
        let x_grad = self.wants_x.then(x_grad).transpose()?;
        let [up_bias, down_bias] = biases;
        Ok((x_grad, [up_grad, up_bias, down_grad, down_bias]))
    }
}

impl CustomOp2 for FeedForward {
    fn name(&self) -> &'static str {
        "feed-forward"
    }

    fn cpu_fwd(&self, x: &CpuStorage, xl: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        let bias = self.parameters[1].elem_count();
        if xl.dims().last() != Some(&self.up.width()) || self.up.out() != self.down.width() || bias != self.up.out() {
            bail!("a feed-forward block from {} does not fit its input {xl:?}", self.up.width());
        }
        Ok(output(self.forward(slice(x, xl)?)?, rows::with_last(xl.dims(), self.down.out())))
    }

    fn bwd(&self, x: &Tensor, knot: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (x_grad, grads) = read2(x, &grad.contiguous()?, |x, grad| self.backward(x, grad))??;
        let grads = grads.into_iter().zip(&self.parameters);
        let grads: Result<Vec<Tensor>> = grads.map(|(values, like)| tensor(values, like.dims())).collect();
        self.mail.send(grads?.into_iter().map(Some).collect());
        let x_grad = x_grad.map(|values| tensor(values, x.dims())).transpose()?;
        Ok((x_grad, if knot.track_op() { receipt()? } else { None }))
    }
}
