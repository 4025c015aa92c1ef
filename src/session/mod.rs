//! WHAT IS ASKED: everything one run needs, as plain data a person could type.
//!
//! A [`Session`] is the whole experiment: the pair, the data, the prompt, the recipe, the knobs at
//! step 0 and the changes made to them later (the script). Running a session in the window and
//! running it with `retort run` is the same thing. No tensors, threads, history or widget state here.
//!
//! *Why there are no `stages` yet (2026-11).* Nothing would read them: a field that is only stored promises what no
//! run keeps. They come with what reads them; the version rises with every change of shape, so an older program then
//! says that the file is newer, and not that a field is unknown.

mod assigned_field;
mod assignment;
pub mod atomic;
pub mod bounds;
pub mod data;
pub mod device;
pub mod file;
mod from_tree;
pub mod inference_spec;
mod into_tree;
pub mod key;
pub mod knob;
pub mod layer_group;
mod migration;
pub mod models;
pub mod near;
pub mod old_checkpoints;
pub mod origin;
pub mod paths;
pub mod prompt;
mod prompts;
pub mod recipe;
mod refusal;
mod renamed;
mod ron_tree;
pub mod run_folder;
pub mod run_hold;
pub(crate) mod say;
pub mod sentence;
pub mod settings;
pub mod side_by_side;
pub mod source;
pub mod student_init;
pub mod task_kind;
pub mod teacher_rows;
mod to_version_3;
mod to_version_4;
mod tree_edit;
pub mod view;
pub mod workspace;
pub mod written_sentence;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use data::{
    ClassNames, ClassWeights, Column, Data, DataSource, FilePart, Files, Format, Labels, Limits, Role, Roles,
    SeveralLabels, Strip,
};
pub use device::Device;
pub use file::SessionError;
pub use inference_spec::{InferenceSpec, UsageError};
pub use key::{Grant, KeyPlace};
pub use knob::{Catalog, Knob, Knobs, Scale};
pub use layer_group::{LayerGroup, ModelPart};
pub use models::{Head, ModelChoice, Models, Precision};
pub use origin::{OriginError, ServerOrigin};
pub use prompt::{Chat, Prompt, Scoring};
pub use prompts::{Prompts, Wording};
pub use recipe::{Extension, Keep, Metric, OptimizerKind, Recipe, ScheduleKind};
pub use say::Say;
pub(crate) use say::{say, spoken};
pub use sentence::{Argument, Sentence};
pub use side_by_side::{PinnedProbe, StudentSnapshot};
pub use source::{MAIN, ServerMode, Source};
pub use student_init::{Init, LayerMap, Vocabulary};
pub use task_kind::TaskKind;
pub use teacher_rows::TeacherRows;
pub(crate) use to_version_4::recorded as recorded_data;
pub use view::View;

/// The newest session format this program writes; older ones are migrated when opened.
pub const SESSION_VERSION: u32 = 6;

/// One experiment, as saved in a `.ron` file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct Session {
    /// Format of the file; those of older formats are read, too.
    pub version: u32,
    /// Shown in the title bar; free text. A file that names none is called by its own name.
    #[serde(default)]
    pub name: String,
    /// Which texts, which classes, which split.
    pub data: Data,
    /// The prompted models whose probabilities are learned: one, or none to train on labels alone.
    #[serde(default)]
    pub teachers: Vec<ModelChoice>,
    /// The model that is trained.
    pub student: ModelChoice,
    /// How a text becomes a question, and which words answer it.
    pub prompt: Prompts,
    /// Terms of the loss, optimiser, schedule, length and seed.
    pub recipe: Recipe,
    /// Knob id to value at step 0; a knob that is missing has its default.
    #[serde(default)]
    pub knobs: BTreeMap<String, f64>,
    /// Knob changes of the run, in step order: written by hand or recorded from the sliders.
    #[serde(default)]
    pub script: Vec<Change>,
    /// Pinned texts whose predictions are watched.
    #[serde(default)]
    pub probes: Vec<PinnedProbe>,
    /// Folder of the run this session has made, so that reopening it shows the curves again.
    #[serde(default)]
    pub run: Option<PathBuf>,
    /// What the window shows; a headless run ignores it.
    #[serde(default)]
    pub view: View,
}

/// One knob set to a value from the given step on (the step itself already uses it).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Optimiser step, counted from 0.
    pub step: u64,
    /// Knob id, `owner.name`.
    pub knob: String,
    /// New value in the knob's unit.
    pub value: f64,
}

/// The built-in experiment, the one the window opens on its first start.
pub const BUILT_IN: &str = include_str!("../../assets/sessions/built-in.ron");

impl Session {
    /// The built-in experiment.
    ///
    /// # Errors
    /// Only if the program was built with a damaged session asset; a test opens it.
    pub fn built_in() -> Result<Self, SessionError> {
        file::parse(BUILT_IN, std::path::Path::new("built-in.ron"))
    }

    /// The knob values at step 0: every knob of `catalog`, the session's value or the default.
    pub fn start_knobs(&self, catalog: &Catalog) -> Knobs {
        let mut knobs = Knobs::defaults(catalog);
        for (id, value) in &self.knobs {
            knobs.values.insert(id.clone(), *value);
        }
        knobs
    }

    /// Whether its models read a prompt: classes are asked for by one, and a completion stands behind one. Running text
    /// and conversations are read as they are.
    pub fn reads_prompt(&self) -> bool {
        let completes = || {
            self.data
                .source
                .files()
                .is_some_and(|files| files.roles.completion.is_some() && files.roles.messages.is_none())
        };
        match self.recipe.task {
            TaskKind::Classes => true,
            TaskKind::NextToken { .. } => completes(),
            TaskKind::MaskedToken { .. } => false,
        }
    }

    /// What knobs and script ask of `catalog` in vain, or `None`: a knob that does not exist, a value out of
    /// range, a change of one that is read at the start only.
    pub fn knob_problem(&self, catalog: &Catalog) -> Option<Sentence> {
        let problem = |id: &str, value: f64| match catalog.knob(id) {
            Some(knob) => knob.problem(value),
            None => Some(catalog.unknown_knob(id)),
        };
        let scripted = |change: &Change| {
            let Change { step, knob, value } = change;
            let fixed = || {
                let fixed = catalog.knob(knob).is_some_and(|knob| !knob.live);
                fixed.then(|| {
                    say!("{knob} is read at the start only; set it under knobs and leave it out of the script", knob)
                })
            };
            let reason = problem(knob, *value).or_else(fixed)?;
            Some(say!("the script's change at step {step}: {reason}", step, reason))
        };
        let at_start = self.knobs.iter().find_map(|(id, value)| problem(id, *value));
        at_start.or_else(|| self.script.iter().find_map(scripted))
    }

    /// Sets `knob` at step 0.
    pub fn set_knob(&mut self, knob: &str, value: f64) {
        self.knobs.insert(knob.to_owned(), value);
    }
}
