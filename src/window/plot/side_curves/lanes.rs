//! The knob changes of every side under the chart, a lane each, on the axis of the chart.

use egui::{Align2, Rect, RichText, Role, Sense, Shape, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2};
use egui_plot::PlotTransform;

use super::{DrawnSide, SideChart, color, letter};
use crate::record::compare::side_marks::SideMark;
use crate::window::plot::curves::knob_name;
use crate::window::plot::{figures::short, readout_ui};

/// Height of a lane.
const LANE: f32 = 14.0;
/// Half a diamond's diagonal.
const DIAMOND: f32 = 4.5;
/// Changes nearer than this share one readout.
const TOGETHER: f32 = 7.0;
/// Most lines of a readout.
const LINES: usize = 6;

/// The room that lanes take; none where no knob was turned.
pub(super) fn height(chart: &SideChart) -> f32 {
    let turned = chart.sides.iter().any(|side| !side.marks.is_empty());
    if turned { LANE * chart.sides.len() as f32 } else { 0.0 }
}

/// Draws a lane a side.
pub(super) fn lanes_ui(ui: &mut Ui, chart: &SideChart, transform: &PlotTransform) {
    let height = height(chart);
    if height == 0.0 {
        return;
    }
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let inside = Rect::from_x_y_ranges(transform.frame().x_range(), rect.y_range());
    for (place, side) in chart.sides.iter().enumerate() {
        lane_ui(ui, chart, side, transform, inside, rect.top() + (place as f32 + 0.5) * LANE);
    }
}

fn lane_ui(ui: &Ui, chart: &SideChart, side: &DrawnSide, transform: &PlotTransform, inside: Rect, middle: f32) {
    let palette = chart.look.palette();
    ui.painter().hline(inside.x_range(), middle, Stroke::new(1.0, palette.grid));
    let font = TextStyle::Small.resolve(ui.style());
    let name = pos2(inside.left() - 8.0, middle);
    ui.painter().text(name, Align2::RIGHT_CENTER, letter(side.place), font, color(chart.look, side.place));
    let at = |mark: &SideMark| transform.position_from_point_x(mark.step as f64 * side.on.per_step);
    let mut bunches: Vec<Vec<&SideMark>> = Vec::new();
    for mark in side.marks.iter().filter(|mark| inside.x_range().contains(at(mark))) {
        match bunches.last_mut().filter(|bunch| bunch.first().is_some_and(|first| at(mark) - at(first) < TOGETHER)) {
            Some(bunch) => bunch.push(mark),
            None => bunches.push(vec![mark]),
        }
    }
    bunches.iter().for_each(|bunch| bunch_ui(ui, chart, side, bunch, &at, middle));
}

fn bunch_ui(
    ui: &Ui,
    chart: &SideChart,
    side: &DrawnSide,
    bunch: &[&SideMark],
    at: &impl Fn(&SideMark) -> f32,
    middle: f32,
) {
    let (Some(first), Some(last)) = (bunch.first(), bunch.last()) else { return };
    let palette = chart.look.palette();
    let x = at(first) - DIAMOND..=at(last) + DIAMOND;
    let rect = Rect::from_x_y_ranges(x, middle - DIAMOND..=middle + DIAMOND);
    let id = ui.scope_id().with(("knob change of a side", side.place, first.step));
    let response = ui.interact(rect.expand2(vec2(2.0, 1.0)), id, Sense::hover());
    let size = if response.hovered() { DIAMOND + 1.0 } else { DIAMOND };
    for mark in bunch {
        let corners = [vec2(0.0, -size), vec2(size, 0.0), vec2(0.0, size), vec2(-size, 0.0)];
        let corners = corners.map(|corner| pos2(at(mark), middle) + corner).to_vec();
        ui.painter().add(Shape::convex_polygon(
            corners,
            palette.knob(&mark.knob),
            Stroke::new(1.0, palette.background),
        ));
    }
    let lines: Vec<String> = bunch.iter().rev().take(LINES).map(|mark| sentence(chart, side, mark)).collect();
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, lines.join("\n")));
    readout_if_hovered(&response, chart, bunch, &lines);
}

fn readout_if_hovered(response: &egui::Response, chart: &SideChart, bunch: &[&SideMark], lines: &[String]) {
    if !response.hovered() {
        return;
    }
    let palette = chart.look.palette();
    readout_ui(response, |ui| {
        for (line, mark) in lines.iter().zip(bunch.iter().rev()) {
            ui.label(RichText::new(line).color(palette.knob(&mark.knob)));
        }
        if bunch.len() > LINES {
            let more = format!("+ {} {}", bunch.len() - LINES, chart.look.t("more"));
            ui.label(RichText::new(more).small().color(palette.text_weak));
        }
    });
}

/// A change in words: `A · temperature 2 → 4 · step 400`, and in how many runs of the side, where not in all.
fn sentence(chart: &SideChart, side: &DrawnSide, mark: &SideMark) -> String {
    let knob = knob_name(&mark.knob, chart.look);
    let all = side.on.curve.n;
    let runs = if mark.runs < all { format!(" · n {}/{all}", mark.runs) } else { String::new() };
    let (from, to) = (short(mark.from), short(mark.to));
    format!("{} · {knob} {from} → {to} · {} {}{runs}", letter(side.place), chart.look.t("step"), mark.step)
}
