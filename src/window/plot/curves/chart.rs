//! One chart: the curves of a group over the shared step axis.

use egui::{Color32, Rect, Stroke, Ui, Vec2b, pos2, vec2};
use egui_plot::{AxisHints, Line, LineStyle, Plot, PlotBounds, PlotPoints, PlotTransform, PlotUi, Points, VLine};

use super::span::{Gesture, Span, Window};
use super::strokes::{Scale, Strokes, extent};
use super::{Curve, MOST_SMOOTHING, Scene, hover, legend, ticks};
use crate::record::Bucket;
use crate::session::View;
use crate::window::theme::Palette;

/// Room for the tick labels, the same in every chart so that their steps line up.
const AXIS: f32 = 48.0;
/// Fewer points than this are measurements taken now and then: each gets a dot, none is smoothed.
const SPARSE: usize = 40;

/// A curve ready to be drawn.
struct Drawn<'a> {
    curve: &'a Curve<'a>,
    raw: Vec<Bucket>,
    /// The smoothed twin, where it says something the raw curve does not.
    smooth: Option<Vec<Bucket>>,
    /// Whether each point deserves a dot.
    dots: bool,
}

/// Draws head and chart in `height` points; returns where the curves are and what the hand asked for.
pub(super) fn chart_ui(
    ui: &mut Ui,
    scene: &Scene,
    group: &str,
    curves: &[Curve],
    view: &mut View,
    held: Option<Span>,
    height: f32,
) -> (Rect, Option<Gesture>) {
    let top = ui.cursor().top();
    let lit = legend::head_ui(ui, scene, group, curves, view);
    let height = (height - (ui.cursor().top() - top)).max(72.0);
    let scale = Scale::new(view.log_y);
    let width = (ui.available_width() - AXIS).max(1.0);
    let drawn: Vec<Drawn> =
        curves.iter().filter(|it| !it.hidden).map(|it| drawn(scene, it, view.smoothing, width)).collect();
    let window = Window { x: scene.x, y: held.unwrap_or_else(|| fitted(scene, &drawn, scale, view.robust_range)) };
    let lit = lit.and_then(|place| curves.get(place)).map(|curve| curve.id);
    let shown = plot(scene, group, height, width, scale).show(ui, |plot| {
        plot.set_plot_bounds(PlotBounds::from_min_max([window.x.from, window.y.from], [window.x.to, window.y.to]));
        add_marks(plot, scene);
        drawn.iter().for_each(|it| add_curve(plot, it, scale, lit.is_some_and(|lit| lit != it.curve.id)));
    });
    let area = *shown.transform.frame();
    overlay(ui, scene, &shown.transform, &drawn, scale);
    let visible: Vec<&Curve> = drawn.iter().map(|it| it.curve).collect();
    hover::readout(ui, scene, &shown.response, &shown.transform, &visible, scale);
    (area, window.gesture(ui, &shown.response, area, held.is_some()))
}

/// The bare plot: every gesture is ours, so that all charts share one step axis and new points
/// never move what a hand has placed.
fn plot<'a>(scene: &Scene, group: &str, height: f32, width: f32, scale: Scale) -> Plot<'a> {
    let palette = scene.look.palette();
    let rows = f64::from(height / 28.0).max(2.0);
    let columns = f64::from(width / 90.0).max(2.0);
    let y_axis = AxisHints::new_y().min_thickness(AXIS).tick_label_color(palette.text_weak).label_spacing(8.0..=12.0);
    let y_axis = y_axis.tick_label_font(egui::FontId::proportional(10.5)).formatter(move |mark, _| match scale {
        Scale::Linear => ticks::label(mark),
        Scale::Logarithmic => ticks::label_logarithmic(mark),
    });
    let span = |bounds: (f64, f64)| Span { from: bounds.0, to: bounds.1 };
    Plot::new(("chart", group))
        .height(height)
        .show_background(false)
        .show_axes(Vec2b::new(false, true))
        .custom_y_axes(vec![y_axis])
        .x_grid_spacer(move |input| ticks::steps(span(input.bounds), columns))
        .y_grid_spacer(move |input| match scale {
            Scale::Linear => ticks::linear(span(input.bounds), rows),
            Scale::Logarithmic => ticks::logarithmic(span(input.bounds), rows),
        })
        .grid_color(palette.grid)
        .grid_fade(0.0)
        .grid_spacing(2.0..=4.0)
        .show_x(false)
        .show_y(false)
        .show_crosshair(false)
        .cursor_color(Color32::TRANSPARENT)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
}

fn drawn<'a>(scene: &Scene, curve: &'a Curve<'a>, smoothing: f64, width: f32) -> Drawn<'a> {
    let Span { from, to } = scene.x;
    // The plot library merges what shares a pixel; a pyramid level this fine leaves it that choice.
    let raw = curve.series.visible(from, to, 2 * width as usize);
    let first = curve.series.values().first();
    let is_constant = || raw.iter().all(|bucket| Some(&bucket.min) == first && Some(&bucket.max) == first);
    let weight = if smoothing.is_finite() { smoothing.clamp(0.0, MOST_SMOOTHING) } else { 0.0 };
    let sparse = curve.series.len() < SPARSE;
    let smooth = (weight > 0.0 && !sparse && !is_constant())
        .then(|| scene.smoothed.lock().twin(curve.id, curve.series, weight).visible(from, to, 2 * width as usize));
    Drawn { curve, raw, smooth, dots: sparse && curve.series.len() > 1 }
}

/// The values that show every curve: the union of their extents.
fn fitted(scene: &Scene, drawn: &[Drawn], scale: Scale, robust: bool) -> Span {
    let extents = drawn.iter().filter_map(|it| extent(it.curve.series, scene.x, &it.raw, scale, robust && !it.dots));
    let whole = extents.reduce(Span::union).unwrap_or(Span { from: 0.0, to: 1.0 });
    whole.with_margin(if robust { 0.12 } else { 0.06 })
}

/// An upright line at every knob change; many changes in one pixel are one line.
fn add_marks(plot: &mut PlotUi, scene: &Scene) {
    let palette = scene.look.palette();
    let pixel = scene.x.length() / f64::from(plot.transform().frame().width().max(1.0));
    let mut last = f64::NEG_INFINITY;
    for mark in scene.record.marks.iter().filter(|mark| scene.x.contains(mark.step as f64)) {
        let step = mark.step as f64;
        if step - last < pixel {
            continue;
        }
        last = step;
        let hot = scene.hot.is_some_and(|hot| hot.contains(step));
        let color = palette.knob(&mark.change.knob).gamma_multiply(if hot { 1.0 } else { 0.45 });
        plot.vline(VLine::new("", step).stroke(Stroke::new(if hot { 1.5 } else { 1.0 }, color)).allow_hover(false));
    }
}

fn add_curve(plot: &mut PlotUi, drawn: &Drawn, scale: Scale, dimmed: bool) {
    let color = drawn.curve.color.gamma_multiply(if dimmed { 0.18 } else { 1.0 });
    let style = if drawn.curve.is_reference { LineStyle::dashed_dense() } else { LineStyle::Solid };
    let raw = Strokes::of(&drawn.raw, scale);
    if let Some(smooth) = &drawn.smooth {
        add_lines(plot, raw.lines, Stroke::new(1.0, color.gamma_multiply(0.28)), LineStyle::Solid, true);
        add_lines(plot, Strokes::of(smooth, scale).lines, Stroke::new(1.5, color), style, false);
        return;
    }
    if drawn.dots {
        let points = PlotPoints::from(raw.lines.concat());
        plot.points(Points::new("", points).color(color).radius(2.5).allow_hover(false));
    }
    add_lines(plot, raw.lines, Stroke::new(1.25, color), style, false);
}

/// A `band` merges what shares a pixel into one filled shape: cheap, but coarse where the points are
/// about a pixel apart, so the curve that is read goes without.
fn add_lines(plot: &mut PlotUi, lines: Vec<Vec<[f64; 2]>>, stroke: Stroke, style: LineStyle, band: bool) {
    for line in lines {
        if line.len() == 1 {
            plot.points(Points::new("", line).color(stroke.color).radius(stroke.width).allow_hover(false));
        } else {
            plot.line(Line::new("", line).stroke(stroke).style(style).allow_band(band).allow_hover(false));
        }
    }
}

/// What lies over the curves: the frame, gaps, the shared cursor.
fn overlay(ui: &Ui, scene: &Scene, transform: &PlotTransform, drawn: &[Drawn], scale: Scale) {
    let palette = scene.look.palette();
    let area = *transform.frame();
    let painter = ui.painter().with_clip_rect(area.expand(1.0).intersect(ui.clip_rect()));
    painter.hline(area.x_range(), area.bottom(), scene.look.hairline());
    painter.vline(area.left(), area.y_range(), scene.look.hairline());
    if let Some(step) = scene.cursor {
        let x = transform.position_from_point_x(step);
        painter.vline(x, area.y_range(), Stroke::new(1.0, palette.text_weak.gamma_multiply(0.6)));
    }
    for it in drawn {
        for step in Strokes::of(&it.raw, scale).broken {
            gap(&painter, transform.position_from_point_x(step), area, palette);
        }
    }
}

/// A small cross on the upper edge: here a value was no number.
fn gap(painter: &egui::Painter, x: f32, area: Rect, palette: &Palette) {
    let center = pos2(x, area.top() + 6.0);
    let stroke = Stroke::new(1.5, palette.bad);
    painter.line_segment([center - vec2(3.0, 3.0), center + vec2(3.0, 3.0)], stroke);
    painter.line_segment([center + vec2(-3.0, 3.0), center + vec2(3.0, -3.0)], stroke);
}
