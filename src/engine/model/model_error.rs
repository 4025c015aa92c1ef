//! Why a model cannot be opened, run or saved.

use std::path::PathBuf;

/// Why a model cannot be opened, run or saved.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file is missing or unreadable.
    #[error("cannot read {what}: {reason}: {path}")]
    File {
        /// Which file of the model.
        what: &'static str,
        /// The operating system's or parser's words.
        reason: String,
        /// The file or folder.
        path: PathBuf,
    },
    /// A file's content contradicts itself.
    #[error("the weights are damaged: {reason}; fetch the file again: {path}")]
    Damaged {
        /// What is wrong with it.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// The configuration asks for something this program does not know.
    #[error("config.json: {0}")]
    Config(String),
    /// The weights do not fit the configuration.
    #[error("the weights do not fit the configuration: {0}")]
    Weights(String),
    /// The tokenizer cannot do what is asked.
    #[error("the tokenizer: {0}")]
    Tokens(String),
    /// No built-in model has this name.
    #[error("there is no built-in model {0:?}; the known ones are {1}")]
    UnknownBuiltIn(String, String),
    /// What a run left beside the weights cannot be used.
    #[error(transparent)]
    InferenceSpec(#[from] crate::session::UsageError),
    /// Writing the model failed.
    #[error("cannot write the model: {reason}; check that the folder can be written and has room: {path}")]
    Write {
        /// The operating system's words.
        reason: String,
        /// The file or folder.
        path: PathBuf,
    },
    /// The tensor library refused.
    #[error("tensor library: {0}")]
    Tensor(#[from] candle_core::Error),
}
