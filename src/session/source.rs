//! Where a model is: in the program, in a folder, on the Hub, behind a server.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::KeyPlace;
use super::run_folder::STUDENT;

/// Where a model's files are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub enum Source {
    /// A model that ships inside the program, by name.
    BuiltIn(String),
    /// A folder in Hugging Face's layout: `config.json`, `tokenizer.json`, `model.safetensors`; or a
    /// GGUF file, or a folder with just one, which can only teach.
    Folder(PathBuf),
    /// A model of the Hugging Face Hub: taken from the local cache, or fetched into it.
    Hub {
        /// `owner/name`.
        repo: String,
        /// Branch, tag or commit.
        #[serde(default = "main_branch")]
        revision: String,
        /// Of several GGUF files the one that is meant, as the repository names it; of a model in
        /// parts any part. Such a model can only teach.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<String>,
    },
    /// A model behind a server that speaks OpenAI's interface; it can only teach.
    Server {
        /// Address up to the version, e.g. `http://localhost:8000/v1`.
        url: String,
        /// The model's name there.
        model: String,
        /// How it is asked.
        #[serde(default)]
        mode: ServerMode,
        /// Where the key is: an environment variable or an entry of the system's keyring, never the key
        /// itself.
        #[serde(default)]
        key: Option<KeyPlace>,
        /// The most tokens that a run may pay for, prompts and answers together; `None` sets no limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token_limit: Option<u64>,
        /// Most questions in a minute, as the server's plan has it; `None` asks as fast as it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        per_minute: Option<u32>,
    },
}

/// How a server is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ServerMode {
    /// The prompt is continued: `/completions`.
    #[default]
    Completions,
    /// The prompt is a message that is answered: `/chat/completions`.
    Chat,
}

/// The revision of a Hub model that names none.
pub const MAIN: &str = "main";

fn main_branch() -> String {
    MAIN.to_owned()
}

impl Source {
    /// Whether everything was named that is needed to look for it.
    pub fn is_named(&self) -> bool {
        match self {
            Self::BuiltIn(_) => true,
            Self::Folder(path) => !path.as_os_str().is_empty(),
            Self::Hub { repo, .. } => !repo.is_empty(),
            Self::Server { url, model, .. } => !url.is_empty() && !model.is_empty(),
        }
    }

    /// A model of the Hub as a person types it: `OWNER/NAME`, or `OWNER/NAME/FILE.gguf` for one of
    /// its GGUF files.
    pub fn hub(text: &str) -> Self {
        let cut = text.match_indices('/').nth(1).filter(|_| text.to_ascii_lowercase().ends_with(".gguf"));
        let (repo, file) = cut.map_or((text, None), |(at, _)| (&text[..at], Some(text[at + 1..].to_owned())));
        Self::Hub { repo: repo.to_owned(), revision: MAIN.to_owned(), file }
    }

    /// The same model of the Hub at another revision; any other source as it is.
    pub fn at(self, revision: String) -> Self {
        match self {
            Self::Hub { repo, file, .. } => Self::Hub { repo, revision, file },
            other => other,
        }
    }

    /// What a person would call this source: the built-in name, the folder's last part (of a run's
    /// student the run's as well), the Hub's name for it or that of its GGUF file.
    pub fn title(&self) -> String {
        match self {
            Self::BuiltIn(name) => name.clone(),
            Self::Folder(path) => folder_title(path),
            Self::Hub { file: Some(file), .. } => file.rsplit('/').next().unwrap_or(file).to_owned(),
            // A run pins what it reads to a commit; that is not what a person calls it.
            Self::Hub { repo, revision, .. } if revision == MAIN || is_commit(revision) => repo.clone(),
            Self::Hub { repo, revision, .. } => format!("{repo}@{revision}"),
            Self::Server { model, .. } => model.clone(),
        }
    }

    /// Where it is, in full.
    pub fn place(&self) -> String {
        match self {
            Self::BuiltIn(name) => format!("built-in:{name}"),
            Self::Folder(path) => path.display().to_string(),
            Self::Hub { .. } => self.title(),
            Self::Server { url, model, .. } => format!("{model} at {url}"),
        }
    }

    /// Where the key to it is kept, if it needs one.
    pub fn key(&self) -> Option<&KeyPlace> {
        match self {
            Self::Server { key, .. } => key.as_ref(),
            Self::BuiltIn(_) | Self::Folder(_) | Self::Hub { .. } => None,
        }
    }

    /// The most questions that it may be asked in a minute, where it is a server that sets a limit.
    pub fn per_minute(&self) -> Option<u32> {
        match self {
            Self::Server { per_minute, .. } => *per_minute,
            Self::BuiltIn(_) | Self::Folder(_) | Self::Hub { .. } => None,
        }
    }
}

/// A folder of the Hub's cache is called as the Hub calls it. Every run's student lies in a folder of the
/// same name, which tells nothing.
fn folder_title(path: &Path) -> String {
    let last = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let above = |up: usize| path.ancestors().nth(up).and_then(Path::file_name).map(|name| name.to_string_lossy());
    let is_cached = above(1).is_some_and(|name| name == "snapshots");
    match (above(2).filter(|_| is_cached), above(1)) {
        (Some(repo), _) if repo.starts_with("models--") => repo.replacen("models--", "", 1).replacen("--", "/", 1),
        (_, Some(run)) if last == STUDENT => format!("{run}/{last}"),
        _ => last.into_owned(),
    }
}

/// Whether a revision is a whole commit.
fn is_commit(revision: &str) -> bool {
    revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit())
}
