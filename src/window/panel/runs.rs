//! The runs of the workspace: every run a row, what is typed filters them, seeds go together, the chosen sides are
//! compared, and all of them stand in a picture.

mod column_menu;
mod comparison;
mod curves;
mod listing;
mod notes;
mod overview;
mod pictures;
mod repeat;
mod shown_columns;
mod table;
mod upkeep;
mod view;
mod workspace_line;

use std::path::PathBuf;

use egui::{Align, Layout, RichText, TextEdit, Ui};

use super::Scene;
use crate::record::run_table::{RunRow, RunTable};
use crate::window::control::{self, Lower};
use crate::window::export::ExportWish;
use crate::window::export_menu;
use crate::window::run_list::RunList;
use crate::window::state::{Action, UiState};
use std::sync::Arc;

pub use view::{Picture, RunsView};

/// What of the workspace is to be drawn.
pub struct RunsScene<'a> {
    /// All that is known.
    pub runs: &'a RunList,
    /// Whether a person has chosen in which folder they lie.
    pub chosen_workspace: bool,
}

impl RunsScene<'_> {
    fn row<'a>(table: &'a RunTable, folder: &std::path::Path) -> Option<&'a RunRow> {
        table.rows.iter().find(|row| row.folder == folder)
    }
}

pub(super) fn runs_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    head_ui(ui, scene, state);
    let Some(table) = &scene.runs.runs.table else {
        return control::empty(ui, scene.t("Reading the runs"), scene.t("The workspace is being read."));
    };
    workspace_line::trouble_ui(ui, scene, state, table);
    if table.rows.is_empty() {
        let text = scene.t("Press Start, or queue three seeds above. Every run then has a row here.");
        return control::empty(ui, scene.t("No runs yet"), text);
    }
    listing::list(scene, state, table);
    let margin = egui::Margin { left: 0, right: 0, top: 8, bottom: 0 };
    let picture = state.runs.picture;
    if state.runs.chosen.is_empty() && !picture.is_of_all() {
        return table::table_ui(ui, scene, state);
    }
    let (wanted, most) = if picture == Picture::Told { (300.0, 0.6) } else { (460.0, 0.7) };
    let lower = Lower { id: "compared runs", wanted, least: 120.0, most, margin };
    lower.show(ui, |ui| control::bounded(ui, |ui| lower_ui(ui, scene, state, table)));
    egui::CentralPanel::no_frame().show(ui, |ui| table::table_ui(ui, scene, state));
}

/// What stands below the table: of nothing chosen a picture of all, of one run its notes, of more a comparison.
fn lower_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, table: &Arc<RunTable>) {
    match state.runs.chosen.len() {
        0 => pictures::head_ui(ui, scene, state),
        1 => {
            ui.horizontal(|ui| pictures::segments_ui(ui, scene, state));
        }
        _ => return comparison::comparison_ui(ui, scene, state, table),
    }
    if state.runs.picture.is_of_all() {
        pictures::picture_ui(ui, scene, state);
    } else {
        notes::notes_ui(ui, scene, state, table);
    }
}

fn head_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    ui.horizontal(|ui| {
        ui.set_min_height(28.0);
        control::title(ui, scene.t("Runs"), scene.t("Every run of the workspace, the newest first"));
        let all = [
            (false, scene.t("Each"), scene.t("A row for every run")),
            (
                true,
                scene.t("Seeds together"),
                scene.t("A row for the runs that differ in their seed alone: mean ± standard deviation"),
            ),
        ];
        if let Some(by_seed) = control::segments(ui, state.runs.by_seed, &all) {
            state.runs.by_seed = by_seed;
            state.runs.chosen.clear();
            state.runs.too_many = false;
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let help = scene.t("Back to the curves of the run on show");
            if ui.button(scene.t("Back to the curves")).on_hover_text(help).clicked() {
                state.ask(Action::ShowRuns(false));
            }
            export_menu::menu_ui(ui, scene.look, state, |state| export_wish(scene, state));
            let help = scene.t("Runs the session on the left three times, with its seed and the two behind it");
            if ui.button(scene.t("Queue 3 seeds")).on_hover_text(help).clicked() {
                state.ask(Action::Enqueue(Box::new(scene.session.clone()), 3));
            }
            let help = scene.t("Runs the session on the left behind what waits already");
            if ui.button(scene.t("Queue this session")).on_hover_text(help).clicked() {
                state.ask(Action::Enqueue(Box::new(scene.session.clone()), 1));
            }
            // At the end: what comes and goes moves no button from under the pointer.
            queue_ui(ui, scene, state);
        });
    });
    workspace_line::workspace_ui(ui, scene, state);
    filter_ui(ui, scene, state);
    pictures::brushes_ui(ui, scene, state);
}

/// The runs that are chosen, else those that are listed, as far as they have made a step.
fn export_wish(scene: &Scene, state: &UiState) -> ExportWish {
    let view = &state.runs;
    let listed = view.listed.rows.iter().map(|row| &row.side);
    let sides: Vec<_> = if view.chosen.is_empty() { listed.collect() } else { view.chosen.iter().collect() };
    let table = scene.runs.runs.table.as_deref();
    let has_steps =
        |folder: &&PathBuf| table.and_then(|table| RunsScene::row(table, folder)).is_some_and(|row| row.steps > 0);
    ExportWish {
        runs: sides.into_iter().flatten().filter(has_steps).cloned().collect(),
        curves: view.curves.id.iter().map(ToString::to_string).collect(),
        by_seed: view.by_seed,
        logarithmic: scene.session.view.log_y,
        ..ExportWish::default()
    }
}

fn queue_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let waiting = scene.runs.runs.waiting();
    if scene.runs.runs.queue_on {
        let help = scene.t("What waits stays in the table; the run under way goes on");
        if ui.button(scene.t("Hold the queue")).on_hover_text(help).clicked() {
            state.ask(Action::RunQueue(false));
        }
    } else if waiting > 0 {
        let help = scene.t("Runs what waits, one after the other, also where one of them fails");
        if ui.button(format!("▶ {} ({waiting})", scene.t("Run the queue"))).on_hover_text(help).clicked() {
            state.ask(Action::RunQueue(true));
        }
    }
}

fn filter_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    // Below the table the same choice stands above what it is of.
    let offers = state.runs.chosen.is_empty() && !state.runs.picture.is_of_all();
    ui.horizontal(|ui| {
        let label = ui.label(scene.t("Filter"));
        let edit = TextEdit::singleline(&mut state.runs.filter)
            .hint_text("accuracy > 0.9 and seed != 7")
            .desired_width((ui.available_width() - if offers { 560.0 } else { 330.0 }).clamp(160.0, 520.0));
        let help = scene.t(
            "Compares measures, settings and fields of the table by = != < <= > >= or ~ (holds), joined by and, or, not; accuracy@500 is a validation measure at that step, best.accuracy its best; a word alone is looked for in names, states, tags and notes",
        );
        ui.add(edit).labelled_by(label.id).on_hover_text(help);
        ui.checkbox(&mut state.runs.archived, scene.t("archived, too"))
            .on_hover_text(scene.t("Also shows the runs that were put out of sight"));
        if offers {
            pictures::segments_ui(ui, scene, state);
        }
        let words = match &state.runs.listed.problem {
            Some(problem) => RichText::new(scene.says(problem)).small().color(scene.look.palette().bad),
            None => {
                let (shown, all) = (state.runs.listed.runs, scene.runs.runs.table.as_ref().map_or(0, |t| t.rows.len()));
                RichText::new(format!("{shown} {} {all} {}", scene.t("of"), scene.t("runs"))).small().weak()
            }
        };
        ui.add(egui::Label::new(words).truncate());
    });
    ui.add_space(4.0);
}
