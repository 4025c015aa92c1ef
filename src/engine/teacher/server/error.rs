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
    #[error("{url} does not accept the key (status {status}); put a valid one into {key}")]
    Denied {
        /// The server.
        url: String,
        /// HTTP status.
        status: u16,
        /// Where the key is kept, never the key.
        key: String,
    },
    /// The server refuses the question.
    #[error("{url} refuses the question (status {status}): {reason}; check address, model and mode")]
    Refused {
        /// The address asked.
        url: String,
        /// HTTP status.
        status: u16,
        /// The server's words.
        reason: String,
    },
    /// The prompt is longer than the server's model reads.
    #[error("the prompt is too long for {url}: {reason}; set the teacher's max tokens")]
    TooLong {
        /// The address asked.
        url: String,
        /// The server's words.
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
