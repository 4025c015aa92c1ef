//! In which folder the runs lie, another one chosen, and runs of other folders that are shown beside them.

use egui::{Align, Label, Layout, RichText, Role, Ui, WidgetInfo};

use super::column_menu;
use crate::link::grouped;
use crate::record::run_table::RunTable;
use crate::window::panel::Scene;
use crate::window::shelf_words::ShelfAction;
use crate::window::state::{Action, FileQuestion, UiState};

pub(super) fn workspace_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let Some(table) = &scene.runs.runs.table else { return };
    ui.horizontal(|ui| {
        let name = ui.label(scene.t("Workspace"));
        name.on_hover_text(scene.t("The folder in which runs lie and are made"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            column_menu::menu_ui(ui, scene, state);
            let help = scene.t("Shows a run that lies in another folder; nothing is moved");
            if ui.button(scene.t("Run elsewhere…")).on_hover_text(help).clicked() {
                state.ask(Action::Ask(Some(FileQuestion::PointAt)));
            }
            let help = scene.t("Shows the runs of another folder; those here stay where they are");
            if ui.button(scene.t("Change…")).on_hover_text(help).clicked() {
                state.ask(Action::Ask(Some(FileQuestion::Workspace)));
            }
            if scene.runs.chosen_workspace {
                let help = scene.t("The one that the window has where nobody chooses another");
                if ui.button(scene.t("Its own")).on_hover_text(help).clicked() {
                    state.ask(Action::Shelf(ShelfAction::OwnWorkspace));
                }
            }
            if ui.button(scene.t("Show the workspace")).on_hover_text(scene.t("In the file manager")).clicked() {
                state.ask(Action::ShowFolder(table.workspace.clone()));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| path_ui(ui, scene, table));
        });
    });
}

fn path_ui(ui: &mut Ui, scene: &Scene, table: &RunTable) {
    let path = table.workspace.display().to_string();
    let foreign = match table.foreign {
        0 => String::new(),
        count => format!(" · {} {}", grouped(count as u64), scene.t("other files and folders there are no runs")),
    };
    // Its name tells it apart; the way to it is long, and stands under the pointer.
    let name = table.workspace.file_name().map_or_else(|| path.clone(), |name| format!("…/{}", name.to_string_lossy()));
    let shown = ui.add(Label::new(RichText::new(format!("{name}{foreign}")).weak()).truncate());
    let whole = format!("{path}{foreign}");
    shown.widget_info(|| WidgetInfo::labeled(Role::Label, true, &whole));
    shown.on_hover_text(whole.as_str());
}

/// What is wrong with the table, and the runs elsewhere that are not there.
pub(super) fn trouble_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, table: &RunTable) {
    for trouble in &table.trouble {
        ui.colored_label(scene.look.palette().bad, scene.says(trouble));
    }
    for folder in &table.missing {
        ui.horizontal(|ui| {
            let text = scene.t("A run that is pointed at from here is not there:");
            let words = RichText::new(format!("{text} {}", folder.display())).color(scene.look.palette().warn);
            let help = scene.t("Takes it off the list of runs elsewhere; nothing else is removed");
            if ui.button(scene.t("Forget this run")).on_hover_text(help).clicked() {
                state.ask(Action::Shelf(ShelfAction::ForgetElsewhere(folder.clone())));
            }
            ui.add(Label::new(words).truncate());
        });
    }
}
