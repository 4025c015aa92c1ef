//! DistilBERT (Sanh et al. 2019, arXiv 1910.01108): BERT with half the layers, no segments and no
//! pooler. With a classifier over the first token, or with the masked-language-model head.
//! Reference: transformers' `DistilBertForSequenceClassification` and `DistilBertForMaskedLM`.

use candle_core::{IndexOp as _, Result, Tensor};

use super::attention::AttentionMask;
use super::encoder_layer::{EncoderLayer, Recipe};
use super::feed_forward::Activation;
use super::init::Init;
use super::layers::{DropoutRng, Embedding, Linear, Norm, TokenEmbedding};
use super::names::other_names;
use super::tensor_layout::{
    Activations, AttentionNames, FeedForwardNames, Kin, LayerNames, LayerStack, SizeFields, Tables, TokenizerRule,
    named_kinds,
};
use super::{Architecture, Config, HeadKind, Heads, Input, InputIds, Kind, ModelError, Names, Network, Trace};

/// The registry's line.
pub(super) const ARCHITECTURE: Architecture = Architecture {
    id: "distilbert",
    label: "DistilBERT",
    help: "BERT distilled to half its layers; answers by a classifier or by label words at masks.",
    kind: Kind::Encoder,
    longest: |config| config.size_or_none("max_position_embeddings"),
    build: |config, top, names| Ok(Box::new(DistilBert::new(config, top, names)?)),
    aliases: |name| other_names(name, "distilbert."),
    ignored: |name| name.ends_with("position_ids") || name == "vocab_projector.weight",
    heads: Heads {
        table: "distilbert.embeddings.word_embeddings.weight",
        vocabulary: "vocab_projector.weight",
        classifier: "classifier.weight",
        tied: true,
        tied_means_scaled: false,
    },
    tables: Tables {
        positions: Some("position_embeddings.weight"),
        segments: None,
        norm: Some("embeddings.LayerNorm."),
        token_biases: &["vocab_projector.bias"],
    },
    stacks: &[LAYERS],
    fields: SizeFields {
        width: "dim",
        heads: "n_heads",
        kv_heads: None,
        head_dim: None,
        inner: "hidden_dim",
        dropout: Some("dropout"),
    },
    layer_kinds: named_kinds,
    first_position: |_| 0,
    activations: Activations::POST_NORM,
    // BERT adds the vector of a text's kind to every token and DistilBERT has none: put into the positions,
    // both embed a text alike.
    kin: Some(Kin {
        id: "bert",
        renames: &FROM_BERT,
        folded: Some(("bert.embeddings.position", "bert.embeddings.token_type_embeddings.weight")),
    }),
    marks: &["transformer.layer.0.attention.q_lin.weight"],
    tokenizer: TokenizerRule::Class("DistilBertTokenizer"),
    gguf: None,
    class: |top| match top {
        HeadKind::Classes(_) => "DistilBertForSequenceClassification",
        HeadKind::Vocabulary => "DistilBertForMaskedLM",
    },
};

/// Its layers.
const LAYERS: LayerStack = LayerStack {
    marker: "transformer.layer.",
    field: "n_layers",
    names: LayerNames {
        attention: AttentionNames {
            query: "attention.q_lin",
            key: "attention.k_lin",
            value: "attention.v_lin",
            output: "attention.out_lin",
            norm: "sa_layer_norm",
            head_norms: None,
        },
        cross: None,
        feed_forward: FeedForwardNames {
            up: "ffn.lin1",
            gated_up: None,
            gate: None,
            down: "ffn.lin2",
            norm: "output_layer_norm",
        },
    },
    shared_table: None,
    transposed: false,
};

/// BERT's names for the parts of DistilBERT (Sanh et al. 2019, arXiv 1910.01108).
const FROM_BERT: [(&str, &str); 16] = [
    ("distilbert.transformer.layer.", "bert.encoder.layer."),
    ("distilbert.embeddings.", "bert.embeddings."),
    (".attention.q_lin.", ".attention.self.query."),
    (".attention.k_lin.", ".attention.self.key."),
    (".attention.v_lin.", ".attention.self.value."),
    (".attention.out_lin.", ".attention.output.dense."),
    (".sa_layer_norm.", ".attention.output.LayerNorm."),
    (".ffn.lin1.", ".intermediate.dense."),
    (".ffn.lin2.", ".output.dense."),
    (".output_layer_norm.", ".output.LayerNorm."),
    ("vocab_transform.", "cls.predictions.transform.dense."),
    ("vocab_layer_norm.", "cls.predictions.transform.LayerNorm."),
    ("vocab_projector.weight", "cls.predictions.decoder.weight"),
    ("vocab_projector.bias", "cls.predictions.bias"),
    // DistilBERT's classifier reads the first token, BERT's what its pooler made of it.
    ("pre_classifier.", "no tensor of BERT "),
    ("classifier.", "no tensor of BERT "),
];

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
            layers: (0..config.depth("n_layers")?).map(layer).collect::<std::result::Result<_, _>>()?,
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

    fn head<'a>(&'a self, hidden: &Tensor) -> Result<(Tensor, &'a Linear)> {
        let Head::MaskedWords { transform, activation, norm, decoder } = &self.head else {
            candle_core::bail!("this DistilBERT was opened with a classifier, not with label words")
        };
        Ok((norm.forward(&activation.forward(&transform.forward(hidden)?)?)?, decoder))
    }
}
