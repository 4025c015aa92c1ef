//! The attention of every column for the same text, under the columns' heads. Students are looked at in the same layer,
//! the teacher in its own: it has another number of them.

use egui::{Rect, RichText, ScrollArea, Sense, Ui, UiBuilder, vec2};

use super::column::Column;
use super::{Scene, changed_view};
use crate::window::control;
use crate::window::plot::attention_map::{self, Half};
use crate::window::state::{Action, UiState};

/// Least width of a column, points: narrower ones show no cell.
pub(super) const LEAST: f32 = 200.0;
/// Least height of the pictures, points.
const HEIGHT: f32 = 240.0;

/// Layers and colours.
pub(super) fn controls_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, columns: &[Column]) {
    let mut chosen = None;
    let mut map = state.attention.clone();
    attention_map::controls_ui(ui, &mut map, scene.look, |ui, _| chosen = layers_ui(ui, scene, columns));
    state.attention = map;
    if let Some(action) = chosen {
        state.ask(action);
    }
}

fn layers_ui(ui: &mut Ui, scene: &Scene, columns: &[Column]) -> Option<Action> {
    let frame = scene.probe?;
    let view = &scene.session.view;
    let most = columns.iter().filter(|column| column.slot != 10).filter_map(|column| Some(column.view?.0.layers)).max();
    let student = control::layer_ui(ui, scene.look, scene.t("Student layer"), most?, view.student_layer);
    let student = student.map(|layer| changed_view(scene, |view| view.student_layer = layer));
    let Some(teacher) = &frame.teacher else { return student };
    let teacher = control::layer_ui(ui, scene.look, scene.t("Teacher layer"), teacher.layers, view.teacher_layer);
    teacher.map(|layer| changed_view(scene, |view| view.teacher_layer = layer)).or(student)
}

/// A picture for each column, in rooms of `width` right of `left` points.
pub(super) fn pictures_ui(
    ui: &mut Ui,
    scene: &Scene,
    state: &mut UiState,
    columns: &[Column],
    (left, width): (f32, f32),
) {
    let most = ui.available_height().max(HEIGHT);
    ScrollArea::vertical().id_salt("attention side by side").auto_shrink(false).show(ui, |ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(left + width * columns.len() as f32, most), Sense::hover());
        let caption = scene.t(
            "Attention shows where a head reads from, one row per reading token. It does not show what the answer depends on: a strong cell may not matter, and a faint one may.",
        );
        let mut beside = ui.new_child(UiBuilder::new().max_rect(rect.with_max_x(rect.left() + left - 12.0)));
        beside.label(RichText::new(caption).small().weak());
        for (place, column) in columns.iter().enumerate() {
            let start = rect.left() + left + width * place as f32;
            let room = Rect::from_x_y_ranges(start + 6.0..=start + width - 6.0, rect.y_range());
            let mut ui = ui.new_child(UiBuilder::new().max_rect(room).id_salt(("attention of", column.slot)));
            ui.shrink_clip_rect(room);
            picture_ui(&mut ui, scene, state, column);
        }
    });
}

fn picture_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, column: &Column) {
    let Some((frame, number)) = column.view else {
        ui.weak("–");
        return;
    };
    let half = Half { slot: column.slot, title: column.shown(), color: column.color, frame, number, is_named: true };
    let mut enlarged = state.side_by_side.heads.get(&column.slot).copied();
    attention_map::model_ui(ui, &half, &mut enlarged, &state.attention, scene.look);
    match enlarged {
        Some(head) => drop(state.side_by_side.heads.insert(column.slot, head)),
        None => drop(state.side_by_side.heads.remove(&column.slot)),
    }
}
