//! A sentence for a person, and which part of the work it is about.

use serde::{Deserialize, Serialize};

use crate::session::{Say, Sentence};

/// A sentence for a person: what, why, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What happened, lower case, without a full stop.
    #[serde(flatten, with = "crate::session::written_sentence::as_text")]
    pub text: Sentence,
    /// Which part is to blame: the notice means nothing any more once that is sound or another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
}

/// A part of the work that a notice can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum About {
    /// Teacher or student.
    Pair,
    /// The data.
    Data,
    /// The prompt.
    Prompt,
    /// The run.
    Run,
}

impl<T: Say> From<T> for Notice {
    fn from(words: T) -> Self {
        Self { text: words.said(), about: None }
    }
}

impl Notice {
    /// The same sentence, about this part.
    pub fn about(self, about: About) -> Self {
        Self { about: Some(about), ..self }
    }
}
