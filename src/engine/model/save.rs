//! A model as a Hugging Face directory: `config.json`, `model.safetensors`, `tokenizer.json` with its
//! settings; a student also says how it is asked.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::Tensor;
use serde_json::{Value, json};

use super::{HeadKind, Model, ModelError};
use crate::session::file::write_atomically;
use crate::session::inference_spec::{FILE, TextColumns};
use crate::session::{Head, InferenceSpec, Prompt, Say};

impl Model {
    /// Writes the model into `folder`, each file whole or not at all. `classes` become the labels
    /// in the configuration.
    ///
    /// # Errors
    /// [`ModelError::Write`]; [`ModelError::File`] for a frozen model.
    pub fn save(&self, folder: &Path, classes: &[String]) -> Result<(), ModelError> {
        self.as_files(classes)?.write(folder)
    }

    fn as_files(&self, classes: &[String]) -> Result<StudentFiles, ModelError> {
        self.files.check_trainable()?;
        // The largest first: where there is no room for it, the rest of an older model stays as it was.
        Ok(StudentFiles(vec![
            ("model.safetensors", self.to_safetensors()?),
            ("config.json", self.config_with(classes).into_bytes()),
            ("tokenizer.json", self.tokens.to_text()?.into_bytes()),
            ("tokenizer_config.json", self.tokenizer_config().into_bytes()),
            ("special_tokens_map.json", self.special_tokens_map().into_bytes()),
        ]))
    }

    /// The model as the files of its folder, and among them how it is asked about texts of these columns. That comes first: by it a folder
    /// is known as one we wrote, however far a process got that was killed.
    ///
    /// # Errors
    /// [`ModelError::File`] for a frozen model.
    pub fn student_files(
        &self,
        classes: &[String],
        prompt: &Prompt,
        columns: Option<TextColumns>,
    ) -> Result<StudentFiles, ModelError> {
        let StudentFiles(files) = self.as_files(classes)?;
        if classes.is_empty() {
            // It tells tokens: no class is asked for, and a file that names none is refused by whoever reads it.
            return Ok(StudentFiles(files));
        }
        let head = if self.top == HeadKind::Vocabulary { Head::LabelWords } else { Head::Classifier };
        let usage = InferenceSpec::new(head, self.max_tokens, classes, prompt).of_columns(columns);
        let text = usage.to_text().map_err(|e| ModelError::Write { reason: e.said(), path: FILE.into() })?;
        Ok(StudentFiles([(FILE, text.into_bytes())].into_iter().chain(files).collect()))
    }

    /// As [`Self::save`], and beside it how the model is asked about a text.
    ///
    /// # Errors
    /// [`ModelError::Write`].
    pub fn save_student(&self, folder: &Path, classes: &[String], prompt: &Prompt) -> Result<(), ModelError> {
        self.student_files(classes, prompt, None)?.write(folder)
    }

    fn config_with(&self, classes: &[String]) -> String {
        let mut config = self.config.clone();
        config.set("architectures", json!([(self.architecture.class)(&self.top)]));
        config.set("dtype", json!("float32"));
        if matches!(self.top, HeadKind::Classes(_)) {
            let forth: serde_json::Map<_, _> =
                classes.iter().enumerate().map(|(i, c)| (i.to_string(), json!(c))).collect();
            let back: serde_json::Map<_, _> = classes.iter().enumerate().map(|(i, c)| (c.clone(), json!(i))).collect();
            config.set("id2label", Value::Object(forth));
            config.set("label2id", Value::Object(back));
            if self.architecture.causal() {
                config.set("pad_token_id", json!(self.padding()));
            }
        }
        // What is saved is neither quantised nor tied where a head of its own has learned.
        config.remove("quantization_config");
        let heads = &self.architecture.heads;
        if !heads.tied_means_scaled && self.weights.variables().contains_key(heads.vocabulary) && heads.is_tied(&config)
        {
            config.set("tie_word_embeddings", json!(false));
        }
        config.to_text()
    }

    /// The weights in name order, so that equal weights are equal bytes.
    ///
    /// # Errors
    /// [`ModelError::Tensor`].
    pub fn to_safetensors(&self) -> Result<Vec<u8>, ModelError> {
        let tensors: BTreeMap<&str, Tensor> =
            self.weights.variables().iter().map(|(name, v)| (name.as_str(), v.as_detached_tensor())).collect();
        serialize(&tensors)
    }
}

/// A model as the files of its folder, in the order in which they are written: it can be written again, or
/// elsewhere, whatever becomes of the weights.
#[derive(Default)]
pub struct StudentFiles(Vec<(&'static str, Vec<u8>)>);

impl StudentFiles {
    /// Bytes of the weights of a student that lies in `folder`.
    pub fn weight_bytes_in(folder: &Path) -> Option<u64> {
        std::fs::metadata(folder.join("model.safetensors")).ok().map(|file| file.len())
    }

    /// Notes in what says how the model is asked the temperature that was fitted to its probabilities; nothing where
    /// it tells tokens.
    ///
    /// # Errors
    /// [`ModelError`] if that cannot be read back.
    pub fn note_temperature(&mut self, temperature: f64) -> Result<(), ModelError> {
        let Some((_, bytes)) = self.0.iter_mut().find(|(name, _)| *name == FILE) else { return Ok(()) };
        let usage = InferenceSpec::parse(&String::from_utf8_lossy(bytes), Path::new(FILE))?.at_temperature(temperature);
        *bytes = usage.to_text().map_err(|e| ModelError::Write { reason: e.said(), path: FILE.into() })?.into_bytes();
        Ok(())
    }

    /// Writes what says how the model is asked anew into `folder`, where the others lie.
    ///
    /// # Errors
    /// [`ModelError::Write`].
    pub fn write_usage(&self, folder: &Path) -> Result<(), ModelError> {
        self.0.iter().filter(|(name, _)| *name == FILE).try_for_each(|(name, bytes)| write_file(folder, name, bytes))
    }

    /// Writes them into `folder`, each whole or not at all. Of a folder that was not there nothing is left
    /// where they cannot all be written.
    ///
    /// # Errors
    /// [`ModelError::Write`].
    pub fn write(&self, folder: &Path) -> Result<(), ModelError> {
        let new = !folder.exists();
        let written = self.0.iter().try_for_each(|(name, bytes)| write_file(folder, name, bytes));
        written.inspect_err(|_| {
            if new {
                // What cannot be removed is half a student, which its first file says is ours.
                self.0.iter().for_each(|(name, _)| drop(std::fs::remove_file(folder.join(name))));
                let _ = std::fs::remove_dir(folder);
            }
        })
    }

    /// Room they take, bytes.
    pub fn bytes(&self) -> u64 {
        self.0.iter().map(|(_, bytes)| bytes.len() as u64).sum()
    }
}

fn write_file(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), ModelError> {
    let path = folder.join(name);
    write_atomically(&path, bytes).map_err(|e| ModelError::Write { reason: e.said(), path })
}

/// Tensors as safetensors bytes with Hugging Face's usual metadata.
///
/// # Errors
/// [`ModelError::Tensor`].
pub fn serialize(tensors: &BTreeMap<&str, Tensor>) -> Result<Vec<u8>, ModelError> {
    let metadata = std::collections::HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let bytes = safetensors::serialize(tensors.iter().map(|(name, tensor)| (*name, tensor)), Some(metadata));
    bytes.map_err(|e| ModelError::Tensor(candle_core::Error::from(e)))
}
