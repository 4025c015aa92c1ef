//! The curves of several sides in one chart: colour and dash tell them apart, of several seeds a band of one standard
//! deviation lies around the mean. They stand as they are, or as their differences from one of them; the pointer reads
//! all of them at one place, and under the chart a lane a side bears its knob changes.
//!
//! The plot library draws grid and axes; the curves are merged to columns of a few pixels first, so that their cost
//! goes by the width of the chart.

mod columns;
mod dash;
mod lanes;
mod readout;
mod side_legend;

pub use side_legend::legend_ui;

use egui::{Color32, FontId, Painter, Rect, Role, Shape, Stroke, Ui, WidgetInfo, pos2};
use egui_plot::{GridMark, Plot, PlotTransform};
use serde::{Deserialize, Serialize};

use super::figures::short;
use crate::link::SeriesId;
use crate::record::compare::curve_difference::{AxisPoint, OnAxis};
use crate::record::compare::side_axes::CurveAxis;
use crate::record::compare::side_marks::SideMark;
use crate::record::run_table::value_axis::{powers_of_ten, round_numbers};
use crate::window::theme::Look;
use columns::{Column, columns};

/// Most sides that can be told apart: each has a pair of colour and dash of its own.
pub const MOST: usize = 12;
/// What sides are called.
const LETTERS: [&str; MOST] = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L"];
/// How much of its colour a band has.
const BAND: f32 = 0.16;
/// The chart is never lower, points.
const LEAST: f32 = 110.0;
/// Width of a curve, points.
const WIDTH: f32 = 1.6;

/// What the side at a place is called.
pub fn letter(place: usize) -> &'static str {
    LETTERS.get(place).copied().unwrap_or("·")
}

/// The colour of a side.
pub fn color(look: Look, side: usize) -> Color32 {
    look.palette().curve(side)
}

/// A side in the chart.
#[derive(Clone, Debug)]
pub struct DrawnSide<'a> {
    /// Its place among all sides: its letter, colour and dash go by that.
    pub place: usize,
    /// What it is called.
    pub name: String,
    /// Its curve.
    pub on: OnAxis<'a>,
    /// Its knob changes, steps ascending.
    pub marks: &'a [SideMark],
}

/// A line at a value that was typed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// The value.
    pub value: f64,
    /// What stands at it.
    pub label: String,
}

/// What is drawn.
pub struct SideChart<'a> {
    /// Colours and language.
    pub look: Look,
    /// Which curve.
    pub id: &'a SeriesId,
    /// Over what.
    pub axis: CurveAxis,
    /// Of whom.
    pub sides: &'a [DrawnSide<'a>],
    /// The place of the side that the others are measured against.
    pub baseline: Option<usize>,
    /// Whether the curves are differences from it.
    pub differences: bool,
    /// Whether values stand by their logarithms; differences never do.
    pub logarithmic: bool,
    /// Lines at typed values; none among differences.
    pub references: &'a [Reference],
}

/// A curve as drawn.
struct Drawn<'a> {
    side: &'a DrawnSide<'a>,
    points: Vec<AxisPoint>,
}

impl SideChart<'_> {
    fn against(&self) -> Option<&DrawnSide<'_>> {
        self.sides.iter().find(|side| Some(side.place) == self.baseline)
    }

    fn is_logarithmic(&self) -> bool {
        self.logarithmic && !self.shows_differences()
    }

    fn shows_differences(&self) -> bool {
        self.differences && self.against().is_some()
    }

    /// Where a value stands; `None` where it has no place.
    fn place(&self, value: f64) -> Option<f64> {
        match self.is_logarithmic() {
            true => (value > 0.0).then(|| value.log10()),
            false => Some(value),
        }
    }

    /// Lower and upper edge of the band around a point.
    fn edges(&self, point: &AxisPoint) -> (f64, f64) {
        let low = point.mean - point.sd;
        // Where the logarithm of the lower edge has no place, the band ends at a twentieth of the mean.
        (if self.is_logarithmic() { low.max(0.05 * point.mean) } else { low }, point.mean + point.sd)
    }

    fn drawn(&self) -> Vec<Drawn<'_>> {
        let baseline = self.against().filter(|_| self.differences).map(|side| side.on);
        let points = |side: &DrawnSide| match &baseline {
            Some(baseline) => side.on.less(baseline),
            None => side.on.points().collect(),
        };
        self.sides.iter().map(|side| Drawn { side, points: points(side) }).collect()
    }
}

/// Draws chart and lanes into the room there is.
pub fn side_curves_ui(ui: &mut Ui, chart: &SideChart) {
    let drawn = chart.drawn();
    let lanes = lanes::height(chart);
    let height = (ui.available_height() - lanes - ui.spacing().item_spacing.y).max(LEAST);
    let shown = plot(chart, &drawn, height).show(ui, |_| ());
    let name = chart.look.t("Curves of the sides");
    shown.response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    let (transform, frame) = (shown.transform, *shown.transform.frame());
    let painter = ui.painter().with_clip_rect(frame.intersect(ui.clip_rect()));
    levels(&painter, chart, &transform, frame);
    let columns: Vec<Vec<Vec<Column>>> = drawn.iter().map(|it| merged(chart, &transform, it)).collect();
    for (it, runs) in drawn.iter().zip(&columns).filter(|(it, _)| it.side.on.curve.n > 1) {
        band(&painter, chart, it, runs);
    }
    drawn.iter().zip(&columns).for_each(|(it, runs)| line(&painter, chart, it, runs));
    words(&painter, chart, frame, without_place(chart, &drawn));
    lanes::lanes_ui(ui, chart, &transform);
    readout::readout(ui, chart, &drawn, &shown.response, &transform);
}

fn plot<'a>(chart: &SideChart, drawn: &[Drawn], height: f32) -> Plot<'a> {
    let logarithmic = chart.is_logarithmic();
    let id = ("curves of sides", chart.id.to_string(), chart.axis, chart.shows_differences(), logarithmic);
    let mut plot = Plot::new(id)
        .height(height)
        .show_background(false)
        .grid_color(chart.look.palette().grid)
        .grid_fade(0.0)
        .x_grid_spacer(|input| grid(round_numbers(input.bounds.0, input.bounds.1, 8)))
        .y_grid_spacer(move |input| match logarithmic {
            true => {
                let (low, high) = (10f64.powf(input.bounds.0), 10f64.powf(input.bounds.1));
                grid(powers_of_ten(low, high, 6).into_iter().map(f64::log10).collect())
            }
            false => grid(round_numbers(input.bounds.0, input.bounds.1, 6)),
        })
        .show_x(false)
        .show_y(false)
        .y_axis_min_width(44.0)
        .y_axis_formatter(move |mark, _| short(if logarithmic { 10f64.powf(mark.value) } else { mark.value }));
    // Fitted to all there is until a hand pans or zooms; a double click fits again.
    if let Some([low, high]) = extent(chart, drawn) {
        plot = plot.include_x(low[0]).include_x(high[0]).include_y(low[1]).include_y(high[1]);
    }
    plot
}

/// Marks at these places, each with the room that it has.
fn grid(places: Vec<f64>) -> Vec<GridMark> {
    let room = places.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    let step_size = if room.is_finite() { room } else { 1.0 };
    places.into_iter().filter(|value| value.is_finite()).map(|value| GridMark { value, step_size }).collect()
}

/// The corners of the room that all curves and their bands take.
fn extent(chart: &SideChart, drawn: &[Drawn]) -> Option<[[f64; 2]; 2]> {
    let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
    for point in drawn.iter().flat_map(|it| &it.points) {
        let (lower, upper) = chart.edges(point);
        for place in [lower, upper].into_iter().filter_map(|value| chart.place(value)).filter(|place| place.is_finite())
        {
            low = [low[0].min(point.x), low[1].min(place)];
            high = [high[0].max(point.x), high[1].max(place)];
        }
    }
    // A line is typed to be seen.
    let lines = chart.references.iter().filter(|_| !chart.shows_differences());
    for place in lines.filter_map(|line| chart.place(line.value)) {
        (low[1], high[1]) = (low[1].min(place), high[1].max(place));
    }
    (low[0] <= high[0]).then_some([low, high])
}

/// Zero among differences, and the lines at typed values.
fn levels(painter: &Painter, chart: &SideChart, transform: &PlotTransform, frame: Rect) {
    let palette = chart.look.palette();
    if chart.shows_differences() {
        let y = transform.position_from_point_y(0.0);
        painter.hline(frame.x_range(), y, Stroke::new(1.0, palette.text_weak));
        return;
    }
    for reference in chart.references {
        let Some(place) = chart.place(reference.value) else { continue };
        let y = transform.position_from_point_y(place);
        let ends = [pos2(frame.left(), y), pos2(frame.right(), y)];
        painter.extend(Shape::dashed_line(&ends, Stroke::new(1.2, palette.gold), 6.0, 4.0));
        let corner = pos2(frame.left() + 6.0, y - 2.0);
        let font = FontId::proportional(11.0);
        painter.text(corner, egui::Align2::LEFT_BOTTOM, &reference.label, font, palette.gold);
    }
}

fn merged(chart: &SideChart, transform: &PlotTransform, it: &Drawn) -> Vec<Vec<Column>> {
    let frame = transform.frame();
    let bounds = transform.bounds();
    let from = it.points.partition_point(|point| point.x < bounds.min()[0]).saturating_sub(1);
    let to = (it.points.partition_point(|point| point.x <= bounds.max()[0]) + 1).min(it.points.len());
    let y = |value: f64| chart.place(value).map(|place| transform.position_from_point_y(place));
    let column = |point: &AxisPoint| {
        let (low, high) = chart.edges(point);
        let (middle, low, high) = (y(point.mean)?, y(low)?, y(high)?);
        Some(Column { x: transform.position_from_point_x(point.x), top: middle, bottom: middle, band: (high, low) })
    };
    columns(it.points.get(from..to).unwrap_or_default().iter().map(column), frame.left())
}

fn band(painter: &Painter, chart: &SideChart, it: &Drawn, runs: &[Vec<Column>]) {
    let fill = color(chart.look, it.side.place).gamma_multiply(BAND);
    for run in runs {
        let point = |column: &Column| egui::epaint::BandPoint::new(column.x, column.band.0..=column.band.1);
        painter.add(Shape::from(egui::epaint::BandShape::filled(run.iter().map(point).collect(), fill)));
    }
}

fn line(painter: &Painter, chart: &SideChart, it: &Drawn, runs: &[Vec<Column>]) {
    let stroke = Stroke::new(WIDTH, color(chart.look, it.side.place));
    for run in runs {
        dash::line(painter, &columns::path(run), stroke, it.side.place);
        // Measurements taken now and then are seen as such.
        if it.points.len() <= 40 {
            for column in run {
                painter.circle_filled(pos2(column.x, column.top), 2.2, stroke.color);
            }
        }
    }
}

/// Points that a logarithmic axis has no place for.
fn without_place(chart: &SideChart, drawn: &[Drawn]) -> usize {
    drawn.iter().flat_map(|it| &it.points).filter(|point| chart.place(point.mean).is_none()).count()
}

/// What the axis counts, and what is not drawn on it.
fn words(painter: &Painter, chart: &SideChart, frame: Rect, without_place: usize) {
    let (palette, font) = (chart.look.palette(), FontId::proportional(11.0));
    let corner = frame.right_bottom() - egui::vec2(6.0, 4.0);
    let unit = unit(chart.axis, chart.look);
    painter.text(corner, egui::Align2::RIGHT_BOTTOM, unit, font.clone(), palette.text_weak);
    if without_place > 0 {
        let words = format!("{without_place} {}", chart.look.t("points of 0 and below have no place here"));
        let corner = frame.left_bottom() + egui::vec2(6.0, -4.0);
        painter.text(corner, egui::Align2::LEFT_BOTTOM, words, font, palette.warn);
    }
}

/// What an axis counts.
pub fn unit(axis: CurveAxis, look: Look) -> &'static str {
    match axis {
        CurveAxis::Step => look.t("step"),
        CurveAxis::Epoch => look.t("epoch"),
        CurveAxis::Examples => look.t("examples"),
        CurveAxis::Time => look.t("seconds"),
    }
}
