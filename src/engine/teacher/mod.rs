//! The teacher: soft targets for an example, computed once and kept.

pub mod cache;
pub mod local;

use std::sync::Arc;

use crate::engine::model::ModelError;
use crate::engine::prompt::PromptError;
pub use cache::TargetCache;
pub use local::LocalTeacher;

/// Why the teacher cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum TeacherError {
    /// The prompt does not work with it.
    #[error("the teacher's prompt: {0}")]
    Prompt(#[from] PromptError),
    /// The model failed.
    #[error("the teacher: {0}")]
    Model(#[from] ModelError),
}

/// Class log-probabilities for texts, in the order asked. One text's answer never depends on the
/// others, so a kept answer is the same number whenever it was made.
pub trait Teacher: Send {
    /// The answers, `[texts][classes]`.
    ///
    /// # Errors
    /// [`TeacherError`].
    fn answer(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, TeacherError>;

    /// Identifies everything an answer depends on besides the text.
    fn fingerprint(&self) -> [u8; 32];
}

/// A teacher with a memory: each text is asked once, in this run and in every later one.
pub struct Targets {
    teacher: Box<dyn Teacher>,
    cache: TargetCache,
}

impl Targets {
    /// A teacher and where its answers are kept.
    pub fn new(teacher: Box<dyn Teacher>, cache: TargetCache) -> Self {
        Self { teacher, cache }
    }

    /// Answers for `texts`, from memory where possible.
    ///
    /// # Errors
    /// [`TeacherError`].
    pub fn answer(&mut self, texts: &[&str]) -> Result<Vec<Arc<[f32]>>, TeacherError> {
        let mut unknown: Vec<&str> = texts.iter().copied().filter(|text| self.cache.get(text).is_none()).collect();
        unknown.sort_unstable();
        unknown.dedup();
        let answers = self.teacher.answer(&unknown)?;
        unknown.iter().zip(answers).for_each(|(text, answer)| self.cache.put(text, answer));
        Ok(texts.iter().map(|text| self.cache.get(text).unwrap_or_default()).collect())
    }

    /// What went wrong with keeping answers on disk, said once.
    pub fn take_warning(&mut self) -> Option<String> {
        self.cache.take_warning()
    }
}
