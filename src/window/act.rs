//! Acts on what a person asked for: the only writer of the session and the only sender of commands.

use std::path::{Path, PathBuf};

use egui::Context;

use super::app::WorkbenchApp;
use super::dialog::{Loaded, Wish, Word};
use super::state::{Action, FileQuestion};
use super::steering::Steering;
use super::undo::Part;
use crate::link::Command;
use crate::record::RunRecord;
use crate::session::{Column, DataSource, ModelChoice, Session, Source, Strip};

/// The hand rests this long before the engine opens pair and data anew, seconds.
const OPEN_AFTER: f64 = 0.5;
/// A change is autosaved after this long, seconds.
const AUTOSAVE_AFTER: f64 = 2.0;
/// The knob that the trouble card halves.
const LEARNING_RATE: &str = "optimizer.learning_rate";

impl WorkbenchApp {
    /// Carries out one action at time `now`.
    pub(super) fn act(&mut self, action: Action, now: f64) {
        let before = (self.session.models.clone(), self.session.data.clone());
        self.carry_out(action);
        if self.session.models != before.0 || self.session.data != before.1 {
            self.due.open = Some(now + OPEN_AFTER);
        }
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Set(part) => self.set(part),
            Action::SetView(view) => self.session.view = *view,
            Action::Start { afresh } => self.start(afresh),
            Action::Continue => self.go_on(),
            Action::Pause => self.send(Command::Pause),
            Action::Resume => self.send(Command::Resume),
            Action::StepOnce => self.send(Command::StepOnce),
            Action::Stop => self.send(Command::Stop),
            Action::Rewind(step) => self.send(Command::Rewind(step)),
            Action::CoolDown(step) => self.cool_down(step),
            Action::Undo => self.undo(),
            Action::Redo => self.redo(),
            Action::Save => self.save(),
            Action::SaveAs(path) => self.save_to(path),
            Action::Open(path) => self.open(path),
            Action::OpenBuiltIn => self.open_built_in(),
            Action::Ask(question) => self.state.question = question,
            Action::Browse(wish) => self.browse(wish),
            Action::Use(wish, path) => self.use_path(wish, path),
            Action::Recover(wanted) => self.recover(wanted),
            Action::ClearNotices => self.record.notices.clear(),
        }
    }

    // ---- the session's parts

    fn set(&mut self, part: Part) {
        let replaced = self.put(part.clone());
        if replaced != part {
            self.undo.remember(replaced, self.gesture);
        }
    }

    /// Puts a part and gives the one it replaced.
    fn put(&mut self, part: Part) -> Part {
        let session = &mut self.session;
        match part {
            Part::Name(name) => Part::Name(std::mem::replace(&mut session.name, name)),
            Part::Models(models) => Part::Models(std::mem::replace(&mut session.models, models)),
            Part::Data(data) => Part::Data(std::mem::replace(&mut session.data, data)),
            Part::Prompt(prompt) => Part::Prompt(std::mem::replace(&mut session.prompt, prompt)),
            Part::Recipe(recipe) => Part::Recipe(std::mem::replace(&mut session.recipe, recipe)),
            Part::Knob { id, value } => {
                let before = self.steering.request(&id, value, session, &self.link.cells.knobs);
                Part::Knob { id, value: before.unwrap_or(value) }
            }
        }
    }

    /// A run holds pair, data and recipe; taking those back has to wait for its end.
    fn is_held(&self, part: Option<&Part>) -> bool {
        let held = match part {
            Some(Part::Models(_) | Part::Data(_) | Part::Recipe(_)) => true,
            Some(Part::Knob { id, .. }) => self.catalog.knob(id).is_some_and(|knob| !knob.live),
            _ => false,
        };
        held && self.steering.is_live()
    }

    fn undo(&mut self) {
        if self.is_held(self.undo.next()) {
            let text = self.t("the last change belongs to the running run; stop the run to take it back");
            return self.notice(false, text);
        }
        let mut undo = std::mem::take(&mut self.undo);
        undo.undo(|part| self.put(part));
        self.undo = undo;
    }

    fn redo(&mut self) {
        if self.is_held(self.undo.next_redo()) {
            let text = self.t("the next change belongs to the running run; stop the run to make it again");
            return self.notice(false, text);
        }
        let mut undo = std::mem::take(&mut self.undo);
        undo.redo(|part| self.put(part));
        self.undo = undo;
    }

    // ---- the run

    fn start(&mut self, afresh: bool) {
        if afresh {
            self.session.knobs = self.steering.requested().values.clone();
            self.session.script.clear();
        }
        if let Some(problem) = self.session.problem() {
            return self.notice(false, problem);
        }
        match self.storage.new_run_folder() {
            Ok(out) => self.start_in(out),
            Err(e) => {
                let text = self.t("cannot make a run folder; free some room or check its rights");
                self.notice(false, format!("{text}: {e}"));
            }
        }
    }

    fn start_in(&mut self, out: PathBuf) {
        self.session.run = Some(out.clone());
        self.due.open = None;
        self.steering.begin(&self.session, &self.catalog, &self.link.cells.knobs);
        self.send(Command::Start { session: Box::new(self.session.clone()), out });
    }

    fn go_on(&mut self) {
        if let Some(folder) = self.session.run.clone() {
            self.steering.go_on();
            self.send(Command::Continue(folder));
        }
    }

    fn cool_down(&mut self, step: u64) {
        self.due.cool_down = true;
        self.send(Command::Rewind(step));
    }

    /// Putting the run back takes the sliders with it, so the rate is halved only afterwards.
    pub(super) fn finish_cooling_down(&mut self) {
        if std::mem::take(&mut self.due.cool_down)
            && let Some(rate) = self.steering.requested().values.get(LEARNING_RATE).copied()
        {
            self.set(Part::Knob { id: LEARNING_RATE.to_owned(), value: rate / 2.0 });
        }
    }

    // ---- files

    fn save(&mut self) {
        match self.path.clone() {
            Some(path) => self.save_to(path),
            None => self.state.question = Some(FileQuestion::Save),
        }
    }

    fn save_to(&mut self, path: PathBuf) {
        self.state.question = None;
        self.errands.save(self.session.clone(), path, true);
    }

    fn open(&mut self, path: PathBuf) {
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

    fn open_built_in(&mut self) {
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

    fn recover(&mut self, wanted: bool) {
        if wanted && self.is_busy() {
            return;
        }
        self.state.recoverable = false;
        match self.storage.left_behind() {
            Some(path) if wanted => self.errands.load(path.to_owned(), true),
            _ => self.storage.forget_left_behind(),
        }
    }

    fn browse(&mut self, wish: Wish) {
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
            Word::Saved(path) => self.saved_to(path),
            Word::Columns(columns) => self.state.columns = columns,
            Word::NoDialog => {
                let text = self.t("this system answers no file dialog; type the path into the field instead, or install xdg-desktop-portal-gtk or zenity");
                self.notice(false, text);
            }
            Word::Failed(reason) => self.notice(false, reason),
        }
    }

    fn saved_to(&mut self, path: PathBuf) {
        self.saved = self.session.clone();
        self.state.recent = self.storage.used(&path);
        self.path = Some(path);
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
        (self.state.gold, self.due.open, self.sampled) = (None, None, false);
        self.undo.clear();
        trouble.into_iter().for_each(|trouble| self.notice(false, trouble));
        self.send(Command::Open(Box::new(self.session.clone())));
    }

    /// Does what was put off until the hand rests.
    pub(super) fn keep_appointments(&mut self, ctx: &Context) {
        let (now, held) = ctx.input(|input| (input.time, input.pointer.any_down()));
        if self.due.open.is_some_and(|due| due <= now) && !held && !self.steering.is_live() {
            self.due.open = None;
            if is_complete(&self.session) {
                self.send(Command::Open(Box::new(self.session.clone())));
            }
        }
        if self.session != self.seen {
            self.seen = self.session.clone();
            self.due.autosave = Some(now + AUTOSAVE_AFTER);
        }
        if self.due.autosave.is_some_and(|due| due <= now) {
            self.due.autosave = None;
            self.autosave();
        }
        let next = [self.due.open, self.due.autosave].into_iter().flatten().fold(f64::INFINITY, f64::min);
        if next.is_finite() {
            ctx.request_repaint_after(std::time::Duration::from_secs_f64((next - now).max(0.05)));
        }
    }

    fn autosave(&mut self) {
        if let Some(path) = self.storage.autosave_path() {
            self.errands.save(self.session.clone(), path, false);
        }
    }

    // ---- paths

    /// A path that was picked, typed or dropped goes where it is wanted.
    fn use_path(&mut self, wish: Wish, path: PathBuf) {
        self.state.dropped = None;
        match wish {
            Wish::OpenSession => self.open(path),
            Wish::SaveSession => self.save_to(path),
            Wish::Teacher | Wish::Student => self.use_model(wish, path),
            Wish::DataFile | Wish::DataFolder | Wish::TestFile => self.use_data(wish, path),
        }
    }

    fn use_model(&mut self, wish: Wish, path: PathBuf) {
        let mut models = self.session.models.clone();
        let source = Source::Folder(path);
        if wish == Wish::Student {
            models.student.source = source;
        } else {
            match &mut models.teacher {
                Some(teacher) => teacher.source = source,
                none => *none = Some(ModelChoice::stored(source)),
            }
        }
        self.set(Part::Models(models));
    }

    fn use_data(&mut self, wish: Wish, picked: PathBuf) {
        let mut data = self.session.data.clone();
        match (&mut data.source, wish) {
            (DataSource::Delimited { test, .. } | DataSource::JsonLines { test, .. }, Wish::TestFile) => {
                *test = Some(picked);
            }
            (DataSource::Delimited { path, .. }, Wish::DataFile) if is_delimited(&picked) => *path = picked,
            (DataSource::JsonLines { path, .. }, Wish::DataFile) if is_json_lines(&picked) => *path = picked,
            (DataSource::Newsgroups { path, .. }, _) if !is_table(&picked) => *path = picked,
            (source, _) => *source = source_for(picked),
        }
        if let DataSource::Delimited { path, .. } = &data.source {
            self.errands.columns(path.clone());
        }
        self.set(Part::Data(data));
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

/// Whether every path that is needed was given; half a choice is not worth an error.
fn is_complete(session: &Session) -> bool {
    let models = session.models.teacher.iter().chain([&session.models.student]);
    let folders = models.filter_map(|choice| match &choice.source {
        Source::Folder(path) => Some(path),
        Source::BuiltIn(_) => None,
    });
    let file = match &session.data.source {
        DataSource::BuiltIn(_) => None,
        DataSource::Newsgroups { path, .. }
        | DataSource::Delimited { path, .. }
        | DataSource::JsonLines { path, .. } => Some(path),
    };
    folders.chain(file).all(|path| !path.as_os_str().is_empty())
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
    use super::*;

    #[test]
    fn a_path_is_read_as_what_its_name_says() {
        assert!(matches!(source_for("a/b.CSV".into()), DataSource::Delimited { .. }));
        assert!(matches!(source_for("a/b.jsonl".into()), DataSource::JsonLines { .. }));
        assert!(matches!(source_for("a/20news-bydate.tar.gz".into()), DataSource::Newsgroups { .. }));
        assert!(matches!(source_for("a/folder".into()), DataSource::Newsgroups { .. }));
    }
}
