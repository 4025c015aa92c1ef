//! A workspace: a folder whose folders are runs. What a run's folder is called, and which runs wait there for their turn.
//!
//! A run that waits is a folder with its session and a mark, so that the queue outlives any process, is seen in the
//! table of runs, and is taken up by whichever program looks next.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::file::{self, write_atomically};
use super::run_folder::{ANNOTATIONS, LOCK, QUEUED, Queued, SESSION, has_journal, queued};
use super::run_hold::{self, HoldError};
use super::{Say, Sentence, Session, say};

/// Characters of a session's name in that of a folder.
const LONGEST: usize = 48;
/// Characters of a reason in the mark, which is read by its first line of 4 KiB.
const MOST_WORDS: usize = 500;

/// The name of a session's runs in a workspace: its own and the seed, in letters and digits.
pub fn run_name(session: &Session) -> String {
    let mut name = String::new();
    for c in session.name.chars().flat_map(char::to_lowercase) {
        match c.is_alphanumeric() {
            true => name.push(c),
            false if !name.is_empty() && !name.ends_with('-') => name.push('-'),
            false => {}
        }
    }
    let short: String = name.chars().take(LONGEST).collect();
    let short = short.trim_matches('-');
    format!("{}-seed-{}", if short.is_empty() { "run" } else { short }, session.recipe.seed)
}

/// The places for a run of `session`, first to last.
fn places(workspace: &Path, session: &Session) -> impl Iterator<Item = PathBuf> {
    let name = run_name(session);
    let numbered = (2..u64::MAX).map({
        let name = name.clone();
        move |number| format!("{name}-{number}")
    });
    let workspace = workspace.to_owned();
    [name].into_iter().chain(numbered).map(move |name| workspace.join(name))
}

/// A folder for a run of `session` that is not there yet; nothing is made.
pub fn free_run_folder(workspace: &Path, session: &Session) -> PathBuf {
    let free = places(workspace, session).find(|folder| fs::symlink_metadata(folder).is_err());
    free.unwrap_or_else(|| workspace.join(run_name(session)))
}

/// Makes an empty folder for a run of `session`, under a name that no other bears.
///
/// # Errors
/// The operating system's.
pub fn new_run_folder(workspace: &Path, session: &Session) -> std::io::Result<PathBuf> {
    fs::create_dir_all(workspace)?;
    let taken = |e: &std::io::Error| e.kind() == ErrorKind::AlreadyExists;
    let made = places(workspace, session).map(|folder| fs::create_dir(&folder).map(|()| folder));
    let made = made.into_iter().find(|made| !made.as_ref().is_err_and(taken));
    made.unwrap_or_else(|| Err(ErrorKind::AlreadyExists.into()))
}

/// Puts a run of `session` at the end of the queue, and gives its folder.
///
/// # Errors
/// That it cannot be written, with the place.
pub fn enqueue(workspace: &Path, session: &Session) -> Result<PathBuf, Sentence> {
    let refused = |error: Sentence| {
        say!(
            "cannot put a run into the queue: {error}; check that the workspace can be written and has room: {path}",
            error,
            path = workspace.display()
        )
    };
    let folder = new_run_folder(workspace, session).map_err(|e| refused(e.said()))?;
    let last = waiting(workspace).last().and_then(|folder| queued(folder)).map_or(0, |queued| queued.place);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    let mark = Queued { place: now.max(last.saturating_add(1)), failed: None };
    let written = file::save(session, &folder.join(SESSION)).map_err(|e| e.said()).and_then(|()| write(&folder, &mark));
    written.map_err(|error| {
        let _ = fs::remove_file(folder.join(SESSION));
        let _ = fs::remove_dir(&folder);
        refused(error)
    })?;
    Ok(folder)
}

fn write(folder: &Path, mark: &Queued) -> Result<(), Sentence> {
    let text = serde_json::to_string(mark).unwrap_or_default() + "\n";
    write_atomically(&folder.join(QUEUED), text.as_bytes()).map_err(|e| e.said())
}

/// The runs that wait, in the order in which they were asked for; without those that could not begin.
pub fn waiting(workspace: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(workspace).into_iter().flatten().flatten().map(|entry| entry.path());
    let mark = |folder: PathBuf| Some((queued(&folder).filter(|mark| mark.failed.is_none())?.place, folder));
    let mut waiting: Vec<(u64, PathBuf)> = folders.filter_map(mark).collect();
    waiting.sort();
    waiting.into_iter().map(|(_, folder)| folder).collect()
}

/// A run that waited has begun.
///
/// # Errors
/// The operating system's.
pub fn begun(folder: &Path) -> std::io::Result<()> {
    match fs::remove_file(folder.join(QUEUED)) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// A run that waited could not begin: it stays, with the reason, and waits no longer.
///
/// # Errors
/// That it cannot be written, with the folder; the run waits on then.
pub fn failed_to_begin(folder: &Path, reason: &str) -> Result<(), Sentence> {
    let Some(mark) = queued(folder) else { return Ok(()) };
    let mark = Queued { failed: Some(reason.chars().take(MOST_WORDS).collect()), ..mark };
    write(folder, &mark).map_err(|error| {
        say!(
            "cannot note why the run could not begin: {error}; check that its folder can be written and has room: {path}",
            error,
            path = folder.display()
        )
    })
}

/// Takes a run that has not begun out of the queue, also one that could not: its mark, its session and what was noted of
/// it go, and then the folder, if nothing else is in it.
///
/// # Errors
/// That it has begun, that it is beginning, or that it cannot be removed, with the folder; what waits then waits on.
pub fn withdraw(folder: &Path) -> Result<(), Sentence> {
    let path = folder.display();
    if has_journal(folder) {
        return Err(say!("the run has begun and waits no longer; nothing was removed: {path}", path));
    }
    if queued(folder).is_none() {
        return Err(say!("no run waits in this folder; nothing was removed: {path}", path));
    }
    let refused = |e: std::io::Error| {
        say!(
            "cannot take the run out of the queue: {error}; check that its folder can be written: {path}",
            error = e,
            path
        )
    };
    // Held, so that no program begins it meanwhile.
    let held = match run_hold::hold(folder, true) {
        Ok(held) => held,
        Err(HoldError::Unusable(e)) => return Err(refused(e)),
        Err(held) => return Err(held.said_of(folder)),
    };
    if has_journal(folder) {
        return Err(say!("the run has begun and waits no longer; nothing was removed: {path}", path));
    }
    fs::remove_file(folder.join(QUEUED)).map_err(|e| {
        let _ = fs::remove_file(folder.join(LOCK));
        refused(e)
    })?;
    for name in [SESSION, ANNOTATIONS] {
        // Without its mark it waits no longer, whatever stays.
        let _ = fs::remove_file(folder.join(name));
    }
    drop(held);
    let _ = fs::remove_file(folder.join(LOCK));
    let _ = fs::remove_dir(folder);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(name: &str, seed: u64) -> Session {
        let mut session = Session { name: name.into(), ..Session::built_in().unwrap() };
        session.recipe.seed = seed;
        session
    }

    #[test]
    fn a_folder_is_called_as_its_session_and_no_two_alike() {
        let cases = [
            ("Banking77: a small student", "banking77-a-small-student-seed-7"),
            ("  ../../etc ", "etc-seed-7"),
            ("温度 × 2", "温度-2-seed-7"),
            ("", "run-seed-7"),
            ("…", "run-seed-7"),
            ("ÄÖ\n\0", "äö-seed-7"),
        ];
        for (name, expected) in cases {
            assert_eq!(run_name(&session(name, 7)), expected, "{name:?}");
        }
        assert!(run_name(&session(&"long ".repeat(99), 7)).len() < 60);
        let workspace = tempfile::tempdir().unwrap();
        let runs = workspace.path().join("deep/runs");
        let names: Vec<String> = (0..3)
            .map(|_| new_run_folder(&runs, &session("a", 1)).unwrap().file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["a-seed-1", "a-seed-1-2", "a-seed-1-3"]);
    }

    #[test]
    fn a_run_is_taken_out_of_the_queue_and_never_one_that_has_begun() {
        let workspace = tempfile::tempdir().unwrap();
        let path = workspace.path();
        let [first, second, third, fourth] = [1, 2, 3, 4].map(|seed| enqueue(path, &session("z", seed)).unwrap());
        fs::write(first.join(ANNOTATIONS), "{}").unwrap();
        withdraw(&first).unwrap();
        assert!(!first.exists() && waiting(path).len() == 3);
        failed_to_begin(&second, "no model").unwrap();
        fs::write(second.join("mine.txt"), "mine").unwrap();
        withdraw(&second).unwrap();
        let left: Vec<_> = fs::read_dir(&second).unwrap().flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(left, ["mine.txt"], "what is not ours stays, and its folder");
        fs::write(third.join(super::super::run_folder::JOURNAL), "{\"retort_journal\":2}\n").unwrap();
        let refused = withdraw(&third).unwrap_err();
        assert!(refused.contains("has begun") && third.join(SESSION).is_file() && third.join(QUEUED).is_file());
        let refused = withdraw(&first).unwrap_err();
        assert!(refused.contains("no run waits"), "{refused}");
        // Another process is at the point of beginning it.
        let lock = fs::File::create(fourth.join(LOCK)).unwrap();
        lock.lock().unwrap();
        let refused = withdraw(&fourth).unwrap_err();
        assert!(refused.contains("another process") && waiting(path) == [fourth.clone()], "{refused}");
        drop(lock);
        withdraw(&fourth).unwrap();
        assert!(!fourth.exists());
    }

    #[test]
    fn runs_wait_in_the_order_they_were_asked_for_until_they_begin_or_cannot() {
        let workspace = tempfile::tempdir().unwrap();
        let path = workspace.path();
        let folders: Vec<PathBuf> = (0..4).map(|seed| enqueue(path, &session("z", 9 - seed)).unwrap()).collect();
        assert_eq!(waiting(path), folders);
        assert_eq!(file::open(&folders[2].join(SESSION)).unwrap().recipe.seed, 7);
        begun(&folders[0]).unwrap();
        begun(&folders[0]).unwrap();
        failed_to_begin(&folders[1], "no model").unwrap();
        assert_eq!(waiting(path), folders[2..]);
        assert_eq!(queued(&folders[1]).unwrap().failed.as_deref(), Some("no model"));
        failed_to_begin(&folders[0], "not in the queue").unwrap();
        assert!(queued(&folders[0]).is_none());
        std::fs::write(folders[2].join(QUEUED), "{").unwrap();
        assert_eq!(waiting(path), folders[3..]);
        let file = path.join("file");
        std::fs::write(&file, "").unwrap();
        let refused = enqueue(&file, &session("z", 1)).unwrap_err().to_string();
        assert!(refused.contains("cannot put a run into the queue") && refused.contains("file"), "{refused}");
        assert_eq!(waiting(&path.join("none")), Vec::<PathBuf>::new());
    }
}
