//! The list of the architectures that are known.

use super::{Architecture, Config, ModelError, bert, distilbert, gpt2, llama, roberta, t5};
use crate::session::say;

/// Every architecture; adding one is one file, which the room names, and one line here.
pub const ARCHITECTURES: &[Architecture] = &[
    bert::ARCHITECTURE,
    distilbert::ARCHITECTURE,
    roberta::ARCHITECTURE,
    gpt2::ARCHITECTURE,
    t5::ARCHITECTURE,
    llama::LLAMA,
    llama::MISTRAL,
    llama::QWEN2,
    llama::QWEN3,
];

/// The architecture a configuration names.
///
/// # Errors
/// [`ModelError::Config`] with the list of known ones.
pub fn architecture(config: &Config) -> Result<&'static Architecture, ModelError> {
    let name = config.model_type()?;
    ARCHITECTURES.iter().find(|architecture| architecture.id == name).ok_or_else(|| {
        let known = ARCHITECTURES.iter().map(|a| a.id).collect::<Vec<_>>().join(", ");
        ModelError::Config(say!(
            "model_type {name} is not known here; the known ones are {known}",
            name = format_args!("{name:?}"),
            known
        ))
    })
}
