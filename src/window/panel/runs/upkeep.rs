//! What can be done with the run that is chosen: its settings used again, another seed of it queued, taken out of the queue,
//! its old checkpoints and itself removed after a question.

use egui::{Label, RichText, Ui};

use super::repeat;
use crate::link::human_bytes;
use crate::record::run_table::{RunRow, RunStatus};
use crate::window::control;
use crate::window::panel::Scene;
use crate::window::shelf_words::{Removal, ShelfAction, ShelfQuestion};
use crate::window::state::{Action, UiState};

pub(super) fn upkeep_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, row: &RunRow) {
    let elsewhere = scene.runs.runs.table.as_ref().is_some_and(|table| row.folder.parent() != Some(&table.workspace));
    ui.horizontal_wrapped(|ui| {
        again_ui(ui, scene, state, row);
        match waits(row) {
            true => withdraw_ui(ui, scene, state, row),
            false => removal_ui(ui, scene, state, row),
        }
        if elsewhere {
            let help = scene.t("Shows the run here no longer; it stays where it is");
            ask_ui(ui, state, scene.t("Take off the list"), help, ShelfAction::ForgetElsewhere(row.folder.clone()));
        }
    });
    repeat::repeat_ui(ui, scene, state, row);
    if let Some(question) = state.runs.question.clone().filter(|question| question.folder == row.folder) {
        question_ui(ui, scene, state, row, &question);
    }
}

/// Whether it has not begun: it waits, or could not.
fn waits(row: &RunRow) -> bool {
    match row.status {
        RunStatus::Waiting => true,
        RunStatus::Failed(_) => row.steps == 0 && row.seconds.is_none(),
        _ => false,
    }
}

fn again_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, row: &RunRow) {
    let help = scene.t(
        "Puts its session on the workbench as a new one, so that any field can be changed before it is started or queued; what stands there is kept",
    );
    ask_ui(ui, state, scene.t("Use its settings"), help, ShelfAction::UseSettings(row.folder.clone()));
    let button = ui.add_enabled(!scene.runs.runs.repeating, egui::Button::new(scene.t("Queue with the next seed")));
    let help = scene.t("Runs it once more, with the next seed that no run of these settings has");
    if button.on_hover_text(help).clicked() {
        state.ask(Action::Shelf(ShelfAction::NextSeed(row.folder.clone())));
    }
}

fn withdraw_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, row: &RunRow) {
    let help = scene.t("Removes what was asked for; a run that has begun is left as it is");
    ask_ui(ui, state, scene.t("Take out of the queue"), help, ShelfAction::Withdraw(row.folder.clone()));
}

fn removal_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, row: &RunRow) {
    let help = scene.t("All but those from which the run goes on; asks before it removes anything");
    ask_ui(ui, state, scene.t("Clear old checkpoints…"), help, ShelfAction::AskClear(row.folder.clone()));
    let help = scene.t("The system's trash, from which it can be had back; asks first");
    ask_ui(ui, state, scene.t("Move to the trash…"), help, ShelfAction::AskTrash(row.folder.clone()));
}

fn ask_ui(ui: &mut Ui, state: &mut UiState, text: &str, help: &str, action: ShelfAction) {
    if ui.button(text).on_hover_text(help).clicked() {
        state.ask(Action::Shelf(action));
    }
}

fn question_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, row: &RunRow, question: &ShelfQuestion) {
    let folder = question.folder.clone();
    let (asked, told, yes, action) = match &question.removal {
        Removal::Run(bytes) => (
            format!("{} {} · {}?", scene.t("Move this run to the trash:"), row.name(), human_bytes(*bytes)),
            scene.t("The whole folder goes, with its student and checkpoints, and can be had back from there."),
            scene.t("Move it to the trash"),
            ShelfAction::Trash(folder),
        ),
        Removal::Checkpoints(old) => {
            let aside = match old.set_aside {
                0 => String::new(),
                count => format!(" · {count} {}", scene.t("of them set aside by a rewind")),
            };
            let (count, text) = (old.folders.len(), scene.t("Remove old checkpoints for good:"));
            (
                format!("{text} {count} · {}{aside}?", human_bytes(old.bytes)),
                scene.t("The last stays, and the best that was kept: the run can be gone on with as before."),
                scene.t("Remove the checkpoints"),
                ShelfAction::Clear(folder),
            )
        }
    };
    control::card(ui, |ui| {
        ui.add(Label::new(asked).wrap());
        ui.add(Label::new(RichText::new(told).small().weak()).wrap());
        ui.horizontal(|ui| {
            ask_ui(ui, state, yes, &row.folder.display().to_string(), action);
            if ui.button(scene.t("Leave it as it is")).clicked() {
                state.runs.question = None;
            }
        });
    });
}
