//! One chart: the curves of a group over the shared step axis.

use egui::{Color32, FontId, Painter, Rect, Stroke, Ui, Vec2b};
use egui_plot::{AxisHints, Plot, PlotBounds};

use super::paint::Screen;
use super::span::{Gesture, Span, Window};
use super::strokes::{Scale, Strokes, columns, wanted};
use super::{Curve, MOST_SMOOTHING, Scene, hover, legend, ticks};
use crate::session::View;

/// Room for the tick labels, the same in every chart so that their steps line up.
const AXIS: f32 = 48.0;
/// Fewer points than this are measurements taken now and then: each gets a dot, none is smoothed.
const SPARSE: usize = 40;
/// Points per column from which a curve is drawn as the area between its extremes: there it looks
/// the same and costs half.
const DENSE: usize = 4;

/// By how much a measure is drawn wider than the one over it: where several coincide, all are still seen.
const WIDER: f32 = 1.2;

/// A curve ready to be drawn.
struct Drawn<'a> {
    curve: &'a Curve<'a>,
    raw: Strokes,
    /// The smoothed twin, where it says something the raw curve does not.
    smooth: Option<Strokes>,
    /// Whether each point deserves a dot.
    dots: bool,
    /// Whether columns hold so many points that a line through them would only fill an area.
    dense: bool,
}

/// What became of a chart.
pub(super) struct Shown {
    /// Where its curves are.
    pub(super) area: Rect,
    /// What the hand asked for.
    pub(super) gesture: Option<Gesture>,
    /// What is read under the pointer.
    pub(super) read: Option<hover::Read>,
}

/// Draws head and chart in `height` points.
pub(super) fn chart_ui(
    ui: &mut Ui,
    scene: &Scene,
    group: &str,
    curves: &[Curve],
    view: &mut View,
    held: Option<Span>,
    height: f32,
) -> Shown {
    let top = ui.cursor().top();
    let lit = legend::head_ui(ui, scene, group, curves, view);
    let height = (height - (ui.cursor().top() - top)).max(72.0);
    let scale = Scale::new(view.log_y);
    let width = (ui.available_width() - AXIS).max(1.0);
    let shown = curves.iter().filter(|curve| !curve.hidden);
    let drawn: Vec<Drawn> = shown.map(|curve| drawn(scene, curve, view.smoothing, width, scale)).collect();
    let window = Window { x: scene.x, y: held.unwrap_or_else(|| fitted(&drawn, view.robust_range)) };
    let plot = plot(scene, group, height, width, scale).show(ui, |plot| {
        plot.set_plot_bounds(PlotBounds::from_min_max([window.x.from, window.y.from], [window.x.to, window.y.to]));
    });
    let area = *plot.transform.frame();
    let screen = Screen { transform: &plot.transform, scale };
    let painter = ui.painter().with_clip_rect(area.expand(1.0).intersect(ui.clip_rect()));
    let lit = lit.and_then(|place| curves.get(place)).map(|curve| curve.id);
    marks(&painter, scene, &screen);
    let behind = drawn.len();
    for (place, it) in drawn.iter().enumerate() {
        let wider = if it.dots && group == "measure" { WIDER * (behind - 1 - place) as f32 } else { 0.0 };
        paint(&painter, &screen, it, wider, lit.is_some_and(|lit| lit != it.curve.id), scene);
    }
    frame(&painter, scene, &screen);
    let visible: Vec<&Curve> = drawn.iter().map(|it| it.curve).collect();
    let read = hover::readout(ui, scene, &plot.response, &screen, &visible);
    Shown { area, gesture: window.gesture(ui, &plot.response, area, held.is_some()), read }
}

/// The bare plot: every gesture is ours, so that all charts share one step axis and new points
/// never move what a hand has placed.
fn plot<'a>(scene: &Scene, group: &str, height: f32, width: f32, scale: Scale) -> Plot<'a> {
    let palette = scene.look.palette();
    let rows = f64::from(height / 28.0).max(2.0);
    let columns = f64::from(width / 90.0).max(2.0);
    let y_axis = AxisHints::new_y().min_thickness(AXIS).tick_label_color(palette.text_weak).label_spacing(4.0..=6.0);
    let y_axis = y_axis.tick_label_font(FontId::proportional(10.5)).formatter(move |mark, _| match scale {
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

fn drawn<'a>(scene: &Scene, curve: &'a Curve<'a>, smoothing: f64, width: f32, scale: Scale) -> Drawn<'a> {
    let Span { from, to } = scene.x;
    let buckets = columns(curve.series.visible(from, to, wanted(width)), scene.x, width);
    let first = buckets.first().map(|bucket| bucket.min);
    let is_constant = || buckets.iter().all(|bucket| Some(bucket.min) == first && Some(bucket.max) == first);
    let weight = if smoothing.is_finite() { smoothing.clamp(0.0, MOST_SMOOTHING) } else { 0.0 };
    let sparse = curve.series.len() < SPARSE;
    let smooth = (weight > 0.0 && !sparse && !is_constant()).then(|| {
        let twin = scene.smoothed.lock().twin(curve.id, curve.series, weight).visible(from, to, wanted(width));
        Strokes::of(&columns(twin, scene.x, width), scale)
    });
    let dense = curve.series.places(from, to).len() >= DENSE * buckets.len();
    Drawn { curve, raw: Strokes::of(&buckets, scale), smooth, dots: sparse && curve.series.len() > 1, dense }
}

/// The values that show every curve: the union of their extents.
fn fitted(drawn: &[Drawn], robust: bool) -> Span {
    let extents = drawn.iter().filter_map(|it| it.raw.extent(robust && !it.dots));
    let whole = extents.reduce(Span::union).unwrap_or(Span { from: 0.0, to: 1.0 });
    whole.with_margin(if robust { 0.12 } else { 0.06 })
}

/// An upright line at every knob change; many changes in one pixel are one line.
fn marks(painter: &Painter, scene: &Scene, screen: &Screen) {
    let palette = scene.look.palette();
    let area = *screen.transform.frame();
    let mut last = f32::NEG_INFINITY;
    for mark in scene.record.marks.iter().filter(|mark| scene.x.contains(mark.step as f64)) {
        let x = screen.transform.position_from_point_x(mark.step as f64);
        if x - last < 1.0 {
            continue;
        }
        last = x;
        let hot = scene.hot.is_some_and(|hot| hot.contains(mark.step as f64));
        let color = palette.knob(&mark.change.knob).gamma_multiply(if hot { 1.0 } else { 0.45 });
        painter.vline(x, area.y_range(), Stroke::new(if hot { 1.5 } else { 1.0 }, color));
    }
}

fn paint(painter: &Painter, screen: &Screen, drawn: &Drawn, wider: f32, dimmed: bool, scene: &Scene) {
    let color = drawn.curve.color.gamma_multiply(if dimmed { 0.18 } else { 1.0 });
    let line = |strokes: &Strokes, width: f32| match (drawn.curve.is_reference, drawn.dense) {
        (false, true) => screen.band(painter, strokes, width, color),
        (dashed, _) => screen.line(painter, strokes, Stroke::new(width, color), dashed),
    };
    match &drawn.smooth {
        Some(smooth) => {
            screen.band(painter, &drawn.raw, 1.0, color.gamma_multiply(0.28));
            line(smooth, 1.5);
        }
        None => line(&drawn.raw, 1.25 + wider),
    }
    if drawn.dots {
        screen.dots(painter, &drawn.raw, 2.5 + 0.5 * wider, color);
    }
    screen.gaps(painter, &drawn.raw, scene.look.palette());
}

/// What lies over the curves: the chart's edges and the shared cursor.
fn frame(painter: &Painter, scene: &Scene, screen: &Screen) {
    let area = *screen.transform.frame();
    painter.hline(area.x_range(), area.bottom(), scene.look.hairline());
    painter.vline(area.left(), area.y_range(), scene.look.hairline());
    if let Some(step) = scene.cursor {
        let color = scene.look.palette().text_weak.gamma_multiply(0.6);
        painter.vline(screen.transform.position_from_point_x(step), area.y_range(), Stroke::new(1.0, color));
    }
}
