//! Questions to the server, repeated with patience, and metered: tokens of every answer that came are
//! counted, usable or not, since they are paid for. The key goes into one header; no sentence and no file
//! ever holds it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::{Uri, header};

use super::ServerError;
use super::key::Key;
use super::meter::Meter;
use super::pace::Pace;
use super::scores::{Alternatives, behind};
use crate::engine::tls;
use crate::session::{KeyPlace, Scoring, ServerOrigin};

/// Tries of one question.
const TRIES: u32 = 6;
/// First wait between two tries; doubles from there.
const PAUSE: Duration = Duration::from_millis(250);
/// Longest a server may ask for patience.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest wait for one answer.
const ANSWER: Duration = Duration::from_secs(120);

pub(super) struct Client {
    agent: Agent,
    url: String,
    model: String,
    key: Option<Key>,
    meter: Mutex<Meter>,
    pace: Pace,
}

/// An answer that cannot be used.
pub(super) enum Refused {
    /// The server cannot do what was asked; perhaps something else.
    Unable(ServerError),
    /// Nothing else will help.
    Final(ServerError),
}

impl From<Refused> for ServerError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Unable(error) | Refused::Final(error) => error,
        }
    }
}

impl Client {
    /// A way to the server at `url`, e.g. `http://localhost:8000/v1`, with the key that is kept at
    /// `key`, for at most so many questions `per_minute`.
    pub(super) fn new(
        url: &str,
        model: &str,
        key: Option<&KeyPlace>,
        per_minute: Option<u32>,
    ) -> Result<Self, ServerError> {
        let (host, path) = ServerOrigin::split(url).map_err(|e| ServerError::Choice(no_address(url, e)))?;
        // What was understood is asked, not what was written.
        let url = format!("{host}{}", path.trim_end_matches('/'));
        let config = Agent::config_builder()
            .user_agent(concat!("retort/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            // A key never follows a redirect, and a question would not be asked again behind one.
            .max_redirects(0)
            .tls_config(tls::config())
            .timeout_connect(Some(Duration::from_secs(15)))
            .timeout_global(Some(ANSWER));
        let config = if host.is_loopback() { config.proxy(None) } else { config };
        let key = key.map(|key| Key::fetch(key, &host)).transpose()?;
        Ok(Self {
            agent: config.build().into(),
            url,
            model: model.to_owned(),
            key,
            meter: Mutex::default(),
            pace: Pace::new(per_minute),
        })
    }

    /// Tokens paid for so far.
    pub(super) fn meter(&self) -> Meter {
        *self.meter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Scores of what stands behind the first `start` characters of each prompt: all prompts in one
    /// question, or one by one where `apart`.
    pub(super) fn echo(
        &self,
        prompts: &[String],
        start: usize,
        scoring: Scoring,
        apart: bool,
    ) -> Result<Vec<f32>, Refused> {
        if apart && prompts.len() > 1 {
            let one = |prompt: &String| self.echo(std::slice::from_ref(prompt), start, scoring, true);
            return Ok(prompts.iter().map(one).collect::<Result<Vec<_>, _>>()?.concat());
        }
        let asked = if let [one] = prompts { json!(one) } else { json!(prompts) };
        // Not every server may write nothing at all; what it writes is not looked at.
        let body = json!({
            "model": self.model, "prompt": asked, "max_tokens": 1, "echo": true, "logprobs": 1, "temperature": 0,
        });
        let answer = self.ask("completions", &body, prompts, !apart)?;
        let choices = answer.get("choices").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut scores = vec![None; prompts.len()];
        for (place, choice) in choices.iter().enumerate() {
            let index = choice.get("index").and_then(Value::as_u64).map_or(place, |index| index as usize);
            if let Some(slot) = scores.get_mut(index) {
                *slot = prompts.get(index).and_then(|prompt| behind(choice, prompt, start, scoring));
            }
        }
        let whole: Option<Vec<f32>> = scores.into_iter().collect();
        whole.ok_or_else(|| Refused::Unable(self.without("echoed prompts are not scored")))
    }

    /// The likeliest tokens behind a prompt.
    pub(super) fn next_token(&self, prompt: &str, most: u32) -> Result<Alternatives, ServerError> {
        let body = json!({
            "model": self.model, "prompt": prompt, "max_tokens": 1, "logprobs": most, "temperature": 0,
        });
        let answer = self.ask("completions", &body, &[prompt.to_owned()], false)?;
        let found = answer.pointer("/choices/0").and_then(Alternatives::of_completion);
        found.ok_or_else(|| self.without("no top_logprobs"))
    }

    /// The likeliest first tokens of a chat's answer.
    pub(super) fn chat(&self, prompt: &str, most: u32) -> Result<Alternatives, ServerError> {
        let body = json!({
            "model": self.model, "messages": [{ "role": "user", "content": prompt }], "max_tokens": 1,
            "logprobs": true, "top_logprobs": most, "temperature": 0,
        });
        let answer = self.ask("chat/completions", &body, &[prompt.to_owned()], false)?;
        let found = answer.pointer("/choices/0").and_then(Alternatives::of_chat);
        found.ok_or_else(|| self.without("no top_logprobs"))
    }

    /// Counts the tokens of an answer to `prompts`; of one that was lost on its way they are guessed.
    fn count(&self, answer: &Value, prompts: &[String]) {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner).read(answer, prompts);
    }

    fn without(&self, reason: &str) -> ServerError {
        ServerError::Answer { url: self.url.clone(), reason: reason.to_owned() }
    }

    /// The answer to `body`, which holds `prompts`. `learning` is for a question that some servers fall
    /// over: then there is another way to put it.
    fn ask(&self, path: &str, body: &Value, prompts: &[String], learning: bool) -> Result<Value, Refused> {
        let url = format!("{}/{path}", self.url);
        let uri: Uri = url
            .parse()
            .map_err(|_| Refused::Final(ServerError::Choice(no_address(&url, "it has signs that no address has"))))?;
        let mut reason = String::new();
        for attempt in 0..TRIES {
            let mut request = self.agent.post(&uri).header(header::CONTENT_TYPE, "application/json");
            if let Some(value) = self.key.as_ref().and_then(|key| key.header(&uri)) {
                request = request.header(header::AUTHORIZATION, value);
            }
            let mut wait = PAUSE * (1 << attempt);
            self.pace.wait();
            match request.send(body.to_string()) {
                Ok(mut answer) => {
                    let status = answer.status().as_u16();
                    let after = answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
                    wait = after.and_then(|s| s.parse().ok()).map_or(wait, |s| Duration::from_secs(s).min(PATIENCE));
                    match answer.body_mut().read_to_string() {
                        Ok(text) if status == 200 => {
                            let answer = parsed(&url, &text)?;
                            self.count(&answer, prompts);
                            return Ok(answer);
                        }
                        Ok(text) if learning && status == 500 => {
                            let reason = words(&text);
                            return Err(Refused::Unable(ServerError::Refused { url, status, reason }));
                        }
                        Ok(text) if !matches!(status, 408 | 429 | 500..) => {
                            return Err(self.refused(url, status, &text));
                        }
                        Ok(_) => reason = format!("status {status}"),
                        Err(e) => {
                            // It was answered, so it is paid for.
                            self.count(&Value::Null, prompts);
                            reason = e.to_string();
                        }
                    }
                }
                Err(e) => {
                    if let Some(reason) = tls::refusal(&e) {
                        return Err(Refused::Final(ServerError::Certificate { url, reason }));
                    }
                    if may_have_been_answered(&e) {
                        self.count(&Value::Null, prompts);
                    }
                    reason = e.to_string();
                }
            }
            if attempt + 1 < TRIES {
                std::thread::sleep(wait);
            }
        }
        Err(Refused::Final(ServerError::Silent { url, reason }))
    }

    fn refused(&self, url: String, status: u16, text: &str) -> Refused {
        let reason = words(text);
        match status {
            401 | 403 => {
                let nowhere = "an environment variable and name it as the session's key (it names none)";
                let key = self.key.as_ref().map_or(nowhere, |key| &key.place).to_owned();
                Refused::Final(ServerError::Denied { url, status, key })
            }
            400 | 413 | 422 if reason.contains("context") || reason.contains("too long") => {
                Refused::Final(ServerError::TooLong { url, reason })
            }
            400 | 404 | 405 | 422 | 501 => Refused::Unable(ServerError::Refused { url, status, reason }),
            _ => Refused::Final(ServerError::Refused { url, status, reason }),
        }
    }
}

/// Why `url` cannot be asked; one that may hold a password is not repeated.
fn no_address(url: &str, reason: impl std::fmt::Display) -> String {
    let url = if url.contains('@') { "the server's address".to_owned() } else { format!("{url:?}") };
    format!("{url} is no address of a server: {reason}; give one like http://localhost:8000/v1")
}

/// Whether a question has reached the server, so that an answer may have to be paid for.
fn may_have_been_answered(error: &ureq::Error) -> bool {
    use std::io::ErrorKind::ConnectionRefused;
    use ureq::{Error, Timeout};
    match error {
        Error::HostNotFound | Error::ConnectionFailed | Error::Tls(_) | Error::Rustls(_) | Error::BadUri(_) => false,
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => false,
        Error::Io(e) => e.kind() != ConnectionRefused,
        _ => true,
    }
}

fn parsed(url: &str, text: &str) -> Result<Value, Refused> {
    let url = url.to_owned();
    serde_json::from_str(text)
        .map_err(|e| Refused::Final(ServerError::Answer { url, reason: format!("it is no JSON, {e}") }))
}

/// What the server says of itself, cut to a sentence.
fn words(text: &str) -> String {
    let parsed: Value = serde_json::from_str(text).unwrap_or_default();
    let inner = parsed.pointer("/error/message").or_else(|| parsed.get("message")).and_then(Value::as_str);
    inner.unwrap_or(text).trim().chars().take(200).collect()
}
