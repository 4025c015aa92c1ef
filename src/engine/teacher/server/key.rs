//! The key to a server, fetched from where the session says it is kept if it may go to that server.

use ureq::http::{HeaderValue, Uri};

use super::ServerError;
use crate::engine::secret::Credential;
use crate::session::{KeyPlace, Sentence, ServerOrigin, say};

/// A key and where it came from.
pub(super) struct Key {
    /// The place, in words: `the environment variable NAME`.
    pub(super) place: Sentence,
    credential: Credential,
}

impl Key {
    /// Fetches the key that is kept at `place` for the server at `host`.
    pub(super) fn fetch(place: &KeyPlace, host: &ServerOrigin) -> Result<Self, ServerError> {
        if let Some(problem) = place.problem() {
            return Err(ServerError::Choice(problem));
        }
        let credential = Credential::of_key(place, host)?;
        let place = match place {
            KeyPlace::Variable(name) => say!("the environment variable {name}", name),
            KeyPlace::Keyring(name) => say!("the system's keyring (retort key set {name})", name),
        };
        Ok(Self { place, credential })
    }

    /// The header that carries it to `uri`; `None` if that is another server.
    pub(super) fn header(&self, uri: &Uri) -> Option<HeaderValue> {
        self.credential.header(uri)
    }
}
