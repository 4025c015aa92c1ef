//! `retort key`: keys to servers, in the system's keyring. A key comes from the terminal or from stdin,
//! never from the command line, which every process of the machine can read.

use std::io::{IsTerminal as _, Read as _};

use console::Term;

use super::{CommandError, KeyTask};
use crate::engine::secret;
use crate::link::Secret;
use crate::session::KeyPlace;

/// Longest key that is read, bytes; a file that was piped in by mistake is longer.
const LONGEST: u64 = 64 * 1024;

/// Stores a key or removes it; the result says where it is.
///
/// # Errors
/// [`CommandError`]: a name that is none, a key that is none, and a keyring that is missing, locked or
/// empty are input errors.
pub fn key(task: &KeyTask) -> Result<String, CommandError> {
    let (KeyTask::Set { name } | KeyTask::Remove { name }) = task;
    if let Some(problem) = KeyPlace::Keyring(name.clone()).problem() {
        return Err(CommandError::input(problem));
    }
    match task {
        KeyTask::Set { name } => {
            secret::store(name, &typed(name)?).map_err(CommandError::input)?;
            Ok(format!(
                "the key {name} is in the system's keyring; a session names it as key: Some(\"keyring:{name}\")"
            ))
        }
        KeyTask::Remove { name } => {
            secret::remove(name).map_err(CommandError::input)?;
            Ok(format!("the key {name} is no longer in the system's keyring"))
        }
    }
}

/// The key: typed unseen at a terminal, else read from stdin to its end.
fn typed(name: &str) -> Result<Secret, CommandError> {
    let failed = |e: std::io::Error| CommandError::input(format!("cannot read the key {name}: {e}; pipe it in"));
    if std::io::stdin().is_terminal() {
        let term = Term::stderr();
        if !term.is_term() {
            return Err(CommandError::input(format!(
                "no terminal to ask for the key {name}; leave stderr to it, or pipe the key in"
            )));
        }
        term.write_str(&format!("key {name} (not shown): ")).map_err(failed)?;
        return term.read_secure_line().map(Secret).map_err(failed);
    }
    let mut text = String::new();
    std::io::stdin().take(LONGEST).read_to_string(&mut text).map_err(failed)?;
    Ok(Secret(text))
}
