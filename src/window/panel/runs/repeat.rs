//! *Repeat with*: the chosen run once more, with another value of one setting and as many seeds as are wanted, queued
//! behind what waits. The workbench is left as it is: a control can be asked for while its run goes on.

use egui::{DragValue, ScrollArea, TextEdit, Ui};

use crate::record::run_table::RunRow;
use crate::session::settings::SEED;
use crate::window::control;
use crate::window::panel::Scene;
use crate::window::shelf_words::{Repeat, ShelfAction};
use crate::window::state::{Action, UiState};

/// Seeds that are queued at once at most.
const MOST_SEEDS: u64 = 20;

pub(super) fn repeat_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, row: &RunRow) {
    ui.horizontal(|ui| {
        ui.label(scene.t("Repeat with"));
        let repeat = &mut state.runs.repeat;
        let path = TextEdit::singleline(&mut repeat.path).hint_text("mixture.alpha").desired_width(190.0);
        ui.add(path).accessible_name(scene.t("Setting that is changed"));
        settings_ui(ui, scene, repeat, row);
        ui.label("=");
        let value = TextEdit::singleline(&mut repeat.value).desired_width(110.0);
        ui.add(value).accessible_name(scene.t("Its value"));
        ui.add_space(6.0);
        let seeds = DragValue::new(&mut repeat.seeds).range(1..=MOST_SEEDS);
        ui.add(seeds).accessible_name(scene.t("How many seeds"));
        control::caption(ui, scene.t("seeds"));
        let ready = !repeat.path.trim().is_empty();
        let help = scene.t("Queues the session of this run with that value, with its seed and those behind it; the workbench stays as it is");
        let wanted = ui.add_enabled(ready, egui::Button::new(scene.t("Queue them"))).on_hover_text(help);
        let why = scene.t("Name a setting first; the arrow beside the field lists those of this run");
        if wanted.on_disabled_hover_text(why).clicked() {
            let repeat = repeat.clone();
            state.ask(Action::Shelf(ShelfAction::Repeat(row.folder.clone(), repeat)));
        }
    });
}

/// The settings of the run, to choose one.
fn settings_ui(ui: &mut Ui, scene: &Scene, repeat: &mut Repeat, row: &RunRow) {
    let menu = ui.menu_button("▼", |ui| {
        ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
            for (path, value) in row.settings.iter().filter(|(path, _)| can_be_set(path)) {
                let short: String = value.chars().take(40).collect();
                if ui.button(format!("{path} = {short}")).clicked() {
                    (repeat.path, repeat.value) = (path.clone(), value.clone());
                    ui.close();
                }
            }
        });
    });
    let words = scene.t("Settings of this run");
    menu.response
        .on_hover_text(words)
        .widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, words));
}

/// Hashes of what was read are no setting, turns of knobs are their own, and seeds are counted beside.
fn can_be_set(path: &str) -> bool {
    path != SEED && path != "script" && !path.starts_with("input.")
}
