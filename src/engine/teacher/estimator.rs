//! How a teacher's class scores come about. Answers by different estimators are never mixed: they differ
//! even where the model is the same.

use std::fmt;

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

impl fmt::Display for Estimator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WholeWords => write!(f, "label words scored whole"),
            Self::FirstTokens { alternatives } => write!(f, "the {alternatives} likeliest first tokens"),
        }
    }
}
