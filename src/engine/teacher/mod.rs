//! The teacher: soft targets for an example, computed once and kept.
//!
//! *Why it is asked by texts and not by batches with needs (2026-11).* What a step needs of a teacher is decided
//! before it is asked: the objective's terms say whether there is anything to ask, and a teacher that none of them
//! needs is neither opened nor paid. What is kept is kept by what is read, text by text, and a server takes one text at
//! a time; a batch would be taken apart again at once. Captures of a pass (hidden states, attention) are the first
//! need that a kept answer cannot meet: they come with the first loss that compares them.

pub mod answer_file;
pub mod cached_teacher;
pub mod cancel;
pub mod costs;
pub mod estimator;
pub mod former;
mod in_use;
pub mod kept;
pub mod kept_answers;
pub mod local;
pub mod metered;
pub mod row_codec;
pub mod row_file;
pub mod row_store;
pub mod row_teacher;
pub mod rows_on_disk;
pub mod server;
pub mod target_cache;
pub mod trial;

use crate::engine::data::Fields;
use crate::engine::model::ModelError;
use crate::engine::prompt::PromptError;
use crate::session::{Say, Sentence, say, spoken};
pub use answer_file::Reading;
pub use cached_teacher::CachedTeacher;
pub use cancel::CancelToken;
pub use costs::{Cost, Costs};
pub use estimator::Estimator;
pub use local::LocalTeacher;
pub use metered::Metered;
pub use row_store::{Keep, RowsKept};
pub use row_teacher::RowTeacher;
pub use server::{Questions, ServerError, ServerTeacher};
pub use target_cache::{Answer, Identity, TargetCache};

/// Why the teacher cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum TeacherError {
    /// The prompt does not work with it.
    Prompt(#[from] PromptError),
    /// The model failed.
    Model(#[from] ModelError),
    /// The session wants a chat with a model that knows none.
    NoChat,
    /// It does not answer for the data's classes, or knows nothing.
    Unfit {
        /// What a person calls it.
        title: String,
        /// Why not, and what to do.
        reason: Sentence,
        /// Where it is.
        path: String,
    },
    /// The server failed.
    Server(#[from] ServerError),
    /// It failed when it was asked ahead, and is not waited for once more.
    Failed(Sentence),
    /// The thread that asks could not be had, or ended without a word.
    Thread(Sentence),
}

impl Say for TeacherError {
    fn said(&self) -> Sentence {
        match self {
            Self::Prompt(reason) => say!("the teacher's prompt: {reason}", reason),
            Self::Model(reason) => say!("the teacher: {reason}", reason),
            Self::NoChat => say!(
                "the session sets the prompt's chat to On, but the teacher is not asked through a chat template: its folder has neither chat_template.jinja nor chat_template in tokenizer_config.json, or it does not answer by label words; put the template there or set chat to Auto or Off"
            ),
            Self::Unfit { title, reason, path } => {
                say!("the teacher {title} cannot teach this data: {reason}: {path}", title, reason, path)
            }
            Self::Server(reason) => say!("the teacher: {reason}", reason),
            Self::Failed(reason) => reason.clone(),
            Self::Thread(reason) => say!(
                "the teacher cannot be asked: {reason}; answers so far are kept, so the next run goes on from there",
                reason
            ),
        }
    }
}

spoken!(TeacherError);

impl TeacherError {
    /// Whether nothing failed: the question was called off.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Server(ServerError::Cancelled))
    }
}

/// Class log-probabilities for texts, in the order asked. One text's answer never depends on the
/// others, so a kept answer is the same number whenever it was made.
pub trait Teacher: Send + Sync {
    /// The answers, `[texts][classes]`.
    ///
    /// # Errors
    /// [`TeacherError`].
    fn predict(&self, texts: &[Fields]) -> Result<Vec<Vec<f32>>, TeacherError>;

    /// Everything an answer depends on besides what is read.
    fn identity(&self) -> &Identity;

    /// The same, hashed.
    fn fingerprint(&self) -> [u8; 32] {
        self.identity().fingerprint
    }

    /// Identifies what the teacher reads for a text: two texts that are cut or trimmed to one input have one
    /// answer.
    ///
    /// # Errors
    /// [`TeacherError`] if the text cannot be rendered.
    fn reading(&self, text: &Fields) -> Result<Reading, TeacherError> {
        Ok(text.key())
    }

    /// The text by which earlier versions kept the answer; `None` where they read it otherwise.
    fn former_text<'a>(&self, text: &'a Fields) -> Option<&'a str> {
        Some(text.whole())
    }

    /// The answer to one text, with what is known of its label words; waits no longer once it is called
    /// off.
    ///
    /// # Errors
    /// [`TeacherError`].
    fn ask(&self, text: &Fields, _cancel: &CancelToken) -> Result<Answer, TeacherError> {
        Ok(Answer::new(self.predict(std::slice::from_ref(text))?.pop().unwrap_or_default()))
    }

    /// How its last answers came about; `None` of a server that was not asked yet.
    fn estimator(&self) -> Option<Estimator> {
        Some(Estimator::WholeWords)
    }

    /// Answers in this way only, because earlier answers did.
    fn keep_to(&self, _estimator: Estimator) {}

    /// What the person should know of the answers so far, said once.
    fn take_warning(&self) -> Option<Sentence> {
        None
    }

    /// Why so many answers that say nothing are a reason to ask no more; `None` where they are not, or none
    /// of them was asked for in this process.
    fn says_nothing(&self, _texts: usize) -> Option<TeacherError> {
        None
    }
}
