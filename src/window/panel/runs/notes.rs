//! What a person notes of the run that is chosen: its name, a star, tags, a note; and what can be done with it.

use std::sync::Arc;

use egui::{Id, RichText, Ui};

use super::{RunsScene, upkeep};
use crate::record::run_table::RunTable;
use crate::record::run_table::annotations::Annotations;
use crate::window::control;
use crate::window::panel::Scene;
use crate::window::state::{Action, UiState};

pub(super) fn notes_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, table: &Arc<RunTable>) {
    let side = state.runs.chosen.first().cloned().unwrap_or_default();
    let [folder] = side.as_slice() else {
        let text = scene.t("Choose a second row to compare these seeds with.");
        return drop(control::caption(ui, text));
    };
    let Some(row) = RunsScene::row(table, folder) else { return };
    let mut noted = row.annotations.clone();
    ui.horizontal(|ui| {
        control::title(ui, row.name(), &folder.display().to_string());
        if ui.button(scene.t("Open")).on_hover_text(scene.t("Puts the run on the workbench, whole")).clicked() {
            state.ask(Action::Open(folder.clone()));
            state.ask(Action::ShowRuns(false));
        }
        let star = if noted.star { scene.t("★ Starred") } else { scene.t("☆ Star") };
        if ui.button(star).clicked() {
            noted.star = !noted.star;
        }
        let archive = if noted.archived { scene.t("Take out of the archive") } else { scene.t("Archive") };
        if ui.button(archive).on_hover_text(scene.t("Puts the run out of sight; nothing is removed")).clicked() {
            noted.archived = !noted.archived;
        }
        if ui.button(scene.t("Show the folder")).clicked() {
            state.ask(Action::ShowFolder(folder.clone()));
        }
        if ui.button(scene.t("Choose none")).clicked() {
            state.runs.chosen.clear();
        }
    });
    upkeep::upkeep_ui(ui, scene, state, row);
    ui.add_space(4.0);
    fields_ui(ui, scene, state, &mut noted);
    control::caption(ui, scene.t("Choose a second row to compare this run with."));
    if let Some(words) = row.said_not_finite() {
        ui.label(RichText::new(scene.says(&words)).color(scene.look.palette().warn));
    }
    if let crate::record::run_table::RunStatus::Failed(words) = &row.status {
        ui.label(RichText::new(words).color(scene.look.palette().bad));
    }
    if noted != row.annotations {
        state.ask(Action::Annotate(folder.clone(), Box::new(noted)));
    }
}

fn fields_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, noted: &mut Annotations) {
    let tags = noted.tags.join(" ");
    let fields = [
        (scene.t("Name"), "runs name", noted.name.clone(), scene.t("as its session")),
        (scene.t("Tags"), "runs tags", tags, scene.t("words it can be found by")),
        (scene.t("Note"), "runs note", noted.note.clone(), scene.t("what is worth remembering of it")),
    ];
    let mut meant = Vec::new();
    for (label, id, now, hint) in fields {
        let typed = control::row(ui, label, hint, |ui| {
            let width = ui.available_width().min(480.0);
            control::draft(ui, state, Id::unique(id), &now, hint, width)
        });
        meant.extend(typed.map(|text| (id, text)));
    }
    for (id, text) in meant {
        match id {
            "runs name" => noted.name = text.trim().to_owned(),
            "runs tags" => noted.tags = text.split_whitespace().map(str::to_owned).collect(),
            _ => noted.note = text,
        }
    }
}
