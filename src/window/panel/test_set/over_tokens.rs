//! The test set of a task over tokens: how the student does on every sample, sorted by any column; a click puts a
//! sample under the lens.

use std::sync::Arc;

use egui::{Align2, Color32, CornerRadius, Rect, ScrollArea, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2};

use super::elided;
use crate::link::{Predictions, TextPlace, TokenPrediction, grouped};
use crate::window::control;
use crate::window::panel::{Scene, changed_view};
use crate::window::plot::figures::short;
use crate::window::state::{SampleColumn, SampleOrder, Samples, UiState};

/// Height of a row, points: one line.
const HEIGHT: f32 = 22.0;
/// Width of a column of figures, points.
const FIGURE: f32 = 54.0;

/// The columns of figures from left to right: name, help, figure.
type Column = (SampleColumn, &'static str, &'static str, fn(&TokenPrediction) -> Option<String>);

fn columns(scene: &Scene, predictions: &Predictions) -> Vec<Column> {
    let all: [Column; 4] = [
        (SampleColumn::Tokens, scene.t("Tokens"), scene.t("Places that are told"), |row| {
            Some(grouped(row.tokens as u64))
        }),
        (SampleColumn::Perplexity, scene.t("PPL"), scene.t("Perplexity of the student: e to its mean loss"), |row| {
            Some(short(row.perplexity()))
        }),
        (
            SampleColumn::Kl,
            scene.t("KL"),
            scene.t("KL(teacher ‖ student) at T 1, mean over the places, in nats"),
            |row| row.kl.map(|kl| short(f64::from(kl))),
        ),
        (
            SampleColumn::Agreement,
            scene.t("Top 1"),
            scene.t("Share of the places at which teacher and student find the same token likeliest"),
            |row| row.agreement.map(|share| format!("{:.0} %", 100.0 * share)),
        ),
    ];
    let compared = predictions.over_tokens.iter().any(|row| row.kl.is_some());
    let is_there = |column: &Column| compared || matches!(column.0, SampleColumn::Tokens | SampleColumn::Perplexity);
    all.into_iter().filter(is_there).collect()
}

pub(super) fn samples_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, predictions: &Arc<Predictions>) {
    let columns = columns(scene, predictions);
    list(&mut state.samples, predictions);
    head_ui(ui, scene, &mut state.samples, &columns);
    let listed = std::mem::take(&mut state.samples.listed);
    ui.spacing_mut().item_spacing.y = 0.0;
    let height = (ui.available_height() - 24.0).max(HEIGHT);
    let area = ScrollArea::vertical().id_salt("samples").auto_shrink(false).max_height(height);
    area.show_rows(ui, HEIGHT, listed.len(), |ui, visible| {
        control::clear_of_bar(ui);
        for &place in listed.get(visible).unwrap_or_default() {
            if let Some(row) = predictions.over_tokens.get(place) {
                row_ui(ui, scene, state, row, &columns);
            }
        }
    });
    control::caption(ui, &format!("{} {}", grouped(listed.len() as u64), scene.t("samples")));
    state.samples.listed = listed;
}

/// Sorts the samples, if that is asked anew. What is not known stands last either way.
fn list(samples: &mut Samples, predictions: &Arc<Predictions>) {
    let asked = (Arc::as_ptr(predictions).addr(), predictions.step, samples.order);
    if samples.asked == asked {
        return;
    }
    let rows = &predictions.over_tokens;
    let mut listed: Vec<usize> = (0..rows.len()).collect();
    let SampleOrder { column, descending } = samples.order;
    let key = |place: usize| match column {
        SampleColumn::Text => None,
        SampleColumn::Tokens => Some(rows[place].tokens as f64),
        SampleColumn::Perplexity => Some(f64::from(rows[place].loss)),
        SampleColumn::Kl => rows[place].kl.map(f64::from),
        SampleColumn::Agreement => rows[place].agreement.map(f64::from),
    };
    match column {
        SampleColumn::Text => listed.sort_by(|&a, &b| {
            let order = rows[a].text.cmp(&rows[b].text);
            if descending { order.reverse() } else { order }
        }),
        _ => {
            let known = |place: &usize| key(*place).filter(|value| !value.is_nan());
            listed.sort_by(|a, b| match (known(a), known(b)) {
                (Some(a), Some(b)) => {
                    if descending {
                        b.total_cmp(&a)
                    } else {
                        a.total_cmp(&b)
                    }
                }
                (a, b) => b.is_some().cmp(&a.is_some()),
            });
        }
    }
    (samples.asked, samples.listed) = (asked, listed);
}

/// The columns' names; a click sorts by one, another the other way round.
fn head_ui(ui: &mut Ui, scene: &Scene, samples: &mut Samples, columns: &[Column]) {
    ui.horizontal(|ui| {
        control::clear_of_bar(ui);
        ui.spacing_mut().item_spacing.x = 0.0;
        let text = ui.available_width() - FIGURE * columns.len() as f32;
        let help = scene.t("The sample's text, or the beginning of a long one");
        name_ui(ui, samples, (SampleColumn::Text, scene.t("Text"), help), text);
        for (column, name, help, _) in columns {
            name_ui(ui, samples, (*column, name, help), FIGURE);
        }
    });
    ui.add_space(2.0);
}

fn name_ui(ui: &mut Ui, samples: &mut Samples, (column, name, help): (SampleColumn, &str, &str), width: f32) {
    let sorted = samples.order.column == column;
    let arrow = match (sorted, samples.order.descending) {
        (false, _) => "",
        (true, true) => " ▼",
        (true, false) => " ▲",
    };
    let (rect, response) = ui.allocate_exact_size(vec2(width, 18.0), Sense::click());
    let color =
        if sorted || response.hovered() { ui.visuals().strong_text_color() } else { ui.visuals().weak_text_color() };
    let font = TextStyle::Small.resolve(ui.style());
    let (place, align) = match column {
        SampleColumn::Text => (pos2(rect.left() + 6.0, rect.center().y), Align2::LEFT_CENTER),
        _ => (pos2(rect.right() - 4.0, rect.center().y), Align2::RIGHT_CENTER),
    };
    ui.painter().text(place, align, format!("{name}{arrow}"), font, color);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, name));
    control::ring(ui, &response);
    if response.on_hover_text(help).clicked() {
        // The worst first: long texts, large losses, little agreement.
        let worst = !matches!(column, SampleColumn::Text | SampleColumn::Agreement);
        let descending = if sorted { !samples.order.descending } else { worst };
        samples.order = SampleOrder { column, descending };
    }
}

fn row_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, row: &TokenPrediction, columns: &[Column]) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &row.text));
    let chosen = scene.session.view.probe == row.text;
    if chosen || response.hovered() {
        let visuals = ui.visuals();
        let fill = if chosen { visuals.selection.bg_fill.gamma_multiply(0.5) } else { visuals.faint_bg_color };
        ui.painter().rect_filled(rect, CornerRadius::same(4), fill);
    }
    paint_ui(ui, scene, row, columns, rect);
    if response.on_hover_ui(|ui| card_ui(ui, scene, row, columns)).clicked() {
        let place = row.example.filter(|_| scene.belonging.run_data);
        state.taken = place.map(|place| (row.text.clone(), TextPlace::Test(place)));
        state.gold = None;
        state.ask(changed_view(scene, |view| view.probe = row.text.clone()));
    }
}

fn paint_ui(ui: &Ui, scene: &Scene, row: &TokenPrediction, columns: &[Column], rect: Rect) {
    let figures = FIGURE * columns.len() as f32;
    let one_line: String = row.text.chars().take(160).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let room = rect.width() - figures - 12.0;
    let galley = elided(ui, one_line.trim_start(), TextStyle::Body, ui.visuals().text_color(), room);
    let middle = rect.center().y;
    ui.painter().galley(pos2(rect.left() + 6.0, middle - 0.5 * galley.size().y), galley, Color32::PLACEHOLDER);
    let font = TextStyle::Small.resolve(ui.style());
    for (number, (column, .., figure)) in columns.iter().enumerate() {
        let right = rect.right() - figures + FIGURE * (number + 1) as f32 - 4.0;
        let color = match column {
            SampleColumn::Perplexity => scene.look.palette().student,
            _ => ui.visuals().text_color(),
        };
        let text = figure(row).unwrap_or_else(|| "–".to_owned());
        ui.painter().text(pos2(right, middle), Align2::RIGHT_CENTER, text, font.clone(), color);
    }
    ui.painter().hline(rect.x_range(), rect.bottom(), ui.visuals().widgets.noninteractive.bg_stroke);
}

/// The text, as far as the table has it, and every figure.
fn card_ui(ui: &mut Ui, scene: &Scene, row: &TokenPrediction, columns: &[Column]) {
    ui.set_max_width(360.0);
    ui.label(&row.text);
    ui.add_space(4.0);
    let nats = |value: f32| format!("{} {}", short(f64::from(value)), scene.t("nats"));
    egui::Grid::new("sample").num_columns(2).show(ui, |ui| {
        for (_, name, _, figure) in columns {
            ui.weak(*name);
            ui.label(figure(row).unwrap_or_else(|| "–".to_owned()));
            ui.end_row();
        }
        let losses =
            [(scene.t("Loss of the student"), Some(row.loss)), (scene.t("Loss of the teacher"), row.teacher_loss)];
        for (name, loss) in losses.into_iter().filter_map(|(name, loss)| Some((name, loss?))) {
            ui.weak(name);
            ui.label(nats(loss));
            ui.end_row();
        }
    });
    control::caption(ui, scene.t("Click to put this text under the lens"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_sorted_by_any_column_either_way_and_what_is_not_known_stands_last() {
        let row = |text: &str, tokens, loss, kl, agreement| TokenPrediction {
            text: text.to_owned(),
            tokens,
            loss,
            kl,
            agreement: Some(agreement),
            ..TokenPrediction::default()
        };
        let over_tokens =
            vec![row("b", 3, 2.0, Some(0.1), 0.5), row("c", 9, 1.0, None, 0.9), row("a", 5, f32::NAN, Some(0.7), 0.1)];
        let predictions = Arc::new(Predictions { step: 5, over_tokens, ..Predictions::default() });
        let mut samples = Samples::default();
        for (column, descending, expected) in [
            (SampleColumn::Text, false, [2, 0, 1]),
            (SampleColumn::Text, true, [1, 0, 2]),
            (SampleColumn::Tokens, true, [1, 2, 0]),
            (SampleColumn::Perplexity, true, [0, 1, 2]),
            (SampleColumn::Perplexity, false, [1, 0, 2]),
            (SampleColumn::Kl, true, [2, 0, 1]),
            (SampleColumn::Kl, false, [0, 2, 1]),
            (SampleColumn::Agreement, false, [2, 0, 1]),
        ] {
            samples.order = SampleOrder { column, descending };
            list(&mut samples, &predictions);
            assert_eq!(samples.listed, expected, "{column:?} {descending}");
        }
    }
}
