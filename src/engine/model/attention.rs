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
    /// Self-attention of `x` under `mask`; offers its probabilities to `trace` as `layer`. Both ways
    /// give the same numbers and drop the same places; only what is kept in memory differs.
    ///
    /// # Shapes
    /// `x [batch, tokens, width]`, `mask [batch, 1, 1 or tokens, tokens]`, result as `x`.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn forward(&self, x: &Tensor, mask: &Tensor, layer: usize, trace: &mut Trace, noise: &Noise) -> Result<Tensor> {
        let [q, k, v] = self.qkv.forward(x)?;
        let scale = 1.0 / ((x.dim(2)? / self.heads) as f64).sqrt();
        let drops = noise.next(self.dropout);
        let context = if trace.wants_attention(layer) {
            let probabilities = ops::attention_probabilities(&q, &k, mask, scale, self.heads)?;
            trace.attention(layer, &probabilities);
            let thinned = drops.map(|noise| ops::dropout(&probabilities, noise.p, noise.seed)).transpose()?;
            ops::attention_context(&thinned.unwrap_or(probabilities), &v)?
        } else {
            ops::attention(&q, &k, &v, mask, scale, self.heads, drops)?
        };
        self.output.forward(&context)
    }
}

impl Qkv {
    /// Queries, keys and values of `x [batch, tokens, width]`, each as `x`, the heads side by side.
    fn forward(&self, x: &Tensor) -> Result<[Tensor; 3]> {
        match self {
            Self::Separate(q, k, v) => Ok([q.forward(x)?, k.forward(x)?, v.forward(x)?]),
            Self::Fused(qkv) => {
                let (qkv, width) = (qkv.forward(x)?, x.dim(2)?);
                let part = |index: usize| qkv.narrow(2, index * width, width);
                Ok([part(0)?, part(1)?, part(2)?])
            }
        }
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
