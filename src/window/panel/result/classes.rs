//! Class by class: precision, recall, F1 and how many; and the confusion matrix, whose cells list their
//! texts in the test table.

use std::f32::consts::FRAC_PI_2;

use egui::epaint::TextShape;
use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{
    Color32, Grid, Rect, Response, RichText, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::super::Scene;
use crate::link::{Outcome, Side};
use crate::window::control;
use crate::window::state::{RowFilter, UiState};

/// Side of a cell with its number in it, points, and of one without.
const LARGE: f32 = 26.0;
const SMALL: f32 = 12.0;
/// Up to so many classes the cells show their numbers.
const NUMBERED: usize = 20;
/// Height of the classes' names above the columns of a matrix with numbers, points.
const NAMES: f32 = 74.0;
/// More classes than this are drawn no more: the matrix would be a picture of nothing.
const MOST: usize = 120;

pub(super) fn classes_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, outcome: &Outcome) {
    ui.separator();
    ui.horizontal(|ui| {
        side_choice_ui(ui, scene, state, outcome);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            control::caption(ui, scene.t("rows: true class · columns: answer · click lists the texts"));
        });
    });
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

/// Whose answers are shown.
fn side_choice_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, outcome: &Outcome) {
    if outcome.teacher.as_ref().is_some_and(|teacher| !teacher.per_class.is_empty()) {
        let all = [
            (false, scene.t("Student"), scene.t("What the student answers")),
            (true, scene.t("Teacher"), scene.t("What the teacher answers")),
        ];
        state.result.teacher = control::segments(ui, state.result.teacher, &all).unwrap_or(state.result.teacher);
    } else {
        state.result.teacher = false;
    }
}

/// Whether the matrix has numbers, and stands row by row beside the table.
fn is_numbered(side: &Side) -> bool {
    (1..=NUMBERED).contains(&side.confusion.len())
}

fn table_ui(ui: &mut Ui, scene: &Scene, outcome: &Outcome, side: &Side) {
    let grid = Grid::new("class table").num_columns(5).striped(true);
    let (grid, head) = match is_numbered(side) {
        true => (grid.spacing([12.0, 0.0]).min_row_height(LARGE), NAMES),
        false => (grid.spacing([12.0, 2.0]), 0.0),
    };
    ui.spacing_mut().interact_size.y = 0.0;
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.add_space((head - LARGE).max(0.0));
        grid.show(ui, |ui| rows_ui(ui, scene, outcome, side));
    });
}

fn rows_ui(ui: &mut Ui, scene: &Scene, outcome: &Outcome, side: &Side) {
    let share = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
    for (name, help) in [
        ("class", "Classes of the data"),
        ("precision", "Share of the texts answered by this class that are of it"),
        ("recall", "Share of the texts of this class that were answered by it"),
        ("F1", "Harmonic mean of precision and recall"),
        ("support", "Texts of this class in the test part"),
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
    let cell = if is_numbered(side) { LARGE } else { SMALL };
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        if is_numbered(side) {
            names_ui(ui, &outcome.classes);
        }
        let (area, _) = ui.allocate_exact_size(vec2(cell, cell) * count as f32, Sense::hover());
        for (gold, answers) in side.confusion.iter().enumerate() {
            let all: u64 = answers.iter().sum();
            for (answer, &texts) in answers.iter().enumerate() {
                let min = area.min + vec2(answer as f32, gold as f32) * cell;
                let rect = Rect::from_min_size(min, vec2(cell - 1.0, cell - 1.0));
                let share = texts as f32 / all.max(1) as f32;
                paint(ui, scene, rect, (gold == answer, share), is_numbered(side).then_some(texts));
                if texts > 0 && cell_ui(ui, scene, outcome, rect, (gold, answer, texts)).clicked() {
                    state.filter = RowFilter::Cell { gold, answer, teacher: state.result.teacher };
                }
            }
        }
    });
}

/// The classes' names above their columns, read upward.
fn names_ui(ui: &mut Ui, classes: &[String]) {
    let (area, _) = ui.allocate_exact_size(vec2(LARGE * classes.len() as f32, NAMES), Sense::hover());
    let (font, ink) = (egui::TextStyle::Small.resolve(ui.style()), ui.visuals().weak_text_color());
    for (place, class) in classes.iter().enumerate() {
        let mut job = LayoutJob::single_section(class.clone(), TextFormat::simple(font.clone(), ink));
        job.wrap = TextWrapping::truncate_at_width(NAMES - 6.0);
        let name = ui.painter().layout_job(job);
        let middle = area.left() + LARGE * (place as f32 + 0.5) - 0.5 * name.size().y;
        ui.painter().add(TextShape::new(pos2(middle, area.bottom() - 4.0), name, ink).with_angle(-FRAC_PI_2));
    }
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
    let unit = if texts == 1 { scene.t("text") } else { scene.t("texts") };
    let words = format!("{} → {}: {texts} {unit}", name(gold), name(answer));
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
