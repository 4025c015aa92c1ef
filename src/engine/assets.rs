//! What the runs of a session share and none of them changes: the data and the teacher. A run owns the rest: its
//! student, its optimiser, its pruner, the order of its batches.

use std::sync::Arc;

use candle_core::Device;

use super::data::{self, Dataset, Goal};
use super::inputs::{self, Stamps};
use super::model::{self, Classes, HeadKind, Model};
use super::{EngineError, device, hub};
use crate::session::{Data, ModelChoice, Sentence, Session, Source, say};

/// Data and teacher, open.
#[derive(Clone)]
pub struct Assets {
    /// The examples.
    pub data: Arc<Dataset>,
    /// The teacher, if there is one in this process.
    pub teacher: Option<Arc<Model>>,
    /// Where the tensors are.
    pub device: Device,
    /// What was opened.
    of: Opening,
}

/// What decides what is opened: where it is the same, it is taken over instead of being read again.
#[derive(Clone, PartialEq)]
struct Opening {
    device: crate::session::Device,
    data: Data,
    /// What is learned of them.
    goal: Goal,
    /// The columns that templates name.
    columns: Vec<String>,
    /// The run's, which draws who keeps a label.
    seed: u64,
    teacher: Option<ModelChoice>,
    /// Length and time of what was read: the data, and the teacher.
    stamps: (Stamps, Stamps),
}

impl Assets {
    /// Opens data and teacher of `session`, whose models of the Hub are pinned and in the cache. What `before` holds
    /// of them already is taken over.
    ///
    /// # Errors
    /// [`EngineError`] naming the file, the reason and the next step.
    pub fn open(session: &Session, before: Option<&Self>) -> Result<Self, EngineError> {
        let of = Opening {
            device: session.recipe.device,
            data: session.data.clone(),
            goal: session.recipe.task.into(),
            columns: session.prompt.columns(),
            seed: session.recipe.seed,
            teacher: session.teacher().cloned(),
            stamps: inputs::stamps(session),
        };
        // A card that is opened anew is another device to the tensor library: nothing could be taken over.
        let there = before.filter(|before| before.of.device == of.device);
        let device = there.map_or_else(|| device::open(of.device), |before| Ok(before.device.clone()))?;
        let data = match before.filter(|before| before.of.has_data_of(&of)) {
            Some(before) => Arc::clone(&before.data),
            None => Arc::new(data::open_with(&of.data, &of.columns, of.seed, of.goal)?),
        };
        let teacher = match &of.teacher {
            Some(choice) if !is_server(choice) => {
                let same = before.filter(|b| b.of.has_teacher_of(&of) && b.data.classes == data.classes);
                let same = same.filter(|b| b.device.same_device(&device)).and_then(|b| b.teacher.clone());
                Some(same.map_or_else(|| open_teacher(choice, &data.classes, &device).map(Arc::new), Ok)?)
            }
            _ => None,
        };
        Ok(Self { data, teacher, device, of })
    }

    /// The same over other examples.
    #[must_use]
    pub fn with_data(self, data: Dataset) -> Self {
        Self { data: Arc::new(data), ..self }
    }
}

impl Opening {
    fn has_data_of(&self, other: &Self) -> bool {
        (&self.data, self.goal, &self.columns, self.seed, &self.stamps.0)
            == (&other.data, other.goal, &other.columns, other.seed, &other.stamps.0)
    }

    fn has_teacher_of(&self, other: &Self) -> bool {
        (&self.teacher, &self.stamps.1) == (&other.teacher, &other.stamps.1)
    }
}

fn is_server(choice: &ModelChoice) -> bool {
    matches!(choice.source, Source::Server { .. })
}

fn open_teacher(choice: &ModelChoice, classes: &[String], device: &Device) -> Result<Model, EngineError> {
    let mut model = model::open_for(choice, hub::files(choice)?, Classes::Teaching(classes), 0, device)?;
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
