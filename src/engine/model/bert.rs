//! BERT (Devlin et al. 2018, arXiv 1810.04805): bidirectional, post-norm, learned positions. With
//! a classifier over the pooled first token, or with the masked-language-model head.
//! Reference: transformers' `BertForSequenceClassification` and `BertForMaskedLM`.

use candle_core::{IndexOp as _, Result, Tensor};

use super::attention::AttentionMask;
use super::encoder_layer::{EncoderLayer, Recipe};
use super::feed_forward::Activation;
use super::init::Init;
use super::layers::{DropoutRng, Embedding, Linear, Norm, TokenEmbedding};
use super::names::other_names;
use super::tensor_layout::{
    Activations, AttentionNames, FeedForwardNames, LayerNames, LayerStack, SizeFields, Tables, TokenizerRule,
    named_kinds,
};
use super::{Architecture, Config, HeadKind, Heads, Input, InputIds, Kind, ModelError, Names, Network, Trace};
use crate::session::say;

/// The registry's line.
pub(super) const ARCHITECTURE: Architecture = Architecture {
    id: "bert",
    label: "BERT",
    help: "Encoder that reads both ways; answers by a classifier or by label words at masks.",
    kind: Kind::Encoder,
    longest: |config| config.size_or_none("max_position_embeddings"),
    build: |config, top, names| Ok(Box::new(Bert::new(config, top, names)?)),
    aliases: |name| match name {
        "cls.predictions.bias" => vec!["cls.predictions.decoder.bias".to_owned()],
        "cls.predictions.decoder.bias" => vec!["cls.predictions.bias".to_owned()],
        name => other_names(name, "bert."),
    },
    ignored: |name| {
        name.ends_with("position_ids")
            || name.ends_with("predictions.decoder.weight")
            || name.ends_with("predictions.decoder.bias")
    },
    heads: Heads {
        table: "bert.embeddings.word_embeddings.weight",
        vocabulary: "cls.predictions.decoder.weight",
        classifier: "classifier.weight",
        tied: true,
        tied_means_scaled: false,
    },
    tables: Tables {
        positions: Some("position_embeddings.weight"),
        segments: Some("token_type_embeddings.weight"),
        norm: Some("embeddings.LayerNorm."),
        token_biases: &["cls.predictions.bias", "cls.predictions.decoder.bias"],
    },
    stacks: &[LAYERS],
    fields: FIELDS,
    layer_kinds: named_kinds,
    first_position: |_| 0,
    activations: Activations::POST_NORM,
    kin: None,
    marks: &["bert.encoder.layer.0.", "cls.predictions.transform."],
    tokenizer: TokenizerRule::Class("BertTokenizer"),
    gguf: None,
    class: |top| match top {
        HeadKind::Classes(_) => "BertForSequenceClassification",
        HeadKind::Vocabulary => "BertForMaskedLM",
    },
};

/// Its layers, which RoBERTa kept.
pub(super) const LAYERS: LayerStack = LayerStack {
    marker: "encoder.layer.",
    field: "num_hidden_layers",
    names: LayerNames {
        attention: AttentionNames {
            query: "attention.self.query",
            key: "attention.self.key",
            value: "attention.self.value",
            output: "attention.output.dense",
            norm: "attention.output.LayerNorm",
            head_norms: None,
        },
        cross: None,
        feed_forward: FeedForwardNames {
            up: "intermediate.dense",
            gated_up: None,
            gate: None,
            down: "output.dense",
            norm: "output.LayerNorm",
        },
    },
    shared_table: None,
    transposed: false,
};

/// Its fields, which RoBERTa kept.
pub(super) const FIELDS: SizeFields = SizeFields {
    width: "hidden_size",
    heads: "num_attention_heads",
    kv_heads: None,
    head_dim: None,
    inner: "intermediate_size",
    dropout: Some("hidden_dropout_prob"),
};

/// The network.
pub struct Bert {
    words: TokenEmbedding,
    positions: Embedding,
    kinds: Embedding,
    norm: Norm,
    layers: Vec<EncoderLayer>,
    head: Head,
    dropout: f64,
}

enum Head {
    Classifier { pooler: Linear, classifier: Linear, dropout: f64 },
    MaskedWords { transform: Linear, activation: Activation, norm: Norm, decoder: Linear },
}

impl Bert {
    /// Builds the network over named weights.
    ///
    /// # Errors
    /// [`ModelError`] for a configuration or checkpoint that does not fit.
    pub fn new(config: &Config, top: &HeadKind, names: &Names) -> std::result::Result<Self, ModelError> {
        let bert = names.pp("bert");
        let (width, spread) = (config.size(&["hidden_size"])?, config.number_or("initializer_range", 0.02)?);
        let eps = config.number_or("layer_norm_eps", 1e-12)?;
        if config.word_or("position_embedding_type", "absolute") != "absolute" {
            return Err(ModelError::Config(say!("position_embedding_type must be absolute")));
        }
        let embeddings = bert.pp("embeddings");
        let table = |name: &str, rows: usize| Embedding::new(&embeddings.pp(name), rows, width, spread);
        let recipe = recipe(config, width)?;
        let layer = |i| EncoderLayer::new(&recipe, &bert.pp("encoder").pp("layer").pp(i));
        let words =
            TokenEmbedding::new(&embeddings.pp("word_embeddings"), config.size(&["vocab_size"])?, width, spread)?;
        Ok(Self {
            positions: table("position_embeddings", config.size(&["max_position_embeddings"])?)?,
            kinds: table("token_type_embeddings", config.size_or("type_vocab_size", 2)?)?,
            norm: Norm::new(&embeddings.pp("LayerNorm"), width, eps)?,
            layers: (0..config.depth("num_hidden_layers")?).map(layer).collect::<std::result::Result<_, _>>()?,
            head: Head::new(config, top, width, &words, names)?,
            dropout: config.number_or("hidden_dropout_prob", 0.1)?,
            words,
        })
    }
}

/// What the configuration says of the layers.
pub(super) fn recipe(config: &Config, width: usize) -> std::result::Result<Recipe<'_>, ModelError> {
    let hidden = config.number_or("hidden_dropout_prob", 0.1)?;
    Ok(Recipe {
        width,
        inner: config.size(&["intermediate_size"])?,
        heads: config.size(&["num_attention_heads"])?,
        eps: config.number_or("layer_norm_eps", 1e-12)?,
        spread: config.number_or("initializer_range", 0.02)?,
        activation: config.word_or("hidden_act", "gelu"),
        dropout: [config.number_or("attention_probs_dropout_prob", 0.1)?, hidden, hidden],
        names: &LAYERS.names,
    })
}

impl Head {
    fn new(
        config: &Config,
        top: &HeadKind,
        width: usize,
        words: &TokenEmbedding,
        names: &Names,
    ) -> std::result::Result<Self, ModelError> {
        let spread = config.number_or("initializer_range", 0.02)?;
        match top {
            HeadKind::Classes(classes) => Ok(Self::Classifier {
                pooler: Linear::added(&names.pp("bert.pooler.dense"), width, width, spread)?,
                classifier: Linear::added(&names.pp("classifier"), width, *classes, spread)?,
                dropout: config.number_or("classifier_dropout", config.number_or("hidden_dropout_prob", 0.1)?)?,
            }),
            HeadKind::Vocabulary => {
                let tied = ARCHITECTURE.heads.is_tied(config);
                let head = words.own_or_tied(
                    names,
                    &ARCHITECTURE.heads,
                    tied,
                    config.size(&["vocab_size"])?,
                    width,
                    spread,
                )?;
                let names = names.pp("cls.predictions");
                let bias = bias_of(&names, head.is_own(), config.size(&["vocab_size"])?)?;
                Ok(Self::MaskedWords {
                    transform: Linear::added(&names.pp("transform.dense"), width, width, spread)?,
                    activation: Activation::named(config.word_or("hidden_act", "gelu"))?,
                    norm: Norm::added(
                        &names.pp("transform.LayerNorm"),
                        width,
                        config.number_or("layer_norm_eps", 1e-12)?,
                    )?,
                    decoder: head.linear(Some(bias)),
                })
            }
        }
    }
}

/// The bias of the head over the vocabulary. A head of its own has its own; checkpoints from before
/// transformers 5 keep it under the shared name, and some shared ones under the other.
pub(super) fn bias_of(names: &Names, is_own: bool, rows: usize) -> std::result::Result<Tensor, ModelError> {
    names.get_or_new(if is_own { "decoder.bias" } else { "bias" }, &[rows], Init::Zeros)
}

impl Bert {
    /// What is added to the tokens: where they stand and in which of two texts, `[batch, tokens, width]`.
    fn places(&self, input: &Input) -> Result<Tensor> {
        let Some(segments) = &input.segments else {
            // One segment: every token is of kind 0, which is added to the positions while they are few.
            let places = Embedding::of(self.positions.table().broadcast_add(&self.kinds.table().i(0)?)?);
            return places.forward(&input.positions);
        };
        if self.kinds.table().dim(0)? < 2 {
            candle_core::bail!("this BERT has one kind of segment (type_vocab_size 1) and cannot read a pair of texts")
        }
        self.positions.forward(&input.positions)? + self.kinds.forward(segments)?
    }
}

impl Network for Bert {
    fn embed(&self, input: &InputIds) -> Result<Input> {
        Ok(input.embedded(self.words.forward(&input.ids)?))
    }

    fn encode(&self, input: &Input, trace: &mut Trace, noise: &DropoutRng) -> Result<Tensor> {
        let places = self.places(input)?;
        let mut x = noise.dropout(&self.norm.forward_sum(&input.embeddings, &places)?, self.dropout)?;
        trace.hidden(0, &x);
        for (index, layer) in self.layers.iter().enumerate() {
            x = layer.forward(&x, &AttentionMask::own(&input.mask, index), trace, noise)?;
            trace.hidden(index + 1, &x);
        }
        Ok(x)
    }

    fn classify(&self, hidden: &Tensor, _ends: &[u32], noise: &DropoutRng) -> Result<Tensor> {
        let Head::Classifier { pooler, classifier, dropout } = &self.head else {
            candle_core::bail!("this BERT was opened with label words, not with a classifier")
        };
        let pooled = pooler.forward(&hidden.i((.., 0))?.contiguous()?)?.tanh()?;
        classifier.forward(&noise.dropout(&pooled, *dropout)?)
    }

    fn head<'a>(&'a self, hidden: &Tensor) -> Result<(Tensor, &'a Linear)> {
        let Head::MaskedWords { transform, activation, norm, decoder } = &self.head else {
            candle_core::bail!("this BERT was opened with a classifier, not with label words")
        };
        Ok((norm.forward(&activation.forward(&transform.forward(hidden)?)?)?, decoder))
    }
}
