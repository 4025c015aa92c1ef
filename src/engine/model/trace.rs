//! What a forward pass is asked to show. Blocks always offer; the trace keeps only what was asked
//! for. What it keeps still carries the graph, so the same tensors serve a loss and, detached, a
//! heatmap: no second forward path, no hooks.

use std::collections::BTreeMap;

use candle_core::Tensor;

/// Which of a network's attentions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Site {
    /// Of the only stack, or of the encoder, to itself.
    Own,
    /// Of a decoder beside an encoder, to what is written so far.
    Written,
    /// Of a decoder to what the encoder read.
    Cross,
}

/// Collects what was asked for during one forward pass.
#[derive(Default)]
pub struct Trace {
    everything: bool,
    one_attention: Option<usize>,
    /// Attention probabilities of the only stack or of the encoder by layer, `[batch, heads, query,
    /// key]`.
    pub attention: BTreeMap<usize, Tensor>,
    /// Those of a decoder beside an encoder, to itself.
    pub written: BTreeMap<usize, Tensor>,
    /// Those of a decoder to its encoder's states.
    pub cross: BTreeMap<usize, Tensor>,
    /// Hidden states of the only stack or of the encoder, `[batch, tokens, width]`; 0 is the embedding
    /// output.
    pub hidden: BTreeMap<usize, Tensor>,
    /// Those of a decoder beside an encoder.
    pub hidden_written: BTreeMap<usize, Tensor>,
}

impl Trace {
    /// Asks for nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// Asks for the attention of one layer of the only stack or of the encoder.
    pub fn attention_of(layer: usize) -> Self {
        Self { one_attention: Some(layer), ..Self::default() }
    }

    /// Asks for everything.
    pub fn all() -> Self {
        Self { everything: true, ..Self::default() }
    }

    /// Whether the attention probabilities of `layer` at `site` are asked for; where they are not, a
    /// block need not let them out of its operation.
    pub fn wants(&self, site: Site, layer: usize) -> bool {
        self.everything || site == Site::Own && self.one_attention == Some(layer)
    }

    /// Offers the attention probabilities of `layer` at `site`.
    pub fn attention(&mut self, site: Site, layer: usize, probabilities: &Tensor) {
        if self.wants(site, layer) {
            let kept = match site {
                Site::Own => &mut self.attention,
                Site::Written => &mut self.written,
                Site::Cross => &mut self.cross,
            };
            kept.insert(layer, probabilities.clone());
        }
    }

    /// Offers the hidden states behind `layer` layers of the only stack or of the encoder.
    pub fn hidden(&mut self, layer: usize, states: &Tensor) {
        if self.everything {
            self.hidden.insert(layer, states.clone());
        }
    }

    /// Offers the hidden states behind `layer` layers of a decoder beside an encoder.
    pub fn hidden_written(&mut self, layer: usize, states: &Tensor) {
        if self.everything {
            self.hidden_written.insert(layer, states.clone());
        }
    }
}
