//! Requests to the Hub: one address, one token, and what a status means.
//!
//! *Redirects by hand (2026-11).* The Hub sends large files' readers to a store elsewhere, and renamed models'
//! to another page of its own. The token has to follow to the second and never to the first, and the client
//! library tells hosts apart but neither ports nor schemes.

use std::time::Duration;

use ureq::http::{Response, Uri, header};
use ureq::{Agent, Body};

use super::{HubConfig, HubError, Name};
use crate::engine::secret::Credential;
use crate::engine::tls;
use crate::session::{Say, Sentence, ServerOrigin, say};

/// Longest answer that is read as text, bytes: a listing of a large repository has some 100 kB.
const LONGEST: u64 = 32 << 20;
/// Longest a server may ask for patience.
const PATIENCE: Duration = Duration::from_secs(60);
/// Most addresses that one request is sent on to.
const REDIRECTS: usize = 10;

/// A way to the Hub.
pub(super) struct Client {
    agent: Agent,
    endpoint: String,
    token: Option<Credential>,
    /// Whether there is a token that could be read on the way, and so is not sent.
    held_back: bool,
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
    pub(super) fn new(place: &HubConfig) -> Self {
        let mut config = Agent::config_builder()
            .user_agent(concat!("retort/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            .max_redirects(0)
            .tls_config(tls::config())
            .timeout_resolve(Some(Duration::from_secs(10)))
            .timeout_connect(Some(Duration::from_secs(15)))
            .timeout_recv_response(Some(Duration::from_secs(30)))
            .timeout_per_read(Some(Duration::from_secs(30)));
        let host = ServerOrigin::split(&place.endpoint).ok().map(|(host, _)| host);
        if host.as_ref().is_some_and(ServerOrigin::is_loopback) {
            config = config.proxy(None);
        }
        let token = place.token.as_ref().zip(host.as_ref()).and_then(|(token, host)| Credential::of_hub(token, host));
        let held_back = token.is_none() && place.token.is_some();
        Self { agent: config.build().into(), endpoint: place.endpoint.clone(), token, held_back }
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
        let mut answer = self.get(name, &path, 0, &say!("model {name}", name))?;
        let read = answer.body_mut().with_config().limit(LONGEST).read_to_string();
        read.map_err(|e| self.broken(e.said()))
    }

    /// A file of a model from byte `from` on.
    pub(super) fn file(&self, name: &Name, commit: &str, file: &str, from: u64) -> Result<Response<Body>, Trouble> {
        let path = file.split('/').map(encoded).collect::<Vec<_>>().join("/");
        self.get(name, &format!("{}/resolve/{commit}/{path}", name.repo()), from, &file.said())
    }

    fn get(&self, name: &Name, path: &str, from: u64, what: &Sentence) -> Result<Response<Body>, Trouble> {
        let mut uri = parsed(&format!("{}/{path}", self.endpoint)).map_err(|reason| self.strange(reason))?;
        for _ in 0..=REDIRECTS {
            let answer = self.once(&uri, from)?;
            match answer.status().as_u16() {
                200 | 206 | 416 => return Ok(answer),
                301 | 302 | 303 | 307 | 308 => uri = redirect(&uri, &answer).map_err(|reason| self.strange(reason))?,
                status => return Err(self.refused(name, status, what, after(&answer))),
            }
        }
        Err(self.strange(say!("it sends from one address to the next without end")).into())
    }

    fn once(&self, uri: &Uri, from: u64) -> Result<Response<Body>, Trouble> {
        let mut request = self.agent.get(uri);
        if let Some(value) = self.token.as_ref().and_then(|token| token.header(uri)) {
            request = request.header(header::AUTHORIZATION, value);
        }
        if from > 0 {
            request = request.header(header::RANGE, format!("bytes={from}-"));
        }
        request.call().map_err(|e| self.unreached(&e))
    }

    fn strange(&self, reason: impl Say) -> HubError {
        HubError::Answer { host: self.host(), reason: reason.said() }
    }

    fn refused(&self, name: &Name, status: u16, what: &Sentence, after: Option<Duration>) -> Trouble {
        let (name, page) = (name.to_string(), self.page(name));
        let token = match &self.token {
            _ if self.held_back => {
                say!(
                    "a token is there but is not sent over plain http to another machine, where everybody on the way could read it, so use https"
                )
            }
            Some(_) => say!("the token that was sent is not enough"),
            None => say!("no token was sent, so make one in your settings there and put it into HF_TOKEN"),
        };
        let host = self.host();
        match status {
            401 | 403 => Trouble::Final(HubError::Denied { name, status, token, page }),
            404 => Trouble::Final(HubError::NotFound { what: what.to_owned(), page }),
            408 | 429 | 500.. => Trouble::Again { error: HubError::Status { host, status }, after },
            _ => Trouble::Final(HubError::Status { host, status }),
        }
    }

    fn unreached(&self, error: &ureq::Error) -> Trouble {
        if let Some(reason) = tls::refusal(error) {
            return HubError::Certificate { host: self.host(), reason }.into();
        }
        let reason = error.said();
        match error {
            ureq::Error::BadUri(_) | ureq::Error::InvalidProxyUrl => {
                HubError::Connection { host: self.host(), reason }.into()
            }
            _ => self.broken(reason),
        }
    }

    /// A connection that did not hold.
    pub(super) fn broken(&self, reason: Sentence) -> Trouble {
        Trouble::Again { error: HubError::Connection { host: self.host(), reason }, after: None }
    }
}

/// How long the server asks to be left alone.
fn after(answer: &Response<Body>) -> Option<Duration> {
    let seconds = answer.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(PATIENCE))
}

/// Where an answer sends to. What came over a way that nobody can change does not go on over one that
/// everybody can.
fn redirect(from: &Uri, answer: &Response<Body>) -> Result<Uri, Sentence> {
    let place = answer.headers().get(header::LOCATION).and_then(|place| place.to_str().ok());
    let to = joined(from, place.ok_or_else(|| say!("it sends on without saying where to"))?)?;
    match (origin(from), origin(&to)) {
        (_, None) => Err(say!("it sends to an address that is none")),
        (Some(before), Some(after)) if before.is_private() && !after.is_private() => {
            Err(say!("it sends from https to plain http, {after}", after))
        }
        _ => Ok(to),
    }
}

/// `place` as it is meant on the page `from`.
///
/// # Source
/// RFC 3986, section 5.2, without dots in paths, which the next server resolves.
fn joined(from: &Uri, place: &str) -> Result<Uri, Sentence> {
    let (scheme, path) = (from.scheme_str().unwrap_or_default(), from.path());
    let host = from.authority().map(ToString::to_string).unwrap_or_default();
    let head = place.split(['/', '?', '#']).next().unwrap_or_default();
    let text = match place {
        place if head.ends_with(':') => place.to_owned(),
        place if place.starts_with("//") => format!("{scheme}:{place}"),
        place if place.starts_with('/') => format!("{scheme}://{host}{place}"),
        place if place.starts_with('?') => format!("{scheme}://{host}{path}{place}"),
        place => format!("{scheme}://{host}{}{place}", &path[..=path.rfind('/').unwrap_or(0)]),
    };
    parsed(&text)
}

fn parsed(text: &str) -> Result<Uri, Sentence> {
    text.parse().map_err(|_| say!("an address of it is none"))
}

fn origin(uri: &Uri) -> Option<ServerOrigin> {
    ServerOrigin::split(&format!("{}://{}", uri.scheme_str()?, uri.authority()?)).ok().map(|(origin, _)| origin)
}

/// As one part of an address: what is not a letter, digit or harmless mark becomes `%XX`.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_read_from_where_it_stands() {
        let from: Uri = "https://hub.example/api/models/a".parse().unwrap();
        for (place, address) in [
            ("https://store.example/x?y=/z", "https://store.example/x?y=/z"),
            ("//store.example:8443/x", "https://store.example:8443/x"),
            ("/api/models/owner/a", "https://hub.example/api/models/owner/a"),
            ("b?c=d", "https://hub.example/api/models/b?c=d"),
            ("?c=https://evil.example", "https://hub.example/api/models/a?c=https://evil.example"),
        ] {
            assert_eq!(joined(&from, place).unwrap(), address, "{place}");
        }
        assert!(joined(&from, "https://a b/").is_err());
    }

    #[test]
    fn what_is_private_stays_private() {
        let sent = |from: &str, to: &str| {
            let answer = Response::builder().header(header::LOCATION, to).body(Body::builder().data("")).unwrap();
            redirect(&from.parse().unwrap(), &answer).is_ok()
        };
        assert!(sent("https://hub.example/a", "https://store.example/b") && sent("https://hub.example/a", "/b"));
        assert!(sent("http://127.0.0.1:1/a", "http://127.0.0.2:1/b") && sent("http://mirror.example/a", "/b"));
        for to in ["http://hub.example/b", "http://store.example/b", "https://user@store.example/b", "ftp://store/b"] {
            assert!(!sent("https://hub.example/a", to), "{to}");
        }
    }
}
