//! What a person does with the runs of the workspace beside running them: takes one out of the queue, repeats it, moves it
//! to the trash, clears its old checkpoints, and chooses where runs lie. The disk is reached on threads of their own.

use std::path::{Path, PathBuf};

use super::app::WorkbenchApp;
use super::dialog::{DialogReply, Loaded};
use super::shelf_words::{Removal, Repeat, ShelfAction, ShelfQuestion, ShelfReply};
use super::trash::{MoveToTrash, discard};
use crate::record::card::verdict;
use crate::record::run_table::next_seed::next_seed;
use crate::record::run_table::{RunTable, elsewhere};
use crate::session::old_checkpoints::OldCheckpoints;
use crate::session::run_folder::{SESSION, bytes};
use crate::session::run_hold::hold;
use crate::session::workspace::{enqueue, withdraw};
use crate::session::{Say as _, Sentence, Session, file, say};

impl WorkbenchApp {
    /// The folder in which runs lie and are made.
    pub(super) fn runs_folder(&self) -> PathBuf {
        let named = self.opened_workspace.as_ref().or(self.choices.workspace.as_ref());
        named.cloned().unwrap_or_else(|| self.storage.runs())
    }

    /// Whether that folder was named by a person, so that it has to be there.
    pub(super) fn has_chosen_folder(&self) -> bool {
        self.opened_workspace.is_some() || self.choices.workspace.is_some()
    }

    /// Shows the runs of another folder as long as this window is open.
    pub fn open_workspace(&mut self, folder: &Path) {
        self.opened_workspace = Some(std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()));
        self.forget_runs();
    }

    /// Moves runs to the trash by this; the system's own way is the first.
    pub fn discard_by(&mut self, how: MoveToTrash) {
        self.trash = how;
    }

    pub(super) fn act_on_shelf(&mut self, action: ShelfAction) {
        match action {
            ShelfAction::Withdraw(folder) => self.ask_disk(move || {
                let told = say!("the run was taken out of the queue: {path}", path = folder.display());
                withdraw(&folder).map(|()| ShelfReply::Gone(folder, told))
            }),
            ShelfAction::AskTrash(folder) => self.ask_disk(move || {
                drop(hold(&folder, false).map_err(|e| e.said_of(&folder))?);
                let removal = Removal::Run(bytes(&folder));
                Ok(ShelfReply::Ask(ShelfQuestion { folder, removal }))
            }),
            ShelfAction::Trash(folder) => self.discard(folder),
            ShelfAction::AskClear(folder) => self.ask_disk(move || ask_clear(folder)),
            ShelfAction::Clear(folder) => self.clear_old(folder),
            ShelfAction::UseSettings(folder) => {
                if !self.is_busy() {
                    self.ask_disk(move || session_of(&folder).map(|session| ShelfReply::Session(Box::new(session))));
                }
            }
            ShelfAction::NextSeed(folder) => self.queue_next_seed(folder),
            ShelfAction::Repeat(folder, repeat) => self.queue_repeated(folder, repeat),
            ShelfAction::ForgetElsewhere(folder) => {
                let workspace = self.runs_folder();
                self.ask_disk(move || {
                    let told =
                        say!("the run is no longer shown here and stays where it is: {path}", path = folder.display());
                    elsewhere::forget(&workspace, &folder).map(|()| ShelfReply::Gone(folder, told))
                });
            }
            ShelfAction::VerdictIntoCards => self.put_verdict_into_cards(),
            ShelfAction::OwnWorkspace => self.take_workspace(None),
            ShelfAction::Columns(columns) => {
                self.state.runs.columns.clone_from(&columns);
                self.choices.columns = columns;
                self.keep_choices();
            }
        }
    }

    fn ask_disk(&self, work: impl FnOnce() -> Result<ShelfReply, Sentence> + Send + 'static) {
        self.errands.send_off("retort-shelf", move || {
            Some(DialogReply::Shelf(Box::new(work().unwrap_or_else(ShelfReply::Refused))))
        });
    }

    fn discard(&mut self, folder: PathBuf) {
        self.state.runs.question = None;
        let (workspace, how) = (self.runs_folder(), self.trash);
        self.ask_disk(move || {
            discard(&folder, how)?;
            if folder.parent() != Some(&workspace) {
                // Otherwise it is told as missing, and can be taken off the list by hand.
                let _ = elsewhere::forget(&workspace, &folder);
            }
            let told = say!("the run lies in the system's trash now: {path}", path = folder.display());
            Ok(ShelfReply::Gone(folder, told))
        });
    }

    fn clear_old(&mut self, folder: PathBuf) {
        self.state.runs.question = None;
        self.ask_disk(move || {
            let freed = crate::link::human_bytes(OldCheckpoints::clear(&folder)?);
            Ok(ShelfReply::Told(say!("old checkpoints were removed, {freed}: {path}", freed, path = folder.display())))
        });
    }

    fn queue_next_seed(&mut self, folder: PathBuf) {
        // The next one has to see this one wait.
        if std::mem::replace(&mut self.runs.repeating, true) {
            return;
        }
        let workspace = self.runs_folder();
        self.ask_disk(move || {
            let mut session = session_of(&folder)?;
            let mut rows = RunTable::read(&workspace).rows;
            if rows.iter().all(|row| row.folder != folder) {
                rows.push(crate::record::run_table::RunRow::read(&folder));
            }
            session.recipe.seed = next_seed(&rows, &folder).ok_or_else(|| {
                say!("there is no seed behind that of the run; choose one by hand: {path}", path = folder.display())
            })?;
            if let Some(problem) = session.problem() {
                return Err(problem);
            }
            enqueue(&workspace, &session).map(|_| ShelfReply::Queued)
        });
    }

    fn put_verdict_into_cards(&self) {
        let Some(compared) = self.runs.compared.as_deref() else { return };
        let ([ours, theirs], Some(Ok(found))) = (compared.sides.as_slice(), &compared.found) else { return };
        let (ours, theirs, found) = (ours.clone(), theirs.clone(), found.clone());
        self.ask_disk(move || {
            let students = verdict::put_for_runs(&found, [&ours, &theirs])?;
            let path = students.iter().map(|student| student.display().to_string()).collect::<Vec<_>>().join(", ");
            Ok(ShelfReply::Told(say!("the comparison stands in the model card: {path}", path)))
        });
    }

    fn queue_repeated(&self, folder: PathBuf, repeat: Repeat) {
        let (workspace, catalog) = (self.runs_folder(), self.catalog.clone());
        self.ask_disk(move || {
            let mut session = session_of(&folder)?;
            let path = repeat.path.trim();
            session.assign_as_shown(path, repeat.value.trim())?;
            // Whoever asks for a value of a knob asks for a run at it, not for one that turns it on the way.
            session.script.retain(|change| change.knob != path);
            if let Some(problem) = session.problem().or_else(|| session.knob_problem(&catalog)) {
                return Err(problem);
            }
            for more in 0..repeat.seeds {
                let mut one = session.clone();
                one.recipe.seed = session.recipe.seed.saturating_add(more);
                enqueue(&workspace, &one)?;
            }
            Ok(ShelfReply::Queued)
        });
    }

    /// Chooses the workspace, if it is a folder.
    pub(super) fn choose_workspace(&mut self, path: PathBuf) {
        self.state.question = None;
        self.ask_disk(move || {
            let path = std::path::absolute(&path).unwrap_or(path);
            match path.is_dir() {
                true => Ok(ShelfReply::Workspace(path)),
                false => Err(say!(
                    "there is no such folder, so the workspace stays what it was; make it first, or choose another: {path}",
                    path = path.display()
                )),
            }
        });
    }

    /// Shows a run that lies elsewhere, too.
    pub(super) fn point_at(&mut self, path: PathBuf) {
        self.state.question = None;
        let workspace = self.runs_folder();
        self.ask_disk(move || {
            let told = say!("the run is shown here and stays where it is: {path}", path = path.display());
            elsewhere::point_at(&workspace, &path).map(|()| ShelfReply::Told(told))
        });
    }

    /// Takes in how an errand ended.
    pub(super) fn take_shelf_reply(&mut self, reply: ShelfReply) {
        match reply {
            ShelfReply::Gone(folder, told) => {
                self.state.runs.chosen.retain(|side| !side.contains(&folder));
                self.tell_of_shelf(told);
            }
            ShelfReply::Told(told) => self.tell_of_shelf(told),
            ShelfReply::Ask(question) => self.state.runs.question = Some(question),
            ShelfReply::Session(session) => {
                // In no file: saved as far as it is the session that the window brings along.
                let saved = Session::built_in().ok();
                self.take_up(Loaded { saved, ..Loaded::new(*session) });
            }
            ShelfReply::Queued => {
                self.runs.repeating = false;
                self.take_enqueued(None);
            }
            ShelfReply::Workspace(folder) => self.take_workspace(Some(folder)),
            ShelfReply::Refused(words) => {
                self.runs.repeating = false;
                self.notice(false, words);
                self.read_runs();
            }
        }
    }

    fn tell_of_shelf(&mut self, told: Sentence) {
        self.notice(false, told);
        self.read_runs();
    }

    fn take_workspace(&mut self, folder: Option<PathBuf>) {
        self.opened_workspace = None;
        self.choices.workspace = folder;
        self.keep_choices();
        self.forget_runs();
    }

    /// What is known is of another folder.
    fn forget_runs(&mut self) {
        if std::mem::take(&mut self.runs.queue_on) {
            let text = self.t("the queue of the former workspace is held; what waits there waits on");
            self.notice(false, text);
        }
        self.state.runs.chosen.clear();
        self.state.runs.question = None;
        self.runs.table = None;
        self.restore_pictures();
        self.read_runs();
        if self.state.side_by_side.open {
            self.vote(None);
        }
    }

    fn keep_choices(&mut self) {
        if let Err(e) = self.choices.write(self.storage.root()) {
            let text =
                self.t("what was chosen for the table of runs holds until the window is closed; it cannot be kept");
            self.notice(false, Sentence::joined([text.said(), e.said()], ": "));
        }
    }
}

fn ask_clear(folder: PathBuf) -> Result<ShelfReply, Sentence> {
    drop(hold(&folder, false).map_err(|e| e.said_of(&folder))?);
    let old = OldCheckpoints::of(&folder);
    if old.folders.is_empty() {
        return Err(say!("the run has no old checkpoints that could be removed: {path}", path = folder.display()));
    }
    Ok(ShelfReply::Ask(ShelfQuestion { folder, removal: Removal::Checkpoints(old) }))
}

/// The session of a run, which names no run.
fn session_of(folder: &Path) -> Result<Session, Sentence> {
    let session = file::open(&folder.join(SESSION)).map_err(|e| e.said())?;
    Ok(Session { run: None, ..session })
}
