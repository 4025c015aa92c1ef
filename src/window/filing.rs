//! Files a person asked for: sessions opened, saved and recovered, and paths that go where they are
//! wanted. Reading and writing itself is an errand, so that no frame waits for a disk.

use std::path::{Path, PathBuf};

use super::app::WorkbenchApp;
use super::control;
use super::dialog::{Loaded, Saved, Wish, Word};
use super::state::{Action, Choosing, FileQuestion};
use super::steering::Steering;
use super::undo::Part;
use crate::link::Command;
use crate::record::RunRecord;
use crate::session::{Column, DataSource, ModelChoice, Session, Source, Strip};

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
            self.errands.load(path, false);
        }
    }

    /// News of a run must not land in another session's record.
    fn is_busy(&mut self) -> bool {
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
            Ok(session) => {
                let record = RunRecord::default();
                self.take_up(Loaded { session, path: None, record, trouble: None, recovered: false });
            }
            Err(e) => self.notice(false, e),
        }
    }

    pub(super) fn recover(&mut self, wanted: bool) {
        if wanted && self.is_busy() {
            return;
        }
        self.state.recoverable = false;
        match self.storage.left_behind() {
            Some(path) if wanted => self.errands.load(path.to_owned(), true),
            _ => self.storage.forget_left_behind(),
        }
    }

    pub(super) fn browse(&mut self, wish: Wish) {
        let near = self.path.as_deref().and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
        let title = match wish {
            Wish::Teacher => self.t("Folder of the teacher"),
            Wish::Student => self.t("Folder of the student"),
            Wish::DataFile => self.t("File of the data"),
            Wish::DataFolder => self.t("Folder of the data"),
            Wish::TestFile => self.t("File of the test rows"),
            Wish::OpenSession => self.t("Open session"),
            Wish::SaveSession => self.t("Save session as"),
        };
        self.errands.browse(wish, title, &near);
    }

    /// Takes in how an errand ended.
    pub(super) fn heed(&mut self, word: Word) {
        match word {
            Word::Picked(wish, path) => self.state.ask(Action::Use(wish, path)),
            Word::Loaded(loaded) => self.take_up(*loaded),
            Word::Saved(saved) => self.saved_to(*saved),
            Word::Columns(columns) => self.state.columns = columns,
            Word::NoDialog => {
                let text = self.t("this system answers no file dialog; type the path into the field instead, or install xdg-desktop-portal-gtk or zenity");
                self.notice(false, text);
            }
            Word::Failed(reason) => self.notice(false, reason),
        }
    }

    /// What was written is saved, and nothing that was changed since.
    pub(super) fn saved_to(&mut self, saved: Saved) {
        self.state.recent = self.storage.used(&saved.path);
        if saved.taken_up == self.taken_up {
            (self.saved, self.path) = (saved.session, Some(saved.path));
        }
    }

    /// Puts another session on the workbench.
    fn take_up(&mut self, loaded: Loaded) {
        if self.is_busy() {
            return;
        }
        let Loaded { session, path, record, trouble, recovered } = loaded;
        let notices = std::mem::take(&mut self.record.notices);
        self.record = RunRecord { status: std::mem::take(&mut self.record.status), ..record };
        self.record.notices.splice(0..0, notices);
        self.steering = Steering::new(&session, &self.record, &self.catalog);
        if let Some(path) = &path {
            self.state.recent = self.storage.used(path);
        }
        if recovered {
            self.storage.forget_left_behind();
        }
        (self.path, self.saved, self.session) = (path, session.clone(), session);
        self.taken_up += 1;
        (self.state.gold, self.state.taken, self.due.open, self.sampled) = (None, None, None, false);
        self.undo.clear();
        self.state.choosing = Choosing::default();
        control::forget_refusals(self.errands.ctx());
        self.read_columns();
        trouble.into_iter().for_each(|trouble| self.notice(false, trouble));
        self.send(Command::Open(Box::new(self.session.clone())));
    }

    /// A path that was picked, typed or dropped goes where it is wanted.
    pub(super) fn use_path(&mut self, wish: Wish, path: PathBuf) {
        self.state.dropped = None;
        match wish {
            Wish::OpenSession => self.open(path),
            Wish::SaveSession => self.save_to(path),
            Wish::Teacher | Wish::Student => self.use_model(wish, self.beside_session(path)),
            Wish::DataFile | Wish::DataFolder | Wish::TestFile => self.use_data(wish, self.beside_session(path)),
        }
    }

    /// A path that was typed: relative ones start at the session's file, as they do in it, or else at the
    /// working folder. Absolute from now on, so that it stays true wherever the session is saved.
    fn beside_session(&self, path: PathBuf) -> PathBuf {
        let beside = self.path.as_deref().and_then(Path::parent).map(|folder| folder.join(&path));
        let found = beside.filter(|beside| !path.as_os_str().is_empty() && beside.exists());
        std::path::absolute(found.as_ref().unwrap_or(&path)).unwrap_or(path)
    }

    fn use_model(&mut self, wish: Wish, path: PathBuf) {
        let mut models = self.session.models.clone();
        let source = Source::Folder(path);
        if wish == Wish::Student {
            models.student.move_to(source);
        } else {
            match &mut models.teacher {
                Some(teacher) => teacher.move_to(source),
                none => *none = Some(ModelChoice::stored(source)),
            }
        }
        self.set(Part::Models(Box::new(models)));
    }

    fn use_data(&mut self, wish: Wish, picked: PathBuf) {
        let mut data = self.session.data.clone();
        data.source = self.state.choosing.data.take().unwrap_or(data.source);
        match (&mut data.source, wish) {
            (DataSource::Delimited { test, .. } | DataSource::JsonLines { test, .. }, Wish::TestFile) => {
                *test = Some(picked);
            }
            (DataSource::Delimited { path, .. }, Wish::DataFile) if is_delimited(&picked) => *path = picked,
            (DataSource::JsonLines { path, .. }, Wish::DataFile) if is_json_lines(&picked) => *path = picked,
            (DataSource::Newsgroups { path, .. }, _) if !is_table(&picked) => *path = picked,
            (source, _) => *source = source_for(picked),
        }
        if !data.source.is_named() {
            self.state.choosing.data = Some(data.source);
            return;
        }
        self.set(Part::Data(data));
        self.read_columns();
    }

    /// Asks for the column names of the session's table, so that they can be picked.
    fn read_columns(&mut self) {
        if let DataSource::Delimited { path, .. } = &self.session.data.source {
            self.errands.columns(path.clone());
        }
    }
}

fn extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
}

fn is_delimited(path: &Path) -> bool {
    matches!(extension(path).as_str(), "csv" | "tsv" | "txt")
}

fn is_json_lines(path: &Path) -> bool {
    matches!(extension(path).as_str(), "jsonl" | "ndjson" | "json")
}

fn is_table(path: &Path) -> bool {
    is_delimited(path) || is_json_lines(path)
}

/// What a path most likely holds, with the commonest names for its parts.
fn source_for(path: PathBuf) -> DataSource {
    let named = |name: &str| Column::Name(name.to_owned());
    if is_delimited(&path) {
        let (text, label) = (vec![named("text")], named("label"));
        DataSource::Delimited { path, test: None, header: true, text, label }
    } else if is_json_lines(&path) {
        DataSource::JsonLines { path, test: None, text: vec!["text".to_owned()], label: "label".to_owned() }
    } else {
        DataSource::Newsgroups { path, strip: Strip::default() }
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

    fn heed_all(app: &mut WorkbenchApp) {
        app.errands.finish();
        while let Some(word) = app.errands.hear() {
            app.heed(word);
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
        heed_all(&mut app);
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
        heed_all(&mut app);
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
        assert!(storage.left_behind().is_none(), "it was saved, so there is nothing to recover");
    }

    #[test]
    fn a_path_is_read_as_what_its_name_says() {
        assert!(matches!(source_for("a/b.CSV".into()), DataSource::Delimited { .. }));
        assert!(matches!(source_for("a/b.jsonl".into()), DataSource::JsonLines { .. }));
        assert!(matches!(source_for("a/20news-bydate.tar.gz".into()), DataSource::Newsgroups { .. }));
        assert!(matches!(source_for("a/folder".into()), DataSource::Newsgroups { .. }));
    }
}
