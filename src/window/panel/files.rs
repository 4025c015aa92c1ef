//! The small window that asks for a session file, and what happens to dropped paths.

use std::path::{Path, PathBuf};

use egui::text::{CCursor, CCursorRange};
use egui::{Align2, Id, Label, RichText, TextEdit, Ui, Window, vec2};

use super::Scene;
use crate::session::DataSource;
use crate::window::dialog::DialogRequest;
use crate::window::export::ExportKind;
use crate::window::state::{Action, FileQuestion, UiState};

pub(super) fn files_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let Some(question) = state.question else {
        state.drafts.remove(&Id::unique("session path"));
        return;
    };
    let title = match question {
        FileQuestion::Open => scene.t("Open session"),
        FileQuestion::OpenRun => scene.t("Open run folder"),
        FileQuestion::WriteStudent => scene.t("Write the student elsewhere"),
        FileQuestion::Save => scene.t("Save session as"),
        FileQuestion::Export(_) => scene.t("Export curves"),
        FileQuestion::Workspace => scene.t("Folder of the runs"),
        FileQuestion::PointAt => scene.t("Show a run that lies elsewhere"),
    };
    let mut open = true;
    window(title).open(&mut open).show(ui.ctx(), |ui| {
        ui.set_width(460.0);
        ui.visuals_mut().extreme_bg_color = scene.look.palette().background;
        let chosen = path_ui(ui, scene, state, question);
        if let Some(path) = chosen {
            let wish = wish(question);
            state.ask(Action::Use(wish, path));
        }
        if question == FileQuestion::Open {
            recent_ui(ui, scene, state);
        }
    });
    if !open || ui.input(|input| input.key_pressed(egui::Key::Escape)) {
        state.ask(Action::Ask(None));
    }
}

fn window(title: &str) -> Window<'_> {
    Window::new(title).collapsible(false).resizable(false).anchor(Align2::CENTER_CENTER, vec2(0.0, -60.0))
}

fn wish(question: FileQuestion) -> DialogRequest {
    match question {
        FileQuestion::Open => DialogRequest::OpenSession,
        FileQuestion::OpenRun => DialogRequest::OpenRun,
        FileQuestion::WriteStudent => DialogRequest::StudentFolder,
        FileQuestion::Save => DialogRequest::SaveSession,
        FileQuestion::Export(kind) => DialogRequest::Export(kind),
        FileQuestion::Workspace => DialogRequest::Workspace,
        FileQuestion::PointAt => DialogRequest::PointAt,
    }
}

fn path_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, question: FileQuestion) -> Option<PathBuf> {
    let id = Id::unique("session path");
    let mut text = state.drafts.get(&id).cloned().unwrap_or_else(|| first(scene, state, question));
    let (name, hint) = match question {
        FileQuestion::Open | FileQuestion::Save => (scene.t("Session file"), scene.t("Path of a .ron file")),
        FileQuestion::OpenRun
        | FileQuestion::WriteStudent
        | FileQuestion::Workspace
        | FileQuestion::PointAt
        | FileQuestion::Export(ExportKind::TensorBoard) => (scene.t("Folder"), scene.t("Path of a folder")),
        FileQuestion::Export(_) => (scene.t("File"), scene.t("Path of a file")),
    };
    let edit = TextEdit::singleline(&mut text).id(id).hint_text(hint).desired_width(f32::INFINITY);
    let response = ui.name_inputs(name, |ui| ui.add(edit));
    let just_asked = !state.drafts.contains_key(&id);
    // No dialog came: the path is typed.
    let back = std::mem::take(&mut state.type_it);
    if just_asked || back {
        response.request_focus();
    }
    if just_asked {
        // What is proposed gives way to what is typed.
        let mut whole = TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
        let end = CCursor::new(text.chars().count());
        whole.cursor.set_char_range(Some(CCursorRange::two(CCursor::new(0), end)));
        whole.store(ui.ctx(), id);
    }
    if just_asked || response.changed() {
        state.drafts.insert(id, text.clone());
    }
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    if matches!(question, FileQuestion::Export(_)) {
        let help = scene.t("Otherwise a file that is there is left as it is, and you are told");
        ui.checkbox(&mut state.export.replace, scene.t("Replace what is there")).on_hover_text(help);
    }
    ui.add_space(6.0);
    let mut meant = entered;
    ui.horizontal(|ui| {
        let (word, help) = match question {
            FileQuestion::Open => (scene.t("Open this file"), scene.t("Reads the session and shows its run")),
            FileQuestion::WriteStudent => {
                (scene.t("Write it there"), scene.t("Into this folder, or into one within it that is new"))
            }
            FileQuestion::OpenRun => {
                (scene.t("Open this folder"), scene.t("Shows the run and its session as it was run"))
            }
            FileQuestion::Save => (scene.t("Save to this file"), scene.t("Writes the session there from now on")),
            FileQuestion::Export(_) => (scene.t("Write the export"), scene.t("Writes it there and says so")),
            FileQuestion::Workspace => (
                scene.t("Use this folder"),
                scene.t("Shows the runs in it; new ones are made there, at the next start as well"),
            ),
            FileQuestion::PointAt => {
                (scene.t("Show this run"), scene.t("Gives it a row in the table; it stays where it is"))
            }
        };
        meant |= ui.button(RichText::new(word).strong()).on_hover_text(help).clicked();
        if ui.button(scene.t("Browse…")).on_hover_text(scene.t("Pick the file in a dialog")).clicked() {
            state.ask(Action::Browse(wish(question)));
        }
    });
    (meant && !text.trim().is_empty()).then(|| named(text.trim(), question))
}

/// The path that stands in the field at first: of a session to be saved one that could be meant.
fn first(scene: &Scene, state: &UiState, question: FileQuestion) -> String {
    let path = match (question, scene.path) {
        (FileQuestion::Open | FileQuestion::Save, Some(path)) => path.to_owned(),
        (FileQuestion::Save, None) => {
            let near = state.recent.iter().filter(|path| path.is_file()).find_map(|path| path.parent());
            let folder = near.map_or_else(documents, Path::to_owned);
            folder.join(file_name(&scene.session.name))
        }
        (FileQuestion::Export(kind), _) => {
            let name = kind.ending().map_or_else(|| "tensorboard".to_owned(), |ending| format!("curves.{ending}"));
            documents().join(name)
        }
        _ => PathBuf::new(),
    };
    path.display().to_string()
}

/// Where a person keeps files.
fn documents() -> PathBuf {
    directories::UserDirs::new()
        .map(|dirs| dirs.document_dir().unwrap_or(dirs.home_dir()).to_owned())
        .unwrap_or_default()
}

/// A file named for an experiment: signs that some system keeps for itself become dashes.
fn file_name(name: &str) -> String {
    let plain = |sign: char| if sign.is_control() || r#"/\:*?"<>|"#.contains(sign) { '-' } else { sign };
    let name: String = name.trim().trim_matches('.').chars().map(plain).collect();
    format!("{}.ron", if name.is_empty() { "session" } else { &name })
}

/// A file saved without an ending gets one, or it would not be found again.
fn named(text: &str, question: FileQuestion) -> PathBuf {
    let path = PathBuf::from(text);
    let ending = match question {
        FileQuestion::Save => Some("ron"),
        FileQuestion::Export(kind) => kind.ending(),
        _ => None,
    };
    ending.filter(|_| path.extension().is_none()).map_or(path.clone(), |ending| path.with_extension(ending))
}

fn recent_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    if state.recent.is_empty() {
        return;
    }
    ui.add_space(8.0);
    ui.add(Label::new(RichText::new(scene.t("Recent")).small().weak()).selectable(false));
    for path in state.recent.clone() {
        if ui.link(path.display().to_string()).on_hover_text(scene.t("Open this session")).clicked() {
            state.ask(Action::Use(DialogRequest::OpenSession, path));
        }
    }
}

/// A dropped session opens; anything else may be a model or data, and the person says which.
pub(super) fn drop_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let dropped: Vec<PathBuf> =
        ui.input(|input| input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect());
    match dropped.as_slice() {
        [] => {}
        [path] if path.extension().is_some_and(|ending| ending == "ron") => state.ask(Action::Open(path.clone())),
        _ => state.ask(Action::Drop(dropped)),
    }
    if ui.input(|input| !input.raw.hovered_files.is_empty()) {
        hint_ui(ui, scene);
    }
    if let Some(first) = state.dropped.first().cloned() {
        ask_ui(ui, scene, state, &first);
    }
}

/// What dropping would do, while something hangs over the window.
fn hint_ui(ui: &mut Ui, scene: &Scene) {
    window(scene.t("Drop it here")).show(ui.ctx(), |ui| {
        ui.label(scene.t("A session opens; a model's folder or a data file asks what it is for."));
    });
}

fn ask_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, path: &Path) {
    let mut open = true;
    window(scene.t("Use it as")).open(&mut open).show(ui.ctx(), |ui| {
        for path in state.dropped.iter().take(SHOWN) {
            ui.add(Label::new(path.display().to_string()).truncate());
        }
        if state.dropped.len() > SHOWN {
            ui.weak(format!("+ {} {}", state.dropped.len() - SHOWN, scene.t("more")));
        }
        ui.add_space(6.0);
        ui.add_enabled_ui(!scene.live, |ui| {
            ui.horizontal(|ui| {
                let uses = [
                    (scene.t("Teacher"), DialogRequest::Teacher, scene.t("The model that teaches")),
                    (scene.t("Student"), DialogRequest::Student, scene.t("The model that learns")),
                    (scene.t("Data"), DialogRequest::DataFile, scene.t("The texts and their classes")),
                    (
                        scene.t("Validation file"),
                        DialogRequest::ValidationFile,
                        scene.t("File of validation rows; empty sets a share of the rows aside"),
                    ),
                    (
                        scene.t("Test file"),
                        DialogRequest::TestFile,
                        scene.t("File of test rows; empty sets a share of the rows aside"),
                    ),
                ];
                let may = may_be(path, &scene.session.data.source);
                let several = state.dropped.len() > 1;
                let may = |wish: &DialogRequest| may.contains(wish) && (!several || wish.takes_several());
                for (name, wish, help) in uses.into_iter().filter(|(_, wish, _)| may(wish)) {
                    let held = scene.t("Stop the run first");
                    if ui.button(name).on_hover_text(help).on_disabled_hover_text(held).clicked() {
                        state.ask(match wish.takes_several() {
                            true => Action::UseData(wish, state.dropped.clone()),
                            false => Action::Use(wish, path.to_owned()),
                        });
                    }
                }
            });
        });
    });
    if !open {
        state.dropped.clear();
    }
}

/// Paths that are listed where several were dropped.
const SHOWN: usize = 6;

/// Whether a dropped path may hold rows beside others, by its name alone. A session is never one of several.
pub fn may_be_rows(path: &Path) -> bool {
    let is_session = path.extension().is_some_and(|ending| ending == "ron");
    !is_session && may_be(path, &DataSource::BuiltIn(String::new())).contains(&DialogRequest::DataFile)
}

/// What a dropped path can be meant as, by its name alone.
fn may_be(path: &Path, data: &DataSource) -> &'static [DialogRequest] {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let has_parts = data.files().is_some();
    match ending.as_str() {
        "csv" | "tsv" | "txt" | "jsonl" | "ndjson" | "json" | "parquet" | "gz" | "tgz" | "tar" | "zip" if has_parts => {
            &[DialogRequest::DataFile, DialogRequest::ValidationFile, DialogRequest::TestFile]
        }
        "csv" | "tsv" | "txt" | "jsonl" | "ndjson" | "json" | "parquet" | "gz" | "tgz" | "tar" | "zip" => {
            &[DialogRequest::DataFile]
        }
        "gguf" | "safetensors" | "bin" => &[DialogRequest::Teacher, DialogRequest::Student],
        _ => &[DialogRequest::Teacher, DialogRequest::Student, DialogRequest::DataFile],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_for_its_experiment_on_every_system() {
        let cases = [
            ("posts", "posts.ron"),
            ("a/b: c?", "a-b- c-.ron"),
            ("  ", "session.ron"),
            ("..", "session.ron"),
            ("中文 1", "中文 1.ron"),
        ];
        for (name, file) in cases {
            assert_eq!(file_name(name), file);
        }
    }
}
