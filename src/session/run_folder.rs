//! A run's folder: what its parts are called, and by what a folder is known as one. Everything the
//! program may write into, move or clear there is named here; what it does not know stays untouched.
//!
//! Not here: taking hold of a folder (the engine's), and what stands in the files.

use std::fs::{self, TryLockError};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

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
/// The mark of a run that waits for its turn.
pub const QUEUED: &str = "queued.json";
/// What a person has noted of the run.
pub const ANNOTATIONS: &str = "annotations.json";
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

/// The mark of a run that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    /// Its place: milliseconds since 1970 when it was asked for, later ones behind it.
    pub place: u64,
    /// Why it could not begin, where that was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

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
    is_held(run).then(|| Held { folder: run.to_owned(), holder })
}

/// Whether any process has the run in a folder loaded, this one included.
pub fn is_held(run: &Path) -> bool {
    if !run.join(LOCK).is_file() {
        return false;
    }
    let Ok(lock) = fs::File::open(run.join(LOCK)) else { return false };
    // A free one says so; on a disk without locks only taking hold can tell.
    matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// The mark of a run that waits; `None` of any other, also of one that has begun and could not take its mark away.
pub fn queued(folder: &Path) -> Option<Queued> {
    let mark = serde_json::from_str(&head(&folder.join(QUEUED))?).ok()?;
    (!has_journal(folder)).then_some(mark)
}

/// What the lock file says; `None` where there is none, or one that is not ours.
pub fn holder(run: &Path) -> Option<Holder> {
    serde_json::from_str(&head(&run.join(LOCK))?).ok()
}

/// Whether `run` is the folder of a run: it bears the mark, waits for its turn, or has, of before there was a mark, our
/// journal and a readable session.
pub fn is_marked(run: &Path) -> bool {
    holder(run).is_some() || queued(run).is_some() || (has_journal(run) && file::open(&run.join(SESSION)).is_ok())
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

/// The first line of a file, of at most 4 KiB; of anything else, such as a pipe at which one would wait, nothing.
fn head(path: &Path) -> Option<String> {
    fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
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

/// The folder the system gives programs for their data; one in the current folder where it gives none.
pub fn data_folder() -> PathBuf {
    directories::ProjectDirs::from("", "", "retort")
        .map_or_else(|| PathBuf::from("retort-data"), |dirs| dirs.data_dir().to_owned())
}

/// The workspace that is meant where none is named: `runs` in the current folder if that is there, else the one in
/// which the window keeps its runs.
pub fn default_workspace() -> PathBuf {
    let here = PathBuf::from("runs");
    if here.is_dir() { here } else { data_folder().join("runs") }
}

/// When the run in a folder was begun or last gone on with, UTC: as its holder says, else as its session's file or its
/// journal is dated; empty where none is there.
pub fn when(run: &Path) -> String {
    let dated = |file: &str| {
        let time = fs::metadata(run.join(file)).ok()?.modified().ok()?;
        Some(utc(time.duration_since(UNIX_EPOCH).ok()?.as_secs()))
    };
    let since = holder(run).map(|holder| holder.since);
    since.or_else(|| dated(SESSION)).or_else(|| dated(JOURNAL)).unwrap_or_default()
}

/// Bytes of the files in a folder and in the folders inside it; links are not followed.
pub fn bytes(folder: &Path) -> u64 {
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(seen) if seen.is_dir() => bytes(&entry.path()),
        Ok(seen) => seen.len(),
        Err(_) => 0,
    };
    fs::read_dir(folder).into_iter().flatten().flatten().map(of).sum()
}

/// Seconds since 1970 as a date and a time of day.
///
/// # Source
/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
pub fn utc(secs: u64) -> String {
    let days = secs / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let (date, month) = (of_year - (153 * shifted + 2) / 5 + 1, (shifted + 2) % 12 + 1);
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute) = (secs / 3600 % 24, secs / 60 % 60);
    format!("{year}-{month:02}-{date:02} {hour:02}:{minute:02}:{:02} UTC", secs % 60)
}

/// Seconds since 1970 of a date and a time of day as [`utc`] tells them; `None` of anything else.
///
/// # Source
/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
pub fn seconds(utc: &str) -> Option<u64> {
    let text = utc.strip_suffix(" UTC")?;
    let numbers: Vec<u64> = text.split(['-', ' ', ':']).map(str::parse).collect::<Result<_, _>>().ok()?;
    let [year, month, date, hour, minute, second] = numbers[..] else { return None };
    let is_day = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&date);
    if !is_day || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let year = year - u64::from(month <= 2);
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + date - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    Some((days - 719_468) * 86_400 + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_told_back_in_seconds_and_what_is_none_is_not() {
        for secs in [0, 86_399, 951_827_696, 1_078_012_800, 1_795_721_465, 4_102_444_799] {
            assert_eq!(seconds(&utc(secs)), Some(secs), "{}", utc(secs));
        }
        for text in
            ["", "yesterday", "2026-11-28", "2026-13-01 00:00:00 UTC", "1969-12-31 23:59:59 UTC", "x-y-z a:b:c UTC"]
        {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn seconds_are_told_as_a_date() {
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc(951_827_696), "2000-02-29 12:34:56 UTC");
        assert_eq!(utc(1_795_721_465), "2026-11-26 19:31:05 UTC");
    }

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
