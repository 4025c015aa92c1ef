//! A whole feed-forward block: two linear layers and what stands between them. As one operation it
//! keeps the inner values once instead of twice, and their gradients never wait in the graph.

use std::sync::OnceLock;

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::arguments::{Activation, Dense, PostNorm};
use super::linear::Sizes;
use super::parameters::{GradientSlot, no_gradient, register};
use super::post_norm::{InputGradient, Sublayer, apply};
use super::values::{are_fused, output, read, read2, slice, tensor};
use super::{composed, rows};

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
    let layers = [up.weight, up.bias, down.weight, down.bias];
    if !are_fused(&[x]) || !are_fused(&layers) {
        return composed::feed_forward(x, up, down, activation);
    }
    let (block, parameters) = FeedForward::new(x, up, down, activation, false)?;
    let tied: Vec<&Tensor> = parameters.iter().collect();
    let (knot, mail) = register(&tied)?;
    let wants = tied.iter().any(|parameter| parameter.track_op());
    x.contiguous()?.apply_op2(&knot, Alone { block, wants, mail })
}

/// `norm(x + dropout(down(activation(up(x)))))`: the feed-forward half of a post-norm layer.
///
/// The same numbers as its parts one after the other.
///
/// # Shapes
/// As in [`feed_forward`].
///
/// # Errors
/// If the shapes do not fit.
///
/// # Source
/// Vaswani et al. 2017, sections 3.1 and 3.3.
pub fn post_norm_feed_forward(
    x: &Tensor,
    up: Dense,
    down: Dense,
    activation: Activation,
    end: &PostNorm,
) -> Result<Tensor> {
    let all = [x, up.weight, up.bias, down.weight, down.bias, end.gamma, end.beta];
    if !are_fused(&all) {
        return composed::post_norm_feed_forward(x, up, down, activation, end);
    }
    let normed = end.gamma.track_op() || end.beta.track_op();
    let (block, parameters) = FeedForward::new(x, up, down, activation, normed)?;
    apply(x, block, &parameters, end)
}

struct FeedForward {
    up: Sizes,
    down: Sizes,
    activation: Activation,
    /// Weight and bias of `up`, weight and bias of `down`.
    parameters: [Tensor; 4],
    /// Whether there will be a backward pass.
    graph: bool,
    /// What the activation was given, where a backward pass will follow.
    kept: OnceLock<Vec<f32>>,
}

impl FeedForward {
    /// The block, and its parameters as they are to be tied; `graph`: whether anything behind it
    /// asks for a backward pass.
    fn new(x: &Tensor, up: Dense, down: Dense, activation: Activation, graph: bool) -> Result<(Self, [Tensor; 4])> {
        let [up_weight, up_bias, down_weight, down_bias] =
            [up.weight, up.bias, down.weight, down.bias].map(Tensor::contiguous);
        let parameters = [up_weight?, up_bias?, down_weight?, down_bias?];
        let block = Self {
            up: Sizes::of(up.orientation, up.weight.dims())?,
            down: Sizes::of(down.orientation, down.weight.dims())?,
            activation,
            graph: graph || x.track_op() || parameters.iter().any(|parameter| parameter.track_op()),
            parameters: parameters.each_ref().map(Tensor::detach),
            kept: OnceLock::new(),
        };
        let fits = block.up.out() == block.down.width() && up.bias.elem_count() == block.up.out();
        if x.dims().last() != Some(&block.up.width()) || !fits {
            bail!("a feed-forward block from {} does not fit its input {:?}", block.up.width(), x.shape());
        }
        Ok((block, parameters))
    }
}

impl Sublayer for FeedForward {
    fn forward(&self, x: &[f32], _: &Shape) -> Result<Vec<f32>> {
        let [up, up_bias, down, down_bias] = &self.parameters;
        // The bias is added on the way to the activation, not in a pass of its own.
        let mut inner = read(up, |weight| self.up.forward(x, weight, None))??;
        read(up_bias, |bias| {
            let add = |_: usize, rows: &mut [f32]| rows::add_row(rows, bias);
            let activate = |rows: &mut [f32]| self.activation.forward(rows);
            if self.graph {
                let active = rows::derived(&mut inner, bias.len(), add, activate);
                // The forward pass runs once; a second value could only be the same.
                let _ = self.kept.set(std::mem::replace(&mut inner, active));
            } else {
                rows::change(&mut inner, bias.len(), |start, rows| {
                    add(start, rows);
                    activate(rows);
                });
            }
        })?;
        read2(down, down_bias, |weight, bias| self.down.forward(&inner, weight, Some(bias)))?
    }

    fn backward(&self, x: &[f32], _: &Shape, grad: &[f32], x_grad: InputGradient, wants: bool) -> Result<Vec<Tensor>> {
        let Some(inner) = self.kept.get() else { bail!("a feed-forward block has nothing to go back through") };
        let [up, _, down, _] = &self.parameters;
        let mut inner_grad = read(down, |weight| self.down.input_gradient(weight, grad))??;
        let active = rows::changed_with(inner, &mut inner_grad, |values, grad| {
            self.activation.forward_and_pull_back(values, grad);
        });
        let down_grad = if wants { Some(self.down.weight_gradient(&active, grad)?) } else { None };
        drop(active);
        if let Some(x_grad) = x_grad {
            read(up, |weight| self.up.add_input_gradient(weight, &inner_grad, x_grad))??;
        }
        let Some(down_grad) = down_grad else { return Ok(Vec::new()) };
        let up_grad = self.up.weight_gradient(x, &inner_grad)?;
        let [up_bias, down_bias] = [self.up.bias_gradient(&inner_grad), self.down.bias_gradient(grad)];
        let grads = [up_grad, up_bias, down_grad, down_bias].into_iter().zip(&self.parameters);
        grads.map(|(values, like)| tensor(values, like.dims())).collect()
    }
}

/// The block without the end of a sub-layer.
struct Alone {
    block: FeedForward,
    /// Whether any of its parameters wants a gradient.
    wants: bool,
    mail: GradientSlot,
}

impl CustomOp2 for Alone {
    fn name(&self) -> &'static str {
        "feed-forward"
    }

    fn cpu_fwd(&self, x: &CpuStorage, xl: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        let y = self.block.forward(slice(x, xl)?, xl.shape())?;
        Ok(output(y, rows::with_last(xl.dims(), self.block.down.out())))
    }

    fn bwd(&self, x: &Tensor, knot: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let mut x_grad = None;
        let wanted = x.track_op().then_some(&mut x_grad);
        let back = |values: &[f32], grad: &[f32]| self.block.backward(values, x.shape(), grad, wanted, self.wants);
        let grads = read2(x, &grad.contiguous()?, back)??;
        self.mail.send(grads.into_iter().map(Some).collect());
        let x_grad = x_grad.map(|values| tensor(values, x.dims())).transpose()?;
        Ok((x_grad, if knot.track_op() { no_gradient()? } else { None }))
    }
}
