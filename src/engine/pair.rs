//! What a session names, opened: teacher, student and data, ready to be asked and trained.

use std::sync::Arc;

use candle_core::Device;

use super::EngineError;
use super::data::{self, Dataset, Example};
use super::device;
use super::hub;
use super::inputs::{self, Stamps};
use super::loss::needs_teacher;
use super::model::{self, Classes, HeadKind, Model};
use super::student_init;
use super::teacher::cached_teacher::Asked;
use super::teacher::{CachedTeacher, LocalTeacher, Metered, TeacherError};
use crate::link::{Missing, ModelCard, Opened, TextPlace};
use crate::session::{ModelChoice, Sentence, Session, Source, say};

/// Number of training examples shown to the person.
const SAMPLES: usize = 8;

/// An open pair and its data.
pub struct Pair {
    /// The session it was opened for.
    pub session: Session,
    /// The teacher, if there is one in this process.
    pub teacher: Option<Arc<Model>>,
    /// The student as it starts.
    pub student: Model,
    /// The examples.
    pub data: Arc<Dataset>,
    /// Where the tensors are.
    pub device: Device,
    /// Length and time of what was read: the data, and the teacher.
    pub(super) stamps: (Stamps, Stamps),
}

impl Pair {
    /// Opens what `session` names; models of the Hub must be in the cache ([`missing`]). What `before` already holds and a new run may share (teacher
    /// and data, which no run changes) is taken over instead of being read again.
    ///
    /// # Errors
    /// [`EngineError`] naming the file, the reason and the next step.
    pub fn open(session: &Session, before: Option<&Pair>) -> Result<Self, EngineError> {
        let session = &hub::pinned(session);
        let stamps = inputs::stamps(session);
        // A card that is opened anew is another device to the tensor library: nothing could be taken over.
        let opened = before.filter(|before| before.session.recipe.device == session.recipe.device);
        let device = opened.map_or_else(|| device::open(session.recipe.device), |before| Ok(before.device.clone()))?;
        let seed = session.recipe.seed;
        let same_data =
            |b: &&Pair| (&b.session.data, b.session.recipe.seed, &b.stamps.0) == (&session.data, seed, &stamps.0);
        let data = match before.filter(same_data) {
            Some(before) => Arc::clone(&before.data),
            None => Arc::new(data::open(&session.data, seed)?),
        };
        let classes = &data.classes;
        let student = student_init::student(session, &data, &device)?;
        let teacher = match session.teacher() {
            Some(choice) if !is_server(choice) => {
                Some(open_teacher(choice, classes, before.filter(|b| b.stamps.1 == stamps.1), &device)?)
            }
            _ => None,
        };
        Ok(Self { session: session.clone(), teacher, student, data, device, stamps })
    }

    /// The teacher with its memory, asked by the session's prompt; `None` too where no loss learns from
    /// it and its answers would be paid for nothing, or mean nothing.
    ///
    /// # Errors
    /// [`EngineError`] if the prompt cannot be used with the teacher.
    pub fn cached_teacher(&self, session: &Session) -> Result<Option<CachedTeacher>, EngineError> {
        let (prompt, classes) = (&session.prompt.for_teacher(), &self.data.classes);
        let teacher: Asked = match (&self.teacher, self.session.teacher()) {
            (Some(_), _) if self.check_teacher().is_err() && !needs_teacher(&session.recipe) => return Ok(None),
            (Some(model), _) => LocalTeacher::new(Arc::clone(model), prompt, classes)?.into(),
            (None, Some(_)) if !needs_teacher(&session.recipe) => return Ok(None),
            (None, Some(choice)) => Metered::new(choice, prompt, classes)?.into(),
            (None, None) => return Ok(None),
        };
        Ok(Some(CachedTeacher::keeping(teacher, super::cache_folder::folder().as_deref(), classes.len())))
    }

    /// Refuses what no run can make sense of: classes of a student that the session maps wrongly, and a
    /// teacher that knows nothing of the data, where a loss learns from it.
    ///
    /// # Errors
    /// [`EngineError::Student`] and [`TeacherError::Unfit`].
    pub fn check(&self) -> Result<(), EngineError> {
        if let Some(reason) = self.student.outputs.trouble.clone() {
            return Err(EngineError::Student { title: self.student.card.title.clone(), reason });
        }
        if needs_teacher(&self.session.recipe) { Ok(self.check_teacher()?) } else { Ok(()) }
    }

    /// Why the teacher is left out although the session names one; `None` where it is not.
    pub fn left_out(&self) -> Option<Sentence> {
        let unfit = self.check_teacher().err().filter(|_| !needs_teacher(&self.session.recipe));
        unfit.map(|reason| say!("{reason}; no loss learns from it, so the run goes on without it", reason))
    }

    /// Refuses a teacher that does not answer for the data's classes, or of which parts were filled at
    /// random. One that was asked to start at random is let through: that was not an accident.
    ///
    /// # Errors
    /// [`TeacherError::Unfit`].
    fn check_teacher(&self) -> Result<(), TeacherError> {
        let Some((model, choice)) = self.teacher.as_ref().zip(self.session.teacher()) else {
            return Ok(());
        };
        match &model.card.trouble {
            Some(reason) if choice.needs_weights() => {
                let (title, path) = (model.card.title.clone(), choice.source.place());
                Err(TeacherError::Unfit { title, reason: reason.clone(), path })
            }
            _ => Ok(()),
        }
    }

    /// The teacher in figures; of one behind a server only its name is known.
    pub fn teacher_card(&self) -> Option<ModelCard> {
        let far = || {
            let title = self.session.teacher()?.source.title();
            Some(ModelCard { title, architecture: "server".to_owned(), ..ModelCard::default() })
        };
        self.teacher.as_ref().map(|model| model.card.clone()).or_else(far)
    }

    /// What the window needs to know of it.
    pub fn opened(&self) -> Opened {
        Opened {
            teacher: self.teacher_card(),
            student: self.student.card.clone(),
            classes: self.data.classes.clone(),
            parts: self.data.counts(),
            notes: self.data.notes.clone(),
            samples: self.samples().map(|example| (shown(example.text()), example.class())).collect(),
            class_counts: self.data.class_counts(),
            models: Some(Box::new(self.session.models())),
            data: Some(Box::new(self.session.data.clone())),
        }
    }
}

impl Pair {
    /// The training examples that are shown.
    fn samples(&self) -> impl Iterator<Item = &Example> {
        let spread = (self.data.train.len() / SAMPLES).max(1);
        self.data.train.iter().step_by(spread).take(SAMPLES)
    }

    /// The whole text that a table shows as `cut`; `None` where another one stands there, because the table
    /// is of other data.
    pub fn whole(&self, place: TextPlace, cut: &str) -> Option<Arc<str>> {
        let example = match place {
            TextPlace::Test(row) => self.data.test.get(row),
            TextPlace::Sample(number) => self.samples().nth(number),
        };
        example.map(|example| example.shared_text()).filter(|text| shown(text) == cut)
    }
}

fn open_teacher(
    choice: &ModelChoice,
    classes: &[String],
    before: Option<&Pair>,
    device: &Device,
) -> Result<Arc<Model>, EngineError> {
    let same = before.filter(|b| b.session.teacher() == Some(choice) && b.data.classes == classes);
    let same = same.filter(|b| b.device.same_device(device));
    match same.and_then(|b| b.teacher.clone()) {
        Some(teacher) => Ok(teacher),
        None => Ok(Arc::new(open_model(choice, classes, 0, device)?)),
    }
}

fn is_server(choice: &ModelChoice) -> bool {
    matches!(choice.source, Source::Server { .. })
}

fn open_model(choice: &ModelChoice, classes: &[String], seed: u64, device: &Device) -> Result<Model, EngineError> {
    let mut model = model::open_for(choice, hub::files(choice)?, Classes::Teaching(classes), seed, device)?;
    model.card.trouble = trouble(choice, &model);
    Ok(model)
}

/// What is wrong with a teacher that is asked to start from random weights.
pub fn noise() -> Sentence {
    say!("it starts from random weights (init: Fresh) and can only teach noise")
}

/// Why a model could only teach noise, and what to do.
fn trouble(choice: &ModelChoice, model: &Model) -> Option<Sentence> {
    if !choice.needs_weights() {
        return Some(Sentence::joined([noise(), say!("set its init to Stored, or train it first")], "; "));
    }
    let random = &model.card.random;
    let next = match model.top {
        HeadKind::Classes(_) => {
            say!("let it answer by label words (head: LabelWords), or train it first and choose what was trained")
        }
        HeadKind::Vocabulary => {
            say!(
                "let it answer by a classifier that was trained, or choose a model whose head over the vocabulary is stored"
            )
        }
    };
    let made_up = || {
        let shown = random.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
        let more =
            if random.len() > 4 { say!(" and {more} more", more = random.len() - 4) } else { Sentence::default() };
        Sentence::joined(
            [
                say!(
                    "these parts of it are not stored and were filled at random, so that it can only teach noise: {shown}{more}",
                    shown,
                    more
                ),
                next,
            ],
            "; ",
        )
    };
    model.outputs.trouble.clone().or_else(|| (!random.is_empty()).then(made_up))
}

/// The models of the Hub that `session` names and the cache lacks, each once. The Hub is not asked.
///
/// # Errors
/// [`EngineError::Hub`].
pub fn missing(session: &Session) -> Result<Vec<Missing>, EngineError> {
    let of = session.student.init.layers_of().cloned().map(ModelChoice::stored);
    let mut lacking: Vec<Missing> = Vec::new();
    for choice in session.choices().chain(&of) {
        if let Some(missing) = hub::missing(choice)?.filter(|missing| !lacking.contains(missing)) {
            lacking.push(missing);
        }
    }
    Ok(lacking)
}

/// What stands for the rest of a text in a table.
pub const CUT: char = '…';

/// A text as a row of a table shows it: at most a few hundred characters.
pub fn shown(text: &str) -> String {
    const MOST: usize = 400;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}{CUT}", &text[..end]),
        None => text.to_owned(),
    }
}
