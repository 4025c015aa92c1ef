//! What is looked up for a cell on a thread of its own: a cache may be large, a server far, and a keyring may ask
//! the person for a password. Neither a run nor the next order waits for it.

use std::time::Duration;

use super::super::hub;
use super::super::teacher::kept;
use crate::link::{Cells, KeptOnDisk, ModelCatalog, Repository, Wake};
use crate::session::{Say, say};

/// Sends for things and puts them into their cells.
pub(super) struct Errands {
    pub(super) cells: Cells,
    pub(super) wake: Wake,
}

impl Errands {
    /// Runs `work` on a thread called `name` and wakes the watcher behind it.
    ///
    /// # Errors
    /// The operating system's, if it has no thread to give.
    pub(super) fn send(&self, name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        let wake = self.wake.clone();
        let work = move || {
            work();
            wake.call(Duration::ZERO);
        };
        std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
    }

    /// Fills the cell of the models at hand.
    pub(super) fn list_models(&self) {
        let cell = self.cells.shelf.clone();
        if let Err(e) = self.send("models at hand", move || cell.store(Some(hub::shelf()))) {
            let problem = Some(say!("cannot look for models: {e}; close other programs and look again", e));
            self.cells.shelf.store(Some(ModelCatalog { problem, ..ModelCatalog::default() }));
        }
    }

    /// Fills the cell of what is kept of teachers; `clear` removes the rows first.
    pub(super) fn list_kept(&self, clear: bool) {
        let cell = self.cells.kept.clone();
        if let Err(e) = self.send("kept of teachers", move || cell.store(Some(kept::look(clear)))) {
            let problem = Some(say!("cannot look at what is kept: {e}; close other programs and look again", e));
            self.cells.kept.store(Some(KeptOnDisk { problem, ..KeptOnDisk::default() }));
        }
    }

    /// Fills the cell of a repository's files.
    pub(super) fn list_files(&self, repo: String, revision: String) {
        let cell = self.cells.repository.clone();
        let unread = Repository { repo: repo.clone(), revision: revision.clone(), ..Repository::default() };
        let spare = unread.clone();
        let look = move || {
            let seen = hub::look(&repo, &revision);
            cell.store(Some(seen.unwrap_or_else(|e| Repository { problem: Some(e.said()), ..unread })));
        };
        if let Err(e) = self.send("files on the Hub", look) {
            let problem = Some(say!("cannot ask the Hub: {e}; close other programs and look again", e));
            self.cells.repository.store(Some(Repository { problem, ..spare }));
        }
    }
}
