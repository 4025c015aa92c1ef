//! What a session names, opened: teacher, student and data, ready to be asked and trained.

use std::sync::Arc;

use candle_core::Device;

use super::EngineError;
use super::data::{self, Dataset};
use super::model::{self, Model};
use super::teacher::{LocalTeacher, TargetCache, Targets, Teacher as _};
use crate::link::Opened;
use crate::session::{ModelChoice, Session};

/// Number of training examples shown to the person.
const SAMPLES: usize = 8;

/// An open pair and its data.
pub struct Pair {
    /// The session it was opened for.
    pub session: Session,
    /// The teacher, if there is one.
    pub teacher: Option<Arc<Model>>,
    /// The student as it starts.
    pub student: Model,
    /// The examples.
    pub data: Arc<Dataset>,
    /// Where the tensors are.
    pub device: Device,
}

impl Pair {
    /// Opens what `session` names. What `before` already holds and a new run may share (teacher
    /// and data, which no run changes) is taken over instead of being read again.
    ///
    /// # Errors
    /// [`EngineError`] naming the file, the reason and the next step.
    pub fn open(session: &Session, before: Option<&Pair>) -> Result<Self, EngineError> {
        let device = Device::Cpu;
        let seed = session.recipe.seed;
        let same_data = |b: &&Pair| b.session.data == session.data && b.session.recipe.seed == seed;
        let data = match before.filter(same_data) {
            Some(before) => Arc::clone(&before.data),
            None => Arc::new(data::open(&session.data, seed)?),
        };
        let classes = data.classes.len();
        let student = model::open(&session.models.student, classes, seed, &device)?;
        let teacher = match &session.models.teacher {
            Some(choice) => Some(open_teacher(choice, classes, before, &device)?),
            None => None,
        };
        Ok(Self { session: session.clone(), teacher, student, data, device })
    }

    /// The teacher with its memory, asked by the session's prompt.
    ///
    /// # Errors
    /// [`EngineError`] if the prompt cannot be used with the teacher.
    pub fn targets(&self, session: &Session) -> Result<Option<Targets>, EngineError> {
        let Some(model) = &self.teacher else { return Ok(None) };
        let teacher = LocalTeacher::new(Arc::clone(model), &session.prompt, &self.data.classes)?;
        let cache = match super::teacher::cache::folder() {
            Some(folder) => TargetCache::open(&folder, &teacher.fingerprint(), self.data.classes.len()),
            None => TargetCache::in_memory(),
        };
        Ok(Some(Targets::new(Box::new(teacher), cache)))
    }

    /// What the window needs to know of it.
    pub fn opened(&self) -> Opened {
        let spread = (self.data.train.len() / SAMPLES).max(1);
        let samples = self.data.train.iter().step_by(spread).take(SAMPLES);
        Opened {
            teacher: self.teacher.as_ref().map(|model| model.card.clone()),
            student: self.student.card.clone(),
            classes: self.data.classes.clone(),
            parts: self.data.counts(),
            notes: self.data.notes.clone(),
            samples: samples.map(|example| (shown(&example.text), example.label)).collect(),
        }
    }
}

fn open_teacher(
    choice: &ModelChoice,
    classes: usize,
    before: Option<&Pair>,
    device: &Device,
) -> Result<Arc<Model>, EngineError> {
    let same = before.filter(|b| b.session.models.teacher.as_ref() == Some(choice) && b.data.classes.len() == classes);
    match same.and_then(|b| b.teacher.clone()) {
        Some(teacher) => Ok(teacher),
        None => Ok(Arc::new(model::open(choice, classes, 0, device)?)),
    }
}

/// A text as a row of a table shows it: at most a few hundred characters.
pub fn shown(text: &str) -> String {
    const MOST: usize = 400;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
