//! GGUF, the one-file format of llama.cpp and LM Studio: metadata, tokenizer and mostly quantised
//! weights. Such a model is frozen here: it teaches, and is never trained or saved.
//!
//! *Why an own reader (2026-11).* candle's reader divides by an alignment of 0, multiplies shapes
//! without looking and keeps every number of metadata as a value of 32 bytes. Here every count is
//! compared with the file's length before anything is made for it, and what is refused is refused
//! by name. The numbers themselves go to candle, whose quantised products are used as they are.
//!
//! *Why the trunks know nothing of it (2026-11).* Metadata becomes a `config.json`, the vocabulary a
//! `tokenizer.json`, and tensors carry Hugging Face's names and layouts; only the smallest leaves
//! know that a weight may be frozen.
//!
//! Source: the GGUF specification of the ggml project, version 3.

mod byte_level;
mod ggml_names;
mod header;
mod kind;
mod metadata;
mod pre;
mod sentence_piece;
mod split_files;
mod tensors;
mod tokenizer;
mod value;

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::ModelError;
use super::chat_template::ChatFile;
use crate::session::{Sentence, say};
pub use header::Header;
pub use kind::unread;
use split_files::Whole;
pub use split_files::{models, names_of};
pub use tensors::Tensors;
use tokenizer::Vocabulary;

/// Whether a path is named as a GGUF file.
fn is_named(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gguf"))
}

/// Whether a file is to be read as GGUF: by its name, or by its first bytes where it has none that
/// says (Ollama names its files by their hash).
pub fn is_one(path: &Path) -> bool {
    let begins = || {
        let mut start = [0; header::MAGIC.len()];
        File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *header::MAGIC
    };
    path.is_file() && (is_named(path) || begins())
}

/// The GGUF file of a folder that holds no other model; `None` if there is none.
///
/// # Errors
/// [`ModelError::File`] if there are several, for which of them is meant nobody can know.
pub fn within(folder: &Path) -> Result<Option<PathBuf>, ModelError> {
    if folder.join("config.json").exists() {
        return Ok(None);
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let found: Vec<(String, Vec<String>)> = models(names.iter().map(String::as_str)).into_iter().collect();
    match found.as_slice() {
        [] => Ok(None),
        [(_, files)] => Ok(files.first().map(|first| folder.join(first))),
        several => {
            let names = several.iter().take(4).map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
            let reason = say!(
                "it holds {several} GGUF models ({names}); name the one you want by its path",
                several = several.len(),
                names
            );
            Err(ModelError::File { what: say!("the model folder"), reason, path: folder.to_owned() })
        }
    }
}

/// Whether models of this architecture, as a file or the Hub names it, can be opened.
///
/// # Errors
/// In words, with the known ones.
pub fn check_architecture(architecture: &str) -> Result<(), Sentence> {
    metadata::known(architecture).map(|_| ())
}

/// The files of the model of which `path` is one: itself, or all parts in their order.
///
/// # Errors
/// As [`config()`].
pub fn files(path: &Path) -> Result<Vec<PathBuf>, ModelError> {
    Ok(Whole::open(path)?.files.into_iter().map(|file| file.path).collect())
}

/// The text of a `config.json` for the model in the file.
///
/// # Errors
/// [`ModelError::File`] and [`ModelError::Damaged`] naming the file.
pub fn config(path: &Path) -> Result<String, ModelError> {
    let config = metadata::config(&Whole::open(path)?).map_err(|reason| refused(reason, path))?;
    Ok(config.to_string())
}

/// The text of a `tokenizer.json` for the model in the file.
///
/// # Errors
/// As [`config()`].
pub fn tokenizer(path: &Path) -> Result<String, ModelError> {
    let tokenizer = tokenizer_of(&Whole::open(path)?.header).map_err(|reason| refused(reason, path))?;
    Ok(tokenizer.to_string())
}

/// The tokenizer of the kind that the metadata names.
fn tokenizer_of(header: &Header) -> Result<Json, Sentence> {
    let vocabulary = Vocabulary::open(header)?;
    match header.text("tokenizer.ggml.model")? {
        "gpt2" => vocabulary.whole(byte_level::parts(&vocabulary)?),
        "llama" => vocabulary.whole(sentence_piece::parts(&vocabulary)?),
        other => Err(say!(
            "its tokenizer is of the kind {other}, which is not known here; the known ones are gpt2 and llama; choose another model",
            other = format_args!("{other:?}")
        )),
    }
}

/// The chat template in the file, if there is one.
///
/// # Errors
/// As [`config()`].
pub fn chat_file(path: &Path) -> Result<Option<ChatFile>, ModelError> {
    Ok(metadata::chat(&Whole::open(path)?.header))
}

/// A file that is whole but not one this program can use.
fn refused(reason: Sentence, path: &Path) -> ModelError {
    ModelError::File { what: say!("the GGUF file"), reason, path: path.to_owned() }
}
