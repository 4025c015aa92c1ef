//! The journal: every fact as one JSON line, which a notebook can read. Here it is written; what is read
//! back of it is a [`Reading`].

mod point_reader;
mod reading;
mod replaying;
mod scalars_line;

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::link::Fact;
use crate::session::file::write_atomically;

pub use self::point_reader::{PointReader, Points};
pub use self::reading::{Fault, Reading, Told, read, read_each};
pub use self::replaying::{replay, replay_told, replay_what_is_left, replay_whole, without_journal};
pub use crate::session::run_folder::JOURNAL as FILE;
use crate::session::{Say, Sentence, say, spoken};

/// The newest journal format this program writes. 2: which checkpoints are kept, and that a run was
/// left.
pub const VERSION: u32 = 2;

/// Why a journal could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The operating system refused.
    Io {
        /// The operating system's words.
        reason: Sentence,
        /// The file.
        path: PathBuf,
    },
    /// No line of it is ours.
    Unreadable {
        /// The parser's words about the first line.
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
}

impl Say for JournalError {
    fn said(&self) -> Sentence {
        match self {
            Self::Io { reason, path } => say!(
                "cannot use the journal: {reason}; check that the folder can be written and has room: {path}",
                reason,
                path
            ),
            Self::Unreadable { reason, path } => say!(
                "not a run's journal, or damaged from its first line on: {reason}; checkpoints and student are not touched by that: {path}",
                reason,
                path
            ),
            Self::Newer { found, path } => say!(
                "the journal has version {found}, this program reads up to {version}; update retort: {path}",
                found,
                version = VERSION,
                path
            ),
        }
    }
}

spoken!(JournalError);

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

/// Lines that wait for room take so much memory at most, bytes; those that come then are left out.
const WAITING: usize = 64 << 20;

/// Writes facts to a file as they come. A full disk does not end the run: the lines wait, and are written
/// with the next one that finds room, so that nothing is missing between them.
pub struct Journal {
    file: File,
    path: PathBuf,
    /// What is not in the file yet; the file ends where this begins, be it within a line.
    waiting: Vec<u8>,
    /// Bytes of the file.
    end: u64,
    /// Lines for which there was no room in memory either.
    left_out: u64,
    failed: Option<Sentence>,
}

impl Journal {
    /// A new journal at `path`, replacing an old one.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        let mut journal = Self::at_end_of(File::create(path).map_err(|e| io(&e, path))?, path)?;
        journal.write_line(&Header::today());
        journal.flush();
        journal.check().map(|()| journal)
    }

    /// Goes on with an old journal. A last line cut off by a crash is removed, so that the next
    /// event starts a line of its own. One of an older version, or with a damaged header, has today's from
    /// then on; its other lines stay as they are, also those that cannot be read.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn append(path: &Path) -> Result<Self, JournalError> {
        let bytes = std::fs::read(path).map_err(|e| io(&e, path))?;
        if bytes.is_empty() {
            // It was made and never written to: the disk was full.
            return Self::create(path);
        }
        if let Some(renewed) = renewed(&bytes, path)? {
            write_atomically(path, &renewed).map_err(|e| io(&e, path))?;
            return Self::append(path);
        }
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        // It may lack nothing but its end.
        let complete = serde_json::from_slice::<Fact>(&bytes[whole..]).is_ok();
        let mut file = File::options().write(true).open(path).map_err(|e| io(&e, path))?;
        file.set_len(if complete { bytes.len() } else { whole } as u64).map_err(|e| io(&e, path))?;
        file.seek(SeekFrom::End(0)).map_err(|e| io(&e, path))?;
        if complete {
            file.write_all(b"\n").map_err(|e| io(&e, path))?;
        }
        Self::at_end_of(file, path)
    }

    fn at_end_of(file: File, path: &Path) -> Result<Self, JournalError> {
        let end = file.metadata().map_err(|e| io(&e, path))?.len();
        Ok(Self { file, path: path.to_owned(), waiting: Vec::new(), end, left_out: 0, failed: None })
    }

    /// Puts another file in the place of its own, and gives that.
    #[cfg(test)]
    pub(super) fn swap(&mut self, file: File) -> File {
        std::mem::replace(&mut self.file, file)
    }

    /// Whether lines are waiting for room.
    pub fn is_behind(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Hands everything to the operating system, as far as it takes it.
    pub fn flush(&mut self) {
        if self.failed.is_some() && self.file.metadata().is_ok_and(|file| file.len() != self.end) {
            // Lines that have waited would come behind somebody else's.
            self.failed = Some(say!("another process has written to it"));
            return;
        }
        let mut written = 0;
        self.failed = loop {
            match self.file.write(&self.waiting[written..]) {
                Ok(0) if written == self.waiting.len() => break None,
                Ok(0) => break Some(say!("nothing more can be written")),
                Ok(bytes) => written += bytes,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => break Some(e.said()),
            }
        };
        self.waiting.drain(..written);
        self.end += written as u64;
    }

    /// Why lines are waiting, or that some were left out.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn check(&self) -> Result<(), JournalError> {
        let lost = (self.left_out > 0)
            .then(|| say!("{left_out} of its lines found no room and are left out", left_out = self.left_out));
        match self.failed.clone().or(lost) {
            Some(reason) => Err(JournalError::Io { reason, path: self.path.clone() }),
            None => Ok(()),
        }
    }

    /// Writes a fact.
    pub fn write(&mut self, fact: &Fact) {
        self.write_line(fact);
        // A checkpoint must never know of steps that the journal has lost: a run killed right behind one
        // goes on from it, and would have a gap in its curves.
        self.flush();
    }

    fn write_line(&mut self, value: &impl Serialize) {
        let line = serde_json::to_vec(value).unwrap_or_default();
        if line.is_empty() || self.waiting.len() + line.len() > WAITING {
            self.left_out += 1;
            return;
        }
        self.waiting.extend_from_slice(&line);
        self.waiting.push(b'\n');
    }
}

/// The journal under today's header, if it has an older one or a damaged one.
fn renewed(bytes: &[u8], path: &Path) -> Result<Option<Vec<u8>>, JournalError> {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let header = &bytes[..end];
    let version = version_of(header, path)?;
    if version == Some(VERSION) {
        return Ok(None);
    }
    if version.is_none() {
        // What is no journal at all is not written to.
        read(path)?;
    }
    let today = serde_json::to_vec(&Header::today());
    let mut renewed = today.map_err(|e| JournalError::Io { reason: e.said(), path: path.to_owned() })?;
    let is_fact = serde_json::from_slice::<Fact>(header).is_ok();
    renewed.extend_from_slice(if is_fact || end == bytes.len() { b"\n" } else { b"" });
    renewed.extend_from_slice(if is_fact { bytes } else { &bytes[end..] });
    Ok(Some(renewed))
}

/// The version that a header names, if this program reads it; `None` if the line is no header.
fn version_of(header: &[u8], path: &Path) -> Result<Option<u32>, JournalError> {
    match serde_json::from_slice(header) {
        Ok(Header { retort_journal: found, .. }) if found > VERSION => {
            Err(JournalError::Newer { found, path: path.to_owned() })
        }
        Ok(Header { retort_journal, .. }) => Ok(Some(retort_journal)),
        Err(_) => Ok(None),
    }
}

fn io(error: &std::io::Error, path: &Path) -> JournalError {
    JournalError::Io { reason: error.said(), path: path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn lines_that_found_no_room_are_written_in_their_place_once_there_is_some() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let step = |step| Fact::Scalars { step, values: vec![("loss/total".into(), 1.5)] };
        let mut journal = Journal::create(&path).unwrap();
        journal.write(&step(0));
        let full = File::options().write(true).open("/dev/full").unwrap();
        let file = journal.swap(full);
        (1..4).for_each(|number| journal.write(&step(number)));
        assert!(journal.is_behind() && journal.check().is_err());
        assert_eq!(read(&path).unwrap().facts, [step(0)]);
        journal.swap(file);
        journal.write(&step(4));
        assert!(!journal.is_behind() && journal.check().is_ok());
        let reading = read(&path).unwrap();
        assert_eq!((reading.facts, reading.faults), ((0..5).map(step).collect(), Vec::new()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn lines_that_have_waited_are_not_written_behind_those_of_another_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let step = |step| Fact::Scalars { step, values: Vec::new() };
        let mut journal = Journal::create(&path).unwrap();
        let file = journal.swap(File::options().write(true).open("/dev/full").unwrap());
        journal.write(&step(0));
        journal.swap(file);
        Journal::append(&path).unwrap().write(&step(7));
        journal.flush();
        assert!(journal.check().unwrap_err().to_string().contains("another process"));
        assert_eq!(read(&path).unwrap().facts, [step(7)]);
    }
}
