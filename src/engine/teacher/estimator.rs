//! How a teacher's class scores come about. Answers by different estimators are never mixed: they differ
//! even where the model is the same.

use crate::session::{Say, Sentence, say, spoken};

/// How label words are scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Estimator {
    /// Every label word whole: by a model in this process, or by a server that echoes.
    WholeWords,
    /// By the likeliest first tokens that a server shows.
    FirstTokens {
        /// How many it was asked for.
        alternatives: u32,
    },
}

impl Estimator {
    /// A number of its own, part of the name of the file of answers.
    pub fn code(self) -> u32 {
        match self {
            Self::WholeWords => 0,
            Self::FirstTokens { alternatives } => alternatives,
        }
    }
}

impl Say for Estimator {
    fn said(&self) -> Sentence {
        match self {
            Self::WholeWords => say!("label words scored whole"),
            Self::FirstTokens { alternatives } => say!("the {alternatives} likeliest first tokens", alternatives),
        }
    }
}

spoken!(Estimator);
