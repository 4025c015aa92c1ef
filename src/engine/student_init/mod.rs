//! Making a student: from its own stored or fresh weights, from another model's layers, with the
//! whole vocabulary or the part of it that the data uses.
//!
//! *Why layers are copied only between equal widths (2026-11).* Where widths are equal, a layer of the
//! source is a layer of the student, and everything is copied by name. Where they differ, there is
//! no sound copy: a layer's norms act number by number and its heads cut the width into pieces, so
//! neither survives a change of basis. The embeddings do: what a token means to the others is their
//! inner products, and the truncated singular value decomposition of the table keeps those best of
//! all reductions to that width (Eckart & Young 1936). So a narrower student gets reduced embeddings
//! and fresh layers. Reconsidered if layers are ever fitted to the source's by regression.
//!
//! *Why trimming is a step of its own (2026-11).* It takes any student, however it was made, and gives
//! one with fewer rows: embedding, head and tokenizer shrink together, and the rest never knows.

pub mod fit;
pub mod from_layers;
pub mod init_source;
pub mod layer_map;
pub mod layer_selection;
pub mod reduce;
pub mod size;
pub mod trim;

use candle_core::Device;

use super::data::Dataset;
use super::hub::{self, HubError};
use super::model::{self, Classes, Model, ModelError};
use super::prompt::PromptError;
use crate::session::{Say, Sentence, Session, Vocabulary, say, spoken};

/// Why a student cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum StudentInitError {
    /// Another model's layers do not become this student's.
    Layers(Sentence),
    /// The vocabulary cannot be trimmed.
    Vocabulary(Sentence),
    /// A model's files.
    Model(#[from] ModelError),
    /// The Hub, or its cache.
    Hub(#[from] HubError),
    /// The prompt, whose words stay in a trimmed vocabulary.
    Prompt(#[from] PromptError),
}

impl Say for StudentInitError {
    fn said(&self) -> Sentence {
        match self {
            Self::Layers(reason) => say!("the student's layers: {reason}", reason),
            Self::Vocabulary(reason) => say!("the student's vocabulary: {reason}", reason),
            Self::Model(e) => e.said(),
            Self::Hub(e) => e.said(),
            Self::Prompt(e) => e.said(),
        }
    }
}

spoken!(StudentInitError);

impl From<candle_core::Error> for StudentInitError {
    fn from(error: candle_core::Error) -> Self {
        Self::Model(error.into())
    }
}

/// The student a session asks for, at its start. The same session and data give the same student.
///
/// # Errors
/// [`StudentInitError`] naming what does not fit and what to change.
pub fn student(session: &Session, data: &Dataset, device: &Device) -> Result<Model, StudentInitError> {
    let (choice, classes, seed) = (&session.student, &data.classes, session.recipe.seed);
    let files = hub::files(choice)?;
    files.check_trainable()?;
    let whole = match choice.init.layer_map() {
        None => model::open_for(choice, files, Classes::Learning(classes), seed, device)?,
        Some(map) => from_layers::student(session, map, files, classes, device)?,
    };
    match choice.vocabulary {
        Vocabulary::Whole => Ok(whole),
        Vocabulary::Trimmed => trim::student(whole, session, data),
    }
}
