//! Content hashes of large files, by BLAKE3, remembered by path, length and time of change: a model of
//! many gigabytes is read through once, not at every opening.
//!
//! What is remembered lies in the cache folder, a line `what was hashed,its hash` each; the first is itself a
//! hash of paths, lengths and times, so that no path is written down. A file that was changed within the
//! last two seconds is not remembered: some file systems keep time no finer. A file whose content changes
//! while length and time stay is not noticed.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::cache_folder;

/// The file of remembered hashes, in the cache folder.
const INDEX: &str = "content-hashes.csv";
/// How old a change must be before a later one is sure to bear another time.
const SETTLED: Duration = Duration::from_secs(2);
/// Bytes read at once.
const CHUNK: usize = 1 << 20;

/// A content hash.
pub type Hash = [u8; 32];

/// The hash of the bytes of `path`.
///
/// # Errors
/// The operating system's.
pub fn of_file(path: &Path) -> io::Result<Hash> {
    of_files(&[], &[path.to_owned()])
}

/// The hash of `first` followed by the bytes of all `files`, one behind the other.
///
/// # Errors
/// The operating system's, for the first file that cannot be read.
pub fn of_files(first: &[&[u8]], files: &[PathBuf]) -> io::Result<Hash> {
    let Some(key) = key(first, files)? else { return read_through(first, files) };
    if let Some(known) = remembered(&key) {
        return Ok(known);
    }
    let hash = read_through(first, files)?;
    remember(key, hash);
    Ok(hash)
}

/// What the hash is remembered by; `None` where it must not be.
fn key(first: &[&[u8]], files: &[PathBuf]) -> io::Result<Option<Hash>> {
    let mut key = blake3::Hasher::new();
    for part in first {
        key.update(blake3::hash(part).as_bytes());
    }
    let now = SystemTime::now();
    for path in files {
        let data = std::fs::metadata(path)?;
        let Some(changed) = changed(&data, now) else { return Ok(None) };
        let path = path.canonicalize()?;
        key.update(blake3::hash(path.as_os_str().as_encoded_bytes()).as_bytes());
        key.update(&data.len().to_le_bytes()).update(&changed.to_le_bytes());
    }
    Ok(Some(*key.finalize().as_bytes()))
}

/// Nanoseconds from the epoch to the last change, if that is long enough ago.
fn changed(data: &Metadata, now: SystemTime) -> Option<i128> {
    let time = data.modified().ok()?;
    now.duration_since(time).ok().filter(|age| *age >= SETTLED)?;
    let since = time.duration_since(UNIX_EPOCH).map(|after| after.as_nanos() as i128);
    Some(since.unwrap_or_else(|before| -(before.duration().as_nanos() as i128)))
}

fn read_through(first: &[&[u8]], files: &[PathBuf]) -> io::Result<Hash> {
    let mut hash = blake3::Hasher::new();
    for part in first {
        hash.update(part);
    }
    let mut buffer = vec![0; CHUNK];
    for path in files {
        let mut file = File::open(path)?;
        loop {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    hash.update(&buffer[..count]);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }
    Ok(*hash.finalize().as_bytes())
}

/// The folder that an index was read from, and what is known there.
type Index = (Option<PathBuf>, HashMap<Hash, Hash>);

/// Hashes of this process; the index of earlier ones is read once per folder.
static KNOWN: Mutex<Option<Index>> = Mutex::new(None);

fn with_known<T>(change: impl FnOnce(&mut HashMap<Hash, Hash>) -> T) -> T {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = cache_folder::folder();
    if known.as_ref().is_none_or(|(of, _)| *of != folder) {
        let index = folder.as_ref().map(|folder| read_index(&folder.join(INDEX))).unwrap_or_default();
        *known = Some((folder, index));
    }
    change(&mut known.get_or_insert_with(Default::default).1)
}

fn remembered(key: &Hash) -> Option<Hash> {
    with_known(|known| known.get(key).copied())
}

fn remember(key: Hash, hash: Hash) {
    with_known(|known| known.insert(key, hash));
    // Where nothing can be written the next process reads the file once more, nothing else.
    if let Some(folder) = cache_folder::folder() {
        let _ = append(&folder, &key, &hash);
    }
}

fn append(folder: &Path, key: &Hash, hash: &Hash) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut file = File::options().append(true).create(true).open(folder.join(INDEX))?;
    // A line of its own even behind one that was torn.
    file.write_all(format!("\n{},{}\n", hex(key), hex(hash)).as_bytes())
}

fn read_index(path: &Path) -> HashMap<Hash, Hash> {
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let pair = |line: &str| {
        let (key, hash) = line.split_once(',')?;
        Some((unhex(key)?, unhex(hash)?))
    };
    text.lines().filter_map(pair).collect()
}

/// A hash as text.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Hash> {
    let digits = text.as_bytes();
    let mut hash = [0; 32];
    if digits.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aged(path: &Path, bytes: &[u8], age: Duration) {
        std::fs::write(path, bytes).unwrap();
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }

    #[test]
    fn the_hash_is_that_of_the_bytes_one_behind_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        let long = vec![7u8; CHUNK + 3];
        aged(&one, b"first ", Duration::from_secs(100));
        aged(&two, &long, Duration::from_secs(100));
        let whole = [b"head first ".as_slice(), &long].concat();
        for _ in 0..2 {
            assert_eq!(of_files(&[b"head "], &[one.clone(), two.clone()]).unwrap(), *blake3::hash(&whole).as_bytes());
        }
        assert!(of_file(&folder.path().join("none")).is_err());
    }

    #[test]
    fn a_settled_file_is_read_once_and_a_changed_one_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights");
        let old = Duration::from_secs(1000);
        aged(&path, b"one", old);
        let first = of_file(&path).unwrap();
        // Same length, same time: taken for the same without being read.
        let time = std::fs::metadata(&path).unwrap().modified().unwrap();
        std::fs::write(&path, b"two").unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        assert_eq!(of_file(&path).unwrap(), first);
        aged(&path, b"two", old / 2);
        assert_eq!(of_file(&path).unwrap(), *blake3::hash(b"two").as_bytes());
        aged(&path, b"longer", old);
        assert_eq!(of_file(&path).unwrap(), *blake3::hash(b"longer").as_bytes());
    }

    #[test]
    fn a_file_that_was_just_written_is_not_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fresh");
        for bytes in [b"one", b"two"] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(of_file(&path).unwrap(), *blake3::hash(bytes).as_bytes());
        }
    }

    #[test]
    fn torn_lines_of_the_index_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        append(folder.path(), &[1; 32], &[2; 32]).unwrap();
        let path = folder.path().join(INDEX);
        let bytes = [std::fs::read(&path).unwrap(), b"0101,02".to_vec(), vec![0xff, 0xfe]].concat();
        std::fs::write(&path, bytes).unwrap();
        append(folder.path(), &[3; 32], &[4; 32]).unwrap();
        assert_eq!(read_index(&path), HashMap::from([([1; 32], [2; 32]), ([3; 32], [4; 32])]));
    }
}
