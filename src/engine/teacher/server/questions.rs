//! What a server is asked, without the server: no connection and no key, so that it can be looked at
//! and counted before anything is paid.

use super::ServerError;
use super::granted::MOST;
use super::meter::{Meter, guess};
use crate::engine::data::{Fields, Layout};
use crate::engine::prompt::Template;
use crate::engine::teacher::former::{FormerKey, Origin};
use crate::engine::teacher::{Estimator, Identity, Reading, TeacherError};
use crate::session::{Chat, ModelChoice, Prompt, Scoring, Sentence, ServerMode, Source, say};

/// Bytes of text per token that are surely enough, to keep a prompt within its budget.
const BYTES_PER_TOKEN: usize = 4;

/// The questions of a session to its server.
pub struct Questions {
    pub(super) mode: ServerMode,
    template: Template,
    /// Label words as they stand behind the prompt, in class order.
    pub(super) words: Vec<String>,
    pub(super) scoring: Scoring,
    /// Bytes of an example's texts that are sent.
    longest: usize,
    identity: Identity,
}

impl Questions {
    /// The questions to the server of `choice` with `prompt` about `classes` of examples with such columns.
    ///
    /// # Errors
    /// [`TeacherError`] if the prompt or its label words cannot be used.
    pub fn new(
        choice: &ModelChoice,
        prompt: &Prompt,
        classes: &[String],
        layout: &Layout,
    ) -> Result<Self, TeacherError> {
        let Source::Server { url, model, mode, .. } = &choice.source else {
            return Err(ServerError::Choice(say!("the teacher is not a server")).into());
        };
        if prompt.chat == Chat::On && *mode == ServerMode::Completions {
            return Err(ServerError::Choice(say!("the session sets the prompt's chat to On, but a server puts a prompt into its chat template only in mode Chat; set the teacher's mode to Chat, or chat to Auto or Off")).into());
        }
        let template = Template::parse(&prompt.template, layout)?;
        let words: Vec<String> = classes.iter().map(|class| template.answer(prompt.word_for(class).trim())).collect();
        if let Some(problem) = problem(&words) {
            return Err(ServerError::Choice(problem).into());
        }
        let asked =
            (url.trim_end_matches('/'), model, mode, &prompt.template, &words, prompt.scoring, choice.max_tokens);
        let hash =
            |format: u32| *blake3::hash(format!("retort server targets {format} {asked:?}").as_bytes()).as_bytes();
        let about = serde_json::json!({
            "teacher": model, "url": asked.0, "mode": format!("{mode:?}"), "template": prompt.template, "words": words,
        });
        let identity = Identity {
            fingerprint: hash(2),
            estimators: estimators(*mode),
            about: about.to_string(),
            former: Some(FormerKey { fingerprint: hash(1), origin: origin(*mode) }),
        };
        let longest =
            if choice.max_tokens == 0 { usize::MAX } else { choice.max_tokens.saturating_mul(BYTES_PER_TOKEN) };
        Ok(Self { mode: *mode, template, words, scoring: prompt.scoring, longest, identity })
    }

    /// Everything an answer depends on besides what is read.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Identifies what the server reads for a text.
    pub fn reading(&self, text: &Fields) -> Reading {
        *blake3::hash(self.question(text).as_bytes()).as_bytes()
    }

    /// The prompt for a text, without a label word.
    pub fn question(&self, text: &Fields) -> String {
        self.template.question(text, self.longest)
    }

    /// The prompts of a question in which the server reads every label word.
    pub(super) fn with_words(&self, question: &str) -> Vec<String> {
        self.words.iter().map(|word| format!("{question}{word}")).collect()
    }

    /// Tokens to expect of a question before the server has counted any, read and written. A server that
    /// continues prompts is taken to read every label word, which is dearer.
    pub fn rule(&self, question: &str) -> (f64, f64) {
        match self.mode {
            ServerMode::Chat => (guess(question), 1.0),
            ServerMode::Completions => {
                let prompts = self.with_words(question);
                (prompts.iter().map(|prompt| guess(prompt)).sum(), prompts.len() as f64)
            }
        }
    }

    /// The most tokens that a question can take of a server of which nothing is known.
    pub fn most(&self, question: &str) -> u64 {
        self.bound(question, None, &Meter::default())
    }

    /// The most that a question can take; `echo` is whether the server reads label words, if that is known.
    pub(super) fn bound(&self, question: &str, echo: Option<bool>, meter: &Meter) -> u64 {
        let (bytes, words) = (question.len() as u64, self.words.len() as u64);
        let spoken: u64 = self.words.iter().map(|word| word.len() as u64).sum();
        let whole = meter.most(words * bytes + spoken, words);
        match (self.mode, echo) {
            (ServerMode::Chat, _) | (ServerMode::Completions, Some(false)) => meter.most(bytes, 1),
            (ServerMode::Completions, Some(true)) => whole,
            // Tried for all words, then for one after the other, then without.
            (ServerMode::Completions, None) => whole.saturating_mul(2).saturating_add(meter.most(bytes, 1)),
        }
    }
}

/// Ways in which a server may answer, the best one first.
fn estimators(mode: ServerMode) -> Vec<Estimator> {
    let whole = (mode == ServerMode::Completions).then_some(Estimator::WholeWords);
    let first = (1..=MOST).rev().map(|alternatives| Estimator::FirstTokens { alternatives });
    whole.into_iter().chain(first).collect()
}

/// Who can have made the answers of earlier versions, which asked for as many alternatives always.
fn origin(mode: ServerMode) -> Origin {
    let first = Estimator::FirstTokens { alternatives: MOST };
    match mode {
        ServerMode::Chat => Origin::Only(first),
        ServerMode::Completions => Origin::EchoOrFirst { first },
    }
}

/// Two label words that cannot be told apart, or one that is none.
fn problem(words: &[String]) -> Option<Sentence> {
    let empty = words.iter().any(|word| word.trim().is_empty());
    let double = words.iter().enumerate().find(|(i, word)| words[..*i].contains(word));
    let double = double.map(|(_, word)| {
        say!("two classes have the label word {trim}; give each its own", trim = format_args!("{:?}", word.trim()))
    });
    empty.then(|| say!("a label word is empty; give every class a word")).or(double)
}
