//! The models in the cache: what they are, whether this program can open them, and whether they fit
//! into memory. Nothing is loaded; sizes come from the headers of the weights.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::cache::{disk, ggufs, is_begun, lacks};
use super::memory::{student_bytes, teacher_bytes};
use super::{Cache, HubConfig, HubError, Name, memory};
use crate::engine::model::stored::Stored;
use crate::engine::model::{self, ModelFiles};
use crate::link::{Listed, ModelCatalog};
use crate::session::Say;

/// What the cache of this machine holds, or why it cannot be read.
pub fn shelf() -> ModelCatalog {
    let memory = memory::available();
    let read = |cache: PathBuf| match list(&cache, memory) {
        Ok(models) => ModelCatalog { cache, memory, models, problem: None },
        Err(e) => ModelCatalog { cache, memory, problem: Some(e.said()), ..ModelCatalog::default() },
    };
    let problem = |e: HubError| ModelCatalog { memory, problem: Some(e.said()), ..ModelCatalog::default() };
    HubConfig::from_env().map_or_else(problem, |place| read(place.cache))
}

/// Every model in the cache, by name; `memory` is what could be used, in bytes. A cache that is not
/// there has no models.
///
/// # Errors
/// [`HubError::Disk`] if the cache cannot be read.
pub fn list(root: &Path, memory: Option<u64>) -> Result<Vec<Listed>, HubError> {
    let mut folders: Vec<String> = match std::fs::read_dir(root) {
        Ok(entries) => entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect(),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(HubError::disk(&e, root)),
    };
    folders.sort();
    let names = folders.iter().flat_map(|folder| names(root, folder));
    Ok(names.flat_map(|name| listed(&Cache::at(root), &name, memory)).collect())
}

/// The models of a snapshot: each in GGUF files is one, and the folder is one if there are no such
/// files or it is made up as one.
fn listed(cache: &Cache, name: &Name, memory: Option<u64>) -> Vec<Listed> {
    let Some(snapshot) = cache.snapshot(name) else { return Vec::new() };
    let (repo, revision) = (name.repo().to_owned(), name.revision().to_owned());
    let ggufs = ggufs(&snapshot);
    let mut models = Vec::new();
    if ggufs.is_empty() || snapshot.join("config.json").exists() {
        let disk_bytes = disk(&cache.folder(name));
        let listed = Listed {
            repo: repo.clone(),
            revision: revision.clone(),
            disk_bytes,
            ..examined(&ModelFiles::Folder(snapshot.clone()), memory)
        };
        models.push(listed);
    }
    for (file, there) in ggufs {
        let paths = there.iter().map(|name| snapshot.join(name));
        let disk_bytes = paths.map(|path| std::fs::metadata(path).map_or(0, |data| data.len())).sum();
        let Some(first) = there.first() else { continue };
        let files = ModelFiles::Gguf(snapshot.join(first));
        models.push(Listed {
            repo: repo.clone(),
            revision: revision.clone(),
            file: Some(file),
            disk_bytes,
            ..examined(&files, memory)
        });
    }
    models
}

/// A model by every revision it was fetched at, or by its commits where none is noted.
fn names(root: &Path, folder: &str) -> Vec<Name> {
    let base = root.join(folder);
    let mut revisions = BTreeMap::new();
    refs(&base.join("refs"), "", &mut revisions);
    for commit in entries(&base.join("snapshots")) {
        if !revisions.values().any(|noted| *noted == commit) {
            revisions.insert(commit.clone(), commit);
        }
    }
    revisions.keys().filter_map(|revision| Name::of_folder(folder, revision)).collect()
}

/// Revisions and their commits; a revision may have slashes.
fn refs(folder: &Path, before: &str, found: &mut BTreeMap<String, String>) {
    const DEEPEST: usize = 4;
    for name in entries(folder) {
        let (path, revision) = (folder.join(&name), format!("{before}{name}"));
        if path.is_dir() && before.matches('/').count() < DEEPEST {
            refs(&path, &format!("{revision}/"), found);
        } else if let Ok(commit) = std::fs::read_to_string(&path) {
            found.insert(revision, commit.trim().to_owned());
        }
    }
}

fn entries(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten();
    names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// What the files of a model are, but for their name.
fn examined(files: &ModelFiles, memory: Option<u64>) -> Listed {
    let (path, lacking) = match files {
        ModelFiles::Folder(path) => (path.clone(), lacks(path, true)),
        ModelFiles::Gguf(path) => (path.clone(), None),
        ModelFiles::BuiltIn(name) => (PathBuf::from(name), None),
    };
    let config = files.configuration().map(|(config, _)| config);
    let stored = files.weights();
    let parameters = stored.as_ref().ok().map(Stored::parameters);
    let fits = |bytes: Option<u64>| Some(bytes? <= memory?);
    let frozen = stored.as_ref().ok().and_then(Stored::frozen_bytes);
    let student_bytes = parameters.filter(|_| frozen.is_none()).map(student_bytes);
    let teacher_bytes = frozen.or_else(|| parameters.map(teacher_bytes));
    let known = config
        .as_ref()
        .map_err(Say::said)
        .and_then(|config| model::architecture(config).map(|_| ()).map_err(|e| e.said()));
    // Of a fetch that was only begun there is nothing to be said but that.
    let unknown = known.err().filter(|_| !is_begun(&path));
    let problem = unknown.or(lacking).or_else(|| stored.err().map(|e| e.said()));
    Listed {
        repo: String::new(),
        revision: String::new(),
        file: None,
        disk_bytes: 0,
        architecture: config.ok().and_then(|config| config.model_type().ok().map(str::to_owned)),
        parameters,
        problem,
        teacher_bytes,
        student_bytes,
        fits_as_teacher: fits(teacher_bytes),
        fits_as_student: fits(student_bytes),
        path,
    }
}
