//! What one training step keeps in memory between its forward and its backward pass: the numbers that
//! each operation of [`crate::engine::model::ops`] holds for its own backward, counted from the
//! configuration. An estimate: small tensors and the allocator's rounding are left out.

use crate::engine::model::tensor_layout::Activations;
use crate::engine::model::{Architecture, Config, HeadKind, Kind, Model, ModelError};

/// Bytes of one number.
const NUMBER: f64 = 4.0;

/// What a batch looks like to a model.
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    /// Texts.
    pub texts: usize,
    /// Tokens of the longest.
    pub tokens: usize,
    /// Tokens of label words that stand behind each text.
    pub columns: usize,
    /// Whether the next token of every text is scored too.
    pub language: bool,
}

/// Sizes of one layer.
struct Layer {
    width: f64,
    /// Queries of all heads together.
    query: f64,
    /// Keys of all heads together.
    key: f64,
    inner: f64,
    heads: f64,
}

impl Layer {
    fn of(architecture: &Architecture, config: &Config) -> Result<Self, ModelError> {
        let (heads, head_dim) = (architecture.attention_heads(config), architecture.head_dim(config)?);
        Ok(Self {
            width: architecture.width(config) as f64,
            query: (heads * head_dim) as f64,
            key: (architecture.kv_heads(config)? * head_dim) as f64,
            inner: architecture.inner(config) as f64,
            heads: heads as f64,
        })
    }

    /// Numbers kept per token of a layer that attends to `seen` tokens.
    fn kept(&self, per: &Activations, seen: f64, dropped: bool) -> f64 {
        let attention = per.query_key * (self.query + self.key) + per.maps * self.heads * seen;
        // What was thinned stands beside what it was made of, where that is an operation of its own.
        let thinned = if dropped { per.dropped * self.width } else { 0.0 };
        attention + per.width * self.width + per.inner * self.inner + thinned
    }
}

/// Bytes that a step of `model` over `batch` keeps, and what its backward pass holds on top at once.
///
/// # Errors
/// [`ModelError::Config`].
pub fn bytes(model: &Model, batch: Batch) -> Result<u64, ModelError> {
    let (config, architecture) = (&model.config, model.architecture);
    let layer = Layer::of(architecture, config)?;
    let tokens = (batch.tokens + batch.columns) as f64;
    let dropped = |name| config.number_or(name, 0.0).is_ok_and(|p| p > 0.0);
    let dropped = architecture.fields.dropout.is_some_and(dropped);
    let stack = architecture.layers(config) as f64 * layer.kept(&architecture.activations, tokens, dropped);
    // An encoder–decoder's other stack reads the text again, or writes a few tokens over it.
    let decoder = match (architecture.kind, &model.top) {
        (Kind::EncoderDecoder, HeadKind::Classes(_)) => 2.0 * stack,
        (Kind::EncoderDecoder, HeadKind::Vocabulary) => stack * (1 + batch.columns) as f64 / tokens.max(1.0),
        _ => 0.0,
    };
    let embedding = 6.0 * layer.width;
    let backward = 2.0 * layer.inner + 4.0 * layer.width;
    let texts = batch.texts as f64;
    let through = texts * tokens * (stack + decoder + embedding + backward);
    Ok((NUMBER * (through + top(model, batch, texts))) as u64)
}

/// Numbers of the scores over the vocabulary: logits and their logarithms, and the gradients of both.
fn top(model: &Model, batch: Batch, texts: f64) -> f64 {
    if model.top != HeadKind::Vocabulary {
        return 0.0;
    }
    let rows = texts * (1 + batch.columns) as f64;
    let language = if batch.language { texts * batch.tokens as f64 } else { 0.0 };
    (4.0 * rows + 3.0 * language) * model.config.vocabulary() as f64
}
