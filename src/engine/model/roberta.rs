//! RoBERTa (Liu et al. 2019, arXiv 1907.11692): BERT's encoder trained longer, its positions counted
//! from behind the padding's id, one kind of segment, other heads. Reference: transformers'
//! `RobertaForSequenceClassification` and `RobertaForMaskedLM`.

use candle_core::{IndexOp as _, Result, Tensor};

use super::attention::AttentionMask;
use super::encoder_layer::EncoderLayer;
use super::feed_forward::Activation;
use super::layers::{DropoutRng, Embedding, Linear, Norm, TokenEmbedding};
use super::names::other_names;
use super::tensor_layout::{Activations, Tables, TokenizerRule, named_kinds};
use super::{Architecture, Config, HeadKind, Heads, Input, InputIds, Kind, ModelError, Names, Network, Trace, bert};
use crate::session::say;

/// The registry's line.
pub(super) const ARCHITECTURE: Architecture = Architecture {
    id: "roberta",
    label: "RoBERTa",
    help: "BERT's encoder trained longer, on bytes; answers by a classifier or by label words at masks.",
    kind: Kind::Encoder,
    longest: |config| config.size_or_none("max_position_embeddings").saturating_sub(first_position(config)),
    build: |config, top, names| Ok(Box::new(Roberta::new(config, top, names)?)),
    aliases: |name| match name {
        "lm_head.bias" => vec!["lm_head.decoder.bias".to_owned()],
        "lm_head.decoder.bias" => vec!["lm_head.bias".to_owned()],
        name => other_names(name, "roberta."),
    },
    ignored: |name| name.ends_with("position_ids") || name.starts_with("lm_head.decoder."),
    heads: Heads {
        table: "roberta.embeddings.word_embeddings.weight",
        vocabulary: "lm_head.decoder.weight",
        classifier: "classifier.out_proj.weight",
        tied: true,
        tied_means_scaled: false,
    },
    tables: Tables {
        positions: Some("position_embeddings.weight"),
        segments: Some("token_type_embeddings.weight"),
        norm: Some("embeddings.LayerNorm."),
        token_biases: &["lm_head.bias", "lm_head.decoder.bias"],
    },
    stacks: &[bert::LAYERS],
    fields: bert::FIELDS,
    layer_kinds: named_kinds,
    first_position,
    activations: Activations::POST_NORM,
    kin: None,
    marks: &["roberta.encoder.layer.0.", "lm_head.layer_norm.weight", "classifier.out_proj.weight"],
    tokenizer: TokenizerRule::Class("RobertaTokenizer"),
    gguf: None,
    class: |top| match top {
        HeadKind::Classes(_) => "RobertaForSequenceClassification",
        HeadKind::Vocabulary => "RobertaForMaskedLM",
    },
};

/// The position of a text's first token: the padding's id has a row of its own, as in fairseq.
fn first_position(config: &Config) -> usize {
    config.ids("pad_token_id").first().map_or(1, |pad| *pad as usize) + 1
}

/// The network.
pub struct Roberta {
    words: TokenEmbedding,
    positions: Embedding,
    first_position: usize,
    kinds: Embedding,
    norm: Norm,
    layers: Vec<EncoderLayer>,
    head: Head,
    dropout: f64,
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
    pub fn new(config: &Config, top: &HeadKind, names: &Names) -> std::result::Result<Self, ModelError> {
        if config.word_or("position_embedding_type", "absolute") != "absolute" {
            return Err(ModelError::Config(say!("position_embedding_type must be absolute")));
        }
        let trunk = names.pp("roberta");
        let (width, spread) = (config.size(&["hidden_size"])?, config.number_or("initializer_range", 0.02)?);
        let embeddings = trunk.pp("embeddings");
        let table = |name: &str, rows: usize| Embedding::new(&embeddings.pp(name), rows, width, spread);
        let recipe = bert::recipe(config, width)?;
        let layer = |i| EncoderLayer::new(&recipe, &trunk.pp("encoder").pp("layer").pp(i));
        let words =
            TokenEmbedding::new(&embeddings.pp("word_embeddings"), config.size(&["vocab_size"])?, width, spread)?;
        Ok(Self {
            positions: table("position_embeddings", config.size(&["max_position_embeddings"])?)?,
            first_position: first_position(config),
            kinds: table("token_type_embeddings", config.size_or("type_vocab_size", 2)?)?,
            norm: Norm::new(&embeddings.pp("LayerNorm"), width, eps(config)?)?,
            layers: (0..config.depth("num_hidden_layers")?).map(layer).collect::<std::result::Result<_, _>>()?,
            head: Head::new(config, top, width, &words, names)?,
            dropout: config.number_or("hidden_dropout_prob", 0.1)?,
            words,
        })
    }
}

fn eps(config: &Config) -> std::result::Result<f64, ModelError> {
    config.number_or("layer_norm_eps", 1e-12)
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
        let added = |path: &str, outputs| Linear::added(&names.pp(path), width, outputs, spread);
        match top {
            HeadKind::Classes(classes) => Ok(Self::Classifier {
                dense: added("classifier.dense", width)?,
                output: added("classifier.out_proj", *classes)?,
                dropout: config.number_or("classifier_dropout", config.number_or("hidden_dropout_prob", 0.1)?)?,
            }),
            HeadKind::Vocabulary => {
                let rows = config.size(&["vocab_size"])?;
                let tied = ARCHITECTURE.heads.is_tied(config);
                let head = words.own_or_tied(names, &ARCHITECTURE.heads, tied, rows, width, spread)?;
                let bias = bert::bias_of(&names.pp("lm_head"), head.is_own(), rows)?;
                Ok(Self::MaskedWords {
                    dense: added("lm_head.dense", width)?,
                    norm: Norm::added(&names.pp("lm_head.layer_norm"), width, eps(config)?)?,
                    decoder: head.linear(Some(bias)),
                })
            }
        }
    }
}

impl Network for Roberta {
    fn embed(&self, input: &InputIds) -> Result<Input> {
        Ok(input.embedded(self.words.forward(&input.ids)?))
    }

    fn encode(&self, input: &Input, trace: &mut Trace, noise: &DropoutRng) -> Result<Tensor> {
        // Every token is of kind 0, those of a second text, too: its tokenizers tell no segments.
        let kinds = self.kinds.table().i(0)?;
        let first = Tensor::new(self.first_position as u32, input.positions.device())?;
        let positions = self.positions.forward(&input.positions.broadcast_add(&first)?)?;
        let sum = (&input.embeddings + positions)?.broadcast_add(&kinds)?;
        let mut x = noise.dropout(&self.norm.forward(&sum)?, self.dropout)?;
        trace.hidden(0, &x);
        for (index, layer) in self.layers.iter().enumerate() {
            x = layer.forward(&x, &AttentionMask::own(&input.mask, index), trace, noise)?;
            trace.hidden(index + 1, &x);
        }
        Ok(x)
    }

    fn classify(&self, hidden: &Tensor, _ends: &[u32], noise: &DropoutRng) -> Result<Tensor> {
        let Head::Classifier { dense, output, dropout } = &self.head else {
            candle_core::bail!("this RoBERTa was opened with label words, not with a classifier")
        };
        let first = noise.dropout(&hidden.i((.., 0))?.contiguous()?, *dropout)?;
        output.forward(&noise.dropout(&dense.forward(&first)?.tanh()?, *dropout)?)
    }

    fn head<'a>(&'a self, hidden: &Tensor) -> Result<(Tensor, &'a Linear)> {
        let Head::MaskedWords { dense, norm, decoder } = &self.head else {
            candle_core::bail!("this RoBERTa was opened with a classifier, not with label words")
        };
        // Always GELU here, whatever the layers use.
        Ok((norm.forward(&Activation::Gelu.forward(&dense.forward(hidden)?)?)?, decoder))
    }
}
