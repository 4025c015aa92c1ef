//! The small window that asks for a session file, and what happens to dropped paths.

use std::path::{Path, PathBuf};

use egui::{Align2, Id, Label, RichText, TextEdit, Ui, Window, vec2};

use super::Scene;
use crate::window::dialog::Wish;
use crate::window::state::{Action, FileQuestion, UiState};

pub(super) fn files_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let Some(question) = state.question else {
        state.drafts.remove(&Id::unique("session path"));
        return;
    };
    let title = match question {
        FileQuestion::Open => scene.t("Open session"),
        FileQuestion::Save => scene.t("Save session as"),
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

fn wish(question: FileQuestion) -> Wish {
    match question {
        FileQuestion::Open => Wish::OpenSession,
        FileQuestion::Save => Wish::SaveSession,
    }
}

fn path_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, question: FileQuestion) -> Option<PathBuf> {
    let id = Id::unique("session path");
    let first = || scene.path.map(Path::display).map(|path| path.to_string()).unwrap_or_default();
    let mut text = state.drafts.get(&id).cloned().unwrap_or_else(first);
    let edit =
        TextEdit::singleline(&mut text).id(id).hint_text(scene.t("Path of a .ron file")).desired_width(f32::INFINITY);
    let response = ui.name_inputs(scene.t("Session file"), |ui| ui.add(edit));
    let just_asked = !state.drafts.contains_key(&id);
    if just_asked {
        response.request_focus();
    }
    if just_asked || response.changed() {
        state.drafts.insert(id, text.clone());
    }
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    ui.add_space(6.0);
    let mut meant = entered;
    ui.horizontal(|ui| {
        let (word, help) = match question {
            FileQuestion::Open => (scene.t("Open this file"), scene.t("Reads the session and shows its run")),
            FileQuestion::Save => (scene.t("Save to this file"), scene.t("Writes the session there from now on")),
        };
        meant |= ui.button(RichText::new(word).strong()).on_hover_text(help).clicked();
        if ui.button(scene.t("Browse…")).on_hover_text(scene.t("Pick the file in a dialog")).clicked() {
            state.ask(Action::Browse(wish(question)));
        }
    });
    (meant && !text.trim().is_empty()).then(|| named(text.trim(), question))
}

/// A session saved without an ending gets one, or it would not be found again.
fn named(text: &str, question: FileQuestion) -> PathBuf {
    let path = PathBuf::from(text);
    if question == FileQuestion::Save && path.extension().is_none() { path.with_extension("ron") } else { path }
}

fn recent_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    if state.recent.is_empty() {
        return;
    }
    ui.add_space(8.0);
    ui.add(Label::new(RichText::new(scene.t("Recent")).small().weak()).selectable(false));
    for path in state.recent.clone() {
        if ui.link(path.display().to_string()).on_hover_text(scene.t("Open this session")).clicked() {
            state.ask(Action::Use(Wish::OpenSession, path));
        }
    }
}

/// A dropped session opens; anything else may be a model or data, and the person says which.
pub(super) fn drop_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let dropped = ui.input(|input| input.raw.dropped_files.first().map(|file| file.path().to_owned()));
    match dropped {
        Some(path) if path.extension().is_some_and(|ending| ending == "ron") => state.ask(Action::Open(path)),
        Some(path) => state.dropped = Some(path),
        None => {}
    }
    if ui.input(|input| !input.raw.hovered_files.is_empty()) {
        hint_ui(ui, scene);
    }
    if let Some(path) = state.dropped.clone() {
        ask_ui(ui, scene, state, &path);
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
        ui.add(Label::new(path.display().to_string()).truncate());
        ui.add_space(6.0);
        ui.add_enabled_ui(!scene.live, |ui| {
            ui.horizontal(|ui| {
                let uses = [
                    (scene.t("Teacher"), Wish::Teacher, scene.t("The model that teaches")),
                    (scene.t("Student"), Wish::Student, scene.t("The model that learns")),
                    (scene.t("Data"), Wish::DataFile, scene.t("The texts and their classes")),
                ];
                for (name, wish, help) in uses {
                    let held = scene.t("Stop the run first");
                    if ui.button(name).on_hover_text(help).on_disabled_hover_text(held).clicked() {
                        state.ask(Action::Use(wish, path.to_owned()));
                    }
                }
            });
        });
    });
    if !open {
        state.dropped = None;
    }
}
