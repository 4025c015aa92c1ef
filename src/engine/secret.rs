//! Keys in the system's keyring: the Secret Service on Linux, the Keychain on macOS, the Credential
//! Manager on Windows. A key is found by its name; no sentence and no file of ours ever holds it. Which
//! server a key may go to is for `grants` and `permit`, and how it goes there for `credential`.
//!
//! *Asked on a thread of its own (2026-11).* A keyring that is locked asks the person for a password, and
//! without a screen nobody answers. Whoever wants a key waits for a minute and then goes on with a reason.

mod credential;
pub mod grants;
pub mod permit;

use std::sync::mpsc::channel;
use std::time::Duration;

use keyring::{Entry, Error};
use zeroize::Zeroizing;

use crate::link::Secret;
use crate::session::{Say, Sentence, say, spoken};
pub use credential::Credential;
pub use grants::Grants;
pub use permit::{PermitError, allow_here};

/// The service under which this program's keys are kept.
const SERVICE: &str = "retort";
/// Longest wait for a keyring, which may be asking the person for its password.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why a key cannot be had from where it is kept, or put there.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It may not go where it is wanted.
    Permit(#[from] PermitError),
    /// The environment variable is not set, or holds what no key is.
    Unset {
        /// The variable.
        name: String,
    },
    /// There is no keyring.
    NoService {
        /// The entry's name.
        name: String,
        /// The system's words.
        reason: Sentence,
    },
    /// The keyring stays shut.
    Locked {
        /// The entry's name.
        name: String,
        /// The system's words.
        reason: Sentence,
    },
    /// It holds no such key.
    Missing {
        /// The entry's name.
        name: String,
    },
    /// The entry is no key, or no key can be stored.
    Unusable {
        /// The entry's name.
        name: String,
        /// What is wrong with it.
        reason: Sentence,
    },
    /// The keyring fails.
    Failed {
        /// The entry's name.
        name: String,
        /// The system's words.
        reason: Sentence,
    },
}

impl Say for SecretError {
    fn said(&self) -> Sentence {
        match self {
            Self::Permit(e) => e.said(),
            Self::Unset { name } => say!("the environment variable {name} holds no key; set it and start again", name),
            Self::NoService { name, reason } => say!(
                "there is no system keyring for the key {name}: {reason}; start one (GNOME Keyring, KWallet) and then retort again, or name an environment variable instead",
                name,
                reason
            ),
            Self::Locked { name, reason } => say!(
                "the system's keyring is locked and does not open for the key {name}: {reason}; unlock it and try again, or name an environment variable instead",
                name,
                reason
            ),
            Self::Missing { name } => say!(
                "the system's keyring holds no key {name}; store it with: retort key set {name}, or name an environment variable instead",
                name
            ),
            Self::Unusable { name, reason } => {
                say!("the key {name} cannot be used: {reason}; store it anew with: retort key set {name}", name, reason)
            }
            Self::Failed { name, reason } => say!(
                "the system's keyring fails for the key {name}: {reason}; look at it with its own program, or name an environment variable instead",
                name,
                reason
            ),
        }
    }
}

spoken!(SecretError);

/// The key that is kept under `name`.
///
/// # Errors
/// [`SecretError`] naming the entry, the reason and the next step.
pub fn fetch(name: &str) -> Result<Secret, SecretError> {
    let key = patiently(name, |entry| entry.get_password().map(Zeroizing::new))?;
    sound(name, key.trim())
}

/// Keeps `key` under `name`, in place of what was kept there.
///
/// # Errors
/// [`SecretError`]; what was kept before is still there.
pub fn store(name: &str, key: &Secret) -> Result<(), SecretError> {
    let key = sound(name, key.expose().trim())?;
    patiently(name, move |entry| entry.set_password(key.expose()))
}

/// Forgets the key that is kept under `name`.
///
/// # Errors
/// [`SecretError::Missing`] if there is none.
pub fn remove(name: &str) -> Result<(), SecretError> {
    patiently(name, |entry| entry.delete_credential())
}

/// A key fits into a header of a request.
fn sound(name: &str, key: &str) -> Result<Secret, SecretError> {
    let reason = match key {
        "" => say!("it is empty"),
        key if !key.chars().all(|c| c.is_ascii_graphic()) => say!("it has spaces or signs that no key has"),
        key => return Ok(Secret::new(key.to_owned())),
    };
    Err(SecretError::Unusable { name: name.to_owned(), reason })
}

/// Does `work` on a thread of its own and waits for it, but not for ever.
fn patiently<T: Send + 'static>(
    name: &str,
    work: impl FnOnce(&keyring_core::Entry) -> keyring::Result<T> + Send + 'static,
) -> Result<T, SecretError> {
    let (tell, told) = channel();
    let asked = name.to_owned();
    let ask = move || {
        // Whoever asked may have stopped waiting.
        let _ = tell.send(entry(&asked).and_then(|entry| work(&entry)));
    };
    let failed = |reason: Sentence| SecretError::Failed { name: name.to_owned(), reason };
    std::thread::Builder::new().name("keyring".to_owned()).spawn(ask).map_err(|e| failed(e.said()))?;
    match told.recv_timeout(PATIENCE) {
        Ok(result) => result.map_err(|error| worded(name, error)),
        Err(_) => {
            let reason = say!("it gives no answer within {patience} s", patience = PATIENCE.as_secs());
            Err(SecretError::Locked { name: name.to_owned(), reason })
        }
    }
}

/// The entry in the keyring that the process has already, else in the system's.
fn entry(name: &str) -> keyring::Result<keyring_core::Entry> {
    if keyring_core::get_default_store().is_some() {
        return keyring_core::Entry::new(SERVICE, name);
    }
    Ok(Entry::new(SERVICE, name)?.inner)
}

/// The keyring's error as a sentence; what a keyring gives out of its content is left out.
fn worded(name: &str, error: Error) -> SecretError {
    let name = name.to_owned();
    let reason = |e: Box<dyn std::error::Error + Send + Sync>| e.said();
    match error {
        Error::NoEntry => SecretError::Missing { name },
        Error::NoStorageAccess(e) => SecretError::Locked { name, reason: reason(e) },
        Error::NoDefaultStore => SecretError::NoService { name, reason: absent() },
        Error::PlatformFailure(e) => SecretError::Failed { name, reason: reason(e) },
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            SecretError::Unusable { name, reason: say!("it is no text") }
        }
        Error::Ambiguous(entries) => {
            SecretError::Failed { name, reason: say!("{entries} entries have this name", entries = entries.len()) }
        }
        Error::TooLong(_, most) => SecretError::Unusable { name, reason: say!("it is longer than {most} signs", most) },
        Error::BadStoreFormat(reason) | Error::NotSupportedByStore(reason) | Error::Invalid(_, reason) => {
            SecretError::Failed { name, reason: reason.said() }
        }
        _ => SecretError::Failed { name, reason: say!("for a reason it does not give") },
    }
}

/// Why the system has no keyring.
fn absent() -> Sentence {
    match Entry::store_status() {
        Err(Error::PlatformFailure(e)) => e.said(),
        Err(e) => e.said(),
        Ok(()) => say!("it went away"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A keyring that forgets with the process; one for all tests.
    fn mock() {
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(|| keyring_core::set_default_store(keyring_core::mock::Store::new().unwrap()));
    }

    fn next_error(name: &str, error: Error) {
        let entry = entry(name).unwrap();
        entry.as_any().downcast_ref::<keyring_core::mock::Cred>().unwrap().set_error(error);
    }

    #[test]
    fn a_key_is_stored_fetched_replaced_and_removed() {
        mock();
        store("a", &Secret::new(" sk-first\n".into())).unwrap();
        assert_eq!(fetch("a").unwrap(), Secret::new("sk-first".into()));
        store("a", &Secret::new("sk-second".into())).unwrap();
        assert_eq!(fetch("a").unwrap(), Secret::new("sk-second".into()));
        remove("a").unwrap();
        assert!(matches!(fetch("a"), Err(SecretError::Missing { .. })));
        assert!(matches!(remove("a"), Err(SecretError::Missing { .. })));
    }

    #[test]
    fn every_trouble_is_a_sentence_with_the_name_and_the_next_step() {
        mock();
        let said = |error: Error, part: &str| {
            next_error("b", error);
            let words = fetch("b").unwrap_err().to_string();
            assert!(words.contains(part) && words.contains(" b") && words.contains("; "), "{words}");
        };
        said(Error::NoStorageAccess("the prompt was dismissed".into()), "locked");
        said(Error::PlatformFailure("it fell over".into()), "it fell over");
        said(Error::NoEntry, "retort key set b");
        said(Error::NoDefaultStore, "environment variable");
        said(Error::BadEncoding(b"TheKeyItself".to_vec()), "no text");
        said(Error::Ambiguous(Vec::new()), "0 entries");
    }

    #[test]
    fn what_cannot_be_a_key_is_not_stored_and_not_shown() {
        mock();
        for key in ["", "  \n", "The Key Itself", "TheKeyItselfé"] {
            let words = store("c", &Secret::new(key.into())).unwrap_err().to_string();
            assert!(words.contains("key c") && !words.contains("The"), "{words}");
        }
        assert!(matches!(fetch("c"), Err(SecretError::Missing { .. })));
    }
}
