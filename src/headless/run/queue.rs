//! `retort run A.ron B.ron`, `--seeds N`, `--queue`: runs one after the other. Each is put into the workspace's queue
//! first, so that what an interrupted command has left waits there for the next one, or for the window.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::super::interrupt::Interrupt;
use super::super::output::{print, tell};
use super::super::{CommandError, INPUT, RunArguments, consent, runs};
use super::live_events::LiveEvents;
use super::{Ended, asked, execute, shell_word, way_on, workspace_of, writable_names};
use crate::engine;
use crate::link::{Order, Outcome, RunId, STOPPED};
use crate::record::run_table::RunRow;
use crate::session::run_folder::{SESSION, has_journal, held_elsewhere};
use crate::session::workspace::{enqueue, failed_to_begin, waiting};
use crate::session::{Session, file};

/// A run of the queue, and how it ended.
struct Done {
    folder: PathBuf,
    ended: Result<Outcome, CommandError>,
}

/// Runs the sessions that are named, each with its seeds, and with `--queue` whatever else waits.
///
/// # Errors
/// [`CommandError`] of a session that makes no sense, before anything runs; else that of the first run that failed,
/// once all have had their turn.
pub fn run(arguments: &RunArguments) -> Result<String, CommandError> {
    let workspace = workspace_of(arguments);
    let interrupt = Interrupt::listen().map_err(CommandError::run)?;
    let own = ask_for(arguments, &workspace)?;
    let (mut done, mut tried): (Vec<Done>, Vec<PathBuf>) = Default::default();
    while let Some(folder) = next(arguments, &workspace, &own, &tried) {
        tried.push(folder.clone());
        let ended = one(arguments, &folder, &interrupt);
        match &ended {
            Ok(None) => tell(format!("not begun here, another process has it: {}", folder.display())),
            Ok(Some(outcome)) => {
                tell(format!("{} after {} steps: {}", outcome.reason, outcome.steps, folder.display()))
            }
            Err(e) => tell(format!("error: {e}: {}", folder.display())),
        }
        let code = interrupt.code();
        if let Some(ended) = ended.transpose() {
            done.push(Done { folder, ended });
        }
        if let Some(code) = code {
            let printed = if done.is_empty() { Ok(()) } else { print(&told(arguments, &done)) };
            return printed.and(Err(interrupted(code, &workspace, &done)));
        }
    }
    let result = told(arguments, &done);
    match done.into_iter().find_map(|done| done.ended.err()) {
        None => Ok(result),
        Some(error) => print(&result).and(Err(CommandError::quiet(error.code))),
    }
}

/// Puts the runs of the named sessions into the queue; all are looked at before the first is.
fn ask_for(arguments: &RunArguments, workspace: &Path) -> Result<Vec<PathBuf>, CommandError> {
    let mut sessions: Vec<Session> = Vec::new();
    let named: Vec<Option<&Path>> = match arguments.sessions.as_slice() {
        [] if arguments.queue && arguments.seeds.is_none() => Vec::new(),
        [] => vec![None],
        paths => paths.iter().map(|path| Some(path.as_path())).collect(),
    };
    for path in named {
        let session = asked(arguments, path)?;
        consent::ensure_local(&session, &arguments.consent)?;
        for more in 0..arguments.seeds.unwrap_or(1) {
            let mut session = session.clone();
            session.recipe.seed = session.recipe.seed.checked_add(more).ok_or_else(|| {
                CommandError::input("recipe.seed and the seeds behind it are too large; choose a smaller one")
            })?;
            // As a run fills them in, so that one that waits stands in the group of those that ran.
            session.knobs = session.start_knobs(&engine::catalog()).values;
            writable_names(&mut session, workspace)?;
            sessions.push(session);
        }
    }
    sessions.iter().map(|session| enqueue(workspace, session).map_err(CommandError::input)).collect()
}

/// The next run that was not tried yet: of those that were named, or with `--queue` of all that wait.
fn next(arguments: &RunArguments, workspace: &Path, own: &[PathBuf], tried: &[PathBuf]) -> Option<PathBuf> {
    let fits = |folder: &PathBuf| (arguments.queue || own.contains(folder)) && !tried.contains(folder);
    waiting(workspace).into_iter().find(fits)
}

/// One run; `None` where another process has taken it, or a signal came before its first step.
fn one(arguments: &RunArguments, folder: &Path, interrupt: &Interrupt) -> Result<Option<Outcome>, CommandError> {
    let begin = || {
        let session = file::open(&folder.join(SESSION)).map_err(CommandError::input)?;
        consent::ensure_local(&session, &arguments.consent)?;
        tell(format!("running {:?} into {}", session.name, folder.display()));
        Ok(Order::Start { session: Box::new(session), out: folder.to_owned() }.to(RunId::FIRST))
    };
    let ended = begin().and_then(|order| execute(order, folder, interrupt, LiveEvents::new(arguments, folder)?));
    match ended {
        Ok(Ended::BeforeFirstStep(_)) => Ok(None),
        Ok(Ended::Outcome(outcome)) => match &outcome.unwritten {
            Some(reason) => {
                let way_on = way_on(folder);
                Err(CommandError::run(format!("the student could not be written: {reason}; make room, then {way_on}")))
            }
            None => Ok(Some(*outcome)),
        },
        // Another process was quicker.
        Err(e) if e.code == INPUT && (held_elsewhere(folder).is_some() || has_journal(folder)) => Ok(None),
        Err(e) => {
            // One that did begin is marked by its journal.
            failed_to_begin(folder, &e.message).map_err(CommandError::run)?;
            Err(e)
        }
    }
}

/// What a signal has left to do.
fn interrupted(code: u8, workspace: &Path, done: &[Done]) -> CommandError {
    let stopped = |done: &&Done| done.ended.as_ref().is_ok_and(|outcome| outcome.reason == STOPPED);
    if let Some(last) = done.last().filter(stopped) {
        tell(way_on(&last.folder));
    }
    let count = waiting(workspace).len();
    if count > 0 {
        let workspace = shell_word(workspace);
        tell(format!("{count} more wait; go on with: retort run --queue --workspace {workspace}"));
    }
    CommandError::quiet(code)
}

fn told(arguments: &RunArguments, done: &[Done]) -> String {
    if arguments.json {
        let of = |done: &Done| match &done.ended {
            Ok(outcome) => json!({ "folder": done.folder, "outcome": outcome.in_words() }),
            Err(e) => json!({ "folder": done.folder, "error": e.message }),
        };
        return json!({ "runs": done.iter().map(of).collect::<Vec<Value>>() }).to_string();
    }
    if done.is_empty() {
        return "nothing waits".to_owned();
    }
    let rows: Vec<RunRow> = done.iter().map(|done| RunRow::read(&done.folder)).collect();
    runs::summary(&rows)
}
