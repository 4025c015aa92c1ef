//! Which weights a model starts from, and how much of the vocabulary a student keeps.

use serde::{Deserialize, Serialize};

use super::Source;

/// Which weights a model starts from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub enum Init {
    /// The weights stored beside its configuration.
    #[default]
    Stored,
    /// Random weights drawn from the recipe's seed; only configuration and tokenizer are read.
    Fresh,
    /// Of a student: layers of another model.
    Layers {
        /// The model they are taken from; `None` is the session's teacher. Where it is the student's own
        /// source, the student's configuration gets as many layers as the map takes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<Source>,
        /// Which ones.
        map: LayerMap,
    },
}

impl Init {
    /// Layers of the session's teacher.
    pub fn layers(map: LayerMap) -> Self {
        Self::Layers { of: None, map }
    }

    /// Which layers it takes of another model; `None` where it takes none.
    pub fn layer_map(&self) -> Option<&LayerMap> {
        match self {
            Self::Layers { map, .. } => Some(map),
            Self::Stored | Self::Fresh => None,
        }
    }

    /// The model whose layers it takes, where it names one.
    pub fn layers_of(&self) -> Option<&Source> {
        match self {
            Self::Layers { of, .. } => of.as_ref(),
            Self::Stored | Self::Fresh => None,
        }
    }

    /// The same, to be changed.
    pub fn layers_of_mut(&mut self) -> Option<&mut Source> {
        match self {
            Self::Layers { of, .. } => of.as_mut(),
            Self::Stored | Self::Fresh => None,
        }
    }
}

/// Which layers of a model become those of a student. Layers are counted from 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum LayerMap {
    /// 0, 2, 4 and so on.
    EveryOther,
    /// The first and the last.
    FirstAndLast,
    /// 0, 2, 4, 7, 9, 11 of 12: those of the published DistilBERT.
    DistilBert,
    /// These, in this order.
    Pick(Vec<usize>),
    /// None: only the embeddings are taken, reduced where the student is narrower.
    EmbeddingsOnly,
}

impl LayerMap {
    /// The maps with a name, in the order a picker shows them.
    pub const NAMED: [Self; 4] = [Self::EveryOther, Self::FirstAndLast, Self::DistilBert, Self::EmbeddingsOnly];

    /// What a person calls it.
    pub fn label(&self) -> &'static str {
        match self {
            Self::EveryOther => "every other layer",
            Self::FirstAndLast => "first and last layer",
            Self::DistilBert => "DistilBERT's layers",
            Self::Pick(_) => "layers by hand",
            Self::EmbeddingsOnly => "embeddings only",
        }
    }
}

/// How much of its tokenizer's vocabulary a student keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Vocabulary {
    /// All of it.
    #[default]
    Whole,
    /// What the training texts, the prompts and the label words use, the special tokens, and the
    /// single bytes or characters from which any other text can be put together.
    Trimmed,
}

impl Vocabulary {
    /// Whether it is the default, which a session file leaves out.
    pub fn is_whole(&self) -> bool {
        *self == Self::Whole
    }
}
