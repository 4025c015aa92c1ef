//! The file of a teacher's rows over a vocabulary: appended to under a lock, read by position, bounded.
//!
//! Layout, little-endian. Header: `magic (16 bytes), version (u32), length of the description (u32), description (JSON,
//! UTF-8), checksum (8 bytes)`. Record: `mark (4 bytes), what the teacher read, hashed (32 bytes), rows (u32), length of
//! the payload (u32), checksum of these (4 bytes), payload, checksum of it (8 bytes)`. A record that is damaged costs
//! itself only: behind a head with a wrong checksum the next mark is looked for, and a payload is checked when it is
//! read. What a killed process left half written at the end is cut off where nobody else can be writing it. Of two
//! records for one input the later counts. The description says whose rows these are and how they are encoded; a file
//! that says something else is refused.
//!
//! *Why not mapped (2026-11).* Another process may cut a torn end at any moment, and a mapped page behind the new end
//! kills whoever touches it. A payload is read by its place when it is asked for; the system's page cache keeps what is
//! read often, so only the index is in this process's memory, about 60 bytes a sample.
//!
//! *Why bounded (2026-11).* Rows can be made again, and a run over a large corpus has no end of them: what is kept may
//! grow up to [`MOST`], and to no more than half of what it and the free part of its disk have together. Nothing is
//! thrown out for what is new, since a run meets its samples in a cycle: a cache of the latest would then never hit.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::Reading;
use super::answer_file::AnswerFileError;
use super::in_use::InUse;
use crate::session::say;

/// The format that is written.
pub const VERSION: u32 = 1;
/// Most bytes of a file.
pub const MOST: u64 = 8 << 30;
/// Bytes that a record takes beside its payload.
pub const BESIDE: usize = HEAD + SUM;

const MAGIC: &[u8; 16] = b"RETORT-ROWS\r\n\x1a\n\0";
/// Longest description that is believed.
const LONGEST: usize = 1 << 20;
/// Bytes of the header before the description.
const FIXED: usize = 24;
const SUM: usize = 8;
/// What every record begins with.
const MARK: &[u8; 4] = b"\x1erow";
/// Bytes of a record before its payload.
const HEAD: usize = 48;

/// The most bytes that the file at `path` may have on a disk with so much free room.
pub fn limit(path: &Path, free: Option<u64>) -> u64 {
    let bytes = std::fs::metadata(path).map_or(0, |data| data.len());
    free.map_or(MOST, |free| MOST.min((bytes + free) / 2))
}

/// Where a payload lies, and of how many rows it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// First byte of the payload.
    offset: u64,
    /// Bytes of it.
    length: u32,
    /// Rows of it.
    pub rows: u32,
}

/// What came of keeping a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is kept, so many bytes.
    Written(u64),
    /// It was there already.
    Known,
    /// There is no room for it.
    Full,
}

/// A file of rows, open for this process and shared with others.
pub struct RowFile {
    file: File,
    path: PathBuf,
    about: String,
    index: HashMap<Reading, Place>,
    /// Bytes taken up so far, the header included.
    read: u64,
    /// Most bytes that it may have.
    limit: u64,
    /// Whether this handle holds the lock.
    alone: bool,
    /// Tells others that it is open.
    _in_use: InUse,
}

impl RowFile {
    /// Opens or makes the file at `path`, of rows that `about` describes as JSON; it grows up to `limit` bytes.
    ///
    /// # Errors
    /// [`AnswerFileError`]; the file is then as it was.
    pub fn open(path: &Path, about: &str, limit: u64) -> Result<Self, AnswerFileError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = File::options().read(true).append(true).create(true).open(path)?;
        let (about, index, path) = (about.to_owned(), HashMap::new(), path.to_owned());
        let _in_use = InUse::mark(&path);
        let mut opened = Self { file, path, about, index, read: 0, limit, alone: false, _in_use };
        opened.locked(Self::begin)?;
        Ok(opened)
    }

    /// The description of the file at `path`, its records and their rows; nothing is written.
    ///
    /// # Errors
    /// [`AnswerFileError`].
    pub fn look(path: &Path) -> Result<(String, usize, u64), AnswerFileError> {
        let mut file = File::open(path)?;
        let (about, start) = header(&mut file)?;
        let mut index = HashMap::new();
        walk(&file, start, &mut index)?;
        Ok((about, index.len(), index.values().map(|place| u64::from(place.rows)).sum()))
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of it that are taken up.
    pub fn bytes(&self) -> u64 {
        self.read
    }

    /// Whether there is a payload for an input, what others have kept meanwhile included.
    ///
    /// # Errors
    /// [`AnswerFileError`].
    pub fn has(&mut self, key: &Reading) -> Result<bool, AnswerFileError> {
        if !self.index.contains_key(key) {
            self.locked(Self::take_up)?;
        }
        Ok(self.index.contains_key(key))
    }

    /// The payload kept for an input, by others meanwhile too; `None` where there is none, or where it is damaged.
    ///
    /// # Errors
    /// [`AnswerFileError`].
    pub fn get(&mut self, key: &Reading) -> Result<Option<Vec<u8>>, AnswerFileError> {
        if !self.has(key)? {
            return Ok(None);
        }
        let Some(&place) = self.index.get(key) else { return Ok(None) };
        let mut bytes = vec![0; place.length as usize + SUM];
        self.file.seek(SeekFrom::Start(place.offset))?;
        let read = self.file.read_exact(&mut bytes);
        let sum = bytes.split_off(place.length as usize);
        let sound = read.is_ok() && blake3::hash(&bytes).as_bytes()[..SUM] == sum[..];
        if !sound {
            // To be computed and kept anew; of two records the later counts.
            self.index.remove(key);
        }
        Ok(sound.then_some(bytes))
    }

    /// Keeps a payload of so many rows behind those of others, where it has room.
    ///
    /// # Errors
    /// [`AnswerFileError`]; the file then ends where it ended.
    pub fn put(&mut self, key: &Reading, rows: u32, payload: &[u8]) -> Result<Kept, AnswerFileError> {
        self.follow()?;
        self.locked(|this| {
            this.take_up()?;
            let (Ok(length), false) = (u32::try_from(payload.len()), this.index.contains_key(key)) else {
                return Ok(if this.index.contains_key(key) { Kept::Known } else { Kept::Full });
            };
            let bytes = record(key, rows, length, payload);
            if this.read + bytes.len() as u64 > this.limit {
                return Ok(Kept::Full);
            }
            this.write(&bytes)?;
            let offset = this.read - (payload.len() + SUM) as u64;
            this.index.insert(*key, Place { offset, length, rows });
            Ok(Kept::Written(bytes.len() as u64))
        })
    }

    /// Writes behind the last whole record: what a killed process left half written is cut off.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.cut()?;
        if let Err(e) = self.file.write_all(bytes) {
            let _ = self.cut();
            return Err(e);
        }
        self.read = self.file.metadata()?.len();
        Ok(())
    }

    /// Opens the file anew if the one that is open was moved away or removed.
    fn follow(&mut self) -> Result<(), AnswerFileError> {
        let there = std::fs::metadata(&self.path).map(|data| data.len());
        if there.is_ok_and(|there| there >= self.read) {
            return Ok(());
        }
        *self = Self::open(&self.path, &self.about, self.limit)?;
        Ok(())
    }

    /// Takes up the whole file, or writes the header of a new one.
    fn begin(&mut self) -> Result<(), AnswerFileError> {
        let header_bytes = header_bytes(&self.about);
        let mut first = vec![];
        self.file.seek(SeekFrom::Start(0))?;
        (&self.file).take(header_bytes.len() as u64).read_to_end(&mut first)?;
        // A header that was torn while it was written has nothing behind it.
        if header_bytes.starts_with(&first) && first.len() < header_bytes.len() {
            self.file.set_len(0)?;
            self.file.write_all(&header_bytes)?;
            self.read = header_bytes.len() as u64;
            return Ok(());
        }
        let (about, start) = header(&mut self.file)?;
        if about != self.about {
            return Err(AnswerFileError::Damaged(say!("its rows are another teacher's, or kept in another way")));
        }
        self.read = start;
        self.take_up()
    }

    /// The whole records behind what was read, which is then read.
    fn take_up(&mut self) -> Result<(), AnswerFileError> {
        if self.file.metadata()?.len() != self.read {
            self.read = walk(&self.file, self.read, &mut self.index)?;
        }
        Ok(())
    }

    /// Cuts off what stands behind the whole records, where nobody else can be writing it.
    fn cut(&self) -> io::Result<()> {
        if self.alone && self.file.metadata()?.len() > self.read { self.file.set_len(self.read) } else { Ok(()) }
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

fn header_bytes(about: &str) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&(about.len() as u32).to_le_bytes());
    bytes.extend_from_slice(about.as_bytes());
    sealed(bytes, 0, SUM)
}

/// The description at the beginning of a file, and where its records begin.
fn header(file: &mut File) -> Result<(String, u64), AnswerFileError> {
    file.seek(SeekFrom::Start(0))?;
    let mut bytes = vec![];
    (&*file).take(FIXED as u64).read_to_end(&mut bytes)?;
    if !bytes.starts_with(MAGIC) {
        return Err(AnswerFileError::Damaged(say!("it has no header")));
    }
    let (Some(version), Some(length)) = (number(&bytes, 16), number(&bytes, 20)) else {
        return Err(AnswerFileError::Damaged(say!("its header is cut")));
    };
    if version > VERSION {
        return Err(AnswerFileError::Newer(version));
    }
    let end = FIXED + (length as usize).min(LONGEST);
    (&*file).take((end + SUM - FIXED) as u64).read_to_end(&mut bytes)?;
    let (Some(content), Some(sum)) = (bytes.get(..end), bytes.get(end..end + SUM)) else {
        return Err(AnswerFileError::Damaged(say!("its header is cut")));
    };
    match String::from_utf8(content[FIXED..].to_vec()) {
        Ok(about) if blake3::hash(content).as_bytes()[..SUM] == *sum => Ok((about, (end + SUM) as u64)),
        _ => Err(AnswerFileError::Damaged(say!("its header has a wrong checksum"))),
    }
}

/// A record as it is written.
fn record(key: &Reading, rows: u32, length: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len() + BESIDE);
    bytes.extend_from_slice(MARK);
    bytes.extend_from_slice(key);
    bytes.extend_from_slice(&rows.to_le_bytes());
    bytes.extend_from_slice(&length.to_le_bytes());
    let mut bytes = sealed(bytes, 0, HEAD - 44);
    bytes.extend_from_slice(payload);
    sealed(bytes, HEAD, SUM)
}

/// `bytes` and so much of a checksum of those from `first` on.
fn sealed(mut bytes: Vec<u8>, first: usize, length: usize) -> Vec<u8> {
    let sum = blake3::hash(&bytes[first..]);
    bytes.extend_from_slice(&sum.as_bytes()[..length]);
    bytes
}

fn number(bytes: &[u8], place: usize) -> Option<u32> {
    bytes.get(place..place + 4).and_then(|four| four.try_into().ok()).map(u32::from_le_bytes)
}

/// The head of a record: its key, rows and length; `None` where it is none.
fn head(bytes: &[u8; HEAD]) -> Option<(Reading, u32, u32)> {
    let sound = bytes.starts_with(MARK) && blake3::hash(&bytes[..44]).as_bytes()[..HEAD - 44] == bytes[44..];
    sound.then_some(())?;
    Some((bytes[4..36].try_into().ok()?, number(bytes, 36)?, number(bytes, 40)?))
}

/// Puts the records from `start` on into `index`, as far as the file is whole; where the last of them ends.
fn walk(file: &File, start: u64, index: &mut HashMap<Reading, Place>) -> io::Result<u64> {
    let all = file.metadata()?.len();
    let mut reader = BufReader::new(file);
    reader.seek(SeekFrom::Start(start))?;
    let (mut place, mut end) = (start, start);
    while place + BESIDE as u64 <= all {
        let mut bytes = [0; HEAD];
        reader.read_exact(&mut bytes)?;
        let found = head(&bytes).filter(|(.., length)| place + BESIDE as u64 + u64::from(*length) <= all);
        let Some((key, rows, length)) = found else {
            let Some(next) = marked(file, place + 1)? else { break };
            place = next;
            reader.seek(SeekFrom::Start(place))?;
            continue;
        };
        index.insert(key, Place { offset: place + HEAD as u64, length, rows });
        reader.seek_relative(i64::from(length) + SUM as i64)?;
        place += BESIDE as u64 + u64::from(length);
        end = place;
    }
    Ok(end)
}

/// Where from `start` on the next mark of a record stands.
fn marked(file: &File, start: u64) -> io::Result<Option<u64>> {
    const PIECE: usize = 1 << 20;
    let (mut file, mut place) = (file, start);
    loop {
        let mut piece = Vec::new();
        file.seek(SeekFrom::Start(place))?;
        file.take(PIECE as u64).read_to_end(&mut piece)?;
        if let Some(found) = piece.windows(MARK.len()).position(|four| four == MARK) {
            return Ok(Some(place + found as u64));
        }
        if piece.len() < PIECE {
            return Ok(None);
        }
        // A mark may lie across two pieces.
        place += (PIECE - MARK.len() + 1) as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: &str = "{\"teacher\":\"a test\",\"k\":50}";

    fn open(path: &Path) -> RowFile {
        RowFile::open(path, ABOUT, MOST).unwrap()
    }

    fn payload(number: u8) -> Vec<u8> {
        vec![number; 10 + number as usize]
    }

    fn put(file: &mut RowFile, number: u8) -> Kept {
        file.put(&[number; 32], 1, &payload(number)).unwrap()
    }

    fn kept(path: &Path) -> Vec<u8> {
        let mut file = open(path);
        (0..20)
            .filter(|number| file.get(&[*number; 32]).unwrap().is_some_and(|bytes| bytes == payload(*number)))
            .collect()
    }

    #[test]
    fn two_handles_that_write_in_turn_lose_nothing_and_write_nothing_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/down.rows");
        let (mut a, mut b) = (open(&path), open(&path));
        assert!(matches!(put(&mut a, 1), Kept::Written(_)) && matches!(put(&mut b, 2), Kept::Written(_)));
        assert_eq!((put(&mut b, 1), put(&mut a, 2)), (Kept::Known, Kept::Known));
        assert_eq!((a.get(&[2; 32]).unwrap(), b.get(&[1; 32]).unwrap()), (Some(payload(2)), Some(payload(1))));
        assert_eq!((kept(&path), RowFile::look(&path).unwrap()), (vec![1, 2], (ABOUT.to_owned(), 2, 2)));
        assert_eq!(a.bytes(), std::fs::metadata(&path).unwrap().len());
        put(&mut b, 3);
        assert!(
            a.has(&[3; 32]).unwrap() && !a.has(&[4; 32]).unwrap(),
            "what another handle keeps is met by reading, too"
        );
    }

    #[test]
    fn many_threads_on_one_file_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shared.rows");
        let write = |of: u8| {
            let mut file = open(&path);
            (0..5).for_each(|n| assert!(matches!(put(&mut file, of * 5 + n), Kept::Written(_))));
        };
        std::thread::scope(|scope| {
            (0..4).for_each(|of| drop(std::thread::Builder::new().spawn_scoped(scope, move || write(of)).unwrap()));
        });
        assert_eq!(kept(&path), (0..20).collect::<Vec<u8>>());
    }

    #[test]
    fn a_kill_at_any_byte_costs_at_most_one_record() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("torn.rows");
        let start = header_bytes(ABOUT).len();
        put(&mut open(&path), 1);
        let one = std::fs::metadata(&path).unwrap().len() as usize;
        put(&mut open(&path), 2);
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            put(&mut open(&path), 3);
            let expected: Vec<u8> = [(1, one), (2, whole.len()), (3, 0)]
                .into_iter()
                .filter_map(|(number, end)| (cut >= end).then_some(number))
                .collect();
            assert_eq!(kept(&path), expected, "cut at {cut}, header {start}");
        }
    }

    #[test]
    fn a_wrong_byte_costs_one_record_and_is_made_good_by_keeping_it_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.rows");
        (1..4).for_each(|number| assert!(matches!(put(&mut open(&path), number), Kept::Written(_))));
        let whole = std::fs::read(&path).unwrap();
        let start = header_bytes(ABOUT).len() + BESIDE + payload(1).len();
        for place in start..start + BESIDE + payload(2).len() {
            let mut bytes = whole.clone();
            bytes[place] ^= 0x10;
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(kept(&path), [1, 3], "byte {place}");
            let mut file = open(&path);
            assert_eq!(file.get(&[2; 32]).unwrap(), None);
            put(&mut file, 2);
            assert_eq!(file.get(&[2; 32]).unwrap(), Some(payload(2)), "byte {place}");
        }
    }

    #[test]
    fn a_foreign_or_later_file_or_one_of_another_encoding_is_left_alone_and_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.rows");
        put(&mut open(&path), 1);
        let whole = std::fs::read(&path).unwrap();
        let mut later = whole.clone();
        later[16] = 9;
        let mut broken = whole.clone();
        broken[30] ^= 1;
        for (bytes, about, said) in [
            (whole.clone(), "{\"k\":8}", "kept in another way"),
            (later, ABOUT, "update retort"),
            (broken, ABOUT, "wrong checksum"),
            (b"something else, and longer than a header would be, by some bytes".to_vec(), ABOUT, "no header"),
        ] {
            std::fs::write(&path, &bytes).unwrap();
            let why = RowFile::open(&path, about, MOST).err().unwrap().to_string();
            assert!(why.contains(said), "{why}");
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
        }
    }

    #[test]
    fn a_file_that_is_removed_meanwhile_is_made_anew_and_a_full_one_takes_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.rows");
        let mut file = open(&path);
        put(&mut file, 1);
        std::fs::remove_file(&path).unwrap();
        put(&mut file, 2);
        assert_eq!(kept(&path), [2]);
        let bytes = std::fs::metadata(&path).unwrap().len();
        let mut full = RowFile::open(&path, ABOUT, bytes + 60).unwrap();
        assert_eq!((put(&mut full, 3), put(&mut full, 2)), (Kept::Full, Kept::Known));
        assert_eq!(std::fs::metadata(&path).unwrap().len(), bytes);
        assert!(matches!(put(&mut full, 0), Kept::Full) && kept(&path) == [2]);
    }
}
