//! Multi-head attention with the probabilities in reach, and its masks.

use candle_core::{Device, Result, Tensor};

use super::layers::{Linear, Noise};
use super::{Trace, ops};

/// Added to a score where a query may not look. Finite: a row masked whole with −∞ would be NaN.
pub const MASKED: f32 = -1e9;

/// How queries, keys and values are computed.
pub enum Qkv {
    /// Three linears (BERT).
    Separate(Linear, Linear, Linear),
    /// One linear of three times the width (GPT-2).
    Fused(Linear),
}

/// Multi-head self-attention (Vaswani et al. 2017, arXiv 1706.03762, §3.2).
pub struct Attention {
    /// Queries, keys, values.
    pub qkv: Qkv,
    /// Behind the heads.
    pub output: Linear,
    /// Number of heads.
    pub heads: usize,
    /// Dropout on the probabilities, in [0, 1).
    pub dropout: f64,
}

impl Attention {
    /// Self-attention of `x` under `mask`; offers its probabilities to `trace` as `layer`.
    ///
    /// # Shapes
    /// `x [batch, tokens, width]`, `mask [batch, 1, 1 or tokens, tokens]`, result as `x`.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn forward(&self, x: &Tensor, mask: &Tensor, layer: usize, trace: &mut Trace, noise: &Noise) -> Result<Tensor> {
        let (batch, tokens, width) = x.dims3()?;
        let head = width / self.heads;
        let split = |t: Tensor| t.reshape((batch, tokens, self.heads, head))?.transpose(1, 2)?.contiguous();
        let (q, k, v) = match &self.qkv {
            Qkv::Separate(q, k, v) => (q.forward(x)?, k.forward(x)?, v.forward(x)?),
            Qkv::Fused(qkv) => {
                let qkv = qkv.forward(x)?;
                (qkv.narrow(2, 0, width)?, qkv.narrow(2, width, width)?, qkv.narrow(2, 2 * width, width)?)
            }
        };
        let (q, k, v) = (split(q)?, split(k)?, split(v)?);
        let scores = q.matmul(&k.t()?)?;
        let probabilities = ops::masked_softmax(&scores, mask, 1.0 / (head as f64).sqrt())?;
        trace.attention(layer, &probabilities);
        let context = noise.dropout(&probabilities, self.dropout)?.matmul(&v)?;
        self.output.forward(&context.transpose(1, 2)?.reshape((batch, tokens, width))?)
    }
}

/// The mask of right-padded rows that see both ways, `[batch, 1, 1, tokens]`.
///
/// # Errors
/// The tensor library's.
pub fn padding_mask(lengths: &[usize], tokens: usize, device: &Device) -> Result<Tensor> {
    let row = |&length: &usize| (0..tokens).map(move |key| if key < length { 0.0 } else { MASKED });
    let mask: Vec<f32> = lengths.iter().flat_map(row).collect();
    Tensor::from_vec(mask, (lengths.len(), 1, 1, tokens), device)
}

/// The mask of right-padded rows that see backwards only, `[batch, 1, tokens, tokens]`.
///
/// # Errors
/// The tensor library's.
pub fn causal_mask(lengths: &[usize], tokens: usize, device: &Device) -> Result<Tensor> {
    let cell = |query: usize, key: usize, length: usize| if key <= query && key < length { 0.0 } else { MASKED };
    let rows = lengths.iter().flat_map(|&length| (0..tokens).map(move |query| (query, length)));
    let mask: Vec<f32> =
        rows.flat_map(|(query, length)| (0..tokens).map(move |key| cell(query, key, length))).collect();
    Tensor::from_vec(mask, (lengths.len(), 1, tokens, tokens), device)
}
