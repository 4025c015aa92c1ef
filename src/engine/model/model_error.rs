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
    #[error("tensor library: {}", tensor_trouble(.0))]
    Tensor(#[from] candle_core::Error),
}

/// The tensor library's words, and what to do where a card's memory was full: the words are a driver's, and
/// name nothing that a person could turn.
pub fn tensor_trouble(error: &candle_core::Error) -> String {
    let said = error.to_string();
    let full = ["OUT_OF_MEMORY", "ALLOC_FAILED"].iter().any(|sign| said.contains(sign));
    let next = if full {
        "; the card's memory is full: lower recipe.batch or max_tokens, keep the teacher in bf16, close what else computes there, or set recipe.device to Cpu"
    } else {
        ""
    };
    said + next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_card_is_said_with_the_next_step_and_nothing_else_is() {
        let said = |text: &str| ModelError::from(candle_core::Error::Msg(text.to_owned())).to_string();
        let full = said("DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")");
        assert!(full.contains("OUT_OF_MEMORY") && full.contains("recipe.batch"), "{full}");
        assert_eq!(said("shapes differ"), "tensor library: shapes differ");
    }
}
