//! An architecture as data: how its network is built, and what everything around the network has to know of
//! it. Nothing outside its own file knows it by name.

use serde_json::{Value, json};

use super::tensor_layout::{Activations, GgufLayout, Heads, Kin, LayerStack, SizeFields, Tables, TokenizerRule};
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

/// Where in a model a variable stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before the first layer.
    Embeddings,
    /// In this layer, counted from 0, of a stack that is this one of its architecture's.
    Layer {
        /// The stack.
        stack: usize,
        /// The layer.
        layer: usize,
    },
    /// Behind the last layer.
    Head,
}

/// Builds a network over named weights.
pub type Build = fn(&Config, &HeadKind, &Names) -> Result<Box<dyn Network>, ModelError>;

/// What each of so many layers is, by name; `None` where all are alike.
pub type LayerKinds = fn(&Config, usize) -> Result<Option<Vec<String>>, ModelError>;

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
    /// What stands before the first layer.
    pub tables: Tables,
    /// Its stacks of layers; the first is the one people mean by its layers.
    pub stacks: &'static [LayerStack],
    /// Fields of its configuration that name sizes.
    pub fields: SizeFields,
    /// What each of so many layers is, where they differ; kept under `layer_types`.
    pub layer_kinds: LayerKinds,
    /// Row of the table of positions at which a text's first token stands; as many tokens keep their ids when
    /// others are taken out, since the row is that behind the padding's id.
    pub first_position: fn(&Config) -> usize,
    /// What a layer keeps for its backward pass.
    pub activations: Activations,
    /// Whose layers it can take beside those of its own kind.
    pub kin: Option<Kin>,
    /// Parts of names that only its tensors have, by which a checkpoint is told whose configuration says nothing.
    pub marks: &'static [&'static str],
    /// How its tokenizer is made.
    pub tokenizer: TokenizerRule,
    /// How a GGUF file keeps it, of those that are read from one.
    pub gguf: Option<GgufLayout>,
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

    /// Width of the hidden states; 0 where unknown.
    pub fn width(&self, config: &Config) -> usize {
        config.size_or_none(self.fields.width)
    }

    /// Attention heads of a layer; 0 where unknown.
    pub fn attention_heads(&self, config: &Config) -> usize {
        config.size_or_none(self.fields.heads)
    }

    /// Heads of keys and values of a layer.
    ///
    /// # Errors
    /// [`ModelError::Config`] if their number is no size.
    pub fn kv_heads(&self, config: &Config) -> Result<usize, ModelError> {
        let heads = self.attention_heads(config);
        self.fields.kv_heads.map_or(Ok(heads), |field| config.size_or(field, heads))
    }

    /// Numbers in one head.
    ///
    /// # Errors
    /// [`ModelError::Config`] if their number is no size.
    pub fn head_dim(&self, config: &Config) -> Result<usize, ModelError> {
        let usual = self.width(config) / self.attention_heads(config).max(1);
        self.fields.head_dim.map_or(Ok(usual), |field| config.size_or(field, usual))
    }

    /// Neurons of a layer's feed-forward network.
    pub fn inner(&self, config: &Config) -> usize {
        config.size(&[self.fields.inner]).unwrap_or(4 * self.width(config))
    }

    /// Number of layers, of the first stack where there are several; 0 where unknown.
    pub fn layers(&self, config: &Config) -> usize {
        self.stacks.first().and_then(|stack| config.depth(stack.field).ok()).unwrap_or(0)
    }

    /// Number of layers that `config` gives `stack`: as many as the first has where none are named.
    ///
    /// # Errors
    /// [`ModelError::Config`].
    pub fn layers_of(&self, stack: &LayerStack, config: &Config) -> Result<usize, ModelError> {
        config.depth_or(stack.field, self.layers(config))
    }

    /// Gives `config` the layers `picked` of `stack`, and with them what it says of each layer.
    ///
    /// # Errors
    /// [`ModelError::Config`].
    pub fn pick_layers(&self, stack: &LayerStack, config: &mut Config, picked: &[usize]) -> Result<(), ModelError> {
        if let Some(kinds) = (self.layer_kinds)(config, self.layers_of(stack, config)?)? {
            let kept: Vec<&String> = picked.iter().filter_map(|layer| kinds.get(*layer)).collect();
            config.set("layer_types", json!(kept));
        }
        config.set(stack.field, Value::from(picked.len()));
        Ok(())
    }

    /// Whether a tensor is a table with a row per token, position or kind of segment, or the head over the
    /// tokens.
    pub fn is_table(&self, name: &str) -> bool {
        let tables = [Some(self.heads.table), Some(self.heads.vocabulary), self.tables.positions, self.tables.segments];
        tables.into_iter().flatten().any(|end| name.ends_with(end))
    }

    /// Whether a tensor has one number per token.
    pub fn is_token_bias(&self, name: &str) -> bool {
        self.tables.token_biases.iter().any(|end| name.ends_with(end))
    }

    /// Whether a tensor stands before the first layer, or is a head over the same tokens.
    pub fn is_embedding(&self, name: &str) -> bool {
        let norm = self.tables.norm.is_some_and(|norm| name.contains(norm));
        norm || self.is_table(name) || self.is_token_bias(name)
    }

    /// Where a variable stands. A table that all layers of a stack share stands in the first of them.
    pub fn place_of(&self, name: &str) -> Place {
        let found = self.stacks.iter().enumerate().find_map(|(stack, known)| {
            let (layer, _) = known.layer_of(name)?;
            Some(Place::Layer { stack, layer })
        });
        let is_of_head = name.ends_with(self.heads.vocabulary) || self.is_token_bias(name);
        match found {
            Some(place) => place,
            None if self.is_embedding(name) && !is_of_head => Place::Embeddings,
            None => Place::Head,
        }
    }

    /// Whether a variable of so many dimensions may be pruned: a matrix of one of the layers. Embeddings,
    /// norms, biases and the top have small norms, or few weights, and a table is no matrix.
    pub fn is_prunable(&self, name: &str, rank: usize) -> bool {
        let inside = |stack: &LayerStack| stack.layer_of(name).is_some() && !stack.is_shared(name);
        rank == 2 && self.stacks.iter().any(inside)
    }

    /// How `other` calls what is the same in both, if it is the kin of this one.
    pub fn kin_of(&self, other: &Self) -> Option<&Kin> {
        self.kin.as_ref().filter(|kin| kin.id == other.id)
    }
}
