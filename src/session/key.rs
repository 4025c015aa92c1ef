//! Where the key to a server is kept. A session names the place; the key itself is never in it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What stands before the name of an entry of the system's keyring.
const KEYRING: &str = "keyring:";
/// Longest name of an entry: enough for a host, too little for a key.
const LONGEST: usize = 32;

/// Where the key to a server is kept, as a session writes it: `OPENAI_API_KEY` is an environment
/// variable, `keyring:openai` an entry of the system's keyring.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum KeyPlace {
    /// The environment variable of this name.
    Variable(String),
    /// The entry of this name in the system's keyring.
    Keyring(String),
}

impl KeyPlace {
    /// The name of the variable or of the entry.
    pub fn name(&self) -> &str {
        match self {
            Self::Variable(name) | Self::Keyring(name) => name,
        }
    }

    /// Why this cannot be a place, or `None`. The sentence never holds what was written: it may be
    /// the key itself.
    pub fn problem(&self) -> Option<&'static str> {
        match self {
            Self::Variable(name) if !is_variable(name) => Some(
                "the session's key must be the name of an environment variable, such as OPENAI_API_KEY, or keyring:NAME for an entry of the system's keyring, never the key itself",
            ),
            Self::Keyring(name) if !is_entry(name) => Some(
                "the name of a key in the system's keyring has at most 32 letters, digits, points, dashes and underscores, and is never the key itself",
            ),
            _ => None,
        }
    }
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

fn is_entry(name: &str) -> bool {
    let fits = (1..=LONGEST).contains(&name.len()) && !name.starts_with("sk-");
    fits && name.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c))
}

impl From<String> for KeyPlace {
    fn from(text: String) -> Self {
        match text.strip_prefix(KEYRING) {
            Some(name) => Self::Keyring(name.to_owned()),
            None => Self::Variable(text),
        }
    }
}

impl From<&str> for KeyPlace {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<KeyPlace> for String {
    fn from(place: KeyPlace) -> Self {
        match place {
            KeyPlace::Variable(name) => name,
            KeyPlace::Keyring(name) => format!("{KEYRING}{name}"),
        }
    }
}

/// A key that was written in place of its name is not shown.
impl fmt::Debug for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.problem().is_some() { "…" } else { self.name() };
        match self {
            Self::Variable(_) => f.debug_tuple("Variable").field(&name).finish(),
            Self::Keyring(_) => f.debug_tuple("Keyring").field(&name).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_as_one_text_and_read_back() {
        for text in ["OPENAI_API_KEY", "keyring:api.example.com"] {
            let place = KeyPlace::from(text);
            assert_eq!(place.problem(), None);
            assert_eq!(String::from(place), text);
        }
        assert_eq!(KeyPlace::from("keyring:a"), KeyPlace::Keyring("a".into()));
    }

    #[test]
    fn a_key_is_no_place_and_is_never_shown() {
        let long = "a1b2c3d4".repeat(6);
        for text in ["sk-TheKeyItself", "keyring:sk-TheKeyItself", "", "keyring:", &format!("keyring:{long}")] {
            let place = KeyPlace::from(text);
            let said = place.problem().unwrap();
            let shown = format!("{said} {place:?}");
            assert!(!shown.contains("TheKey") && !shown.contains("a1b2"), "{shown}");
        }
    }
}
