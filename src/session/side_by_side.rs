//! What is compared under the lens beside teacher and student: other states of the student and other runs' students, and
//! pinned texts whose answers are watched while a run goes on.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Most columns beside teacher and student.
pub const MOST_COLUMNS: usize = 4;
/// Most pinned texts: each is answered again and again while a run goes on.
pub const MOST_PINNED: usize = 50;

/// A text that is watched; one of which nothing is expected may be written alone, without the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PinnedProbe {
    /// The text.
    pub text: String,
    /// The right class; of a task over tokens what should come next. Without one it is only told whether the answer has
    /// changed.
    #[serde(default)]
    pub expected: Option<String>,
}

/// A student as it is or was, in a column of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum StudentSnapshot {
    /// The session's student before any step, made anew from session and seed.
    BeforeTraining,
    /// The one of the session's run behind so many steps, from its checkpoint.
    Checkpoint(u64),
    /// The one that the run in a folder has left: the saved one, else that of its best or last checkpoint.
    Run(PathBuf),
}

impl StudentSnapshot {
    /// The folder that it names itself.
    pub fn folder_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::Run(folder) => Some(folder),
            Self::BeforeTraining | Self::Checkpoint(_) => None,
        }
    }
}
