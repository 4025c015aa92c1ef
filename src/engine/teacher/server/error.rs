//! Why a teacher behind a server cannot be asked.

use crate::engine::secret::SecretError;
use crate::link::grouped;
use crate::session::{Say, Sentence, say, spoken};

/// Why a teacher behind a server cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The session's own words are wrong.
    Choice(Sentence),
    /// The key is not accepted.
    Denied {
        /// The server.
        url: String,
        /// HTTP status.
        status: u16,
        /// The server's words; empty if it has none.
        reason: Sentence,
        /// Where the key is kept, never the key.
        key: Sentence,
    },
    /// The key is accepted, and may not do this.
    NoAccess {
        /// The address asked.
        url: String,
        /// The server's words; empty if it has none.
        reason: Sentence,
        /// Where the key is kept, never the key.
        key: Sentence,
    },
    /// There is no money left; asking again does not help.
    Quota {
        /// The address asked.
        url: String,
        /// HTTP status.
        status: u16,
        /// The server's words; empty if it has none.
        reason: Sentence,
    },
    /// The server refuses the question.
    Refused {
        /// The address asked.
        url: String,
        /// HTTP status.
        status: u16,
        /// The server's words; empty if it has none.
        reason: Sentence,
    },
    /// The server no longer answers as it did.
    Changed {
        /// The address asked.
        url: String,
        /// How it answered.
        before: Sentence,
        /// HTTP status.
        status: u16,
        /// The server's words; empty if it has none.
        reason: Sentence,
    },
    /// The first answers say nothing.
    SaysNothing {
        /// The server.
        url: String,
        /// Texts asked about.
        texts: usize,
        /// What is wrong with the label words.
        what: Sentence,
        /// The likeliest tokens with their share.
        shown: Sentence,
        /// What to do.
        advice: Sentence,
    },
    /// The question was called off while it waited.
    Cancelled,
    /// The prompt is longer than the server's model reads.
    TooLong {
        /// The address asked.
        url: String,
        /// The server's words.
        reason: Sentence,
    },
    /// No answer to the first question, which was asked once.
    Unreachable {
        /// The address asked.
        url: String,
        /// What failed.
        reason: Sentence,
    },
    /// No answer after several tries.
    Silent {
        /// The address asked.
        url: String,
        /// The last failure.
        reason: Sentence,
    },
    /// The answer has no log-probabilities.
    Answer {
        /// The address asked.
        url: String,
        /// What is missing.
        reason: Sentence,
    },
    /// Nobody who is trusted vouches for the server. It is not asked again.
    Certificate {
        /// The address asked.
        url: String,
        /// Why, and what to do.
        reason: Sentence,
    },
    /// The key may not go there, or cannot be had from where it is kept.
    Key(#[from] SecretError),
    /// The run has come to its limit.
    Spent {
        /// Tokens paid in this run.
        paid: u64,
        /// The session's limit.
        limit: u64,
        /// The most that the next question can take.
        next: u64,
    },
}

impl Say for ServerError {
    fn said(&self) -> Sentence {
        match self {
            Self::Choice(reason) => reason.clone(),
            Self::Denied { url, status, reason, key } => say!(
                "{url} does not accept the key ({said}); put a valid one into {key}",
                url,
                said = said(Some(*status), reason),
                key
            ),
            Self::NoAccess { url, reason, key } => say!(
                "{url} refuses access ({said}); check that the account may use this model, and put its key into {key}",
                url,
                said = said(Some(403), reason),
                key
            ),
            Self::Quota { url, status, reason } => say!(
                "{url} gives no answer ({said}); the account has nothing left to pay with: see its billing page, or name another key; answers so far are kept, so the next run goes on from there",
                url,
                said = said(Some(*status), reason)
            ),
            Self::Refused { url, status, reason } => say!(
                "{url} refuses the question ({said}); check address, model and mode",
                url,
                said = said(Some(*status), reason)
            ),
            Self::Changed { url, before, status, reason } => say!(
                "{url} no longer answers as it did: the answers that are kept came from {before}, and answers of two kinds are not mixed ({said}); try again later, or move the kept answers away (retort list answers) to ask all anew",
                url,
                before,
                said = said(Some(*status), reason)
            ),
            Self::SaysNothing { url, texts, what, shown, advice } => say!(
                "{url} says nothing that could be taught: in the first {texts} texts {what}; it shows {shown}; {advice}; nothing further was asked",
                url,
                texts,
                what,
                shown,
                advice
            ),
            Self::Cancelled => say!("the question was called off"),
            Self::TooLong { url, reason } => {
                say!("the prompt is too long for {url}: {reason}; set the teacher's max tokens", url, reason)
            }
            Self::Unreachable { url, reason } => say!(
                "{url} does not answer: {reason}; check that the server runs, and that address and port are its own",
                url,
                reason
            ),
            Self::Silent { url, reason } => say!(
                "{url} gives no answer: {reason}; answers so far are kept, so the next run goes on from there",
                url,
                reason
            ),
            Self::Answer { url, reason } => say!(
                "{url} answers without log-probabilities ({reason}); choose a server or a mode that gives them",
                url,
                reason
            ),
            Self::Certificate { url, reason } => {
                say!("the certificate of {url} is refused: {reason}; answers so far are kept", url, reason)
            }
            Self::Key(e) => e.said(),
            Self::Spent { paid, limit, next } => say!(
                "the teacher has been paid {paid} of {limit} tokens, and the next question may take {next} more; the answers so far are kept: raise token_limit and start again to go on from there",
                paid = grouped(*paid),
                limit = grouped(*limit),
                next = grouped(*next)
            ),
        }
    }
}

spoken!(ServerError);

/// A status and the server's own words, as far as there are any.
pub(super) fn said(status: Option<u16>, reason: &str) -> Sentence {
    match (status, reason.trim()) {
        (Some(status), "") => say!("status {status}", status),
        (Some(status), reason) => say!("status {status}: {reason}", status, reason),
        (None, reason) => Sentence::verbatim(reason),
    }
}
