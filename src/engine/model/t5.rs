//! T5 (Raffel et al. 2020, arXiv 1910.10683): an encoder that reads both ways and a decoder that
//! writes the answer; norms by root mean squares, no biases, positions as a bias on the scores.
//! Version 1.0 has ReLU and a tied, scaled head; 1.1 a gate (Shazeer 2020) and a head of its own.
//! Reference: transformers' `T5ForConditionalGeneration` and `T5ForSequenceClassification`.

use candle_core::{Result, Tensor};

use super::attention::{Attention, AttentionMask, Qkv, causal_mask};
use super::feed_forward::{Activation, FeedForward};
use super::layers::{DropoutRng, Linear, RmsNorm, TokenEmbedding, states_at};
use super::position::{Position, RelativeBias};
use super::tensor_layout::{
    Activations, AttentionNames, FeedForwardNames, LayerNames, LayerStack, SizeFields, Tables, TokenizerRule,
    named_kinds,
};
use super::trace::Site;
use super::{Architecture, Config, HeadKind, Heads, Input, InputIds, Kind, KvCache, ModelError, Names, Network, Trace};

/// The registry's line.
pub(super) const ARCHITECTURE: Architecture = Architecture {
    id: "t5",
    label: "T5",
    help: "Encoder and decoder: reads the prompt both ways and writes its answer; label words are answers.",
    kind: Kind::EncoderDecoder,
    // Positions are relative and have no end; 512 is what the published ones were trained with.
    longest: |config| Some(config.size_or_none("n_positions")).filter(|positions| *positions > 0).unwrap_or(512),
    build: |config, top, names| Ok(Box::new(T5::new(config, top, names)?)),
    aliases,
    ignored: |name| {
        name.ends_with("embed_tokens.weight")
            || name.ends_with("EncDecAttention.relative_attention_bias.weight")
            || name == "lm_head.weight"
    },
    heads: Heads {
        table: "shared.weight",
        vocabulary: "lm_head.weight",
        classifier: "classification_head.out_proj.weight",
        tied: true,
        tied_means_scaled: true,
    },
    tables: Tables { positions: None, segments: None, norm: None, token_biases: &[] },
    stacks: STACKS,
    fields: SizeFields {
        width: "d_model",
        heads: "num_heads",
        kv_heads: None,
        head_dim: Some("d_kv"),
        inner: "d_ff",
        dropout: Some("dropout_rate"),
    },
    layer_kinds: named_kinds,
    first_position: |_| 0,
    // Probabilities under a learned bias are kept beside those that were thinned.
    activations: Activations { query_key: 2.0, maps: 2.0, width: 6.0, inner: 3.0, dropped: 2.0 },
    kin: None,
    marks: &["encoder.block.0.layer.0.SelfAttention.q.weight"],
    tokenizer: TokenizerRule::AsNamed,
    gguf: None,
    class: |top| match top {
        HeadKind::Classes(_) => "T5ForSequenceClassification",
        HeadKind::Vocabulary => "T5ForConditionalGeneration",
    },
};

/// The names of a layer's parts; its feed-forward network stands last.
const fn layer(cross: Option<AttentionNames>, feed_forward: FeedForwardNames) -> LayerNames {
    let attention = AttentionNames {
        query: "layer.0.SelfAttention.q",
        key: "layer.0.SelfAttention.k",
        value: "layer.0.SelfAttention.v",
        output: "layer.0.SelfAttention.o",
        norm: "layer.0.layer_norm",
        head_norms: None,
    };
    LayerNames { attention, cross, feed_forward }
}

/// What the encoder read, to a decoder's layer.
const CROSS: AttentionNames = AttentionNames {
    query: "layer.1.EncDecAttention.q",
    key: "layer.1.EncDecAttention.k",
    value: "layer.1.EncDecAttention.v",
    output: "layer.1.EncDecAttention.o",
    norm: "layer.1.layer_norm",
    head_norms: None,
};

/// The table of distances, which all layers of a stack share.
const DISTANCES: Option<&str> = Some("relative_attention_bias");

const STACKS: &[LayerStack] = &[
    LayerStack {
        marker: "encoder.block.",
        field: "num_layers",
        names: layer(
            None,
            FeedForwardNames {
                up: "layer.1.DenseReluDense.wi",
                gated_up: Some("layer.1.DenseReluDense.wi_1"),
                gate: Some("layer.1.DenseReluDense.wi_0"),
                down: "layer.1.DenseReluDense.wo",
                norm: "layer.1.layer_norm",
            },
        ),
        shared_table: DISTANCES,
        transposed: false,
    },
    LayerStack {
        marker: "decoder.block.",
        field: "num_decoder_layers",
        names: layer(
            Some(CROSS),
            FeedForwardNames {
                up: "layer.2.DenseReluDense.wi",
                gated_up: Some("layer.2.DenseReluDense.wi_1"),
                gate: Some("layer.2.DenseReluDense.wi_0"),
                down: "layer.2.DenseReluDense.wo",
                norm: "layer.2.layer_norm",
            },
        ),
        shared_table: DISTANCES,
        transposed: false,
    },
];

/// A classifier's trunk stands under `transformer.`, and some checkpoints keep the shared embedding
/// with one of its users.
fn aliases(name: &str) -> Vec<String> {
    let other = name.strip_prefix("transformer.").map_or_else(|| format!("transformer.{name}"), str::to_owned);
    let used = name.strip_suffix("shared.weight").into_iter();
    let used =
        used.flat_map(|before| ["encoder", "decoder"].map(|stack| format!("{before}{stack}.embed_tokens.weight")));
    std::iter::once(other).chain(used).collect()
}

/// The network.
pub struct T5 {
    words: TokenEmbedding,
    encoder: Stack,
    decoder: Stack,
    head: Head,
    start: u32,
    dropout: f64,
}

struct Stack {
    bias: RelativeBias,
    blocks: Vec<Block>,
    norm: RmsNorm,
}

struct Block {
    attention_norm: RmsNorm,
    attention: Attention,
    /// Of a decoder: attention to what the encoder read.
    cross: Option<(RmsNorm, Attention)>,
    feed_forward_norm: RmsNorm,
    feed_forward: FeedForward,
}

enum Head {
    Classifier {
        dense: Linear,
        output: Linear,
        dropout: f64,
    },
    /// What states are multiplied by before the head.
    TokenEmbedding {
        scale: f64,
        head: Linear,
    },
}

/// The sizes of a stack's parts.
#[derive(Clone, Copy)]
struct Sizes {
    width: usize,
    heads: usize,
    /// Numbers in one head; they need not add up to the width.
    wide: usize,
    inner: usize,
    eps: f64,
    dropout: f64,
    /// Factor of all initial deviations.
    spread: f64,
}

impl T5 {
    /// Builds the network over named weights.
    ///
    /// # Errors
    /// [`ModelError`] for a configuration or checkpoint that does not fit.
    pub fn new(config: &Config, top: &HeadKind, names: &Names) -> std::result::Result<Self, ModelError> {
        let trunk = names.pp(if *top == HeadKind::Vocabulary { "" } else { "transformer" });
        let sizes = Sizes::new(config)?;
        let words = TokenEmbedding::new(&trunk.pp("shared"), config.size(&["vocab_size"])?, sizes.width, sizes.spread)?;
        let layers = config.depth("num_layers")?;
        let start =
            ["decoder_start_token_id", "pad_token_id"].iter().find_map(|name| config.ids(name).first().copied());
        Ok(Self {
            encoder: Stack::new(config, sizes, layers, true, &trunk.pp("encoder"))?,
            decoder: Stack::new(
                config,
                sizes,
                config.depth_or("num_decoder_layers", layers)?,
                false,
                &trunk.pp("decoder"),
            )?,
            head: Head::new(config, top, sizes, &words, names)?,
            start: start.unwrap_or(0),
            dropout: sizes.dropout,
            words,
        })
    }
}

impl Sizes {
    fn new(config: &Config) -> std::result::Result<Self, ModelError> {
        Ok(Self {
            width: config.size(&["d_model"])?,
            heads: config.size(&["num_heads"])?,
            wide: config.size(&["d_kv"])?,
            inner: config.size(&["d_ff"])?,
            eps: config.number_or("layer_norm_epsilon", 1e-6)?,
            dropout: config.number_or("dropout_rate", 0.1)?,
            spread: config.number_or("initializer_factor", 1.0)?,
        })
    }

    /// The initial deviation of a matrix that sums `inputs` numbers.
    fn deviation(self, inputs: usize) -> f64 {
        self.spread / (inputs as f64).sqrt()
    }

    /// A linear without a bias.
    fn linear(self, names: &Names, inputs: usize, outputs: usize) -> std::result::Result<Linear, ModelError> {
        Linear::biased_if(false, names, inputs, outputs, self.deviation(inputs))
    }

    fn norm(self, names: &Names) -> std::result::Result<RmsNorm, ModelError> {
        RmsNorm::new(&names.pp("layer_norm"), self.width, self.eps)
    }

    fn attention(self, names: &Names) -> std::result::Result<Attention, ModelError> {
        let inside = self.heads * self.wide;
        // Scores are not scaled; the queries' smaller start stands in for it.
        let query = self.deviation(self.width * self.wide);
        let from = |path: &str| self.linear(&names.pp(path), self.width, inside);
        Ok(Attention {
            qkv: Qkv::Separate(
                Linear::biased_if(false, &names.pp("q"), self.width, inside, query)?,
                from("k")?,
                from("v")?,
            ),
            output: self.linear(&names.pp("o"), inside, self.width)?,
            heads: self.heads,
            kv_heads: self.heads,
            scale: 1.0,
            norms: None,
            dropout: self.dropout,
        })
    }

    /// The feed-forward that `feed_forward_proj` names: an activation, or `gated-` and one.
    fn feed_forward(self, named: &str, names: &Names) -> std::result::Result<FeedForward, ModelError> {
        let gated = named.strip_prefix("gated-");
        // The published gated ones say gelu and mean the approximation by tanh.
        let activation = Activation::named(if gated == Some("gelu") { "gelu_new" } else { gated.unwrap_or(named) })?;
        let up = |path: &str| self.linear(&names.pp(path), self.width, self.inner);
        let (gate, up) = match gated {
            Some(_) => (Some(up("wi_0")?), up("wi_1")?),
            None => (None, up("wi")?),
        };
        let down = self.linear(&names.pp("wo"), self.inner, self.width)?;
        Ok(FeedForward { up, gate, down, activation, dropout: self.dropout })
    }
}

impl Stack {
    fn new(
        config: &Config,
        sizes: Sizes,
        layers: usize,
        encoder: bool,
        names: &Names,
    ) -> std::result::Result<Self, ModelError> {
        let blocks = names.pp("block");
        let block = |i| Block::new(config, sizes, encoder, &blocks.pp(i).pp("layer"));
        let table = blocks.pp("0.layer.0.SelfAttention.relative_attention_bias");
        let buckets = config.size_or("relative_attention_num_buckets", 32)?;
        let distance = config.size_or("relative_attention_max_distance", 128)?;
        let deviation = sizes.deviation(sizes.width);
        Ok(Self {
            bias: RelativeBias::new(&table, (buckets, distance), sizes.heads, encoder, deviation)?,
            blocks: (0..layers).map(block).collect::<std::result::Result<_, _>>()?,
            norm: RmsNorm::new(&names.pp("final_layer_norm"), sizes.width, sizes.eps)?,
        })
    }
}

impl Block {
    fn new(config: &Config, sizes: Sizes, encoder: bool, names: &Names) -> std::result::Result<Self, ModelError> {
        let (own, cross, last) = (names.pp(0), names.pp(1), names.pp(if encoder { 1 } else { 2 }));
        let cross = || Ok::<_, ModelError>((sizes.norm(&cross)?, sizes.attention(&cross.pp("EncDecAttention"))?));
        let named = config.word_or("feed_forward_proj", "relu");
        Ok(Self {
            attention_norm: sizes.norm(&own)?,
            attention: sizes.attention(&own.pp("SelfAttention"))?,
            cross: if encoder { None } else { Some(cross()?) },
            feed_forward_norm: sizes.norm(&last)?,
            feed_forward: sizes.feed_forward(named, &last.pp("DenseReluDense"))?,
        })
    }
}

impl Head {
    fn new(
        config: &Config,
        top: &HeadKind,
        sizes: Sizes,
        words: &TokenEmbedding,
        names: &Names,
    ) -> std::result::Result<Self, ModelError> {
        let (width, spread) = (sizes.width, sizes.deviation(sizes.width));
        if let HeadKind::Classes(classes) = top {
            let added = |path: &str, outputs| Linear::added(&names.pp(path), width, outputs, spread);
            return Ok(Self::Classifier {
                dense: added("classification_head.dense", width)?,
                output: added("classification_head.out_proj", *classes)?,
                dropout: config.number_or("classifier_dropout", 0.0)?,
            });
        }
        // Version 1.1 says that nothing is tied and does not scale. Since transformers 5 it says
        // so by `scale_decoder_outputs`, and a head is tied unless it is stored.
        let tied = config.switch_or("tie_word_embeddings", true);
        let scaled = config.switch_or("scale_decoder_outputs", tied);
        let heads = &ARCHITECTURE.heads;
        let tied = tied || names.is_known(heads.table) && !names.is_known(heads.vocabulary);
        let rows = config.size(&["vocab_size"])?;
        let head = words.own_or_tied(names, heads, tied, rows, width, sizes.spread)?.linear(None);
        Ok(Self::TokenEmbedding { scale: if scaled { 1.0 / (width as f64).sqrt() } else { 1.0 }, head })
    }
}

/// What a stack sees beside the tokens it is given.
#[derive(Clone, Copy, Default)]
struct Beside<'a> {
    /// Of a decoder: the encoder's states and their mask.
    read: Option<(&'a Tensor, &'a Tensor)>,
    /// What is kept of the tokens before.
    cache: Option<&'a KvCache>,
}

impl T5 {
    /// States behind one of the stacks.
    fn run(
        &self,
        stack: &Stack,
        input: &Input,
        beside: Beside,
        trace: &mut Trace,
        noise: &DropoutRng,
    ) -> Result<Tensor> {
        let Beside { read, cache } = beside;
        let keys = cache.and_then(KvCache::positions).unwrap_or(&input.positions);
        let mask = input.mask.broadcast_add(&stack.bias.between(&input.positions, keys)?)?;
        let site = if read.is_some() { Site::Written } else { Site::Own };
        let offer = if read.is_some() { Trace::hidden_written } else { Trace::hidden };
        let mut x = noise.dropout(&input.embeddings, self.dropout)?;
        offer(trace, 0, &x);
        for (layer, block) in stack.blocks.iter().enumerate() {
            let past = cache.and_then(|cache| cache.own(layer));
            let sight = AttentionMask { mask: &mask, position: Position::None, over: None, past, site, layer };
            let attended = block.attention.forward(&block.attention_norm.forward(&x)?, &sight, trace, noise)?;
            x = (noise.dropout(&attended, self.dropout)? + &x)?;
            if let (Some((norm, cross)), Some((states, mask))) = (&block.cross, read) {
                let past = cache.and_then(|cache| cache.cross(layer));
                let sight =
                    AttentionMask { over: Some(states), past, site: Site::Cross, ..AttentionMask::own(mask, layer) };
                let attended = cross.forward(&norm.forward(&x)?, &sight, trace, noise)?;
                x = (noise.dropout(&attended, self.dropout)? + &x)?;
            }
            let fed = block.feed_forward.forward(&block.feed_forward_norm.forward(&x)?, noise)?;
            x = (noise.dropout(&fed, self.dropout)? + &x)?;
            if layer + 1 < stack.blocks.len() {
                offer(trace, layer + 1, &x);
            }
        }
        // As in transformers, the last hidden state is shown behind the final norm.
        let x = noise.dropout(&stack.norm.forward(&x)?, self.dropout)?;
        offer(trace, stack.blocks.len(), &x);
        Ok(x)
    }

    /// The tokens of a text as the decoder of a classifier reads them: one later, behind the start token.
    fn shifted(&self, ids: &Tensor) -> Result<Tensor> {
        let (batch, tokens) = ids.dims2()?;
        let start = Tensor::full(self.start, (batch, 1), ids.device())?;
        Tensor::cat(&[start, ids.narrow(1, 0, tokens - 1)?], 1)
    }

    /// The text once more, left to right, for the decoder of a classifier.
    fn reread(&self, input: &Input) -> Result<Input> {
        let Some(embeddings) = input.reread.clone() else {
            candle_core::bail!(
                "this T5 was opened with a classifier, whose decoder reads the text too; embed it by this network"
            )
        };
        let (batch, tokens, _) = embeddings.dims3()?;
        let mask = causal_mask(&vec![tokens; batch], tokens, embeddings.device())?;
        Ok(Input { embeddings, positions: input.positions.narrow(1, 0, tokens)?, mask, segments: None, reread: None })
    }
}

impl Network for T5 {
    /// With a classifier those of its decoder too.
    fn embed(&self, input: &InputIds) -> Result<Input> {
        let embedded = input.embedded(self.words.forward(&input.ids)?);
        Ok(match self.head {
            Head::TokenEmbedding { .. } => embedded,
            Head::Classifier { .. } => {
                Input { reread: Some(self.words.forward(&self.shifted(&input.ids)?)?), ..embedded }
            }
        })
    }

    /// The encoder's states; with a classifier those of the decoder, which reads the text again.
    fn encode(&self, input: &Input, trace: &mut Trace, noise: &DropoutRng) -> Result<Tensor> {
        let read = self.run(&self.encoder, input, Beside::default(), trace, noise)?;
        match self.head {
            Head::TokenEmbedding { .. } => Ok(read),
            Head::Classifier { .. } => self.decode(&read, &input.mask, &self.reread(input)?, trace, noise),
        }
    }

    fn decode(
        &self,
        read: &Tensor,
        read_mask: &Tensor,
        written: &Input,
        trace: &mut Trace,
        noise: &DropoutRng,
    ) -> Result<Tensor> {
        let beside = Beside { read: Some((read, read_mask)), cache: None };
        self.run(&self.decoder, written, beside, trace, noise)
    }

    fn decode_step(&self, new: &Input, read: Option<(&Tensor, &Tensor)>, cache: &mut KvCache) -> Result<Tensor> {
        if read.is_none() {
            candle_core::bail!("the decoder of this T5 writes only behind what its encoder has read")
        }
        cache.begin(self.decoder.blocks.len(), &new.positions)?;
        let beside = Beside { read, cache: Some(cache) };
        self.run(&self.decoder, new, beside, &mut Trace::none(), &DropoutRng::none())
    }

    fn classify(&self, hidden: &Tensor, ends: &[u32], noise: &DropoutRng) -> Result<Tensor> {
        let Head::Classifier { dense, output, dropout } = &self.head else {
            candle_core::bail!("this T5 was opened with label words, not with a classifier")
        };
        let last = noise.dropout(&states_at(hidden, ends)?, *dropout)?;
        output.forward(&noise.dropout(&dense.forward(&last)?.tanh()?, *dropout)?)
    }

    fn head<'a>(&'a self, hidden: &Tensor) -> Result<(Tensor, &'a Linear)> {
        let Head::TokenEmbedding { scale, head } = &self.head else {
            candle_core::bail!("this T5 was opened with a classifier, not with label words")
        };
        Ok((if *scale == 1.0 { hidden.clone() } else { (hidden * *scale)? }, head))
    }
}
