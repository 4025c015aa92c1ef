//! DistilBERT (Sanh et al. 2019, arXiv 1910.01108): BERT with half the layers, no segments and no
//! pooler. With a classifier over the first token, or with the masked-language-model head.
//! Reference: transformers' `DistilBertForSequenceClassification` and `DistilBertForMaskedLM`.

use candle_core::{IndexOp as _, Result, Tensor};

use super::attention::{Attention, Qkv, Sight};
use super::feed_forward::{Activation, FeedForward};
use super::init::Init;
use super::layers::{Embedding, Linear, Noise, Norm};
use super::weights::other_names;
use super::{Architecture, Config, Input, Kind, ModelError, Names, Network, Top, Trace};

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
    class: |top| match top {
        Top::Classes(_) => "DistilBertForSequenceClassification",
        Top::Vocabulary => "DistilBertForMaskedLM",
    },
};

/// Its norms' epsilon, which no configuration names.
const EPS: f64 = 1e-12;

/// The network.
pub struct DistilBert {
    words: Embedding,
    positions: Embedding,
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
    Classifier { before: Linear, classifier: Linear, dropout: f64 },
    MaskedWords { transform: Linear, activation: Activation, norm: Norm, decoder: Linear },
}

impl DistilBert {
    /// Builds the network over named weights.
    ///
    /// # Errors
    /// [`ModelError`] for a configuration or checkpoint that does not fit.
    pub fn new(config: &Config, top: &Top, names: &Names) -> std::result::Result<Self, ModelError> {
        if !config.switch_or("tie_word_embeddings", true) {
            return Err(ModelError::Config("tie_word_embeddings must be true for a DistilBERT here".into()));
        }
        let trunk = names.pp("distilbert");
        let (width, spread) = (config.size(&["dim"])?, config.number_or("initializer_range", 0.02)?);
        let embeddings = trunk.pp("embeddings");
        let table = |name: &str, rows: usize| Embedding::new(&embeddings.pp(name), rows, width, spread);
        let layer = |i| Layer::new(config, width, &trunk.pp("transformer").pp("layer").pp(i));
        let words = table("word_embeddings", config.size(&["vocab_size"])?)?;
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

impl Layer {
    fn new(config: &Config, width: usize, names: &Names) -> std::result::Result<Self, ModelError> {
        let (heads, inner) = (config.size(&["n_heads"])?, config.size(&["hidden_dim"])?);
        if !width.is_multiple_of(heads) {
            return Err(ModelError::Config(format!("dim {width} is no multiple of n_heads {heads}")));
        }
        let spread = config.number_or("initializer_range", 0.02)?;
        let linear = |path: &str, inputs, outputs| Linear::new(&names.pp(path), inputs, outputs, spread);
        let square = |path: &str| linear(path, width, width);
        Ok(Self {
            attention: Attention {
                qkv: Qkv::Separate(square("attention.q_lin")?, square("attention.k_lin")?, square("attention.v_lin")?),
                output: square("attention.out_lin")?,
                heads,
                kv_heads: heads,
                scale: Attention::usual_scale(width / heads),
                norms: None,
                dropout: config.number_or("attention_dropout", 0.1)?,
            },
            attention_norm: Norm::new(&names.pp("sa_layer_norm"), width, EPS)?,
            feed_forward: FeedForward {
                up: linear("ffn.lin1", width, inner)?,
                gate: None,
                down: linear("ffn.lin2", inner, width)?,
                activation: Activation::named(config.word_or("activation", "gelu"))?,
                dropout: 0.0,
            },
            output_norm: Norm::new(&names.pp("output_layer_norm"), width, EPS)?,
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
                before: added("pre_classifier", width)?,
                classifier: added("classifier", *classes)?,
                dropout: config.number_or("seq_classif_dropout", 0.2)?,
            }),
            Top::Vocabulary => {
                let rows = config.size(&["vocab_size"])?;
                let bias = names.pp("vocab_projector").get_or_new("bias", &[rows], Init::Zeros)?;
                Ok(Self::MaskedWords {
                    transform: added("vocab_transform", width)?,
                    activation: Activation::named(config.word_or("activation", "gelu"))?,
                    norm: Norm::added(&names.pp("vocab_layer_norm"), width, EPS)?,
                    decoder: Linear::tied(words.table().clone(), Some(bias)),
                })
            }
        }
    }
}

impl Network for DistilBert {
    fn encode(&self, input: &Input, trace: &mut Trace, noise: &Noise) -> Result<Tensor> {
        let positions = self.positions.forward(&input.positions)?;
        let embedded = self.norm.forward_sum(&self.words.forward(&input.ids)?, &positions)?;
        let mut x = noise.dropout(&embedded, self.dropout)?;
        trace.hidden(0, &x);
        for (index, layer) in self.layers.iter().enumerate() {
            let attended = layer.attention.forward(&x, &Sight::own(&input.mask, index), trace, noise)?;
            x = layer.attention_norm.forward_sum(&attended, &x)?;
            let fed = noise.dropout(&layer.feed_forward.forward(&x, noise)?, self.dropout)?;
            x = layer.output_norm.forward_sum(&fed, &x)?;
            trace.hidden(index + 1, &x);
        }
        Ok(x)
    }

    fn classify(&self, hidden: &Tensor, _ends: &[u32], noise: &Noise) -> Result<Tensor> {
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
