//! What stands below the table: one choice for words and figures, curves, and the two pictures of all listed runs; and
//! those two.

use std::path::Path;

use egui::{ComboBox, Label, RichText, Ui};

use super::overview::title;
use super::table;
use super::view::{Overview, Picture};
use crate::window::control;
use crate::window::panel::Scene;
use crate::window::plot::brushing::{PlottedRun, Touched};
use crate::window::plot::parallel_coordinates::parallel_ui;
use crate::window::plot::scatter::{Scatter, scatter_ui};
use crate::window::state::UiState;

/// Runs from which on pictures of all of them are offered.
const FEWEST: usize = 2;

/// The choice of what stands below, of what there is for as many sides as are chosen.
pub(super) fn segments_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let told = match state.runs.chosen.len() {
        0 => None,
        1 => Some((scene.t("Notes"), scene.t("What is noted of the run"))),
        2 => Some((scene.t("Figures"), scene.t("Every measure with its difference, and the verdict"))),
        _ => Some((scene.t("Settings"), scene.t("The settings in which the sides differ, and nothing else"))),
    };
    let told = told.map(|(name, help)| (Picture::Told, name, help));
    let curves = (
        Picture::Curves,
        scene.t("Curves"),
        scene.t("A curve of every side; of several seeds their mean in a band of one standard deviation"),
    );
    let curves = (state.runs.chosen.len() > 1).then_some(curves);
    let all = [
        (
            Picture::Parallel,
            scene.t("Parallel coordinates"),
            scene.t("Every listed run as a line over the settings that differ and the measures"),
        ),
        (
            Picture::Scatter,
            scene.t("Scatter"),
            scene.t("Every listed run as a dot over two columns, with those that no other beats in both"),
        ),
    ];
    let offered = |_: &(Picture, &str, &str)| scene.runs.runs.table.as_ref().is_some_and(|t| t.rows.len() >= FEWEST);
    let all: Vec<_> = told.into_iter().chain(curves).chain(all.into_iter().filter(offered)).collect();
    if let Some(picture) = control::segments(ui, state.runs.picture, &all) {
        state.runs.picture = picture;
    }
}

/// The head of a picture of all runs while nothing is chosen.
pub(super) fn head_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    ui.horizontal(|ui| {
        segments_ui(ui, scene, state);
        if ui.small_button(scene.t("Hide the picture")).clicked() {
            state.runs.picture = Picture::Told;
        }
    });
}

/// The picture that is chosen, of all listed runs.
pub(super) fn picture_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    if !state.runs.listed.is_for(state.runs.picture) {
        // It was chosen in this very frame: the list is made for it in the next.
        return ui.ctx().request_repaint();
    }
    let overview = std::mem::take(&mut state.runs.listed.overview);
    let side_of = |folder: &Path| state.runs.chosen.iter().position(|side| side.iter().any(|own| own == folder));
    let run = |place: usize| {
        Some(PlottedRun {
            name: overview.names.get(place)?.clone(),
            is_brushed: *overview.brushed.get(place)?,
            side: side_of(overview.folders.get(place)?),
        })
    };
    let runs: Vec<PlottedRun> = (0..overview.folders.len()).filter_map(run).collect();
    let touched = match state.runs.picture {
        Picture::Scatter => of_scatter_ui(ui, scene, state, &overview, &runs),
        _ => of_parallel_ui(ui, scene, state, &overview, &runs),
    };
    if let Some(touched) = touched {
        touch(state, &overview, touched);
        ui.ctx().request_repaint();
    }
    state.runs.listed.overview = overview;
}

fn of_parallel_ui(
    ui: &mut Ui,
    scene: &Scene,
    state: &UiState,
    overview: &Overview,
    runs: &[PlottedRun],
) -> Option<Touched> {
    left_out_ui(ui, scene, overview.left_out, scene.t("runs are not drawn: the newest are"));
    left_out_ui(
        ui,
        scene,
        overview.axes_left_out,
        scene.t("settings have no room: filter for runs that differ in fewer"),
    );
    if overview.axes.is_empty() {
        control::caption(ui, scene.t("The runs differ in no setting, and none was measured."));
        return None;
    }
    parallel_ui(ui, scene.look, runs, &overview.axes, &state.runs.brushes)
}

fn of_scatter_ui(
    ui: &mut Ui,
    scene: &Scene,
    state: &mut UiState,
    overview: &Overview,
    runs: &[PlottedRun],
) -> Option<Touched> {
    let Some([x, y]) = &overview.scatter else {
        control::caption(ui, scene.t("No run has a number that could be drawn."));
        return None;
    };
    ui.horizontal(|ui| {
        for (place, (name, axis)) in [(scene.t("Across"), x), (scene.t("Up"), y)].into_iter().enumerate() {
            if let Some(column) = column_ui(ui, scene, name, &axis.axis.column, &overview.columns) {
                state.runs.scatter[place] = Some(column);
            }
        }
        let both = |place: &usize| [x, y].iter().all(|axis| axis.places.get(*place).copied().flatten().is_some());
        let without = runs.len() - (0..runs.len()).filter(both).count();
        left_out_ui(ui, scene, overview.left_out, scene.t("runs are not drawn: the newest are"));
        left_out_ui(ui, scene, without, scene.t("runs lack one of the two"));
        if overview.front.is_none() {
            control::caption(ui, scene.t("no front: which direction of a setting is better nobody knows"));
        }
    });
    let front = overview.front.as_deref().unwrap_or_default();
    scatter_ui(ui, &Scatter { look: scene.look, runs, x, y, front, brushes: &state.runs.brushes })
}

fn column_ui(ui: &mut Ui, scene: &Scene, name: &str, now: &str, columns: &[String]) -> Option<String> {
    let label = ui.label(name);
    let list = ComboBox::from_id_salt(("column of the scatter", name)).selected_text(title(scene, now)).width(190.0);
    let mut chosen = None;
    let list = list.show_ui(ui, |ui| {
        for column in columns {
            if ui.selectable_label(column == now, title(scene, column)).clicked() {
                chosen = Some(column.clone());
            }
        }
    });
    list.response.labelled_by(label.id);
    chosen
}

fn left_out_ui(ui: &mut Ui, scene: &Scene, count: usize, words: &str) {
    if count > 0 {
        let words = RichText::new(format!("{count} {words}")).small().color(scene.look.palette().warn);
        ui.add(Label::new(words).truncate());
    }
}

/// Does what a hand meant.
fn touch(state: &mut UiState, overview: &Overview, touched: Touched) {
    match touched {
        Touched::Run(place) => {
            let Some(folder) = overview.folders.get(place) else { return };
            if let Some(place) = state.runs.chosen.iter().position(|side| side.contains(folder)) {
                state.runs.chosen.remove(place);
                state.runs.too_many = false;
            } else {
                // With seeds together a run stands for its row.
                let row = state.runs.listed.rows.iter().find(|row| row.side.contains(folder));
                let side = row.map_or_else(|| vec![folder.clone()], |row| row.side.clone());
                table::choose(state, side);
            }
        }
        Touched::Brushes(brushes) if brushes.is_empty() => state.runs.brushes.clear(),
        Touched::Brushes(brushes) => brushes.into_iter().for_each(|brush| state.runs.brushes.set(brush)),
        Touched::Cleared(column) => state.runs.brushes.remove(&column),
    }
}

/// What is brushed, in words, with a way back; nothing where nothing is.
pub(super) fn brushes_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    if state.runs.brushes.is_empty() {
        return;
    }
    ui.horizontal(|ui| {
        if ui.small_button(scene.t("Clear the brushes")).clicked() {
            return state.runs.brushes.clear();
        }
        let filter = state.runs.brushes.written_behind(&state.runs.filter);
        let help = scene.t("Puts what is brushed behind what is typed; where a text has both kinds of quotation marks there are no words for it");
        let write = ui.add_enabled(filter.is_some(), egui::Button::new(scene.t("Write into the filter")).small());
        if let Some(filter) = filter.filter(|_| write.on_hover_text(help).clicked()) {
            state.runs.filter = filter;
            return state.runs.brushes.clear();
        }
        let words: Vec<String> = state.runs.brushes.iter().map(|brush| brush.text().unwrap_or_else(|| brush.column.clone())).collect();
        let words = format!("{} {}", scene.t("brushed"), words.join(" and "));
        ui.add(Label::new(RichText::new(words).small().color(scene.look.palette().accent)).truncate());
    });
}
