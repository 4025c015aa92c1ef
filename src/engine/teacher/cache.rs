//! Soft targets on disk, by content: one file per teacher, prompt and set of label words; one
//! record per text. A teacher is asked once per text, ever; temperature and α change freely
//! afterwards, because what is kept are log-probabilities at temperature 1.
//!
//! A record is `hash of the text (32 bytes), classes × f32, checksum (8 bytes)`, little-endian.
//! Records with a wrong checksum are ignored: a kill while writing costs one answer.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::costs::{Cost, Costs};
use crate::session::file::write_atomically;

/// Answers in memory, and their file.
pub struct TargetCache {
    known: HashMap<[u8; 32], Arc<[f32]>>,
    file: Option<File>,
    warning: Option<String>,
    costs: Costs,
}

impl TargetCache {
    /// A cache that forgets with the process.
    pub fn in_memory() -> Self {
        Self { known: HashMap::new(), file: None, warning: None, costs: Costs::default() }
    }

    /// The cache for `fingerprint` in `folder`. Trouble with the disk costs only the memory
    /// across runs: it becomes a warning.
    pub fn open(folder: &Path, fingerprint: &[u8; 32], classes: usize) -> Self {
        let path = place(folder, fingerprint);
        let known = read(&path, classes).unwrap_or_default();
        let (file, warning) = match reopen(&path, &known, classes) {
            Ok(file) => (Some(file), None),
            Err(e) => (None, Some(sentence(&e, &path))),
        };
        Self { known, file, warning, costs: Costs::open(&Costs::beside(&path)) }
    }

    /// What is kept for `fingerprint` in `folder`, to be looked at: nothing is written, even where a run
    /// is writing.
    pub fn look(folder: &Path, fingerprint: &[u8; 32], classes: usize) -> Self {
        let path = place(folder, fingerprint);
        let known = read(&path, classes).unwrap_or_default();
        Self { known, costs: Costs::read(&Costs::beside(&path)), ..Self::in_memory() }
    }

    /// What answers have cost.
    pub fn costs(&self) -> &Costs {
        &self.costs
    }

    /// Keeps what an answer has cost.
    pub fn note(&mut self, cost: Cost) {
        self.costs.put(cost);
    }

    /// Number of answers known.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The answer for `text`.
    pub fn get(&self, text: &str) -> Option<Arc<[f32]>> {
        self.known.get(blake3::hash(text.as_bytes()).as_bytes()).cloned()
    }

    /// Keeps the answer for `text`.
    pub fn put(&mut self, text: &str, answer: Vec<f32>) {
        let key = *blake3::hash(text.as_bytes()).as_bytes();
        if let Some(file) = &mut self.file
            && let Err(e) = file.write_all(&record(&key, &answer))
        {
            self.warning = Some(sentence(&e, Path::new("the soft-target cache")));
            self.file = None;
        }
        self.known.insert(key, answer.into());
    }

    /// What went wrong with the disk, said once.
    pub fn take_warning(&mut self) -> Option<String> {
        self.warning.take()
    }
}

fn place(folder: &Path, fingerprint: &[u8; 32]) -> PathBuf {
    let name: String = fingerprint[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    folder.join(format!("{name}.targets"))
}

fn sentence(error: &std::io::Error, path: &Path) -> String {
    format!("soft targets are not kept for later runs: {error}; free some room or set RETORT_CACHE: {}", path.display())
}

fn record(key: &[u8; 32], answer: &[f32]) -> Vec<u8> {
    let mut bytes = key.to_vec();
    bytes.extend(answer.iter().flat_map(|value| value.to_le_bytes()));
    let sum = blake3::hash(&bytes);
    bytes.extend_from_slice(&sum.as_bytes()[..8]);
    bytes
}

fn read(path: &Path, classes: usize) -> std::io::Result<HashMap<[u8; 32], Arc<[f32]>>> {
    let bytes = std::fs::read(path)?;
    let length = 32 + 4 * classes + 8;
    let parse = |chunk: &[u8]| {
        let (content, sum) = chunk.split_at(length - 8);
        if &blake3::hash(content).as_bytes()[..8] != sum {
            return None;
        }
        let key: [u8; 32] = content[..32].try_into().ok()?;
        let values = content[32..].chunks_exact(4).filter_map(|b| Some(f32::from_le_bytes(b.try_into().ok()?)));
        Some((key, values.collect::<Arc<[f32]>>()))
    };
    Ok(bytes.chunks_exact(length).filter_map(parse).collect())
}

/// The file, open for appending, holding exactly the records of `known` or more.
fn reopen(path: &Path, known: &HashMap<[u8; 32], Arc<[f32]>>, classes: usize) -> std::io::Result<File> {
    let length = (32 + 4 * classes + 8) as u64;
    let found = std::fs::metadata(path).map_or(0, |data| data.len());
    if !found.is_multiple_of(length) || found == 0 {
        // A torn tail would shift every later record: write the sound ones anew.
        let mut records: Vec<Vec<u8>> = known.iter().map(|(key, answer)| record(key, answer)).collect();
        records.sort_unstable();
        write_atomically(path, &records.concat())?;
    }
    File::options().append(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_survive_a_restart_and_a_torn_record_costs_only_itself() {
        let folder = tempfile::tempdir().unwrap();
        let open = || TargetCache::open(folder.path(), &[7; 32], 3);
        let mut cache = open();
        cache.put("one", vec![1.0, 2.0, f32::MIN_POSITIVE]);
        cache.put("two", vec![4.0, 5.0, 6.0]);
        drop(cache);
        let path = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();
        let mut cache = open();
        assert_eq!(&*cache.get("one").unwrap(), &[1.0, 2.0, f32::MIN_POSITIVE]);
        assert!(cache.get("two").is_none());
        cache.put("three", vec![7.0, 8.0, 9.0]);
        drop(cache);
        assert_eq!(&*open().get("three").unwrap(), &[7.0, 8.0, 9.0]);
        assert_eq!(open().len(), 2);
    }

    #[test]
    fn another_teacher_has_another_memory() {
        let folder = tempfile::tempdir().unwrap();
        TargetCache::open(folder.path(), &[1; 32], 1).put("text", vec![1.0]);
        assert!(TargetCache::open(folder.path(), &[2; 32], 1).get("text").is_none());
    }
}
