//! The panels: what is asked on the left, what happens in the centre, what comes out on the right,
//! the run's controls below. A panel reads the scene, draws, and asks for actions; it holds no
//! history, waits for nothing, and changes nothing. Panels never see one another.

mod bar;
mod centre;
mod checkup;
mod data;
mod files;
mod keeping;
mod knobs;
mod news;
mod outputs;
mod overlay;
mod pair;
mod prompt;
mod question;
mod recipe;
mod result;
mod runs;
mod server;
mod side_by_side;
mod source;
mod student_init;
mod test_set;
mod transport;

use std::path::Path;
use std::time::Duration;

use egui::{CentralPanel, Context, Frame, Key, Margin, Modifiers, Panel, ScrollArea, Ui};

use super::belonging::Belonging;
use super::control::{self, Lower};
use super::kept::{self, Kept};
use super::preferences::Preferences;
use super::state::{Action, FileQuestion, UiState};
use super::theme::Look;
use super::timing::Timing;
use crate::link::{
    Connection, FolderSize, KeptOnDisk, KeyNews, ModelCatalog, Phase, Preview, ProbeFrame, PromptFrame, Reach,
    Repository, WeightFrame, grouped,
};
use crate::record::{RunRecord, Workspace};
use crate::session::{Catalog, Knobs, Prompts, Sentence, Session, Source, View};

pub use centre::{shows_attention, shows_weights};
pub use files::may_be_rows;
pub use pair::{PAIR, is_asked};
pub use result::ResultView;
pub use runs::{Picture, RunsScene, RunsView};
pub use side_by_side::{SideBySideScene, SideBySideView};

/// Everything a panel may look at.
pub struct Scene<'a> {
    /// Colours and language.
    pub look: Look,
    /// What the person has chosen for every session.
    pub preferences: &'a Preferences,
    /// What is asked.
    pub session: &'a Session,
    /// What happened.
    pub record: &'a RunRecord,
    /// What is known beside it: what is open, what the engine does and has answered.
    pub workspace: &'a Workspace,
    /// What the engine can do.
    pub catalog: &'a Catalog,
    /// What the sliders ask for.
    pub requested: &'a Knobs,
    /// Whether a run takes what the sliders say.
    pub live: bool,
    /// Whether the session differs from its file.
    pub unsaved: bool,
    /// The session's file.
    pub path: Option<&'a Path>,
    /// Sessions in no file that others took the place of, the newest last.
    pub kept: &'a [Kept],
    /// Whether there is a change to take back.
    pub can_undo: bool,
    /// Whether there is a change to make again.
    pub can_redo: bool,
    /// How long frames take.
    pub timing: &'a Timing,
    /// Both models' view of the text under the lens.
    pub probe: Option<&'a ProbeFrame>,
    /// The rendered prompt.
    pub prompt: Option<&'a PromptFrame>,
    /// Importances of the student's weights.
    pub weights: Option<&'a WeightFrame>,
    /// The models in the cache of this machine, once somebody asked.
    pub shelf: Option<&'a ModelCatalog>,
    /// The GGUF files of the repository that was looked into last.
    pub repository: Option<&'a Repository>,
    /// What is kept of teachers on the disk, once somebody asked.
    pub disk: Option<&'a KeptOnDisk>,
    /// The run's folder and its size.
    pub folder: Option<&'a FolderSize>,
    /// What became of the last key to be stored.
    pub key: Option<&'a KeyNews>,
    /// The table that was looked into last.
    pub preview: Option<&'a Preview>,
    /// What became of the last test of a connection.
    pub connection: Option<&'a Connection>,
    /// The runs of the workspace.
    pub runs: RunsScene<'a>,
    /// The students beside teacher and student.
    pub side_by_side: SideBySideScene<'a>,
    /// What of all this is of the pair and the data that are chosen.
    pub belonging: Belonging,
}

impl Scene<'_> {
    /// The visible text for an English phrase.
    pub fn t(&self, english: &'static str) -> &'static str {
        self.look.t(english)
    }

    /// What the engine says, in the window's language.
    pub fn says(&self, sentence: &Sentence) -> String {
        crate::window::strings::say(self.look.language, sentence)
    }

    /// Teacher and student in a few words.
    fn pair(&self) -> String {
        kept::title(self.session)
    }

    /// The prompt of the run on show, as long as pair and data are the run's.
    fn run_prompt(&self) -> Option<&Prompts> {
        self.record.session.as_deref().filter(|_| self.belonging.run()).map(|run| &run.prompt)
    }

    /// Whether the prompt in the editor is one that the run on show does not use.
    fn has_new_prompt(&self) -> bool {
        self.run_prompt().is_some_and(|prompt| *prompt != self.session.prompt)
    }

    /// By which prompt a picture was made, where that is not plain.
    fn made_by(&self, prompt: &Prompts) -> Option<&'static str> {
        match self.run_prompt() {
            Some(run) if prompt == run => self.has_new_prompt().then(|| self.t("by the run's prompt")),
            Some(_) if *prompt == self.session.prompt => Some(self.t("by the new prompt")),
            None if *prompt == self.session.prompt => None,
            _ => Some(self.t("by an earlier prompt")),
        }
    }

    /// Of which pair, prompt and step the answers to the text under the lens are, where that is not plain.
    fn answered_by(&self) -> Option<String> {
        let frame = self.probe?;
        if !self.belonging.open() {
            return Some(self.t("by the former pair and data").to_owned());
        }
        let student = self.student_of(frame.step);
        let words: Vec<String> = self.made_by(&frame.prompt).map(str::to_owned).into_iter().chain(student).collect();
        (!words.is_empty()).then(|| words.join(" · "))
    }

    /// Which student it is that has done `step` steps, where that is not plain: after the end of the run on
    /// show the one that was saved, after a crash that of the last checkpoint, or one without training; with
    /// another teacher or other data chosen the run's all the same.
    fn student_of(&self, step: u64) -> Option<String> {
        let (run, shown) = (self.belonging.run(), !self.live && self.record.session.is_some());
        let other = if run { step != self.record.step } else { step > 0 };
        let of = if run { String::new() } else { format!("{} · ", self.run_name()) };
        (shown && other).then(|| match step {
            0 => format!("{} {}", self.t("Student"), self.t("without training")),
            _ => format!("{of}{} {}", self.t("student of step"), grouped(step)),
        })
    }

    /// How far the test of the connection to this server got; `None` if it was not asked.
    fn reach(&self, server: &Source) -> Option<&Reach> {
        let Source::Server { url, key, .. } = server else { return None };
        let asked = self.connection.filter(|asked| (&asked.url, &asked.key) == (url, key));
        asked.map(|asked| &asked.state)
    }

    /// The teacher's server, if it has not answered.
    fn silent_server(&self) -> Option<&Source> {
        let teacher = self.session.teacher().map(|teacher| &teacher.source);
        let server = teacher.filter(|source| matches!(source, Source::Server { .. }))?;
        (!matches!(self.reach(server), Some(Reach::Answered { .. }))).then_some(server)
    }

    /// How long ago something was.
    fn ago(&self, since: Duration) -> String {
        match since.as_secs() / 60 {
            0 => self.t("just now").to_owned(),
            minutes @ 1..60 => format!("{minutes} {}", self.t("min ago")),
            minutes @ 60..2880 => format!("{} {}", minutes / 60, self.t("h ago")),
            minutes => format!("{} {}", minutes / 1440, self.t("days ago")),
        }
    }

    /// What the run on show is called: the name of its folder.
    fn run_name(&self) -> String {
        let name = self.record.out.as_deref().and_then(Path::file_name).unwrap_or_default();
        format!("{} {}", self.t("run"), name.to_string_lossy()).trim_end().to_owned()
    }

    /// The run on show, where it is not of the pair and the data that are chosen.
    fn former_run(&self) -> Option<String> {
        let run = self.record.session.as_deref().filter(|_| !self.belonging.run())?;
        Some(format!("{} · {}", self.run_name(), kept::title(run)))
    }

    /// The phase of the engine.
    pub fn phase(&self) -> Phase {
        self.workspace.status.phase
    }
}

/// A foldable part of the left column.
struct Section {
    id: &'static str,
    title: &'static str,
    help: &'static str,
    open: bool,
    /// One line for the folded section.
    summary: fn(&Scene) -> String,
    draw: fn(&mut Ui, &Scene, &mut UiState),
}

/// The left column, top to bottom. A new section is one file and one line.
const ASKED: [Section; 5] = [pair::SECTION, data::SECTION, prompt::SECTION, recipe::SECTION, checkup::SECTION];

/// The parts of the left column, and whether each begins open.
pub fn sections() -> impl Iterator<Item = (&'static str, bool)> {
    ASKED.iter().map(|section| (section.id, section.open))
}

/// The parts that can be drawn to a height.
pub const PARTS: [&str; 3] = ["knobs", "lower", "test set"];

/// The whole window.
pub fn workbench_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let margin = |x, y| Frame::NONE.inner_margin(Margin::symmetric(x, y));
    Panel::top("bar").resizable(false).frame(margin(12, 7)).show(ui, |ui| bar::bar_ui(ui, scene, state));
    Panel::bottom("transport")
        .resizable(false)
        .frame(margin(12, 9))
        .show(ui, |ui| transport::transport_ui(ui, scene, state));
    Panel::left("asked")
        .default_size(328.0)
        .size_range(280.0..=480.0)
        .frame(Frame::NONE)
        .show(ui, |ui| asked_ui(ui, scene, state));
    if !state.runs.open && !state.side_by_side.open {
        Panel::right("outputs")
            .default_size(352.0)
            .size_range(300.0..=520.0)
            .frame(margin(12, 10))
            .show(ui, |ui| outputs_ui(ui, scene, state));
    }
    CentralPanel::no_frame().frame(margin(12, 8)).show(ui, |ui| {
        question::question_ui(ui, scene, state);
        keeping::keeping_ui(ui, scene, state);
        news::news_ui(ui, scene, state);
        if state.runs.open {
            return runs::runs_ui(ui, scene, state);
        }
        if state.side_by_side.open {
            return side_by_side::side_by_side_ui(ui, scene, state);
        }
        result::result_ui(ui, scene, state);
        centre::centre_ui(ui, scene, state);
    });
    files::files_ui(ui, scene, state);
    files::drop_ui(ui, scene, state);
    news::list_ui(ui, scene, state);
    keeping::closing_ui(ui, scene, state);
    data::sheet_window_ui(ui, scene, state);
    overlay::overlay_ui(ui, scene, state);
}

fn asked_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let frame = Frame::NONE.inner_margin(Margin { left: 12, right: 6, top: 6, bottom: 4 });
    let knobs = Lower { id: "knobs", wanted: 416.0, least: 120.0, most: 0.62, margin: frame.inner_margin };
    knobs.show(ui, |ui| knobs::knobs_ui(ui, scene, state));
    CentralPanel::no_frame().frame(frame).show(ui, |ui| {
        ScrollArea::vertical().id_salt("asked").auto_shrink(false).show(ui, |ui| {
            control::clear_of_bar(ui);
            for section in &ASKED {
                section_ui(ui, section, scene, state);
            }
            control::follow_focus(ui);
        });
    });
}

fn section_ui(ui: &mut Ui, section: &Section, scene: &Scene, state: &mut UiState) {
    let (title, help) = (scene.t(section.title), scene.t(section.help));
    if state.unfold.take_if(|id| *id == section.id).is_some() {
        control::unfold(ui, section.id);
    }
    control::fold(ui, section.id, title, help, section.open, &(section.summary)(scene), |ui| {
        (section.draw)(ui, scene, state);
    });
}

fn outputs_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let margin = Margin { left: 0, right: 0, top: 8, bottom: 0 };
    if scene.record.predictions.is_some() {
        let table = Lower { id: "test set", wanted: 300.0, least: 140.0, most: 0.5, margin };
        table.show(ui, |ui| test_set::test_set_ui(ui, scene, state));
    } else {
        // A table without rows gives its room to the bars.
        let panel = Panel::bottom("no test set").exact_size(76.0).frame(Frame::NONE.inner_margin(margin));
        panel.show(ui, |ui| control::bounded(ui, |ui| test_set::test_set_ui(ui, scene, state)));
    }
    CentralPanel::no_frame().show(ui, |ui| control::bounded(ui, |ui| outputs::probe_ui(ui, scene, state)));
}

/// What the pressed keys ask for. Keys with a letter work everywhere; space and the arrow only
/// where nobody is typing.
pub fn keys(ctx: &Context, phase: Phase, has_file: bool) -> Vec<Action> {
    let typing = ctx.text_edit_focused();
    let free = !typing && ctx.memory(|memory| memory.focused()).is_none();
    let mut actions = Vec::new();
    ctx.input_mut(|input| {
        // A text field has an undo of its own.
        let mut undo_key = |modifiers, key| !typing && input.consume_key(modifiers, key);
        let redo = undo_key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z) || undo_key(Modifiers::COMMAND, Key::Y);
        let undo = undo_key(Modifiers::COMMAND, Key::Z);
        let with_letter = [
            (redo, Action::Redo),
            (undo, Action::Undo),
            (input.consume_key(Modifiers::COMMAND | Modifiers::SHIFT, Key::S), Action::Ask(Some(FileQuestion::Save))),
            (input.consume_key(Modifiers::COMMAND, Key::S), save(has_file)),
            (input.consume_key(Modifiers::COMMAND, Key::O), Action::Ask(Some(FileQuestion::Open))),
        ];
        actions.extend(with_letter.into_iter().filter_map(|(pressed, action)| pressed.then_some(action)));
        if free && input.key_pressed(Key::Space) {
            actions.extend(pause_or_resume(phase));
        }
        if free && phase.is_live() && input.key_pressed(Key::ArrowRight) {
            actions.push(Action::StepOnce);
        }
    });
    actions
}

fn save(has_file: bool) -> Action {
    if has_file { Action::Save } else { Action::Ask(Some(FileQuestion::Save)) }
}

fn pause_or_resume(phase: Phase) -> Option<Action> {
    match phase {
        Phase::Running | Phase::Evaluating => Some(Action::Pause),
        Phase::Paused => Some(Action::Resume),
        _ => None,
    }
}

/// The view with one thing changed.
fn changed_view(scene: &Scene, change: impl FnOnce(&mut View)) -> Action {
    let mut view = scene.session.view.clone();
    change(&mut view);
    Action::SetView(Box::new(view))
}
