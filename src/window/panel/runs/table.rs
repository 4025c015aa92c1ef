//! The table: a head by which it is sorted, and a row a run or a row the seeds of one.

use egui::{Align2, Color32, CornerRadius, Rect, ScrollArea, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2};

use super::view::{Column, Listing};
use crate::record::run_table::RunStatus;
use crate::window::panel::Scene;
use crate::window::plot::side_curves;
use crate::window::run_list::Side;
use crate::window::state::{Action, UiState};

/// Height of a row.
const HEIGHT: f32 = 24.0;
/// Room before the first column: the star, and as which side the row is chosen.
const BEFORE: f32 = 40.0;
/// Room between two columns.
const GAP: f32 = 10.0;

pub(super) fn table_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let listed = std::mem::take(&mut state.runs.listed);
    let width = BEFORE + listed.columns.iter().map(|column| column.width + GAP).sum::<f32>();
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::horizontal().id_salt("runs across").auto_shrink(false).show(ui, |ui| {
        let width = width.max(ui.available_width());
        ui.set_min_width(width);
        head_ui(ui, scene, state, &listed.columns, width);
        let area = ScrollArea::vertical().id_salt("runs").auto_shrink(false);
        area.show_rows(ui, HEIGHT, listed.rows.len(), |ui, visible| {
            for row in listed.rows.get(visible).unwrap_or_default() {
                row_ui(ui, scene, state, &listed.columns, row, width);
            }
        });
    });
    state.runs.listed = listed;
}

fn head_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, columns: &[Column], width: f32) {
    let (rect, _) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::hover());
    let mut left = rect.left() + BEFORE;
    for column in columns {
        let place = Rect::from_min_size(pos2(left, rect.top()), vec2(column.width, HEIGHT));
        left += column.width + GAP;
        let sorted = state.runs.sort.as_ref().filter(|(name, _)| Some(name) == column.sorts.as_ref());
        let mark = sorted.map_or("", |(_, ascending)| if *ascending { " ▲" } else { " ▼" });
        text(ui, &format!("{}{mark}", column.title), place, ui.visuals().weak_text_color());
        let Some(name) = &column.sorts else { continue };
        let response = ui.interact(place, ui.scope_id().with(("sort", name)), Sense::click());
        let label = format!("{} {}", scene.t("Sort by"), column.title);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &label));
        if response.on_hover_text(&column.title).clicked() {
            state.runs.sort = match &state.runs.sort {
                Some((sorted, false)) if sorted == name => Some((name.clone(), true)),
                Some((sorted, true)) if sorted == name => None,
                _ => Some((name.clone(), false)),
            };
        }
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 1.0, ui.visuals().widgets.noninteractive.bg_stroke);
}

fn row_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, columns: &[Column], row: &Listing, width: f32) {
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::click());
    let chosen = state.runs.chosen.iter().position(|side| *side == row.side);
    let label =
        row.side.first().and_then(|folder| folder.file_name()).unwrap_or_default().to_string_lossy().into_owned();
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, chosen.is_some(), &label));
    if chosen.is_some() || response.hovered() {
        let visuals = ui.visuals();
        let fill =
            if chosen.is_some() { visuals.selection.bg_fill.gamma_multiply(0.5) } else { visuals.faint_bg_color };
        ui.painter().rect_filled(rect, CornerRadius::same(4), fill);
    }
    let palette = scene.look.palette();
    let at = |x: f32| Rect::from_min_size(pos2(rect.left() + x, rect.top()), vec2(16.0, HEIGHT));
    if let Some(place) = chosen {
        text(ui, side_curves::letter(place), at(6.0), palette.accent);
    }
    if row.star {
        text(ui, "★", at(22.0), palette.gold);
    }
    let mut left = rect.left() + BEFORE;
    for (column, cell) in columns.iter().zip(&row.cells) {
        let room = Rect::from_min_size(pos2(left, rect.top()), vec2(column.width, HEIGHT));
        left += column.width + GAP;
        let color = match &row.status {
            Some(status) if column.key == "status" => color(scene, status),
            _ => ui.visuals().text_color(),
        };
        text(ui, cell, room, color);
    }
    let help = match &row.status {
        Some(RunStatus::Failed(words)) => format!("{label}\n{words}"),
        _ => label,
    };
    let help = row.left_out.iter().fold(help, |help, words| format!("{help}\n{}", scene.says(words)));
    let response = response.on_hover_text(format!("{help}\n{}", scene.t("Click to choose; double-click to open")));
    if response.double_clicked()
        && let [folder] = row.side.as_slice()
    {
        state.runs.chosen.clear();
        state.ask(Action::Open(folder.clone()));
        state.ask(Action::ShowRuns(false));
    } else if response.clicked() {
        match chosen {
            Some(place) => {
                state.runs.chosen.remove(place);
                state.runs.too_many = false;
            }
            None => choose(state, row.side.clone()),
        }
    }
}

/// Chooses one more side, where it can still be told apart from the others.
pub(super) fn choose(state: &mut UiState, side: Side) {
    state.runs.too_many = state.runs.chosen.len() >= side_curves::MOST;
    if !state.runs.too_many {
        state.runs.chosen.push(side);
    }
}

fn color(scene: &Scene, status: &RunStatus) -> Color32 {
    let palette = scene.look.palette();
    match status {
        RunStatus::Running => palette.accent,
        RunStatus::Finished => palette.good,
        RunStatus::Failed(_) => palette.bad,
        RunStatus::Stopped | RunStatus::Interrupted => palette.warn,
        RunStatus::Waiting => palette.text_weak,
    }
}

/// A line of text, cut where its room ends.
fn text(ui: &Ui, words: &str, place: Rect, color: Color32) {
    let font = TextStyle::Body.resolve(ui.style());
    let mut job = egui::text::LayoutJob::simple_singleline(words.to_owned(), font, color);
    job.wrap = egui::text::TextWrapping::truncate_at_width(place.width());
    let galley = ui.painter().layout_job(job);
    let corner = Align2::LEFT_CENTER.align_size_within_rect(galley.size(), place).min;
    ui.painter().galley(corner, galley, color);
}
