//! What is asked of an example, and so what one row of the loss is.

use serde::{Deserialize, Serialize};

/// The task of a run. Every task ends in rows of distributions, of which the same losses compare the student's with
/// the labels' and the teacher's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub enum TaskKind {
    /// Which class a text belongs to: a row is an example, the outcomes are the classes.
    #[default]
    Classes,
    /// Which token comes next: a row is a position of the text, the outcomes are the vocabulary. Running text is read
    /// as it is; of a prompt with a completion the completion counts, of a conversation what the assistant says. An
    /// encoder–decoder reads the prompt and writes the completion.
    NextToken {
        /// Whether running texts are put one behind the other, an end-of-text token between them, and cut into blocks
        /// of as many tokens as the student reads, so that no place of a batch is empty. Otherwise each text begins
        /// anew, and one that is too long goes on in a sample of its own.
        #[serde(default = "yes")]
        packed: bool,
        /// Whether the words around a completion, the prompt and the marks of a chat, are learned as well.
        #[serde(default)]
        learn_prompt: bool,
    },
    /// Which tokens were taken out of a text: a row is a place where one is missing, the outcomes are the vocabulary.
    /// For encoders with a mask token (Devlin et al. 2018, arXiv 1810.04805, §3.1: of the tokens that are taken 80 %
    /// are masked, 10 % replaced by others and 10 % left as they are); an encoder–decoder writes whole spans that are
    /// missing (Raffel et al. 2019, arXiv 1910.10683, §3.1.4).
    MaskedToken {
        /// As of the next token.
        #[serde(default = "yes")]
        packed: bool,
        /// Share of the tokens that is taken out.
        #[serde(default = "share")]
        share: f64,
        /// Of an encoder: whether all tokens of a word are taken out together.
        #[serde(default)]
        whole_words: bool,
        /// Of an encoder–decoder: mean length of the spans that are taken out, in tokens.
        #[serde(default = "span")]
        span: f64,
    },
}

impl TaskKind {
    /// Next-token prediction with every choice at its default.
    pub const NEXT_TOKEN: Self = Self::NextToken { packed: true, learn_prompt: false };
    /// Masked-token prediction with every choice at its default.
    pub const MASKED_TOKEN: Self = Self::MaskedToken { packed: true, share: share(), whole_words: false, span: span() };

    /// Whether it is the default, which a session file leaves out.
    pub fn is_classes(&self) -> bool {
        *self == Self::Classes
    }

    /// Whether running texts are packed into blocks.
    pub fn packs(self) -> bool {
        matches!(self, Self::NextToken { packed: true, .. } | Self::MaskedToken { packed: true, .. })
    }

    /// The share of tokens that is taken out, where any are.
    pub fn share(self) -> Option<f64> {
        if let Self::MaskedToken { share, .. } = self { Some(share) } else { None }
    }

    /// The mean length of what is taken out of a text that an encoder–decoder reads.
    pub fn span(self) -> Option<f64> {
        if let Self::MaskedToken { span, .. } = self { Some(span) } else { None }
    }
}

const fn yes() -> bool {
    true
}

const fn share() -> f64 {
    0.15
}

const fn span() -> f64 {
    3.0
}
