//! What every architecture is to the rest of the engine: what a pass reads, what stands on top, and the
//! list of those that are known.

use candle_core::Tensor;

use super::{Config, DropoutRng, KvCache, ModelError, Names, Trace, bert, distilbert, gpt2, llama, roberta, t5};
use crate::session::Head;

/// What one forward pass reads, as token ids.
pub struct InputIds {
    /// Token ids, `u32 [batch, tokens]`.
    pub ids: Tensor,
    /// Position of each token, `u32 [batch, tokens]`.
    pub positions: Tensor,
    /// Additive attention mask, `f32 [batch, 1, 1 or tokens, tokens]`: 0 where a query may look,
    /// [`super::attention::MASKED`] where not.
    pub mask: Tensor,
}

impl InputIds {
    /// The same with its tokens as vectors, `[batch, tokens, width]`.
    pub fn embedded(&self, embeddings: Tensor) -> Input {
        Input { embeddings, positions: self.positions.clone(), mask: self.mask.clone(), reread: None }
    }
}

/// What one forward pass computes on: tokens as vectors, as [`Network::embed`] gives them.
///
/// *Why apart from the ids (2026-11).* Whoever changes the vectors, puts others before them (soft
/// prompts) or asks for their gradient (saliency) does it between the two calls, and no trunk knows.
pub struct Input {
    /// Token embeddings, `[batch, tokens, width]`, before positions, norm and dropout.
    pub embeddings: Tensor,
    /// Position of each token, `u32 [batch, tokens]`.
    pub positions: Tensor,
    /// Additive attention mask, as [`InputIds::mask`].
    pub mask: Tensor,
    /// Embeddings of the same text as the decoder of a classifier reads it once more, `[batch, read
    /// tokens, width]`: looked up by themselves, so that the table's gradient adds up as it always has.
    pub reread: Option<Tensor>,
}

/// What a model puts on top of its hidden states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadKind {
    /// A classifier over this many classes.
    Classes(usize),
    /// Scores for every token of the vocabulary.
    Vocabulary,
}

impl HeadKind {
    /// What stands on top of a model for `classes` classes that answers as asked.
    pub fn asked(head: Head, architecture: &Architecture, classes: usize) -> Self {
        match (head, architecture.writes()) {
            (Head::Classifier, _) | (Head::Auto, false) => Self::Classes(classes),
            (Head::LabelWords, _) | (Head::Auto, true) => Self::Vocabulary,
        }
    }
}

/// A network: hidden states, and what stands on top of them. Built twice over the same memory,
/// once tracked for training, once detached for looking.
pub trait Network: Send + Sync {
    /// The tokens of `input` as vectors, before positions, norm and dropout.
    ///
    /// # Errors
    /// The tensor library's, e.g. for ids beyond the vocabulary.
    fn embed(&self, input: &InputIds) -> candle_core::Result<Input>;

    /// Hidden states of the last layer, `[batch, tokens, width]`. Shows `trace` what it asks for.
    ///
    /// # Errors
    /// The tensor library's, e.g. for positions beyond the table of them.
    fn encode(&self, input: &Input, trace: &mut Trace, noise: &DropoutRng) -> candle_core::Result<Tensor>;

    /// Class logits `[batch, classes]` from hidden states `[batch, tokens, width]`, where `ends` is
    /// the index of each row's last token.
    ///
    /// # Errors
    /// If the network was opened with [`HeadKind::Vocabulary`].
    fn classify(&self, hidden: &Tensor, ends: &[u32], noise: &DropoutRng) -> candle_core::Result<Tensor>;

    /// Vocabulary logits `[rows, vocabulary]` from hidden states `[rows, width]`.
    ///
    /// # Errors
    /// If the network was opened with [`HeadKind::Classes`].
    fn vocabulary(&self, hidden: &Tensor) -> candle_core::Result<Tensor>;

    /// Hidden states `[batch, tokens, width]` of the tokens `written` behind a text of which
    /// [`Self::encode`] gave the states `read [batch, read tokens, width]` under `read_mask`: what an
    /// encoder–decoder makes of its answer so far.
    ///
    /// # Errors
    /// If the network has no decoder beside its encoder.
    fn decode(
        &self,
        _read: &Tensor,
        _read_mask: &Tensor,
        _written: &Input,
        _trace: &mut Trace,
        _noise: &DropoutRng,
    ) -> candle_core::Result<Tensor> {
        candle_core::bail!("this network has no decoder beside its encoder")
    }

    /// Hidden states `[batch, new, width]` of tokens that a decoder reads or writes behind those that
    /// `cache` keeps, and that it keeps from now on: the numbers that [`Self::encode`] gives for the
    /// whole text, or [`Self::decode`] where an encoder's states and their mask are `read`.
    ///
    /// # Shapes
    /// `new` holds embeddings `[batch, new, width]`, positions `u32 [batch, new]` and a mask over all
    /// tokens that then stand, `[batch, 1, new, tokens]`.
    ///
    /// # Errors
    /// If the network does not write, or the shapes do not fit what is kept.
    fn decode_step(
        &self,
        _new: &Input,
        _read: Option<(&Tensor, &Tensor)>,
        _cache: &mut KvCache,
    ) -> candle_core::Result<Tensor> {
        candle_core::bail!("this network reads and does not write")
    }
}

/// What a network does with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Reads it both ways.
    Encoder,
    /// Reads it left to right and writes on.
    Decoder,
    /// Reads it both ways, then writes an answer left to right.
    EncoderDecoder,
}

/// Builds a network over named weights.
pub type Build = fn(&Config, &HeadKind, &Names) -> Result<Box<dyn Network>, ModelError>;

/// One architecture this program can open and train.
pub struct Architecture {
    /// `model_type` of `config.json`.
    pub id: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// What it does with a text.
    pub kind: Kind,
    /// Longest input in tokens.
    pub longest: fn(&Config) -> usize,
    /// Builds the network over named weights.
    pub build: Build,
    /// Other names under which checkpoints keep a tensor.
    pub aliases: fn(&str) -> Vec<String>,
    /// Stored tensors that are rightly not used (buffers, tied copies).
    pub ignored: fn(&str) -> bool,
    /// The class transformers would open the result with.
    pub class: fn(&HeadKind) -> &'static str,
    /// The tensors that a head may share, or that stand for the classes.
    pub heads: Heads,
}

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

/// Every architecture; adding one is one file and one line here.
pub const ARCHITECTURES: &[Architecture] = &[
    bert::ARCHITECTURE,
    distilbert::ARCHITECTURE,
    roberta::ARCHITECTURE,
    gpt2::ARCHITECTURE,
    t5::ARCHITECTURE,
    llama::LLAMA,
    llama::MISTRAL,
    llama::QWEN2,
    llama::QWEN3,
];

impl Architecture {
    /// Whether every token of the text sees only those before it.
    pub fn causal(&self) -> bool {
        self.kind == Kind::Decoder
    }

    /// Whether it answers by writing on, of its own accord.
    pub fn writes(&self) -> bool {
        self.kind != Kind::Encoder
    }
}

/// The architecture a configuration names.
///
/// # Errors
/// [`ModelError::Config`] with the list of known ones.
pub fn architecture(config: &Config) -> Result<&'static Architecture, ModelError> {
    let name = config.model_type()?;
    ARCHITECTURES.iter().find(|architecture| architecture.id == name).ok_or_else(|| {
        let known = ARCHITECTURES.iter().map(|a| a.id).collect::<Vec<_>>().join(", ");
        ModelError::Config(format!("model_type {name:?} is not known here; the known ones are {known}"))
    })
}
