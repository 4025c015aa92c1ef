//! The head of a chart: its name, and one entry per curve with its value under the cursor.

use egui::accesskit::Role;
use egui::{Response, Sense, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2};

use super::hover::words;
use super::{Curve, Scene, names};
use crate::session::View;
use crate::window::plot::figures::steady;

/// Draws the head; returns the place of the curve whose entry is under the pointer.
pub(super) fn head_ui(ui: &mut Ui, scene: &Scene, group: &str, curves: &[Curve], view: &mut View) -> Option<usize> {
    let mut hovered = None;
    ui.horizontal_wrapped(|ui| {
        // A chart of one curve's own is named by its only entry.
        if !group.contains('/') {
            ui.label(scene.look.title(names::name(group, scene.look)).size(12.0));
        }
        for (place, curve) in curves.iter().enumerate() {
            let entry = entry_ui(ui, scene, curve);
            if entry.hovered() && !curve.hidden {
                hovered = Some(place);
            }
            if entry.clicked() {
                let alone = ui.input(|input| input.modifiers.alt);
                if alone { isolate(view, curves, place) } else { toggle(view, curve) }
            }
        }
    });
    hovered
}

fn toggle(view: &mut View, curve: &Curve) {
    let before = view.hidden.len();
    view.hidden.retain(|hidden| **hidden != *curve.id.0);
    if view.hidden.len() == before {
        view.hidden.push(curve.id.to_string());
    }
}

/// Shows one curve of the chart alone, or all of them where it is alone already.
fn isolate(view: &mut View, curves: &[Curve], place: usize) {
    let alone = curves.iter().enumerate().all(|(i, curve)| curve.hidden == (i != place));
    view.hidden.retain(|hidden| !curves.iter().any(|curve| **hidden == *curve.id.0));
    if !alone {
        let others = curves.iter().enumerate().filter(|(i, _)| *i != place);
        view.hidden.extend(others.map(|(_, curve)| curve.id.to_string()));
    }
}

fn entry_ui(ui: &mut Ui, scene: &Scene, curve: &Curve) -> Response {
    let palette = scene.look.palette();
    let sample = curve.series.nearest(scene.cursor.unwrap_or(f64::INFINITY));
    let value = sample.map_or_else(String::new, |sample| words(&sample, steady));
    let small = TextStyle::Small.resolve(ui.style());
    let ink = if curve.hidden { palette.text_weak } else { palette.text };
    let name = ui.painter().layout_no_wrap(curve.name.clone(), small.clone(), ink);
    let value = ui.painter().layout_no_wrap(value, small, palette.text_weak);
    const SWATCH: f32 = 14.0;
    // Room for the widest value, or the entries behind would jump with every digit.
    let size = vec2(SWATCH + 5.0 + name.size().x + 5.0 + value.size().x.max(38.0), 18.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let middle = rect.center().y;
    let painter = ui.painter();
    if response.hovered() {
        painter.rect_filled(rect.expand2(vec2(3.0, 0.0)), 3, palette.button);
    }
    let width = if curve.hidden { 1.0 } else { 2.5 };
    let color = if curve.hidden { curve.color.gamma_multiply(0.4) } else { curve.color };
    painter.hline(rect.left()..=rect.left() + SWATCH, middle, Stroke::new(width, color));
    let left = rect.left() + SWATCH + 5.0;
    painter.galley(pos2(left, middle - 0.5 * name.size().y), name.clone(), ink);
    if curve.hidden {
        painter.hline(left..=left + name.size().x, middle, Stroke::new(1.0, ink));
    } else {
        painter.galley(pos2(left + name.size().x + 5.0, middle - 0.5 * value.size().y), value, palette.text_weak);
    }
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, !curve.hidden, &curve.name));
    response.on_hover_text(scene.look.t("Click hides or shows this curve, Alt+click shows it alone"))
}
