//! The attention of a post-norm layer whole: three projections, the heads, the projection back, and
//! the end of the sub-layer.

use std::sync::OnceLock;

use candle_core::{Result, Shape, Tensor, bail};

use super::arguments::{PostNorm, SelfAttention};
use super::composed;
use super::fused_attention::Attention;
use super::heads::Heads;
use super::linear::Sizes;
use super::post_norm::{InputGradient, Sublayer, apply};
use super::values::{are_fused, read, read2, tensor};

/// `norm(x + dropout(output(attention(query(x), key(x), value(x)))))`.
///
/// The same numbers as its parts one after the other.
///
/// # Shapes
/// `x [batch, tokens, width]`; result as `x`.
///
/// # Errors
/// If the shapes do not fit.
///
/// # Source
/// Vaswani et al. 2017, sections 3.1 and 3.2.
pub fn post_norm_attention(x: &Tensor, within: &SelfAttention, end: &PostNorm) -> Result<Tensor> {
    let layers = [within.query, within.key, within.value, within.output];
    let parameters = layers.iter().flat_map(|layer| [layer.weight, layer.bias]);
    let all: Vec<&Tensor> = parameters.clone().chain([x, within.mask, end.gamma, end.beta]).collect();
    if !are_fused(&all) {
        return composed::post_norm_attention(x, within, end);
    }
    let parameters = parameters.map(Tensor::contiguous).collect::<Result<Vec<_>>>()?;
    let sizes = layers.map(|layer| Sizes::of(layer.orientation, layer.weight.dims()));
    let [query, key, value, output] = sizes;
    let sizes = [query?, key?, value?, output?];
    let heads = heads(x, &sizes, within.heads)?;
    let graph = all.iter().any(|tensor| tensor.track_op());
    let block = Block {
        sizes,
        parameters: parameters.iter().map(Tensor::detach).collect(),
        attention: Attention::new(&within.mask.detach(), within.scale, within.dropout, heads, graph)?,
        graph,
        kept: OnceLock::new(),
    };
    apply(x, block, &parameters, end)
}

/// The sizes of the heads, where everything fits.
fn heads(x: &Tensor, [query, key, value, output]: &[Sizes; 4], heads: usize) -> Result<Heads> {
    let (batch, tokens, width) = x.dims3()?;
    let from = [query, key, value].iter().all(|sizes| sizes.width() == width);
    if !from || key.out() != value.out() || output.width() != query.out() || output.out() != width {
        bail!("the projections of an attention do not fit each other and rows of {width}");
    }
    Heads::of(&Shape::from((batch, tokens, query.out())), &Shape::from((batch, tokens, key.out())), heads)
}

struct Block {
    /// Query, key, value, output.
    sizes: [Sizes; 4],
    /// Weight and bias of each.
    parameters: Vec<Tensor>,
    attention: Attention,
    graph: bool,
    kept: OnceLock<Kept>,
}

/// What the way back needs.
struct Kept {
    /// Queries, keys, values.
    projected: [Vec<f32>; 3],
    /// What the heads pass on.
    context: Vec<f32>,
}

impl Block {
    fn project(&self, layer: usize, x: &[f32]) -> Result<Vec<f32>> {
        let (weight, bias) = (&self.parameters[2 * layer], &self.parameters[2 * layer + 1]);
        read2(weight, bias, |weight, bias| self.sizes[layer].forward(x, weight, Some(bias)))?
    }

    /// Gradients of a layer's weight and bias, where anybody `wants` them; adds that of its input to `x_grad`.
    fn backward(
        &self,
        layer: usize,
        (x, grad): (&[f32], &[f32]),
        x_grad: InputGradient,
        wants: bool,
    ) -> Result<Vec<Tensor>> {
        let (sizes, weight, bias) = (self.sizes[layer], &self.parameters[2 * layer], &self.parameters[2 * layer + 1]);
        if let Some(x_grad) = x_grad {
            read(weight, |weight| sizes.add_input_gradient(weight, grad, x_grad))??;
        }
        if !wants {
            return Ok(Vec::new());
        }
        let (weight_grad, bias_grad) = (sizes.weight_gradient(x, grad)?, sizes.bias_gradient(grad));
        Ok(vec![tensor(weight_grad, weight.dims())?, tensor(bias_grad, bias.dims())?])
    }
}

impl Sublayer for Block {
    fn forward(&self, x: &[f32], _: &Shape) -> Result<Vec<f32>> {
        let projected = [self.project(0, x)?, self.project(1, x)?, self.project(2, x)?];
        let context = self.attention.whole(projected.each_ref().map(Vec::as_slice))?;
        let said = self.project(3, &context)?;
        if self.graph {
            // The forward pass runs once; a second value could only be the same.
            let _ = self.kept.set(Kept { projected, context });
        }
        Ok(said)
    }

    fn backward(
        &self,
        x: &[f32],
        _: &Shape,
        grad: &[f32],
        mut x_grad: InputGradient,
        wants: bool,
    ) -> Result<Vec<Tensor>> {
        let Some(Kept { projected, context }) = self.kept.get() else {
            bail!("an attention has nothing to go back through")
        };
        let mut context_grad = None;
        let output = self.backward(3, (context, grad), Some(&mut context_grad), wants)?;
        let context_grad = context_grad.unwrap_or_default();
        let grads = self.attention.backward(projected.each_ref().map(Vec::as_slice), &context_grad)?;
        let mut parameters = Vec::with_capacity(self.parameters.len());
        for (layer, grad) in grads.iter().enumerate() {
            parameters.extend(self.backward(layer, (x, grad), x_grad.as_deref_mut(), wants)?);
        }
        parameters.extend(output);
        Ok(parameters)
    }
}
