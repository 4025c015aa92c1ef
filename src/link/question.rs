//! What the engine has to ask the person before it does what was ordered: nothing is sent to a stranger and
//! nothing is fetched because a file says so.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::session::{Grant, Sentence};

/// A question that an order waits for. It is answered by [`super::Command::Answer`], and taken back by the next
/// order to open or to run something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// Whether a key may go to a server. A yes is remembered.
    Key(Grant),
    /// Whether a model may be fetched from the Hub. A yes holds until the fetch is stopped.
    Fetch(Missing),
}

/// What became of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// It may be done, and the order goes on.
    Yes,
    /// It may not, and the order is dropped.
    No,
    /// Another order took the place of the one that waited.
    Outdated,
}

/// A model of the Hub that is not whole in the cache of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// `OWNER/NAME`.
    pub repo: String,
    /// Branch, tag or commit.
    pub revision: String,
    /// Of a GGUF file its name there.
    pub file: Option<String>,
    /// Whether its weights are needed, or configuration and tokenizer alone.
    pub weights: bool,
    /// What is missing, in words.
    pub lack: Sentence,
    /// The folder that it would lie in.
    pub place: PathBuf,
    /// Bytes of it that are there already.
    pub present: u64,
    /// Bytes of its weights, where a file that is there already says so.
    pub bytes: Option<u64>,
}
