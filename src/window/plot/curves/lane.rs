//! The step axis of all charts, and below it the lane of knob changes: one diamond per change,
//! filled where a hand made it, hollow where the session's script did.

use egui::accesskit::Role;
use egui::{Align2, Painter, Rect, RichText, Sense, Shape, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2};

use super::span::Span;
use super::{Scene, names, ticks};
use crate::link::Origin;
use crate::record::Mark;
use crate::window::plot::{figures::short, readout_ui};

/// Height of axis and lane.
pub(super) const HEIGHT: f32 = 40.0;
const AXIS: f32 = 17.0;
/// Half a diamond's diagonal.
const DIAMOND: f32 = 5.0;
/// Changes nearer than this share one readout.
const TOGETHER: f32 = 7.0;
/// Most lines of a readout.
const LINES: usize = 6;

/// Draws axis and lane below the charts; returns the steps of the changes under the pointer.
pub(super) fn lane_ui(ui: &mut Ui, scene: &Scene, area: Option<Rect>) -> Option<Span> {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    let columns = area.map_or(rect.x_range(), |area| area.x_range());
    let inside = Rect::from_x_y_ranges(columns, rect.y_range());
    axis(ui, scene, inside);
    let middle = rect.top() + AXIS + 0.5 * (HEIGHT - AXIS);
    let palette = scene.look.palette();
    let font = TextStyle::Small.resolve(ui.style());
    let name = pos2(inside.left() - 8.0, middle);
    ui.painter().text(name, Align2::RIGHT_CENTER, scene.look.t("knobs"), font.clone(), palette.text_weak);
    ui.painter().hline(inside.x_range(), middle, Stroke::new(1.0, palette.grid));
    if scene.record.marks.is_empty() {
        let hint = scene.look.t("every knob you turn during the run leaves a mark here");
        ui.painter().text(pos2(inside.center().x, middle), Align2::CENTER_CENTER, hint, font, palette.text_weak);
    }
    let bunches = bunches(scene, inside);
    bunches.iter().fold(None, |hot, bunch| bunch_ui(ui, scene, bunch, inside, middle).or(hot))
}

fn axis(ui: &Ui, scene: &Scene, inside: Rect) {
    let palette = scene.look.palette();
    let font = TextStyle::Small.resolve(ui.style());
    let marks = ticks::steps(scene.x, f64::from(inside.width() / 90.0).max(2.0));
    // A label at the edge stands whole inside of it: cut, 1500 would read 150.
    let edge = ui.clip_rect().right() - 2.0;
    let label = |at: f32, text: String, color| {
        let galley = ui.painter().layout_no_wrap(text, font.clone(), color);
        let left = (at - 0.5 * galley.size().x).min(edge - galley.size().x);
        let rect = Align2::LEFT_TOP.anchor_size(pos2(left, inside.top() + 1.0), galley.size());
        ui.painter().galley(rect.min, galley, color);
        rect
    };
    for mark in marks {
        label(x(scene, inside, mark.value), ticks::label(mark), palette.text_weak);
    }
    let unit = pos2(inside.left() - 8.0, inside.top() + 1.0);
    ui.painter().text(unit, Align2::RIGHT_TOP, scene.look.t("step"), font.clone(), palette.text_weak);
    if let Some(step) = scene.cursor.filter(|step| scene.x.contains(*step)) {
        let at = x(scene, inside, step);
        let text = format!("{:.0}", step.round().max(0.0));
        let behind = ui.painter().add(Shape::Noop);
        let rect = label(at, text, palette.text_strong);
        ui.painter().set(behind, Shape::rect_filled(rect.expand2(vec2(4.0, 1.0)), 3, palette.button_hovered));
    }
}

fn x(scene: &Scene, inside: Rect, step: f64) -> f32 {
    inside.left() + inside.width() * ((step - scene.x.from) / scene.x.length()) as f32
}

/// Changes that lie together on screen.
struct Bunch<'a> {
    marks: Vec<&'a Mark>,
    left: f32,
    right: f32,
}

fn bunches<'a>(scene: &Scene<'a>, inside: Rect) -> Vec<Bunch<'a>> {
    let mut bunches: Vec<Bunch> = Vec::new();
    for mark in scene.record.marks.iter().filter(|mark| scene.x.contains(mark.step as f64)) {
        let x = x(scene, inside, mark.step as f64);
        match bunches.last_mut().filter(|bunch| x - bunch.left < TOGETHER) {
            Some(bunch) => {
                bunch.right = x;
                bunch.marks.push(mark);
            }
            None => bunches.push(Bunch { marks: vec![mark], left: x, right: x }),
        }
    }
    bunches
}

/// The diamonds of a bunch; returns its steps while the pointer is over it.
fn bunch_ui(ui: &Ui, scene: &Scene, bunch: &Bunch, inside: Rect, middle: f32) -> Option<Span> {
    let palette = scene.look.palette();
    let (first, last) = (bunch.marks.first()?, bunch.marks.last()?);
    let rect = Rect::from_x_y_ranges(bunch.left - DIAMOND..=bunch.right + DIAMOND, middle - DIAMOND..=middle + DIAMOND);
    let response = ui.interact(rect.expand(2.0), ui.scope_id().with(("knob change", first.step)), Sense::hover());
    let size = if response.hovered() { DIAMOND + 1.5 } else { DIAMOND };
    for mark in &bunch.marks {
        let center = pos2(x(scene, inside, mark.step as f64), middle);
        diamond(ui.painter(), center, size, palette.knob(&mark.change.knob), mark.origin, palette.background);
    }
    let lines: Vec<String> = bunch.marks.iter().rev().take(LINES).map(|mark| sentence(scene, mark)).collect();
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, lines.join("\n")));
    if !response.hovered() {
        return None;
    }
    readout_ui(&response, |ui| {
        for (line, mark) in lines.iter().zip(bunch.marks.iter().rev()) {
            ui.label(RichText::new(line).color(palette.knob(&mark.change.knob)));
        }
        if bunch.marks.len() > LINES {
            let more = format!("+ {} {}", bunch.marks.len() - LINES, scene.look.t("more"));
            ui.label(RichText::new(more).small().color(palette.text_weak));
        }
    });
    Some(Span { from: first.step as f64, to: last.step as f64 })
}

fn diamond(
    painter: &Painter,
    center: egui::Pos2,
    size: f32,
    color: egui::Color32,
    origin: Origin,
    background: egui::Color32,
) {
    let corners = [vec2(0.0, -size), vec2(size, 0.0), vec2(0.0, size), vec2(-size, 0.0)];
    let corners = corners.map(|corner| center + corner).to_vec();
    let (fill, stroke) = match origin {
        Origin::Person => (color, Stroke::new(1.0, background)),
        Origin::Script => (background, Stroke::new(1.5, color)),
    };
    painter.add(Shape::convex_polygon(corners, fill, stroke));
}

/// A change in words: `temperature 2 → 4 · step 400`.
fn sentence(scene: &Scene, mark: &Mark) -> String {
    let change = &mark.change;
    let knob = names::knob(&change.knob, scene.look);
    format!("{knob} {} → {} · {} {}", short(change.from), short(change.to), scene.look.t("step"), mark.step)
}
