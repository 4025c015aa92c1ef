//! One text: a row for each outcome, a bar in every column. Rows stand in one order for all, so that a look along a row
//! compares the models.

use egui::{
    Align2, CornerRadius, Label, Rect, RichText, ScrollArea, Sense, TextStyle, Ui, WidgetInfo, accesskit::Role, pos2,
    vec2,
};

use super::column::{Column, columns};
use super::{Scene, attention, blind, head};
use crate::link::grouped;
use crate::window::control;
use crate::window::plot::token_chips;
use crate::window::state::UiState;

/// Width of the outcomes' names, points.
const NAMES: f32 = 150.0;
/// Least width of a column.
const LEAST: f32 = 120.0;
/// Height of a row.
const ROW: f32 = 22.0;

pub(super) fn answers_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let at = tokens_ui(ui, scene, state);
    let columns = blind::hidden(scene, state, columns(scene, at));
    blind::votes_ui(ui, scene, state, &columns);
    let pictures = state.side_by_side.shows_attention();
    if pictures {
        attention::controls_ui(ui, scene, state, &columns);
    }
    let least = if pictures { attention::LEAST } else { LEAST };
    let width =
        ((ui.available_width() - NAMES) / columns.len() as f32).clamp(least, if pictures { 480.0 } else { 300.0 });
    ScrollArea::horizontal().id_salt("columns side by side").auto_shrink(false).show(ui, |ui| {
        let (rect, _) =
            ui.allocate_exact_size(vec2(NAMES + width * columns.len() as f32, head::HEIGHT), Sense::hover());
        for place in 0..columns.len() {
            head::head_ui(ui, scene, state, room(rect, width, place), &columns, place);
        }
        best_ui(ui, scene, &columns, width);
        match pictures {
            true => attention::pictures_ui(ui, scene, state, &columns, (NAMES, width)),
            false => rows_ui(ui, scene, state, &columns, width),
        }
    });
}

/// The tokens of a text that is told token by token; gives the place whose outcomes are shown.
fn tokens_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) -> Option<usize> {
    let frame = scene.probe?;
    let tokens = frame.tokens.as_ref()?;
    let chosen = state.token.as_ref().filter(|(text, _)| *text == frame.text).map(|(_, place)| *place);
    let chosen = chosen.filter(|place| tokens.row(*place).is_some()).or_else(|| tokens.last());
    if let Some(place) = token_chips::chips_ui(ui, tokens, chosen, scene.look) {
        state.token = Some((frame.text.clone(), place));
    }
    ui.add_space(4.0);
    chosen
}

/// The room of a column in a row.
fn room(row: Rect, width: f32, place: usize) -> Rect {
    let left = row.left() + NAMES + width * place as f32;
    Rect::from_min_max(pos2(left, row.top()), pos2(left + width, row.bottom()))
}

/// The answer of each, or why there is none.
fn best_ui(ui: &mut Ui, scene: &Scene, columns: &[Column], width: f32) {
    let height =
        if columns.iter().any(|column| column.instead.as_ref().is_some_and(|(_, fault)| *fault)) { 84.0 } else { 28.0 };
    let (rect, _) = ui.allocate_exact_size(vec2(NAMES + width * columns.len() as f32, height), Sense::hover());
    for (place, column) in columns.iter().enumerate() {
        let inner = room(rect, width, place).shrink2(vec2(6.0, 2.0));
        let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(inner));
        ui.shrink_clip_rect(inner.expand(2.0));
        match (&column.instead, column.best()) {
            (Some((why, fault)), _) => {
                let color = if *fault { scene.look.palette().bad } else { scene.look.palette().text_weak };
                ui.add(Label::new(RichText::new(why).small().color(color)).wrap()).on_hover_text(why);
            }
            (None, Some((name, p))) => {
                let words = format!("{}  {:.0} %", shown(scene, name), p * 100.0);
                ui.add(Label::new(RichText::new(words).strong()).truncate());
            }
            (None, None) => drop(ui.label("–")),
        }
    }
}

/// A token with its white space visible; a class as it is.
fn shown(scene: &Scene, name: &str) -> String {
    let tokens = scene.probe.is_some_and(|frame| frame.tokens.is_some());
    if tokens { token_chips::visible(name) } else { name.to_owned() }
}

/// All outcomes: those of the first column by their probability, behind them what other columns tell besides.
fn outcomes<'a>(columns: &'a [Column]) -> Vec<&'a str> {
    let mut all: Vec<&str> = Vec::new();
    for column in columns {
        let mut scores: Vec<&(String, f32)> = column.scores.iter().collect();
        scores.sort_by(|a, b| b.1.total_cmp(&a.1));
        let new: Vec<&str> =
            scores.into_iter().map(|(name, _)| name.as_str()).filter(|name| !all.contains(name)).collect();
        all.extend(new);
    }
    all
}

fn rows_ui(ui: &mut Ui, scene: &Scene, state: &UiState, columns: &[Column], width: f32) {
    let names = outcomes(columns);
    if names.is_empty() {
        return control::empty(ui, scene.t("No answers yet"), scene.t("Type a text above: every column answers it."));
    }
    let gold = gold(scene, state);
    let others = columns.iter().any(|column| column.others.is_some());
    ui.spacing_mut().item_spacing.y = 0.0;
    let rows = names.len() + usize::from(others);
    ScrollArea::vertical().id_salt("outcomes side by side").auto_shrink(false).show_rows(
        ui,
        ROW,
        rows,
        |ui, visible| {
            for place in visible {
                let (rect, response) =
                    ui.allocate_exact_size(vec2(NAMES + width * columns.len() as f32, ROW), Sense::hover());
                let Some(name) = names.get(place) else {
                    others_ui(ui, scene, columns, width, rect);
                    continue;
                };
                let right = gold.as_deref() == Some(*name);
                let mark = if right { "★ " } else { "" };
                text(ui, &format!("{mark}{}", shown(scene, name)), rect.with_max_x(rect.left() + NAMES - 6.0), right);
                for (number, column) in columns.iter().enumerate() {
                    bar(ui, column, column.probability(name), room(rect, width, number));
                }
                response.widget_info(|| WidgetInfo::labeled(Role::Label, true, sentence(scene, name, columns)));
            }
        },
    );
}

fn others_ui(ui: &Ui, scene: &Scene, columns: &[Column], width: f32, rect: Rect) {
    let count = columns.iter().filter_map(|column| column.others).map(|(count, _)| count).max().unwrap_or_default();
    let words = format!("{} ({})", scene.t("all others"), grouped(count as u64));
    text(ui, &words, rect.with_max_x(rect.left() + NAMES - 6.0), false);
    for (number, column) in columns.iter().enumerate() {
        bar(ui, column, column.others.map(|(_, score)| score.exp()), room(rect, width, number));
    }
}

/// The row in words.
fn sentence(scene: &Scene, name: &str, columns: &[Column]) -> String {
    let told = columns
        .iter()
        .filter_map(|column| Some(format!("{} {:.1} %", column.shown(), 100.0 * column.probability(name)?)));
    format!("{} · {}", shown(scene, name), told.collect::<Vec<_>>().join(" · "))
}

/// The right class of the text, where it was taken from a table or is pinned with one.
fn gold(scene: &Scene, state: &UiState) -> Option<String> {
    let text = &scene.session.view.probe;
    let pinned = scene.session.probes.iter().find(|probe| probe.text == *text).and_then(|probe| probe.expected.clone());
    let (_, class) = state.gold.as_ref().filter(|(of, _)| of == text).cloned().unzip();
    pinned.or_else(|| scene.probe.filter(|frame| frame.tokens.is_none())?.classes.get(class?).cloned())
}

fn bar(ui: &Ui, column: &Column, probability: Option<f32>, room: Rect) {
    let inner = room.shrink2(vec2(6.0, 4.0));
    let font = TextStyle::Small.resolve(ui.style());
    let weak = ui.visuals().weak_text_color();
    let Some(p) = probability.filter(|p| p.is_finite()) else {
        ui.painter().text(inner.left_center(), Align2::LEFT_CENTER, "·", font, weak);
        return;
    };
    ui.painter().rect_filled(inner, CornerRadius::same(2), ui.visuals().faint_bg_color);
    let filled = inner.with_max_x(inner.left() + inner.width() * p.clamp(0.0, 1.0));
    ui.painter().rect_filled(filled, CornerRadius::same(2), column.color.gamma_multiply(0.55));
    let words = format!("{:.1} %", 100.0 * p);
    ui.painter().text(
        pos2(inner.right() - 4.0, inner.center().y),
        Align2::RIGHT_CENTER,
        words,
        font,
        ui.visuals().text_color(),
    );
}

/// A line of text, cut where its room ends.
pub(super) fn text(ui: &Ui, words: &str, place: Rect, strong: bool) {
    let color = if strong { ui.visuals().strong_text_color() } else { ui.visuals().text_color() };
    colored(ui, words, place, color);
}

/// The same in a colour.
pub(super) fn colored(ui: &Ui, words: &str, place: Rect, color: egui::Color32) {
    let mut job =
        egui::text::LayoutJob::simple_singleline(words.to_owned(), TextStyle::Body.resolve(ui.style()), color);
    job.wrap = egui::text::TextWrapping::truncate_at_width(place.width());
    let galley = ui.painter().layout_job(job);
    let corner = Align2::LEFT_CENTER.align_size_within_rect(galley.size(), place).min;
    ui.painter().galley(corner, galley, color);
}
