//! The head of a column: which model it is, and whether another column holds the same one.

use egui::{Align, Label, Layout, Rect, RichText, Ui, UiBuilder, vec2};

use super::column::Column;
use super::{Scene, changed_view};
use crate::window::state::UiState;

/// Height of the heads, points.
pub(super) const HEIGHT: f32 = 62.0;

/// Draws the head of the column at `place` into `room`.
pub(super) fn head_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, room: Rect, columns: &[Column], place: usize) {
    let Some(column) = columns.get(place) else { return };
    let inner = room.shrink2(vec2(6.0, 2.0));
    ui.painter().hline(room.x_range().shrink(4.0), room.top(), egui::Stroke::new(3.0, column.color));
    let mut ui = ui.new_child(UiBuilder::new().max_rect(inner).layout(Layout::top_down(Align::Min)));
    ui.shrink_clip_rect(room);
    ui.spacing_mut().item_spacing.y = 1.0;
    ui.add_space(4.0);
    ui.allocate_ui_with_layout(vec2(inner.width(), 20.0), Layout::right_to_left(Align::Center), |ui| {
        if let Some(which) = column.snapshot.as_ref().filter(|_| column.sign.is_none()) {
            let label = format!("{} {}", scene.t("Take away"), column.title);
            let button = ui.small_button("✖").accessible_name(label);
            if button.on_hover_text(scene.t("Takes the column away and lets its model go")).clicked() {
                state.ask(changed_view(scene, |view| view.columns.retain(|other| other != which)));
            }
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let title = RichText::new(column.shown()).strong();
            ui.add(Label::new(title).truncate().selectable(false)).on_hover_text(column.shown());
        });
    });
    if column.sign.is_some() {
        return;
    }
    ui.add(Label::new(RichText::new(&column.detail).small().weak()).truncate());
    if let Some(twin) = twin(columns, place) {
        let words = format!("{} {}", scene.t("the same weights as"), twin.title);
        ui.add(Label::new(RichText::new(words).small().color(scene.look.palette().warn)).truncate());
    }
}

/// Another column with the same weights.
fn twin<'a, 'b>(columns: &'b [Column<'a>], place: usize) -> Option<&'b Column<'a>> {
    let hash = columns.get(place)?.hash.as_ref()?;
    columns
        .iter()
        .enumerate()
        .find(|(other, column)| *other != place && column.hash.as_ref() == Some(hash))
        .map(|(_, c)| c)
}
