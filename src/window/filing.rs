//! Files a person asked for: sessions opened, saved and recovered, and paths that go where they are
//! wanted. Reading and writing itself is an errand, so that no frame waits for a disk.

use std::path::{Path, PathBuf};

use super::app::WorkbenchApp;
use super::control;
use super::dialog::{DialogReply, DialogRequest, Loaded, Saved};
use super::kept::{Kept, KeptSessions, Stood};
use super::panel;
use super::state::{Action, Choosing, FileQuestion};
use super::steering::Steering;
use super::undo::Part;
use crate::link::Command;
use crate::record::opening::Shown;
use crate::session::{DataSource, FilePart, Files, ModelChoice, Session, Source, Strip};

impl WorkbenchApp {
    pub(super) fn save(&mut self) {
        match self.path.clone() {
            Some(path) => self.save_to(path),
            None => self.state.question = Some(FileQuestion::Save),
        }
    }

    pub(super) fn save_to(&mut self, path: PathBuf) {
        self.state.question = None;
        let (session, taken_up) = (self.session.clone(), self.taken_up);
        self.errands.save(Saved { session, path, taken_up, aloud: true });
    }

    pub(super) fn open(&mut self, path: PathBuf) {
        self.state.question = None;
        if !self.is_busy() {
            self.errands.load(path);
        }
    }

    /// News of a run must not land in another session's record.
    pub(super) fn is_busy(&mut self) -> bool {
        if self.steering.is_live() {
            let text = self.t("a run is under way; stop it before opening another session");
            self.notice(false, text);
        }
        self.steering.is_live()
    }

    pub(super) fn open_built_in(&mut self) {
        if self.is_busy() {
            return;
        }
        match Session::built_in() {
            Ok(session) => self.take_up(Loaded::new(session)),
            Err(e) => self.notice(false, e),
        }
    }

    /// Takes up a session that was kept; the present one is kept in its place.
    pub(super) fn recover(&mut self, number: u64) {
        if self.is_busy() {
            return;
        }
        match self.kept.get(number) {
            Some(Kept { stood: Some(stood), .. }) => {
                let Stood { session, path, saved } = Stood::clone(stood);
                self.errands.replay(Loaded { path, saved: Some(saved), kept: Some(number), ..Loaded::new(session) });
            }
            Some(Kept { file: Some(file), .. }) => self.errands.recover(number, file.clone()),
            _ => {}
        }
    }

    /// A kept session may go.
    pub(super) fn forget(&mut self, number: u64) {
        let file = self.kept.take(number).and_then(|kept| kept.file);
        file.into_iter().for_each(|file| self.errands.remove(file));
    }

    /// Keeps the present session if it is in no file as it stands.
    fn keep_present(&mut self) {
        if !self.is_unsaved() {
            return;
        }
        let (session, path, saved) = (self.session.clone(), self.path.clone(), self.saved.clone());
        let place = self.storage.place_to_keep();
        if let Some(path) = place.clone() {
            self.errands.save(Saved { session: session.clone(), path, taken_up: self.taken_up, aloud: false });
        }
        let gone = self.kept.keep(Stood { session, path, saved }, place);
        self.state.kept_shown = true;
        for kept in gone {
            let text = self.t("the oldest of the kept sessions had to go; so many are kept at most");
            self.notice(false, format!("{text}: {} · {:?}", KeptSessions::MOST, kept.name));
            kept.file.into_iter().for_each(|file| self.errands.remove(file));
        }
    }

    /// Shows the run that another process has loaded without ever touching its folder.
    pub(super) fn open_copy(&mut self) {
        if self.is_busy() {
            return;
        }
        if let Some(held) = &self.state.held {
            let mut session = self.session.clone();
            session.name = format!("{} ({})", session.name, self.t("copy"));
            self.errands.copy(session, held.folder.clone());
        }
    }

    /// Shows a folder in the system's file manager.
    pub(super) fn show_folder(&mut self, path: PathBuf) {
        let text = self.t("no file manager could be opened; the folder is");
        self.errands.show_folder(path, text);
    }

    /// Reads the run of the session anew: another process may have let go of it.
    pub(super) fn look_again(&mut self) {
        self.errands.read_run(self.session.clone());
    }

    pub(super) fn browse(&mut self, wish: DialogRequest) {
        let near = self.path.as_deref().and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
        let title = match wish {
            DialogRequest::Teacher => self.t("Folder of the teacher"),
            DialogRequest::Student => self.t("Folder of the student"),
            DialogRequest::DataFile => self.t("File of the data"),
            DialogRequest::DataFolder => self.t("Folder of the data"),
            DialogRequest::ValidationFile => self.t("File of the validation rows"),
            DialogRequest::TestFile => self.t("File of the test rows"),
            DialogRequest::OpenSession => self.t("Open session"),
            DialogRequest::OpenRun => self.t("Open run folder"),
            DialogRequest::StudentFolder => self.t("Write the student elsewhere"),
            DialogRequest::SaveSession => self.t("Save session as"),
            DialogRequest::Export(_) => self.t("Export curves"),
            DialogRequest::Workspace => self.t("Folder of the runs"),
            DialogRequest::PointAt => self.t("Show a run that lies elsewhere"),
        };
        self.errands.browse(wish, title, &near);
    }

    /// Takes in how an errand ended.
    pub(super) fn apply_reply(&mut self, word: DialogReply) {
        match word {
            DialogReply::Picked(wish, paths) if wish.takes_several() => self.state.ask(Action::UseData(wish, paths)),
            DialogReply::Picked(wish, paths) => {
                // The system's own dialog asks before a file is picked that is there.
                self.state.export.replace |= matches!(wish, DialogRequest::Export(kind) if kind.ending().is_some());
                paths.into_iter().take(1).for_each(|path| self.state.ask(Action::Use(wish, path)));
            }
            DialogReply::Loaded(loaded) => self.take_up(*loaded),
            DialogReply::Run(shown) if !self.steering.is_live() => self.show_run(*shown),
            DialogReply::Run(_) => {}
            DialogReply::Dropped(path, true) => self.open(path),
            DialogReply::Dropped(path, false) => self.state.dropped = vec![path],
            DialogReply::Saved(saved) => self.saved_to(*saved),
            DialogReply::Runs(table) => self.take_runs(*table),
            DialogReply::Compared(compared) => self.take_comparison(compared),
            DialogReply::Next(next) => self.begin_queued(next),
            DialogReply::Enqueued(refused) => self.take_enqueued(refused),
            DialogReply::Exported(exported) => self.take_exported(*exported),
            DialogReply::Annotated => self.read_runs(),
            DialogReply::Votes(number, votes, damaged) => {
                self.state.side_by_side.blind.take(number, votes, damaged);
            }
            DialogReply::Points(read) => self.state.raw_points.take(*read),
            DialogReply::Shelf(reply) => self.take_shelf_reply(*reply),
            DialogReply::NoDialog => {
                self.state.type_it = self.state.question.is_some();
                let text = self.t("this system answers no file dialog; type the path into the field instead, or install xdg-desktop-portal-gtk or zenity");
                self.notice(false, text);
            }
            DialogReply::Failed(reason) => self.notice(false, reason),
        }
    }

    /// What was written is saved, and nothing that was changed since.
    pub(super) fn saved_to(&mut self, saved: Saved) {
        self.state.recent = self.storage.used(&saved.path);
        if saved.taken_up == self.taken_up {
            self.state.written = Some(saved.path.clone());
            (self.saved, self.path) = (saved.session, Some(saved.path));
        }
    }

    /// Puts another session on the workbench, and keeps the present one.
    pub(super) fn take_up(&mut self, loaded: Loaded) {
        if self.is_busy() {
            return;
        }
        let Loaded { session, path, saved, place, shown, kept, of, begins } = loaded;
        // What was said of the former session is not said of this one.
        self.workspace.notices.forget(|_| true);
        self.workspace.notices.read(None);
        self.keep_present();
        kept.into_iter().for_each(|number| self.forget(number));
        if let Some(place) = &place {
            self.state.recent = self.storage.used(place);
        }
        (self.path, self.saved, self.session) = (path, saved.unwrap_or_else(|| session.clone()), session);
        self.forget_answers();
        self.show_run(shown);
        self.taken_up += 1;
        self.state.written = None;
        (self.state.gold, self.state.taken, self.due.open, self.sampled) = (None, None, None, false);
        self.undo.clear();
        let ctx = self.errands.ctx().clone();
        self.arrange(&ctx);
        self.state.choosing = Choosing::default();
        control::forget_refusals(self.errands.ctx());
        if begins {
            return;
        }
        let mut asked = Box::new(self.session.clone());
        asked.run = of.or(asked.run);
        let run = self.workspace.shown_run();
        self.send(Command::Open { run, session: asked });
    }

    /// Puts what happened in the session's run on the workbench.
    fn show_run(&mut self, shown: Shown) {
        let Shown { record, held } = shown;
        let run = self.workspace.show(record);
        self.steering = Steering::new(run, &self.session, self.workspace.shown(), &self.catalog);
        self.state.held = held;
    }

    /// A path that was picked, typed or dropped goes where it is wanted.
    pub(super) fn use_path(&mut self, wish: DialogRequest, path: PathBuf) {
        self.state.dropped.clear();
        match wish {
            DialogRequest::OpenSession | DialogRequest::OpenRun => self.open(path),
            DialogRequest::StudentFolder => self.state.ask(Action::WriteStudent(Some(path))),
            DialogRequest::SaveSession => self.save_to(path),
            DialogRequest::Export(kind) => self.export_to(kind, path),
            DialogRequest::Workspace => self.choose_workspace(path),
            DialogRequest::PointAt => self.point_at(path),
            DialogRequest::Teacher | DialogRequest::Student => self.use_model(wish, self.beside_session(path)),
            DialogRequest::DataFile
            | DialogRequest::DataFolder
            | DialogRequest::ValidationFile
            | DialogRequest::TestFile => self.use_data(wish, vec![path]),
        }
    }

    /// What was dropped on the window: one thing may be anything; several at once are the files of one part.
    pub(super) fn take_dropped(&mut self, mut paths: Vec<PathBuf>) {
        match paths.len() {
            1 => paths.drain(..).for_each(|path| self.errands.look_at(path)),
            _ if paths.iter().all(|path| panel::may_be_rows(path) && !is_newsgroups(path)) => {
                self.state.dropped = paths;
            }
            several => {
                let text = self.t("only files of data can be dropped together; drop models and sessions one at a time");
                self.notice(false, format!("{text} ({several})"));
            }
        }
    }

    /// A path that was typed: relative ones start at the session's file, as they do in it, or else at the
    /// working folder. Absolute from now on, so that it stays true wherever the session is saved.
    fn beside_session(&self, path: PathBuf) -> PathBuf {
        let beside = self.path.as_deref().and_then(Path::parent).map(|folder| folder.join(&path));
        let found = beside.filter(|beside| !path.as_os_str().is_empty() && beside.exists());
        std::path::absolute(found.as_ref().unwrap_or(&path)).unwrap_or(path)
    }

    fn use_model(&mut self, wish: DialogRequest, path: PathBuf) {
        let mut models = self.session.models();
        let source = Source::Folder(path);
        if wish == DialogRequest::Student {
            models.student.move_to(source);
        } else {
            match models.teachers.first_mut() {
                Some(teacher) => teacher.move_to(source),
                None => models.set_teacher(Some(ModelChoice::stored(source))),
            }
        }
        self.set(Part::Models(Box::new(models)));
    }

    /// The student that a run has made is used as it is: all of it, and its weights.
    pub(super) fn use_trained(&mut self, wish: DialogRequest, folder: PathBuf) {
        let mut models = self.session.models();
        let trained = ModelChoice::stored(Source::Folder(folder));
        match wish {
            DialogRequest::Student => models.student = ModelChoice { max_tokens: models.student.max_tokens, ..trained },
            _ => models.set_teacher(Some(trained)),
        }
        self.set(Part::Models(Box::new(models)));
    }

    /// The files that were picked become those of their part.
    pub(super) fn use_data(&mut self, wish: DialogRequest, picked: Vec<PathBuf>) {
        self.state.dropped.clear();
        let picked: Vec<PathBuf> = picked.into_iter().map(|path| self.beside_session(path)).collect();
        if picked.is_empty() {
            return;
        }
        let alone = <[PathBuf; 1]>::try_from(picked.clone()).ok().map(|[path]| path);
        let is_news = alone.as_deref().is_some_and(is_newsgroups);
        let mut data = self.session.data.clone();
        data.source = self.state.choosing.data.take().unwrap_or(data.source);
        match (&mut data.source, wish) {
            (DataSource::Files(files), DialogRequest::TestFile) => files.test.files = picked,
            (DataSource::Files(files), DialogRequest::ValidationFile) => files.validation.files = picked,
            (DataSource::Files(files), _) if !is_news => {
                files.train.files = picked;
                // What was said of another file is not said of this one.
                (files.format, files.roles) = Default::default();
            }
            (DataSource::Newsgroups { path, .. }, _)
                if let Some(alone) = alone.filter(|alone| is_news || alone.is_dir()) =>
            {
                *path = alone;
            }
            (source, _) => *source = source_for(picked),
        }
        if !data.source.is_named() {
            self.state.choosing.data = Some(data.source);
            return;
        }
        self.set(Part::Data(data));
    }
}

/// Whether a path is called as 20 Newsgroups is distributed.
fn is_newsgroups(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    name.starts_with("20news") || name.starts_with("20_newsgroups")
}

/// What paths most likely hold, with the commonest names for its columns.
fn source_for(picked: Vec<PathBuf>) -> DataSource {
    match picked.as_slice() {
        [path] if is_newsgroups(path) => DataSource::Newsgroups { path: path.clone(), strip: Strip::default() },
        _ => DataSource::from(Files { train: FilePart::of(picked), ..Files::default() }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::storage::Storage;
    use super::*;
    use crate::session::Catalog;

    /// A window without an engine.
    fn app(folder: &Path) -> WorkbenchApp {
        let (watch, _) = crate::link::connect();
        let storage = Storage::open(folder.join("own"));
        let session = Session::built_in().unwrap();
        WorkbenchApp::new(&egui::Context::default(), watch, Catalog::default(), session, None, storage)
    }

    fn apply_replies(app: &mut WorkbenchApp) {
        app.errands.finish();
        while let Some(word) = app.errands.hear() {
            app.apply_reply(word);
        }
    }

    #[test]
    fn an_edit_made_while_the_session_is_written_stays_unsaved() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.ron");
        let mut app = app(folder.path());
        app.session.name = "written".to_owned();
        app.save_to(path.clone());
        app.session.name = "edited meanwhile".to_owned();
        apply_replies(&mut app);
        assert_eq!(app.path.as_ref(), Some(&path));
        assert!(app.is_unsaved(), "the edit is in no file");
        app.session.name = "written".to_owned();
        assert!(!app.is_unsaved());
    }

    #[test]
    fn a_file_written_late_is_not_that_of_the_session_opened_since() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.ron");
        let mut app = app(folder.path());
        app.save_to(path.clone());
        app.open_built_in();
        app.session.name = "another".to_owned();
        apply_replies(&mut app);
        assert_eq!(app.path, None);
        assert!(app.is_unsaved() && path.exists());
    }

    #[test]
    fn a_save_asked_for_before_closing_is_not_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.ron");
        let mut app = app(folder.path());
        app.session.name = "last".to_owned();
        app.save_to(path.clone());
        drop(app);
        assert_eq!(crate::session::file::open(&path).unwrap().name, "last");
        let storage = Storage::open(folder.path().join("own"));
        assert!(storage.left_behind().is_empty(), "it was saved, so there is nothing to recover");
    }

    #[test]
    fn where_no_dialog_comes_the_path_is_typed_into_the_field_that_asked_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut app = app(folder.path());
        app.apply_reply(DialogReply::NoDialog);
        assert!(!app.state.type_it, "no such field is shown");
        app.state.question = Some(FileQuestion::Save);
        app.apply_reply(DialogReply::NoDialog);
        assert!(app.state.type_it);
    }

    #[test]
    fn a_path_is_read_as_what_its_name_says() {
        for path in ["a/b.CSV", "a/b.jsonl", "a/folder", "a/reviews.zip"] {
            assert_eq!(source_for(vec![path.into()]), DataSource::from(Files::of(path)));
        }
        assert!(matches!(source_for(vec!["a/20news-bydate.tar.gz".into()]), DataSource::Newsgroups { .. }));
    }
}
