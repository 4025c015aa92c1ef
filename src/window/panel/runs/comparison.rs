//! The chosen sides compared: of two every measure with its difference and interval, the verdict, and the settings that
//! differ; of more these settings alone, a column a side.

use std::sync::Arc;

use egui::{Grid, Label, RichText, ScrollArea, Ui};

use super::shown_columns::measure_name;
use super::view::Picture;
use super::{RunsScene, curves, pictures};
use crate::record::compare::{Compared, Comparison, Verdict};
use crate::record::run_table::RunTable;
use crate::session::Say as _;
use crate::window::control;
use crate::window::panel::Scene;
use crate::window::plot::side_curves;
use crate::window::run_list::{ComparedSides, Side};
use crate::window::shelf_words::ShelfAction;
use crate::window::state::{Action, UiState};

pub(super) fn comparison_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, table: &Arc<RunTable>) {
    head_ui(ui, scene, state, table);
    let compared = scene.runs.runs.compared.as_ref().filter(|compared| compared.sides == state.runs.chosen);
    ui.horizontal(|ui| pictures::segments_ui(ui, scene, state));
    if state.runs.picture.is_of_all() {
        return pictures::picture_ui(ui, scene, state);
    }
    let Some(compared) = compared else {
        return drop(control::caption(ui, scene.t("comparing…")));
    };
    let names: Vec<String> = compared.sides.iter().map(|side| name(scene, table, side)).collect();
    if state.runs.picture == Picture::Curves {
        return curves::curves_ui(ui, scene, state, compared, &names);
    }
    ScrollArea::both().id_salt("compared").auto_shrink(false).show(ui, |ui| match &compared.found {
        None => many_settings_ui(ui, scene, compared, &names),
        Some(Ok(comparison)) => found_ui(ui, scene, state, comparison),
        Some(Err(e)) => {
            drop(ui.add(Label::new(RichText::new(scene.says(&e.said())).color(scene.look.palette().bad)).wrap()));
        }
    });
}

fn head_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, table: &Arc<RunTable>) {
    let sides = state.runs.chosen.len();
    ui.horizontal(|ui| {
        let help = if sides == 2 {
            scene.t("Two sides on the same test texts")
        } else {
            scene.t("Several sides: the settings that differ, and their curves over each other")
        };
        control::title(ui, scene.t("Compared"), help);
        if ui.small_button(scene.t("Choose others")).clicked() {
            state.runs.chosen.clear();
            state.runs.too_many = false;
        }
        if state.runs.too_many {
            let words = scene.t("sides can be told apart at most; take one away first");
            ui.colored_label(scene.look.palette().warn, format!("{} {words}", side_curves::MOST));
        }
        // Of more than two, table and legend say the names.
        for (place, side) in state.runs.chosen.iter().enumerate().filter(|_| sides == 2) {
            let words = format!("{}: {}", side_curves::letter(place), name(scene, table, side));
            ui.add(Label::new(RichText::new(words).small()).truncate());
        }
    });
}

/// A column a side, a row a setting.
fn many_settings_ui(ui: &mut Ui, scene: &Scene, compared: &ComparedSides, names: &[String]) {
    if compared.settings.is_empty() {
        control::caption(ui, scene.t("no setting differs"));
    }
    Grid::new("settings of sides").num_columns(names.len() + 1).spacing([18.0, 4.0]).show(ui, |ui| {
        ui.weak(scene.t("setting"));
        for (place, name) in names.iter().enumerate() {
            let short: String = name.chars().take(24).collect();
            let words = RichText::new(format!("{} · {short}", side_curves::letter(place)));
            ui.label(words.color(side_curves::color(scene.look, place))).on_hover_text(name);
        }
        ui.end_row();
        for (path, values) in &compared.settings {
            ui.label(path);
            for value in values {
                let short: String = value.chars().take(40).collect();
                ui.monospace(short).on_hover_text(value);
            }
            ui.end_row();
        }
    });
}

/// What a side is called, and how many runs are in it.
fn name(scene: &Scene, table: &RunTable, side: &Side) -> String {
    let row = side.first().and_then(|folder| RunsScene::row(table, folder));
    let name = row.map_or_else(String::new, |row| format!("{} ({})", row.name(), row.folder_name()));
    match side.len() {
        1 => name,
        count => format!("{name} · {count} {}", scene.t("runs")),
    }
}

fn found_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, comparison: &Comparison) {
    for note in &comparison.notes {
        ui.add(Label::new(RichText::new(scene.says(note)).small().color(scene.look.palette().warn)).wrap());
    }
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            Grid::new("measures compared").num_columns(6).spacing([18.0, 4.0]).show(ui, |ui| {
                for title in ["", "A", "B", "A − B", scene.t("95 % interval"), scene.t("verdict")] {
                    ui.weak(title);
                }
                ui.end_row();
                comparison.measures.iter().for_each(|compared| measure_ui(ui, scene, compared));
            });
            let (a, b) = comparison.runs;
            let seeds =
                if comparison.paired_seeds { scene.t("paired seeds") } else { scene.t("runs a side, not paired") };
            let words = format!("{} {}", comparison.texts, scene.t("test texts"));
            let count = if a == b { a.to_string() } else { format!("{a}, {b}") };
            let of_seeds = if a.max(b) > 1 { format!(" · {count} {seeds}") } else { String::new() };
            control::caption(ui, &format!("{words}{of_seeds}"));
            let help = scene.t("Writes these measures and the settings that differ into the card of every student of A, in the place of an earlier comparison");
            if ui.button(scene.t("Put into the model card of A")).on_hover_text(help).clicked() {
                state.ask(Action::Shelf(ShelfAction::VerdictIntoCards));
            }
        });
        ui.add_space(28.0);
        ui.vertical(|ui| settings_ui(ui, scene, comparison));
    });
}

fn measure_ui(ui: &mut Ui, scene: &Scene, compared: &Compared) {
    let palette = scene.look.palette();
    let side = |(mean, sd): (f64, Option<f64>)| match sd {
        Some(sd) => format!("{mean:.4} ± {sd:.4}"),
        None => format!("{mean:.4}"),
    };
    let of = compared.difference;
    let (color, verdict) = match compared.verdict {
        Verdict::Beats => (palette.good, scene.t("A beats B")),
        Verdict::DoesNotBeat => (palette.bad, scene.t("A does not beat B")),
        Verdict::NotDecided => (palette.text_weak, scene.t("not decided")),
    };
    let known = measure_name(&compared.measure);
    ui.label(known.map_or(compared.measure.as_str(), |name| scene.t(name)));
    ui.monospace(side(compared.a));
    ui.monospace(side(compared.b));
    ui.monospace(format!("{:+.4}", of.mean));
    ui.monospace(format!("{:+.4} … {:+.4}", of.low, of.high));
    ui.colored_label(color, RichText::new(verdict).strong());
    ui.end_row();
}

fn settings_ui(ui: &mut Ui, scene: &Scene, comparison: &Comparison) {
    if comparison.settings.is_empty() {
        return drop(control::caption(ui, scene.t("no setting differs")));
    }
    Grid::new("settings compared").num_columns(3).spacing([18.0, 4.0]).show(ui, |ui| {
        for title in [scene.t("setting"), "A", "B"] {
            ui.weak(title);
        }
        ui.end_row();
        for (path, a, b) in &comparison.settings {
            ui.label(path);
            for value in [a, b] {
                let short: String = value.chars().take(40).collect();
                ui.monospace(short).on_hover_text(value);
            }
            ui.end_row();
        }
    });
}
