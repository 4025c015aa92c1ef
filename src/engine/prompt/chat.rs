//! Chat templates: the Jinja program by which an instruct model's publisher turns messages into the
//! one text the model was trained on.
//!
//! *Why the clock stands still (2026-11).* Some templates write today's date into the system message.
//! A teacher whose prompt changes at midnight could be neither cached nor asked again; so every date
//! is [`DAY`], the one that templates fall back to where there is no clock.

mod python;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{Environment, ErrorKind};

use super::PromptError;
use crate::engine::model::chat_template::ChatFile;
use crate::engine::model::{HeadKind, Kind, Model};
use crate::session::{Chat, Prompt, Sentence, say};
pub use python::DAY;

/// Steps a template may take; real ones need a few thousand.
const STEPS: u64 = 2_000_000;
/// Longest template, bytes; real ones have some 15 kB.
const LONGEST: usize = 1 << 20;

/// One message of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// `system`, `user` or `assistant`.
    pub role: &'a str,
    /// What is said.
    pub content: &'a str,
}

/// A chat template, ready to be rendered.
pub struct ChatTemplate {
    environment: Environment<'static>,
    words: Vec<(String, String)>,
}

impl ChatTemplate {
    /// The chat template through which `prompt` asks `model`; `None` if it asks plainly.
    ///
    /// # Errors
    /// [`PromptError::Chat`] and [`PromptError::Tokens`] if there is one that cannot be used.
    pub fn of(model: &Model, prompt: &Prompt) -> Result<Option<Self>, PromptError> {
        let writes = model.architecture.kind == Kind::Decoder && model.top == HeadKind::Vocabulary;
        if prompt.chat == Chat::Off || !writes {
            return Ok(None);
        }
        model.files.chat()?.map(|file| Self::new(&file)).transpose()
    }

    /// Reads a template.
    ///
    /// # Errors
    /// [`PromptError::Chat`] with the line that is not understood.
    pub fn new(file: &ChatFile) -> Result<Self, PromptError> {
        if file.template.len() > LONGEST {
            return Err(PromptError::Chat(say!("it has more than {longest} kB", longest = LONGEST >> 10)));
        }
        let mut environment = Environment::new();
        // As transformers sets up Jinja.
        environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(said)?);
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.set_fuel(Some(STEPS));
        python::add(&mut environment);
        environment.add_template_owned("chat", python::without_generation_marks(&file.template)).map_err(said)?;
        Ok(Self { environment, words: file.words.clone().into_iter().collect() })
    }

    /// The conversation as one text; with `open`, the start of the assistant's next message behind it.
    ///
    /// # Errors
    /// [`PromptError::Chat`] with what the template says, e.g. that it knows no system message.
    pub fn render(&self, messages: &[Message], open: bool) -> Result<String, PromptError> {
        let message = |m: &Message| Value::from_pairs([("role", m.role), ("content", m.content)]);
        let messages: Vec<Value> = messages.iter().map(message).collect();
        let given = [("messages", Value::from(messages)), ("add_generation_prompt", Value::from(open))];
        let none = Value::from(());
        let plainly = self.render_with(given.iter().cloned().chain([("tools", none.clone()), ("documents", none)]));
        plainly.or_else(|error| {
            // Templates written for tools alone expect a list of them; one wants it as text, with the day.
            let empty = || Value::from(Vec::<Value>::new());
            let texts = [("functions", Value::from("[]")), ("datetime", Value::from(DAY))];
            let tools = [("tools", empty()), ("documents", empty())];
            self.render_with(given.into_iter().chain(tools).chain(texts)).map_err(|_| error)
        })
    }

    fn render_with<'a>(&'a self, given: impl Iterator<Item = (&'a str, Value)>) -> Result<String, PromptError> {
        let words = self.words.iter().map(|(role, word)| (role.as_str(), Value::from(word.as_str())));
        let template = self.environment.get_template("chat").map_err(said)?;
        template.render(Value::from_pairs(words.chain(given))).map_err(said)
    }

    /// What the template writes around a question, and between it and the answer.
    ///
    /// # Errors
    /// [`PromptError::Chat`] if the template fails, or changes a message instead of framing it.
    pub(super) fn frame(&self) -> Result<Frame, PromptError> {
        // Letters no template has a reason to change unless it changes all.
        let (question, answer) = ("\u{e000}q\"<\n\\\u{e001}", "\u{e002}a\u{e003}");
        let user = Message { role: "user", content: question };
        let whole = self.render(&[user], true)?;
        let changed = || {
            PromptError::Chat(say!(
                "it rewrites the message instead of writing around it, so the text could not be found in it again"
            ))
        };
        let (before, behind) = whole.split_once(question).ok_or_else(changed)?;
        if behind.contains(question) {
            return Err(changed());
        }
        // Some models' answers begin with a space of their own. Templates that cannot render an
        // answer, or write more before it than white space, get none.
        let answered = self.render(&[user, Message { role: "assistant", content: answer }], false).ok();
        let lead = answered.as_deref().and_then(|all| all.strip_prefix(whole.as_str())?.split_once(answer));
        let lead = lead.map_or("", |(lead, _)| lead);
        let lead = if lead.chars().all(char::is_whitespace) { lead } else { "" };
        Ok(Frame { before: before.into(), behind: behind.into(), lead: lead.into() })
    }
}

/// What a chat template writes around a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) before: String,
    pub(super) behind: String,
    /// White space with which the answer begins.
    pub(super) lead: String,
}

fn said(error: minijinja::Error) -> PromptError {
    let reason = match error.kind() {
        ErrorKind::OutOfFuel => say!("it goes on without end (more than {steps} steps)", steps = STEPS),
        kind => {
            let words = error.detail().map_or_else(|| kind.to_string(), str::to_owned);
            Sentence::verbatim(words.chars().take(300).collect::<String>())
        }
    };
    PromptError::Chat(error.line().map_or_else(|| reason.clone(), |line| say!("{reason} (line {line})", reason, line)))
}
