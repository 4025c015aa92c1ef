//! An architecture as data: how its network is built, and what everything around the network has to know of
//! it. Nothing outside its own file knows it by name.

use super::layout::Heads;
use super::{Config, ModelError, Names, Network};
use crate::session::Head;

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
