//! A key is put into the system's keyring: on a thread of its own, since the keyring may ask the person
//! for a password, and neither a run nor the next order should wait for it.

use std::time::Duration;

use super::super::secret;
use super::Engine;
use crate::link::{KeyNews, KeyState, Secret};

impl Engine<'_> {
    /// Stores `key` under `name` and tells in its cell what became of it.
    pub(super) fn store_key(&mut self, name: String, key: Secret) {
        let (cell, wake) = (self.cells.key.clone(), self.sink.wake());
        let news = |name: &str, state| Some(KeyNews { name: name.to_owned(), state });
        cell.store(news(&name, KeyState::Storing));
        let asked = name.clone();
        let work = move || {
            let state =
                secret::store(&asked, &key).map_or_else(|e| KeyState::Failed(e.to_string()), |()| KeyState::Stored);
            cell.store(news(&asked, state));
            wake.call(Duration::ZERO);
        };
        if let Err(e) = std::thread::Builder::new().name("key".to_owned()).spawn(work) {
            let problem = format!("cannot reach the keyring: {e}; close other programs and try again");
            self.cells.key.store(news(&name, KeyState::Failed(problem)));
        }
    }
}
