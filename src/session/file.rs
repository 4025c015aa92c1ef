//! Sessions as RON files: version check, migration, atomic write.

use std::io::Read as _;
use std::path::{Path, PathBuf};

pub use super::atomic::write_atomically;
use super::migration::{self, Unread};
use super::refusal::Refusal;
use super::{SESSION_VERSION, Session, ron_tree};
use crate::session::{Say, Sentence, say, spoken};

/// Why a session could not be read or written. The file is untouched in every case.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The file cannot be read.
    Read {
        /// The operating system's words.
        reason: Sentence,
        /// The file.
        path: PathBuf,
    },
    /// The text is not a session.
    Parse {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the parser expected.
        reason: Sentence,
        /// The file.
        path: PathBuf,
    },
    /// A later program wrote it.
    Newer {
        /// Version in the file.
        found: u32,
        /// The file.
        path: PathBuf,
    },
    /// A value is out of its range.
    Value {
        /// Name, value and range.
        reason: Sentence,
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be written; what was there before is still there.
    Write {
        /// The operating system's words.
        reason: Sentence,
        /// The file.
        path: PathBuf,
    },
}

impl Say for SessionError {
    fn said(&self) -> Sentence {
        match self {
            Self::Read { reason, path } => {
                say!("cannot read the session: {reason}; check the path {path}", reason, path)
            }
            Self::Parse { line, column, reason, path } => say!(
                "not a valid session at line {line}, column {column}: {reason}; mend it in a text editor: {path}",
                line,
                column,
                reason,
                path
            ),
            Self::Newer { found, path } => say!(
                "the session has version {found}, this program reads up to {session_version}; update retort to open {path}",
                found,
                session_version = SESSION_VERSION,
                path
            ),
            Self::Value { reason, path } => {
                say!("the session asks for the impossible: {reason}; in {path}", reason, path)
            }
            Self::Write { reason, path } => {
                say!("cannot write the session: {reason}; the old file is kept: {path}", reason, path)
            }
        }
    }
}

spoken!(SessionError);

/// Longest session that is read from a pipe, bytes: something else may be piped in by mistake.
const LONGEST: u64 = 16 << 20;

/// Opens a session file, migrating older versions; `-` is the session that is piped in. Relative paths
/// inside are taken from the file's own folder, those of a pipe from the working folder, and are
/// absolute from then on.
///
/// # Errors
/// [`SessionError`] naming the file, the place and the reason.
pub fn open(path: &Path) -> Result<Session, SessionError> {
    let bytes = read(path).map_err(|e| SessionError::Read { reason: e.said(), path: path.to_owned() })?;
    let text = String::from_utf8(bytes)
        .map_err(|e| SessionError::Read { reason: say!("it is not UTF-8 text ({e})", e), path: path.to_owned() })?;
    let mut session = parse(&text, path)?;
    if session.name.is_empty() {
        session.name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    }
    session.take_paths_from(path);
    Ok(session)
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    if path != Path::new("-") {
        return std::fs::read(path);
    }
    let mut bytes = Vec::new();
    std::io::stdin().take(LONGEST).read_to_end(&mut bytes).map(|_| bytes)
}

/// Reads a session from text; `path` only names it in errors.
///
/// # Errors
/// [`SessionError::Parse`], [`SessionError::Newer`] or [`SessionError::Value`].
pub fn parse(text: &str, path: &Path) -> Result<Session, SessionError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let unread = |unread: Unread| match unread {
        Unread::Newer(found) => SessionError::Newer { found, path: path.to_owned() },
        Unread::Refused(refusal) => parse_error(&refusal, text, path),
    };
    let tree = ron_tree::parse(text).map_err(|refusal| parse_error(&refusal, text, path))?;
    let session = migration::session(tree).map_err(unread)?;
    match session.problem() {
        Some(reason) => Err(SessionError::Value { reason, path: path.to_owned() }),
        None => Ok(session),
    }
}

fn parse_error(refusal: &Refusal, text: &str, path: &Path) -> SessionError {
    let (line, column) = place(text, refusal.at.unwrap_or_default());
    SessionError::Parse { line, column, reason: refusal.said(), path: path.to_owned() }
}

/// Line and column, in characters, both from 1, of a byte of `text`.
pub(super) fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// The session as text, its paths as they stand.
///
/// # Errors
/// [`SessionError::Write`] if it cannot be written as RON.
pub fn to_text(session: &Session) -> Result<String, SessionError> {
    let pretty = ron::ser::PrettyConfig::new().struct_names(false).depth_limit(4);
    ron::ser::to_string_pretty(session, pretty)
        .map(|text| text + "\n")
        .map_err(|e| SessionError::Write { reason: e.said(), path: PathBuf::new() })
}

/// Writes the session so that at every moment `path` holds either the old file or the whole new
/// one: a temporary file in the same folder, flushed to disk, then renamed. Its absolute paths are
/// written relative to it where they lie in one folder tree with it, see [`super::paths`].
///
/// # Errors
/// [`SessionError::Write`]; the old file is kept.
pub fn save(session: &Session, path: &Path) -> Result<(), SessionError> {
    write_atomically(path, to_text(&session.for_file(path))?.as_bytes())
        .map_err(|e| SessionError::Write { reason: e.said(), path: path.to_owned() })
}

impl Session {
    /// What no run could do, in words, or `None`: the checks that need no files and no models.
    pub fn problem(&self) -> Option<Sentence> {
        super::bounds::problem(self)
            .or_else(|| self.recipe.terms_problem())
            .or_else(|| self.recipe.problem())
            .or_else(|| self.models_problem())
            .or_else(|| self.prompt.problem())
            .or_else(|| self.unsorted_script())
            .or_else(|| {
                let not_a_number = |(id, value): (&String, &f64)| {
                    (!value.is_finite()).then(|| say!("{id} must be a finite number, not {value}", id, value))
                };
                self.knobs.iter().find_map(not_a_number)
            })
    }

    fn unsorted_script(&self) -> Option<Sentence> {
        let (_, later) = self.script.iter().zip(self.script.iter().skip(1)).find(|(a, b)| a.step > b.step)?;
        Some(say!(
            "the script must be in step order; the change of {knob} at step {step} comes too late",
            knob = later.knob,
            step = later.step
        ))
    }
}
