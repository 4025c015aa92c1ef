//! What can go wrong between here and the Hub, as sentences with the next step. No sentence ever
//! holds the token.

use std::path::PathBuf;

use crate::engine::model::ModelError;
use crate::link::{Missing, Repository, RepositoryFile, human_bytes};
use crate::session::{MAIN, OriginError};

/// Why a model of the Hub cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The name is none.
    #[error("{0:?} is no model of the Hub; write OWNER/NAME, as in the address of its page")]
    Name(String),
    /// The revision is none.
    #[error("{0:?} is no revision; give a branch, a tag or a commit, such as main")]
    Revision(String),
    /// The file is none.
    #[error("{0:?} is no GGUF file of a repository; give its name as its page shows it, ending in .gguf")]
    File(String),
    /// Nowhere to keep models.
    #[error("there is no home folder to keep models in; set HF_HUB_CACHE to a folder")]
    NoCache,
    /// An address in the environment is none.
    #[error("HF_ENDPOINT is {0}, which is no address: {1}; unset it, or give one like https://huggingface.co")]
    Endpoint(String, OriginError),
    /// Not in the cache, or not whole.
    #[error("{}", absent(.0))]
    Absent(Box<Missing>),
    /// Fetching is forbidden.
    #[error(
        "{name} is not whole in the cache ({lack}) and HF_HUB_OFFLINE forbids to fetch it; unset HF_HUB_OFFLINE, or copy the model into {cache}"
    )]
    Offline {
        /// The model.
        name: String,
        /// What is missing.
        lack: String,
        /// The cache.
        cache: PathBuf,
    },
    /// 401 or 403.
    #[error(
        "the Hub does not give out {name} (status {status}): {token}; if it is gated, ask for access on {page}, and if it is misspelt it looks the same"
    )]
    Denied {
        /// The model.
        name: String,
        /// HTTP status.
        status: u16,
        /// What is known of the token, never the token.
        token: &'static str,
        /// The model's page.
        page: String,
    },
    /// 404.
    #[error("the Hub has no {what} (status 404); check name and revision on {page}")]
    NotFound {
        /// The model and revision, or the file.
        what: String,
        /// The model's page.
        page: String,
    },
    /// The connection broke again and again.
    #[error("the connection to {host} failed: {reason}; what has come is kept, so the next try goes on from there")]
    Connection {
        /// The server's address.
        host: String,
        /// The last failure.
        reason: String,
    },
    /// Nobody who is trusted vouches for the server. It is not asked again.
    #[error("the certificate of {host}, or of the store it sends to, is refused: {reason}; what has come is kept")]
    Certificate {
        /// The server's address.
        host: String,
        /// Why, and what to do.
        reason: String,
    },
    /// Another refusal.
    #[error("{host} answered with status {status}; try again later, or set HF_ENDPOINT to a mirror")]
    Status {
        /// The server's address.
        host: String,
        /// HTTP status.
        status: u16,
    },
    /// The answer is not the Hub's.
    #[error("{host} does not answer as the Hub does: {reason}; check HF_ENDPOINT")]
    Answer {
        /// The server's address.
        host: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// There are several models in GGUF files and none was chosen.
    #[error("{repo} holds several GGUF files, each a model by itself; choose one: in the window from the list under its name, in a session by file: Some(\"NAME\"), for retort fetch by --file NAME; there are {list}", repo = .0.repo, list = listed(&.0.files))]
    Choose(Box<Repository>),
    /// The file is not in the repository.
    #[error("{repo} has no {1}; its GGUF files are: {list}", repo = .0.repo, list = listed(&.0.files))]
    NoFile(Box<Repository>, String),
    /// The repository lacks what a model needs.
    #[error("{name} cannot be used here: it has no {what}; pick a version of it in safetensors or GGUF")]
    Useless {
        /// The model.
        name: String,
        /// What is missing.
        what: &'static str,
    },
    /// What came is not what was promised.
    #[error("{file} came damaged and was thrown away; fetch it again")]
    Damaged {
        /// The file.
        file: String,
    },
    /// The disk has no room, known before anything is fetched.
    #[error("{name} needs {needed} more and {cache} has room for {free}; free some room or set HF_HUB_CACHE")]
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
    #[error("cannot write the cache: {reason}; free some room or set HF_HUB_CACHE, what has come is kept: {path}")]
    Disk {
        /// The operating system's words.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// Another fetch has the file.
    #[error("another fetch is at this file; wait for it or end it: {0}")]
    Busy(PathBuf),
    /// Stopped by hand.
    #[error("the fetch of {0} was stopped; what has come is kept, so the next try goes on from there")]
    Stopped(String),
    /// What came is no model for this program.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// What is missing, how large it is, where it would go, and the next step.
fn absent(missing: &Missing) -> String {
    let Missing { repo, revision, file, lack, place, present, bytes, .. } = missing;
    let at = if revision == MAIN { String::new() } else { format!(" --revision {revision}") };
    let name = format!("{repo}{at}{}", file.as_ref().map_or(String::new(), |file| format!(" --file {file}")));
    let size = match bytes {
        Some(bytes) => format!("its weights have {}", human_bytes(*bytes)),
        None => "its size is the Hub's to tell".to_owned(),
    };
    let there = if *present > 0 { format!(", {} of it are there", human_bytes(*present)) } else { String::new() };
    format!(
        "{name} is not whole in the cache ({lack}) and is not fetched without being asked for: {size}{there}; fetch it with: retort fetch {name}, or add --fetch; it goes to {}",
        place.display()
    )
}

/// Files for a person to choose from.
fn listed(files: &[RepositoryFile]) -> String {
    let one = |file: &RepositoryFile| {
        let size = file.bytes.map(human_bytes);
        let parts = (file.parts > 1).then(|| format!("{} parts", file.parts));
        let unread = file.unread.as_ref().map(|kind| format!("{kind} is not read here"));
        let more = size.into_iter().chain(parts).chain(unread).collect::<Vec<_>>().join(", ");
        if more.is_empty() { file.name.clone() } else { format!("{} ({more})", file.name) }
    };
    if files.is_empty() { "none".to_owned() } else { files.iter().map(one).collect::<Vec<_>>().join(", ") }
}

impl From<Missing> for HubError {
    fn from(missing: Missing) -> Self {
        Self::Absent(Box::new(missing))
    }
}

impl HubError {
    /// Trouble with a file of the cache.
    pub(super) fn disk(error: &std::io::Error, path: &std::path::Path) -> Self {
        Self::Disk { reason: error.to_string(), path: path.to_owned() }
    }
}
