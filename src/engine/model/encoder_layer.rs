//! The post-norm layer that BERT, RoBERTa and DistilBERT share; they differ in the names of its
//! tensors and in where it drops.
//!
//! *Why a leaf of its own (2026-11).* Three files spelled the same layer out, and the whole-block
//! operations that make it fast would have had to be called three times. What makes the three
//! architectures different, embeddings and heads, stays with them.

use candle_core::{Result, Tensor};

use super::attention::{Attention, AttentionMask, Qkv};
use super::feed_forward::{Activation, FeedForward};
use super::layers::{DropoutRng, Linear, Norm};
use super::tensor_layout::LayerNames;
use super::{ModelError, Names, Trace};
use crate::session::say;

/// `x = norm(x + dropout(attention(x)))`, then the same with the feed-forward network (Vaswani et
/// al. 2017, arXiv 1706.03762, §3.1).
pub struct EncoderLayer {
    attention: Attention,
    attention_norm: Norm,
    /// Dropout behind the attention, in [0, 1).
    attention_dropout: f64,
    feed_forward: FeedForward,
    output_norm: Norm,
    /// Dropout behind the feed-forward network, in [0, 1).
    output_dropout: f64,
}

/// What a configuration says of its layers.
pub struct Recipe<'a> {
    /// Numbers of one token.
    pub width: usize,
    /// Numbers between the two layers of the feed-forward network.
    pub inner: usize,
    /// Heads; they divide the width.
    pub heads: usize,
    /// What the norms add to the variance.
    pub eps: f64,
    /// Standard deviation of fresh weights.
    pub spread: f64,
    /// Name of the activation.
    pub activation: &'a str,
    /// Dropout on the attention probabilities, behind the attention, behind the feed-forward network.
    pub dropout: [f64; 3],
    /// Where the tensors are.
    pub names: &'a LayerNames,
}

impl EncoderLayer {
    /// Builds one layer over named weights.
    ///
    /// # Errors
    /// [`ModelError`] for a configuration or checkpoint that does not fit.
    pub fn new(recipe: &Recipe, names: &Names) -> std::result::Result<Self, ModelError> {
        let Recipe { width, inner, heads, eps, spread, dropout, .. } = *recipe;
        let LayerNames { attention, feed_forward, .. } = recipe.names;
        if heads == 0 || !width.is_multiple_of(heads) {
            return Err(ModelError::Config(say!(
                "a width of {width} is no multiple of {heads} attention heads",
                width,
                heads
            )));
        }
        let linear = |path: &str, inputs, outputs| Linear::new(&names.pp(path), inputs, outputs, spread);
        let [query, key, value] =
            [attention.query, attention.key, attention.value].map(|path| linear(path, width, width));
        Ok(Self {
            attention: Attention {
                qkv: Qkv::Separate(query?, key?, value?),
                output: linear(attention.output, width, width)?,
                heads,
                kv_heads: heads,
                scale: Attention::usual_scale(width / heads),
                norms: None,
                dropout: dropout[0],
            },
            attention_norm: Norm::new(&names.pp(attention.norm), width, eps)?,
            attention_dropout: dropout[1],
            feed_forward: FeedForward {
                up: linear(feed_forward.up, width, inner)?,
                gate: None,
                down: linear(feed_forward.down, inner, width)?,
                activation: Activation::named(recipe.activation)?,
                dropout: 0.0,
            },
            output_norm: Norm::new(&names.pp(feed_forward.norm), width, eps)?,
            output_dropout: dropout[2],
        })
    }

    /// Applies it to `x [batch, tokens, width]`; offers its attention to `trace`.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn forward(&self, x: &Tensor, sight: &AttentionMask, trace: &mut Trace, noise: &DropoutRng) -> Result<Tensor> {
        let (norm, dropout) = (&self.attention_norm, self.attention_dropout);
        let x = self.attention.forward_post_norm(x, sight, trace, noise, (norm, dropout))?;
        self.feed_forward.forward_post_norm(&x, noise, (&self.output_norm, self.output_dropout))
    }
}
