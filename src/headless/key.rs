//! `retort key`: keys to servers, in the system's keyring, and where they may go. A key comes from the
//! terminal or from stdin, never from the command line, which every process of the machine can read.

use std::io::{IsTerminal as _, Read as _};

use console::Term;
use zeroize::Zeroizing;

use super::{CommandError, KeyTask};
use crate::engine::secret::{self, Grants, SecretError};
use crate::link::Secret;
use crate::session::{Grant, KeyPlace, ServerOrigin};

/// Longest key that is read, bytes; a file that was piped in by mistake is longer.
const LONGEST: u64 = 64 * 1024;

/// Stores a key, removes it, or lists where keys may go.
///
/// # Errors
/// [`CommandError`]: a name or a host that is none, a key that is none, and a keyring that is missing,
/// locked or empty are input errors.
pub fn key(task: &KeyTask) -> Result<String, CommandError> {
    match task {
        KeyTask::Set { name, host } => set(entry(name)?, host),
        KeyTask::List { json } => list(*json),
        KeyTask::Remove { name, host } => remove(name, host.as_deref()),
    }
}

/// The name of an entry, with or without what a session writes before it.
fn entry(name: &str) -> Result<&str, CommandError> {
    let name = name.strip_prefix("keyring:").unwrap_or(name);
    KeyPlace::Keyring(name.to_owned()).problem().map_or(Ok(name), |problem| Err(CommandError::input(problem)))
}

fn origin(host: &str) -> Result<ServerOrigin, CommandError> {
    let failed = |e| CommandError::input(format!("--host: {e}; give one like https://api.example.com"));
    host.parse().map_err(failed)
}

fn set(name: &str, hosts: &[String]) -> Result<String, CommandError> {
    let hosts = hosts.iter().map(|host| origin(host)).collect::<Result<Vec<_>, _>>()?;
    if let Some(plain) = hosts.iter().find(|host| !host.is_private()) {
        return Err(CommandError::input(format!(
            "--host: a key is never sent over plain http to another machine; give {plain} with https"
        )));
    }
    let grants = Grants::of_person().map_err(CommandError::input)?;
    let before = grants.list().map_err(CommandError::input)?;
    secret::store(name, &typed(name)?).map_err(CommandError::input)?;
    let place = KeyPlace::Keyring(name.to_owned());
    let kept = before.into_iter().filter(|grant| grant.key == place).map(|grant| grant.host);
    let may = if hosts.is_empty() { kept.collect() } else { hosts.clone() };
    if !hosts.is_empty() {
        grants.replace(&place, &hosts).map_err(CommandError::input)?;
    }
    let goes = match may.as_slice() {
        [] => "no server may have it yet, so its first use asks (or name one: --host HOST)".to_owned(),
        some => format!(
            "it may go to {} and nowhere else",
            some.iter().map(ServerOrigin::to_string).collect::<Vec<_>>().join(", ")
        ),
    };
    Ok(format!(
        "the key {name} is in the system's keyring; {goes}; a session names it as key: Some(\"keyring:{name}\")"
    ))
}

fn list(json: bool) -> Result<String, CommandError> {
    let grants = Grants::of_person().and_then(|grants| grants.list()).map_err(CommandError::input)?;
    if json {
        return serde_json::to_string(&serde_json::json!({ "grants": grants })).map_err(CommandError::run);
    }
    if grants.is_empty() {
        return Ok("no key has been allowed to go anywhere; well-known variables go to their own hosts, and RETORT_KEY_* where a session says".to_owned());
    }
    let row = |Grant { key, host }: &Grant| format!("{:<40} {host}", String::from(key.clone()));
    Ok(grants.iter().map(row).collect::<Vec<_>>().join("\n"))
}

/// Takes back where keys of this name may go, and removes the entry unless one host alone is meant.
fn remove(name: &str, host: Option<&str>) -> Result<String, CommandError> {
    let host = host.map(origin).transpose()?;
    let entry = entry(name)?;
    let of_name = |key: &KeyPlace| match key {
        KeyPlace::Keyring(key) => key == entry,
        KeyPlace::Variable(key) => key == name,
    };
    let grants = Grants::of_person().map_err(CommandError::input)?;
    let meant = |grant: &Grant| of_name(&grant.key) && host.as_ref().is_none_or(|host| *host == grant.host);
    let revoked = grants.revoke(meant).map_err(CommandError::input)?;
    let told: Vec<String> = revoked.iter().map(|grant| format!("{grant} is no longer allowed")).collect();
    if let Some(host) = host {
        let none = || CommandError::input(format!("{name} was not allowed to go to {host}; see: retort key list"));
        return if told.is_empty() { Err(none()) } else { Ok(told.join("\n")) };
    }
    match secret::remove(entry) {
        Ok(()) => Ok([told, vec![format!("the key {entry} is no longer in the system's keyring")]].concat().join("\n")),
        // Of a variable there is nothing to remove but where it may go.
        Err(SecretError::Missing { .. } | SecretError::NoService { .. }) if !told.is_empty() => Ok(told.join("\n")),
        Err(e) => Err(CommandError::input(e)),
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
        return term.read_secure_line().map(Secret::new).map_err(failed);
    }
    let mut text = Zeroizing::new(String::with_capacity(LONGEST as usize));
    std::io::stdin().take(LONGEST).read_to_string(&mut text).map_err(failed)?;
    Ok(Secret::new(std::mem::take(&mut *text)))
}
