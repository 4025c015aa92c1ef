//! A teacher behind a server that speaks OpenAI's interface: asked for log-probabilities, answered
//! in class scores, kept like any other teacher's answers.
//!
//! *Full strings where the server can, first tokens where not (2026-11).* With `echo` a completions
//! server scores every label word whole, exactly as a local teacher is scored. Others show only the
//! likeliest next tokens: then a word gets the probability of the tokens it begins with, and words
//! that are not among them share what is left. How much the words have is said, not hidden.
//!
//! What answers cost, and how much a run may pay, is the business of [`Metered`](super::Metered).

mod client;
mod error;
mod granted;
mod key;
mod meter;
mod pace;
mod patience;
mod pieces;
mod questions;
mod scores;
mod seen;
mod words;

use std::sync::Mutex;

use super::cancel::CancelToken;
use super::estimator::Estimator;
use super::target_cache::{Answer, Identity};
use super::{Reading, Teacher, TeacherError};
use crate::engine::data::{Fields, Layout};
use crate::engine::task::log_softmax;
use crate::session::{KeyPlace, ModelChoice, Prompt, Say, Scoring, Sentence, ServerMode, Source, say};
use client::{Client, Refused};
pub use error::ServerError;
use meter::Meter;
pub use questions::Questions;
use scores::Alternatives;
use seen::Seen;

/// A server and how it is asked.
pub struct ServerTeacher {
    client: Client,
    url: String,
    questions: Questions,
    seen: Mutex<Seen>,
}

impl ServerTeacher {
    /// Asks the server of `choice` with `prompt` about `classes`. Nothing is sent yet, but the key is
    /// fetched from where it is kept.
    ///
    /// # Errors
    /// [`TeacherError`] if address, key or prompt cannot be used.
    pub fn new(
        choice: &ModelChoice,
        prompt: &Prompt,
        classes: &[String],
        layout: &Layout,
    ) -> Result<Self, TeacherError> {
        let questions = Questions::new(choice, prompt, classes, layout)?;
        let Source::Server { url, model, key, per_minute, .. } = &choice.source else {
            return Err(ServerError::Choice(say!("the teacher is not a server")).into());
        };
        let client = Client::new(url, model, key.as_ref(), *per_minute)?;
        Ok(Self { client, url: url.clone(), questions, seen: Mutex::default() })
    }

    /// The models that the server at `url` names, with the key that is kept at `key`; nothing is paid.
    ///
    /// # Errors
    /// [`ServerError`] if it does not answer, or the key may not go there.
    pub fn models_at(url: &str, key: Option<&KeyPlace>) -> Result<Vec<String>, ServerError> {
        Client::new(url, "", key, None)?.models()
    }

    /// The question about a text, as it is sent.
    pub(super) fn question(&self, text: &Fields) -> String {
        self.questions.question(text)
    }

    /// The most tokens that a question can take.
    pub(super) fn most(&self, question: &str) -> u64 {
        self.questions.bound(question, self.with(|seen| seen.echo), &self.client.meter())
    }

    /// Tokens that the server has counted in this process.
    pub(super) fn counted(&self) -> Meter {
        self.client.meter()
    }

    /// What is waited for just now, if it is not simply the answer.
    pub(super) fn waiting(&self) -> Option<Sentence> {
        self.client.waiting()
    }

    /// The answer to a question.
    ///
    /// # Errors
    /// [`ServerError`].
    pub(super) fn answered(&self, question: &str, cancel: &CancelToken) -> Result<Answer, ServerError> {
        if self.questions.mode == ServerMode::Completions && self.with(|seen| seen.echo) != Some(false) {
            match self.whole_words(question, cancel) {
                Ok(scores) => {
                    self.with(|seen| seen.echo = Some(true));
                    return Ok(self.whole_answer(&scores));
                }
                Err(Refused::Unable(why)) if self.with(|seen| seen.echo).is_none() => {
                    self.with(|seen| (seen.echo, seen.no_echo) = (Some(false), Some(why.to_string())));
                }
                Err(refused) => return Err(self.if_bound(refused, Estimator::WholeWords)),
            }
        }
        let alternatives = self.alternatives(question, cancel)?;
        Ok(self.by_first_tokens(&alternatives))
    }

    /// Every label word scored as a full string, by having the server read it.
    fn whole_words(&self, question: &str, cancel: &CancelToken) -> Result<Vec<f32>, Refused> {
        let prompts = self.questions.with_words(question);
        let (start, scoring) = (question.chars().count(), self.questions.scoring);
        let apart = self.with(|seen| seen.apart);
        let together = self.client.echo(&prompts, start, scoring, apart, cancel);
        if apart || !matches!(together, Err(Refused::Unable(_))) {
            return together;
        }
        let scores = self.client.echo(&prompts, start, scoring, true, cancel)?;
        self.with(|seen| seen.apart = true);
        Ok(scores)
    }

    fn whole_answer(&self, scores: &[f32]) -> Answer {
        // A mean per token is no probability of a word.
        let mass = match self.questions.scoring {
            Scoring::Sum => scores.iter().map(|score| score.exp()).sum::<f32>().min(1.0),
            Scoring::Mean => f32::NAN,
        };
        Answer { scores: log_softmax(scores).into(), mass }
    }

    /// The likeliest tokens, as many as the server shows: what it refuses is asked for in smaller numbers,
    /// until it has once answered.
    fn alternatives(&self, question: &str, cancel: &CancelToken) -> Result<Alternatives, ServerError> {
        loop {
            let (most, granted) = self.with(|seen| (seen.most, seen.granted));
            let asked = match self.questions.mode {
                ServerMode::Completions => self.client.next_token(question, most, cancel),
                ServerMode::Chat => self.client.chat(question, most, cancel),
            };
            let refused = match asked {
                Ok(found) => {
                    self.with(|seen| seen.granted = true);
                    return Ok(found);
                }
                Err(refused) => refused,
            };
            let next = match &refused {
                Refused::Unable(ServerError::Refused { reason, .. }) if !granted => granted::fewer(reason, most),
                _ => None,
            };
            match next {
                Some(fewer) if self.with(|seen| !seen.bound) => self.with(|seen| seen.most = fewer),
                _ => return Err(self.if_bound(refused, Estimator::FirstTokens { alternatives: most })),
            }
        }
    }

    /// A refusal of what the kept answers came from.
    fn if_bound(&self, refused: Refused, estimator: Estimator) -> ServerError {
        match refused {
            Refused::Unable(ServerError::Refused { url, status, reason }) if self.with(|seen| seen.bound) => {
                ServerError::Changed { url, before: estimator.said(), status, reason }
            }
            other => other.into(),
        }
    }

    fn by_first_tokens(&self, alternatives: &Alternatives) -> Answer {
        let found = alternatives.shared_among(&self.questions.words);
        self.with(|seen| seen.take_in(alternatives, &found));
        Answer { scores: log_softmax(&found.scores).into(), mass: found.mass as f32 }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Seen) -> T) -> T {
        change(&mut self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl Teacher for ServerTeacher {
    fn predict(&self, texts: &[Fields]) -> Result<Vec<Vec<f32>>, TeacherError> {
        let never = CancelToken::default();
        texts.iter().map(|text| Ok(self.answered(&self.question(text), &never)?.scores.to_vec())).collect()
    }

    fn ask(&self, text: &Fields, cancel: &CancelToken) -> Result<Answer, TeacherError> {
        Ok(self.answered(&self.question(text), cancel)?)
    }

    fn identity(&self) -> &Identity {
        self.questions.identity()
    }

    fn reading(&self, text: &Fields) -> Result<Reading, TeacherError> {
        Ok(self.questions.reading(text))
    }

    fn estimator(&self) -> Option<Estimator> {
        let (echo, most, granted) = self.with(|seen| (seen.echo, seen.most, seen.granted));
        let first = granted.then_some(Estimator::FirstTokens { alternatives: most });
        if echo == Some(true) { Some(Estimator::WholeWords) } else { first }
    }

    fn keep_to(&self, estimator: Estimator) {
        self.with(|seen| seen.keep_to(estimator));
    }

    fn take_warning(&self) -> Option<Sentence> {
        self.with(|seen| seen.take_warning(&self.questions.words))
    }

    fn says_nothing(&self, texts: usize) -> Option<TeacherError> {
        let told = self.with(|seen| seen.mute(&self.questions.words))?;
        let (url, seen::Mute { what, shown, advice }) = (self.url.clone(), told);
        Some(ServerError::SaysNothing { url, texts, what, shown, advice }.into())
    }
}
