//! The model whose layers a student takes: its configuration, its stored tensors, its tokens. Only
//! the tensors that are asked for are read.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};

use super::StudentInitError;
use crate::engine::hub;
use crate::engine::model::{self, Architecture, Config, ModelError, ModelFiles, Stored, Tokens};
use crate::session::{ModelChoice, Source, say};

/// A model to take layers from.
pub struct InitSource {
    /// What a person calls it.
    pub title: String,
    /// Its configuration.
    pub config: Config,
    /// Its architecture.
    pub architecture: &'static Architecture,
    /// Its stored tensors.
    pub stored: Stored,
    /// Its tokenizer.
    pub tokens: Tokens,
    /// Names of its classifier's outputs; empty without one.
    pub outputs: Vec<String>,
}

impl InitSource {
    /// Opens the files of `source`.
    ///
    /// # Errors
    /// [`StudentInitError`] naming the file, or a model that has no files.
    pub fn open(source: &Source) -> Result<Self, StudentInitError> {
        if matches!(source, Source::Server { .. }) {
            return Err(StudentInitError::Layers(say!(
                "{title} is behind a server, which gives no weights away; name another model under `of`",
                title = source.title()
            )));
        }
        let files = hub::files(&ModelChoice::stored(source.clone()))?;
        if matches!(files, ModelFiles::Gguf(_)) {
            return Err(StudentInitError::Layers(say!(
                "{title} holds rounded weights, from which nothing can learn; name the model's safetensors under `of`",
                title = source.title()
            )));
        }
        let config = files.configuration()?.0;
        let architecture = model::architecture(&config)?;
        let (stored, tokens) = (files.weights()?, Tokens::open(&files)?);
        let outputs = model::output_names(&files, &config, architecture, &stored);
        Ok(Self { title: source.title(), config, architecture, stored, tokens, outputs })
    }

    /// The tensor that this model's architecture calls `name`, if it is stored.
    ///
    /// # Errors
    /// [`ModelError`] if it cannot be read.
    pub fn tensor(&self, name: &str, device: &Device) -> Result<Option<Tensor>, ModelError> {
        let found = self.find(name);
        found.map(|found| self.stored.tensor(&found, device)).transpose()
    }

    /// The name under which `name` is stored, with its shape.
    pub fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.stored.shape(&self.find(name)?)
    }

    fn find(&self, name: &str) -> Option<String> {
        let heads = &self.architecture.heads;
        let tied = name == heads.table && heads.is_tied(&self.config);
        let others = (self.architecture.aliases)(name).into_iter().chain(tied.then(|| heads.vocabulary.to_owned()));
        std::iter::once(name.to_owned()).chain(others).find(|name| self.stored.has(name))
    }

    /// Refuses a student's tokenizer whose tokens have other ids here: rows of the table would come to
    /// stand for other tokens.
    ///
    /// # Errors
    /// [`StudentInitError::Layers`] with the first token that differs.
    pub fn check_tokens(&self, student: &Tokens) -> Result<(), StudentInitError> {
        let mine: BTreeMap<String, u32> = self.tokens.entries();
        let mut theirs: Vec<(u32, String)> = student.entries().into_iter().map(|(token, id)| (id, token)).collect();
        theirs.sort_unstable();
        match theirs.iter().find(|(id, token)| mine.get(token) != Some(id)) {
            None => Ok(()),
            Some((id, token)) => Err(StudentInitError::Layers(say!(
                "the student's tokenizer has {token} at {id} and {title} does not; put its tokenizer beside the student's configuration",
                token = format_args!("{token:?}"),
                id,
                title = self.title
            ))),
        }
    }
}
