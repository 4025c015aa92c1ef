//! Which key may go to which server: what the person has allowed, in a file of their configuration folder.
//! The file holds names and hosts, never a key. A session can name a key; only this file, or a word for
//! one run, can let it go.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::engine::environment;
use crate::session::{Grant, KeyPlace, Say, Sentence, ServerOrigin, say, spoken};

/// The file of the grants.
const FILE: &str = "keys.ron";
/// Held while it is changed.
const LOCK: &str = "keys.lock";

/// Why grants cannot be read or written. Nothing is allowed then that was not allowed before.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// Nowhere to keep them.
    NoFolder,
    /// The file is there and cannot be used.
    Read {
        /// The operating system's or the parser's words.
        reason: Sentence,
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be written.
    Write {
        /// The operating system's words.
        reason: Sentence,
        /// The file.
        path: PathBuf,
    },
}

impl Say for GrantError {
    fn said(&self) -> Sentence {
        match self {
            Self::NoFolder => {
                say!("there is no folder to remember in where a key may go; set RETORT_CONFIG to a folder")
            }
            Self::Read { reason, path } => say!(
                "cannot read where keys may go: {reason}; mend the file or remove it, which forgets all of it: {path}",
                reason,
                path
            ),
            Self::Write { reason, path } => say!(
                "cannot remember where a key may go: {reason}; free some room, or set RETORT_CONFIG to another folder: {path}",
                reason,
                path
            ),
        }
    }
}

spoken!(GrantError);

/// The grants of a person.
pub struct Grants {
    folder: PathBuf,
}

impl Grants {
    /// Those in `RETORT_CONFIG`, else in the configuration folder that the system gives to programs.
    ///
    /// # Errors
    /// [`GrantError::NoFolder`].
    pub fn of_person() -> Result<Self, GrantError> {
        let usual = || Some(directories::ProjectDirs::from("", "", "retort")?.config_dir().to_owned());
        let folder = environment::path("RETORT_CONFIG").or_else(usual).ok_or(GrantError::NoFolder)?;
        Ok(Self { folder })
    }

    /// Those in `folder`.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// All of them, in order.
    ///
    /// # Errors
    /// [`GrantError::Read`].
    pub fn list(&self) -> Result<Vec<Grant>, GrantError> {
        let path = self.folder.join(FILE);
        let failed = |reason: Sentence| GrantError::Read { reason, path: path.clone() };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(failed(e.said())),
        };
        ron::from_str(&text).map_err(|e| failed(e.said()))
    }

    /// Allows what `grant` says.
    ///
    /// # Errors
    /// [`GrantError`]; what was allowed before still is, and nothing else.
    pub fn add(&self, grant: Grant) -> Result<(), GrantError> {
        self.change(|grants| grants.push(grant))
    }

    /// Lets `key` go to these hosts and to no other.
    ///
    /// # Errors
    /// [`GrantError`]; what was allowed before still is, and nothing else.
    pub fn replace(&self, key: &KeyPlace, hosts: &[ServerOrigin]) -> Result<(), GrantError> {
        self.change(|grants| {
            grants.retain(|grant| grant.key != *key);
            grants.extend(hosts.iter().map(|host| Grant { key: key.clone(), host: host.clone() }));
        })
    }

    /// Takes back what `is` says yes to, and gives that.
    ///
    /// # Errors
    /// [`GrantError`]; what was allowed before still is.
    pub fn revoke(&self, is: impl Fn(&Grant) -> bool) -> Result<Vec<Grant>, GrantError> {
        if !self.list()?.iter().any(&is) {
            return Ok(Vec::new());
        }
        let mut revoked = Vec::new();
        self.change(|grants| revoked = grants.extract_if(.., |grant| is(grant)).collect())?;
        Ok(revoked)
    }

    /// Reads, changes and writes the file, while no other process does.
    fn change(&self, change: impl FnOnce(&mut Vec<Grant>)) -> Result<(), GrantError> {
        let path = self.folder.join(FILE);
        let failed = |e: std::io::Error| GrantError::Write { reason: e.said(), path: path.clone() };
        let lock = self.locked().map_err(failed)?;
        let mut grants = self.list()?;
        change(&mut grants);
        grants.sort();
        grants.dedup();
        let pretty = ron::ser::PrettyConfig::new().struct_names(false).depth_limit(2);
        let text = ron::ser::to_string_pretty(&grants, pretty).map_err(|e| failed(std::io::Error::other(e)))?;
        self.write(&(text + "\n")).map_err(failed)?;
        drop(lock);
        Ok(())
    }

    fn locked(&self) -> std::io::Result<File> {
        make_folder(&self.folder)?;
        let mut options = File::options();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let lock = options.open(self.folder.join(LOCK))?;
        match lock.lock() {
            // A disk without locks: there is nobody to ask.
            Err(e) if e.kind() == std::io::ErrorKind::Unsupported => Ok(lock),
            Err(e) => Err(e),
            Ok(()) => Ok(lock),
        }
    }

    /// Replaces the file by one that its owner alone can read and write.
    fn write(&self, text: &str) -> std::io::Result<()> {
        use std::io::Write as _;
        // A temporary file is made for its owner alone.
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(self.folder.join(FILE)).map(|_| ()).map_err(|e| e.error)
    }
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(text: &str) -> Grant {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_allowed_is_remembered_replaced_and_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let grants = Grants::at(&folder.path().join("new/config"));
        assert_eq!(grants.list().unwrap(), []);
        assert!(grants.revoke(|_| true).unwrap().is_empty() && !folder.path().join("new").exists());
        let (a, b, other) = (grant("a@https://a.example"), grant("a@https://b.example"), grant("B@http://localhost:1"));
        for one in [&b, &a, &a, &other] {
            grants.add(one.clone()).unwrap();
        }
        assert_eq!(grants.list().unwrap(), [other.clone(), a.clone(), b]);
        grants.replace(&a.key, &["c.example".parse().unwrap()]).unwrap();
        assert_eq!(grants.list().unwrap(), [other.clone(), grant("a@https://c.example")]);
        assert_eq!(grants.revoke(|grant| grant.key == a.key).unwrap(), [grant("a@https://c.example")]);
        assert_eq!(grants.list().unwrap(), [other]);
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let grants = Grants::at(&folder.path().join("config"));
        grants.add(grant("a@a.example")).unwrap();
        for (name, mode) in [("", 0o700), (FILE, 0o600), (LOCK, 0o600)] {
            let found = std::fs::metadata(folder.path().join("config").join(name)).unwrap().permissions().mode();
            assert_eq!(found & 0o777, mode, "{name}");
        }
    }

    #[test]
    fn a_damaged_file_allows_nothing_and_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let grants = Grants::at(folder.path());
        for text in
            ["[(key: \"a\"", "[(key: \"keyring:a\", host: \"https://a@b\")]", "[(key: \"a\", host: \"a\", all: true)]"]
        {
            std::fs::write(folder.path().join(FILE), text).unwrap();
            let said = grants.list().unwrap_err().to_string();
            assert!(said.contains("mend the file") && said.ends_with("keys.ron"), "{said}");
            assert!(grants.add(grant("a@a.example")).is_err());
            assert_eq!(std::fs::read_to_string(folder.path().join(FILE)).unwrap(), text);
        }
    }

    #[test]
    fn two_who_allow_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for one in 0..8 {
                let grants = Grants::at(folder.path());
                scope.spawn(move || grants.add(grant(&format!("k{one}@a.example"))).unwrap());
            }
        });
        assert_eq!(Grants::at(folder.path()).list().unwrap().len(), 8);
    }
}
