//! Requests to the Hub: one address, one token, and what a status means.

use std::time::Duration;

use ureq::config::RedirectAuthHeaders;
use ureq::http::{Response, header};
use ureq::{Agent, Body};

use super::{HubError, Name, Place};

/// Longest answer that is read as text, bytes: a listing of a large repository has some 100 kB.
const LONGEST: u64 = 32 << 20;
/// Longest a server may ask for patience.
const PATIENCE: Duration = Duration::from_secs(60);

/// A way to the Hub.
pub(super) struct Client {
    agent: Agent,
    endpoint: String,
    token: Option<String>,
}

/// A failed request.
pub(super) enum Trouble {
    /// May succeed if repeated, after this long if the server said so.
    Again { error: HubError, after: Option<Duration> },
    /// Will not.
    Final(HubError),
}

impl From<HubError> for Trouble {
    fn from(error: HubError) -> Self {
        Self::Final(error)
    }
}

impl Client {
    pub(super) fn new(place: &Place) -> Self {
        let mut config = Agent::config_builder()
            .user_agent(concat!("retort/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            // The token goes to the Hub alone, not to the store it sends us to.
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            .timeout_resolve(Some(Duration::from_secs(10)))
            .timeout_connect(Some(Duration::from_secs(15)))
            .timeout_recv_response(Some(Duration::from_secs(30)))
            .timeout_per_read(Some(Duration::from_secs(30)));
        if is_here(&place.endpoint) {
            config = config.proxy(None);
        }
        Self { agent: config.build().into(), endpoint: place.endpoint.clone(), token: place.token.clone() }
    }

    /// The Hub's address.
    pub(super) fn host(&self) -> String {
        self.endpoint.clone()
    }

    /// The page of a model.
    fn page(&self, name: &Name) -> String {
        format!("{}/{}", self.endpoint, name.repo())
    }

    /// The listing of a model's files, as text.
    pub(super) fn listing(&self, name: &Name) -> Result<String, Trouble> {
        let path = format!("api/models/{}/revision/{}?blobs=true", name.repo(), encoded(name.revision()));
        let mut answer = self.get(name, &path, 0, &format!("model {name}"))?;
        let read = answer.body_mut().with_config().limit(LONGEST).read_to_string();
        read.map_err(|e| self.broken(&e.to_string()))
    }

    /// A file of a model from byte `from` on.
    pub(super) fn file(&self, name: &Name, commit: &str, file: &str, from: u64) -> Result<Response<Body>, Trouble> {
        let path = file.split('/').map(encoded).collect::<Vec<_>>().join("/");
        self.get(name, &format!("{}/resolve/{commit}/{path}", name.repo()), from, file)
    }

    fn get(&self, name: &Name, path: &str, from: u64, what: &str) -> Result<Response<Body>, Trouble> {
        let mut request = self.agent.get(format!("{}/{path}", self.endpoint));
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if from > 0 {
            request = request.header(header::RANGE, format!("bytes={from}-"));
        }
        let answer = request.call().map_err(|e| self.unreached(e))?;
        match answer.status().as_u16() {
            200 | 206 | 416 => Ok(answer),
            status => Err(self.refused(name, status, what, after(&answer))),
        }
    }

    fn refused(&self, name: &Name, status: u16, what: &str, after: Option<Duration>) -> Trouble {
        let (name, page) = (name.to_string(), self.page(name));
        let token = match self.token {
            Some(_) => "the token that was sent is not enough",
            None => "no token was sent, so make one in your settings there and put it into HF_TOKEN",
        };
        let host = self.host();
        match status {
            401 | 403 => Trouble::Final(HubError::Denied { name, status, token, page }),
            404 => Trouble::Final(HubError::NotFound { what: what.to_owned(), page }),
            408 | 429 | 500.. => Trouble::Again { error: HubError::Status { host, status }, after },
            _ => Trouble::Final(HubError::Status { host, status }),
        }
    }

    fn unreached(&self, error: ureq::Error) -> Trouble {
        match error {
            ureq::Error::BadUri(_) | ureq::Error::InvalidProxyUrl => HubError::Endpoint(self.endpoint.clone()).into(),
            other => self.broken(&other.to_string()),
        }
    }

    /// A connection that did not hold.
    pub(super) fn broken(&self, reason: &str) -> Trouble {
        Trouble::Again { error: HubError::Connection { host: self.host(), reason: reason.to_owned() }, after: None }
    }
}

/// How long the server asks to be left alone.
fn after(answer: &Response<Body>) -> Option<Duration> {
    let seconds = answer.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(PATIENCE))
}

/// Whether an address is this machine, which no proxy can reach.
fn is_here(endpoint: &str) -> bool {
    let host = endpoint.split("://").nth(1).unwrap_or_default();
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|here| host.starts_with(here))
}

/// As one part of an address: what is not a letter, digit or harmless mark becomes `%XX`.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
