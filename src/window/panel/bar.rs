//! The bar on top: which experiment this is, and how the engine fares.

use egui::{Align, Color32, Label, Layout, RichText, TextEdit, Ui};

use super::Scene;
use crate::link::grouped;
use crate::link::{Phase, Reach, Status};
use crate::window::control;
use crate::window::preferences::{Language, Preferences, ThemeChoice};
use crate::window::state::{Action, FileQuestion, UiState};
use crate::window::strings;
use crate::window::theme;
use crate::window::undo::Part;

pub(super) fn bar_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    ui.horizontal(|ui| {
        ui.set_min_height(26.0);
        name_ui(ui, scene, state);
        file_ui(ui, scene, state);
        let pair = RichText::new(scene.pair()).weak();
        ui.add(Label::new(pair).truncate().selectable(false)).on_hover_text(scene.t("Who teaches whom"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            menu_ui(ui, scene, state);
            theme_ui(ui, scene, state);
            language_ui(ui, scene, state);
            ui.add_space(10.0);
            status_ui(ui, scene);
        });
    });
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

/// What the engine does, in words.
fn phase_name(scene: &Scene) -> &'static str {
    match scene.phase() {
        Phase::Empty => scene.t("nothing open"),
        Phase::Opening => scene.t("opening"),
        Phase::Ready => match scene.silent_server().map(|server| scene.reach(server)) {
            None => scene.t("ready"),
            Some(Some(Reach::Failed(_))) => scene.t("the server does not answer"),
            Some(_) => scene.t("open · server not asked yet"),
        },
        Phase::Running => scene.t("running"),
        Phase::Paused => scene.t("paused"),
        Phase::Evaluating => scene.t("evaluating"),
        Phase::Finished => scene.t("finished"),
        Phase::Stopped => scene.t("stopped"),
        Phase::Failed => scene.t("failed"),
        Phase::Gone => scene.t("engine gone"),
    }
}

fn phase_color(look: theme::Look, phase: Phase) -> Color32 {
    let palette = look.palette();
    match phase {
        Phase::Running | Phase::Evaluating => palette.good,
        Phase::Opening | Phase::Paused => palette.warn,
        Phase::Failed | Phase::Gone => palette.bad,
        Phase::Ready | Phase::Finished => palette.accent,
        Phase::Empty | Phase::Stopped => palette.text_weak,
    }
}

/// Right to left, so the dot comes last.
fn status_ui(ui: &mut Ui, scene: &Scene) {
    let status = &scene.record.status;
    ui.spacing_mut().item_spacing.x = 14.0;
    for (figure, help) in figures(scene, status).into_iter().rev() {
        ui.add(Label::new(figure).selectable(false)).on_hover_text(help);
    }
    ui.spacing_mut().item_spacing.x = 5.0;
    let mut phase = phase_name(scene).to_owned();
    if !status.what.is_empty() {
        phase = format!("{phase} · {}", strings::heard(scene.look.language, &status.what));
    }
    ui.add(Label::new(RichText::new(phase).strong()).truncate().selectable(false))
        .on_hover_text(scene.t("What the engine is doing"));
    control::dot(ui, phase_color(scene.look, status.phase));
}

/// The figures that mean something now, each with its help.
fn figures(scene: &Scene, status: &Status) -> Vec<(String, &'static str)> {
    let mut figures = Vec::new();
    if status.phase.is_live() {
        let (done, total) = (grouped(status.done), grouped(status.total));
        figures.push((format!("{} {done} / {total}", scene.t("step")), scene.t("Optimiser steps done, of all")));
        // Behind the last step there is no speed of steps, and the room is needed.
        let at_end = status.measuring.is_some() && status.pace.steps_left == 0;
        if status.steps_per_sec > 0.0 && status.phase != Phase::Paused && !at_end {
            let speed = format!("{:.1} {}", status.steps_per_sec, scene.t("steps/s"));
            figures.push((speed, scene.t("Speed of the last second, evaluations left out")));
        }
        if let Some(left) = status.seconds_left().filter(|_| status.phase != Phase::Paused) {
            let help = scene.t("Time until the run is done and measured; steps and evaluations each by their own pace");
            figures.push((format!("{} {}", scene.t("ETA"), clock(left)), help));
        }
        if let Some(measuring) = status.measuring {
            let (done, total) = (grouped(measuring.done), grouped(measuring.total));
            let texts = format!("{done} / {total} {}", scene.t("texts measured"));
            figures.push((texts, scene.t("Texts of the data that were measured, of all in this measuring")));
        }
        if !at_end {
            let looking = format!("{} {:.0} %", scene.t("looking"), status.looking * 100.0);
            figures.push((looking, scene.t("Share of the time spent on probes and pictures")));
        }
    } else if scene.record.step > 0 {
        figures
            .push((format!("{} {}", scene.t("step"), grouped(scene.record.step)), scene.t("Steps of the run shown")));
    }
    if status.peak_bytes > 0 {
        figures.push((format!("{}B", control::short(status.peak_bytes)), scene.t("Peak memory of the program")));
    }
    figures
}

/// Minutes and seconds, with hours where there are any.
fn clock(secs: f64) -> String {
    let secs = secs.min(359_999.0) as u64;
    let (hours, minutes, secs) = (secs / 3600, secs / 60 % 60, secs % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{secs:02}") } else { format!("{minutes}:{secs:02}") }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remaining_time_reads_like_a_clock() {
        assert_eq!(clock(192.4), "3:12");
        assert_eq!(clock(3725.0), "1:02:05");
        assert_eq!(clock(f64::INFINITY), "99:59:59");
    }
}
