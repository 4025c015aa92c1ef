//! The journal: every event as one JSON line, which a notebook can read; and replay.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::RunRecord;
use crate::link::{Event, EventSink};
use crate::session::file::write_atomically;
use crate::session::run_folder;

pub use crate::session::run_folder::JOURNAL as FILE;

/// The newest journal format this program writes. 2: which checkpoints are kept, and that a run was
/// left.
pub const VERSION: u32 = 2;

/// Why a journal could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The operating system refused.
    #[error("cannot use the journal: {reason}; check that the folder can be written and has room: {path}")]
    Io {
        /// The operating system's words.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// A line is no event.
    #[error("the journal is damaged at line {line}: {reason}; the lines before it are used: {path}")]
    Damaged {
        /// Line, from 1.
        line: usize,
        /// The parser's words.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// A later program wrote it.
    #[error("the journal has version {found}, this program reads up to {VERSION}; update retort: {path}")]
    Newer {
        /// Version in the file.
        found: u32,
        /// The file.
        path: PathBuf,
    },
}

/// The first line.
#[derive(Serialize, Deserialize)]
struct Header {
    retort_journal: u32,
    /// Version of the program that began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retort: Option<String>,
}

impl Header {
    fn today() -> Self {
        Self { retort_journal: VERSION, retort: Some(env!("CARGO_PKG_VERSION").to_owned()) }
    }
}

/// Writes events to a file as they come. A full disk does not end the run: the first failure is
/// kept and can be asked for.
pub struct Journal {
    file: BufWriter<File>,
    path: PathBuf,
    failed: Option<String>,
}

impl Journal {
    /// A new journal at `path`, replacing an old one.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        let file = File::create(path).map_err(|e| io(&e, path))?;
        let mut journal = Self { file: BufWriter::new(file), path: path.to_owned(), failed: None };
        journal.write_line(&Header::today());
        journal.flush();
        journal.check().map(|()| journal)
    }

    /// Goes on with an old journal. A last line cut off by a crash is removed, so that the next
    /// event starts a line of its own. One of an older version is of today's from then on.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn append(path: &Path) -> Result<Self, JournalError> {
        let bytes = std::fs::read(path).map_err(|e| io(&e, path))?;
        if let Some(renewed) = renewed(&bytes, path)? {
            write_atomically(path, &renewed).map_err(|e| io(&e, path))?;
            return Self::append(path);
        }
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut file = File::options().write(true).open(path).map_err(|e| io(&e, path))?;
        file.set_len(whole as u64).map_err(|e| io(&e, path))?;
        file.seek(SeekFrom::End(0)).map_err(|e| io(&e, path))?;
        Ok(Self { file: BufWriter::new(file), path: path.to_owned(), failed: None })
    }

    /// Hands everything to the operating system.
    pub fn flush(&mut self) {
        if let Err(e) = self.file.flush() {
            self.failed.get_or_insert(e.to_string());
        }
    }

    /// The first failure so far.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn check(&self) -> Result<(), JournalError> {
        match &self.failed {
            Some(reason) => Err(JournalError::Io { reason: reason.clone(), path: self.path.clone() }),
            None => Ok(()),
        }
    }

    fn write_line(&mut self, value: &impl Serialize) {
        let written = serde_json::to_writer(&mut self.file, value).map_err(|e| e.to_string());
        let ended = written.and_then(|()| self.file.write_all(b"\n").map_err(|e| e.to_string()));
        if let Err(reason) = ended {
            self.failed.get_or_insert(reason);
        }
    }
}

impl EventSink for Journal {
    fn emit(&mut self, event: Event) {
        // Status is how the machine fares, not what happened to the run.
        if matches!(event, Event::Status(_)) {
            return;
        }
        self.write_line(&event);
        // A checkpoint must never know of steps that the journal has lost: a run killed right behind one
        // goes on from it, and would have a gap in its curves.
        self.flush();
    }
}

/// The journal under today's header, if it has an older one.
fn renewed(bytes: &[u8], path: &Path) -> Result<Option<Vec<u8>>, JournalError> {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let header = version_of(&String::from_utf8_lossy(&bytes[..end]), path)?;
    if header == VERSION {
        return Ok(None);
    }
    let mut renewed = serde_json::to_vec(&Header::today()).map_err(|e| JournalError::Damaged {
        line: 1,
        reason: e.to_string(),
        path: path.to_owned(),
    })?;
    renewed.extend_from_slice(&bytes[end..]);
    Ok(Some(renewed))
}

/// The version that a header names, if this program reads it.
fn version_of(header: &str, path: &Path) -> Result<u32, JournalError> {
    let damaged = |reason: String| JournalError::Damaged { line: 1, reason, path: path.to_owned() };
    let Header { retort_journal: found, .. } = serde_json::from_str(header).map_err(|e| damaged(e.to_string()))?;
    if found > VERSION { Err(JournalError::Newer { found, path: path.to_owned() }) } else { Ok(found) }
}

fn io(error: &std::io::Error, path: &Path) -> JournalError {
    JournalError::Io { reason: error.to_string(), path: path.to_owned() }
}

/// The events of a journal. A last line cut off by a crash is not an error: it is what a journal
/// is for.
///
/// # Errors
/// [`JournalError::Io`], [`JournalError::Newer`]; [`JournalError::Damaged`] for a broken line
/// that is not the last.
pub fn read(path: &Path) -> Result<Vec<Event>, JournalError> {
    let (events, damage) = salvage(path)?;
    damage.map_or(Ok(events), Err)
}

/// Every event of a journal that can be read, and the first broken line that is not the last.
///
/// # Errors
/// [`JournalError::Io`], [`JournalError::Newer`]; [`JournalError::Damaged`] if it has no header.
pub fn salvage(path: &Path) -> Result<(Vec<Event>, Option<JournalError>), JournalError> {
    let mut lines = BufReader::new(File::open(path).map_err(|e| io(&e, path))?).split(b'\n');
    let header = lines.next().transpose().map_err(|e| io(&e, path))?.unwrap_or_default();
    version_of(&String::from_utf8_lossy(&header), path)?;
    let (mut events, mut broken, mut damage) = (Vec::new(), None, None);
    for (index, line) in lines.enumerate() {
        damage = damage.or(broken.take());
        match serde_json::from_slice(&line.map_err(|e| io(&e, path))?) {
            Ok(event) => events.push(event),
            Err(e) => {
                broken = Some(JournalError::Damaged { line: index + 2, reason: e.to_string(), path: path.to_owned() });
            }
        }
    }
    Ok((events, damage))
}

/// The record of the run in `folder`, folded from its journal; of the checkpoints those that are still
/// there.
///
/// # Errors
/// As [`read`].
pub fn replay(folder: &Path) -> Result<RunRecord, JournalError> {
    Ok(fold(read(&folder.join(FILE))?, folder))
}

/// As [`replay`]; of a damaged journal what can be read of it, and what is wrong with it.
///
/// # Errors
/// As [`salvage`].
pub fn replay_what_is_left(folder: &Path) -> Result<(RunRecord, Option<JournalError>), JournalError> {
    let (events, damage) = salvage(&folder.join(FILE))?;
    Ok((fold(events, folder), damage))
}

fn fold(events: Vec<Event>, folder: &Path) -> RunRecord {
    let mut record = RunRecord::default();
    events.into_iter().for_each(|event| record.fold(event));
    let there = run_folder::checkpoints(folder);
    record.checkpoints.retain(|step| there.contains(step));
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{KnobChange, Origin};

    fn events() -> Vec<Event> {
        let change = KnobChange { knob: "mixture.alpha".into(), from: 0.5, to: 0.1 + 0.2 };
        vec![
            Event::Scalars { step: 0, values: vec![("loss/total".into(), 1.0 / 3.0), ("loss/x".into(), f64::NAN)] },
            Event::KnobsChanged { step: 1, origin: Origin::Person, changes: vec![change] },
            Event::Scalars { step: 1, values: vec![("loss/total".into(), f64::NEG_INFINITY)] },
            Event::Warning("watch out".into()),
        ]
    }

    #[test]
    fn the_record_of_a_journal_is_the_record_of_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(&folder.path().join(FILE)).unwrap();
        let mut live = RunRecord::default();
        for event in events() {
            journal.emit(event.clone());
            live.fold(event);
        }
        journal.flush();
        let replayed = replay(folder.path()).unwrap();
        assert_eq!(format!("{live:?}"), format!("{replayed:?}"));
        assert_eq!(replayed.script()[0].value.to_bits(), (0.1f64 + 0.2).to_bits());
    }

    #[test]
    fn a_line_cut_off_by_a_crash_is_left_out_and_a_broken_one_in_the_middle_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let mut journal = Journal::create(&path).unwrap();
        events().into_iter().for_each(|event| journal.emit(event));
        journal.flush();
        let whole = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 7]).unwrap();
        assert_eq!(read(&path).unwrap().len(), 3);
        std::fs::write(&path, whole.replacen("KnobsChanged", "Knobs", 1)).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("line 3"));
        let (events, damage) = salvage(&path).unwrap();
        assert_eq!((events.len(), damage.is_some()), (3, true), "what can be read is not lost");
    }

    #[test]
    fn a_journal_of_an_older_version_is_read_and_gone_on_with_and_a_newer_one_is_neither() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let line = serde_json::to_string(&events()[0]).unwrap();
        std::fs::write(&path, format!("{{\"retort_journal\":1}}\n{line}\n{line}\n{{\"Scal")).unwrap();
        assert_eq!(read(&path).unwrap().len(), 2);
        let mut journal = Journal::append(&path).unwrap();
        journal.emit(Event::Left { step: 3 });
        journal.flush();
        assert_eq!(read(&path).unwrap()[2], Event::Left { step: 3 });
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with("{\"retort_journal\":2,\"retort\":\""),
            "an older program must not misread it: {text}"
        );
        std::fs::write(&path, text.replacen("journal\":2", "journal\":99", 1)).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("version 99"));
        assert!(Journal::append(&path).is_err());
        let kept = std::fs::read_to_string(&path).unwrap();
        assert!(kept.starts_with("{\"retort_journal\":99"), "nor is it written to");
    }
}
