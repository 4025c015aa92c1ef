//! What is asked of the runs of the workspace, what a person is asked before something goes, and how an errand ended.

use std::path::PathBuf;

use super::column_choice::ColumnChoice;
use crate::session::old_checkpoints::OldCheckpoints;
use crate::session::{Sentence, Session};

/// One thing a person asked for.
#[derive(Clone, Debug)]
pub enum ShelfAction {
    /// Take a run that has not begun out of the queue.
    Withdraw(PathBuf),
    /// Ask whether a run may go to the trash.
    AskTrash(PathBuf),
    /// Move it there.
    Trash(PathBuf),
    /// Ask whether old checkpoints may go.
    AskClear(PathBuf),
    /// Remove them.
    Clear(PathBuf),
    /// Put the session of a run onto the workbench, as a new one.
    UseSettings(PathBuf),
    /// Queue it with the next seed that is free.
    NextSeed(PathBuf),
    /// Queue it with another value of a setting.
    Repeat(PathBuf, Repeat),
    /// Show no longer a run that lies elsewhere.
    ForgetElsewhere(PathBuf),
    /// Put the comparison of the two chosen sides into the model cards of A's students.
    VerdictIntoCards,
    /// Use the window's own workspace again.
    OwnWorkspace,
    /// Show other columns, or in another order.
    Columns(ColumnChoice),
}

/// A run once more, with one setting changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// The setting, by its path.
    pub path: String,
    /// Its value, as in a session's file.
    pub value: String,
    /// How many seeds: the run's and those behind it.
    pub seeds: u64,
}

impl Default for Repeat {
    fn default() -> Self {
        Self { path: String::new(), value: String::new(), seeds: 3 }
    }
}

/// What is asked before something is removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShelfQuestion {
    /// Of which run.
    pub folder: PathBuf,
    /// What would go.
    pub removal: Removal,
}

/// What would go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// The whole folder, of so many bytes, to the trash.
    Run(u64),
    /// Checkpoints, for good.
    Checkpoints(OldCheckpoints),
}

/// How an errand ended.
pub enum ShelfReply {
    /// The run is no longer in its folder.
    Gone(PathBuf, Sentence),
    /// Something is told, and the table is another one.
    Told(Sentence),
    /// A person is to be asked.
    Ask(ShelfQuestion),
    /// A session is to be put on the workbench.
    Session(Box<Session>),
    /// Runs wait.
    Queued,
    /// Another workspace, which is there.
    Workspace(PathBuf),
    /// It was refused.
    Refused(Sentence),
}
