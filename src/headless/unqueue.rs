//! `retort unqueue`: runs that have not begun are taken out of the queue.

use std::path::Path;

use super::output::tell;
use super::{CommandError, UnqueueArguments};
use crate::session::run_folder::{default_workspace, queued};
use crate::session::workspace::withdraw;

/// Takes runs out of the queue; the others have their turn also where one is refused.
///
/// # Errors
/// [`CommandError`]: the last refusal, behind those that were told.
pub fn unqueue(arguments: &UnqueueArguments) -> Result<String, CommandError> {
    let workspace = arguments.workspace.clone().unwrap_or_else(default_workspace);
    let mut refused = None;
    let mut taken = 0;
    for run in &arguments.runs {
        match withdraw(&place(run, &workspace)) {
            Ok(()) => taken += 1,
            Err(words) => refused.replace(words).into_iter().for_each(|words| tell(format!("error: {words}"))),
        }
    }
    let words = format!("{taken} of {} runs taken out of the queue", arguments.runs.len());
    match refused {
        Some(last) => {
            tell(words);
            Err(CommandError::input(last))
        }
        None => Ok(words),
    }
}

/// A run by its folder, or by its name in the workspace.
fn place(run: &Path, workspace: &Path) -> std::path::PathBuf {
    let within = workspace.join(run);
    if queued(run).is_none() && within.exists() { within } else { run.to_owned() }
}
