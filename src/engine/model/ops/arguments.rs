//! What operations take beside tensors: plain data, known to the fused operations and to their composed
//! counterparts alike.

use candle_core::Tensor;

use super::dropout_mask::DropoutMask;

/// Masks are raised to this: a row masked whole with −∞ becomes even instead of NaN.
pub const LOWEST: f32 = -1e30;

/// How a weight lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orientation {
    /// `[out, in]`, as in most checkpoints.
    OutIn,
    /// `[in, out]`, as GPT-2's `Conv1D`.
    InOut,
}

/// What stands between the two layers of a feed-forward block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// [`super::gelu()`].
    Gelu,
    /// [`super::gelu_tanh()`].
    GeluTanh,
}

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

/// The end of a post-norm sub-layer.
#[derive(Clone, Copy)]
pub struct PostNorm<'a> {
    /// `[width]`.
    pub gamma: &'a Tensor,
    /// `[width]`.
    pub beta: &'a Tensor,
    /// Added to the variance.
    pub eps: f64,
    /// Dropout on what the sub-layer says.
    pub dropout: Option<DropoutMask>,
}

/// Attention of a text to itself.
#[derive(Clone, Copy)]
pub struct SelfAttention<'a> {
    /// From `width` to `heads · wide`.
    pub query: Dense<'a>,
    /// From `width` to `kv_heads · wide`.
    pub key: Dense<'a>,
    /// As `key`.
    pub value: Dense<'a>,
    /// Back to `width`.
    pub output: Dense<'a>,
    /// Broadcastable to `[batch, heads, tokens, tokens]`; gets no gradient.
    pub mask: &'a Tensor,
    /// What scores are multiplied by.
    pub scale: f64,
    /// Heads that ask.
    pub heads: usize,
    /// Dropout on the probabilities.
    pub dropout: Option<DropoutMask>,
}
