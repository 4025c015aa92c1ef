//! DistilBERT (Sanh et al. 2019, arXiv 1910.01108): BERT with half the layers, no segments and no
//! pooler. With a classifier over the first token, or with the masked-language-model head.
//! Reference: transformers' `DistilBertForSequenceClassification` and `DistilBertForMaskedLM`.

use candle_core::{IndexOp as _, Result, Tensor};

use super::attention::AttentionMask;
use super::encoder_layer::{EncoderLayer, Paths, Recipe};
use super::feed_forward::Activation;
use super::init::Init;
use super::layers::{DropoutRng, Embedding, Linear, Norm, TokenEmbedding};
use super::names::other_names;
use super::{Architecture, Config, HeadKind, Heads, Input, InputIds, Kind, ModelError, Names, Network, Trace};

/// The registry's line.
pub(super) const ARCHITECTURE: Architecture = Architecture {
    id: "distilbert",
    label: "DistilBERT",
    help: "BERT distilled to half its layers; answers by a classifier or by label words at masks.",
    kind: Kind::Encoder,
    longest: Config::positions,
    build: |config, top, names| Ok(Box::new(DistilBert::new(config, top, names)?)),
    aliases: |name| other_names(name, "distilbert."),
    ignored: |name| name.ends_with("position_ids") || name == "vocab_projector.weight",
    heads: Heads {
        table: "distilbert.embeddings.word_embeddings.weight",
        vocabulary: "vocab_projector.weight",
        classifier: "classifier.weight",
        tied: true,
    },
    class: |top| match top {
        HeadKind::Classes(_) => "DistilBertForSequenceClassification",
        HeadKind::Vocabulary => "DistilBertForMaskedLM",
    },
};

/// Names of a layer's parts.
const PATHS: Paths = Paths {
    projections: ["attention.q_lin", "attention.k_lin", "attention.v_lin"],
    attention_output: "attention.out_lin",
    attention_norm: "sa_layer_norm",
    up: "ffn.lin1",
    down: "ffn.lin2",
    output_norm: "output_layer_norm",
};

/// Its norms' epsilon, which no configuration names.
const EPS: f64 = 1e-12;

/// The network.
pub struct DistilBert {
    words: TokenEmbedding,
    positions: Embedding,
    norm: Norm,
    layers: Vec<EncoderLayer>,
    head: Head,
    dropout: f64,
}

enum Head {
    Classifier { before: Linear, classifier: Linear, dropout: f64 },
    MaskedWords { transform: Linear, activation: Activation, norm: Norm, decoder: Linear },
}

impl DistilBert {
    /// Builds the network over named weights.
    ///
    /// # Errors
    /// [`ModelError`] for a configuration or checkpoint that does not fit.
    pub fn new(config: &Config, top: &HeadKind, names: &Names) -> std::result::Result<Self, ModelError> {
        let trunk = names.pp("distilbert");
        let (width, spread) = (config.size(&["dim"])?, config.number_or("initializer_range", 0.02)?);
        let embeddings = trunk.pp("embeddings");
        let table = |name: &str, rows: usize| Embedding::new(&embeddings.pp(name), rows, width, spread);
        let recipe = recipe(config, width)?;
        let layer = |i| EncoderLayer::new(&recipe, &trunk.pp("transformer").pp("layer").pp(i));
        let words =
            TokenEmbedding::new(&embeddings.pp("word_embeddings"), config.size(&["vocab_size"])?, width, spread)?;
        Ok(Self {
            positions: table("position_embeddings", config.size(&["max_position_embeddings"])?)?,
            norm: Norm::new(&embeddings.pp("LayerNorm"), width, EPS)?,
            layers: (0..config.size(&["n_layers"])?).map(layer).collect::<std::result::Result<_, _>>()?,
            head: Head::new(config, top, width, &words, names)?,
            dropout: config.number_or("dropout", 0.1)?,
            words,
        })
    }
}

/// What the configuration says of the layers. Nothing drops behind the attention.
fn recipe(config: &Config, width: usize) -> std::result::Result<Recipe<'_>, ModelError> {
    Ok(Recipe {
        width,
        inner: config.size(&["hidden_dim"])?,
        heads: config.size(&["n_heads"])?,
        eps: EPS,
        spread: config.number_or("initializer_range", 0.02)?,
        activation: config.word_or("activation", "gelu"),
        dropout: [config.number_or("attention_dropout", 0.1)?, 0.0, config.number_or("dropout", 0.1)?],
        paths: &PATHS,
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
        let added = |path: &str, outputs| Linear::added(&names.pp(path), width, outputs, spread);
        match top {
            HeadKind::Classes(classes) => Ok(Self::Classifier {
                before: added("pre_classifier", width)?,
                classifier: added("classifier", *classes)?,
                dropout: config.number_or("seq_classif_dropout", 0.2)?,
            }),
            HeadKind::Vocabulary => {
                let rows = config.size(&["vocab_size"])?;
                let tied = ARCHITECTURE.heads.is_tied(config);
                let head = words.own_or_tied(names, &ARCHITECTURE.heads, tied, rows, width, spread)?;
                let bias = names.pp("vocab_projector").get_or_new("bias", &[rows], Init::Zeros)?;
                Ok(Self::MaskedWords {
                    transform: added("vocab_transform", width)?,
                    activation: Activation::named(config.word_or("activation", "gelu"))?,
                    norm: Norm::added(&names.pp("vocab_layer_norm"), width, EPS)?,
                    decoder: head.linear(Some(bias)),
                })
            }
        }
    }
}

impl Network for DistilBert {
    fn embed(&self, input: &InputIds) -> Result<Input> {
        Ok(input.embedded(self.words.forward(&input.ids)?))
    }

    fn encode(&self, input: &Input, trace: &mut Trace, noise: &DropoutRng) -> Result<Tensor> {
        let positions = self.positions.forward(&input.positions)?;
        let embedded = self.norm.forward_sum(&input.embeddings, &positions)?;
        let mut x = noise.dropout(&embedded, self.dropout)?;
        trace.hidden(0, &x);
        for (index, layer) in self.layers.iter().enumerate() {
            x = layer.forward(&x, &AttentionMask::own(&input.mask, index), trace, noise)?;
            trace.hidden(index + 1, &x);
        }
        Ok(x)
    }

    fn classify(&self, hidden: &Tensor, _ends: &[u32], noise: &DropoutRng) -> Result<Tensor> {
        let Head::Classifier { before, classifier, dropout } = &self.head else {
            candle_core::bail!("this DistilBERT was opened with label words, not with a classifier")
        };
        let pooled = before.forward(&hidden.i((.., 0))?.contiguous()?)?.relu()?;
        classifier.forward(&noise.dropout(&pooled, *dropout)?)
    }

    fn vocabulary(&self, hidden: &Tensor) -> Result<Tensor> {
        let Head::MaskedWords { transform, activation, norm, decoder } = &self.head else {
            candle_core::bail!("this DistilBERT was opened with a classifier, not with label words")
        };
        decoder.forward(&norm.forward(&activation.forward(&transform.forward(hidden)?)?)?)
    }
}
