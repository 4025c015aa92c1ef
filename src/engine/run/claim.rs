//! Which folder a run may write into. A folder that holds anything but a run of ours is refused
//! before a byte is written, and one run is loaded by one process at a time.
//!
//! *Why a lock of the system (2026-11).* It ends with its process, however that ends, so that no
//! stale lock has to be guessed at; what the file says is only for people. Where a file system has
//! no locks, what the file says is all there is.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::session::run_folder::{self, CHECKPOINTS, Holder, LOCK, STUDENT, SUMMARY};
use crate::session::{Say, Sentence, inference_spec, say, spoken};

/// Why a folder cannot be a run's.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The operating system refuses it.
    Unusable {
        /// Why not.
        reason: Sentence,
        /// The folder.
        path: PathBuf,
    },
    /// Somebody else's files are in it.
    NotARun {
        /// What was met there.
        holds: String,
        /// The folder.
        path: PathBuf,
    },
    /// A run is in it.
    Taken {
        /// The folder.
        path: PathBuf,
    },
    /// Another process has the run loaded.
    Locked {
        /// Which one.
        holder: Sentence,
        /// The folder.
        path: PathBuf,
    },
    /// A model lies where the student would be saved, and no run of ours has put it there.
    NotOurStudent {
        /// The student's folder.
        path: PathBuf,
    },
}

impl Say for FolderError {
    fn said(&self) -> Sentence {
        match self {
            Self::Unusable { reason, path } => {
                say!("cannot use the run folder: {reason}; choose another with --out: {path}", reason, path)
            }
            Self::NotARun { holds, path } => say!(
                "the folder holds {holds} and is not the folder of a run; choose one that is empty or not there yet: {path}",
                holds,
                path
            ),
            Self::Taken { path } => say!(
                "the folder already holds a run; add --resume to go on with it, or choose another --out: {path}",
                path
            ),
            Self::Locked { holder, path } => say!(
                "the run is under way in another process ({holder}); wait for its end or stop it there, then try again: {path}",
                holder,
                path
            ),
            Self::NotOurStudent { path } => say!(
                "the run would save its student over a model that no run has made; move that elsewhere first: {path}",
                path
            ),
        }
    }
}

spoken!(FolderError);

/// A run's folder, held while this lives. Dropping it lets go of the lock; the mark stays.
#[derive(Debug)]
pub(super) struct Claim {
    lock: File,
    /// The folders that were made for it, the innermost first.
    made: Vec<PathBuf>,
}

impl Claim {
    /// Lets go of the folder of a run that never did anything, and removes what was made for it: our own
    /// files, and folders that are empty then. The session of one that waited for its turn was there before.
    pub fn undo(self, run: &Path) {
        let Self { lock, made } = self;
        // Some systems remove no file that is open.
        drop(lock);
        let waited = run_folder::queued(run).is_some();
        let files = [run_folder::JOURNAL, run_folder::METRICS, LOCK].into_iter();
        for name in files.chain((!waited).then_some(run_folder::SESSION)) {
            // What is not there need not be removed, what cannot be stays: no harm.
            let _ = fs::remove_file(run.join(name));
        }
        let _ = fs::remove_dir(run.join(CHECKPOINTS));
        made.iter().for_each(|folder| drop(fs::remove_dir(folder)));
    }
}

/// Whether two paths lead to one folder, however they are spelled: `runs/a`, `runs/../runs/a`, a link to it.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    one == other || matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Refuses a folder in which no new run can begin. Writes nothing.
///
/// # Errors
/// [`FolderError`].
pub fn vacant(run: &Path) -> Result<(), FolderError> {
    let Some(first) = content(run)? else { return Ok(()) };
    if !run_folder::is_marked(run) {
        return Err(FolderError::NotARun { holds: first, path: run.to_owned() });
    }
    unlocked(run)?;
    if begun(run) { Err(FolderError::Taken { path: run.to_owned() }) } else { student_free(run) }
}

/// Whether a run has begun in the folder.
pub(super) fn begun(run: &Path) -> bool {
    run_folder::has_journal(run) || run.join(SUMMARY).exists() || run.join(CHECKPOINTS).exists()
}

/// Takes the folder of a run that was vacant a while ago. Reading models takes minutes, in which another process may
/// have begun and even ended a run there.
///
/// # Errors
/// [`FolderError`].
pub(super) fn claim_vacant(run: &Path) -> Result<Claim, FolderError> {
    let claim = claim(run)?;
    if begun(run) { Err(FolderError::Taken { path: run.to_owned() }) } else { Ok(claim) }
}

/// Refuses a folder whose run cannot be gone on with. Writes nothing.
///
/// # Errors
/// [`FolderError`].
pub(super) fn resumable(run: &Path) -> Result<(), FolderError> {
    let Some(first) = content(run)? else { return Ok(()) };
    if !run_folder::is_marked(run) && run_folder::checkpoints(run).is_empty() {
        return Err(FolderError::NotARun { holds: first, path: run.to_owned() });
    }
    unlocked(run)?;
    student_free(run)
}

/// Refuses to save a student over a model that is not the run's own, which bears how it is asked.
///
/// # Errors
/// [`FolderError::NotOurStudent`].
pub(super) fn student_free(run: &Path) -> Result<(), FolderError> {
    let path = run.join(STUDENT);
    if free_for_student(&path) { Ok(()) } else { Err(FolderError::NotOurStudent { path }) }
}

/// Whether a student may be written into this folder: it is not there yet, empty, or one of ours.
pub(super) fn free_for_student(path: &Path) -> bool {
    let empty = |folder: &Path| fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    fs::symlink_metadata(path).is_err() || empty(path) || path.join(inference_spec::FILE).is_file()
}

/// Takes the folder for this process, making it where it is not there yet. What could not be claimed
/// is left as it was.
///
/// # Errors
/// [`FolderError`].
pub(super) fn claim(run: &Path) -> Result<Claim, FolderError> {
    let missing: Vec<PathBuf> = run
        .ancestors()
        .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        .map(Path::to_owned)
        .collect();
    let claimed = fs::create_dir_all(run).map_err(|e| unusable(run, e)).and_then(|()| lock(run));
    let claimed = claimed.inspect_err(|_| {
        // Only what was made just now, and only where nobody has put anything into it since.
        missing.iter().for_each(|folder| drop(fs::remove_dir(folder)));
    });
    Ok(Claim { lock: claimed?, made: missing })
}

fn lock(run: &Path) -> Result<File, FolderError> {
    let path = run.join(LOCK);
    let ours = fs::symlink_metadata(&path)
        .map_or(true, |data| data.is_file() && (data.len() == 0 || run_folder::holder(run).is_some()));
    if !ours {
        let reason = say!("its {lock} is not a run's", lock = LOCK);
        return Err(FolderError::Unusable { reason, path: run.to_owned() });
    }
    let file = File::options().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = file.map_err(|e| unusable(run, e))?;
    take(&file, run)?;
    let words = serde_json::to_string(&myself()).unwrap_or_default() + "\n";
    let told = file.set_len(0).and_then(|()| file.write_all(words.as_bytes())).and_then(|()| file.flush());
    told.map_err(|e| unusable(run, e))?;
    Ok(file)
}

/// Locks the file, or says who has it.
fn take(file: &File, run: &Path) -> Result<(), FolderError> {
    let holder = run_folder::holder(run);
    let free = match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => !holder.as_ref().is_some_and(lives),
    };
    let holder = holder.map_or_else(|| say!("it does not say which"), |holder| holder.said());
    if free { Ok(()) } else { Err(FolderError::Locked { holder, path: run.to_owned() }) }
}

/// Refuses a folder that another process holds.
fn unlocked(run: &Path) -> Result<(), FolderError> {
    match File::options().read(true).write(true).open(run.join(LOCK)) {
        Ok(file) => take(&file, run),
        Err(_) => Ok(()), // No lock yet; one that cannot be opened is met when it is claimed.
    }
}

/// Whether a process that left its name is known to be alive: one of this machine, not this one.
fn lives(holder: &Holder) -> bool {
    let elsewhere = holder.host != myself().host || holder.pid == std::process::id();
    !elsewhere && Path::new("/proc").join(holder.pid.to_string()).exists()
}

/// Something that lies in the folder, by name; `None` if it is empty or not there yet.
fn content(run: &Path) -> Result<Option<String>, FolderError> {
    let refuse = |reason: Sentence| Err(FolderError::Unusable { reason, path: run.to_owned() });
    match fs::metadata(run) {
        Err(e) if e.kind() == ErrorKind::NotFound && fs::symlink_metadata(run).is_ok() => {
            return refuse(say!("it is a link that leads nowhere"));
        }
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(unusable(run, e)),
        Ok(data) if !data.is_dir() => return refuse(say!("it is a file")),
        Ok(_) => {}
    }
    let mut names: Vec<_> = fs::read_dir(run).map_err(|e| unusable(run, e))?.flatten().map(|e| e.file_name()).collect();
    names.sort();
    if names.is_empty() && is_home(run) {
        return refuse(say!("it is your home folder; name a folder within it"));
    }
    Ok(names.first().map(|name| format!("{name:?}")))
}

fn is_home(run: &Path) -> bool {
    let home = directories::BaseDirs::new().and_then(|dirs| dirs.home_dir().canonicalize().ok());
    home.is_some_and(|home| run.canonicalize().is_ok_and(|run| run == home))
}

fn unusable(run: &Path, e: impl Say) -> FolderError {
    FolderError::Unusable { reason: e.said(), path: run.to_owned() }
}

fn myself() -> Holder {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Holder {
        retort: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        host: host(),
        since: run_folder::utc(since),
    }
}

/// The machine's name, as far as it tells.
fn host() -> String {
    let kernel = fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let named = || ["HOSTNAME", "COMPUTERNAME"].iter().find_map(|name| std::env::var(name).ok());
    kernel.or_else(named).map_or("an unnamed machine".to_owned(), |name| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_once_and_free_again_when_it_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("a/b/run");
        vacant(&run).unwrap();
        assert!(!folder.path().join("a").exists(), "a look must not make anything");
        let held = claim(&run).unwrap();
        for refused in [claim(&run).map(drop), vacant(&run), resumable(&run)] {
            let words = refused.unwrap_err().to_string();
            assert!(words.contains(&format!("process {}", std::process::id())) && words.contains("since 2"), "{words}");
        }
        drop(held);
        vacant(&run).unwrap();
        claim(&run).unwrap();
    }

    #[test]
    fn a_folder_in_which_a_run_has_begun_meanwhile_is_not_begun_in_again() {
        let folder = tempfile::tempdir().unwrap();
        vacant(folder.path()).unwrap();
        drop(claim_vacant(folder.path()).unwrap());
        fs::write(folder.path().join(run_folder::JOURNAL), "{\"retort_journal\":2}\n").unwrap();
        assert!(matches!(claim_vacant(folder.path()), Err(FolderError::Taken { .. })));
        drop(claim(folder.path()).unwrap());
    }

    #[test]
    fn a_lock_that_is_somebody_elses_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LOCK);
        fs::write(&path, "mine").unwrap();
        assert!(claim(folder.path()).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_that_is_a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (run, precious) = (folder.path().join("run"), folder.path().join("precious"));
        fs::create_dir(&run).unwrap();
        fs::write(&precious, "").unwrap();
        std::os::unix::fs::symlink(&precious, run.join(LOCK)).unwrap();
        assert!(claim(&run).is_err());
        assert_eq!(fs::read_to_string(&precious).unwrap(), "");
    }

    #[test]
    fn a_claim_that_fails_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "text").unwrap();
        assert!(claim(&folder.path().join("file/run")).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
