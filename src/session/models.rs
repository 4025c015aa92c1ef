//! The pair: which model teaches, which one learns.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::inference_spec::STUDENT;
use super::{KeyPlace, Layers, Vocabulary};

/// Teacher and student of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Models {
    /// The prompted model whose probabilities are learned; `None` trains on labels alone.
    #[serde(default)]
    pub teacher: Option<ModelChoice>,
    /// The model that is trained.
    pub student: ModelChoice,
}

/// One model and how it is to be used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelChoice {
    /// Where its files are.
    pub source: Source,
    /// Whether its stored weights are used or forgotten.
    #[serde(default)]
    pub start: Start,
    /// How it answers.
    #[serde(default)]
    pub head: Head,
    /// Longest input in tokens; longer texts are cut (never the prompt around them).
    /// 0 means as long as the model allows.
    #[serde(default)]
    pub max_tokens: usize,
    /// Of a student: layers of another model that it starts with; `start` is not read then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers: Option<Box<Layers>>,
    /// Of a student: how much of its vocabulary it keeps.
    #[serde(default, skip_serializing_if = "Vocabulary::is_whole")]
    pub vocabulary: Vocabulary,
    /// Of a teacher: how its matrices are kept in memory.
    #[serde(default, skip_serializing_if = "Precision::is_single")]
    pub precision: Precision,
    /// Of a model with a classifier of its own: which of its outputs is which class of the data, e.g.
    /// `Some({"LABEL_0": "World", "LABEL_1": "Sports"})`. Left out, they are matched by name. Every class
    /// must be named once; outputs that are not named are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<BTreeMap<String, String>>,
}

/// How a frozen model's matrices are kept. It computes in single precision all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Precision {
    /// Four bytes a number.
    #[default]
    F32,
    /// Two bytes, as `float16`: the finer of the two, up to 65 504.
    F16,
    /// Two bytes, as `bfloat16`: the range of `F32`.
    Bf16,
}

impl Precision {
    /// Every precision, in the order a picker shows them.
    pub const ALL: [Self; 3] = [Self::F32, Self::F16, Self::Bf16];

    /// Whether it is the default, which a session file leaves out.
    pub fn is_single(&self) -> bool {
        *self == Self::F32
    }

    /// What the field calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        }
    }
}

/// Where a model's files are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// Which weights a model starts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Start {
    /// The weights stored beside its configuration.
    #[default]
    Stored,
    /// Random weights drawn from the recipe's seed; only configuration and tokenizer are read.
    Fresh,
}

/// How a model answers a classification question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Head {
    /// Label words for a causal model, a classifier for an encoder.
    #[default]
    Auto,
    /// A linear layer over the pooled text; the model sees the text without the prompt.
    Classifier,
    /// The probabilities of the label words at the prompt's answer slot.
    LabelWords,
}

impl Models {
    /// Where the layers of the student come from, if it is made from another model's.
    pub fn layers_from(&self) -> Option<&Source> {
        let layers = self.student.layers.as_ref()?;
        layers.of.as_ref().or_else(|| self.teacher.as_ref().map(|teacher| &teacher.source))
    }

    /// What no pair can do, in words, or `None`.
    pub fn problem(&self) -> Option<String> {
        let teacher = self.teacher.as_ref();
        if teacher.is_some_and(|teacher| teacher.layers.is_some() || !teacher.vocabulary.is_whole()) {
            return Some("models.teacher cannot be made from layers or trimmed; ask this of models.student".into());
        }
        if !self.student.precision.is_single() {
            return Some("models.student.precision must be F32: what learns is trained in single precision".into());
        }
        if self.student.layers.is_some() && self.layers_from().is_none() {
            return Some("models.student.layers names no model and there is no teacher; name one under `of`".into());
        }
        if matches!(self.student.source, Source::Hub { file: Some(_), .. }) {
            return Some(
                "models.student names a GGUF file, which is frozen: it can teach, not learn; leave `file` out".into(),
            );
        }
        if teacher.is_some_and(|t| t.classes.is_some() && matches!(t.source, Source::Server { .. })) {
            return Some("models.teacher.classes says which output of a classifier is which class, and a model behind a server has none; leave it out".into());
        }
        if teacher.is_some_and(|teacher| matches!(teacher.source, Source::Server { per_minute: Some(0), .. })) {
            return Some("models.teacher: per_minute is the most questions in a minute and at least 1; leave it out to ask as fast as the server answers".into());
        }
        let sources = teacher.into_iter().chain([&self.student]).map(|choice| &choice.source);
        sources.filter_map(Source::key).find_map(KeyPlace::problem).map(str::to_owned)
    }
}

impl ModelChoice {
    /// A stored model at `source`, with every other choice at its default.
    pub fn stored(source: Source) -> Self {
        let (start, head, vocabulary) = (Start::Stored, Head::Auto, Vocabulary::Whole);
        let (layers, precision, classes) = (None, Precision::F32, None);
        Self { source, start, head, max_tokens: 0, layers, vocabulary, precision, classes }
    }

    /// Takes the model from `source` from now on. What else was chosen stays: only which of its outputs
    /// is which class goes, where it is another model.
    pub fn move_to(&mut self, source: Source) {
        if self.source != source {
            self.classes = None; // They are the outputs of another model.
        }
        self.source = source;
    }

    /// Whether its own stored weights are read.
    pub fn needs_weights(&self) -> bool {
        self.start == Start::Stored && self.layers.is_none()
    }
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
