//! The test set as a table: which texts the student still gets wrong, and where it disagrees.

mod over_tokens;

use std::sync::Arc;

use egui::{
    Align, Color32, CornerRadius, Galley, Label, Layout, Rect, RichText, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2,
};

use super::{Scene, changed_view};
use crate::link::grouped;
use crate::link::{Prediction, Predictions, TextPlace};
use crate::window::control;
use crate::window::state::{RowFilter, RowOrder, Rows, UiState};

/// Height of a row: a line of text and a line of answers.
const HEIGHT: f32 = 40.0;

pub(super) fn test_set_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let predictions = scene.record.predictions.as_ref();
    head_ui(ui, scene, predictions);
    let Some(predictions) = predictions else {
        let text = scene.t("Both models' answers on the test part are listed here when the run ends.");
        control::caption(ui, text);
        return;
    };
    if !predictions.over_tokens.is_empty() {
        return over_tokens::samples_ui(ui, scene, state, predictions);
    }
    choices_ui(ui, scene, state);
    list(state, predictions);
    if state.rows.listed.is_empty() {
        return control::empty(ui, scene.t("Nothing to list"), scene.t("No row of the test set fits the filter."));
    }
    rows_ui(ui, scene, state, predictions);
}

fn head_ui(ui: &mut Ui, scene: &Scene, predictions: Option<&Arc<Predictions>>) {
    ui.horizontal(|ui| {
        ui.set_min_height(22.0);
        control::title(ui, scene.t("Test set"), scene.t("Both models' answers on the test part, the newest"));
        if let Some(predictions) = predictions {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                control::caption(ui, &format!("{} {}", scene.t("step"), grouped(predictions.step)));
            });
        }
    });
    if let Some(former) = scene.former_run().filter(|_| predictions.is_some()) {
        let words = format!("{} {former}", scene.t("answers of"));
        ui.add(Label::new(RichText::new(words).small().color(ui.visuals().warn_fg_color)).truncate());
    }
}

fn choices_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    ui.horizontal(|ui| {
        let all = [
            (RowFilter::All, scene.t("All"), scene.t("Every row")),
            (RowFilter::Wrong, scene.t("Wrong"), scene.t("The student's class is not the true one")),
            (RowFilter::Disagree, scene.t("Disagree"), scene.t("Teacher and student name different classes")),
        ];
        state.filter = control::segments(ui, state.filter, &all).unwrap_or(state.filter);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let mut by_kl = state.order == RowOrder::Divergence;
            let help = scene.t("Largest divergence of the student from the teacher first");
            ui.checkbox(&mut by_kl, scene.t("sort by KL at T 1")).on_hover_text(help);
            state.order = if by_kl { RowOrder::Divergence } else { RowOrder::File };
        });
    });
    cell_ui(ui, scene, state);
    ui.add_space(2.0);
}

/// The cell of the confusion matrix whose texts are listed, until it is clicked away.
fn cell_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let RowFilter::Cell { gold, answer, teacher } = state.filter else { return };
    let palette = scene.look.palette();
    let color = if teacher { palette.teacher } else { palette.student };
    let text = format!("{} → {} ✖", class_name(scene, gold), class_name(scene, answer));
    let help = scene.t("Texts of one class that were answered by one class; click to list all again");
    if ui.small_button(egui::RichText::new(text).color(color)).on_hover_text(help).clicked() {
        state.filter = RowFilter::All;
    }
}

/// Finds the rows to list, if the question is a new one.
fn list(state: &mut UiState, predictions: &Arc<Predictions>) {
    let asked = (Arc::as_ptr(predictions).addr(), predictions.step, state.filter, state.order);
    if state.rows.asked == asked {
        return;
    }
    let fits = |row: &Prediction| match state.filter {
        RowFilter::All => true,
        RowFilter::Wrong => row.student.0 != row.gold,
        RowFilter::Disagree => row.teacher.is_some_and(|(class, _)| class != row.student.0),
        RowFilter::Cell { gold, answer, teacher } => {
            let answered = if teacher { row.teacher.map(|(class, _)| class) } else { Some(row.student.0) };
            row.gold == gold && answered == Some(answer)
        }
    };
    let rows = predictions.rows.iter().enumerate();
    let mut listed: Vec<(usize, f32)> =
        rows.filter(|(_, row)| fits(row)).map(|(i, row)| (i, row.kl.unwrap_or_default())).collect();
    if state.order == RowOrder::Divergence {
        listed.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    }
    state.rows = Rows { asked, listed: listed.into_iter().map(|(i, _)| i).collect() };
}

fn rows_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, predictions: &Predictions) {
    let total = format!("{} {}", grouped(state.rows.listed.len() as u64), scene.t("rows"));
    let listed = std::mem::take(&mut state.rows.listed);
    ui.spacing_mut().item_spacing.y = 0.0;
    let height = (ui.available_height() - 24.0).max(HEIGHT);
    ScrollArea::vertical().id_salt("test set").auto_shrink(false).max_height(height).show_rows(
        ui,
        HEIGHT,
        listed.len(),
        |ui, visible| {
            control::clear_of_bar(ui);
            for &place in listed.get(visible).unwrap_or_default() {
                if let Some(row) = predictions.rows.get(place) {
                    row_ui(ui, scene, state, (place, row));
                }
            }
        },
    );
    state.rows.listed = listed;
    control::caption(ui, &total);
}

fn row_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, (place, row): (usize, &Prediction)) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &row.text));
    let chosen = match &state.taken {
        Some((_, TextPlace::Test(taken))) => {
            *taken == place && state.gold.as_ref().is_some_and(|(text, _)| *text == scene.session.view.probe)
        }
        _ => scene.session.view.probe == row.text,
    };
    if chosen || response.hovered() {
        let visuals = ui.visuals();
        let fill = if chosen { visuals.selection.bg_fill.gamma_multiply(0.5) } else { visuals.faint_bg_color };
        ui.painter().rect_filled(rect, CornerRadius::same(4), fill);
    }
    let inner = rect.shrink2(vec2(6.0, 3.0));
    text_ui(ui, &row.text, inner);
    answers_ui(ui, scene, row, inner);
    ui.painter().hline(rect.x_range(), rect.bottom(), ui.visuals().widgets.noninteractive.bg_stroke);
    if response.on_hover_ui(|ui| card_ui(ui, scene, row)).clicked() {
        // In other data the class has another number and the row another text.
        let same = scene.belonging.run_data;
        state.gold = same.then(|| (row.text.clone(), row.gold));
        state.taken = same.then(|| (row.text.clone(), TextPlace::Test(place)));
        state.ask(changed_view(scene, |view| view.probe = row.text.clone()));
    }
}

/// The text, as far as the table has it, and both answers.
fn card_ui(ui: &mut Ui, scene: &Scene, row: &Prediction) {
    let palette = scene.look.palette();
    ui.set_max_width(360.0);
    ui.label(&row.text);
    ui.add_space(4.0);
    let answer = |(class, p): (usize, f32)| format!("{}  {:.1} %", class_name(scene, class), p * 100.0);
    let lines = [
        (scene.t("True class"), Some(class_name(scene, row.gold).to_owned()), palette.gold),
        (scene.t("Teacher"), row.teacher.map(answer), palette.teacher),
        (scene.t("Student"), Some(answer(row.student)), palette.student),
        (scene.t("KL(teacher ‖ student) at T 1"), row.kl.map(|kl| format!("{kl:.3}")), palette.text),
    ];
    egui::Grid::new("row").num_columns(2).show(ui, |ui| {
        for (name, value, color) in lines {
            ui.weak(name);
            ui.colored_label(color, value.unwrap_or_else(|| "–".to_owned()));
            ui.end_row();
        }
    });
    control::caption(ui, scene.t("Click to put this text under the lens"));
}

fn class_name<'a>(scene: &'a Scene, class: usize) -> &'a str {
    let opened = scene.record.opened.as_ref().or(scene.workspace.opened.as_ref());
    opened.and_then(|opened| opened.classes.get(class)).map_or("?", String::as_str)
}

fn text_ui(ui: &Ui, text: &str, place: Rect) {
    let one_line: String = text.chars().take(160).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let galley = elided(ui, &one_line, egui::TextStyle::Body, ui.visuals().text_color(), place.width());
    ui.painter().galley(place.min, galley, Color32::PLACEHOLDER);
}

/// The second line: the true class, then each model's class and probability; KL at the right.
fn answers_ui(ui: &Ui, scene: &Scene, row: &Prediction, place: Rect) {
    let palette = scene.look.palette();
    let (teacher_color, student_color) = (palette.teacher, palette.student);
    let name = |class: usize| class_name(scene, class);
    let third = (place.width() - 52.0) / 3.0;
    let y = place.max.y - 15.0;
    let part = |i: f32, text: &str, color: Color32| {
        let galley = elided(ui, text, egui::TextStyle::Small, color, third - 6.0);
        ui.painter().galley(pos2(place.min.x + i * third, y), galley, Color32::PLACEHOLDER);
    };
    // A long name is cut, the figure behind it never.
    let figure = |i: f32, p: f32, color: Color32| {
        let galley = elided(ui, &format!("{:.0}", p * 100.0), egui::TextStyle::Small, color, third);
        let width = galley.size().x;
        move |name: &str| {
            let named = elided(ui, name, egui::TextStyle::Small, color, third - width - 10.0);
            let right = place.min.x + i * third + named.size().x + 4.0;
            ui.painter().galley(pos2(place.min.x + i * third, y), named, Color32::PLACEHOLDER);
            ui.painter().galley(pos2(right, y), Arc::clone(&galley), Color32::PLACEHOLDER);
        }
    };
    part(0.0, name(row.gold), ui.visuals().weak_text_color());
    if let Some((class, p)) = row.teacher {
        figure(1.0, p, teacher_color)(name(class));
    }
    let (class, p) = row.student;
    let mark = if class == row.gold { "" } else { "✖ " };
    figure(2.0, p, student_color)(&format!("{mark}{}", name(class)));
    if let Some(kl) = row.kl {
        let galley = elided(ui, &format!("{kl:.2}"), egui::TextStyle::Small, ui.visuals().text_color(), 48.0);
        ui.painter().galley(pos2(place.max.x - galley.size().x, y), galley, Color32::PLACEHOLDER);
    }
}

/// One line of text, cut with an ellipsis where it does not fit.
fn elided(ui: &Ui, text: &str, style: egui::TextStyle, color: Color32, width: f32) -> Arc<Galley> {
    let font = style.resolve(ui.style());
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, color);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width);
    ui.painter().layout_job(job)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(gold: usize, teacher: usize, student: usize, kl: f32) -> Prediction {
        Prediction { text: String::new(), gold, teacher: Some((teacher, 0.9)), student: (student, 0.8), kl: Some(kl) }
    }

    #[test]
    fn filters_and_order_pick_the_rows_they_name() {
        let rows = vec![row(0, 0, 0, 0.1), row(0, 0, 1, 2.0), row(1, 0, 0, 0.2), row(1, 1, 0, 3.0)];
        let predictions = Arc::new(Predictions { step: 5, rows, ..Predictions::default() });
        let mut state = UiState::default();
        for (filter, order, expected) in [
            (RowFilter::All, RowOrder::File, vec![0, 1, 2, 3]),
            (RowFilter::Wrong, RowOrder::File, vec![1, 2, 3]),
            (RowFilter::Disagree, RowOrder::Divergence, vec![3, 1]),
            (RowFilter::Cell { gold: 1, answer: 0, teacher: false }, RowOrder::File, vec![2, 3]),
            (RowFilter::Cell { gold: 1, answer: 0, teacher: true }, RowOrder::File, vec![2]),
        ] {
            (state.filter, state.order) = (filter, order);
            list(&mut state, &predictions);
            assert_eq!(state.rows.listed, expected);
        }
    }
}
