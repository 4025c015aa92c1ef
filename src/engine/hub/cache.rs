//! The cache as `huggingface_hub` lays it out, so that a model fetched by any tool is there for all:
//! `models--OWNER--NAME/` with `refs/REVISION` (a commit), `snapshots/COMMIT/FILE` (a link) and
//! `blobs/HASH` (the bytes, once).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::name::DEEPEST;
use super::{HubError, Name};
use crate::engine::model::gguf;
use crate::engine::model::shards::{LAYOUTS, WeightFiles};
use crate::engine::model::vocabulary::GROUPS;
use crate::link::Missing;
use crate::session::file::write_atomically;
use crate::session::{Say, Sentence, say};

/// A cache folder, there or not.
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// The cache in `root`.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The folder of one model.
    pub fn folder(&self, name: &Name) -> PathBuf {
        self.root.join(name.folder())
    }

    /// The files of a model at its revision, if that was ever fetched, whole or not.
    pub fn snapshot(&self, name: &Name) -> Option<PathBuf> {
        let folder = self.folder(name);
        let named = std::fs::read_to_string(folder.join("refs").join(name.revision())).ok();
        let commit = named.as_deref().map_or(name.revision(), str::trim);
        let snapshot = folder.join("snapshots").join(commit);
        (is_commit(commit) && snapshot.is_dir()).then_some(snapshot)
    }

    /// The folder of a model, or its GGUF file, if everything is there that it needs, with or
    /// without weights. A snapshot that is no folder of a model but has one GGUF model is that one.
    ///
    /// # Errors
    /// What is missing, in words.
    pub fn complete(&self, name: &Name, weights: bool) -> Result<PathBuf, Sentence> {
        let snapshot = self.snapshot(name).ok_or(say!("it was not fetched yet"))?;
        if let Some(file) = name.file() {
            return gguf_within(&snapshot, file);
        }
        let Some(lack) = lacks(&snapshot, weights) else { return Ok(snapshot) };
        let found: Vec<String> = ggufs(&snapshot).into_keys().collect();
        match found.as_slice() {
            [] => Err(lack),
            [one] => gguf_within(&snapshot, one),
            several => Err(say!(
                "it holds several GGUF files, and one must be chosen: {several}",
                several = several.join(", ")
            )),
        }
    }

    /// What is known of a model that is not whole, without asking the Hub.
    pub(super) fn absent(&self, name: &Name, weights: bool, lack: Sentence) -> Missing {
        let place = self.folder(name);
        Missing {
            repo: name.repo().to_owned(),
            revision: name.revision().to_owned(),
            file: name.file().map(str::to_owned),
            weights,
            lack,
            present: disk(&place),
            bytes: self.snapshot(name).filter(|_| weights).and_then(|snapshot| weighed(&snapshot)),
            place,
        }
    }

    /// Makes the folder of a snapshot, so that a begun fetch is listed before its first file is whole.
    pub(super) fn begin(&self, name: &Name, commit: &str) -> Result<(), HubError> {
        let snapshot = self.folder(name).join("snapshots").join(commit);
        std::fs::create_dir_all(&snapshot).map_err(|e| HubError::disk(&e, &snapshot))
    }

    /// Puts a blob under its name into a snapshot: as a link, or where there are none as a copy
    /// that shares the bytes if the disk can. The file may lie in folders of the repository.
    pub(super) fn link(&self, name: &Name, commit: &str, file: &str, blob: &str) -> Result<(), HubError> {
        let snapshot = self.folder(name).join("snapshots").join(commit);
        let at = snapshot.join(file);
        let failed = |e: std::io::Error| HubError::disk(&e, &at);
        std::fs::create_dir_all(at.parent().unwrap_or(&snapshot)).map_err(failed)?;
        let up = "../".repeat(2 + file.matches('/').count());
        let target = Path::new(&up).join("blobs").join(blob);
        if std::fs::read_link(&at).is_ok_and(|linked| linked == target) {
            return Ok(());
        }
        match std::fs::remove_file(&at) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(failed(e)),
            _ => {}
        }
        if symlink(&target, &at).is_ok() {
            return Ok(());
        }
        let whole = self.folder(name).join("blobs").join(blob);
        std::fs::hard_link(&whole, &at).or_else(|_| std::fs::copy(&whole, &at).map(|_| ())).map_err(failed)
    }

    /// Notes which commit a revision stands for.
    pub(super) fn note(&self, name: &Name, commit: &str) -> Result<(), HubError> {
        if name.revision() == commit {
            return Ok(());
        }
        let path = self.folder(name).join("refs").join(name.revision());
        write_atomically(&path, commit.as_bytes()).map_err(|e| HubError::disk(&e, &path))
    }
}

/// Bytes of all weights, as the index of their shards says.
fn weighed(snapshot: &Path) -> Option<u64> {
    let index = LAYOUTS.iter().find_map(|layout| std::fs::read(snapshot.join(layout.index)).ok())?;
    let index: serde_json::Value = serde_json::from_slice(&index).ok()?;
    let size = index.pointer("/metadata/total_size")?;
    size.as_u64().or_else(|| size.as_f64().map(|size| size as u64))
}

/// Bytes of all files below a folder; links count nothing, for what they name is there as well.
pub(super) fn disk(folder: &Path) -> u64 {
    let of = |entry: std::fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => disk(&entry.path()),
        Ok(kind) if kind.is_file() => entry.metadata().map_or(0, |data| data.len()),
        _ => 0,
    };
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(of).sum()
}

/// Whether a word can be a commit: a folder name that leads nowhere else.
pub(super) fn is_commit(word: &str) -> bool {
    (7..=64).contains(&word.len()) && word.chars().all(|c| c.is_ascii_hexdigit())
}

/// The models in GGUF files of a snapshot: for each the names of its files that are there.
pub(super) fn ggufs(snapshot: &Path) -> BTreeMap<String, Vec<String>> {
    let mut names = Vec::new();
    walk(snapshot, "", &mut names);
    gguf::models(names.iter().map(String::as_str))
}

fn walk(folder: &Path, before: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), format!("{before}{}", entry.file_name().to_string_lossy()));
        if !path.is_dir() {
            found.push(name);
        } else if before.matches('/').count() + 1 < DEEPEST {
            walk(&path, &format!("{name}/"), found);
        }
    }
}

/// A GGUF file of a snapshot, if all its parts are there.
fn gguf_within(snapshot: &Path, file: &str) -> Result<PathBuf, Sentence> {
    match gguf::names_of(file).iter().find(|name| !snapshot.join(name).is_file()) {
        Some(missing) => Err(say!("{missing} is missing", missing)),
        None => Ok(snapshot.join(file)),
    }
}

/// Whether a snapshot was begun and nothing of it is whole.
pub(super) fn is_begun(snapshot: &Path) -> bool {
    std::fs::read_dir(snapshot).is_ok_and(|mut entries| entries.next().is_none())
}

/// What a folder in Hugging Face's layout still needs to be opened, in words.
pub fn lacks(folder: &Path, weights: bool) -> Option<Sentence> {
    let there = |name: &&str| folder.join(name).is_file();
    if is_begun(folder) {
        return Some(say!("its fetch was begun and nothing is whole yet"));
    }
    if !there(&"config.json") {
        return Some(say!("config.json is missing"));
    }
    if !GROUPS.iter().any(|group| group.iter().all(&there)) {
        return Some(say!("a tokenizer is missing (tokenizer.json, vocab.txt, or vocab.json with merges.txt)"));
    }
    match WeightFiles::find(folder) {
        Err(e) if weights => Some(e.said()),
        _ => None,
    }
}

#[cfg(unix)]
fn symlink(target: &Path, at: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, at)
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
