//! GPT-2 (Radford et al. 2019): causal, pre-norm, learned positions, tied head.
//! Reference: transformers' `GPT2LMHeadModel` and `GPT2ForSequenceClassification`.

use candle_core::{Result, Tensor};

use super::attention::{Attention, AttentionMask, Qkv};
use super::feed_forward::{Activation, FeedForward};
use super::init::Init;
use super::layers::{DropoutRng, Embedding, Linear, Norm, TokenEmbedding, states_at};
use super::tensor_layout::{
    Activations, AttentionNames, FeedForwardNames, FromMetadata, GgufLayout, LayerNames, LayerStack, SizeFields,
    Tables, TokenizerRule, named_kinds,
};
use super::{Architecture, Config, HeadKind, Heads, Input, InputIds, Kind, KvCache, ModelError, Names, Network, Trace};
use crate::session::say;

/// The registry's line.
pub(super) const ARCHITECTURE: Architecture = Architecture {
    id: "gpt2",
    label: "GPT-2",
    help: "Decoder that reads left to right; answers a prompt by the probabilities of label words.",
    kind: Kind::Decoder,
    longest: |config| config.size_or_none("n_positions"),
    build: |config, top, names| Ok(Box::new(Gpt2::new(config, top, names)?)),
    aliases: |name| name.strip_prefix("transformer.").map(str::to_owned).into_iter().collect(),
    ignored: |name| name.ends_with("attn.bias") || name.ends_with("attn.masked_bias") || name == "lm_head.weight",
    heads: Heads {
        table: "transformer.wte.weight",
        vocabulary: "lm_head.weight",
        classifier: "score.weight",
        tied: true,
        tied_means_scaled: false,
    },
    tables: Tables { positions: Some("wpe.weight"), segments: None, norm: None, token_biases: &[] },
    stacks: &[LayerStack {
        marker: "transformer.h.",
        field: "n_layer",
        names: LayerNames {
            attention: AttentionNames {
                query: "attn.c_attn",
                key: "attn.c_attn",
                value: "attn.c_attn",
                output: "attn.c_proj",
                norm: "ln_1",
                head_norms: None,
            },
            cross: None,
            feed_forward: FeedForwardNames {
                up: "mlp.c_fc",
                gated_up: None,
                gate: None,
                down: "mlp.c_proj",
                norm: "ln_2",
            },
        },
        shared_table: None,
        transposed: true,
    }],
    fields: SizeFields {
        width: "n_embd",
        heads: "n_head",
        kv_heads: None,
        head_dim: None,
        inner: "n_inner",
        dropout: Some("resid_pdrop"),
    },
    layer_kinds: named_kinds,
    first_position: |_| 0,
    // The fused queries, keys and values are taken apart; two norms, two sums.
    activations: Activations { query_key: 2.0, maps: 1.0, width: 9.0, inner: 1.0, dropped: 2.0 },
    kin: None,
    marks: &["h.0.attn.c_attn.weight"],
    tokenizer: TokenizerRule::Class("GPT2Tokenizer"),
    gguf: Some(GgufLayout {
        called: "gpt2",
        fields: &[
            ("n_embd", FromMetadata::Size("embedding_length")),
            ("n_layer", FromMetadata::Layers),
            ("n_inner", FromMetadata::Size("feed_forward_length")),
            ("n_head", FromMetadata::Size("attention.head_count")),
            ("n_positions", FromMetadata::Size("context_length")),
            ("layer_norm_epsilon", FromMetadata::Number("attention.layer_norm_epsilon")),
            ("activation_function", FromMetadata::Word("gelu_new")),
        ],
        outside: &[
            ("output", "lm_head"),
            ("token_embd", "transformer.wte"),
            ("position_embd", "transformer.wpe"),
            ("output_norm", "transformer.ln_f"),
        ],
        paired: false,
        cut: Some("gpt-2"),
        other: None,
    }),
    class: |top| match top {
        HeadKind::Classes(_) => "GPT2ForSequenceClassification",
        HeadKind::Vocabulary => "GPT2LMHeadModel",
    },
};

/// The network.
pub struct Gpt2 {
    words: TokenEmbedding,
    positions: Embedding,
    layers: Vec<Layer>,
    norm: Norm,
    head: Linear,
    classes: bool,
    embedding_dropout: f64,
    residual_dropout: f64,
}

struct Layer {
    attention_norm: Norm,
    attention: Attention,
    feed_forward_norm: Norm,
    feed_forward: FeedForward,
}

impl Gpt2 {
    /// Builds the network over named weights.
    ///
    /// # Errors
    /// [`ModelError`] for a configuration or checkpoint that does not fit.
    pub fn new(config: &Config, top: &HeadKind, names: &Names) -> std::result::Result<Self, ModelError> {
        let trunk = names.pp("transformer");
        let (width, spread) = (config.size(&["n_embd"])?, config.number_or("initializer_range", 0.02)?);
        if !config.switch_or("scale_attn_weights", true) {
            return Err(ModelError::Config(say!("scale_attn_weights must be true for a GPT-2 here")));
        }
        if config.switch_or("scale_attn_by_inverse_layer_idx", false) {
            return Err(ModelError::Config(say!("scale_attn_by_inverse_layer_idx is not known here")));
        }
        let (rows, tied) = (config.size(&["vocab_size"])?, ARCHITECTURE.heads.is_tied(config));
        let words = TokenEmbedding::new(&trunk.pp("wte"), rows, width, spread)?;
        let head = |name: &str, rows: usize| names.weight_or_new(name, &[rows, width], Init::Normal(spread));
        let layers = config.depth("n_layer")?;
        let layer = |i| Layer::new(config, width, layers, &trunk.pp("h").pp(i));
        Ok(Self {
            positions: Embedding::new(&trunk.pp("wpe"), config.size(&["n_positions"])?, width, spread)?,
            layers: (0..layers).map(layer).collect::<std::result::Result<_, _>>()?,
            norm: Norm::new(&trunk.pp("ln_f"), width, config.number_or("layer_norm_epsilon", 1e-5)?)?,
            head: match top {
                HeadKind::Vocabulary => {
                    words.own_or_tied(names, &ARCHITECTURE.heads, tied, rows, width, spread)?.linear(None)
                }
                HeadKind::Classes(classes) => Linear::of(head("score.weight", *classes)?, None),
            },
            classes: matches!(top, HeadKind::Classes(_)),
            embedding_dropout: config.number_or("embd_pdrop", 0.1)?,
            residual_dropout: config.number_or("resid_pdrop", 0.1)?,
            words,
        })
    }
}

impl Layer {
    fn new(config: &Config, width: usize, layers: usize, names: &Names) -> std::result::Result<Self, ModelError> {
        let (inner, eps) = (config.size_or("n_inner", 4 * width)?, config.number_or("layer_norm_epsilon", 1e-5)?);
        let spread = config.number_or("initializer_range", 0.02)?;
        let heads = config.size(&["n_head"])?;
        if !width.is_multiple_of(heads) {
            return Err(ModelError::Config(say!("n_embd {width} is no multiple of n_head {heads}", width, heads)));
        }
        // Projections back into the residual start smaller by the root of their number (the GPT-2
        // paper, §2.3), so that the sum does not grow with depth.
        let back = spread / (2.0 * layers as f64).sqrt();
        let linear = |path: &str, inputs, outputs, spread| Linear::conv1d(&names.pp(path), inputs, outputs, spread);
        Ok(Self {
            attention_norm: Norm::new(&names.pp("ln_1"), width, eps)?,
            attention: Attention {
                qkv: Qkv::Fused(linear("attn.c_attn", width, 3 * width, spread)?),
                output: linear("attn.c_proj", width, width, back)?,
                heads,
                kv_heads: heads,
                scale: Attention::usual_scale(width / heads),
                norms: None,
                dropout: config.number_or("attn_pdrop", 0.1)?,
            },
            feed_forward_norm: Norm::new(&names.pp("ln_2"), width, eps)?,
            feed_forward: FeedForward {
                up: linear("mlp.c_fc", width, inner, spread)?,
                gate: None,
                down: linear("mlp.c_proj", inner, width, back)?,
                activation: Activation::named(config.word_or("activation_function", "gelu_new"))?,
                dropout: 0.0,
            },
        })
    }
}

impl Gpt2 {
    /// States of the tokens of `input`, behind those that `cache` keeps.
    fn run(&self, input: &Input, cache: Option<&KvCache>, trace: &mut Trace, noise: &DropoutRng) -> Result<Tensor> {
        let sum = (&input.embeddings + self.positions.forward(&input.positions)?)?;
        let mut x = noise.dropout(&sum, self.embedding_dropout)?;
        trace.hidden(0, &x);
        for (index, layer) in self.layers.iter().enumerate() {
            let sight = AttentionMask {
                past: cache.and_then(|cache| cache.own(index)),
                ..AttentionMask::own(&input.mask, index)
            };
            let normed = layer.attention_norm.forward(&x)?;
            let attended = layer.attention.forward(&normed, &sight, trace, noise)?;
            x = (noise.dropout(&attended, self.residual_dropout)? + &x)?;
            let fed = layer.feed_forward.forward(&layer.feed_forward_norm.forward(&x)?, noise)?;
            x = (noise.dropout(&fed, self.residual_dropout)? + &x)?;
            if index + 1 < self.layers.len() {
                trace.hidden(index + 1, &x);
            }
        }
        // As in transformers, the last hidden state is shown behind the final norm.
        let x = self.norm.forward(&x)?;
        trace.hidden(self.layers.len(), &x);
        Ok(x)
    }
}

impl Network for Gpt2 {
    fn embed(&self, input: &InputIds) -> Result<Input> {
        Ok(input.embedded(self.words.forward(&input.ids)?))
    }

    fn encode(&self, input: &Input, trace: &mut Trace, noise: &DropoutRng) -> Result<Tensor> {
        self.run(input, None, trace, noise)
    }

    fn decode_step(&self, new: &Input, _read: Option<(&Tensor, &Tensor)>, cache: &mut KvCache) -> Result<Tensor> {
        cache.begin(self.layers.len(), &new.positions)?;
        self.run(new, Some(cache), &mut Trace::none(), &DropoutRng::none())
    }

    fn classify(&self, hidden: &Tensor, ends: &[u32], _noise: &DropoutRng) -> Result<Tensor> {
        if !self.classes {
            candle_core::bail!("this GPT-2 was opened with label words, not with a classifier")
        }
        self.head.forward(&states_at(hidden, ends)?)
    }

    fn head<'a>(&'a self, hidden: &Tensor) -> Result<(Tensor, &'a Linear)> {
        if self.classes {
            candle_core::bail!("this GPT-2 was opened with a classifier, not with label words")
        }
        Ok((hidden.clone(), &self.head))
    }
}
