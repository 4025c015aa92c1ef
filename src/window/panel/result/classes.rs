//! Class by class: precision, recall, F1 and how many; and the confusion matrix, whose cells list their
//! texts in the test table.

use egui::{Color32, Grid, Rect, Response, RichText, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};

use super::super::Scene;
use crate::link::{Outcome, Side};
use crate::window::control;
use crate::window::state::{RowFilter, UiState};

/// Side of a cell with its number in it, points, and of one without.
const LARGE: f32 = 26.0;
const SMALL: f32 = 12.0;
/// Up to so many classes the cells show their numbers.
const NUMBERED: usize = 20;
/// More classes than this are drawn no more: the matrix would be a picture of nothing.
const MOST: usize = 120;

pub(super) fn classes_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, outcome: &Outcome) {
    ui.separator();
    if outcome.teacher.as_ref().is_some_and(|teacher| !teacher.per_class.is_empty()) {
        let all = [
            (false, scene.t("Student"), scene.t("What the student answers")),
            (true, scene.t("Teacher"), scene.t("What the teacher answers")),
        ];
        state.result.teacher = control::segments(ui, state.result.teacher, &all).unwrap_or(state.result.teacher);
    } else {
        state.result.teacher = false;
    }
    let side = outcome.teacher.as_ref().filter(|_| state.result.teacher).unwrap_or(&outcome.student);
    let height = (ui.available_height() * 0.6).clamp(120.0, 340.0);
    ScrollArea::both().id_salt("by class").max_height(height).auto_shrink([false, true]).show(ui, |ui| {
        ui.horizontal_top(|ui| {
            table_ui(ui, scene, outcome, side);
            ui.add_space(14.0);
            matrix_ui(ui, scene, state, outcome, side);
        });
    });
}

fn table_ui(ui: &mut Ui, scene: &Scene, outcome: &Outcome, side: &Side) {
    let share = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
    Grid::new("class table").num_columns(5).striped(true).spacing([12.0, 2.0]).show(ui, |ui| {
        for (name, help) in [
            ("class", "Classes of the data"),
            ("precision", "Share of the texts answered by this class that are of it"),
            ("recall", "Share of the texts of this class that were answered by it"),
            ("F1", "Harmonic mean of precision and recall"),
            ("texts", "Texts of this class in the test part"),
        ] {
            control::caption(ui, scene.t(name)).on_hover_text(scene.t(help));
        }
        ui.end_row();
        for (class, of) in outcome.classes.iter().zip(&side.per_class) {
            ui.label(class);
            for figure in [of.precision, of.recall, of.f1] {
                ui.label(share(figure));
            }
            ui.label(of.support.to_string());
            ui.end_row();
        }
    });
}

/// Rows are the true classes, columns the answers.
fn matrix_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, outcome: &Outcome, side: &Side) {
    let count = side.confusion.len();
    if count == 0 || count > MOST {
        if count > MOST {
            control::caption(
                ui,
                scene.t("Too many classes for a picture; predictions.csv in the run's folder has every answer."),
            );
        }
        return;
    }
    let cell = if count <= NUMBERED { LARGE } else { SMALL };
    ui.vertical(|ui| {
        control::caption(ui, scene.t("rows: true class · columns: answer · click lists the texts"));
        let (area, _) = ui.allocate_exact_size(vec2(cell, cell) * count as f32, Sense::hover());
        for (gold, answers) in side.confusion.iter().enumerate() {
            let all: u64 = answers.iter().sum();
            for (answer, &texts) in answers.iter().enumerate() {
                let min = area.min + vec2(answer as f32, gold as f32) * cell;
                let rect = Rect::from_min_size(min, vec2(cell - 1.0, cell - 1.0));
                let share = texts as f32 / all.max(1) as f32;
                paint(ui, scene, rect, (gold == answer, share), (count <= NUMBERED).then_some(texts));
                if texts > 0 && cell_ui(ui, scene, outcome, rect, (gold, answer, texts)).clicked() {
                    state.filter = RowFilter::Cell { gold, answer, teacher: state.result.teacher };
                }
            }
        }
    });
}

fn paint(ui: &Ui, scene: &Scene, rect: Rect, (right, share): (bool, f32), texts: Option<u64>) {
    let palette = scene.look.palette();
    let color = if right { palette.good } else { palette.bad };
    ui.painter().rect_filled(rect, 2.0, ui.visuals().faint_bg_color);
    if share > 0.0 {
        ui.painter().rect_filled(rect, 2.0, color.gamma_multiply(0.15 + 0.75 * share));
    }
    if let Some(texts) = texts.filter(|texts| *texts > 0) {
        let font = egui::TextStyle::Small.resolve(ui.style());
        let ink: Color32 = ui.visuals().strong_text_color();
        ui.painter().text(rect.center(), egui::Align2::CENTER_CENTER, texts.to_string(), font, ink);
    }
}

fn cell_ui(
    ui: &Ui,
    scene: &Scene,
    outcome: &Outcome,
    rect: Rect,
    (gold, answer, texts): (usize, usize, u64),
) -> Response {
    let name = |class: usize| outcome.classes.get(class).map_or("?", String::as_str);
    let words = format!("{} → {}: {texts} {}", name(gold), name(answer), scene.t("texts"));
    let response = ui.interact(rect, ui.scope_id().with(("confusion", gold, answer)), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &words));
    if response.hovered() {
        ui.painter().rect_stroke(rect, 2.0, Stroke::new(1.0, ui.visuals().strong_text_color()), StrokeKind::Inside);
    }
    response.on_hover_ui(|ui| {
        ui.label(RichText::new(&words).strong());
        control::caption(ui, scene.t("Click to list these texts in the test set"));
    })
}
