//! The menu of what can stand in a column of its own, each with the memory that it will take.

use egui::{ScrollArea, Ui};

use super::column::run_title;
use super::{Scene, changed_view};
use crate::link::{grouped, human_bytes};
use crate::record::run_table::{RunRow, RunStatus};
use crate::session::StudentSnapshot;
use crate::session::side_by_side::MOST_COLUMNS;
use crate::window::state::UiState;

/// Bytes of a weight in memory.
const WEIGHT: u64 = 4;

pub(super) fn menu_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let full = scene.session.view.columns.len() >= MOST_COLUMNS;
    let answer = ui.add_enabled_ui(!full, |ui| {
        ui.menu_button(scene.t("Add a column"), |ui| {
            ui.set_min_width(260.0);
            own_ui(ui, scene, state);
            ui.separator();
            others_ui(ui, scene, state);
        })
    });
    let why = scene.t("Six columns are shown; take one away first");
    answer.inner.response.on_disabled_hover_text(why);
}

/// States of the student of the run on show.
fn own_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let weights = scene.workspace.opened.as_ref().map(|opened| opened.student.parameters);
    let memory = weights.map(|weights| format!(" · {}", human_bytes(WEIGHT * weights))).unwrap_or_default();
    let text = format!("{}{memory}", scene.t("Student before training"));
    item_ui(ui, scene, state, &text, StudentSnapshot::BeforeTraining);
    let steps = &scene.record.checkpoints;
    if steps.is_empty() {
        ui.weak(scene.t("no checkpoints in this run"));
    }
    ScrollArea::vertical().id_salt("checkpoints to compare").max_height(160.0).show(ui, |ui| {
        for step in steps.iter().rev() {
            let text = format!("{} {}{memory}", scene.t("Checkpoint of step"), grouped(*step));
            item_ui(ui, scene, state, &text, StudentSnapshot::Checkpoint(*step));
        }
    });
}

/// Students of the workspace's other runs.
fn others_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let rows = scene.runs.runs.table.as_ref().map(|table| table.rows.as_slice()).unwrap_or_default();
    let here = scene.record.out.as_deref();
    let has_student = |row: &&RunRow| {
        !matches!(row.status, RunStatus::Waiting | RunStatus::Running)
            && row.steps > 0
            && Some(row.folder.as_path()) != here
    };
    let mut rows = rows.iter().filter(has_student).peekable();
    ui.weak(scene.t("students of other runs"));
    if rows.peek().is_none() {
        ui.weak(scene.t("no other run has left one"));
    }
    ScrollArea::vertical().id_salt("runs to compare").max_height(260.0).show(ui, |ui| {
        for row in rows {
            let memory = (row.parameters > 0).then(|| format!(" · {}", human_bytes(WEIGHT * row.parameters)));
            let text = format!("{}{}", run_title(row), memory.unwrap_or_default());
            item_ui(ui, scene, state, &text, StudentSnapshot::Run(row.folder.clone()));
        }
    });
}

fn item_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, text: &str, which: StudentSnapshot) {
    let there = scene.session.view.columns.contains(&which);
    let help = scene.t("Reads its weights into memory of their own; they are let go with the column");
    if ui.add_enabled(!there, egui::Button::new(text)).on_hover_text(help).clicked() {
        state.ask(changed_view(scene, |view| view.columns.push(which)));
        ui.close();
    }
}
