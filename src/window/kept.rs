//! Sessions that were in no file when another took their place, or when their window ended badly: kept
//! until somebody takes them up again or says that they may go.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::session::{Session, file};

/// A session that is kept.
pub struct Kept {
    /// By this it is asked for.
    pub number: u64,
    /// What it is called.
    pub name: String,
    /// Who teaches whom in it.
    pub pair: String,
    /// Its run, by the name of the folder.
    pub run: Option<String>,
    /// When it was put aside; `None` where nobody knows.
    pub when: Option<SystemTime>,
    /// Where it lies on disk; `None` where it could not be written.
    pub file: Option<PathBuf>,
    /// As it stood, if it was put aside by this window.
    pub stood: Option<Box<Stood>>,
}

/// A session as it stood in the window.
#[derive(Clone)]
pub struct Stood {
    /// The session.
    pub session: Session,
    /// Its file.
    pub path: Option<PathBuf>,
    /// What is in that file.
    pub saved: Session,
}

impl Kept {
    fn of_file(number: u64, path: PathBuf) -> Self {
        let read = file::open(&path).ok();
        let stem = || path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let name = read.as_ref().map_or_else(stem, |session| session.name.clone());
        let pair = read.as_ref().map(title).unwrap_or_default();
        let run = read.as_ref().and_then(run_of);
        let when = path.metadata().and_then(|file| file.modified()).ok();
        Self { number, name, pair, run, when, file: Some(path), stood: None }
    }
}

/// What the session's run is called: its folder.
fn run_of(session: &Session) -> Option<String> {
    Some(session.run.as_deref()?.file_name()?.to_string_lossy().into_owned())
}

/// Teacher and student in a few words.
pub fn title(session: &Session) -> String {
    let student = session.student.source.title();
    session.teacher().map_or_else(|| student.clone(), |teacher| format!("{} → {student}", teacher.source.title()))
}

/// All that are kept, the newest last.
#[derive(Default)]
pub struct KeptSessions {
    all: Vec<Kept>,
    next: u64,
}

impl KeptSessions {
    /// So many are kept; of more the oldest go.
    pub const MOST: usize = 8;

    /// Those that earlier windows have left in `files`, the newest last.
    pub fn left_in(files: Vec<PathBuf>) -> Self {
        let all: Vec<Kept> = (0..).zip(files).map(|(number, path)| Kept::of_file(number, path)).collect();
        Self { next: all.len() as u64, all }
    }

    /// The newest last.
    pub fn all(&self) -> &[Kept] {
        &self.all
    }

    /// Keeps one more; gives those that had to go.
    pub fn keep(&mut self, stood: Stood, file: Option<PathBuf>) -> Vec<Kept> {
        let (name, pair) = (stood.session.name.clone(), title(&stood.session));
        let (run, when) = (run_of(&stood.session), Some(SystemTime::now()));
        self.all.push(Kept { number: self.next, name, pair, run, when, file, stood: Some(Box::new(stood)) });
        self.next += 1;
        let spare = self.all.len().saturating_sub(Self::MOST);
        self.all.drain(..spare).collect()
    }

    /// The one with this number.
    pub fn get(&self, number: u64) -> Option<&Kept> {
        self.all.iter().find(|kept| kept.number == number)
    }

    /// Takes one out.
    pub fn take(&mut self, number: u64) -> Option<Kept> {
        let place = self.all.iter().position(|kept| kept.number == number)?;
        Some(self.all.remove(place))
    }

    /// Writes those that could not be written when they were put aside; the last chance is when the window
    /// closes.
    pub fn write_late(&self) {
        let late = |kept: &&Kept| kept.file.as_deref().is_some_and(|path: &Path| !path.exists());
        for kept in self.all.iter().filter(late) {
            if let (Some(stood), Some(path)) = (&kept.stood, &kept.file) {
                // There is nobody left to tell.
                let _ = file::save(&stood.session, path);
            }
        }
    }
}
