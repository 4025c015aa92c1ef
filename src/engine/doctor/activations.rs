//! What one training step keeps in memory between its forward and its backward pass: the numbers that
//! each operation of [`crate::engine::model::ops`] holds for its own backward, counted from the
//! configuration. An estimate: small tensors and the allocator's rounding are left out.

use crate::engine::model::{Config, HeadKind, Kind, Model, ModelError};

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
    fn of(config: &Config) -> Result<Self, ModelError> {
        let (width, heads) = (config.width(), config.heads());
        let wide = config.size_or("head_dim", config.size_or("d_kv", width / heads.max(1))?)?;
        let inner = ["intermediate_size", "hidden_dim", "d_ff", "n_inner"];
        let inner = inner.iter().find_map(|name| config.size(&[name]).ok()).unwrap_or(4 * width);
        Ok(Self {
            width: width as f64,
            query: (heads * wide) as f64,
            key: (config.size_or("num_key_value_heads", heads)? * wide) as f64,
            inner: inner as f64,
            heads: heads as f64,
        })
    }

    /// Numbers kept per token of a layer that attends to `seen` tokens.
    fn kept(&self, architecture: &str, seen: f64, dropped: bool) -> f64 {
        let Self { width, query, key, inner, heads } = self;
        let attention = query * 2.0 + key * 2.0 + heads * seen;
        // What was thinned stands beside what it was made of, where that is an operation of its own.
        let thinned = if dropped { 2.0 * width } else { 0.0 };
        match architecture {
            // Each half of a post-norm layer keeps the sum and its norm; the inner values stand once.
            "bert" | "roberta" | "distilbert" => attention + 4.0 * width + inner,
            // The fused queries, keys and values are taken apart; two norms, two sums.
            "gpt2" => attention + 9.0 * width + inner + thinned,
            // Probabilities under a learned bias are kept beside those that were thinned.
            "t5" => attention + heads * seen + 6.0 * width + 3.0 * inner + thinned,
            // Turned queries and keys beside the unturned; gate, its activation, up and their product.
            _ => attention + query + key + 6.0 * width + 4.0 * inner,
        }
    }
}

/// Bytes that a step of `model` over `batch` keeps, and what its backward pass holds on top at once.
///
/// # Errors
/// [`ModelError::Config`].
pub fn bytes(model: &Model, batch: Batch) -> Result<u64, ModelError> {
    let (config, layer) = (&model.config, Layer::of(&model.config)?);
    let tokens = (batch.tokens + batch.columns) as f64;
    let dropped = ["hidden_dropout_prob", "dropout", "resid_pdrop", "dropout_rate"];
    let dropped = dropped.iter().any(|name| config.number_or(name, 0.0).is_ok_and(|p| p > 0.0));
    let id = model.architecture.id;
    let stack = config.layers() as f64 * layer.kept(id, tokens, dropped);
    // An encoder–decoder's other stack reads the text again, or writes a few tokens over it.
    let decoder = match (model.architecture.kind, &model.top) {
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
