//! A key on its way from the person's hand to the system's keyring or to a server, and what became of it.

use std::fmt;

use zeroize::Zeroizing;

use crate::session::Sentence;

/// Longest text that is typed without its memory being moved: what is moved is not wiped.
#[cfg(feature = "window")]
const TYPED: usize = 512;

/// A text that is never shown, copied or written down: not in a log, not in a journal, not in an error. Its
/// memory is wiped when it is dropped.
#[derive(Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text over; it is not copied.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, for the keyring and for the one header that carries it.
    #[cfg(feature = "engine")]
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// The text while it is typed.
    #[cfg(feature = "window")]
    pub(crate) fn edit(&mut self) -> &mut String {
        if self.0.capacity() < TYPED {
            let mut roomy = Zeroizing::new(String::with_capacity(TYPED));
            roomy.push_str(&self.0);
            self.0 = roomy;
        }
        &mut self.0
    }

    /// Whether there is nothing but spaces in it.
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

/// Whether two are the same, in a time that does not tell where they differ.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), other.0.as_bytes());
        ours.len() == theirs.len() && ours.iter().zip(theirs).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
    }
}

impl Eq for Secret {}

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
    Failed(Sentence),
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::link::Command;

    #[test]
    fn a_secret_is_not_shown_by_what_carries_it() {
        let key = Arc::new(Secret::new("TheKeyItself".into()));
        let command = Command::StoreKey { name: "server".into(), key, host: None };
        let shown = format!("{command:?} {command:#?}");
        assert!(shown.contains("server") && !shown.contains("TheKey"), "{shown}");
    }

    #[test]
    fn the_memory_of_a_secret_is_wiped_when_it_is_dropped() {
        fn wiped(_: &impl zeroize::ZeroizeOnDrop) {}
        wiped(&Secret::new("TheKeyItself".to_owned()).0);
    }

    #[test]
    fn typing_does_not_move_the_text_about() {
        let mut secret = Secret::default();
        let place = secret.edit().as_ptr();
        (0..TYPED).for_each(|_| secret.edit().push('x'));
        assert_eq!(secret.edit().as_ptr(), place);
    }
}
