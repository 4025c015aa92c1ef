//! Notices that runs appear, vanish or begin in the workspace, whoever does it: the system tells, so nothing is looked at
//! in vain while nothing happens.
//!
//! Not here: runs that go on. Their journals grow many times a second, and network file systems tell nothing of what
//! other machines write: they are looked at again from time to time (`queue.rs`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use egui::Context;
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};

/// What changes at once is seen at once: a run that begins makes several files.
const TOGETHER: Duration = Duration::from_millis(200);

/// Folders that are followed.
pub(super) struct RunWatcher {
    watcher: RecommendedWatcher,
    followed: BTreeSet<PathBuf>,
    changed: Arc<AtomicBool>,
}

impl RunWatcher {
    /// Follows nothing yet; whatever is told later wakes the window.
    ///
    /// # Errors
    /// The operating system's, where it follows no folders or no more of them.
    pub(super) fn new(ctx: &Context) -> notify::Result<Self> {
        let (changed, ctx) = (Arc::new(AtomicBool::new(false)), ctx.clone());
        let told = Arc::clone(&changed);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // Of an error it is not known what was missed.
            if event.map_or(true, |event| concerns_runs(&event)) {
                told.store(true, Ordering::Relaxed);
                ctx.request_repaint_after(TOGETHER);
            }
        })?;
        Ok(Self { watcher, followed: BTreeSet::new(), changed })
    }

    /// Follows these folders and no others; what lies deeper is not seen.
    ///
    /// # Errors
    /// The operating system's for the first folder that it does not follow; the others are.
    pub(super) fn follow(&mut self, folders: BTreeSet<PathBuf>) -> notify::Result<()> {
        if self.followed == folders {
            return Ok(());
        }
        for gone in self.followed.difference(&folders) {
            // A folder that was removed is followed no longer anyway.
            let _ = self.watcher.unwatch(gone);
        }
        let mut refused = Ok(());
        for new in folders.difference(&self.followed).filter(|folder| folder.exists()) {
            refused = refused.and(self.watcher.watch(new, RecursiveMode::NonRecursive));
        }
        self.followed = folders;
        refused
    }

    /// Whether anything changed since this was asked last.
    pub(super) fn take_changed(&self) -> bool {
        self.changed.swap(false, Ordering::Relaxed)
    }
}

/// Whether what is told may change the table: the index and files that are not whole yet are hidden ones.
fn concerns_runs(event: &Event) -> bool {
    let is_hidden = |path: &PathBuf| name(path).is_some_and(|name| name.starts_with('.'));
    !event.kind.is_access() && !event.paths.iter().all(is_hidden)
}

fn name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

#[cfg(test)]
mod tests {
    use notify::EventKind;
    use notify::event::{AccessKind, CreateKind, RemoveKind};

    use super::*;

    #[test]
    fn reading_and_hidden_files_are_no_change() {
        let told = |kind, path: &str| concerns_runs(&Event::new(kind).add_path(PathBuf::from(path)));
        let made = EventKind::Create(CreateKind::Any);
        assert!(told(made, "w/run-1") && told(EventKind::Remove(RemoveKind::Any), "w/run-1"));
        assert!(!told(made, "w/.run_index.json") && !told(made, "w/.tmpAb3"));
        assert!(!told(EventKind::Access(AccessKind::Any), "w/run-1"));
    }

    #[test]
    fn a_folder_that_is_made_in_one_that_is_followed_is_noticed_and_one_beside_it_is_not() {
        let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut watcher = RunWatcher::new(&Context::default()).unwrap();
        watcher.follow([home.path().to_owned(), PathBuf::from("nowhere")].into()).unwrap();
        std::fs::create_dir(other.path().join("run")).unwrap();
        std::fs::create_dir(home.path().join("run")).unwrap();
        let noticed = |watcher: &RunWatcher| {
            (0..1000).any(|_| {
                std::thread::sleep(Duration::from_millis(5));
                watcher.take_changed()
            })
        };
        assert!(noticed(&watcher));
        watcher.follow([other.path().to_owned()].into()).unwrap();
        while watcher.take_changed() {}
        std::fs::create_dir(home.path().join("second")).unwrap();
        std::fs::create_dir(other.path().join("second")).unwrap();
        assert!(noticed(&watcher));
    }
}
