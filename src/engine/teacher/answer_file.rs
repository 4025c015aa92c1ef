//! The file of a teacher's kept answers: appended to under a lock, so that several processes share it and
//! none loses what another has paid for.
//!
//! Layout, little-endian. Header: `magic (16 bytes), version (u32), classes (u32), length of the
//! description (u32), description (JSON, UTF-8), checksum (8 bytes)`. Record: `hash of what the teacher reads
//! (32 bytes), classes × f32 log-probabilities, f32 mass of the label words, checksum (8 bytes)`. Records
//! with a wrong checksum are ignored, a torn one at the end is overwritten by the next: a kill while writing
//! costs one answer. Of two records for one input the later counts. The description says beside whose
//! answers these are how a record is encoded and which rows it holds; a file that says something else is
//! refused, one from before that was said holds what is written today.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::session::{Say, Sentence, say, spoken};

/// The format that is written.
pub const VERSION: u32 = 2;
const MAGIC: &[u8; 16] = b"RETORT-TARGETS\r\n";
/// Longest description that is believed.
const MOST: usize = 1 << 20;
/// Bytes of the header before the description.
const FIXED: usize = 28;
const SUM: usize = 8;

/// How the numbers of a record are kept.
const ENCODING: (&str, &str) = ("encoding", "f32 log-probabilities at temperature 1");
/// Which rows a record holds.
const ROWS: (&str, &str) = ("rows", "one an example, over the classes");

/// What a teacher reads for a text, hashed.
pub type Reading = [u8; 32];

/// A kept answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// What the teacher read.
    pub reading: Reading,
    /// Log-probabilities in class order.
    pub scores: Vec<f32>,
    /// Probability that the label words had before they were set against one another, in [0, 1]; NaN where
    /// that is not known, [`WITHDRAWN`] for an answer that is not to be used.
    pub mass: f32,
}

/// The mass of an answer that was paid for and says nothing: it is kept, and asked anew.
pub const WITHDRAWN: f32 = -1.0;

/// Why a file of answers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AnswerFileError {
    /// The operating system.
    Io(#[from] io::Error),
    /// A later program wrote it.
    Newer(u32),
    /// It is no such file, or another's.
    Damaged(Sentence),
}

impl Say for AnswerFileError {
    fn said(&self) -> Sentence {
        match self {
            Self::Io(reason) => reason.said(),
            Self::Newer(reason) => say!(
                "they have format {format}, this program reads up to {version}; update retort",
                format = reason,
                version = VERSION
            ),
            Self::Damaged(reason) => say!("the file is damaged or another's ({reason}); move it away", reason),
        }
    }
}

spoken!(AnswerFileError);

/// What stands at the beginning of a file of answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Classes of each answer.
    pub classes: usize,
    /// What the answers are to, as JSON.
    pub about: String,
}

impl Header {
    /// The header of a file with answers to what `about` describes, a JSON object.
    pub fn new(classes: usize, about: &str) -> Self {
        let described = match serde_json::from_str(about) {
            Ok(serde_json::Value::Object(mut about)) => {
                for (name, value) in [ENCODING, ROWS] {
                    about.insert(name.to_owned(), value.into());
                }
                serde_json::Value::Object(about).to_string()
            }
            _ => about.to_owned(),
        };
        Self { classes, about: described }
    }

    /// Why answers under this header are not of the kind that is read and written today.
    fn strange(&self) -> Option<Sentence> {
        let about: serde_json::Value = serde_json::from_str(&self.about).ok()?;
        let other = |(name, value): (&str, &str)| about.get(name).is_some_and(|found| found != value);
        [ENCODING, ROWS]
            .into_iter()
            .any(other)
            .then_some(say!("its answers are kept in a way that this program does not know"))
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for number in [VERSION as usize, self.classes, self.about.len()] {
            bytes.extend_from_slice(&(number as u32).to_le_bytes());
        }
        bytes.extend_from_slice(self.about.as_bytes());
        let sum = blake3::hash(&bytes);
        bytes.extend_from_slice(&sum.as_bytes()[..SUM]);
        bytes
    }

    /// The header at the beginning of `bytes` and its length; `None` for a file of the format before there
    /// were headers.
    ///
    /// # Errors
    /// [`AnswerFileError`] if it is of a later format or damaged.
    pub fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, AnswerFileError> {
        if !bytes.starts_with(MAGIC) {
            return Ok(None);
        }
        let number = |place: usize| -> Result<usize, AnswerFileError> {
            let four = bytes.get(place..place + 4).and_then(|four| four.try_into().ok());
            four.map(|four| u32::from_le_bytes(four) as usize)
                .ok_or(AnswerFileError::Damaged(say!("its header is cut")))
        };
        let version = number(16)? as u32;
        if version > VERSION {
            return Err(AnswerFileError::Newer(version));
        }
        let (classes, length) = (number(20)?, number(24)?);
        let end = FIXED + length.min(MOST);
        let (content, sum) = (bytes.get(..end), bytes.get(end..end + SUM));
        let (Some(content), Some(sum)) = (content, sum) else {
            return Err(AnswerFileError::Damaged(say!("its header is cut")));
        };
        let about = String::from_utf8(content[FIXED..].to_vec()).ok();
        match about.filter(|_| &blake3::hash(content).as_bytes()[..SUM] == sum) {
            Some(about) => Ok(Some((Self { classes, about }, end + SUM))),
            None => Err(AnswerFileError::Damaged(say!("its header has a wrong checksum"))),
        }
    }
}

impl Record {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.reading.to_vec();
        bytes.extend(self.scores.iter().chain([&self.mass]).flat_map(|value| value.to_le_bytes()));
        let sum = blake3::hash(&bytes);
        bytes.extend_from_slice(&sum.as_bytes()[..SUM]);
        bytes
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (reading, mut scores) = sealed(bytes)?;
        let mass = scores.pop()?;
        Some(Self { reading, scores, mass })
    }
}

/// The hash and the numbers of a record whose checksum is right.
pub fn sealed(bytes: &[u8]) -> Option<([u8; 32], Vec<f32>)> {
    let (content, sum) = bytes.split_at_checked(bytes.len().checked_sub(SUM)?)?;
    if &blake3::hash(content).as_bytes()[..SUM] != sum {
        return None;
    }
    let (key, values) = content.split_at_checked(32)?;
    let values = values.chunks_exact(4).filter_map(|four| Some(f32::from_le_bytes(four.try_into().ok()?)));
    Some((key.try_into().ok()?, values.collect()))
}

/// Bytes of a record of so many classes.
fn length(classes: usize) -> usize {
    32 + 4 * (classes + 1) + SUM
}

fn records(bytes: &[u8], classes: usize) -> Vec<Record> {
    bytes.chunks_exact(length(classes)).filter_map(Record::parse).collect()
}

/// A file of answers, open for this process and shared with others.
pub struct AnswerFile {
    file: File,
    path: PathBuf,
    header: Header,
    /// Bytes taken up so far, the header included.
    read: u64,
    /// Whether this handle holds the lock.
    alone: bool,
}

impl AnswerFile {
    /// Opens or makes the file at `path`; gives the answers in it.
    ///
    /// # Errors
    /// [`AnswerFileError`]; the file is then as it was.
    pub fn open(path: &Path, header: Header) -> Result<(Self, Vec<Record>), AnswerFileError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = File::options().read(true).append(true).create(true).open(path)?;
        let mut opened = Self { file, path: path.to_owned(), header, read: 0, alone: false };
        let records = opened.locked(Self::begin)?;
        Ok((opened, records))
    }

    /// The header and the answers of the file at `path`, which is not written; `None` for a file of the
    /// format before there were headers, or one that has just been made.
    ///
    /// # Errors
    /// [`AnswerFileError`].
    pub fn look(path: &Path) -> Result<Option<(Header, Vec<Record>)>, AnswerFileError> {
        let bytes = std::fs::read(path)?;
        let Some((header, start)) = Header::parse(&bytes)? else { return Ok(None) };
        if let Some(why) = header.strange() {
            return Err(AnswerFileError::Damaged(why));
        }
        let records = records(&bytes[start..], header.classes);
        Ok(Some((header, records)))
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Answers that other processes have written since the last look.
    ///
    /// # Errors
    /// [`AnswerFileError`].
    pub fn news(&mut self) -> Result<Vec<Record>, AnswerFileError> {
        if self.file.metadata()?.len() == self.read {
            return Ok(Vec::new());
        }
        self.locked(Self::take_up)
    }

    /// Writes answers behind those of others; gives the others' that were not known yet.
    ///
    /// # Errors
    /// [`AnswerFileError`]; the file then ends where it ended.
    pub fn append(&mut self, records: &[Record]) -> Result<Vec<Record>, AnswerFileError> {
        self.follow()?;
        self.locked(|this| {
            let news = this.take_up()?;
            let bytes: Vec<u8> = records.iter().flat_map(Record::bytes).collect();
            // Behind the last whole record: what a killed process left half written is cut off.
            this.cut()?;
            if let Err(e) = this.file.write_all(&bytes) {
                let _ = this.cut();
                return Err(e.into());
            }
            this.read += bytes.len() as u64;
            Ok(news)
        })
    }

    /// Opens the file anew if the one that is open was moved away or removed.
    fn follow(&mut self) -> Result<(), AnswerFileError> {
        let there = std::fs::metadata(&self.path).map(|data| data.len());
        let ours = self.file.metadata()?.len();
        if there.is_ok_and(|there| there >= ours) {
            return Ok(());
        }
        let (again, _) = Self::open(&self.path, self.header.clone())?;
        *self = again;
        Ok(())
    }

    /// Reads the whole file, or writes the header of a new one.
    fn begin(&mut self) -> Result<Vec<Record>, AnswerFileError> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut bytes)?;
        let header = self.header.bytes();
        // A header that was torn while it was written has nothing behind it.
        if header.starts_with(&bytes) && bytes.len() < header.len() {
            self.file.set_len(0)?;
            self.file.write_all(&header)?;
            self.read = header.len() as u64;
            return Ok(Vec::new());
        }
        let found = Header::parse(&bytes)?.ok_or(AnswerFileError::Damaged(say!("it has no header")))?;
        if found.0.classes != self.header.classes {
            return Err(AnswerFileError::Damaged(say!("its answers have another number of classes")));
        }
        if let Some(why) = found.0.strange() {
            return Err(AnswerFileError::Damaged(why));
        }
        let whole = (bytes.len() - found.1) / length(self.header.classes) * length(self.header.classes);
        self.read = (found.1 + whole) as u64;
        Ok(records(&bytes[found.1..], self.header.classes))
    }

    /// The whole records behind what was read, which is then read.
    fn take_up(&mut self) -> Result<Vec<Record>, AnswerFileError> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(self.read))?;
        self.file.read_to_end(&mut bytes)?;
        let each = length(self.header.classes);
        self.read += (bytes.len() / each * each) as u64;
        Ok(records(&bytes, self.header.classes))
    }

    /// Cuts off what stands behind the whole records, where nobody else can be writing it.
    fn cut(&self) -> io::Result<()> {
        if self.alone { self.file.set_len(self.read) } else { Ok(()) }
    }

    /// Does `work` while no other handle on the file does.
    fn locked<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, AnswerFileError>) -> Result<T, AnswerFileError> {
        self.alone = match self.file.lock() {
            Ok(()) => true,
            // Some network file systems know no locks: each record is still written at once, but nothing is cut.
            Err(e) if e.kind() == io::ErrorKind::Unsupported => false,
            Err(e) => return Err(e.into()),
        };
        let result = work(self);
        let _ = self.file.unlock();
        self.alone = false;
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header { classes: 2, about: "{\"of\":\"a test\"}".into() }
    }

    fn record(number: u32) -> Record {
        let mut reading = [0; 32];
        reading[..4].copy_from_slice(&number.to_le_bytes());
        Record { reading, scores: vec![number as f32, -1.5], mass: 0.5 }
    }

    fn kept(path: &Path) -> Vec<Record> {
        AnswerFile::look(path).unwrap().unwrap().1
    }

    #[test]
    fn answers_kept_in_another_way_are_refused_and_those_from_before_it_was_said_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let today = Header::new(2, "{\"of\":\"a test\"}");
        assert!(today.about.contains(ENCODING.1) && today.about.contains(ROWS.1), "{}", today.about);
        for (name, about, sound) in [
            ("before", "{\"of\":\"a test\"}".to_owned(), true),
            ("today", today.about.clone(), true),
            ("encoding", today.about.replace("f32", "f16"), false),
            ("rows", today.about.replace("one an example", "one a token"), false),
        ] {
            drop(AnswerFile::open(&path(name), Header { classes: 2, about }).unwrap().0.append(&[record(1)]));
            let found = AnswerFile::open(&path(name), today.clone()).map(|(_, records)| records);
            assert_eq!(found.is_ok_and(|records| records == [record(1)]), sound, "{name}");
            assert_eq!(AnswerFile::look(&path(name)).is_ok(), sound, "{name}");
        }
    }

    #[test]
    fn two_handles_that_write_in_turn_lose_nothing_and_see_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/down.targets");
        let (mut a, _) = AnswerFile::open(&path, header()).unwrap();
        let (mut b, known) = AnswerFile::open(&path, header()).unwrap();
        assert!(known.is_empty());
        assert!(a.append(&[record(1)]).unwrap().is_empty());
        assert_eq!(b.append(&[record(2), record(3)]).unwrap(), [record(1)]);
        assert_eq!(a.news().unwrap(), [record(2), record(3)]);
        assert!(a.news().unwrap().is_empty());
        assert_eq!(kept(&path), [1, 2, 3].map(record));
        assert_eq!(AnswerFile::open(&path, header()).unwrap().1, [1, 2, 3].map(record));
    }

    #[test]
    fn many_threads_on_one_file_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shared.targets");
        let write = |of: u32| {
            let (mut file, _) = AnswerFile::open(&path, header()).unwrap();
            (0..50).for_each(|n| drop(file.append(&[record(of * 1000 + n)]).unwrap()));
        };
        std::thread::scope(|scope| {
            (0..4).for_each(|of| drop(std::thread::Builder::new().spawn_scoped(scope, move || write(of)).unwrap()));
        });
        let mut numbers: Vec<f32> = kept(&path).iter().map(|record| record.scores[0]).collect();
        numbers.sort_by(f32::total_cmp);
        let expected: Vec<f32> = (0..4).flat_map(|of| (0..50).map(move |n| (of * 1000 + n) as f32)).collect();
        assert_eq!(numbers, expected);
    }

    #[test]
    fn whoever_finds_the_file_locked_waits_and_cuts_nothing_that_is_being_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shared.targets");
        let (mut ours, _) = AnswerFile::open(&path, header()).unwrap();
        let mut theirs = File::options().append(true).open(&path).unwrap();
        theirs.lock().unwrap();
        let bytes = record(1).bytes();
        let (half, rest) = bytes.split_at(20);
        theirs.write_all(half).unwrap();
        let (done, told) = std::sync::mpsc::channel();
        let append = move || drop(done.send(ours.append(&[record(2)]).unwrap()));
        let thread = std::thread::Builder::new().spawn(append).unwrap();
        // Whoever waits is never heard of, however long this takes.
        assert!(told.recv_timeout(std::time::Duration::from_millis(100)).is_err(), "it did not wait");
        theirs.write_all(rest).unwrap();
        theirs.unlock().unwrap();
        assert_eq!(told.recv().unwrap(), [record(1)]);
        thread.join().unwrap();
        assert_eq!(kept(&path), [1, 2].map(record));
    }

    #[test]
    fn a_kill_at_any_byte_costs_at_most_one_answer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("torn.targets");
        let whole = [header().bytes(), record(1).bytes(), record(2).bytes()].concat();
        let ends = [header().bytes().len(), header().bytes().len() + record(1).bytes().len()];
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let (mut file, known) = AnswerFile::open(&path, header()).unwrap();
            let sound = usize::from(cut >= ends[1]) + usize::from(cut == whole.len());
            assert_eq!(known.len(), sound, "cut at {cut}");
            file.append(&[record(3)]).unwrap();
            drop(file);
            let expected: Vec<Record> = (1..=sound as u32).chain([3]).map(record).collect();
            assert_eq!(kept(&path), expected, "cut at {cut}");
        }
    }

    #[test]
    fn a_wrong_byte_costs_one_answer_and_a_foreign_or_later_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.targets");
        let mut bytes = [header().bytes(), record(1).bytes(), record(2).bytes()].concat();
        let place = header().bytes().len() + 33;
        bytes[place] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(AnswerFile::open(&path, header()).unwrap().1, [record(2)]);
        let mut later = header().bytes();
        later[16] = 3;
        for foreign in [b"something else".to_vec(), later, bytes[..40].iter().rev().copied().collect()] {
            std::fs::write(&path, &foreign).unwrap();
            assert!(AnswerFile::open(&path, header()).is_err());
            assert_eq!(std::fs::read(&path).unwrap(), foreign);
        }
    }

    #[test]
    fn a_file_that_is_removed_meanwhile_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.targets");
        let (mut file, _) = AnswerFile::open(&path, header()).unwrap();
        file.append(&[record(1)]).unwrap();
        std::fs::remove_file(&path).unwrap();
        file.append(&[record(2)]).unwrap();
        assert_eq!(kept(&path), [record(2)]);
    }
}
