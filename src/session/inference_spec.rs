//! How a saved student is asked: `retort.ron` beside its weights. What `config.json` has no place
//! for: the prompt, the label words, the classes in order, and how long a text was in training.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::file::place;
use super::from_tree;
use super::migration::{self, Unread};
use super::refusal::Refusal;
use super::{Head, Prompt, ron_tree};
use crate::session::{Say, Sentence, say, spoken};

/// The newest format of [`FILE`] this program writes. The second knows columns, the third a temperature; each is
/// written only where there is what it knows: all others are asked by older programs, too.
pub const USAGE_VERSION: u32 = 3;

/// The file's name, in the model's folder.
pub const FILE: &str = "retort.ron";

/// What is needed to ask a student the way it was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InferenceSpec {
    /// Format of the file, see [`USAGE_VERSION`].
    pub version: u32,
    /// How it answers; never [`Head::Auto`].
    pub head: Head,
    /// Longest input in tokens.
    pub max_tokens: usize,
    /// Class names, in the order of the model's answers.
    pub classes: Vec<String>,
    /// The prompt with the label words of every class. A student with a classifier reads the bare
    /// text; this is then what its teacher was asked.
    pub prompt: Prompt,
    /// The columns that it was trained on; `None` where a text is all there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<TextColumns>,
    /// What its logits are divided by for calibrated probabilities, as fitted to its run's validation part; `None`
    /// where none was fitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
}

/// The columns of the texts that a student reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextColumns {
    /// Their names: first those of the text in the order of `{text}`, then others that its template names.
    pub names: Vec<String>,
    /// How many of them make up the text.
    pub texts: usize,
    /// Whether the last of the text's columns is a second text, read as a second segment.
    #[serde(default)]
    pub pair: bool,
}

/// Why [`FILE`] cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// It cannot be read.
    Read {
        /// The operating system's words.
        reason: Sentence,
        /// The file.
        path: PathBuf,
    },
    /// It is something else, or says what cannot be.
    Parse {
        /// What is wrong with it, and where.
        reason: Sentence,
        /// The file.
        path: PathBuf,
    },
    /// A later program wrote it.
    Newer {
        /// Version in the file.
        found: u32,
        /// The file.
        path: PathBuf,
    },
}

impl Say for UsageError {
    fn said(&self) -> Sentence {
        match self {
            Self::Read { reason, path } => {
                say!("cannot read how the model is asked: {reason}; check the file {path}", reason, path)
            }
            Self::Parse { reason, path } => {
                say!("retort.ron says not how the model is asked: {reason}; mend or delete it: {path}", reason, path)
            }
            Self::Newer { found, path } => say!(
                "retort.ron has version {found}, this program reads up to {usage_version}; update retort to open {path}",
                found,
                usage_version = USAGE_VERSION,
                path
            ),
        }
    }
}

spoken!(UsageError);

impl InferenceSpec {
    /// How a student with `head` is asked that was trained on `classes` by `prompt`; a class without
    /// a label word of its own is given its name.
    pub fn new(head: Head, max_tokens: usize, classes: &[String], prompt: &Prompt) -> Self {
        let word = |class: &String| (class.clone(), prompt.word_for(class).to_owned());
        let prompt = Prompt { label_words: classes.iter().map(word).collect(), ..prompt.clone() };
        Self { version: 1, head, max_tokens, classes: classes.to_vec(), prompt, columns: None, temperature: None }
    }

    /// The same of a student that was trained on these columns.
    #[must_use]
    pub fn of_columns(self, columns: Option<TextColumns>) -> Self {
        let version = if columns.is_some() { 2 } else { 1 };
        Self { version, columns, ..self }
    }

    /// The same of a student to whose probabilities this temperature was fitted.
    #[must_use]
    pub fn at_temperature(self, temperature: f64) -> Self {
        Self { version: 3, temperature: Some(temperature), ..self }
    }

    /// Reads the file of a model's folder; `None` if there is none.
    ///
    /// # Errors
    /// [`UsageError`] naming the file and what is wrong with it.
    pub fn open(folder: &Path) -> Result<Option<Self>, UsageError> {
        let path = folder.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text, &path).map(Some),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(UsageError::Read { reason: e.said(), path }),
        }
    }

    /// Reads it from text; `path` only names it in errors.
    ///
    /// # Errors
    /// [`UsageError::Parse`] or [`UsageError::Newer`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, UsageError> {
        let wrong = |reason: Sentence| UsageError::Parse { reason, path: path.to_owned() };
        let refused = |refusal: Refusal| {
            let (line, column) = place(text, refusal.at.unwrap_or_default());
            wrong(say!("{refusal}, at line {line}, column {column}", refusal, line, column))
        };
        let tree = ron_tree::parse(text).map_err(refused)?;
        let newer = |found| UsageError::Newer { found, path: path.to_owned() };
        migration::version(&tree, USAGE_VERSION).map_err(|unread| match unread {
            Unread::Newer(found) => newer(found),
            Unread::Refused(refusal) => refused(refusal),
        })?;
        let usage: Self = from_tree::read(&tree).map_err(refused)?;
        usage.problem().map_or(Ok(usage), |problem| Err(wrong(problem)))
    }

    /// What no model could be asked by, in words, or `None`.
    fn problem(&self) -> Option<Sentence> {
        if self.classes.is_empty() {
            return Some(say!("it names no classes"));
        }
        if self.head == Head::Auto {
            return Some(say!("head must be Classifier or LabelWords"));
        }
        let fits = |columns: &TextColumns| (1..=columns.names.len()).contains(&columns.texts);
        if !self.columns.as_ref().is_none_or(fits) {
            return Some(say!(
                "columns must name at least one column, and texts say how many of them make up the text"
            ));
        }
        if let Some(temperature) =
            self.temperature.filter(|temperature| !(temperature.is_finite() && *temperature > 0.0))
        {
            return Some(say!("temperature must be a number above 0, not {temperature}", temperature));
        }
        Prompt::problem(&self.prompt.template).filter(|_| self.head == Head::LabelWords)
    }

    /// As text, in the form of the file.
    ///
    /// # Errors
    /// The writer's.
    pub fn to_text(&self) -> Result<String, ron::Error> {
        let pretty = ron::ser::PrettyConfig::new().struct_names(false).depth_limit(3);
        ron::ser::to_string_pretty(self, pretty).map(|text| text + "\n")
    }
}
