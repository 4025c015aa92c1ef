//! A teacher that runs in this process: a causal model asked through the prompt's first template.

use std::sync::Arc;

use super::{Teacher, TeacherError};
use crate::engine::model::Model;
use crate::engine::prompt::Template;
use crate::engine::task::{self, Task};
use crate::session::{Chat, Prompt};

/// A local model and how it is asked.
pub struct LocalTeacher {
    model: Arc<Model>,
    task: Box<dyn Task>,
    fingerprint: [u8; 32],
}

impl LocalTeacher {
    /// Asks `model` with `prompt` about `classes`.
    ///
    /// # Errors
    /// [`TeacherError`] if the prompt cannot be used with it.
    pub fn new(model: Arc<Model>, prompt: &Prompt, classes: &[String]) -> Result<Self, TeacherError> {
        // Only the first template asks; variants are for training a model to be asked.
        let prompt = Prompt { variants: Vec::new(), ..prompt.clone() };
        let task = task::for_model(&model, &prompt, classes)?;
        let template = Template::parse(&prompt.template)?.for_model(&prompt, &model)?;
        if prompt.chat == Chat::On && !template.is_chat() {
            return Err(TeacherError::NoChat);
        }
        let fingerprint = fingerprint(&model, &prompt, &template, classes)?;
        Ok(Self { model, task, fingerprint })
    }
}

fn fingerprint(
    model: &Model,
    prompt: &Prompt,
    template: &Template,
    classes: &[String],
) -> Result<[u8; 32], TeacherError> {
    let mut hash = blake3::Hasher::new();
    hash.update(b"retort soft targets 4").update(&model.files.content_hash()?);
    let words: Vec<&str> = classes.iter().map(|class| prompt.word_for(class)).collect();
    let rest = (&prompt.template, words, prompt.scoring, model.max_tokens, format!("{:?}", model.top));
    hash.update(format!("{rest:?}").as_bytes());
    // Only then, so that answers from before there were chats stay known.
    if template.is_chat() {
        hash.update(format!("{template:?}").as_bytes());
    }
    if let Some(half) = model.weights.half() {
        hash.update(half.as_bytes());
    }
    Ok(*hash.finalize().as_bytes())
}

impl Teacher for LocalTeacher {
    fn answer(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, TeacherError> {
        let prepare = |text: &&str| self.task.prepare(&self.model, text, 0);
        let prepared = texts.iter().map(prepare).collect::<Result<Vec<_>, _>>()?;
        let examples: Vec<_> = prepared.iter().collect();
        Ok(task::log_probabilities(&self.model, self.task.as_ref(), &examples)?)
    }

    fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }
}
