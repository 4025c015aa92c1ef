//! Two sides compared: every measure with its difference and interval, the verdict, and the settings that differ.

use std::sync::Arc;

use egui::{ComboBox, Grid, Label, RichText, ScrollArea, Ui};

use super::RunsScene;
use crate::link::SeriesId;
use crate::record::compare::{Compared, Comparison, Verdict};
use crate::record::run_table::RunTable;
use crate::session::Say as _;
use crate::window::control;
use crate::window::panel::Scene;
use crate::window::plot::curves::of_series;
use crate::window::plot::side_curves;
use crate::window::run_list::{ComparedSides, Side};
use crate::window::state::UiState;

pub(super) fn comparison_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, table: &Arc<RunTable>) {
    ui.horizontal(|ui| {
        control::title(ui, scene.t("Compared"), scene.t("Two sides on the same test texts"));
        if ui.small_button(scene.t("Choose others")).clicked() {
            state.runs.chosen.clear();
        }
        for (letter, side) in ["A", "B"].into_iter().zip(&state.runs.chosen) {
            ui.add(Label::new(RichText::new(format!("{letter}: {}", name(scene, table, side))).small()).truncate());
        }
    });
    let Some(compared) = &scene.runs.runs.compared else {
        return drop(control::caption(ui, scene.t("comparing…")));
    };
    picked_ui(ui, scene, state, compared);
    if let Some(id) = state.runs.curve.clone() {
        return curves_ui(ui, scene, compared, &id);
    }
    ScrollArea::both().id_salt("compared").auto_shrink(false).show(ui, |ui| match &compared.found {
        Ok(comparison) => found_ui(ui, scene, comparison),
        Err(e) => drop(ui.add(Label::new(RichText::new(scene.says(&e.said())).color(scene.look.palette().bad)).wrap())),
    });
}

/// Figures, or one of the curves that both sides have.
fn picked_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, compared: &ComparedSides) {
    let [ours, theirs] = &compared.curves;
    let ids: Vec<&SeriesId> = ours.keys().filter(|id| theirs.contains_key(*id)).collect();
    state.runs.curve.take_if(|id| !ids.contains(&&*id));
    ui.horizontal(|ui| {
        let all = [
            (false, scene.t("Figures"), scene.t("Every measure with its difference, and the verdict")),
            (
                true,
                scene.t("Curves"),
                scene.t("A curve of both sides; of several seeds their mean in a band of one standard deviation"),
            ),
        ];
        match control::segments(ui, state.runs.curve.is_some(), &all) {
            Some(true) => {
                let first = ["measure/accuracy", "measure/loss", "loss/total"].map(SeriesId::from);
                state.runs.curve = first.iter().find(|id| ids.contains(id)).or(ids.first().copied()).cloned();
            }
            Some(false) => state.runs.curve = None,
            None => {}
        }
        let Some(now) = state.runs.curve.clone() else { return };
        let list = ComboBox::from_id_salt("curve of both").selected_text(of_series(&now, scene.look)).width(220.0);
        list.show_ui(ui, |ui| {
            for id in &ids {
                if ui.selectable_label(**id == now, of_series(id, scene.look)).clicked() {
                    state.runs.curve = Some((*id).clone());
                }
            }
        });
        for (place, (letter, curves)) in ["A", "B"].into_iter().zip(&compared.curves).enumerate() {
            let Some(curve) = curves.get(&now) else { continue };
            let dash = if place == 0 { "———" } else { "– – –" };
            let words = format!("{dash} {letter} · n {}", curve.n);
            ui.colored_label(side_curves::color(scene.look, place), words);
            if curve.every > 1 {
                control::caption(
                    ui,
                    &format!("{} {} {}", scene.t("each point the mean of"), curve.every, scene.t("steps")),
                );
            }
        }
    });
}

fn curves_ui(ui: &mut Ui, scene: &Scene, compared: &ComparedSides, id: &SeriesId) {
    let logarithmic = scene.session.view.log_y;
    side_curves::side_curves_ui(ui, scene.look, compared.curves.each_ref().map(|curves| curves.get(id)), logarithmic);
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

fn found_ui(ui: &mut Ui, scene: &Scene, comparison: &Comparison) {
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
    let known = crate::window::panel::runs::listing::measure_name(&compared.measure);
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
