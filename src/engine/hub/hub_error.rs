//! What can go wrong between here and the Hub, as sentences with the next step. No sentence ever
//! holds the token.

use std::path::PathBuf;

use crate::engine::model::ModelError;
use crate::link::{Missing, Repository, RepositoryFile, human_bytes};
use crate::session::{MAIN, OriginError, Say, Sentence, say, spoken};

/// Why a model of the Hub cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The name is none.
    Name(String),
    /// The revision is none.
    Revision(String),
    /// The file is none.
    File(String),
    /// Nowhere to keep models.
    NoCache,
    /// An address in the environment is none.
    Endpoint(Sentence, OriginError),
    /// Not in the cache, or not whole.
    Absent(Box<Missing>),
    /// Fetching is forbidden.
    Offline {
        /// The model.
        name: String,
        /// What is missing.
        lack: Sentence,
        /// The cache.
        cache: PathBuf,
    },
    /// 401 or 403.
    Denied {
        /// The model.
        name: String,
        /// HTTP status.
        status: u16,
        /// What is known of the token, never the token.
        token: Sentence,
        /// The model's page.
        page: String,
    },
    /// 404.
    NotFound {
        /// The model and revision, or the file.
        what: Sentence,
        /// The model's page.
        page: String,
    },
    /// The connection broke again and again.
    Connection {
        /// The server's address.
        host: String,
        /// The last failure.
        reason: Sentence,
    },
    /// Nobody who is trusted vouches for the server. It is not asked again.
    Certificate {
        /// The server's address.
        host: String,
        /// Why, and what to do.
        reason: Sentence,
    },
    /// Another refusal.
    Status {
        /// The server's address.
        host: String,
        /// HTTP status.
        status: u16,
    },
    /// The answer is not the Hub's.
    Answer {
        /// The server's address.
        host: String,
        /// What is wrong with the answer.
        reason: Sentence,
    },
    /// There are several models in GGUF files and none was chosen.
    Choose(Box<Repository>),
    /// The file is not in the repository.
    NoFile(Box<Repository>, String),
    /// The repository lacks what a model needs.
    Useless {
        /// The model.
        name: String,
        /// What is missing.
        what: Sentence,
    },
    /// What came is not what was promised.
    Damaged {
        /// The file.
        file: String,
    },
    /// The disk has no room, known before anything is fetched.
    NoRoom {
        /// The model.
        name: String,
        /// What is still to come.
        needed: String,
        /// What there is.
        free: String,
        /// The cache.
        cache: String,
    },
    /// The cache cannot be written.
    Disk {
        /// The operating system's words.
        reason: Sentence,
        /// The file.
        path: PathBuf,
    },
    /// Another fetch has the file.
    Busy(PathBuf),
    /// Stopped by hand.
    Stopped(String),
    /// What came is no model for this program.
    Model(#[from] ModelError),
}

impl Say for HubError {
    fn said(&self) -> Sentence {
        match self {
            Self::Name(name) => say!(
                "{name} is no model of the Hub; write OWNER/NAME, as in the address of its page",
                name = format_args!("{name:?}")
            ),
            Self::Revision(revision) => say!(
                "{revision} is no revision; give a branch, a tag or a commit, such as main",
                revision = format_args!("{revision:?}")
            ),
            Self::File(file) => say!(
                "{file} is no GGUF file of a repository; give its name as its page shows it, ending in .gguf",
                file = format_args!("{file:?}")
            ),
            Self::NoCache => say!("there is no home folder to keep models in; set HF_HUB_CACHE to a folder"),
            Self::Endpoint(address, reason) => say!(
                "HF_ENDPOINT is {address}, which is no address: {reason}; unset it, or give one like https://huggingface.co",
                address,
                reason
            ),
            Self::Absent(missing) => absent(missing),
            Self::Offline { name, lack, cache } => say!(
                "{name} is not whole in the cache ({lack}) and HF_HUB_OFFLINE forbids to fetch it; unset HF_HUB_OFFLINE, or copy the model into {cache}",
                name,
                lack,
                cache
            ),
            Self::Denied { name, status, token, page } => say!(
                "the Hub does not give out {name} (status {status}): {token}; if it is gated, ask for access on {page}, and if it is misspelt it looks the same",
                name,
                status,
                token,
                page
            ),
            Self::NotFound { what, page } => {
                say!("the Hub has no {what} (status 404); check name and revision on {page}", what, page)
            }
            Self::Connection { host, reason } => say!(
                "the connection to {host} failed: {reason}; what has come is kept, so the next try goes on from there",
                host,
                reason
            ),
            Self::Certificate { host, reason } => say!(
                "the certificate of {host}, or of the store it sends to, is refused: {reason}; what has come is kept",
                host,
                reason
            ),
            Self::Status { host, status } => say!(
                "{host} answered with status {status}; try again later, or set HF_ENDPOINT to a mirror",
                host,
                status
            ),
            Self::Answer { host, reason } => {
                say!("{host} does not answer as the Hub does: {reason}; check HF_ENDPOINT", host, reason)
            }
            Self::Choose(repository) => say!(
                "{repo} holds several GGUF files, each a model by itself; choose one: in the window from the list under its name, in a session by file: Some(\"NAME\"), for retort fetch by --file NAME; there are {list}",
                repo = repository.repo,
                list = listed(&repository.files)
            ),
            Self::NoFile(repository, file) => say!(
                "{repo} has no {file}; its GGUF files are: {list}",
                repo = repository.repo,
                file,
                list = listed(&repository.files)
            ),
            Self::Useless { name, what } => say!(
                "{name} cannot be used here: it has no {what}; pick a version of it in safetensors or GGUF",
                name,
                what
            ),
            Self::Damaged { file } => say!("{file} came damaged and was thrown away; fetch it again", file),
            Self::NoRoom { name, needed, free, cache } => say!(
                "{name} needs {needed} more and {cache} has room for {free}; free some room or set HF_HUB_CACHE",
                name,
                needed,
                cache,
                free
            ),
            Self::Disk { reason, path } => say!(
                "cannot write the cache: {reason}; free some room or set HF_HUB_CACHE, what has come is kept: {path}",
                reason,
                path
            ),
            Self::Busy(path) => say!("another fetch is at this file; wait for it or end it: {path}", path),
            Self::Stopped(name) => {
                say!("the fetch of {name} was stopped; what has come is kept, so the next try goes on from there", name)
            }
            Self::Model(e) => e.said(),
        }
    }
}

spoken!(HubError);

/// What is missing, how large it is, where it would go, and the next step.
fn absent(missing: &Missing) -> Sentence {
    let Missing { repo, revision, file, lack, place, present, bytes, .. } = missing;
    let at = if revision == MAIN { Sentence::default() } else { say!(" --revision {revision}", revision) };
    let name = format!("{repo}{at}{}", file.as_ref().map_or(String::new(), |file| format!(" --file {file}")));
    let size = match bytes {
        Some(bytes) => say!("its weights have {bytes}", bytes = human_bytes(*bytes)),
        None => say!("its size is the Hub's to tell"),
    };
    let there = if *present > 0 {
        say!(", {present} of it are there", present = human_bytes(*present))
    } else {
        Sentence::default()
    };
    say!(
        "{name} is not whole in the cache ({lack}) and is not fetched without being asked for: {size}{there}; fetch it with: retort fetch {name}, or add --fetch; it goes to {place}",
        name,
        lack,
        size,
        there,
        place = place.display()
    )
}

/// Files for a person to choose from.
fn listed(files: &[RepositoryFile]) -> Sentence {
    let one = |file: &RepositoryFile| {
        let size = file.bytes.map(|bytes| human_bytes(bytes).said());
        let parts = (file.parts > 1).then(|| say!("{parts} parts", parts = file.parts));
        let unread = file.unread.as_ref().map(|kind| say!("{kind} is not read here", kind));
        let more = Sentence::joined(size.into_iter().chain(parts).chain(unread), ", ");
        if more.is_empty() { file.name.said() } else { say!("{name} ({more})", name = file.name, more) }
    };
    if files.is_empty() { say!("none") } else { Sentence::joined(files.iter().map(one), ", ") }
}

impl From<Missing> for HubError {
    fn from(missing: Missing) -> Self {
        Self::Absent(Box::new(missing))
    }
}

impl HubError {
    /// Trouble with a file of the cache.
    pub(super) fn disk(error: &std::io::Error, path: &std::path::Path) -> Self {
        Self::Disk { reason: error.said(), path: path.to_owned() }
    }
}
