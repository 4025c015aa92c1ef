//! Why a teacher behind a server cannot be asked.

use crate::engine::secret::SecretError;
use crate::link::grouped;

/// Why a teacher behind a server cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The session's own words are wrong.
    #[error("{0}")]
    Choice(String),
    /// The key is not accepted.
    #[error("{url} does not accept the key ({}); put a valid one into {key}", said(Some(*status), reason))]
    Denied {
        /// The server.
        url: String,
        /// HTTP status.
        status: u16,
        /// The server's words; empty if it has none.
        reason: String,
        /// Where the key is kept, never the key.
        key: String,
    },
    /// The key is accepted, and may not do this.
    #[error(
        "{url} refuses access ({}); check that the account may use this model, and put its key into {key}",
        said(Some(403), reason)
    )]
    NoAccess {
        /// The address asked.
        url: String,
        /// The server's words; empty if it has none.
        reason: String,
        /// Where the key is kept, never the key.
        key: String,
    },
    /// There is no money left; asking again does not help.
    #[error(
        "{url} gives no answer ({}); the account has nothing left to pay with: see its billing page, or name another key; answers so far are kept, so the next run goes on from there",
        said(Some(*status), reason)
    )]
    Quota {
        /// The address asked.
        url: String,
        /// HTTP status.
        status: u16,
        /// The server's words; empty if it has none.
        reason: String,
    },
    /// The server refuses the question.
    #[error("{url} refuses the question ({}); check address, model and mode", said(Some(*status), reason))]
    Refused {
        /// The address asked.
        url: String,
        /// HTTP status.
        status: u16,
        /// The server's words; empty if it has none.
        reason: String,
    },
    /// The server no longer answers as it did.
    #[error(
        "{url} no longer answers as it did: the answers that are kept came from {before}, and answers of two kinds are not mixed ({}); try again later, or move the kept answers away (retort list answers) to ask all anew",
        said(Some(*status), reason)
    )]
    Changed {
        /// The address asked.
        url: String,
        /// How it answered.
        before: String,
        /// HTTP status.
        status: u16,
        /// The server's words; empty if it has none.
        reason: String,
    },
    /// The first answers say nothing.
    #[error(
        "{url} says nothing that could be taught: in the first {texts} texts {what}; it shows {shown}; {advice}; nothing further was asked"
    )]
    SaysNothing {
        /// The server.
        url: String,
        /// Texts asked about.
        texts: usize,
        /// What is wrong with the label words.
        what: String,
        /// The likeliest tokens with their share.
        shown: String,
        /// What to do.
        advice: String,
    },
    /// The question was called off while it waited.
    #[error("the question was called off")]
    Cancelled,
    /// The prompt is longer than the server's model reads.
    #[error("the prompt is too long for {url}: {reason}; set the teacher's max tokens")]
    TooLong {
        /// The address asked.
        url: String,
        /// The server's words.
        reason: String,
    },
    /// No answer to the first question, which was asked once.
    #[error("{url} does not answer: {reason}; check that the server runs, and that address and port are its own")]
    Unreachable {
        /// The address asked.
        url: String,
        /// What failed.
        reason: String,
    },
    /// No answer after several tries.
    #[error("{url} gives no answer: {reason}; answers so far are kept, so the next run goes on from there")]
    Silent {
        /// The address asked.
        url: String,
        /// The last failure.
        reason: String,
    },
    /// The answer has no log-probabilities.
    #[error("{url} answers without log-probabilities ({reason}); choose a server or a mode that gives them")]
    Answer {
        /// The address asked.
        url: String,
        /// What is missing.
        reason: String,
    },
    /// Nobody who is trusted vouches for the server. It is not asked again.
    #[error("the certificate of {url} is refused: {reason}; answers so far are kept")]
    Certificate {
        /// The address asked.
        url: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The key may not go there, or cannot be had from where it is kept.
    #[error(transparent)]
    Key(#[from] SecretError),
    /// The run has come to its limit.
    #[error("the teacher has been paid {} of {} tokens, and the next question may take {} more; the answers so far are kept: raise token_limit and start again to go on from there", grouped(*paid), grouped(*limit), grouped(*next))]
    Spent {
        /// Tokens paid in this run.
        paid: u64,
        /// The session's limit.
        limit: u64,
        /// The most that the next question can take.
        next: u64,
    },
}

/// A status and the server's own words, as far as there are any.
pub(super) fn said(status: Option<u16>, reason: &str) -> String {
    match (status, reason.trim()) {
        (Some(status), "") => format!("status {status}"),
        (Some(status), reason) => format!("status {status}: {reason}"),
        (None, reason) => reason.to_owned(),
    }
}
