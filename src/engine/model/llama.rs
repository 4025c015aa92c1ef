//! Llama (Touvron et al. 2023, arXiv 2302.13971) and its nearest relations: causal, pre-norm by
//! root mean squares, rotary positions, gated feed-forward, keys and values shared among heads.
//! Mistral (arXiv 2310.06825) sees a window only; Qwen2 (arXiv 2407.10671) has biases on queries,
//! keys and values; Qwen3 (arXiv 2505.09388) norms queries and keys head by head.
//! Reference: transformers' `LlamaForCausalLM`, `MistralForCausalLM`, `Qwen2ForCausalLM`,
//! `Qwen3ForCausalLM` and their `…ForSequenceClassification`.

use std::borrow::Cow;

use candle_core::{Result, Tensor};

use super::attention::{Attention, AttentionMask, Qkv, sliding_mask};
use super::feed_forward::{Activation, FeedForward};
use super::init::Init;
use super::layers::{DropoutRng, Linear, RmsNorm, TokenEmbedding, states_at};
use super::position::{Frequencies, Position};
use super::tensor_layout::{
    Activations, AttentionNames, FeedForwardNames, FromMetadata, GgufLayout, LayerNames, LayerStack, SizeFields,
    Tables, TokenizerRule, named_kinds,
};
use super::{Architecture, Config, HeadKind, Heads, Input, InputIds, Kind, KvCache, ModelError, Names, Network, Trace};
use crate::session::say;

/// The registry's line for Llama.
pub(super) const LLAMA: Architecture = Architecture {
    id: "llama",
    label: "Llama",
    help: "Decoder with rotary positions and a gated feed-forward; answers a prompt by label words.",
    kind: Kind::Decoder,
    longest,
    build: |config, top, names| Ok(Box::new(Llama::new(Family::Llama, config, top, names)?)),
    aliases,
    ignored,
    heads: Heads {
        table: "model.embed_tokens.weight",
        vocabulary: "lm_head.weight",
        classifier: "score.weight",
        tied: false,
        tied_means_scaled: false,
    },
    tables: Tables { positions: None, segments: None, norm: None, token_biases: &[] },
    stacks: &[LAYERS],
    fields: SizeFields {
        width: "hidden_size",
        heads: "num_attention_heads",
        kv_heads: Some("num_key_value_heads"),
        head_dim: Some("head_dim"),
        inner: "intermediate_size",
        dropout: None,
    },
    layer_kinds,
    first_position: |_| 0,
    // Turned queries and keys beside the unturned; gate, its activation, up and their product.
    activations: Activations { query_key: 3.0, maps: 1.0, width: 6.0, inner: 4.0, dropped: 0.0 },
    kin: None,
    marks: &[],
    tokenizer: TokenizerRule::AsNamed,
    // A llama with biases on queries, keys and values alone is what transformers calls Qwen2.
    gguf: Some(GgufLayout {
        called: "llama (Mistral is one)",
        paired: true,
        other: Some(("qwen2", |has| has("attn_q.bias") && !has("attn_output.bias"))),
        ..GGUF
    }),
    class: |top| match top {
        HeadKind::Classes(_) => "LlamaForSequenceClassification",
        HeadKind::Vocabulary => "LlamaForCausalLM",
    },
};

/// The registry's line for Mistral.
pub(super) const MISTRAL: Architecture = Architecture {
    id: "mistral",
    label: "Mistral",
    help: "Llama's relation whose tokens see a sliding window of those before them.",
    build: |config, top, names| Ok(Box::new(Llama::new(Family::Mistral, config, top, names)?)),
    class: |top| match top {
        HeadKind::Classes(_) => "MistralForSequenceClassification",
        HeadKind::Vocabulary => "MistralForCausalLM",
    },
    tokenizer: TokenizerRule::AsWritten,
    gguf: None,
    ..LLAMA
};

/// The registry's line for Qwen2.
pub(super) const QWEN2: Architecture = Architecture {
    id: "qwen2",
    label: "Qwen2",
    help: "Llama's relation with biases on queries, keys and values; Qwen2 and Qwen2.5.",
    build: |config, top, names| Ok(Box::new(Llama::new(Family::Qwen2, config, top, names)?)),
    class: |top| match top {
        HeadKind::Classes(_) => "Qwen2ForSequenceClassification",
        HeadKind::Vocabulary => "Qwen2ForCausalLM",
    },
    tokenizer: TokenizerRule::Class("Qwen2Tokenizer"),
    gguf: Some(GgufLayout { called: "qwen2", cut: Some("qwen2"), ..GGUF }),
    ..LLAMA
};

/// The registry's line for Qwen3.
pub(super) const QWEN3: Architecture = Architecture {
    id: "qwen3",
    label: "Qwen3",
    help: "Llama's relation with a norm on every head's queries and keys.",
    build: |config, top, names| Ok(Box::new(Llama::new(Family::Qwen3, config, top, names)?)),
    class: |top| match top {
        HeadKind::Classes(_) => "Qwen3ForSequenceClassification",
        HeadKind::Vocabulary => "Qwen3ForCausalLM",
    },
    tokenizer: TokenizerRule::Class("Qwen2Tokenizer"),
    gguf: Some(GgufLayout { called: "qwen3", cut: Some("qwen2"), ..GGUF }),
    ..LLAMA
};

/// The layers of all of them.
const LAYERS: LayerStack = LayerStack {
    marker: "model.layers.",
    field: "num_hidden_layers",
    names: LayerNames {
        attention: AttentionNames {
            query: "self_attn.q_proj",
            key: "self_attn.k_proj",
            value: "self_attn.v_proj",
            output: "self_attn.o_proj",
            norm: "input_layernorm",
            head_norms: Some(["self_attn.q_norm", "self_attn.k_norm"]),
        },
        cross: None,
        feed_forward: FeedForwardNames {
            up: "mlp.up_proj",
            gated_up: None,
            gate: Some("mlp.gate_proj"),
            down: "mlp.down_proj",
            norm: "post_attention_layernorm",
        },
    },
    shared_table: None,
    transposed: false,
};

/// How GGUF files keep all of them.
const GGUF: GgufLayout = GgufLayout {
    called: "",
    fields: &[
        ("hidden_size", FromMetadata::Size("embedding_length")),
        ("num_hidden_layers", FromMetadata::Layers),
        ("intermediate_size", FromMetadata::Size("feed_forward_length")),
        ("num_attention_heads", FromMetadata::Size("attention.head_count")),
        ("num_key_value_heads", FromMetadata::SizeOr("attention.head_count_kv", "attention.head_count")),
        ("head_dim", FromMetadata::HeadDim),
        ("max_position_embeddings", FromMetadata::Size("context_length")),
        ("rms_norm_eps", FromMetadata::Number("attention.layer_norm_rms_epsilon")),
        ("rope_theta", FromMetadata::NumberOr("rope.freq_base", 10_000.0)),
        ("partial_rotary_factor", FromMetadata::RotaryShare),
        ("rope_scaling", FromMetadata::RopeScaling),
        ("rope_divisors", FromMetadata::RopeDivisors),
        ("attention_bias", FromMetadata::HasPart("attn_output.bias")),
        ("mlp_bias", FromMetadata::HasPart("ffn_up.bias")),
        ("sliding_window", FromMetadata::Null),
    ],
    outside: &[("output", "lm_head"), ("token_embd", "model.embed_tokens"), ("output_norm", "model.norm")],
    paired: false,
    cut: None,
    other: None,
};

/// Checkpoints of the bare decoder lack `model.`.
fn aliases(name: &str) -> Vec<String> {
    name.strip_prefix("model.").map(str::to_owned).into_iter().collect()
}

/// Buffers of old checkpoints, and the head: stored beside a tied embedding, or under a classifier.
fn ignored(name: &str) -> bool {
    name.ends_with("rotary_emb.inv_freq") || name == "lm_head.weight"
}

/// 2048 is Llama's own default, and what its first checkpoints leave out.
fn longest(config: &Config) -> usize {
    Some(config.size_or_none("max_position_embeddings")).filter(|positions| *positions > 0).unwrap_or(2048)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Llama,
    Mistral,
    Qwen2,
    Qwen3,
}

/// The network.
pub struct Llama {
    words: TokenEmbedding,
    layers: Vec<Layer>,
    norm: RmsNorm,
    frequencies: Frequencies,
    /// Tokens that a token of a windowed layer sees, itself counted.
    window: Option<usize>,
    head: Linear,
    classes: bool,
}

struct Layer {
    attention_norm: RmsNorm,
    attention: Attention,
    feed_forward_norm: RmsNorm,
    feed_forward: FeedForward,
    windowed: bool,
}

impl Llama {
    fn new(family: Family, config: &Config, top: &HeadKind, names: &Names) -> std::result::Result<Self, ModelError> {
        let trunk = names.pp("model");
        let (width, spread) = (config.size(&["hidden_size"])?, config.number_or("initializer_range", 0.02)?);
        let rows = config.size(&["vocab_size"])?;
        let words = TokenEmbedding::new(&trunk.pp("embed_tokens"), rows, width, spread)?;
        let (layers, window) = (config.depth("num_hidden_layers")?, window(family, config)?);
        let windowed = windowed(family, config, layers, window.is_some())?;
        let layer = |(i, windowed)| Layer::new(family, config, width, windowed, &trunk.pp("layers").pp(i));
        Ok(Self {
            layers: windowed.into_iter().enumerate().map(layer).collect::<std::result::Result<_, _>>()?,
            norm: RmsNorm::new(&trunk.pp("norm"), width, eps(config)?)?,
            frequencies: Frequencies::new(config, head_size(config, width)?)?,
            window,
            head: match top {
                HeadKind::Vocabulary => {
                    let tied = LLAMA.heads.is_tied(config);
                    words.own_or_tied(names, &LLAMA.heads, tied, rows, width, spread)?.linear(None)
                }
                HeadKind::Classes(classes) => head("score.weight", *classes, width, spread, names)?,
            },
            classes: matches!(top, HeadKind::Classes(_)),
            words,
        })
    }
}

/// A linear of the top, without a bias.
fn head(name: &str, rows: usize, width: usize, spread: f64, names: &Names) -> std::result::Result<Linear, ModelError> {
    Ok(Linear::of(names.weight_or_new(name, &[rows, width], Init::Normal(spread))?, None))
}

fn eps(config: &Config) -> std::result::Result<f64, ModelError> {
    config.number_or("rms_norm_eps", 1e-6)
}

/// Numbers in one head; they need not add up to the width.
fn head_size(config: &Config, width: usize) -> std::result::Result<usize, ModelError> {
    let heads = config.size(&["num_attention_heads"])?;
    match config.size_or("head_dim", 0)? {
        0 if !width.is_multiple_of(heads) => Err(ModelError::Config(say!(
            "hidden_size {width} is no multiple of num_attention_heads {heads}, and there is no head_dim",
            width,
            heads
        ))),
        0 => Ok(width / heads),
        wide => Ok(wide),
    }
}

/// How far a token of a windowed layer sees. A missing field means 4096 and null means all the way,
/// as in transformers.
fn window(family: Family, config: &Config) -> std::result::Result<Option<usize>, ModelError> {
    let asked = match family {
        Family::Llama => false,
        Family::Mistral => true,
        Family::Qwen2 | Family::Qwen3 => config.switch_or("use_sliding_window", false),
    };
    let size = match config.size_or("sliding_window", 0)? {
        0 if config.has("sliding_window") => None,
        0 => Some(4096),
        size => Some(size),
    };
    Ok(size.filter(|_| asked))
}

/// Which layers see a window only: all of Mistral's, of Qwen's those that `layer_types` names or
/// from `max_window_layers` on.
fn windowed(
    family: Family,
    config: &Config,
    layers: usize,
    window: bool,
) -> std::result::Result<Vec<bool>, ModelError> {
    if family == Family::Mistral || !window {
        return Ok(vec![window; layers]);
    }
    let Some(kinds) = config.words("layer_types")? else {
        let first = first_windowed(config)?;
        return Ok((0..layers).map(|layer| layer >= first).collect());
    };
    if kinds.len() != layers {
        return Err(ModelError::Config(say!(
            "layer_types names {kinds} layers of {layers}",
            kinds = kinds.len(),
            layers
        )));
    }
    let kind = |kind: &str| match kind {
        "full_attention" => Ok(false),
        "sliding_attention" => Ok(true),
        other => Err(ModelError::Config(say!(
            "layer type {other} is not known here; the known ones are full_attention, sliding_attention",
            other = format_args!("{other:?}")
        ))),
    };
    kinds.into_iter().map(kind).collect()
}

/// What each layer is, where layers differ: named one by one, or (Qwen) windowed from one on.
fn layer_kinds(config: &Config, layers: usize) -> std::result::Result<Option<Vec<String>>, ModelError> {
    let named = named_kinds(config, layers)?;
    if named.is_some() || !config.switch_or("use_sliding_window", false) {
        return Ok(named);
    }
    let first = first_windowed(config)?;
    let kind = |layer| if layer >= first { "sliding_attention" } else { "full_attention" };
    Ok(Some((0..layers).map(|layer| kind(layer).to_owned()).collect()))
}

/// The first of Qwen's layers that sees a window only.
fn first_windowed(config: &Config) -> std::result::Result<usize, ModelError> {
    Ok(config.number_or("max_window_layers", 28.0)? as usize)
}

impl Layer {
    fn new(
        family: Family,
        config: &Config,
        width: usize,
        windowed: bool,
        names: &Names,
    ) -> std::result::Result<Self, ModelError> {
        let (inner, eps) = (config.size(&["intermediate_size"])?, eps(config)?);
        let spread = config.number_or("initializer_range", 0.02)?;
        let biased = family == Family::Llama && config.switch_or("mlp_bias", false);
        let linear = |path: &str, inputs, outputs| Linear::biased_if(biased, &names.pp(path), inputs, outputs, spread);
        Ok(Self {
            attention_norm: RmsNorm::new(&names.pp("input_layernorm"), width, eps)?,
            attention: attention(family, config, width, &names.pp("self_attn"))?,
            feed_forward_norm: RmsNorm::new(&names.pp("post_attention_layernorm"), width, eps)?,
            feed_forward: FeedForward {
                up: linear("mlp.up_proj", width, inner)?,
                gate: Some(linear("mlp.gate_proj", width, inner)?),
                down: linear("mlp.down_proj", inner, width)?,
                activation: Activation::named(config.word_or("hidden_act", "silu"))?,
                dropout: 0.0,
            },
            windowed,
        })
    }
}

fn attention(
    family: Family,
    config: &Config,
    width: usize,
    names: &Names,
) -> std::result::Result<Attention, ModelError> {
    let heads = config.size(&["num_attention_heads"])?;
    let (kv_heads, wide) = (config.size_or("num_key_value_heads", heads)?, head_size(config, width)?);
    if !heads.is_multiple_of(kv_heads) {
        return Err(ModelError::Config(say!(
            "num_attention_heads {heads} is no multiple of num_key_value_heads {kv_heads}",
            heads,
            kv_heads
        )));
    }
    let (inputs_biased, output_biased) = match family {
        Family::Mistral => (false, false),
        Family::Qwen2 => (true, false),
        Family::Llama | Family::Qwen3 => [config.switch_or("attention_bias", false); 2].into(),
    };
    let spread = config.number_or("initializer_range", 0.02)?;
    let from = |path: &str, heads| Linear::biased_if(inputs_biased, &names.pp(path), width, heads * wide, spread);
    let norm = |path: &str| RmsNorm::new(&names.pp(path), wide, eps(config)?);
    Ok(Attention {
        qkv: Qkv::Separate(from("q_proj", heads)?, from("k_proj", kv_heads)?, from("v_proj", kv_heads)?),
        output: Linear::biased_if(output_biased, &names.pp("o_proj"), heads * wide, width, spread)?,
        heads,
        kv_heads,
        scale: Attention::usual_scale(wide),
        norms: if family == Family::Qwen3 { Some((norm("q_norm")?, norm("k_norm")?)) } else { None },
        dropout: config.number_or("attention_dropout", 0.0)?,
    })
}

impl Llama {
    /// States of the tokens of `input`, behind those that `cache` keeps.
    fn run(&self, input: &Input, cache: Option<&KvCache>, trace: &mut Trace, noise: &DropoutRng) -> Result<Tensor> {
        let rotary = self.frequencies.at(&input.positions)?;
        let keys = cache.and_then(KvCache::positions).unwrap_or(&input.positions);
        let near = match self.window {
            Some(window) => Cow::Owned(sliding_mask(&input.mask, (&input.positions, keys), window)?),
            None => Cow::Borrowed(&input.mask),
        };
        let mut x = input.embeddings.clone();
        trace.hidden(0, &x);
        for (index, layer) in self.layers.iter().enumerate() {
            let mask = if layer.windowed { near.as_ref() } else { &input.mask };
            let past = cache.and_then(|cache| cache.own(index));
            let sight = AttentionMask { position: Position::Rotary(&rotary), past, ..AttentionMask::own(mask, index) };
            let normed = layer.attention_norm.forward(&x)?;
            x = (layer.attention.forward(&normed, &sight, trace, noise)? + &x)?;
            x = (layer.feed_forward.forward(&layer.feed_forward_norm.forward(&x)?, noise)? + &x)?;
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

impl Network for Llama {
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
            candle_core::bail!("this decoder was opened with label words, not with a classifier")
        }
        self.head.forward(&states_at(hidden, ends)?)
    }

    fn head<'a>(&'a self, hidden: &Tensor) -> Result<(Tensor, &'a Linear)> {
        if self.classes {
            candle_core::bail!("this decoder was opened with a classifier, not with label words")
        }
        Ok((hidden.clone(), &self.head))
    }
}
