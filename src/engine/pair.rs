//! What a session names, opened: teacher, student and data, ready to be asked and trained.

use std::sync::{Arc, OnceLock};

use super::EngineError;
use super::assets::Assets;
use super::data::{Example, Target};
use super::hub;
use super::layer_rates::LayerRates;
use super::loss::needs_teacher;
use super::model::Model;
use super::prompt::PromptError;
use super::shared_vocabulary;
use super::student_init;
use super::task::Task;
use super::teacher::cached_teacher::Asked;
use super::teacher::{CachedTeacher, Keep, LocalTeacher, Metered, RowTeacher, TeacherError};
use super::text_lengths;
use crate::link::{Missing, ModelCard, Opened, TextPlace};
use crate::session::{Head, ModelChoice, Prompt, Sentence, Session, say};

/// Number of training examples shown to the person.
const SAMPLES: usize = 8;

/// An open pair and its data.
pub struct Pair {
    /// The session it was opened for.
    pub session: Session,
    /// What it shares with other runs of the session.
    pub assets: Assets,
    /// The student as it starts.
    pub student: Model,
    /// Whether the teacher's rows over the vocabulary are the student's, once somebody has asked.
    pub has_rows: OnceLock<bool>,
}

impl Pair {
    /// Opens what `session` names; models of the Hub must be in the cache ([`missing`]). What `before` already
    /// holds of its assets is taken over instead of being read again.
    ///
    /// # Errors
    /// [`EngineError`] naming the file, the reason and the next step.
    pub fn open(session: &Session, before: Option<&Pair>) -> Result<Self, EngineError> {
        let session = hub::pinned(session);
        let asked = over_tokens(&session);
        let assets = Assets::open(&asked, before.map(|before| &before.assets))?;
        Self::with_assets(session, &asked, assets)
    }

    /// Opens the student and the data of `session`; the teacher is left on the disk, even where the student begins with
    /// its layers.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_student(session: &Session) -> Result<Self, EngineError> {
        let session = hub::pinned(session);
        let asked = over_tokens(&session);
        let assets = Assets::open(&Session { teachers: Vec::new(), ..asked.clone() }, None)?;
        Self::with_assets(session, &asked, assets)
    }

    fn with_assets(session: Session, asked: &Session, assets: Assets) -> Result<Self, EngineError> {
        let mut student = student_init::student(asked, &assets.data, &assets.device)?;
        // Groups that do not fit are refused where a run begins: a student can be looked at without them.
        let rates = LayerRates::of(&session.recipe.groups, &student).ok();
        student.card.trainable = rates.and_then(|rates| rates.trainable());
        Ok(Self { session, assets, student, has_rows: OnceLock::new() })
    }

    /// The task by which `model` is trained or asked with `prompt`.
    ///
    /// # Errors
    /// [`PromptError`] if it cannot be.
    pub fn task(&self, model: &Model, prompt: &Prompt) -> Result<Box<dyn Task>, PromptError> {
        self.assets.data.asked(self.session.recipe.task, model, prompt, self.outcomes())
    }

    /// Outcomes of a row of a task over tokens: the vocabulary, and where a teacher has another number of rows those
    /// that both have.
    pub fn outcomes(&self) -> usize {
        let student = self.student.card.vocabulary;
        self.assets.teacher.as_ref().map_or(student, |teacher| student.min(teacher.card.vocabulary))
    }

    /// The teacher of a task over tokens; `None` where no loss learns from it or the task is another.
    pub fn row_teacher(&self) -> Option<RowTeacher> {
        let recipe = &self.session.recipe;
        let model = self.assets.teacher.as_ref().filter(|_| !recipe.task.is_classes())?;
        let folder = super::cache_folder::folder();
        let keep = folder.as_deref().map(|folder| Keep { folder, free: hub::room::free(folder) });
        Some(RowTeacher::new(Arc::clone(model), self.outcomes(), recipe.task, recipe.teacher_rows, keep))
    }

    /// The teacher with its memory, asked by the session's prompt; `None` too where no loss learns from
    /// it and its answers would be paid for nothing, or mean nothing.
    ///
    /// # Errors
    /// [`EngineError`] if the prompt cannot be used with the teacher.
    pub fn cached_teacher(&self, session: &Session) -> Result<Option<CachedTeacher>, EngineError> {
        let (prompt, data) = (&session.prompt.for_teacher(), &self.assets.data);
        let (classes, layout) = (&data.classes, &data.layout);
        if !session.recipe.task.is_classes() {
            return Ok(None);
        }
        let teacher: Asked = match (&self.assets.teacher, self.session.teacher()) {
            (Some(_), _) if self.check_teacher().is_err() && !needs_teacher(&session.recipe) => return Ok(None),
            (Some(model), _) => LocalTeacher::new(Arc::clone(model), prompt, classes, layout)?.into(),
            (None, Some(_)) if !needs_teacher(&session.recipe) => return Ok(None),
            (None, Some(choice)) => Metered::new(choice, prompt, classes, layout)?.into(),
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
        if !needs_teacher(&self.session.recipe) {
            return Ok(());
        }
        self.check_teacher()?;
        Ok(self.check_rows()?)
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
        let Some((model, choice)) = self.assets.teacher.as_ref().zip(self.session.teacher()) else {
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

    /// Refuses a teacher whose rows over the vocabulary are not the student's.
    ///
    /// # Errors
    /// [`TeacherError::Unfit`].
    pub fn check_rows(&self) -> Result<(), TeacherError> {
        let asked = needs_teacher(&self.session.recipe) && !self.session.recipe.task.is_classes();
        let Some(choice) = self.session.teacher().filter(|_| asked) else { return Ok(()) };
        let reason = match &self.assets.teacher {
            Some(_) if self.asks_otherwise() => Some(say!(
                "over tokens it reads what the student reads, and the session asks it otherwise (prompt.student, or the role teacher_prompt); leave that out"
            )),
            Some(teacher) => {
                let texts = &self.assets.data.train;
                shared_vocabulary::problem(teacher, &self.student, self.outcomes(), texts)?
            }
            None => Some(say!(
                "it is behind a server, which gives a few likeliest tokens at best; choose a model on this machine, or the task Classes"
            )),
        };
        let unfit = |reason| TeacherError::Unfit { title: choice.source.title(), reason, path: choice.source.place() };
        reason.map_or(Ok(()), |reason| Err(unfit(reason)))
    }

    /// The teacher, where its rows over the vocabulary can be laid beside the student's, whether or not a loss learns
    /// from them.
    pub fn comparable_teacher(&self) -> Option<&Model> {
        let teacher = self.assets.teacher.as_deref()?;
        let compares = || {
            let texts = &self.assets.data.train;
            let problem = shared_vocabulary::problem(teacher, &self.student, self.outcomes(), texts);
            !self.asks_otherwise() && matches!(problem, Ok(None))
        };
        self.has_rows.get_or_init(compares).then_some(teacher)
    }

    /// Whether teacher and student are to read different prompts before a completion.
    fn asks_otherwise(&self) -> bool {
        let data = &self.assets.data;
        let completes = data.train.iter().any(|example| matches!(example.target, Target::Text(_)));
        let own = data.layout.names.iter().any(|name| name == "teacher_prompt");
        completes && (own || self.session.prompt.student.is_some())
    }

    /// The teacher in figures; of one behind a server only its name is known.
    pub fn teacher_card(&self) -> Option<ModelCard> {
        let far = || {
            let title = self.session.teacher()?.source.title();
            Some(ModelCard { title, architecture: "server".to_owned(), ..ModelCard::default() })
        };
        self.assets.teacher.as_ref().map(|model| model.card.clone()).or_else(far)
    }

    /// What the window needs to know of it.
    pub fn opened(&self) -> Opened {
        Opened {
            teacher: self.teacher_card(),
            student: self.student.card.clone(),
            classes: self.assets.data.classes.clone(),
            parts: self.assets.data.counts(),
            notes: self.assets.data.notes.clone(),
            samples: self.samples().map(|example| (self.shown(example), example.class())).collect(),
            class_counts: self.assets.data.class_counts(),
            lengths: text_lengths::of(&self.assets.data, self.assets.teacher.as_deref(), &self.student),
            duplicates: self.assets.data.duplicates(),
            models: Some(Box::new(self.session.models())),
            data: Some(Box::new(self.session.data.clone())),
            groups: self.session.recipe.groups.clone(),
        }
    }
}

/// The session with heads over the vocabulary where its task needs them.
fn over_tokens(session: &Session) -> Session {
    let mut session = session.clone();
    if !session.recipe.task.is_classes() {
        session.student.head = Head::LabelWords;
        session.teachers.iter_mut().for_each(|teacher| teacher.head = Head::LabelWords);
    }
    session
}

impl Pair {
    /// The training examples that are shown.
    fn samples(&self) -> impl Iterator<Item = &Example> {
        let spread = (self.assets.data.train.len() / SAMPLES).max(1);
        self.assets.data.train.iter().step_by(spread).take(SAMPLES)
    }

    /// The example whose text a table shows as `cut`; `None` where another one stands there, because the table
    /// is of other data.
    pub fn whole(&self, place: TextPlace, cut: &str) -> Option<Example> {
        let example = match place {
            TextPlace::Test(row) => self.assets.data.test.get(row),
            TextPlace::Sample(number) => self.samples().nth(number),
        };
        example.filter(|example| self.shown(example) == cut).cloned()
    }

    fn shown(&self, example: &Example) -> String {
        shown(&self.assets.data.readable(example))
    }
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
