//! The models at hand and those on the Hub, as a picker shows them.

use std::path::PathBuf;

use serde::Serialize;

use crate::session::Sentence;

/// What the Hugging Face cache of this machine holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ModelCatalog {
    /// The cache's folder.
    pub cache: PathBuf,
    /// Memory that could be used, bytes, where the system says.
    #[serde(rename = "memory_bytes")]
    pub memory: Option<u64>,
    /// Its models, by name.
    pub models: Vec<Listed>,
    /// Why it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Sentence>,
}

/// One model in the cache at one revision.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed {
    /// `OWNER/NAME`.
    pub repo: String,
    /// Branch, tag or commit.
    pub revision: String,
    /// Of a GGUF file its name there; of a model in parts that of the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The folder with its files, or the GGUF file.
    pub path: PathBuf,
    /// Bytes on disk: of a GGUF file those of all its parts, else of all revisions of the model
    /// together, begun files included.
    pub disk_bytes: u64,
    /// `model_type` of its configuration, if there is one.
    pub architecture: Option<String>,
    /// Numbers in its weights, if they are whole.
    pub parameters: Option<u64>,
    /// Why this program cannot open it; `None` if it can.
    pub problem: Option<Sentence>,
    /// Memory for it as a teacher, bytes: its weights.
    pub teacher_bytes: Option<u64>,
    /// Memory for it as a student, bytes: weights, gradients and two moments; `None` for a GGUF file,
    /// which can only teach.
    pub student_bytes: Option<u64>,
    /// Whether it fits into `memory` as a teacher.
    pub fits_as_teacher: Option<bool>,
    /// Whether it fits into `memory` as a student.
    pub fits_as_student: Option<bool>,
}

/// What there is to choose from in a repository of the Hub.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repository {
    /// `OWNER/NAME`.
    pub repo: String,
    /// Branch, tag or commit.
    pub revision: String,
    /// Whether it can be used without choosing a file: it has safetensors or PyTorch's weights.
    pub whole: bool,
    /// Bytes of the model as a whole, if it is one and the Hub says.
    pub bytes: Option<u64>,
    /// Bytes of its configuration and tokenizer alone, likewise.
    pub small_bytes: Option<u64>,
    /// Its models in GGUF files, by name.
    pub files: Vec<RepositoryFile>,
    /// Why it could not be looked into.
    pub problem: Option<Sentence>,
}

/// One model in GGUF files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryFile {
    /// Its name in the repository; of a model in parts that of the first.
    pub name: String,
    /// Bytes of all parts, if the Hub says.
    pub bytes: Option<u64>,
    /// Files it consists of.
    pub parts: usize,
    /// A kind of numbers in its name that this program does not read.
    pub unread: Option<String>,
}
