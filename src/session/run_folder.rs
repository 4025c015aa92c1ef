//! A run's folder: what its parts are called, and by what a folder is known as one. Everything the
//! program may write into, move or clear there is named here; what it does not know stays untouched.
//!
//! Not here: taking hold of a folder (the engine's), and what stands in the files.

use std::fs::{self, TryLockError};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::file;
use crate::session::{Say, Sentence, say, spoken};

/// The events of the run, one JSON object a line.
pub const JOURNAL: &str = "journal.jsonl";
/// The session as run, with its script.
pub const SESSION: &str = "session.ron";
/// The outcome.
pub const SUMMARY: &str = "summary.json";
/// What both models answer to every text of the test part, as a table.
pub const PREDICTIONS: &str = "predictions.csv";
/// The curves as a table.
pub const METRICS: &str = "metrics.csv";
/// The mark of a run's folder, locked while a process has the run loaded.
pub const LOCK: &str = "run.lock";
/// The folder in which the student lies.
pub const STUDENT: &str = "student";
/// The folder of checkpoints.
pub const CHECKPOINTS: &str = "checkpoints";
/// Where a rewind puts the checkpoints it leaves behind.
pub const ABANDONED: &str = "abandoned";
/// What a checkpoint says besides tensors.
pub const STATE: &str = "state.json";
/// The tensors of a checkpoint.
pub const TENSORS: &str = "state.safetensors";

/// Who holds a run's folder, or held it last: the content of [`LOCK`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Version of the program.
    pub retort: String,
    /// Number of the process.
    pub pid: u32,
    /// Name of the machine.
    pub host: String,
    /// Since when, UTC.
    pub since: String,
}

impl Say for Holder {
    fn said(&self) -> Sentence {
        let Self { retort, pid, host, since } = self;
        say!("process {pid} on {host} since {since}, retort {retort}", pid, host, since, retort)
    }
}

spoken!(Holder);

/// A run's folder that another process has hold of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The folder.
    pub folder: PathBuf,
    /// Which process; `None` where it does not say.
    pub holder: Option<Holder>,
}

/// Who else has the run in a folder loaded; `None` where nobody has, or this very process. Only asks: the
/// lock stays with whom it is, and a free one stays free.
pub fn held_elsewhere(run: &Path) -> Option<Held> {
    let holder = holder(run);
    if holder.as_ref().is_some_and(|holder| holder.pid == std::process::id()) {
        return None;
    }
    let lock = fs::File::open(run.join(LOCK)).ok()?;
    match lock.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(Held { folder: run.to_owned(), holder }),
        // Free, or on a disk without locks, where only taking hold can tell.
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

/// What the lock file says; `None` where there is none, or one that is not ours.
pub fn holder(run: &Path) -> Option<Holder> {
    serde_json::from_str(&head(&run.join(LOCK))?).ok()
}

/// Whether `run` is the folder of a run: it bears the mark, or, of before there was one, our journal
/// and a readable session.
pub fn is_marked(run: &Path) -> bool {
    holder(run).is_some() || (has_journal(run) && file::open(&run.join(SESSION)).is_ok())
}

/// Whether a run's journal lies in the folder.
pub fn has_journal(run: &Path) -> bool {
    #[derive(Deserialize)]
    struct Header {
        #[allow(dead_code, reason = "that it is there is all that counts")]
        retort_journal: u32,
    }
    head(&run.join(JOURNAL)).is_some_and(|line| serde_json::from_str::<Header>(&line).is_ok())
}

/// The first line of a file, of at most 4 KiB.
fn head(path: &Path) -> Option<String> {
    let mut line = String::new();
    BufReader::new(fs::File::open(path).ok()?.take(4096)).read_line(&mut line).ok()?;
    Some(line)
}

/// The folder of the checkpoint behind `step` steps.
pub fn checkpoint(run: &Path, step: u64) -> PathBuf {
    run.join(CHECKPOINTS).join(checkpoint_name(step))
}

/// What a checkpoint is called.
pub fn checkpoint_name(step: u64) -> String {
    format!("step-{step:09}")
}

/// Steps of the folders in `home` that are named as checkpoints, whole or not, ascending.
pub fn named_checkpoints(home: &Path) -> Vec<u64> {
    let step = |entry: fs::DirEntry| {
        let name = entry.file_name();
        let step = name.to_str()?.strip_prefix("step-")?.parse().ok()?;
        // `step-5` of another program is not ours, nor is a file or a link.
        let ours = checkpoint_name(step) == *name.to_str()? && entry.file_type().is_ok_and(|kind| kind.is_dir());
        ours.then_some(step)
    };
    let mut steps: Vec<u64> = fs::read_dir(home).into_iter().flatten().flatten().filter_map(step).collect();
    steps.sort_unstable();
    steps
}

/// Steps of the checkpoints of a run that have all their files, ascending: those one can go back to.
pub fn checkpoints(run: &Path) -> Vec<u64> {
    let home = run.join(CHECKPOINTS);
    let whole = |step: &u64| {
        let folder = home.join(checkpoint_name(*step));
        folder.join(STATE).is_file() && folder.join(TENSORS).is_file()
    };
    named_checkpoints(&home).into_iter().filter(whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_checkpoints_under_their_own_name_are_listed() {
        let run = tempfile::tempdir().unwrap();
        let put = |folder: &str, files: &[&str]| {
            let folder = run.path().join(CHECKPOINTS).join(folder);
            fs::create_dir_all(&folder).unwrap();
            files.iter().for_each(|name| fs::write(folder.join(name), "x").unwrap());
        };
        put("step-000000400", &[STATE, TENSORS]);
        put("step-000000200", &[STATE, TENSORS, "more"]);
        put("step-000000600", &[STATE]);
        put("step-000000800", &[]);
        put("step-12", &[STATE, TENSORS]);
        put("step-00000000x", &[STATE, TENSORS]);
        put("epoch1", &["model.pt"]);
        fs::write(run.path().join(CHECKPOINTS).join("step-000000900"), "a file").unwrap();
        assert_eq!(checkpoints(run.path()), [200, 400]);
        assert_eq!(named_checkpoints(&run.path().join(CHECKPOINTS)), [200, 400, 600, 800]);
        assert_eq!(checkpoints(Path::new("no/such/folder")), [0u64; 0]);
    }

    #[test]
    fn a_folder_is_marked_by_its_lock_or_by_journal_and_session_and_by_nothing_else() {
        let run = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(run.path().join(name), text).unwrap();
        assert!(!is_marked(run.path()));
        write(JOURNAL, "{\"retort_journal\":1}\n");
        assert!(!is_marked(run.path()), "a journal without a session");
        write(SESSION, "(version: 1, name: ");
        assert!(!is_marked(run.path()), "a session that cannot be read");
        write(SESSION, crate::session::BUILT_IN);
        assert!(is_marked(run.path()));
        write(JOURNAL, "{\"time\":1}\n");
        assert!(!is_marked(run.path()), "somebody else's journal");
        write(LOCK, "12345");
        assert!(!is_marked(run.path()), "somebody else's lock");
        write(LOCK, "{\"retort\":\"0.1.0\",\"pid\":1,\"host\":\"h\",\"since\":\"then\"}");
        assert!(is_marked(run.path()));
    }
}
