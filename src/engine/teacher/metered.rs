//! A teacher behind a server whose answers are paid: what has been paid, what a question may still take,
//! and what earlier ones have cost. The [`Teacher`] itself knows nothing of money.
//!
//! *A limit that holds (2026-11).* Before a question is sent, the most that it can take is set against
//! what is left of the session's limit, so that the run ends one question early rather than one late. An
//! answer that is lost on its way counts by a guess; only tries of one question that are all lost can
//! carry it beyond the limit.
//!
//! Not here: the pace of requests. One question may be several of them, so that only the client can keep
//! to so many a minute.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::cancel::CancelToken;
use super::costs::Cost;
use super::server::{ServerError, ServerTeacher};
use super::target_cache::{Answer, Identity};
use super::{Estimator, Reading, Teacher, TeacherError};
use crate::engine::data::{Fields, Layout};
use crate::session::{ModelChoice, Prompt, Sentence, Source};

/// A server that is paid, and its meter.
pub struct Metered {
    server: ServerTeacher,
    /// The most tokens that the run may pay for.
    limit: Option<u64>,
    bill: Mutex<Bill>,
}

/// What was paid.
#[derive(Default)]
struct Bill {
    /// Tokens that the run had paid for when it was taken up again.
    before: u64,
    /// What the questions cost that nobody has taken the costs of.
    costs: Vec<Cost>,
}

impl Metered {
    /// Asks the server of `choice` with `prompt` about `classes`, as far as its limit goes. Nothing is sent
    /// yet, but the key is fetched from where it is kept.
    ///
    /// # Errors
    /// [`TeacherError`] if address, key or prompt cannot be used.
    pub fn new(
        choice: &ModelChoice,
        prompt: &Prompt,
        classes: &[String],
        layout: &Layout,
    ) -> Result<Self, TeacherError> {
        let limit = match &choice.source {
            Source::Server { token_limit, .. } => *token_limit,
            _ => None,
        };
        let server = ServerTeacher::new(choice, prompt, classes, layout)?;
        Ok(Self { server, limit, bill: Mutex::default() })
    }

    /// Tokens that the run has paid for.
    pub fn billed_tokens(&self) -> u64 {
        self.bill().before.saturating_add(self.server.counted().total())
    }

    /// Takes up a run that had paid for so many tokens.
    pub fn restore_billing(&self, paid: u64) {
        let now = self.server.counted().total();
        let mut bill = self.bill();
        bill.before = bill.before.max(paid.saturating_sub(now));
    }

    /// What the questions since the last call have cost, where the server counted it.
    pub fn take_costs(&self) -> Vec<Cost> {
        std::mem::take(&mut self.bill().costs)
    }

    /// What is waited for just now, if it is not simply the answer.
    pub fn waiting(&self) -> Option<Sentence> {
        self.server.waiting()
    }

    fn put(&self, text: &Fields, cancel: &CancelToken) -> Result<Answer, ServerError> {
        let question = self.server.question(text);
        self.admit(&question)?;
        let before = self.server.counted();
        let answer = self.server.answered(&question, cancel)?;
        let after = self.server.counted();
        if after.uncounted == before.uncounted {
            let (prompt, written) = (after.prompt - before.prompt, after.answer - before.answer);
            self.bill().costs.push(Cost { bytes: question.len() as u64, prompt, answer: written });
        }
        Ok(answer)
    }

    /// Lets a question through if the limit holds whatever it takes.
    fn admit(&self, question: &str) -> Result<(), ServerError> {
        let Some(limit) = self.limit else { return Ok(()) };
        let (paid, next) = (self.billed_tokens(), self.server.most(question));
        if paid.saturating_add(next) > limit { Err(ServerError::Spent { paid, limit, next }) } else { Ok(()) }
    }

    fn bill(&self) -> MutexGuard<'_, Bill> {
        self.bill.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Teacher for Metered {
    fn predict(&self, texts: &[Fields]) -> Result<Vec<Vec<f32>>, TeacherError> {
        let never = CancelToken::default();
        texts.iter().map(|text| Ok(self.put(text, &never)?.scores.to_vec())).collect()
    }

    fn ask(&self, text: &Fields, cancel: &CancelToken) -> Result<Answer, TeacherError> {
        Ok(self.put(text, cancel)?)
    }

    fn identity(&self) -> &Identity {
        self.server.identity()
    }

    fn reading(&self, text: &Fields) -> Result<Reading, TeacherError> {
        self.server.reading(text)
    }

    fn estimator(&self) -> Option<Estimator> {
        self.server.estimator()
    }

    fn keep_to(&self, estimator: Estimator) {
        self.server.keep_to(estimator);
    }

    fn take_warning(&self) -> Option<Sentence> {
        self.server.take_warning()
    }

    fn says_nothing(&self, texts: usize) -> Option<TeacherError> {
        self.server.says_nothing(texts)
    }
}
