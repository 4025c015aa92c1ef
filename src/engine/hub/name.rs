//! The name of a model on the Hub. It becomes part of paths and addresses, so it is checked once,
//! here.

use std::fmt;

use super::HubError;
use crate::engine::model::shards::is_plain;
use crate::session::MAIN;

/// Folders and file of a GGUF file's name together.
pub(super) const DEEPEST: usize = 4;

/// `OWNER/NAME`, a revision and perhaps one GGUF file, all harmless in paths and addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    repo: String,
    revision: String,
    file: Option<String>,
}

crate::session::say::verbatim!(Name);

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
        Ok(Self { repo: repo.to_owned(), revision: revision.to_owned(), file: None })
    }

    /// The same model, of which one GGUF file is meant, or none in particular.
    ///
    /// # Errors
    /// [`HubError::File`].
    pub fn with_file(self, file: Option<&str>) -> Result<Self, HubError> {
        let file = file.map(str::trim).filter(|file| !file.is_empty());
        match file.filter(|file| !is_file(file)) {
            Some(wrong) => Err(HubError::File(wrong.to_owned())),
            None => Ok(Self { file: file.map(str::to_owned), ..self }),
        }
    }

    /// `OWNER/NAME`.
    pub fn repo(&self) -> &str {
        &self.repo
    }

    /// Branch, tag or commit.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// The GGUF file that is meant, as the repository names it.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
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

/// As a person types it: the revision only where it is not the usual one, the file where one is meant.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repo)?;
        if self.revision != MAIN {
            write!(f, " --revision {}", self.revision)?;
        }
        self.file.as_ref().map_or(Ok(()), |file| write!(f, " --file {file}"))
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

/// Whether a word can be a GGUF file of a repository, in its root or in folders that stay below it.
pub(super) fn is_file(word: &str) -> bool {
    let fine = |part: &str| is_plain(part) && !part.starts_with('.') && !part.contains(char::is_control);
    let depth = word.split('/').count();
    depth <= DEEPEST && word.len() <= 250 && word.split('/').all(fine) && word.to_ascii_lowercase().ends_with(".gguf")
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
        for bad in
            ["x.bin", "../x.gguf", "a/../x.gguf", "/x.gguf", "a//x.gguf", ".x.gguf", "a\\x.gguf", "1/2/3/4/x.gguf"]
        {
            assert!(Name::parse("a/b", "main").unwrap().with_file(Some(bad)).is_err(), "{bad:?}");
        }
        let name = Name::parse("a/b", "v1").unwrap().with_file(Some(" Q8_0/x.GGUF ")).unwrap();
        assert_eq!(name.to_string(), "a/b --revision v1 --file Q8_0/x.GGUF");
        assert_eq!(name.with_file(Some("")).unwrap().file(), None);
    }
}
