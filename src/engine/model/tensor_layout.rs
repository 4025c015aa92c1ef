//! What an architecture calls its tensors and the fields of its configuration, as data: what making,
//! trimming, weighing and pruning a student, and reading other files of it, have to know from outside.
//!
//! Not here: how a network computes. An architecture's file spells that out, under the same names.

use super::{Config, ModelError};

/// Names of the tensors of an architecture's heads, for what has to know them from outside: tying, and
/// the order of a classifier's rows.
#[derive(Clone, Copy, Debug)]
pub struct Heads {
    /// The table of token embeddings, `[vocabulary, width]`; of a classifier it may stand one level down.
    pub table: &'static str,
    /// The head over the vocabulary where it is a matrix of its own, `[vocabulary, width]`.
    pub vocabulary: &'static str,
    /// The last matrix of the classifier, `[classes, ..]`; a bias beside it has a row per class too.
    pub classifier: &'static str,
    /// Whether the configuration ties the head to the table if it does not say so.
    pub tied: bool,
    /// Whether the configuration's word on tying also says what the states are multiplied by before the head
    /// (T5), so that it has to be written back as it was.
    pub tied_means_scaled: bool,
}

impl Heads {
    /// Whether `config` asks for one matrix as table and head.
    pub fn is_tied(&self, config: &Config) -> bool {
        config.switch_or("tie_word_embeddings", self.tied)
    }

    /// Whether a tensor has one row per class.
    pub fn is_classifier(&self, name: &str) -> bool {
        let bias = self.classifier.strip_suffix("weight").and_then(|stem| name.strip_prefix(stem));
        name == self.classifier || bias == Some("bias")
    }
}

/// What stands before the first layer beside the table of tokens; names as they end, unless said otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Tables {
    /// `[positions, width]`.
    pub positions: Option<&'static str>,
    /// `[kinds of segment, width]`, of which the first is every text's.
    pub segments: Option<&'static str>,
    /// Norm over the sum of all, a part of its tensors' names.
    pub norm: Option<&'static str>,
    /// Biases with one number per token, of the head over the vocabulary.
    pub token_biases: &'static [&'static str],
}

/// Fields of the configuration that name a size.
#[derive(Clone, Copy, Debug)]
pub struct SizeFields {
    /// Numbers of one token's state.
    pub width: &'static str,
    /// Attention heads of a layer.
    pub heads: &'static str,
    /// Heads of keys and values, where they may be fewer.
    pub kv_heads: Option<&'static str>,
    /// Numbers in one head, where they need not add up to the width.
    pub head_dim: Option<&'static str>,
    /// Neurons of the feed-forward network; four times the width where the configuration leaves it out.
    pub inner: &'static str,
    /// Share of the states that drops behind each half of a layer, if that can be set.
    pub dropout: Option<&'static str>,
}

/// Names of one attention within a layer, without `.weight` and `.bias`. A head is a stretch of the outputs
/// of query, key and value and of the inputs of `output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttentionNames {
    /// Queries of all heads; one name with key and value where one matrix holds the three side by side.
    pub query: &'static str,
    /// Keys of all heads.
    pub key: &'static str,
    /// Values of all heads.
    pub value: &'static str,
    /// Behind the heads.
    pub output: &'static str,
    /// Before it or behind it.
    pub norm: &'static str,
    /// Norms of each head's queries and keys, of those that have them.
    pub head_norms: Option<[&'static str; 2]>,
}

/// Names of a feed-forward network within a layer, without `.weight` and `.bias`. A neuron is an output of
/// `up` and `gate` and an input of `down`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedForwardNames {
    /// Widens.
    pub up: &'static str,
    /// What `up` is called beside a gate, where that is another name.
    pub gated_up: Option<&'static str>,
    /// What its outputs are multiplied by, of those that have one.
    pub gate: Option<&'static str>,
    /// Narrows.
    pub down: &'static str,
    /// Before it or behind it.
    pub norm: &'static str,
}

/// Names of a layer's parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerNames {
    /// To the layer's own text.
    pub attention: AttentionNames,
    /// To what an encoder read.
    pub cross: Option<AttentionNames>,
    /// Behind the attention.
    pub feed_forward: FeedForwardNames,
}

/// A stack of layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerStack {
    /// What stands before the layer's number in a tensor's name.
    pub marker: &'static str,
    /// The configuration's field for the number of layers.
    pub field: &'static str,
    /// What is in each layer.
    pub names: LayerNames,
    /// Part of the name of a table that all layers share and the first one holds.
    pub shared_table: Option<&'static str>,
    /// Whether its matrices are kept `[in, out]`.
    pub transposed: bool,
}

impl LayerStack {
    /// The layer a tensor belongs to, and its name with another layer's number.
    pub fn layer_of(&self, name: &str) -> Option<(usize, impl Fn(usize) -> String)> {
        let at = name.find(self.marker)? + self.marker.len();
        let (before, rest) = name.split_at(at);
        let (number, rest) = rest.split_once('.')?;
        let layer = number.parse().ok()?;
        let (before, rest) = (before.to_owned(), rest.to_owned());
        Some((layer, move |layer| format!("{before}{layer}.{rest}")))
    }

    /// Whether a tensor is the table that all layers share.
    pub fn is_shared(&self, name: &str) -> bool {
        self.shared_table.is_some_and(|table| name.contains(table))
    }
}

/// What each layer is, by name, where the configuration says so of each.
///
/// # Errors
/// [`ModelError::Config`] if it is no list of words.
pub fn named_kinds(config: &Config, _layers: usize) -> Result<Option<Vec<String>>, ModelError> {
    Ok(config.words("layer_types")?.map(|words| words.into_iter().map(str::to_owned).collect()))
}

/// Numbers that a layer's operations keep of each token for the backward pass, in multiples of its sizes.
#[derive(Clone, Copy, Debug)]
pub struct Activations {
    /// Of the queries of all heads, and of the keys: two each for themselves and what the values become, more
    /// where they are placed by an operation of their own.
    pub query_key: f64,
    /// Of the tokens that each head sees.
    pub maps: f64,
    /// Of the width: sums, norms and what stands between them.
    pub width: f64,
    /// Of the neurons.
    pub inner: f64,
    /// Of the width again where something drops by an operation of its own.
    pub dropped: f64,
}

impl Activations {
    /// A post-norm layer: each half keeps the sum and its norm; the inner values stand once.
    pub const POST_NORM: Self = Self { query_key: 2.0, maps: 1.0, width: 4.0, inner: 1.0, dropped: 0.0 };
}

/// Another architecture whose tensors can be an architecture's own, under other names.
#[derive(Clone, Copy, Debug)]
pub struct Kin {
    /// Its `model_type`.
    pub id: &'static str,
    /// What is called otherwise: our part of a name, and theirs.
    pub renames: &'static [(&'static str, &'static str)],
    /// A table of theirs, as its name begins, to whose rows the first row of another is added, because we have
    /// no such other.
    pub folded: Option<(&'static str, &'static str)>,
}

impl Kin {
    /// Their name for what we call `name`.
    pub fn name(&self, name: &str) -> String {
        self.renames.iter().fold(name.to_owned(), |name, (ours, theirs)| name.replace(ours, theirs))
    }
}

/// How transformers makes an architecture's tokenizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenizerRule {
    /// By this class, unless the settings name another.
    Class(&'static str),
    /// By the class that the settings name, else from `tokenizer.json` as it is.
    AsNamed,
    /// From `tokenizer.json` as it is, even where the settings name Llama's class.
    AsWritten,
}

/// How a GGUF file keeps an architecture. The parts of its layers have ggml's names there, which are the same
/// for all.
#[derive(Clone, Copy, Debug)]
pub struct GgufLayout {
    /// What the list of the known ones calls it.
    pub called: &'static str,
    /// The fields of a `config.json`, and where the metadata has what stands in them.
    pub fields: &'static [(&'static str, FromMetadata)],
    /// ggml's names of what stands outside the layers, and Hugging Face's, without `.weight` and `.bias`.
    pub outside: &'static [(&'static str, &'static str)],
    /// Whether rows of queries and keys stand as rotary pairs side by side.
    pub paired: bool,
    /// How its tokenizer cuts texts (a name of `tokenizer.ggml.pre`) in files from before those said so.
    pub cut: Option<&'static str>,
    /// Another architecture that files by this name may hold, and whether they do by the tensors of a layer.
    pub other: Option<(&'static str, HasParts)>,
}

/// Whether a layer that has the parts of which it is asked, e.g. `attn_q.bias`, is another architecture's.
pub type HasParts = fn(&dyn Fn(&str) -> bool) -> bool;

/// Where the metadata of a GGUF file has what stands in a field of a `config.json`; its names stand behind the
/// architecture's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FromMetadata {
    /// A size.
    Size(&'static str),
    /// A size, or that under another name where it is missing.
    SizeOr(&'static str, &'static str),
    /// A number.
    Number(&'static str),
    /// A number, or this one where it is missing.
    NumberOr(&'static str, f64),
    /// The number of layers.
    Layers,
    /// Numbers in one head.
    HeadDim,
    /// Share of a head that is turned by its position, in (0, 1].
    RotaryShare,
    /// The scaling of rotary positions.
    RopeScaling,
    /// What each rotary frequency is divided by.
    RopeDivisors,
    /// Whether the layers have this tensor.
    HasPart(&'static str),
    /// This word, of which the metadata says nothing.
    Word(&'static str),
    /// Nothing.
    Null,
}
