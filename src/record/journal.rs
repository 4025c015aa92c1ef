//! The journal: every event as one JSON line, which a notebook can read; and replay.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::RunRecord;
use crate::link::{Event, EventSink};

/// Name of the journal in a run folder.
pub const FILE: &str = "journal.jsonl";

/// The newest journal format this program writes.
pub const VERSION: u32 = 1;

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

#[derive(Serialize, Deserialize)]
struct Header {
    retort_journal: u32,
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
        journal.write_line(&Header { retort_journal: VERSION });
        journal.flush();
        journal.check().map(|()| journal)
    }

    /// Goes on with an old journal. A last line cut off by a crash is removed, so that the next
    /// event starts a line of its own.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn append(path: &Path) -> Result<Self, JournalError> {
        let bytes = std::fs::read(path).map_err(|e| io(&e, path))?;
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
    let file = BufReader::new(File::open(path).map_err(|e| io(&e, path))?);
    let mut lines = file.lines();
    let header = lines.next().transpose().map_err(|e| io(&e, path))?.unwrap_or_default();
    let damaged = |line: usize, reason: String| JournalError::Damaged { line, reason, path: path.to_owned() };
    let Header { retort_journal: found } = serde_json::from_str(&header).map_err(|e| damaged(1, e.to_string()))?;
    if found > VERSION {
        return Err(JournalError::Newer { found, path: path.to_owned() });
    }
    let mut events = Vec::new();
    let mut broken = None;
    for (index, line) in lines.enumerate() {
        if let Some(error) = broken.take() {
            return Err(error);
        }
        match serde_json::from_str(&line.map_err(|e| io(&e, path))?) {
            Ok(event) => events.push(event),
            Err(e) => broken = Some(damaged(index + 2, e.to_string())),
        }
    }
    Ok(events)
}

/// The record of the run in `folder`, folded from its journal.
///
/// # Errors
/// As [`read`].
pub fn replay(folder: &Path) -> Result<RunRecord, JournalError> {
    let mut record = RunRecord::default();
    read(&folder.join(FILE))?.into_iter().for_each(|event| record.fold(event));
    Ok(record)
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
    }
}
