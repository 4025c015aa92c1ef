//! A key on its way from the person's hand to the system's keyring, and what became of it.

use std::fmt;

/// A text that is never shown: not in a log, not in a journal, not in an error.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What became of a key that was to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyNews {
    /// The entry's name in the keyring.
    pub name: String,
    /// How far it is.
    pub state: KeyState,
}

/// How far the storing of a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// The keyring has been asked; it may be asking the person for its password.
    Storing,
    /// It is in the keyring.
    Stored,
    /// It is not, for this reason.
    Failed(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Command;

    #[test]
    fn a_secret_is_not_shown_by_what_carries_it() {
        let command = Command::StoreKey { name: "server".into(), key: Secret("TheKeyItself".into()) };
        let shown = format!("{command:?}");
        assert!(shown.contains("server") && !shown.contains("TheKey"), "{shown}");
    }
}
