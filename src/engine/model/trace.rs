//! What a forward pass is asked to show. Blocks always offer; the trace keeps only what was asked
//! for. What it keeps still carries the graph, so the same tensors serve a loss and, detached, a
//! heatmap: no second forward path, no hooks.

use std::collections::BTreeMap;

use candle_core::Tensor;

/// Collects what was asked for during one forward pass.
#[derive(Default)]
pub struct Trace {
    every_attention: bool,
    one_attention: Option<usize>,
    every_hidden: bool,
    /// Attention probabilities by layer, `[batch, heads, query, key]`.
    pub attention: BTreeMap<usize, Tensor>,
    /// Hidden states, `[batch, tokens, width]`; 0 is the embedding output.
    pub hidden: BTreeMap<usize, Tensor>,
}

impl Trace {
    /// Asks for nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// Asks for the attention of one layer.
    pub fn attention_of(layer: usize) -> Self {
        Self { one_attention: Some(layer), ..Self::default() }
    }

    /// Asks for everything.
    pub fn all() -> Self {
        Self { every_attention: true, every_hidden: true, ..Self::default() }
    }

    /// Whether the attention probabilities of `layer` are asked for; where they are not, a block
    /// need not let them out of its operation.
    pub fn wants_attention(&self, layer: usize) -> bool {
        self.every_attention || self.one_attention == Some(layer)
    }

    /// Offers the attention probabilities of `layer`.
    pub fn attention(&mut self, layer: usize, probabilities: &Tensor) {
        if self.wants_attention(layer) {
            self.attention.insert(layer, probabilities.clone());
        }
    }

    /// Offers the hidden states behind `layer` layers.
    pub fn hidden(&mut self, layer: usize, states: &Tensor) {
        if self.every_hidden {
            self.hidden.insert(layer, states.clone());
        }
    }
}
