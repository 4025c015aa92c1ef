//! Whether a server answers, as a person asked: its models, how long the answer took, or why there was none.

use crate::session::{KeyPlace, Sentence};

/// What became of the last test of a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// The server's address, as the session has it.
    pub url: String,
    /// Where its key is kept.
    pub key: Option<KeyPlace>,
    /// How far it got.
    pub state: Reach,
}

/// How far a test of a connection got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It was asked.
    Asking,
    /// It answered.
    Answered {
        /// The models it names; empty where it keeps no list.
        models: Vec<String>,
        /// Milliseconds until its answer was there.
        millis: u64,
    },
    /// It did not, for this reason.
    Failed(Sentence),
}
