//! What a path leads to: a session's file, the session a run has written beside its journal, or the
//! folder of a run, wherever it was found.
//!
//! A run's own session is shown with its run, and is never the file that a changed session is saved to:
//! it says what was run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Remark, RunRecord, journal};
use crate::link::Notice;
use crate::session::run_folder::{self, Held, SESSION};
use crate::session::{Say, Sentence, Session, SessionError, file, say, spoken};

/// Why nothing can be opened there.
#[derive(Debug, thiserror::Error)]
pub enum OpeningError {
    /// The session.
    Session(#[from] SessionError),
    /// A folder without a run.
    NoRun {
        /// The folder.
        path: PathBuf,
    },
}

impl Say for OpeningError {
    fn said(&self) -> Sentence {
        match self {
            Self::Session(e) => e.said(),
            Self::NoRun { path } => say!(
                "the folder holds no run: it has no {file}; open the folder of a run or a session's .ron file: {path}",
                file = journal::FILE,
                path
            ),
        }
    }
}

spoken!(OpeningError);

/// A session that was found.
#[derive(Debug)]
pub struct Found {
    /// The session; of a run it names that run.
    pub session: Session,
    /// Its file; `None` where that belongs to a run.
    pub file: Option<PathBuf>,
    /// By what it can be opened again.
    pub place: PathBuf,
}

/// A run, as far as its folder tells.
#[derive(Debug, Default)]
pub struct Shown {
    /// What happened.
    pub record: RunRecord,
    /// Who else has the run loaded.
    pub held: Option<Held>,
}

/// The run's folder that `path` leads to: itself, or the one in which it is the session or the journal.
pub fn run_at(path: &Path) -> Option<PathBuf> {
    let of_run = path.file_name().is_some_and(|name| name == SESSION || name == journal::FILE);
    let folder = if path.is_dir() { path } else { path.parent().filter(|_| of_run)? };
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    (run_folder::has_journal(&folder) || run_folder::holder(&folder).is_some()).then_some(folder)
}

/// Finds the session that `path` leads to. Its run is not read yet.
///
/// # Errors
/// [`OpeningError`] with the path and the next step.
pub fn find(path: &Path) -> Result<Found, OpeningError> {
    // Absolute, so that paths inside stay true when the session is saved elsewhere; `-` is a pipe.
    let piped = path == Path::new("-");
    let path = if piped { path.to_owned() } else { std::path::absolute(path).unwrap_or_else(|_| path.to_owned()) };
    match run_at(&path) {
        Some(run) => of_run(run),
        None if path.is_dir() => Err(OpeningError::NoRun { path }),
        None => Ok(Found { session: file::open(&path)?, file: (!piped).then(|| path.clone()), place: path }),
    }
}

/// The session as it was run; where its file is lost or damaged, as it stands in the journal.
fn of_run(run: PathBuf) -> Result<Found, OpeningError> {
    let from_journal = |e: SessionError| match journal::replay(&run).ok().and_then(|record| record.session) {
        Some(session) => Ok(Session::clone(&session)),
        None => Err(e),
    };
    let mut session = file::open(&run.join(SESSION)).or_else(from_journal)?;
    session.run = Some(run.clone());
    Ok(Found { session, file: None, place: run })
}

/// Reads the run of `session`, if it has one.
pub fn show(session: &Session) -> Shown {
    show_told(session, &mut |_, _| {})
}

/// The same, and tells how much of its journal is read.
pub fn show_told(session: &Session, told: journal::Told) -> Shown {
    let Some(run) = session.run.as_deref().filter(|run| run.is_dir()) else { return Shown::default() };
    let held = run_folder::held_elsewhere(run);
    if !run.join(journal::FILE).exists() {
        return Shown { record: RunRecord::default(), held };
    }
    let record = journal::replay_told(run, told).unwrap_or_else(|e| {
        let remark = Remark::new(false, Notice::from(e));
        RunRecord { notices: vec![remark], ..journal::without_journal(run) }
    });
    Shown { record: under(record, session), held }
}

/// A record whose session is unknown is that of the one that names it.
fn under(mut record: RunRecord, session: &Session) -> RunRecord {
    record.session.get_or_insert_with(|| Arc::new(session.clone()));
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{EventSink as _, Fact, Outcome, RunId};
    use crate::record::recorder::Recorder;

    /// A run of a few steps in `out`, as a recorder writes it.
    fn run_in(out: &Path) -> Session {
        let session = Session { name: "as run".into(), ..Session::built_in().unwrap() };
        let mut recorder = Recorder::default();
        recorder
            .emit(Fact::Started { session: Box::new(session.clone()), out: out.to_owned(), step: 0 }.of(RunId::FIRST));
        for step in 0..6 {
            recorder.emit(Fact::Scalars { step, values: vec![("loss/total".into(), 1.0)] }.of(RunId::FIRST));
        }
        recorder.emit(Fact::Finished(Box::new(Outcome { steps: 6, ..Outcome::default() })).of(RunId::FIRST));
        session
    }

    #[test]
    fn whatever_leads_to_a_run_opens_its_session_with_its_run_and_never_as_the_file_to_save_to() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("begun/0001");
        std::fs::create_dir_all(&out).unwrap();
        run_in(&out);
        // A folder that was moved since is found where it is now.
        let moved = folder.path().join("elsewhere");
        std::fs::rename(&out, &moved).unwrap();
        for name in ["", "session.ron", "journal.jsonl"] {
            let found = find(&moved.join(name)).unwrap();
            assert_eq!((found.session.name.as_str(), &found.session.run), ("as run", &Some(moved.clone())), "{name}");
            assert_eq!((found.file, found.place), (None, moved.clone()), "{name}");
            let shown = show(&found.session);
            assert_eq!((shown.record.step, shown.record.out), (6, Some(moved.clone())), "{name}");
            assert!(shown.record.outcome.is_some() && shown.held.is_none());
        }
        // Another file of that folder is no session of the run.
        std::fs::write(moved.join("mine.ron"), crate::session::BUILT_IN).unwrap();
        let found = find(&moved.join("mine.ron")).unwrap();
        assert_eq!((found.session.run, found.file), (None, Some(moved.join("mine.ron"))));
    }

    #[test]
    fn a_run_is_shown_as_far_as_its_folder_tells_whatever_is_damaged() {
        type Damage = (&'static str, fn(&Path), usize);
        let damages: [Damage; 4] = [
            ("no session", |out| std::fs::remove_file(out.join(SESSION)).unwrap(), 0),
            ("half a session", |out| std::fs::write(out.join(SESSION), "(version: 2, name").unwrap(), 0),
            ("a start that cannot be read", |out| damage(out, "Started", "Strated"), 1),
            ("an end that cannot be read", |out| damage(out, "Finished", "Finshed"), 1),
        ];
        for (what, damage, said) in damages {
            let folder = tempfile::tempdir().unwrap();
            run_in(folder.path());
            damage(folder.path());
            let found = find(folder.path()).unwrap_or_else(|e| panic!("{what}: {e}"));
            assert_eq!(found.session.name, "as run", "{what}");
            let record = show(&found.session).record;
            assert_eq!(record.series.len(), 1, "{what}");
            assert!(record.session.is_some() && record.outcome.is_some() && record.out.is_some(), "{what}");
            assert_eq!(record.notices.len(), said, "{what}: {:?}", record.notices);
        }
        let nothing = tempfile::tempdir().unwrap();
        let refused = find(nothing.path()).unwrap_err().to_string();
        assert!(refused.contains("holds no run") && refused.contains("journal.jsonl"), "{refused}");
    }

    fn damage(out: &Path, word: &str, by: &str) {
        let path = out.join(journal::FILE);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(word));
        std::fs::write(&path, text.replacen(word, by, 1)).unwrap();
    }
}
