//! A teacher behind a server that speaks OpenAI's interface: asked for log-probabilities, answered
//! in class scores, kept like any other teacher's answers.
//!
//! *Full strings where the server can, first tokens where not (2026-11).* With `echo` a completions
//! server scores every label word whole, exactly as a local teacher is scored. Others show only the
//! likeliest next tokens: then a word gets the probability of the tokens it begins with, and words
//! that are not among them share what is left. How much is left is said, not hidden.
//!
//! *A limit that holds (2026-11).* Before a question is sent, the most that it can take is set against
//! what is left of the session's limit, so that the run ends one question early rather than one late. An
//! answer that is lost on its way counts by a guess; only tries of one question that are all lost can
//! carry it beyond the limit.

mod client;
mod error;
mod key;
mod meter;
mod pace;
mod questions;
mod scores;

use std::sync::Mutex;

use super::costs::Cost;
use super::{Teacher, TeacherError};
use crate::engine::task::log_softmax;
use crate::session::{ModelChoice, Prompt, ServerMode, Source};
use client::{Client, Refused};
pub use error::ServerError;
pub use questions::Questions;
use scores::Alternatives;

/// Alternatives that are asked for; servers cut this to what they offer.
const ALTERNATIVES: u32 = 20;

/// A server and how it is asked.
pub struct ServerTeacher {
    client: Client,
    questions: Questions,
    /// The most tokens that the run may pay for.
    limit: Option<u64>,
    seen: Mutex<Seen>,
}

/// What was learned of the server by asking.
#[derive(Default)]
struct Seen {
    echo: Option<bool>,
    /// Whether every prompt must be a question of its own.
    apart: bool,
    floored: usize,
    missing: f64,
    said: bool,
    /// Tokens that the run had paid for when it was taken up again.
    paid_before: u64,
    costs: Vec<Cost>,
}

impl ServerTeacher {
    /// Asks the server of `choice` with `prompt` about `classes`. Nothing is sent yet, but the key is
    /// fetched from where it is kept.
    ///
    /// # Errors
    /// [`TeacherError`] if address, key or prompt cannot be used.
    pub fn new(choice: &ModelChoice, prompt: &Prompt, classes: &[String]) -> Result<Self, TeacherError> {
        let questions = Questions::new(choice, prompt, classes)?;
        let Source::Server { url, model, key, token_limit, per_minute, .. } = &choice.source else {
            return Err(ServerError::Choice("the teacher is not a server".into()).into());
        };
        let client = Client::new(url, model, key.as_ref(), *per_minute)?;
        Ok(Self { client, questions, limit: *token_limit, seen: Mutex::default() })
    }

    /// Class log-probabilities for one text.
    fn ask(&self, text: &str) -> Result<Vec<f32>, ServerError> {
        let question = self.questions.question(text);
        self.admit(&question)?;
        let before = self.client.meter();
        let scores = self.scores(&question)?;
        let after = self.client.meter();
        if after.uncounted == before.uncounted {
            let (prompt, answer) = (after.prompt - before.prompt, after.answer - before.answer);
            self.with(|seen| seen.costs.push(Cost { bytes: question.len() as u64, prompt, answer }));
        }
        Ok(scores)
    }

    /// Lets a question through if the limit holds whatever it takes.
    fn admit(&self, question: &str) -> Result<(), ServerError> {
        let Some(limit) = self.limit else { return Ok(()) };
        let next = self.questions.bound(question, self.with(|seen| seen.echo), &self.client.meter());
        let paid = self.paid();
        if paid.saturating_add(next) > limit { Err(ServerError::Spent { paid, limit, next }) } else { Ok(()) }
    }

    fn scores(&self, question: &str) -> Result<Vec<f32>, ServerError> {
        let mode = self.questions.mode;
        if mode == ServerMode::Completions && self.with(|seen| seen.echo) != Some(false) {
            match self.whole_words(question) {
                Err(Refused::Unable(_)) if self.with(|seen| seen.echo).is_none() => {}
                Err(error) => return Err(error.into()),
                Ok(scores) => {
                    self.with(|seen| seen.echo = Some(true));
                    return Ok(log_softmax(&scores));
                }
            }
            self.with(|seen| seen.echo = Some(false));
        }
        let alternatives = match mode {
            ServerMode::Completions => self.client.next_token(question, ALTERNATIVES)?,
            ServerMode::Chat => self.client.chat(question, ALTERNATIVES)?,
        };
        Ok(self.by_first_tokens(&alternatives))
    }

    /// Every label word scored as a full string, by having the server read it.
    fn whole_words(&self, question: &str) -> Result<Vec<f32>, Refused> {
        let prompts = self.questions.with_words(question);
        let (start, scoring) = (question.chars().count(), self.questions.scoring);
        let apart = self.with(|seen| seen.apart);
        let together = self.client.echo(&prompts, start, scoring, apart);
        if apart || !matches!(together, Err(Refused::Unable(_))) {
            return together;
        }
        let scores = self.client.echo(&prompts, start, scoring, true)?;
        self.with(|seen| seen.apart = true);
        Ok(scores)
    }

    fn by_first_tokens(&self, alternatives: &Alternatives) -> Vec<f32> {
        let found = alternatives.shared_among(&self.questions.words);
        if found.floored > 0 {
            self.with(|seen| (seen.floored, seen.missing) = (seen.floored + 1, seen.missing.max(found.missing)));
        }
        log_softmax(&found.scores)
    }

    fn with<T>(&self, change: impl FnOnce(&mut Seen) -> T) -> T {
        change(&mut self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl Teacher for ServerTeacher {
    fn answer(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, TeacherError> {
        texts.iter().map(|text| Ok(self.ask(text)?)).collect()
    }

    fn fingerprint(&self) -> [u8; 32] {
        self.questions.fingerprint()
    }

    fn at_once(&self) -> usize {
        1
    }

    fn paid(&self) -> u64 {
        self.with(|seen| seen.paid_before).saturating_add(self.client.meter().total())
    }

    fn take_up(&self, paid: u64) {
        let now = self.client.meter().total();
        self.with(|seen| seen.paid_before = seen.paid_before.max(paid.saturating_sub(now)));
    }

    fn take_costs(&self) -> Vec<Cost> {
        self.with(|seen| std::mem::take(&mut seen.costs))
    }

    fn take_warning(&self) -> Option<String> {
        self.with(|seen| {
            let new = seen.floored > 0 && !seen.said;
            seen.said |= new;
            let share = seen.missing * 100.0;
            new.then(|| format!("the server shows only its likeliest tokens: label words beyond them share what is left, {share:.1} % of the probability in the worst text so far; a server with echo scores all of them"))
        })
    }
}
