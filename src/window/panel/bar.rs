//! The bar on top: which experiment this is, and how the engine fares.

mod status;

use egui::{Align, Color32, Label, Layout, Rect, RichText, Sense, TextEdit, Ui, UiBuilder, vec2};

use super::Scene;
use crate::window::control;
use crate::window::preferences::{Language, Preferences, ThemeChoice};
use crate::window::state::{Action, FileQuestion, UiState};
use crate::window::theme;
use crate::window::undo::Part;
use status::Fitting;

/// Of the bar's width the experiment keeps so much, points at most and share.
const LEFT: (f32, f32) = (420.0, 0.34);
/// Room between two parts.
const GAP: f32 = 16.0;

/// Which experiment it is, cut where the room ends; how the engine fares; what is chosen for the window.
/// From left to right, so that Tab goes through it as one reads. Only the last part has to be drawn to
/// know its width, which changes with the language alone: that of the frame before is as good.
pub(super) fn bar_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), 26.0), Sense::hover());
    let id = ui.scope_id().with("choices");
    let last = ui.data(|data| data.get_temp::<f32>(id)).unwrap_or(310.0);
    let choices = row.right() - last;
    let kept = LEFT.0.min(LEFT.1 * row.width());
    let status = Fitting::of(ui, scene, choices - row.left() - kept - 2.0 * GAP);
    let middle = choices - GAP - status.width;
    part(ui, row.with_max_x((middle - GAP).max(row.left())), |ui| {
        name_ui(ui, scene, state);
        file_ui(ui, scene, state);
        let pair = RichText::new(scene.pair()).weak();
        ui.add(Label::new(pair).truncate().selectable(false)).on_hover_text(scene.t("Who teaches whom"));
    });
    part(ui, row.with_min_x(middle).with_max_x(choices), |ui| status::status_ui(ui, scene, status));
    let width = part(ui, row.with_min_x(choices), |ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        side_by_side_ui(ui, scene, state);
        runs_ui(ui, scene, state);
        language_ui(ui, scene, state);
        theme_ui(ui, scene, state);
        menu_ui(ui, scene, state);
    });
    if (width - last).abs() > 0.5 {
        ui.data_mut(|data| data.insert_temp(id, width));
        ui.request_discard("the width of what is chosen for the window");
    }
}

/// Draws into a part of the bar; gives the width that was used.
fn part(ui: &mut Ui, room: Rect, contents: impl FnOnce(&mut Ui)) -> f32 {
    let mut part = ui.new_child(UiBuilder::new().max_rect(room).layout(Layout::left_to_right(Align::Center)));
    contents(&mut part);
    part.min_rect().width()
}

fn name_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let mut name = scene.session.name.clone();
    let font = egui::FontId::new(14.0, theme::strong_family());
    let text = ui.painter().layout_no_wrap(name.clone(), font.clone(), Color32::PLACEHOLDER);
    let width = (text.size().x + 10.0).clamp(80.0, 260.0);
    let edit = TextEdit::singleline(&mut name)
        .font(font)
        .margin(egui::Margin::symmetric(6, 2))
        .desired_width(width)
        .align(egui::Align2::LEFT_CENTER)
        .min_size(egui::vec2(0.0, 24.0));
    let field = ui.add(edit).on_hover_text(scene.t("Name of the experiment; click to change it"));
    // A line below it, as below what can be written into.
    let line = ui.visuals().widgets.inactive.bg_fill;
    ui.painter().hline(field.rect.x_range(), field.rect.bottom() - 2.0, egui::Stroke::new(1.0, line));
    if field.changed() {
        state.ask(Action::Set(Part::Name(name)));
    }
    if scene.unsaved {
        let mark = Label::new(RichText::new("•").weak()).selectable(false);
        ui.add(mark).on_hover_text(scene.t("Not saved to its file; autosaved all the same"));
    }
}

/// Where the session was just written, in full; it stands in the window's title afterwards.
fn file_ui(ui: &mut Ui, scene: &Scene, state: &UiState) {
    let Some(path) = state.written.as_ref().filter(|_| !scene.unsaved) else { return };
    let text = RichText::new(format!("{} {}", scene.t("saved to"), path.display())).weak();
    ui.scope(|ui| {
        ui.set_max_width((ui.available_width() * 0.4).max(60.0));
        ui.add(Label::new(text).truncate().selectable(false)).on_hover_text(path.display().to_string());
    });
}

fn menu_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let answer = ui.menu_button(scene.t("Session"), |ui| {
        ui.set_min_width(190.0);
        let item = |ui: &mut Ui, text: &str, keys: &str| {
            let button = egui::Button::new(text);
            // An empty text would be read aloud as part of the name.
            let button = if keys.is_empty() { button } else { button.shortcut_text(keys) };
            ui.add(button).clicked()
        };
        if item(ui, scene.t("Open…"), "Ctrl+O") {
            state.ask(Action::Ask(Some(FileQuestion::Open)));
        }
        if item(ui, scene.t("Open run folder…"), "") {
            state.ask(Action::Ask(Some(FileQuestion::OpenRun)));
        }
        recent_ui(ui, scene, state);
        if !scene.kept.is_empty() && item(ui, &format!("{} ({})", scene.t("Kept sessions"), scene.kept.len()), "") {
            state.ask(Action::ShowKept(true));
        }
        if item(ui, scene.t("Built-in experiment"), "") {
            state.ask(Action::OpenBuiltIn);
        }
        ui.separator();
        if item(ui, scene.t("Save"), "Ctrl+S") {
            state.ask(Action::Save);
        }
        if item(ui, scene.t("Save as…"), "Ctrl+Shift+S") {
            state.ask(Action::Ask(Some(FileQuestion::Save)));
        }
        ui.separator();
        undo_ui(ui, scene, state);
    });
    let file = scene.path.map(|path| path.display().to_string());
    answer.response.on_hover_text(file.unwrap_or_else(|| scene.t("Open and save the experiment").to_owned()));
}

fn recent_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    ui.add_enabled_ui(!state.recent.is_empty(), |ui| {
        ui.menu_button(scene.t("Recent"), |ui| {
            for path in state.recent.clone() {
                let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
                if ui.button(name).on_hover_text(path.display().to_string()).clicked() {
                    state.ask(Action::Open(path));
                }
            }
        });
    });
}

fn undo_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let item = |text: &'static str, keys: &'static str| egui::Button::new(text).shortcut_text(keys);
    if ui.add_enabled(scene.can_undo, item(scene.t("Undo"), "Ctrl+Z")).clicked() {
        state.ask(Action::Undo);
    }
    if ui.add_enabled(scene.can_redo, item(scene.t("Redo"), "Ctrl+Shift+Z")).clicked() {
        state.ask(Action::Redo);
    }
}

/// Shows students side by side, or hides them.
fn side_by_side_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let help = scene.t(
        "One text, a column for each model: teacher, student, earlier states of it, other runs' students; pinned texts",
    );
    if ui.selectable_label(state.side_by_side.open, scene.t("Side by side")).on_hover_text(help).clicked() {
        state.ask(Action::ShowSideBySide(!state.side_by_side.open));
    }
}

/// Shows the runs of the workspace, or hides them.
fn runs_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let waiting = scene.runs.runs.waiting();
    let more = if waiting > 0 { format!(" · {waiting} {}", scene.t("wait")) } else { String::new() };
    let text = format!("{}{more}", scene.t("Runs"));
    let help = scene.t("All runs: what each reached, seeds together, two of them compared");
    if ui.selectable_label(state.runs.open, text).on_hover_text(help).clicked() {
        state.ask(Action::ShowRuns(!state.runs.open));
    }
}

fn theme_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let all = [
        (ThemeChoice::System, scene.t("System"), scene.t("Colours as the system has them")),
        (ThemeChoice::Dark, scene.t("Dark"), scene.t("Light text on dark")),
        (ThemeChoice::Light, scene.t("Light"), scene.t("Dark text on light")),
    ];
    let now = scene.preferences.theme;
    let shown = all.iter().find(|(choice, ..)| *choice == now).map_or("", |(_, label, _)| label);
    ui.scope(|ui| {
        ui.set_max_width(100.0);
        let picked = ui.name_inputs(scene.t("Theme"), |ui| {
            ui.allocate_ui(egui::vec2(100.0, 22.0), |ui| control::pick(ui, "theme", &now, shown, &all)).inner
        });
        if let Some(choice) = picked {
            state.ask(Action::Prefer(Preferences { theme: choice, ..*scene.preferences }));
        }
    });
}

fn language_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    // Each language names itself, so that whoever is lost finds home.
    let all = [(Language::English, "English", "English"), (Language::Chinese, "简体中文", "简体中文")];
    let now = scene.look.language;
    let shown = all.iter().find(|(language, ..)| *language == now).map_or("", |(_, label, _)| label);
    let picked = ui.name_inputs(scene.t("Language"), |ui| {
        ui.allocate_ui(egui::vec2(92.0, 22.0), |ui| control::pick(ui, "language", &now, shown, &all)).inner
    });
    if let Some(language) = picked {
        state.ask(Action::Prefer(Preferences { language: Some(language), ..*scene.preferences }));
    }
}
