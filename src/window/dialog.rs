//! Work that would make drawing wait, done once on a thread of its own: the system's file dialogs,
//! reading and writing sessions. Each errand ends in one word back to the window.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use egui::mutex::Mutex;

use super::export::ExportKind;
use super::in_order::InOrder;
use super::raw_points::PointsRead;
use super::reading_progress::ReadingProgress;
use super::run_list::ComparedSides;
use super::shelf_words::ShelfReply;
use crate::record::export::{ExportError, Exported};
use crate::record::journal::{PointReader, Told};
use crate::record::opening::{self, Found, Shown};
use crate::record::run_table::RunTable;
use crate::record::votes::Vote;
use crate::session::{Say, Sentence, Session, file, say};

/// What a path is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DialogRequest {
    /// The teacher's folder.
    Teacher,
    /// The student's folder.
    Student,
    /// The file of the data.
    DataFile,
    /// The folder of the data.
    DataFolder,
    /// The file of the validation rows.
    ValidationFile,
    /// The file of the test rows.
    TestFile,
    /// A session to read.
    OpenSession,
    /// The folder of a run to show.
    OpenRun,
    /// Where to write a student that its run's folder has no room for.
    StudentFolder,
    /// Where to write the session.
    SaveSession,
    /// Where to export curves to.
    Export(ExportKind),
    /// The folder in which runs lie.
    Workspace,
    /// The folder of a run that lies elsewhere.
    PointAt,
}

impl DialogRequest {
    /// Whether several files may be picked at once.
    pub fn takes_several(self) -> bool {
        matches!(self, Self::DataFile | Self::ValidationFile | Self::TestFile)
    }
}

/// How an errand ended.
pub enum DialogReply {
    /// Paths were picked: one, unless several were asked for.
    Picked(DialogRequest, Vec<PathBuf>),
    /// A session was read, and its run where it has one.
    Loaded(Box<Loaded>),
    /// The run of the present session was read anew.
    Run(Box<Shown>),
    /// What was dropped on the window, and whether it is a run.
    Dropped(PathBuf, bool),
    /// A session was written.
    Saved(Box<Saved>),
    /// The table of runs was read.
    Runs(Box<RunTable>),
    /// The chosen sides were compared.
    Compared(Box<ComparedSides>),
    /// The next run of the queue, its session naming its folder; `None` where nothing waits.
    Next(Option<Box<Loaded>>),
    /// Runs were put into the queue; why not all of them, where that is.
    Enqueued(Option<Sentence>),
    /// Curves were exported, or why not.
    Exported(Box<Result<Exported, ExportError>>),
    /// What is noted of a run was written.
    Annotated,
    /// The votes of the workspace were read, and so many lines could not be; the number of what asked for it.
    Votes(u64, Vec<Vote>, usize),
    /// Points of a run were read from its journal.
    Points(Box<PointsRead>),
    /// Something was done with the runs of the workspace.
    Shelf(Box<ShelfReply>),
    /// The system shows no dialogs.
    NoDialog,
    /// It failed, in a sentence.
    Failed(Sentence),
}

/// A session to be put on the workbench.
pub struct Loaded {
    /// The session.
    pub session: Session,
    /// Its file; `None` for one without a file of its own.
    pub path: Option<PathBuf>,
    /// What is in its file; `None` for one that is as it was found.
    pub saved: Option<Session>,
    /// By what it can be opened again, where that is.
    pub place: Option<PathBuf>,
    /// Its run, replayed.
    pub shown: Shown,
    /// Which of the kept sessions it is, if it is one.
    pub kept: Option<u64>,
    /// The run whose student is looked at, where the session itself does not name it.
    pub of: Option<PathBuf>,
    /// Whether its run begins at once, which opens pair and data itself.
    pub begins: bool,
}

impl Loaded {
    /// A session as it was found, its run still to be shown.
    pub fn new(session: Session) -> Self {
        let shown = Shown::default();
        Self { session, path: None, saved: None, place: None, shown, kept: None, of: None, begins: false }
    }

    /// With its run, read now.
    fn shown(self, told: Told) -> DialogReply {
        DialogReply::Loaded(Box::new(Self { shown: opening::show_told(&self.session, told), ..self }))
    }
}

/// A session to be written, or that was.
pub struct Saved {
    /// The session as it is in the file.
    pub session: Session,
    /// The file.
    pub path: PathBuf,
    /// Which session of the window it is, counted by [`super::app::WorkbenchApp`].
    pub taken_up: u64,
    /// Whether a person asked for it; an autosave says nothing unless it fails.
    pub aloud: bool,
}

/// What shows a folder: the program by which each system opens anything.
const FILE_MANAGER: &str = if cfg!(windows) {
    "explorer"
} else if cfg!(target_os = "macos") {
    "open"
} else {
    "xdg-open"
};

/// Sends threads off and hears from them.
pub struct Errands {
    words: Sender<DialogReply>,
    heard: Receiver<DialogReply>,
    ctx: egui::Context,
    writer: Option<InOrder>,
    reading: ReadingProgress,
    points: Arc<Mutex<PointReader>>,
}

impl Errands {
    /// A service nobody can answer returns at once; a person needs longer to say no.
    const INSTANT: Duration = Duration::from_millis(150);

    /// Errands that wake `ctx` when they end.
    pub fn new(ctx: egui::Context) -> Self {
        let (words, heard) = channel();
        let (reading, points) = Default::default();
        Self { words, heard, ctx, writer: None, reading, points }
    }

    /// The window that is woken.
    pub fn ctx(&self) -> &egui::Context {
        &self.ctx
    }

    /// The next errand that has ended.
    pub fn hear(&self) -> Option<DialogReply> {
        self.heard.try_recv().ok()
    }

    /// Shows the system's dialog for `wish`.
    pub fn browse(&self, wish: DialogRequest, title: &str, near: &Path) {
        // The dialog is made here and waited for elsewhere: macOS wants it made on this thread.
        let dialog = rfd::AsyncFileDialog::new().set_title(title).set_directory(near);
        let sessions = |dialog: rfd::AsyncFileDialog| dialog.add_filter("RON", &["ron"]);
        match wish {
            DialogRequest::Teacher
            | DialogRequest::Student
            | DialogRequest::DataFolder
            | DialogRequest::OpenRun
            | DialogRequest::Workspace
            | DialogRequest::PointAt
            | DialogRequest::StudentFolder
            | DialogRequest::Export(ExportKind::TensorBoard) => self.wait_for(wish, dialog.pick_folder()),
            DialogRequest::DataFile | DialogRequest::ValidationFile | DialogRequest::TestFile => {
                self.wait_for_all(wish, dialog.pick_files())
            }
            DialogRequest::OpenSession => self.wait_for(wish, sessions(dialog).pick_file()),
            DialogRequest::SaveSession => {
                self.wait_for(wish, sessions(dialog).set_file_name("session.ron").save_file())
            }
            DialogRequest::Export(kind) => {
                let ending = kind.ending().unwrap_or_default();
                let dialog = dialog.add_filter(ending.to_uppercase(), &[ending]);
                self.wait_for(wish, dialog.set_file_name(format!("curves.{ending}")).save_file());
            }
        }
    }

    fn wait_for(&self, wish: DialogRequest, answer: impl Future<Output = Option<rfd::FileHandle>> + Send + 'static) {
        self.wait_for_all(wish, async { answer.await.map(|handle| vec![handle]) });
    }

    fn wait_for_all(
        &self,
        wish: DialogRequest,
        answer: impl Future<Output = Option<Vec<rfd::FileHandle>>> + Send + 'static,
    ) {
        self.send_off("retort-dialog", move || {
            let asked = Instant::now();
            match pollster::block_on(answer) {
                Some(handles) => {
                    Some(DialogReply::Picked(wish, handles.iter().map(|handle| handle.path().to_owned()).collect()))
                }
                None if asked.elapsed() < Self::INSTANT => Some(DialogReply::NoDialog),
                None => None,
            }
        });
    }

    /// Reads the session that `path` leads to, and its run.
    pub fn load(&self, path: PathBuf) {
        self.open(move |told| match opening::find(&path) {
            Ok(Found { session, file, place }) => {
                Loaded { path: file, place: Some(place), ..Loaded::new(session) }.shown(told)
            }
            Err(e) => DialogReply::Failed(e.said()),
        });
    }

    /// Reads one of the kept sessions from its file.
    pub fn recover(&self, kept: u64, path: PathBuf) {
        self.open(move |told| {
            match file::open(&path) {
                Ok(session) => {
                    // What is in no file is saved as far as it is the session that the window brings along.
                    let saved = Session::built_in().ok();
                    Loaded { kept: Some(kept), saved, ..Loaded::new(session) }.shown(told)
                }
                Err(e) => DialogReply::Failed(e.said()),
            }
        });
    }

    /// Replays the run of a session that is to be put on the workbench.
    pub fn replay(&self, loaded: Loaded) {
        self.open(move |told| loaded.shown(told));
    }

    /// Reads the run of a session that is open already.
    pub fn read_run(&self, session: Session) {
        self.open(move |told| DialogReply::Run(Box::new(opening::show_told(&session, told))));
    }

    /// Reads the run in `folder` to be looked at under a session that does not name it: nothing that is done
    /// with that session can reach the folder.
    pub fn copy(&self, session: Session, folder: PathBuf) {
        self.open(move |told| {
            let named = Session { run: Some(folder.clone()), ..session.clone() };
            let shown = Shown { held: None, ..opening::show_told(&named, told) };
            let session = Session { run: None, ..session };
            DialogReply::Loaded(Box::new(Loaded { shown, of: Some(folder), ..Loaded::new(session) }))
        });
    }

    /// Shows a folder in the system's file manager; `sorry` begins the sentence that is said if there is none.
    pub fn show_folder(&self, folder: PathBuf, sorry: &'static str) {
        self.show_folder_by(FILE_MANAGER, folder, sorry);
    }

    fn show_folder_by(&self, program: &'static str, folder: PathBuf, sorry: &'static str) {
        self.send_off("retort-folder", move || {
            let mut process = Command::new(program);
            let shown = process.arg(&folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
            let failed = |reason: String| {
                let path = folder.display();
                Some(DialogReply::Failed(say!("{sorry} {path} ({program}: {reason})", sorry, path, program, reason)))
            };
            match shown {
                // Explorer calls everything a failure.
                Ok(status) if status.success() || cfg!(windows) => None,
                Ok(status) => failed(status.to_string()),
                Err(e) => failed(e.to_string()),
            }
        });
    }

    /// Looks what was dropped on the window.
    pub fn look_at(&self, path: PathBuf) {
        self.send_off("retort-drop", move || {
            let is_run = opening::run_at(&path).is_some();
            Some(DialogReply::Dropped(path, is_run))
        });
    }

    /// Writes a session, behind what was given before.
    pub fn save(&mut self, saved: Saved) {
        let lost = say!("the session was not written; save it again: {path}", path = saved.path.display());
        let write = move || match file::save(&saved.session, &saved.path) {
            Ok(()) if !saved.aloud => None,
            Ok(()) => Some(DialogReply::Saved(Box::new(saved))),
            Err(e) => Some(DialogReply::Failed(e.said())),
        };
        self.write(lost, write);
    }

    /// Removes a file that was written here, or is about to be: behind what was given before.
    pub fn remove(&mut self, path: PathBuf) {
        // A file that cannot be removed is offered once more: no harm.
        let remove = move || drop(std::fs::remove_file(path));
        match &self.writer {
            Some(writer) => drop(writer.give(remove)),
            None => remove(),
        }
    }

    /// Waits until everything is written.
    pub fn finish(&mut self) {
        self.writer.take().into_iter().for_each(InOrder::finish);
    }

    /// Writes something behind what was given before; `lost` is said where nobody is there to do it.
    pub(super) fn write(&mut self, lost: Sentence, job: impl FnOnce() -> Option<DialogReply> + Send + 'static) {
        if self.writer.is_none() {
            self.writer = InOrder::start("retort-save").inspect_err(|e| self.tell(no_thread(e))).ok();
        }
        let (words, ctx) = (self.words.clone(), self.ctx.clone());
        let run = move || {
            if let Some(word) = job() {
                let _ = words.send(word);
                ctx.request_repaint();
            }
        };
        if self.writer.as_ref().is_some_and(|writer| !writer.give(run)) {
            self.tell(DialogReply::Failed(lost));
            self.writer = None;
        }
    }

    fn tell(&self, word: DialogReply) {
        let _ = self.words.send(word);
    }

    /// The reader of points of the run on show, for a thread that reads.
    pub(super) fn points(&self) -> Arc<Mutex<PointReader>> {
        Arc::clone(&self.points)
    }

    /// How much is read of the journal of a run that opens.
    pub fn reading(&self) -> Option<(u64, u64)> {
        self.reading.now()
    }

    fn open(&self, errand: impl FnOnce(Told) -> DialogReply + Send + 'static) {
        let (reading, ctx) = (self.reading.clone(), self.ctx.clone());
        self.send_off("retort-open", move || Some(reading.during(&ctx, errand)));
    }

    /// Does an errand on a thread of its own; `None` says nothing.
    pub(super) fn send_off(&self, name: &str, errand: impl FnOnce() -> Option<DialogReply> + Send + 'static) {
        let (words, ctx) = (self.words.clone(), self.ctx.clone());
        let run = move || {
            if let Some(word) = errand() {
                // A window that has closed needs no answer.
                let _ = words.send(word);
                ctx.request_repaint();
            }
        };
        if let Err(e) = std::thread::Builder::new().name(name.to_owned()).spawn(run) {
            self.tell(no_thread(&e));
        }
    }
}

fn no_thread(error: &std::io::Error) -> DialogReply {
    DialogReply::Failed(say!("cannot start a thread: {error}; close other programs", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_folder_that_no_file_manager_shows_is_named_with_its_path() {
        let errands = Errands::new(egui::Context::default());
        for (program, says) in [("no-such-file-manager", Some("No such file")), ("false", Some("1")), ("true", None)] {
            errands.show_folder_by(program, "/runs/0007".into(), "sorry, it is");
            let word = errands.heard.recv_timeout(Duration::from_millis(if says.is_some() { 10_000 } else { 300 }));
            match (word, says) {
                (Ok(DialogReply::Failed(words)), Some(says)) => {
                    assert!(words.starts_with("sorry, it is /runs/0007") && words.contains(says), "{words}");
                }
                (Err(_), None) => {}
                _ => panic!("{program}"),
            }
        }
    }

    #[test]
    fn sessions_are_written_in_the_order_they_were_given_and_none_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.ron");
        let mut errands = Errands::new(egui::Context::default());
        for number in 0..60 {
            // The earlier, the longer to write.
            let pinned = crate::session::PinnedProbe { text: "x".repeat(1000), expected: None };
            let probes = vec![pinned; if number < 10 { 500 } else { 0 }];
            let session = Session { name: number.to_string(), probes, ..Session::built_in().unwrap() };
            errands.save(Saved { session, path: path.clone(), taken_up: number, aloud: number % 2 == 0 });
        }
        errands.finish();
        assert_eq!(file::open(&path).unwrap().name, "59");
        let told = std::iter::from_fn(|| errands.hear()).map(|word| match word {
            DialogReply::Saved(saved) => saved.taken_up,
            _ => panic!("a write failed"),
        });
        assert_eq!(told.collect::<Vec<_>>(), (0..60).step_by(2).collect::<Vec<_>>());
    }
}
