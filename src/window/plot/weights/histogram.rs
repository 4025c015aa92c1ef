//! The histogram and its θ line.

use egui::epaint::Mesh;
use egui::{
    Align2, Color32, CursorIcon, Id, Key, Rect, Response, Sense, Shape, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2,
};

use super::axis::Axis;
use crate::link::Histogram;
use crate::link::grouped;
use crate::window::plot::figures::{rounded, short};
use crate::window::plot::readout_ui;
use crate::window::theme::Look;

const HEIGHT: f32 = 150.0;
/// Room for the tick labels below and the handle above.
const BELOW: f32 = 18.0;
const ABOVE: f32 = 16.0;
/// How far from the line a hand may grab it.
const GRAB: f32 = 7.0;
/// What an arrow key multiplies θ by.
const NUDGE: f64 = 1.05;

/// The counts over the logarithm of r; returns the new θ while its line is dragged.
pub(super) fn histogram_ui(ui: &mut Ui, all: &Histogram, theta: f64, look: Look) -> Option<f64> {
    let size = vec2(ui.available_width().max(120.0), HEIGHT + BELOW + ABOVE);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let inside = Rect::from_min_max(rect.min + vec2(2.0, ABOVE), rect.max - vec2(2.0, BELOW));
    let axis = Axis { screen: inside.x_range() };
    let (line, moved) = line_ui(ui, response.id.with("theta"), inside, axis, theta);
    let theta = moved.unwrap_or(theta);
    paint_axis(ui, inside, axis, axis.x(theta), look);
    paint_counts(ui, inside, axis, all, theta, look);
    paint_line(ui, inside, axis.x(theta), &line, theta, look);
    let hovered = response.hover_pos().filter(|pos| inside.contains(*pos) && !line.hovered());
    if let Some(pos) = hovered {
        readout_ui(&response, |ui| bin_ui(ui, all, axis.r(pos.x), look));
    }
    moved
}

/// The θ line as something to grab; the arrow keys move it too.
fn line_ui(ui: &Ui, id: Id, inside: Rect, axis: Axis, theta: f64) -> (Response, Option<f64>) {
    let x = axis.x(theta);
    let grab = Rect::from_x_y_ranges(x - GRAB..=x + GRAB, inside.top() - ABOVE..=inside.bottom());
    let line = ui.interact(grab, id, Sense::click_and_drag()).on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal);
    line.widget_info(|| WidgetInfo::slider(true, theta, "θ"));
    let mut moved = line.interact_pointer_pos().filter(|_| line.dragged()).map(|pos| axis.r(pos.x));
    if line.has_focus() {
        let pressed = |key: Key| ui.input(|input| input.key_pressed(key));
        let from = theta.max(Histogram::edge(1));
        moved = moved.or(pressed(Key::ArrowRight).then(|| rounded(from * NUDGE)));
        moved = moved.or(pressed(Key::ArrowLeft).then(|| rounded(from / NUDGE)));
    }
    (line, moved.filter(|&new| new != theta))
}

fn paint_axis(ui: &Ui, inside: Rect, axis: Axis, line: f32, look: Look) {
    let palette = look.palette();
    let font = TextStyle::Small.resolve(ui.style());
    for r in Axis::ticks() {
        let x = axis.x(r);
        ui.painter().vline(x, inside.y_range(), Stroke::new(1.0, palette.grid));
        let align = match r {
            _ if x < inside.left() + 8.0 => Align2::LEFT_TOP,
            _ if x > inside.right() - 8.0 => Align2::RIGHT_TOP,
            _ => Align2::CENTER_TOP,
        };
        ui.painter().text(pos2(x, inside.bottom() + 3.0), align, short(r), font.clone(), palette.text_weak);
    }
    ui.painter().hline(inside.x_range(), inside.bottom(), look.hairline());
    let name = look.t("importance relative to the mean");
    // θ has its letter beside its line, which must not stand in the axis's name.
    let (x, align) =
        if line > inside.center().x { (inside.left(), Align2::LEFT_TOP) } else { (inside.right(), Align2::RIGHT_TOP) };
    ui.painter().text(pos2(x, inside.top() - ABOVE), align, name, font, palette.text_weak);
}

/// All bins as one mesh: what θ removes in one colour, what it keeps in the other.
fn paint_counts(ui: &Ui, inside: Rect, axis: Axis, all: &Histogram, theta: f64, look: Look) {
    let palette = look.palette();
    let most = all.counts.iter().copied().max().unwrap_or(0).max(1) as f32;
    let (split, mut mesh) = (axis.x(theta), Mesh::default());
    let mut bar = |left: f32, right: f32, top: f32, color: Color32| {
        if right > left {
            mesh.add_colored_rect(Rect::from_x_y_ranges(left..=right, top..=inside.bottom()), color);
        }
    };
    for (bin, &count) in all.counts.iter().enumerate().filter(|&(_, &count)| count > 0) {
        let (left, right) = (axis.x(Histogram::edge(bin)), axis.x(Histogram::edge(bin + 1)));
        let top = inside.bottom() - (inside.height() - 4.0) * count as f32 / most;
        bar(left, right.min(split), top, palette.bad);
        bar(left.max(split), right, top, palette.student);
    }
    ui.painter().add(Shape::mesh(mesh));
}

fn paint_line(ui: &Ui, inside: Rect, x: f32, line: &Response, theta: f64, look: Look) {
    let palette = look.palette();
    let width = if line.hovered() || line.dragged() || line.has_focus() { 2.0 } else { 1.0 };
    ui.painter().vline(x, inside.top() - 4.0..=inside.bottom(), Stroke::new(width, palette.text_strong));
    let handle =
        vec![pos2(x - 5.0, inside.top() - 9.0), pos2(x + 5.0, inside.top() - 9.0), pos2(x, inside.top() - 2.0)];
    ui.painter().add(Shape::convex_polygon(handle, palette.text_strong, Stroke::NONE));
    let (align, gap) = if x > inside.center().x { (Align2::RIGHT_TOP, -8.0) } else { (Align2::LEFT_TOP, 8.0) };
    let font = TextStyle::Small.resolve(ui.style());
    let text = format!("θ {}", short(theta));
    ui.painter().text(pos2(x + gap, inside.top() - 4.0), align, text, font, palette.text_strong);
}

fn bin_ui(ui: &mut Ui, all: &Histogram, r: f64, look: Look) {
    let bin = Histogram::bin(r);
    let count = all.counts.get(bin).copied().unwrap_or(0);
    let edges = format!("r {} – {}", short(Histogram::edge(bin)), short(Histogram::edge(bin + 1)));
    ui.label(edges);
    ui.label(format!("{} {}", grouped(count), look.t("weights")));
    ui.label(format!("{:.1} % {}", 100.0 * all.fraction_below(r), look.t("lie below")));
}
