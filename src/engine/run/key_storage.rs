//! A key is put into the system's keyring, which may ask the person for a password.

use std::sync::Arc;

use super::super::secret::{self, Grants};
use super::Errands;
use crate::link::{KeyNews, KeyState, Secret};
use crate::session::{KeyPlace, Say, Sentence, ServerOrigin, say};

impl Errands {
    /// Stores `key` under `name`, lets it go to `host` alone, and tells in its cell what became of it.
    pub(super) fn store_key(&self, name: String, key: Arc<Secret>, host: Option<ServerOrigin>) {
        let cell = self.cells.key.clone();
        let news = |name: &str, state| Some(KeyNews { name: name.to_owned(), state });
        cell.store(news(&name, KeyState::Storing));
        let asked = name.clone();
        let work = move || {
            let state = kept(&asked, &key, host).map_or_else(KeyState::Failed, |()| KeyState::Stored);
            cell.store(news(&asked, state));
        };
        if let Err(e) = self.send("key", work) {
            let problem = say!("cannot reach the keyring: {e}; close other programs and try again", e);
            self.cells.key.store(news(&name, KeyState::Failed(problem)));
        }
    }
}

/// A key whose host cannot be remembered is asked about on its first use: it is stored all the same.
fn kept(name: &str, key: &Secret, host: Option<ServerOrigin>) -> Result<(), Sentence> {
    secret::store(name, key).map_err(|e| e.said())?;
    let Some(host) = host else { return Ok(()) };
    let stored = |e| say!("the key is in the keyring, but {e}", e);
    let place = KeyPlace::Keyring(name.to_owned());
    Grants::of_person().and_then(|grants| grants.replace(&place, &[host])).map_err(stored)
}
