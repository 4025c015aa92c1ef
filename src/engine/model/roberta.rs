//! RoBERTa (Liu et al. 2019, arXiv 1907.11692): BERT's encoder trained longer, its positions counted
//! from behind the padding's id, one kind of segment, other heads. Reference: transformers'
//! `RobertaForSequenceClassification` and `RobertaForMaskedLM`.

use candle_core::{IndexOp as _, Result, Tensor};

use super::attention::{Attention, Qkv, Sight};
use super::feed_forward::{Activation, FeedForward};
use super::init::Init;
use super::layers::{Embedding, Linear, Noise, Norm};
use super::weights::other_names;
use super::{Architecture, Config, Input, Kind, ModelError, Names, Network, Top, Trace};

/// The registry's line.
pub(super) const ARCHITECTURE: Architecture = Architecture {
    id: "roberta",
    label: "RoBERTa",
    help: "BERT's encoder trained longer, on bytes; answers by a classifier or by label words at masks.",
    kind: Kind::Encoder,
    longest: |config| config.positions().saturating_sub(first_position(config)),
    build: |config, top, names| Ok(Box::new(Roberta::new(config, top, names)?)),
    aliases: |name| other_names(name, "roberta."),
    ignored: |name| name.ends_with("position_ids") || name.starts_with("lm_head.decoder."),
    class: |top| match top {
        Top::Classes(_) => "RobertaForSequenceClassification",
        Top::Vocabulary => "RobertaForMaskedLM",
    },
};

/// The position of a text's first token: the padding's id has a row of its own, as in fairseq.
fn first_position(config: &Config) -> usize {
    config.ids("pad_token_id").first().map_or(1, |pad| *pad as usize) + 1
}

/// The network.
pub struct Roberta {
    words: Embedding,
    positions: Embedding,
    first_position: usize,
    kinds: Embedding,
    norm: Norm,
    layers: Vec<Layer>,
    head: Head,
    dropout: f64,
}

struct Layer {
    attention: Attention,
    attention_norm: Norm,
    feed_forward: FeedForward,
    output_norm: Norm,
}

enum Head {
    Classifier { dense: Linear, output: Linear, dropout: f64 },
    MaskedWords { dense: Linear, norm: Norm, decoder: Linear },
}

impl Roberta {
    /// Builds the network over named weights.
    ///
    /// # Errors
    /// [`ModelError`] for a configuration or checkpoint that does not fit.
    pub fn new(config: &Config, top: &Top, names: &Names) -> std::result::Result<Self, ModelError> {
        if config.word_or("position_embedding_type", "absolute") != "absolute" {
            return Err(ModelError::Config("position_embedding_type must be absolute".into()));
        }
        if !config.switch_or("tie_word_embeddings", true) {
            return Err(ModelError::Config("tie_word_embeddings must be true for a RoBERTa here".into()));
        }
        let trunk = names.pp("roberta");
        let (width, spread) = (config.size(&["hidden_size"])?, config.number_or("initializer_range", 0.02)?);
        let embeddings = trunk.pp("embeddings");
        let table = |name: &str, rows: usize| Embedding::new(&embeddings.pp(name), rows, width, spread);
        let layer = |i| Layer::new(config, width, &trunk.pp("encoder").pp("layer").pp(i));
        let words = table("word_embeddings", config.size(&["vocab_size"])?)?;
        Ok(Self {
            positions: table("position_embeddings", config.size(&["max_position_embeddings"])?)?,
            first_position: first_position(config),
            kinds: table("token_type_embeddings", config.size_or("type_vocab_size", 2)?)?,
            norm: Norm::new(&embeddings.pp("LayerNorm"), width, eps(config)?)?,
            layers: (0..config.size(&["num_hidden_layers"])?).map(layer).collect::<std::result::Result<_, _>>()?,
            head: Head::new(config, top, width, &words, names)?,
            dropout: config.number_or("hidden_dropout_prob", 0.1)?,
            words,
        })
    }
}

fn eps(config: &Config) -> std::result::Result<f64, ModelError> {
    config.number_or("layer_norm_eps", 1e-12)
}

impl Layer {
    fn new(config: &Config, width: usize, names: &Names) -> std::result::Result<Self, ModelError> {
        let (heads, inner) = (config.size(&["num_attention_heads"])?, config.size(&["intermediate_size"])?);
        if !width.is_multiple_of(heads) {
            return Err(ModelError::Config(format!(
                "hidden_size {width} is no multiple of num_attention_heads {heads}"
            )));
        }
        let spread = config.number_or("initializer_range", 0.02)?;
        let linear = |path: &str, inputs, outputs| Linear::new(&names.pp(path), inputs, outputs, spread);
        Ok(Self {
            attention: Attention {
                qkv: Qkv::Separate(
                    linear("attention.self.query", width, width)?,
                    linear("attention.self.key", width, width)?,
                    linear("attention.self.value", width, width)?,
                ),
                output: linear("attention.output.dense", width, width)?,
                heads,
                kv_heads: heads,
                scale: Attention::usual_scale(width / heads),
                norms: None,
                dropout: config.number_or("attention_probs_dropout_prob", 0.1)?,
            },
            attention_norm: Norm::new(&names.pp("attention.output.LayerNorm"), width, eps(config)?)?,
            feed_forward: FeedForward {
                up: linear("intermediate.dense", width, inner)?,
                gate: None,
                down: linear("output.dense", inner, width)?,
                activation: Activation::named(config.word_or("hidden_act", "gelu"))?,
                dropout: 0.0,
            },
            output_norm: Norm::new(&names.pp("output.LayerNorm"), width, eps(config)?)?,
        })
    }
}

impl Head {
    fn new(
        config: &Config,
        top: &Top,
        width: usize,
        words: &Embedding,
        names: &Names,
    ) -> std::result::Result<Self, ModelError> {
        let spread = config.number_or("initializer_range", 0.02)?;
        let added = |path: &str, outputs| Linear::added(&names.pp(path), width, outputs, spread);
        match top {
            Top::Classes(classes) => Ok(Self::Classifier {
                dense: added("classifier.dense", width)?,
                output: added("classifier.out_proj", *classes)?,
                dropout: config.number_or("classifier_dropout", config.number_or("hidden_dropout_prob", 0.1)?)?,
            }),
            Top::Vocabulary => {
                let rows = config.size(&["vocab_size"])?;
                let bias = names.pp("lm_head").get_or_new("bias", &[rows], Init::Zeros)?;
                Ok(Self::MaskedWords {
                    dense: added("lm_head.dense", width)?,
                    norm: Norm::added(&names.pp("lm_head.layer_norm"), width, eps(config)?)?,
                    decoder: Linear::tied(words.table().clone(), Some(bias)),
                })
            }
        }
    }
}

impl Network for Roberta {
    fn encode(&self, input: &Input, trace: &mut Trace, noise: &Noise) -> Result<Tensor> {
        let kinds = self.kinds.table().i(0)?; // one segment: every token is of kind 0
        let first = Tensor::new(self.first_position as u32, input.positions.device())?;
        let positions = self.positions.forward(&input.positions.broadcast_add(&first)?)?;
        let sum = (self.words.forward(&input.ids)? + positions)?.broadcast_add(&kinds)?;
        let mut x = noise.dropout(&self.norm.forward(&sum)?, self.dropout)?;
        trace.hidden(0, &x);
        for (index, layer) in self.layers.iter().enumerate() {
            let attended = layer.attention.forward(&x, &Sight::own(&input.mask, index), trace, noise)?;
            x = layer.attention_norm.forward_sum(&x, &noise.dropout(&attended, self.dropout)?)?;
            let fed = layer.feed_forward.forward(&x, noise)?;
            x = layer.output_norm.forward_sum(&x, &noise.dropout(&fed, self.dropout)?)?;
            trace.hidden(index + 1, &x);
        }
        Ok(x)
    }

    fn classify(&self, hidden: &Tensor, _ends: &[u32], noise: &Noise) -> Result<Tensor> {
        let Head::Classifier { dense, output, dropout } = &self.head else {
            candle_core::bail!("this RoBERTa was opened with label words, not with a classifier")
        };
        let first = noise.dropout(&hidden.i((.., 0))?.contiguous()?, *dropout)?;
        output.forward(&noise.dropout(&dense.forward(&first)?.tanh()?, *dropout)?)
    }

    fn vocabulary(&self, hidden: &Tensor) -> Result<Tensor> {
        let Head::MaskedWords { dense, norm, decoder } = &self.head else {
            candle_core::bail!("this RoBERTa was opened with a classifier, not with label words")
        };
        // Always GELU here, whatever the layers use.
        decoder.forward(&norm.forward(&Activation::Gelu.forward(&dense.forward(hidden)?)?)?)
    }
}
