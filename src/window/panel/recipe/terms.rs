//! The terms of the loss: those that are summed, each of which can be left out, and a list of the others to add.
//! What a term weighs is a knob, and stands with the knobs.

use egui::{Align, Label, Layout, Ui};

use crate::session::Recipe;
use crate::session::knob::Entry;
use crate::window::control;
use crate::window::panel::Scene;

pub(super) fn terms_ui(ui: &mut Ui, scene: &Scene, recipe: &mut Recipe) {
    let last = recipe.terms.len() == 1;
    for (place, id) in recipe.terms.clone().into_iter().enumerate() {
        let label = if place == 0 { scene.t("Losses") } else { "" };
        control::choices(ui, label, scene.t("What the student minimises"), |ui| {
            let entry = scene.catalog.losses.iter().find(|loss| loss.id == id);
            let name = entry.map_or(id.as_str(), |loss| scene.t(loss.label));
            ui.add(Label::new(name).selectable(false).truncate())
                .on_hover_text(entry.map_or("", |loss| scene.t(loss.help)));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if remove_ui(ui, scene, name, last) {
                    recipe.terms.retain(|term| *term != id);
                }
            });
        });
    }
    add_ui(ui, scene, recipe);
}

/// The button that leaves a term out, named for it; the last one has to stay.
fn remove_ui(ui: &mut Ui, scene: &Scene, name: &str, last: bool) -> bool {
    let said = format!("{} {name}", scene.t("Leave out"));
    let button = ui.add_enabled(!last, egui::Button::new("−").small()).accessible_name(said);
    let button = button.on_hover_text(scene.t("Leaves this loss out of the sum"));
    button.on_disabled_hover_text(scene.t("At least one loss has to stay")).clicked()
}

fn add_ui(ui: &mut Ui, scene: &Scene, recipe: &mut Recipe) {
    let over_tokens = !recipe.task.is_classes();
    // It tells the next token of a text beside a task over classes, and would be the labels' own over tokens.
    let is_offered =
        |loss: &&Entry| !(recipe.terms.iter().any(|id| id == loss.id) || over_tokens && loss.id == "next_token");
    let others: Vec<&Entry> = scene.catalog.losses.iter().filter(is_offered).collect();
    if others.is_empty() {
        return;
    }
    let all: Vec<(&str, &str, &str)> =
        others.iter().map(|loss| (loss.id, scene.t(loss.label), scene.t(loss.help))).collect();
    let help = scene.t("Adds a loss to the sum; what it weighs is a knob");
    let label = scene.t("Add a loss");
    let added = control::row(ui, label, help, |ui| control::pick(ui, "add loss", &"", "…", &all));
    recipe.terms.extend(added.map(str::to_owned));
}
