//! The checkpoints of a run that it does not need to be gone on with: which they are, how many bytes they take, and
//! removing them.
//!
//! Needed are the newest whole one, whatever is newer and not whole, and the one whose student the run is to save. What
//! a rewind has set aside is not. Only files that are ours are removed, so what somebody has put beside them stays.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::run_folder::{
    ABANDONED, CHECKPOINTS, STATE, TENSORS, bytes, checkpoint_name, checkpoints, named_checkpoints,
};
use super::run_hold::hold;
use super::{Keep, Sentence, Session, say};

/// Checkpoints that a run does not need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OldCheckpoints {
    /// Their folders.
    pub folders: Vec<PathBuf>,
    /// Bytes of the files in them.
    pub bytes: u64,
    /// How many of them a rewind has set aside.
    pub set_aside: usize,
}

/// What of a checkpoint tells which others are needed.
#[derive(Deserialize)]
struct State {
    session: Session,
    step: u64,
    #[serde(default)]
    watch: Watch,
}

#[derive(Default, Deserialize)]
struct Watch {
    best: Option<Best>,
}

#[derive(Deserialize)]
struct Best {
    step: u64,
}

impl OldCheckpoints {
    /// Those of the run in a folder; none where no checkpoint is whole, since nobody knows what is needed then.
    pub fn of(run: &Path) -> Self {
        let (home, aside) = (run.join(CHECKPOINTS), run.join(ABANDONED));
        let steps = checkpoints(run);
        let whole = |step: &u64| whole(&home.join(checkpoint_name(*step)));
        let Some((newest, state)) = steps.iter().rev().find_map(|step| Some((*step, whole(step)?))) else {
            return Self::default();
        };
        let best = state.watch.best.filter(|_| state.session.recipe.keep != Keep::Last).map(|best| best.step);
        let needed: BTreeSet<u64> = best.into_iter().collect();
        let old = steps.into_iter().filter(|step| *step < newest && !needed.contains(step));
        let left: Vec<PathBuf> =
            named_checkpoints(&aside).into_iter().map(|step| aside.join(checkpoint_name(step))).collect();
        let set_aside = left.len();
        let folders: Vec<PathBuf> = old.map(|step| home.join(checkpoint_name(step))).chain(left).collect();
        let bytes = folders.iter().map(|folder| ours(folder)).sum();
        Self { folders, bytes, set_aside }
    }

    /// Removes those of a run, and gives the bytes that were freed.
    ///
    /// # Errors
    /// That a process has the run loaded, or that one of them cannot be removed; those before it are gone then.
    pub fn clear(run: &Path) -> Result<u64, Sentence> {
        let held = hold(run, false).map_err(|e| e.said_of(run))?;
        // Looked for again: what is needed may be another one now.
        let old = Self::of(run);
        let before = bytes(run);
        for folder in &old.folders {
            let path = folder.display();
            match remove(folder) {
                Err(e) if e.kind() != io::ErrorKind::DirectoryNotEmpty => {
                    let error = e;
                    return Err(say!(
                        "cannot remove the checkpoint: {error}; check that its folder can be written: {path}",
                        error,
                        path
                    ));
                }
                _ => {}
            }
        }
        let _ = fs::remove_dir(run.join(ABANDONED));
        drop(held);
        Ok(before.saturating_sub(bytes(run)))
    }
}

/// Removes a checkpoint: its two files, and the folder if nothing else is in it.
///
/// # Errors
/// The operating system's; of a folder in which somebody has put something else too.
pub fn remove(folder: &Path) -> io::Result<()> {
    for name in [STATE, TENSORS] {
        match fs::remove_file(folder.join(name)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    fs::remove_dir(folder)
}

/// Bytes of the files that would go.
fn ours(folder: &Path) -> u64 {
    [STATE, TENSORS].iter().filter_map(|name| fs::metadata(folder.join(name)).ok()).map(|seen| seen.len()).sum()
}

/// What a checkpoint says, if it can be read and its tensors are all there.
fn whole(folder: &Path) -> Option<State> {
    let state: State = serde_json::from_slice(&fs::read(folder.join(STATE)).ok()?).ok()?;
    let named = folder.file_name()?.to_str()? == checkpoint_name(state.step);
    (named && is_long_enough(&folder.join(TENSORS))?).then_some(state)
}

/// Whether a file of tensors is as long as its head says.
fn is_long_enough(path: &Path) -> Option<bool> {
    #[derive(Deserialize)]
    struct Tensor {
        data_offsets: (u64, u64),
    }
    let mut file = File::open(path).ok()?;
    let there = file.metadata().ok()?.len();
    let mut length = [0; 8];
    file.read_exact(&mut length).ok()?;
    let length = u64::from_le_bytes(length);
    if length > there.saturating_sub(8) {
        return Some(false);
    }
    let mut head = Vec::new();
    file.take(length).read_to_end(&mut head).ok()?;
    let head: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&head).ok()?;
    let tensors = head.into_iter().filter(|(name, _)| name != "__metadata__");
    let ends: Vec<u64> = tensors
        .map(|(_, said)| Some(serde_json::from_value::<Tensor>(said).ok()?.data_offsets.1))
        .collect::<Option<_>>()?;
    Some(8 + length + ends.into_iter().max().unwrap_or(0) == there)
}

#[cfg(test)]
mod tests {
    use super::super::Metric;
    use super::super::run_folder::LOCK;
    use super::*;

    /// A checkpoint of 100 bytes of tensors, of a run that saves its best student if there is one.
    fn put(run: &Path, part: &str, step: u64, best: Option<u64>) -> PathBuf {
        let folder = run.join(part).join(checkpoint_name(step));
        fs::create_dir_all(&folder).unwrap();
        let mut session = Session::built_in().unwrap();
        session.recipe.keep = best.map_or(Keep::Last, |_| Keep::Best(Metric::Accuracy));
        let watch = serde_json::json!({ "best": best.map(|step| serde_json::json!({ "step": step })) });
        let state = serde_json::json!({ "session": session, "step": step, "watch": watch });
        fs::write(folder.join(STATE), state.to_string()).unwrap();
        let head = r#"{"a":{"dtype":"U8","shape":[100],"data_offsets":[0,100]}}"#;
        let tensors = [&(head.len() as u64).to_le_bytes(), head.as_bytes(), &[1; 100]].concat();
        fs::write(folder.join(TENSORS), tensors).unwrap();
        folder
    }

    fn steps(old: &OldCheckpoints) -> Vec<String> {
        let name =
            |folder: &PathBuf| folder.file_name().unwrap().to_string_lossy().trim_start_matches("step-0").to_owned();
        old.folders.iter().map(name).collect()
    }

    #[test]
    fn all_but_the_last_and_the_best_that_is_kept_are_old() {
        let run = tempfile::tempdir().unwrap();
        assert_eq!(OldCheckpoints::of(run.path()), OldCheckpoints::default());
        (1..=4).for_each(|step| drop(put(run.path(), CHECKPOINTS, step, Some(2))));
        put(run.path(), ABANDONED, 9, None);
        let old = OldCheckpoints::of(run.path());
        assert_eq!((steps(&old).len(), old.set_aside), (3, 1));
        assert!(old.folders.iter().all(|folder| !folder.ends_with(checkpoint_name(2))), "{old:?}");
        fs::write(run.path().join(CHECKPOINTS).join(checkpoint_name(1)).join("notes.txt"), "mine").unwrap();
        assert_eq!(OldCheckpoints::clear(run.path()).unwrap(), old.bytes);
        assert_eq!(checkpoints(run.path()), [2, 4]);
        assert!(run.path().join(CHECKPOINTS).join(checkpoint_name(1)).join("notes.txt").exists());
        assert!(!run.path().join(ABANDONED).exists());
        assert_eq!(OldCheckpoints::clear(run.path()).unwrap(), 0, "there is nothing left to clear");
    }

    #[test]
    fn where_the_newest_is_torn_the_one_before_it_is_needed() {
        let run = tempfile::tempdir().unwrap();
        (1..=3).for_each(|step| drop(put(run.path(), CHECKPOINTS, step, None)));
        let torn = run.path().join(CHECKPOINTS).join(checkpoint_name(3)).join(TENSORS);
        File::options().write(true).open(&torn).unwrap().set_len(90).unwrap();
        OldCheckpoints::clear(run.path()).unwrap();
        assert_eq!(checkpoints(run.path()), [2, 3], "the run goes on from 2");
        fs::write(run.path().join(CHECKPOINTS).join(checkpoint_name(2)).join(STATE), "{").unwrap();
        assert_eq!(OldCheckpoints::of(run.path()), OldCheckpoints::default(), "nobody knows what is needed");
    }

    #[test]
    fn a_run_that_is_loaded_keeps_what_it_has() {
        let run = tempfile::tempdir().unwrap();
        (1..=2).for_each(|step| drop(put(run.path(), CHECKPOINTS, step, None)));
        let lock = File::create(run.path().join(LOCK)).unwrap();
        lock.lock().unwrap();
        let refused = OldCheckpoints::clear(run.path()).unwrap_err();
        assert!(refused.contains("the run is open in another process"), "{refused}");
        assert_eq!(checkpoints(run.path()), [1, 2]);
        drop(lock);
        assert!(OldCheckpoints::clear(run.path()).unwrap() > 100);
        assert_eq!(checkpoints(run.path()), [2]);
    }
}
