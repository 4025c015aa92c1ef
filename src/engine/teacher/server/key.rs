//! The key to a server, fetched from where the session says it is kept.

use super::ServerError;
use crate::engine::secret;
use crate::link::Secret;
use crate::session::KeyPlace;

/// A key and where it came from.
pub(super) struct Key {
    /// The place, in words: `the environment variable NAME`.
    pub(super) place: String,
    pub(super) secret: Secret,
}

impl Key {
    /// Fetches the key that is kept at `place`.
    pub(super) fn fetch(place: &KeyPlace) -> Result<Self, ServerError> {
        if let Some(problem) = place.problem() {
            return Err(ServerError::Choice(problem.to_owned()));
        }
        match place {
            KeyPlace::Variable(name) => of_variable(name),
            KeyPlace::Keyring(name) => {
                let secret = secret::fetch(name)?;
                Ok(Self { place: format!("the system's keyring (retort key set {name})"), secret })
            }
        }
    }
}

fn of_variable(name: &str) -> Result<Key, ServerError> {
    let value = std::env::var(name).ok().map(|key| key.trim().to_owned());
    let value = value.filter(|key| !key.is_empty() && key.chars().all(|c| c.is_ascii_graphic()));
    let missing =
        || ServerError::Choice(format!("the environment variable {name} holds no key; set it and start again"));
    let secret = Secret(value.ok_or_else(missing)?);
    Ok(Key { place: format!("the environment variable {name}"), secret })
}
