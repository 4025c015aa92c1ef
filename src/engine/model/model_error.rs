//! Why a model cannot be opened, run or saved.

use std::path::PathBuf;

use crate::session::{Say, Sentence, say, spoken};

/// Why a model cannot be opened, run or saved.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file is missing or unreadable.
    File {
        /// Which file of the model.
        what: Sentence,
        /// The operating system's or parser's words.
        reason: Sentence,
        /// The file or folder.
        path: PathBuf,
    },
    /// A file's content contradicts itself.
    Damaged {
        /// What is wrong with it.
        reason: Sentence,
        /// The file.
        path: PathBuf,
    },
    /// The configuration asks for something this program does not know.
    Config(Sentence),
    /// The weights do not fit the configuration.
    Weights(Sentence),
    /// The tokenizer cannot do what is asked.
    Tokens(Sentence),
    /// No built-in model has this name.
    UnknownBuiltIn(String, String),
    /// What a run left beside the weights cannot be used.
    InferenceSpec(#[from] crate::session::UsageError),
    /// Writing the model failed.
    Write {
        /// The operating system's words.
        reason: Sentence,
        /// The file or folder.
        path: PathBuf,
    },
    /// The tensor library refused.
    Tensor(#[from] candle_core::Error),
}

impl Say for ModelError {
    fn said(&self) -> Sentence {
        match self {
            Self::File { what, reason, path } => say!("cannot read {what}: {reason}: {path}", what, reason, path),
            Self::Damaged { reason, path } => {
                say!("the weights are damaged: {reason}; fetch the file again: {path}", reason, path)
            }
            Self::Config(reason) => say!("config.json: {reason}", reason),
            Self::Weights(reason) => say!("the weights do not fit the configuration: {reason}", reason),
            Self::Tokens(reason) => say!("the tokenizer: {reason}", reason),
            Self::UnknownBuiltIn(name, known) => say!(
                "there is no built-in model {name}; the known ones are {known}",
                name = format_args!("{name:?}"),
                known
            ),
            Self::InferenceSpec(e) => e.said(),
            Self::Write { reason, path } => say!(
                "cannot write the model: {reason}; check that the folder can be written and has room: {path}",
                reason,
                path
            ),
            Self::Tensor(e) => say!("tensor library: {reason}", reason = tensor_trouble(e)),
        }
    }
}

spoken!(ModelError);

/// The tensor library's words, and what to do where a card's memory was full: the words are a driver's, and
/// name nothing that a person could turn.
pub fn tensor_trouble(error: &candle_core::Error) -> Sentence {
    let said = error.to_string();
    if !["OUT_OF_MEMORY", "ALLOC_FAILED"].iter().any(|sign| said.contains(sign)) {
        return Sentence::verbatim(said);
    }
    say!(
        "{said}; the card's memory is full: lower recipe.batch or max_tokens, keep the teacher in bf16, close what else computes there, or set recipe.device to Cpu",
        said
    )
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
