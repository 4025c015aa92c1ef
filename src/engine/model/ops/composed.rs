//! Every operation of this room once more, put together from candle's own differentiable calls.
//!
//! It serves the devices and types that the fused kernels do not, and it is what the kernels are
//! tested against. Nothing here is fast.

use candle_core::{D, Result, Tensor};
use rayon::prelude::*;

use super::arguments::{Activation, Dense, LOWEST, Orientation, PostNorm, SelfAttention};
use super::dropout_mask::{self, DropoutMask};
use super::rows;

/// Whether nothing is recorded. Then one of candle's calls does for five: those that cut the gradient, and
/// the GELUs, whose own gradients are written with six digits. A card spends most of a teacher's pass on
/// such small operations.
fn has_no_graph(tensors: &[&Tensor]) -> bool {
    tensors.iter().all(|tensor| !tensor.track_op())
}

/// `x · weightᵀ + bias`.
///
/// # Shapes
/// `x [.., in]`, `weight [out, in]`, `bias [out]`; result `[.., out]`.
///
/// # Errors
/// If the shapes do not fit.
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    linear_transposed(x, &weight.t()?, bias)
}

/// `x · weight + bias`, the layout of GPT-2's `Conv1D`.
///
/// # Shapes
/// `x [.., in]`, `weight [in, out]`, `bias [out]`; result `[.., out]`.
///
/// # Errors
/// If the shapes do not fit.
pub fn linear_transposed(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let (width, out) = weight.dims2()?;
    let y = x.reshape(((), width))?.matmul(weight)?;
    let y = match bias {
        Some(bias) => y.broadcast_add(bias)?,
        None => y,
    };
    y.reshape(rows::with_last(x.dims(), out))
}

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
    if has_no_graph(&[x, gamma, beta]) {
        #[allow(clippy::disallowed_methods, reason = "there is no graph to cut")]
        return candle_nn::ops::layer_norm(&x.contiguous()?, &gamma.contiguous()?, &beta.contiguous()?, eps as f32);
    }
    let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let deviation = (centred.sqr()?.mean_keepdim(D::Minus1)? + eps)?.sqrt()?;
    centred.broadcast_div(&deviation)?.broadcast_mul(gamma)?.broadcast_add(beta)
}

/// Layer normalisation of a sum.
///
/// # Shapes
/// As in [`layer_norm`], `y` as `x`.
///
/// # Errors
/// If the shapes do not fit.
pub fn add_layer_norm(x: &Tensor, y: &Tensor, gamma: &Tensor, beta: &Tensor, eps: f64) -> Result<Tensor> {
    layer_norm(&(x + y)?, gamma, beta, eps)
}

/// A feed-forward block from its three parts.
///
/// # Shapes
/// `x [.., width]`; result as `x`.
///
/// # Errors
/// If the shapes do not fit.
pub fn feed_forward(x: &Tensor, up: Dense, down: Dense, activation: Activation) -> Result<Tensor> {
    let inner = dense(x, up)?;
    let inner = match activation {
        Activation::Gelu => gelu(&inner)?,
        Activation::GeluTanh => gelu_tanh(&inner)?,
    };
    dense(&inner, down)
}

/// The feed-forward half of a post-norm layer from its parts.
///
/// # Shapes
/// As in [`feed_forward`].
///
/// # Errors
/// If the shapes do not fit.
pub fn post_norm_feed_forward(
    x: &Tensor,
    up: Dense,
    down: Dense,
    activation: Activation,
    end: &PostNorm,
) -> Result<Tensor> {
    post_norm(x, &feed_forward(x, up, down, activation)?, end)
}

/// The attention half of a post-norm layer from its parts.
///
/// # Shapes
/// As in [`super::post_norm_attention()`].
///
/// # Errors
/// If the shapes do not fit.
pub fn post_norm_attention(x: &Tensor, within: &SelfAttention, end: &PostNorm) -> Result<Tensor> {
    let [q, k, v] = [within.query, within.key, within.value].map(|layer| dense(x, layer));
    let context = attention(&q?, &k?, &v?, within.mask, within.scale, within.heads, within.dropout)?;
    post_norm(x, &dense(&context, within.output)?, end)
}

/// `norm(x + dropout(said))`.
fn post_norm(x: &Tensor, said: &Tensor, end: &PostNorm) -> Result<Tensor> {
    let thinned = end.dropout.map(|noise| dropout(said, noise.p, noise.seed)).transpose()?;
    add_layer_norm(x, thinned.as_ref().unwrap_or(said), end.gamma, end.beta, end.eps)
}

fn dense(x: &Tensor, layer: Dense) -> Result<Tensor> {
    match layer.orientation {
        Orientation::OutIn => linear(x, layer.weight, Some(layer.bias)),
        Orientation::InOut => linear_transposed(x, layer.weight, Some(layer.bias)),
    }
}

/// `softmax(scale · scores + mask)` over the last dimension.
///
/// # Shapes
/// `scores [batch, heads, query, key]`, `mask` broadcastable to it; result as `scores`.
///
/// # Errors
/// If the shapes do not fit.
pub fn masked_softmax(scores: &Tensor, mask: &Tensor, scale: f64) -> Result<Tensor> {
    let logits = (scores * scale)?.broadcast_add(&mask.maximum(f64::from(LOWEST))?)?;
    if has_no_graph(&[&logits]) {
        #[allow(clippy::disallowed_methods, reason = "there is no graph to cut")]
        return candle_nn::ops::softmax_last_dim(&logits.contiguous()?);
    }
    candle_nn::ops::softmax(&logits, D::Minus1)
}

/// Attention probabilities: `softmax(scale · q · kᵀ + mask)` in every head.
///
/// # Shapes
/// `q [batch, query, heads · wide]`, `k [batch, key, kv_heads · wide]`, `mask` broadcastable to the
/// result `[batch, heads, query, key]`.
///
/// # Errors
/// If the shapes do not fit.
pub fn attention_probabilities(q: &Tensor, k: &Tensor, mask: &Tensor, scale: f64, heads: usize) -> Result<Tensor> {
    let wide = (q.dim(2)? / heads.max(1)).max(1);
    let (q, k) = (split_heads(q, heads)?, shared_heads(k, k.dim(2)? / wide, heads)?);
    masked_softmax(&q.matmul(&k.t()?)?, mask, scale)
}

/// What attention passes on: `probabilities · v` in every head, the heads side by side again.
///
/// # Shapes
/// `probabilities [batch, heads, query, key]`, `v [batch, key, kv_heads · wide]`; result
/// `[batch, query, heads · wide]`.
///
/// # Errors
/// If the shapes do not fit.
pub fn attention_context(probabilities: &Tensor, v: &Tensor, kv_heads: usize) -> Result<Tensor> {
    let (_, heads, _, _) = probabilities.dims4()?;
    probabilities
        .contiguous()?
        .matmul(&shared_heads(v, kv_heads, heads)?)?
        .transpose(1, 2)?
        .contiguous()?
        .flatten_from(2)
}

/// Attention whole: probabilities, dropout, context.
///
/// # Shapes
/// As in [`attention_probabilities`] and [`attention_context`].
///
/// # Errors
/// If the shapes do not fit.
pub fn attention(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    mask: &Tensor,
    scale: f64,
    heads: usize,
    noise: Option<DropoutMask>,
) -> Result<Tensor> {
    let p = attention_probabilities(q, k, mask, scale, heads)?;
    let p = match noise {
        Some(noise) => dropout(&p, noise.p, noise.seed)?,
        None => p,
    };
    let wide = (q.dim(2)? / heads.max(1)).max(1);
    attention_context(&p, v, v.dim(2)? / wide)
}

/// `[batch, tokens, width]` as `[batch, heads, tokens, width / heads]`.
fn split_heads(x: &Tensor, heads: usize) -> Result<Tensor> {
    let (batch, tokens, width) = x.dims3()?;
    x.reshape((batch, tokens, heads, width / heads.max(1)))?.transpose(1, 2)?.contiguous()
}

/// `[batch, tokens, kv_heads · wide]` as `[batch, heads, tokens, wide]`, each head as often as it is
/// asked.
fn shared_heads(x: &Tensor, kv_heads: usize, heads: usize) -> Result<Tensor> {
    let x = split_heads(x, kv_heads)?;
    let (batch, _, tokens, wide) = x.dims4()?;
    let times = heads / kv_heads.max(1);
    x.unsqueeze(2)?.broadcast_as((batch, kv_heads, times, tokens, wide))?.reshape((batch, heads, tokens, wide))
}

/// Root-mean-square normalisation over the last dimension.
///
/// # Shapes
/// `x [.., width]`, `gamma [width]`; result as `x`.
///
/// # Errors
/// If the shapes do not fit.
///
/// # Source
/// Zhang, Sennrich 2019, equation 4.
pub fn rms_norm(x: &Tensor, gamma: &Tensor, eps: f64) -> Result<Tensor> {
    if has_no_graph(&[x, gamma]) {
        #[allow(clippy::disallowed_methods, reason = "there is no graph to cut")]
        return candle_nn::ops::rms_norm(&x.contiguous()?, &gamma.contiguous()?, eps as f32);
    }
    let size = (x.sqr()?.mean_keepdim(D::Minus1)? + eps)?.sqrt()?;
    x.broadcast_div(&size)?.broadcast_mul(gamma)
}

/// Rotary positions: pairs of numbers turned by an angle that grows with the position.
///
/// # Shapes
/// `x [batch, tokens, heads · wide]`, `cos`, `sin [batch, tokens, wide / 2]`; result as `x`.
///
/// # Errors
/// If the shapes do not fit.
///
/// # Source
/// Su et al. 2021, equation 34, in the order of transformers' `rotate_half`.
pub fn rotary(x: &Tensor, cos: &Tensor, sin: &Tensor, heads: usize) -> Result<Tensor> {
    let (batch, tokens, width) = x.dims3()?;
    let half = width / heads.max(1) / 2;
    let x = x.reshape((batch, tokens, heads, 2, half))?;
    let (a, b) = (x.narrow(3, 0, 1)?, x.narrow(3, 1, 1)?);
    let turn = |angles: &Tensor| angles.detach().reshape((batch, tokens, 1, 1, half));
    let (cos, sin) = (turn(cos)?, turn(sin)?);
    let first = (a.broadcast_mul(&cos)? - b.broadcast_mul(&sin)?)?;
    let second = (b.broadcast_mul(&cos)? + a.broadcast_mul(&sin)?)?;
    Tensor::cat(&[first, second], 3)?.reshape((batch, tokens, width))
}

/// GELU by the error function: `x · Φ(x)`.
///
/// # Errors
/// If `x` is not of a float type.
///
/// # Source
/// Hendrycks, Gimpel 2016, section 2.
pub fn gelu(x: &Tensor) -> Result<Tensor> {
    if has_no_graph(&[x]) {
        return x.gelu_erf();
    }
    (x * 0.5)? * ((x * std::f64::consts::FRAC_1_SQRT_2)?.erf()? + 1.0)?
}

/// GELU by the hyperbolic tangent, as in GPT-2.
///
/// # Errors
/// If `x` is not of a float type.
///
/// # Source
/// Hendrycks, Gimpel 2016, the approximation in section 2.
pub fn gelu_tanh(x: &Tensor) -> Result<Tensor> {
    if has_no_graph(&[x]) {
        return x.gelu();
    }
    let cubic = (x * ((x.sqr()? * 0.044715)? + 1.0)?)?;
    (x * 0.5)? * ((cubic * (2.0 / std::f64::consts::PI).sqrt())?.tanh()? + 1.0)?
}

/// Rows of a table.
///
/// # Shapes
/// `table [rows, width]`, `ids` u32 of any shape; result `[ids.., width]`.
///
/// # Errors
/// If an id is not a row of the table.
pub fn embedding(table: &Tensor, ids: &Tensor) -> Result<Tensor> {
    let (_, width) = table.dims2()?;
    let mut dims = ids.dims().to_vec();
    dims.push(width);
    table.index_select(&ids.flatten_all()?, 0)?.reshape(dims)
}

/// Inverted dropout: each element is 0 with probability `p`, else divided by `1 − p`.
///
/// # Errors
/// If `p` is outside [0, 1).
pub fn dropout(x: &Tensor, p: f32, seed: u64) -> Result<Tensor> {
    dropout_mask::check(p)?;
    let mut kept = vec![0u8; x.elem_count()];
    kept.par_chunks_mut(dropout_mask::BLOCK).enumerate().for_each(|(index, kept)| {
        let block = dropout_mask::Block::of(seed, index * dropout_mask::BLOCK, p);
        kept.iter_mut().enumerate().for_each(|(offset, kept)| *kept = u8::from(block.factor(offset) > 0.0));
    });
    // One byte an element on the way to the card; what is kept is multiplied by the number the kernels use.
    let kept = Tensor::from_vec(kept, x.dims(), x.device())?.to_dtype(x.dtype())?;
    x * (kept * f64::from(1.0 / (1.0 - p)))?
}

/// Logarithm of the softmax over the last dimension.
///
/// # Errors
/// If `x` has no dimension.
pub fn log_softmax(x: &Tensor) -> Result<Tensor> {
    candle_nn::ops::log_softmax(x, D::Minus1)
}
