//! A teacher behind a server that speaks OpenAI's interface: asked for log-probabilities, answered
//! in class scores, kept like any other teacher's answers.
//!
//! *Full strings where the server can, first tokens where not (2026-11).* With `echo` a completions
//! server scores every label word whole, exactly as a local teacher is scored. Others show only the
//! likeliest next tokens: then a word gets the probability of the tokens it begins with, and words
//! that are not among them share what is left. How much is left is said, not hidden.

mod client;
mod scores;

use std::sync::Mutex;

use super::{Teacher, TeacherError};
use crate::engine::prompt::Template;
use crate::engine::task::log_softmax;
use crate::session::{Chat, ModelChoice, Prompt, Scoring, ServerMode, Source};
use client::{Client, Refused};
use scores::Alternatives;

/// Alternatives that are asked for; servers cut this to what they offer.
const ALTERNATIVES: u32 = 20;
/// Bytes of text per token that are surely enough, to keep a prompt within its budget.
const BYTES_PER_TOKEN: usize = 4;

/// Why a teacher behind a server cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The session's own words are wrong.
    #[error("{0}")]
    Choice(String),
    /// The key is not accepted.
    #[error("{url} does not accept the key (status {status}); put a valid one into the environment variable {key}")]
    Denied {
        /// The server.
        url: String,
        /// HTTP status.
        status: u16,
        /// Name of the variable, never its value.
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
}

/// A server and how it is asked.
pub struct ServerTeacher {
    client: Client,
    mode: ServerMode,
    template: Template,
    /// Label words as they stand behind the prompt, in class order.
    words: Vec<String>,
    scoring: Scoring,
    /// Bytes of a text that are sent; 0 for all.
    longest: usize,
    fingerprint: [u8; 32],
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
}

impl ServerTeacher {
    /// Asks the server of `choice` with `prompt` about `classes`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`TeacherError`] if address, key variable or prompt cannot be used.
    pub fn new(choice: &ModelChoice, prompt: &Prompt, classes: &[String]) -> Result<Self, TeacherError> {
        let Source::Server { url, model, mode, key } = &choice.source else {
            return Err(ServerError::Choice("the teacher is not a server".into()).into());
        };
        if prompt.chat == Chat::On && *mode == ServerMode::Completions {
            return Err(ServerError::Choice("the session sets the prompt's chat to On, but a server puts a prompt into its chat template only in mode Chat; set the teacher's mode to Chat, or chat to Auto or Off".into()).into());
        }
        let template = Template::parse(&prompt.template)?;
        let words: Vec<String> = classes.iter().map(|class| template.answer(prompt.word_for(class).trim())).collect();
        if let Some(problem) = problem(&words) {
            return Err(ServerError::Choice(problem).into());
        }
        let asked =
            (url.trim_end_matches('/'), model, mode, &prompt.template, &words, prompt.scoring, choice.max_tokens);
        let fingerprint = *blake3::hash(format!("retort server targets 1 {asked:?}").as_bytes()).as_bytes();
        Ok(Self {
            client: Client::new(url, model, key.as_deref())?,
            mode: *mode,
            template,
            words,
            scoring: prompt.scoring,
            longest: choice.max_tokens * BYTES_PER_TOKEN,
            fingerprint,
            seen: Mutex::default(),
        })
    }

    /// Class log-probabilities for one text.
    fn ask(&self, text: &str) -> Result<Vec<f32>, ServerError> {
        let most = if self.longest == 0 { text.len() } else { self.longest };
        let text = &text[..text.floor_char_boundary(most)];
        let question = self.template.question(text.trim());
        if self.mode == ServerMode::Completions && self.with(|seen| seen.echo) != Some(false) {
            match self.whole_words(&question) {
                Err(Refused::Unable(_)) if self.with(|seen| seen.echo).is_none() => {}
                Err(error) => return Err(error.into()),
                Ok(scores) => {
                    self.with(|seen| seen.echo = Some(true));
                    return Ok(log_softmax(&scores));
                }
            }
            self.with(|seen| seen.echo = Some(false));
        }
        let alternatives = match self.mode {
            ServerMode::Completions => self.client.next_token(&question, ALTERNATIVES)?,
            ServerMode::Chat => self.client.chat(&question, ALTERNATIVES)?,
        };
        Ok(self.by_first_tokens(&alternatives))
    }

    /// Every label word scored as a full string, by having the server read it.
    fn whole_words(&self, question: &str) -> Result<Vec<f32>, Refused> {
        let prompts: Vec<String> = self.words.iter().map(|word| format!("{question}{word}")).collect();
        let start = question.chars().count();
        let apart = self.with(|seen| seen.apart);
        let together = self.client.echo(&prompts, start, self.scoring, apart);
        if apart || !matches!(together, Err(Refused::Unable(_))) {
            return together;
        }
        let scores = self.client.echo(&prompts, start, self.scoring, true)?;
        self.with(|seen| seen.apart = true);
        Ok(scores)
    }

    fn by_first_tokens(&self, alternatives: &Alternatives) -> Vec<f32> {
        let found = alternatives.shared_among(&self.words);
        if found.floored > 0 {
            self.with(|seen| (seen.floored, seen.missing) = (seen.floored + 1, seen.missing.max(found.missing)));
        }
        log_softmax(&found.scores)
    }

    fn with<T>(&self, change: impl FnOnce(&mut Seen) -> T) -> T {
        change(&mut self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

/// Two label words that cannot be told apart, or one that is none.
fn problem(words: &[String]) -> Option<String> {
    let empty = words.iter().any(|word| word.trim().is_empty());
    let double = words.iter().enumerate().find(|(i, word)| words[..*i].contains(word));
    let double =
        double.map(|(_, word)| format!("two classes have the label word {:?}; give each its own", word.trim()));
    empty.then(|| "a label word is empty; give every class a word".to_owned()).or(double)
}

impl Teacher for ServerTeacher {
    fn answer(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, TeacherError> {
        texts.iter().map(|text| Ok(self.ask(text)?)).collect()
    }

    fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    fn at_once(&self) -> usize {
        1
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
