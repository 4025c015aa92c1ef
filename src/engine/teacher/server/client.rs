//! Questions to the server, repeated with patience, and metered: tokens of every answer that came are
//! counted, usable or not, since they are paid for. The key goes into one header; no sentence and no file
//! ever holds it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::{Uri, header};

use super::ServerError;
use super::error::said;
use super::key::Key;
use super::meter::Meter;
use super::pace::Pace;
use super::patience::{Failure, Patience};
use super::scores::{Alternatives, behind};
use super::words;
use crate::engine::teacher::CancelToken;
use crate::engine::tls;
use crate::session::{KeyPlace, Say, Scoring, Sentence, ServerOrigin, say};

/// Longest wait for one answer.
const ANSWER: Duration = Duration::from_secs(120);
/// Longest wait for the list of models.
const GREETING: Duration = Duration::from_secs(15);

pub(super) struct Client {
    agent: Agent,
    url: String,
    model: String,
    key: Option<Key>,
    meter: Mutex<Meter>,
    pace: Pace,
    /// What is waited for just now, if it is not simply the answer.
    waiting: Mutex<Option<Sentence>>,
}

/// What became of one request.
enum Tried {
    Answered(Value),
    Refused(Refused),
    /// It may be asked again.
    Failed(Failure),
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
            waiting: Mutex::default(),
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
        cancel: &CancelToken,
    ) -> Result<Vec<f32>, Refused> {
        if apart && prompts.len() > 1 {
            let one = |prompt: &String| self.echo(std::slice::from_ref(prompt), start, scoring, true, cancel);
            return Ok(prompts.iter().map(one).collect::<Result<Vec<_>, _>>()?.concat());
        }
        let asked = if let [one] = prompts { json!(one) } else { json!(prompts) };
        // Not every server may write nothing at all; what it writes is not looked at.
        let body = json!({
            "model": self.model, "prompt": asked, "max_tokens": 1, "echo": true, "logprobs": 1, "temperature": 0,
        });
        let answer = self.ask("completions", &body, prompts, !apart, cancel)?;
        let choices = answer.get("choices").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut scores = vec![None; prompts.len()];
        for (place, choice) in choices.iter().enumerate() {
            let index = choice.get("index").and_then(Value::as_u64).map_or(place, |index| index as usize);
            if let Some(slot) = scores.get_mut(index) {
                *slot = prompts.get(index).and_then(|prompt| behind(choice, prompt, start, scoring));
            }
        }
        let whole: Option<Vec<f32>> = scores.into_iter().collect();
        whole.ok_or_else(|| Refused::Unable(self.without(say!("echoed prompts are not scored"))))
    }

    /// The likeliest tokens behind a prompt.
    pub(super) fn next_token(&self, prompt: &str, most: u32, cancel: &CancelToken) -> Result<Alternatives, Refused> {
        let body = json!({
            "model": self.model, "prompt": prompt, "max_tokens": 1, "logprobs": most, "temperature": 0,
        });
        let answer = self.ask("completions", &body, &[prompt.to_owned()], false, cancel)?;
        let found = answer.pointer("/choices/0").and_then(Alternatives::of_completion);
        found.ok_or_else(|| Refused::Final(self.without(say!("no top_logprobs"))))
    }

    /// The likeliest first tokens of a chat's answer.
    pub(super) fn chat(&self, prompt: &str, most: u32, cancel: &CancelToken) -> Result<Alternatives, Refused> {
        let body = json!({
            "model": self.model, "messages": [{ "role": "user", "content": prompt }], "max_tokens": 1,
            "logprobs": true, "top_logprobs": most, "temperature": 0,
        });
        let answer = self.ask("chat/completions", &body, &[prompt.to_owned()], false, cancel)?;
        let found = answer.pointer("/choices/0").and_then(Alternatives::of_chat);
        found.ok_or_else(|| Refused::Final(self.without(say!("no top_logprobs"))))
    }

    /// The models the server names: one question, asked once, for which nobody pays. Empty where it answers
    /// and keeps no list.
    pub(super) fn models(&self) -> Result<Vec<String>, ServerError> {
        let url = format!("{}/models", self.url);
        let uri: Uri =
            url.parse().map_err(|_| ServerError::Choice(no_address(&url, say!("it has signs that no address has"))))?;
        let mut request = self.agent.get(&uri);
        if let Some(value) = self.key.as_ref().and_then(|key| key.header(&uri)) {
            request = request.header(header::AUTHORIZATION, value);
        }
        let answer = request.config().timeout_global(Some(GREETING)).build().call();
        let silent = |e: &ureq::Error| match tls::refusal(e) {
            Some(reason) => ServerError::Certificate { url: url.clone(), reason },
            None => ServerError::Unreachable { url: url.clone(), reason: e.said() },
        };
        let mut answer = answer.map_err(|e| silent(&e))?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string().map_err(|e| silent(&e))?;
        match status {
            200..300 => Ok(listed(&parsed(&url, &text)?)),
            // It answers, and does not know the question.
            404 | 405 | 501 => Ok(Vec::new()),
            _ => Err(self.refused(url, status, words::sentence(&text).said()).into()),
        }
    }

    /// Counts the tokens of an answer to `prompts`; of one that was lost on its way they are guessed.
    fn count(&self, answer: &Value, prompts: &[String]) {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner).read(answer, prompts);
    }

    fn without(&self, reason: Sentence) -> ServerError {
        ServerError::Answer { url: self.url.clone(), reason }
    }

    /// What is waited for just now, if it is not simply the answer.
    pub(super) fn waiting(&self) -> Option<Sentence> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn wait_for(&self, what: Option<Sentence>) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }

    /// The answer to `body`, which holds `prompts`. `learning` is for a question that some servers fall
    /// over: then there is another way to put it.
    fn ask(
        &self,
        path: &str,
        body: &Value,
        prompts: &[String],
        learning: bool,
        cancel: &CancelToken,
    ) -> Result<Value, Refused> {
        let url = format!("{}/{path}", self.url);
        let uri: Uri = url.parse().map_err(|_| {
            Refused::Final(ServerError::Choice(no_address(&url, say!("it has signs that no address has"))))
        })?;
        let mut patience = Patience::default();
        let result = loop {
            if !self.pace.wait(cancel) {
                break Err(Refused::Final(ServerError::Cancelled));
            }
            let failure = match self.once(&url, &uri, body, prompts, learning) {
                Tried::Answered(answer) => break Ok(answer),
                Tried::Refused(refused) => break Err(refused),
                Tried::Failed(failure) => failure,
            };
            let Some(wait) = patience.next(&failure) else {
                break Err(Refused::Final(ServerError::Silent { url, reason: failure.reason }));
            };
            self.wait_for(Some(say!(
                "{reason}; asked again in {secs} s",
                reason = failure.reason,
                secs = format_args!("{:.0}", wait.as_secs_f64().ceil())
            )));
            if !cancel.sleep(wait) {
                break Err(Refused::Final(ServerError::Cancelled));
            }
        };
        self.wait_for(None);
        result
    }

    /// One request.
    fn once(&self, url: &str, uri: &Uri, body: &Value, prompts: &[String], learning: bool) -> Tried {
        let mut request = self.agent.post(uri).header(header::CONTENT_TYPE, "application/json");
        if let Some(value) = self.key.as_ref().and_then(|key| key.header(uri)) {
            request = request.header(header::AUTHORIZATION, value);
        }
        let mut answer = match request.send(body.to_string()) {
            Ok(answer) => answer,
            Err(e) => {
                if let Some(reason) = tls::refusal(&e) {
                    let url = url.to_owned();
                    return Tried::Refused(Refused::Final(ServerError::Certificate { url, reason }));
                }
                if may_have_been_answered(&e) {
                    self.count(&Value::Null, prompts);
                }
                let is_timeout = matches!(e, ureq::Error::Timeout(_));
                return Tried::Failed(Failure { reason: e.said(), is_timeout, ..Failure::default() });
            }
        };
        let status = answer.status().as_u16();
        let header = |name: header::HeaderName| Some(answer.headers().get(name)?.to_str().ok()?.to_owned());
        let (after, place) = (header(header::RETRY_AFTER), header(header::LOCATION));
        let after =
            after.and_then(|secs| secs.trim().parse().ok()).and_then(|secs| Duration::try_from_secs_f64(secs).ok());
        let text = match answer.body_mut().read_to_string() {
            Ok(text) => text,
            Err(e) => {
                // It was answered, so it is paid for.
                self.count(&Value::Null, prompts);
                let is_timeout = matches!(e, ureq::Error::Timeout(_));
                return Tried::Failed(Failure { reason: e.said(), is_timeout, ..Failure::default() });
            }
        };
        if let Some(to) = place.filter(|_| (300..400).contains(&status)) {
            let moved = say!("it has moved to {to}", to = words::sentence(&to));
            return Tried::Refused(self.refused(url.to_owned(), status, moved));
        }
        if (200..300).contains(&status) {
            return match parsed(url, &text) {
                Ok(answer) => self.accepted(url, answer, prompts, learning),
                Err(refused) => Tried::Refused(refused),
            };
        }
        self.judged(url, status, &text, after, learning)
    }

    /// An answer of a server that did not say no; some say it within.
    fn accepted(&self, url: &str, answer: Value, prompts: &[String], learning: bool) -> Tried {
        let error = answer.get("error").filter(|error| !error.is_null() && answer.get("choices").is_none());
        let Some(error) = error else {
            self.count(&answer, prompts);
            return Tried::Answered(answer);
        };
        let code = error.get("code").or_else(|| error.get("status"));
        let status = code.and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
        let status = status.filter(|code| (400..600).contains(code)).unwrap_or(400);
        self.judged(url, status, &answer.to_string(), None, learning)
    }

    /// What a refusal with `status` means.
    fn judged(&self, url: &str, status: u16, text: &str, after: Option<Duration>, learning: bool) -> Tried {
        let (url, reason) = (url.to_owned(), words::sentence(text).said());
        if words::is_quota(status, text) {
            return Tried::Refused(Refused::Final(ServerError::Quota { url, status, reason }));
        }
        match status {
            500 if learning => Tried::Refused(Refused::Unable(ServerError::Refused { url, status, reason })),
            501 | 505 => Tried::Refused(self.refused(url, status, reason)),
            408 | 409 | 425 | 429 | 500.. => {
                let told = words::estimated_secs(text).and_then(|secs| Duration::try_from_secs_f64(secs).ok());
                let reason = said(Some(status), &reason);
                Tried::Failed(Failure { reason, status: Some(status), after: after.or(told), is_timeout: false })
            }
            _ => Tried::Refused(self.refused(url, status, reason)),
        }
    }

    fn refused(&self, url: String, status: u16, reason: Sentence) -> Refused {
        let nowhere = || say!("an environment variable, and name it as the session's key (it names none)");
        let key = || self.key.as_ref().map_or_else(nowhere, |key| key.place.clone());
        let low = reason.to_lowercase();
        match status {
            401 | 407 => Refused::Final(ServerError::Denied { url, status, reason, key: key() }),
            403 => Refused::Final(ServerError::NoAccess { url, reason, key: key() }),
            400 | 413 | 422 if low.contains("context") || low.contains("too long") => {
                Refused::Final(ServerError::TooLong { url, reason })
            }
            400 | 404 | 405 | 422 | 501 => Refused::Unable(ServerError::Refused { url, status, reason }),
            _ => Refused::Final(ServerError::Refused { url, status, reason }),
        }
    }
}

/// The names in a list of models.
fn listed(answer: &Value) -> Vec<String> {
    let all = answer.get("data").or_else(|| answer.get("models")).and_then(Value::as_array);
    let name = |model: &Value| Some(model.get("id").or_else(|| model.get("name"))?.as_str()?.to_owned());
    let mut names: Vec<String> = all.into_iter().flatten().filter_map(name).collect();
    names.sort();
    names.dedup();
    names
}

/// Why `url` cannot be asked; one that may hold a password is not repeated.
fn no_address(url: &str, reason: impl Say) -> Sentence {
    let url = if url.contains('@') { say!("the server's address") } else { Sentence::verbatim(format!("{url:?}")) };
    say!("{url} is no address of a server: {reason}; give one like http://localhost:8000/v1", url, reason)
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
        .map_err(|e| Refused::Final(ServerError::Answer { url, reason: say!("it is no JSON, {e}", e) }))
}
