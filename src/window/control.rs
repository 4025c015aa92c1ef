//! The controls that panels share, so that every row of the window stands on the same lines.

mod layer;
mod lower;
mod number;

use std::path::{Path, PathBuf};

use egui::collapsing_header::CollapsingState;
use egui::{
    Align, Button, Color32, ComboBox, CornerRadius, Frame, Id, Layout, Margin, Rect, RectAlign, Response, RichText,
    Sense, Stroke, StrokeKind, TextEdit, Tooltip, Ui, UiBuilder, Vec2, pos2, vec2,
};

use super::state::UiState;
use super::theme;
pub use layer::layer_ui;
pub use lower::{Lower, draw_to, drawn};
pub use number::{Count, Number, Percent, Typed, exact, figure, forget_refusals, refusal_ui, rounded, typed_figure};

/// Width of a row's label.
const LABEL: f32 = 96.0;
/// Height of a row.
pub const ROW: f32 = 24.0;

/// A foldable part with a title; folded, it says in one line what it holds.
pub fn fold(ui: &mut Ui, id: &str, title: &str, help: &str, open: bool, summary: &str, contents: impl FnOnce(&mut Ui)) {
    let mut state = CollapsingState::load_with_default_open(ui.ctx(), fold_id(id), open);
    let header = header_ui(ui, title, help, &mut state, summary);
    if header.clicked() {
        state.toggle(ui);
        ui.data_mut(|data| data.insert_temp(fold_id(id).with(UNFOLDING), state.is_open()));
    }
    let unfolding = ui.data(|data| data.get_temp(fold_id(id).with(UNFOLDING))).unwrap_or(false);
    let whole = state.openness(ui.ctx()) >= 1.0;
    let body = state.show_body_unindented(ui, |ui| {
        ui.add_space(2.0);
        contents(ui);
        ui.add_space(8.0);
    });
    if let Some(body) = body.filter(|_| unfolding) {
        // What was asked for comes into sight, its title above all.
        let mut part = header.rect.union(body.response.rect);
        part.max.y = part.max.y.min(part.min.y + ui.clip_rect().height() - 8.0);
        ui.scroll_to_rect(part, None);
        ui.data_mut(|data| data.insert_temp(fold_id(id).with(UNFOLDING), !whole));
    }
    state.store(ui.ctx());
}

/// Unfolds a part, as if a person had.
pub fn unfold(ui: &Ui, id: &str) {
    let mut state = CollapsingState::load_with_default_open(ui.ctx(), fold_id(id), true);
    state.set_open(true);
    state.store(ui.ctx());
    ui.data_mut(|data| data.insert_temp(fold_id(id).with(UNFOLDING), true));
}

/// Under this it is kept whether a part is on its way open.
const UNFOLDING: &str = "unfolding";

/// Whether a part is open; `None` before it was drawn.
pub fn is_open(ctx: &egui::Context, id: &str) -> Option<bool> {
    CollapsingState::load(ctx, fold_id(id)).map(|state| state.is_open())
}

/// Opens or folds a part.
pub fn set_open(ctx: &egui::Context, id: &str, open: bool) {
    let mut state = CollapsingState::load_with_default_open(ctx, fold_id(id), open);
    state.set_open(open);
    state.store(ctx);
}

fn fold_id(id: &str) -> Id {
    Id::unique(id)
}

fn header_ui(ui: &mut Ui, title: &str, help: &str, state: &mut CollapsingState, summary: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 30.0), Sense::click());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::DisclosureTriangle, ui.is_enabled(), title));
    let mut inner = ui
        .new_child(UiBuilder::new().max_rect(rect).layout(Layout::left_to_right(Align::Center)).sense(Sense::empty()));
    let (_, arrow) = inner.allocate_space(vec2(12.0, 12.0));
    let icon = response.clone().with_new_rect(arrow.shrink(1.0));
    egui::collapsing_header::paint_default_icon(&mut inner, state.openness(ui.ctx()), &icon);
    let title = titled(ui, title);
    inner.add(egui::Label::new(title).selectable(false));
    if !state.is_open() {
        inner.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add(egui::Label::new(RichText::new(summary).weak()).truncate().selectable(false));
        });
    }
    let line = ui.visuals().widgets.noninteractive.bg_stroke;
    ui.painter().hline(rect.x_range(), rect.bottom(), line);
    ring(ui, &response.clone().with_new_rect(rect.shrink(2.0)));
    beside(ui, response, help)
}

/// The title of a part.
pub fn title(ui: &mut Ui, text: &str, help: &str) -> Response {
    ui.add(egui::Label::new(titled(ui, text)).selectable(false)).on_hover_text(help)
}

fn titled(ui: &Ui, text: &str) -> RichText {
    let size = egui::TextStyle::Body.resolve(ui.style()).size;
    RichText::new(text).font(egui::FontId::new(size, theme::strong_family())).color(ui.visuals().strong_text_color())
}

/// Draws within the room there is and not a point further: what does not fit is cut, and a panel
/// is never pushed open by what it holds.
pub fn bounded(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    let (rect, _) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
    let mut place = ui.new_child(UiBuilder::new().max_rect(rect).layout(*ui.layout()));
    place.shrink_clip_rect(rect.expand(2.0));
    contents(&mut place);
}

/// Whether the Tab key was pressed now or a moment ago: the keyboard goes over a frame or two later.
fn was_tabbed(ui: &Ui) -> bool {
    let id = Id::unique("tabbed");
    let (now, pressed) = ui.input(|input| (input.time, input.key_pressed(egui::Key::Tab)));
    if pressed {
        ui.data_mut(|data| data.insert_temp(id, now));
    }
    ui.data(|data| data.get_temp::<f64>(id)).is_some_and(|at| now - at < 0.5)
}

/// A ring around what has the keyboard, where the library draws none that can be seen.
pub fn ring(ui: &Ui, response: &Response) {
    if response.has_focus() {
        let stroke = Stroke::new(2.0, ui.visuals().strong_text_color());
        ui.painter().rect_stroke(response.rect.expand(1.0), CornerRadius::same(5), stroke, StrokeKind::Outside);
    }
}

/// Brings what the Tab key has just given the keyboard into sight; called behind what a scroll area holds.
pub fn follow_focus(ui: &Ui) {
    if !was_tabbed(ui) {
        return;
    }
    let (focused, id) = (ui.memory(|memory| memory.focused()), ui.scope_id().with("focused"));
    let before = ui.data_mut(|data| std::mem::replace(data.get_temp_mut_or_default::<Option<Id>>(id), focused));
    let Some(response) = focused.filter(|_| focused != before).and_then(|id| ui.ctx().read_response(id)) else {
        return;
    };
    if response.layer_id == ui.layer_id() && is_cut_by(&response, ui.clip_rect()) {
        ui.scroll_to_rect(response.rect.expand(6.0), None);
    }
}

/// Whether a widget reaches over the upper or lower edge of this very part: what another part holds may
/// reach as far, and is cut at other edges or at none.
fn is_cut_by(response: &Response, part: Rect) -> bool {
    let (whole, seen) = (response.rect, response.interact_rect);
    let at = |edge: f32, cut: f32| (edge - cut).abs() < 1.0;
    let above = whole.top() < part.top() && at(seen.top(), part.top());
    let below = whole.bottom() > part.bottom() && at(seen.bottom(), part.bottom());
    whole.x_range().intersects(part.x_range()) && (above || below)
}

/// Keeps what a scroll area holds clear of its bar.
pub fn clear_of_bar(ui: &mut Ui) {
    ui.set_max_width(ui.available_width() - 10.0);
}

/// A small title inside a part.
pub fn caption(ui: &mut Ui, text: &str) -> Response {
    ui.add(egui::Label::new(RichText::new(text).small().weak()).selectable(false))
}

/// Help that stands beside the column of what it explains: below it would cover what comes next.
pub fn beside(ui: &Ui, response: Response, help: &str) -> Response {
    let mut column = response.rect;
    (column.min.x, column.max.x) = (ui.clip_rect().left(), ui.clip_rect().right());
    let sides = [RectAlign::RIGHT_START, RectAlign::RIGHT, RectAlign::RIGHT_END, RectAlign::LEFT_START];
    helped(response, column, help, sides, None)
}

/// Help that stands above what it explains: below it would cover the title of what it changes.
pub fn above(response: Response, help: &str) -> Response {
    // In a line where that can be: there is little room above.
    let places = [RectAlign::TOP_START, RectAlign::TOP_END, RectAlign::RIGHT_END, RectAlign::LEFT_END];
    let place = response.rect;
    helped(response, place, help, places, Some(620.0))
}

fn helped(response: Response, by: Rect, help: &str, places: [RectAlign; 4], width: Option<f32>) -> Response {
    // That rectangle is what a tooltip keeps clear of.
    let anchor = Response { interact_rect: by, ..response.clone() };
    let mut tooltip = Tooltip::for_enabled(&anchor);
    if let Some(width) = width {
        tooltip = tooltip.width(width);
    }
    tooltip.popup = tooltip.popup.align(places[0]).align_alternatives(&places);
    tooltip.show(|ui| ui.label(help));
    response
}

/// A row: its label on the left, its control filling the rest. The label names the control for
/// screen readers and tests, and `help` belongs to both.
pub fn row<R>(ui: &mut Ui, label: &str, help: &str, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let row = ui.scope(|ui| choices(ui, label, help, contents));
    // A sheet over the control that only feels the pointer; clicks go through it.
    let mut rect = row.response.rect;
    rect.min.x += LABEL;
    let over = ui.interact(rect, row.response.id.with("help"), Sense::hover());
    over.on_hover_text(help);
    row.inner
}

/// A row of several controls that each have their own help.
pub fn choices<R>(ui: &mut Ui, label: &str, help: &str, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let row = ui.horizontal(|ui| {
        ui.set_min_height(ROW);
        let (rect, response) = ui.allocate_exact_size(vec2(LABEL, ROW), Sense::hover());
        let mut place = ui.new_child(UiBuilder::new().max_rect(rect).layout(Layout::left_to_right(Align::Center)));
        place.add(egui::Label::new(fitting(&place, label)).truncate().selectable(false));
        response.on_hover_text(help);
        ui.name_inputs(label, contents)
    });
    refusal_ui(ui);
    row.inner
}

/// A label in smaller letters where it would be cut otherwise.
fn fitting(ui: &Ui, label: &str) -> RichText {
    let font = egui::TextStyle::Body.resolve(ui.style());
    let width = ui.painter().layout_no_wrap(label.to_owned(), font, Color32::PLACEHOLDER).size().x;
    if width > LABEL { RichText::new(label).small() } else { RichText::new(label) }
}

/// A list to pick one of. Gives the new choice.
pub fn pick<T: PartialEq + Clone>(ui: &mut Ui, id: &str, now: &T, shown: &str, all: &[(T, &str, &str)]) -> Option<T> {
    let mut chosen = None;
    let width = ui.available_width();
    ComboBox::from_id_salt(id).selected_text(shown).width(width).truncate().show_ui(ui, |ui| {
        for (value, label, help) in all {
            if ui.selectable_label(value == now, *label).on_hover_text(*help).clicked() {
                chosen = Some(value.clone());
            }
        }
    });
    chosen.filter(|value| value != now)
}

/// A choice of few, side by side. Gives the new choice.
pub fn segments<T: PartialEq + Copy>(ui: &mut Ui, now: T, all: &[(T, &str, &str)]) -> Option<T> {
    let mut chosen = None;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        for (value, label, help) in all {
            if ui.add(Button::selectable(*value == now, *label)).on_hover_text(*help).clicked() {
                chosen = Some(*value);
            }
        }
    });
    chosen.filter(|value| *value != now)
}

/// One line of text that is meant while it is typed. Gives the new text.
pub fn line(ui: &mut Ui, now: &str, hint: &str) -> Option<String> {
    let mut text = now.to_owned();
    let edit = TextEdit::singleline(&mut text).hint_text(hint.to_owned()).desired_width(f32::INFINITY);
    ui.add(edit).changed().then_some(text)
}

/// A line that is meant only when it is finished, by Enter or by leaving it: half a path must not
/// be opened. Gives the finished text.
pub fn draft(ui: &mut Ui, state: &mut UiState, id: Id, now: &str, hint: &str, width: f32) -> Option<String> {
    draft_from(ui, state, id, now, hint, width, false)
}

/// The same; where `ends`, of a text that is too long the end is shown until it is typed into.
fn draft_from(
    ui: &mut Ui,
    state: &mut UiState,
    id: Id,
    now: &str,
    hint: &str,
    width: f32,
    ends: bool,
) -> Option<String> {
    let whole = state.drafts.get(&id).cloned().unwrap_or_else(|| now.to_owned());
    let typing = ui.memory(|memory| memory.has_focus(id));
    let end = if ends && !typing { end_of(ui, &whole, width - 16.0) } else { None };
    let mut text = end.clone().unwrap_or_else(|| whole.clone());
    let edit = TextEdit::singleline(&mut text).id(id).hint_text(hint.to_owned()).desired_width(width);
    let response = ui.add(edit);
    let text = if end.as_ref() == Some(&text) { whole } else { text };
    if response.has_focus() || response.changed() {
        state.drafts.insert(id, text.clone());
    }
    if response.lost_focus() {
        state.drafts.remove(&id);
        return (text != now).then_some(text);
    }
    None
}

/// What a person did with a path field.
pub enum PathAnswer {
    /// Typed this path.
    Typed(PathBuf),
    /// Wants the system's dialog.
    Browse,
}

/// A path as text, with a button for the system's dialog beside it.
pub fn path(
    ui: &mut Ui,
    state: &mut UiState,
    id: &str,
    now: &Path,
    hint: &str,
    browse: (&str, &str),
) -> Option<PathAnswer> {
    let width = (ui.available_width() - 34.0).max(60.0);
    let (id, text) = (Id::unique(id), now.to_string_lossy());
    let typed = draft_from(ui, state, id, &text, hint, width - 8.0, true);
    let (name, help) = browse;
    let button = ui.add_sized(vec2(26.0, ROW - 2.0), Button::new("…")).on_hover_text(help);
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, name));
    if button.clicked() {
        return Some(PathAnswer::Browse);
    }
    typed.map(|text| PathAnswer::Typed(PathBuf::from(text.trim())))
}

/// The end of a text that has no room: of a path it tells more than the beginning. `None` where it fits.
fn end_of(ui: &Ui, text: &str, width: f32) -> Option<String> {
    let font = egui::TextStyle::Body.resolve(ui.style());
    let fits = |text: String| ui.painter().layout_no_wrap(text, font.clone(), Color32::PLACEHOLDER).size().x <= width;
    if fits(text.to_owned()) {
        return None;
    }
    let starts: Vec<usize> = text.char_indices().map(|(start, _)| start).collect();
    let end = |start: &usize| format!("…{}", &text[*start..]);
    let first = starts.partition_point(|start| !fits(end(start)));
    Some(starts.get(first).map(end).unwrap_or_else(|| "…".to_owned()))
}

/// Text on a rounded ground.
pub fn chip(ui: &mut Ui, text: &str, ground: Color32, ink: Color32) -> Response {
    let font = egui::TextStyle::Small.resolve(ui.style());
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, ink);
    let (rect, response) = ui.allocate_exact_size(galley.size() + vec2(6.0, 4.0), Sense::hover());
    if ui.is_rect_visible(rect) {
        ui.painter().rect_filled(rect, CornerRadius::same(3), ground);
        ui.painter().galley(rect.min + vec2(3.0, 2.0), galley, ink);
    }
    response
}

/// A quiet frame that sets a group apart.
pub fn card<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let visuals = ui.visuals();
    let frame = Frame::NONE
        .fill(visuals.faint_bg_color)
        .corner_radius(CornerRadius::same(6))
        .inner_margin(Margin::symmetric(10, 8));
    frame
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            contents(ui)
        })
        .inner
}

/// A card with a coloured edge, for what must be seen now.
pub fn edged_card(ui: &mut Ui, color: Color32, contents: impl FnOnce(&mut Ui)) {
    let frame = Frame::NONE
        .fill(ui.visuals().faint_bg_color)
        .stroke(Stroke::new(1.0, color.gamma_multiply(0.6)))
        .corner_radius(CornerRadius::same(6))
        .inner_margin(Margin::symmetric(12, 8));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        contents(ui);
    });
    ui.add_space(6.0);
}

/// What an empty place says: what would fill it.
pub fn empty(ui: &mut Ui, title: &str, text: &str) {
    let size = ui.available_size();
    let (rect, _) = ui.allocate_exact_size(vec2(size.x, size.y.clamp(64.0, 420.0)), Sense::hover());
    let mut place = ui.new_child(UiBuilder::new().max_rect(rect).layout(Layout::top_down(Align::Center)));
    place.add_space(rect.height() * 0.5 - 26.0);
    place.add(egui::Label::new(RichText::new(title).strong()).selectable(false));
    place.add_space(2.0);
    place.scope(|ui| {
        ui.set_max_width((rect.width() - 24.0).min(360.0));
        ui.add(egui::Label::new(RichText::new(text).weak()).wrap().selectable(false));
    });
}

/// A filled dot.
pub fn dot(ui: &mut Ui, color: Color32) {
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(10.0), Sense::hover());
    ui.painter().circle_filled(pos2(rect.center().x, rect.center().y + 0.5), 4.0, color);
}

/// A large number in short: `11.2 M`.
pub fn short(value: u64) -> String {
    let scaled = |unit: f64, name: &str| format!("{}\u{a0}{name}", figure(value as f64 / unit));
    match value {
        0..1_000 => value.to_string(),
        1_000..1_000_000 => scaled(1e3, "k"),
        1_000_000..1_000_000_000 => scaled(1e6, "M"),
        _ => scaled(1e9, "G"),
    }
}

pub use crate::link::human_bytes as bytes;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_number_is_said_in_short() {
        assert_eq!(short(11_200_000), "11.2\u{a0}M");
    }
}
