//! The teacher: soft targets for an example, computed once and kept.

pub mod cache;
pub mod costs;
pub mod local;
pub mod server;

use std::sync::Arc;

use crate::engine::model::ModelError;
use crate::engine::prompt::PromptError;
pub use cache::TargetCache;
pub use costs::{Cost, Costs};
pub use local::LocalTeacher;
pub use server::{Questions, ServerError, ServerTeacher};

/// Why the teacher cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum TeacherError {
    /// The prompt does not work with it.
    #[error("the teacher's prompt: {0}")]
    Prompt(#[from] PromptError),
    /// The model failed.
    #[error("the teacher: {0}")]
    Model(#[from] ModelError),
    /// The session wants a chat with a model that knows none.
    #[error(
        "the session sets the prompt's chat to On, but the teacher is not asked through a chat template: its folder has neither chat_template.jinja nor chat_template in tokenizer_config.json, or it does not answer by label words; put the template there or set chat to Auto or Off"
    )]
    NoChat,
    /// The server failed.
    #[error("the teacher: {0}")]
    Server(#[from] ServerError),
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

    /// Texts that are asked before their answers are kept; 1 where an answer is dear.
    fn at_once(&self) -> usize {
        usize::MAX
    }

    /// Tokens that the run has paid for; 0 where answers cost nothing.
    fn paid(&self) -> u64 {
        0
    }

    /// Takes up a run that had paid for so many tokens.
    fn take_up(&self, _paid: u64) {}

    /// What the questions since the last call have cost, where that was counted.
    fn take_costs(&self) -> Vec<Cost> {
        Vec::new()
    }

    /// What the person should know of the answers so far, said once.
    fn take_warning(&self) -> Option<String> {
        None
    }
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
        for few in unknown.chunks(self.teacher.at_once().max(1)) {
            let answers = self.teacher.answer(few)?;
            few.iter().zip(answers).for_each(|(text, answer)| self.cache.put(text, answer));
            self.teacher.take_costs().into_iter().for_each(|cost| self.cache.note(cost));
        }
        Ok(texts.iter().map(|text| self.cache.get(text).unwrap_or_default()).collect())
    }

    /// Puts one question to a teacher that is asked for one text at a time, if it still has to be asked
    /// about one of `texts`: how many different ones are known then, of how many. `None` where all are,
    /// and of a teacher in this process, whose answers come with the step.
    ///
    /// # Errors
    /// [`TeacherError`].
    pub fn ask_one(&mut self, texts: &[&str]) -> Result<Option<(usize, usize)>, TeacherError> {
        let mut texts = texts.to_vec();
        texts.sort_unstable();
        texts.dedup();
        let mut unknown = texts.iter().filter(|text| self.cache.get(text).is_none());
        let Some(next) = unknown.next().filter(|_| self.asks_singly()) else { return Ok(None) };
        let left = unknown.count();
        self.answer(&[next])?;
        Ok(Some((texts.len() - left, texts.len())))
    }

    /// Whether the teacher is asked for one text at a time.
    pub fn asks_singly(&self) -> bool {
        self.teacher.at_once() == 1
    }

    /// Whether the answer for `text` is known without asking.
    pub fn knows(&self, text: &str) -> bool {
        self.cache.get(text).is_some()
    }

    /// Tokens that the run has paid for.
    pub fn paid(&self) -> u64 {
        self.teacher.paid()
    }

    /// Takes up a run that had paid for so many tokens.
    pub fn take_up(&self, paid: u64) {
        self.teacher.take_up(paid);
    }

    /// What went wrong with keeping answers on disk, or what the teacher has to say; each once.
    pub fn take_warning(&mut self) -> Option<String> {
        self.cache.take_warning().or_else(|| self.teacher.take_warning())
    }
}
