//! The checkpoints of a run as folders on disk: which are kept, and where those go that a rewind
//! leaves behind. Only folders named as ours are touched, and of what is in them only our own files are
//! removed.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::state_of;
use crate::link::{Abandoned, Step};
use crate::session::Keep;
pub(super) use crate::session::old_checkpoints::remove;
use crate::session::run_folder::{ABANDONED, CHECKPOINTS, checkpoint_name, checkpoints, named_checkpoints};

/// Checkpoints kept of one run, besides the best ones; older ones are removed.
const KEPT: usize = 5;

/// How the folder of a checkpoint is called that is being written.
pub(super) const WRITING: &str = "writing-";

/// Removes the checkpoints that are neither among the newest nor the best known to one of them.
pub(super) fn forget_old(run: &Path) {
    let steps = checkpoints(run);
    let newest = steps.iter().rev().take(KEPT).copied();
    let best = newest.clone().filter_map(|step| best_known(run, step));
    let kept: BTreeSet<Step> = newest.clone().chain(best).collect();
    for step in steps.iter().filter(|step| !kept.contains(step)) {
        // An old checkpoint that cannot be removed costs room, nothing else.
        let _ = remove(&run.join(CHECKPOINTS).join(checkpoint_name(*step)));
    }
}

/// The best checkpoint as known at `step`, where the run is to save that one.
fn best_known(run: &Path, step: Step) -> Option<Step> {
    let state = state_of(&run.join(CHECKPOINTS).join(checkpoint_name(step))).ok()?;
    let best = state.watch.best.filter(|_| state.session.recipe.keep != Keep::Last)?;
    Some(best.step)
}

/// Removes what a process that was killed has left half written.
pub(super) fn clear_halves(home: &Path) {
    for entry in fs::read_dir(home).into_iter().flatten().flatten() {
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(WRITING));
        if ours && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let _ = remove(&entry.path());
        }
    }
}

/// Removes all checkpoints of a run that needs none any more.
pub fn clear(run: &Path) {
    let home = run.join(CHECKPOINTS);
    for step in named_checkpoints(&home) {
        // One that cannot be removed costs room, nothing else.
        let _ = remove(&home.join(checkpoint_name(step)));
    }
    // Stays where somebody has put something else into it.
    let _ = fs::remove_dir(home);
}

/// Moves the checkpoints behind `step` out of the way, so that a run that goes on from there is never
/// continued from another one's. What was set aside before is forgotten, if there is anything new.
/// The latest goes first: cut off at any moment, what is left is one timeline.
///
/// # Errors
/// The operating system's; some may have been moved by then.
pub fn abandon(run: &Path, step: Step) -> io::Result<Option<Abandoned>> {
    let (home, aside) = (run.join(CHECKPOINTS), run.join(ABANDONED));
    let later: Vec<Step> = named_checkpoints(&home).into_iter().filter(|later| *later > step).collect();
    if later.is_empty() {
        return Ok(None);
    }
    for old in named_checkpoints(&aside) {
        // What else somebody has put there stays.
        let _ = remove(&aside.join(checkpoint_name(old)));
    }
    fs::create_dir_all(&aside)?;
    let mut bytes = 0;
    for later in later.iter().rev() {
        let from = home.join(checkpoint_name(*later));
        bytes += size(&from);
        fs::rename(&from, free(&aside, &checkpoint_name(*later)))?;
    }
    Ok(Some(Abandoned { steps: later, bytes }))
}

/// A place in `folder` where nothing is yet.
fn free(folder: &Path, name: &str) -> PathBuf {
    let others = (2..1000).map(|number| format!("{name}-{number}"));
    let mut places = std::iter::once(name.to_owned()).chain(others).map(|name| folder.join(name));
    places.find(|place| !place.exists()).unwrap_or_else(|| folder.join(name))
}

fn size(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.map(|entry| entry.metadata().map_or(0, |data| data.len())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::run_folder::{STATE, TENSORS};

    fn put(run: &Path, step: Step, files: &[&str]) {
        let folder = run.join(CHECKPOINTS).join(checkpoint_name(step));
        fs::create_dir_all(&folder).unwrap();
        files.iter().for_each(|name| fs::write(folder.join(name), "four").unwrap());
    }

    #[test]
    fn what_lies_behind_a_rewind_is_set_aside_and_the_time_before_is_forgotten() {
        let run = tempfile::tempdir().unwrap();
        for step in [2, 4, 6, 8] {
            put(run.path(), step, &[STATE, TENSORS]);
        }
        assert_eq!(abandon(run.path(), 8).unwrap(), None);
        let first = abandon(run.path(), 6).unwrap().unwrap();
        assert_eq!((first.steps, first.bytes), (vec![8], 8));
        let second = abandon(run.path(), 3).unwrap().unwrap();
        assert_eq!(second.steps, [4, 6]);
        assert_eq!(checkpoints(run.path()), [2]);
        assert_eq!(named_checkpoints(&run.path().join(ABANDONED)), [4, 6], "one timeline at most");
    }

    #[test]
    fn a_file_that_is_not_ours_outlives_the_checkpoint_it_lies_in() {
        let run = tempfile::tempdir().unwrap();
        (1..=9).for_each(|step| put(run.path(), step, &[STATE, TENSORS]));
        put(run.path(), 1, &["notes.txt"]);
        let foreign = run.path().join(CHECKPOINTS).join("epoch1");
        fs::create_dir(&foreign).unwrap();
        fs::write(foreign.join("model.pt"), "theirs").unwrap();
        forget_old(run.path());
        assert_eq!(checkpoints(run.path()), [5, 6, 7, 8, 9]);
        assert!(run.path().join(CHECKPOINTS).join(checkpoint_name(1)).join("notes.txt").exists());
        assert!(foreign.join("model.pt").exists());
    }

    #[test]
    fn what_is_not_ours_outlives_the_end_of_all_checkpoints() {
        let run = tempfile::tempdir().unwrap();
        let home = run.path().join(CHECKPOINTS);
        [1, 2].iter().for_each(|step| put(run.path(), *step, &[STATE, TENSORS]));
        clear(run.path());
        assert!(!home.exists(), "nothing is left where all was ours");
        (1..=3).for_each(|step| put(run.path(), step, &[STATE, TENSORS]));
        put(run.path(), 2, &["notes.txt"]);
        for name in ["epoch1", "step-3"] {
            fs::create_dir(home.join(name)).unwrap();
            fs::write(home.join(name).join("model.pt"), "theirs").unwrap();
        }
        clear(run.path());
        assert_eq!(checkpoints(run.path()), [0u64; 0]);
        let left = ["step-000000002/notes.txt", "epoch1/model.pt", "step-3/model.pt"];
        assert!(left.iter().all(|file| home.join(file).exists()));
    }
}
