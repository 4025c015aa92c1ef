//! The name of a model on the Hub. It becomes part of paths and addresses, so it is checked once,
//! here.

use std::fmt;

use super::HubError;
use crate::session::MAIN;

/// `OWNER/NAME` and a revision, both harmless in paths and addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    repo: String,
    revision: String,
}

impl Name {
    /// Checks a name; the few oldest models have no owner.
    ///
    /// # Errors
    /// [`HubError::Name`], [`HubError::Revision`].
    pub fn parse(repo: &str, revision: &str) -> Result<Self, HubError> {
        let (repo, revision) = (repo.trim(), revision.trim());
        let parts: Vec<&str> = repo.split('/').collect();
        if parts.len() > 2 || !parts.iter().all(|part| is_word(part) && !part.contains("--")) {
            return Err(HubError::Name(repo.to_owned()));
        }
        if revision.len() > 200 || !revision.split('/').all(is_word) {
            return Err(HubError::Revision(revision.to_owned()));
        }
        Ok(Self { repo: repo.to_owned(), revision: revision.to_owned() })
    }

    /// `OWNER/NAME`.
    pub fn repo(&self) -> &str {
        &self.repo
    }

    /// Branch, tag or commit.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// The folder of the cache that holds it.
    pub fn folder(&self) -> String {
        format!("models--{}", self.repo.replace('/', "--"))
    }

    /// The model a folder of the cache holds.
    pub fn of_folder(folder: &str, revision: &str) -> Option<Self> {
        let repo = folder.strip_prefix("models--")?.replacen("--", "/", 1);
        Self::parse(&repo, revision).ok()
    }
}

/// As a person types it: the revision only where it is not the usual one.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.revision.as_str() {
            MAIN => f.write_str(&self.repo),
            revision => write!(f, "{} --revision {revision}", self.repo),
        }
    }
}

/// Letters, digits, `-`, `_` and `.`, not beginning or ending with what could climb or hide.
fn is_word(word: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    word.len() <= 96
        && word.chars().all(fine)
        && edge(word.chars().next())
        && edge(word.chars().last())
        && !word.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_names_pass() {
        for good in ["gpt2", "sshleifer/tiny-gpt2", "Qwen/Qwen2.5-0.5B", "_a/b_"] {
            let name = Name::parse(good, "main").unwrap();
            assert_eq!(Name::of_folder(&name.folder(), "main").unwrap(), name);
        }
        for bad in ["", "a/b/c", "../x", "a/..", "/a", "a/", "a b/c", "a/b?x=1", "a/.git", "a--b/c", "ä/b", "a\\b"] {
            assert!(Name::parse(bad, "main").is_err(), "{bad:?}");
        }
        for bad in ["", "../main", "a/../b", "/x", "x/", "a b", "a#b"] {
            assert!(Name::parse("a/b", bad).is_err(), "{bad:?}");
        }
        assert!(Name::parse("a/b", "refs/pr/1").is_ok());
    }
}
