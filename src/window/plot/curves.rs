//! Every curve of the record: one chart per group, all on one step axis, with the lane of knob
//! changes below.
//!
//! The charts follow the run until a hand pans or zooms; new points never move what a hand has
//! placed, a double click lets go again. Cost follows pixels: curves come from their min/max
//! pyramids, smoothed twins grow point by point. Not here: computing measures, sending commands.

mod chart;
mod hover;
mod lane;
mod legend;
mod names;
mod paint;
mod smooth;
mod span;
mod strokes;
mod ticks;

pub use names::{knob as knob_name, of_series};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use egui::accesskit::Role;
use egui::mutex::Mutex;
use egui::{Id, Rect, RichText, ScrollArea, Slider, Ui, WidgetInfo};

use crate::link::{SeriesId, Step};
use crate::record::{RunRecord, Series};
use crate::session::View;
use crate::window::control::above;
use crate::window::raw_points::{RawPoints, Stretch};
use crate::window::theme::{GAP, GAP_GROUP, Look};
use smooth::Smoothed;
use span::{Gesture, Span};

/// Smallest height of a chart, points; with more charts than fit, they scroll.
const LEAST: f32 = 94.0;
/// Height where nothing bounds it.
const USUAL: f32 = 200.0;
/// Weight above which a smoothed curve would only be a line to its first point.
const MOST_SMOOTHING: f64 = 0.999;

/// What the hand holds, and what the last frame left behind.
#[derive(Clone, Default)]
struct Held {
    /// Steps on show; `None` follows the run.
    x: Option<Span>,
    /// Values on show, by group; a missing one fits itself.
    y: BTreeMap<String, Span>,
    /// Where each chart's curves were drawn.
    areas: Vec<Rect>,
    /// Steps whose mark is under the pointer.
    hot: Option<Span>,
    /// Step of the sample that is read under the pointer.
    read: Option<Step>,
    /// The first and the last step of those under the pointer of which no points are kept.
    past: Option<(Step, Step)>,
    smoothed: Arc<Mutex<Smoothed>>,
}

/// What all charts of a frame share.
struct Scene<'a> {
    record: &'a RunRecord,
    /// Steps on show.
    x: Span,
    /// Step under the pointer, whichever chart it is over.
    cursor: Option<f64>,
    hot: Option<Span>,
    smoothed: &'a Mutex<Smoothed>,
    /// Points that are not kept, where the pointer rests.
    raw: &'a RawPoints,
    look: Look,
}

/// One curve as drawn.
struct Curve<'a> {
    id: &'a SeriesId,
    series: &'a Series,
    name: String,
    color: egui::Color32,
    /// What the others are measured against, drawn dashed: a floor, not a result.
    is_reference: bool,
    hidden: bool,
}

/// The record's curves with the marks of every knob change.
pub fn curves_ui(ui: &mut Ui, record: &RunRecord, view: &mut View, look: Look) {
    curves_beside_ui(ui, record, view, look, &mut RawPoints::default(), |_| {});
}

/// The same, with `more` at the end of the row above them, and what was read of points long past. Gives the steps whose
/// points are to be read now, since the pointer rests over them and they are not kept.
pub fn curves_beside_ui(
    ui: &mut Ui,
    record: &RunRecord,
    view: &mut View,
    look: Look,
    raw: &mut RawPoints,
    more: impl FnOnce(&mut Ui),
) -> Option<Stretch> {
    if record.series.is_empty() {
        empty_ui(ui, look);
        return None;
    }
    let memory = Id::unique("curves");
    let mut held = ui.data(|data| data.get_temp::<Held>(memory)).unwrap_or_default();
    controls_ui(ui, view, &mut held, look, more);
    let x = held.x.unwrap_or_else(|| whole(record));
    let smoothed = Arc::clone(&held.smoothed);
    smoothed.lock().retain(&record.series);
    // On the sample that is read, if one is in reach: badge and readout name the same step.
    let cursor = cursor(ui, &held.areas, x).map(|step| held.read.map_or(step, |read| read as f64));
    let scene = Scene { record, x, cursor, hot: held.hot, smoothed: &smoothed, raw, look };
    charts_ui(ui, &scene, view, &mut held);
    let hot = lane::lane_ui(ui, &scene, held.areas.first().copied());
    if held.hot != hot {
        held.hot = hot;
        ui.ctx().request_repaint();
    }
    let past = held.past.zip(record.out.clone());
    ui.data_mut(|data| data.insert_temp(memory, held));
    raw.over(past.map(|((first, last), out)| Stretch { out, first, last }), ui.ctx())
}

fn empty_ui(ui: &mut Ui, look: Look) {
    ui.add_space(GAP_GROUP);
    ui.vertical_centered(|ui| {
        ui.label(RichText::new(look.t("No curves yet")).heading());
        let hint = look.t("Start the run: losses, measures and every knob change are drawn here, step by step");
        ui.label(RichText::new(hint).color(look.palette().text_weak));
    });
}

fn controls_ui(ui: &mut Ui, view: &mut View, held: &mut Held, look: Look, more: impl FnOnce(&mut Ui)) {
    ui.horizontal_wrapped(|ui| {
        let smoothing = Slider::new(&mut view.smoothing, 0.0..=0.99).fixed_decimals(2).text(look.t("smoothing"));
        let help = look.t("Weight of the past in the moving average; 0 shows the raw curve alone");
        above(ui.add(smoothing), help);
        let help = look.t("Values on a logarithmic axis; values of 0 and below are left out");
        above(ui.checkbox(&mut view.log_y, look.t("log y")), help);
        let help = look.t("The value axis leaves out the outer 5 % on both sides, so that a spike does not flatten the rest");
        above(ui.checkbox(&mut view.robust_range, look.t("robust range")), help);
        let following = held.x.is_none() && held.y.is_empty();
        let fit = ui.add_enabled(!following, egui::Button::new(look.t("Fit and follow")));
        let hint = "Drag pans, Ctrl+wheel zooms the steps (with Shift the values), a box drawn with the right button zooms both, a double click fits and follows again";
        if above(fit, look.t(hint)).on_disabled_hover_text(look.t(hint)).clicked() {
            *held = Held { smoothed: Arc::clone(&held.smoothed), ..Held::default() };
        }
        let help = ui.small_button("?");
        let name = look.t("How to move in the curves");
        help.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
        help.on_hover_text(look.t(hint));
        more(ui);
    });
    ui.add_space(GAP);
}

/// All steps of the record.
fn whole(record: &RunRecord) -> Span {
    let first = record.series.values().filter_map(Series::first_step).min();
    let last = record.series.values().filter_map(Series::last_step).max();
    let (first, last) = (first.unwrap_or(0) as f64, last.unwrap_or(0) as f64);
    Span { from: first, to: last.max(first + 10.0) }.with_margin(0.01)
}

/// The step under the pointer, judged by where the charts were a frame ago, so that charts above
/// the pointer show the cursor in the same frame.
fn cursor(ui: &Ui, areas: &[Rect], x: Span) -> Option<f64> {
    let pos = ui.input(|input| input.pointer.hover_pos())?;
    let area = areas.iter().find(|area| ui.rect_contains_pointer(**area))?;
    Some(x.from + f64::from((pos.x - area.left()) / area.width().max(1.0)) * x.length())
}

fn charts_ui(ui: &mut Ui, scene: &Scene, view: &mut View, held: &mut Held) {
    let groups: BTreeSet<&str> = scene.record.series.keys().map(chart_of).collect();
    let room = ui.available_height() - lane::HEIGHT - ui.spacing().item_spacing.y;
    let share = room / groups.len().max(1) as f32 - ui.spacing().item_spacing.y;
    let height = if share.is_finite() { share.max(LEAST) } else { USUAL };
    let most = if room.is_finite() { room.max(LEAST) } else { f32::INFINITY };
    held.areas.clear();
    let read = held.read.take();
    held.past = None;
    ScrollArea::vertical().id_salt("charts").max_height(most).auto_shrink([false, true]).show(ui, |ui| {
        for group in ordered(&groups) {
            let curves = curves(scene, view, group);
            let chart = chart::chart_ui(ui, scene, group, &curves, view, held.y.get(group).copied(), height);
            held.areas.push(chart.area);
            held.read = held.read.or(chart.read.map(|read| read.step));
            held.past = held.past.or(chart.read.and_then(|read| read.past));
            match chart.gesture {
                Some(Gesture::Release) => (held.x, held.y) = (None, BTreeMap::new()),
                Some(Gesture::Hold { x, y }) => {
                    held.x = x.or(held.x);
                    held.y.extend(y.map(|y| (group.to_owned(), y)));
                }
                None => {}
            }
        }
    });
    if held.read != read {
        ui.ctx().request_repaint();
    }
}

/// Losses first, then measures, then the rest by name; what tells the terms of the loss apart stands last.
fn ordered<'a>(groups: &BTreeSet<&'a str>) -> impl Iterator<Item = &'a str> {
    let (first, last) = (["loss", "measure"], ["weighted", "gradient", "cosine", "teacher"]);
    let there = |named: &'static str| groups.get(named).copied();
    let rest = groups.iter().copied().filter(move |group| !first.contains(group) && !last.contains(group));
    first.into_iter().filter_map(there).chain(rest).chain(last.into_iter().filter_map(there))
}

/// The chart a curve belongs to: its group's, or one of its own where its values have nothing in
/// common with those of its group.
fn chart_of(id: &SeriesId) -> &str {
    const ALONE: [&str; 7] =
        ["learning_rate", "grad_norm", "gradient_norm", "steps_per_second", "examples_per_second", "seconds", "bytes"];
    match (id.group(), id.name()) {
        // Measures are shares of 1 but for these, which are nats, and two that are neither.
        ("measure", "loss" | "kl" | "entropy" | "teacher_entropy") => "measure/nats",
        ("measure", "perplexity" | "bits_per_byte") => &id.0,
        // What a term cannot fall below stands where the term falls.
        ("floor", _) => "loss",
        (_, name) if ALONE.contains(&name) => &id.0,
        (group, _) => group,
    }
}

/// The curves of a chart, each with the colour of its place; the sum in the colour of text.
fn curves<'a>(scene: &Scene<'a>, view: &View, chart: &str) -> Vec<Curve<'a>> {
    let palette = scene.look.palette();
    let inside = scene.record.series.iter().filter(|(id, _)| chart_of(id) == chart);
    let is_reference = |id: &SeriesId| id.group() == "floor" || id.name().starts_with("teacher");
    let color = |id: &SeriesId, place: usize| match id.name() {
        "total" => palette.text_strong,
        _ if is_reference(id) || id.group() == "teacher" => palette.teacher,
        _ => palette.curve(place),
    };
    let curve = |(place, (id, series)): (usize, (&'a SeriesId, &'a Series))| Curve {
        id,
        series,
        name: names::of_series(id, scene.look),
        color: color(id, place),
        is_reference: is_reference(id),
        hidden: view.hidden.iter().any(|hidden| **hidden == *id.0),
    };
    inside.enumerate().map(curve).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_of_one_kind_shares_an_axis() {
        for (series, chart) in [
            ("measure/accuracy", "measure"),
            ("measure/agreement", "measure"),
            ("measure/loss", "measure/nats"),
            ("measure/entropy", "measure/nats"),
            ("measure/teacher_entropy", "measure/nats"),
            ("measure/perplexity", "measure/perplexity"),
            ("measure/bits_per_byte", "measure/bits_per_byte"),
            ("floor/soft_targets", "loss"),
            ("loss/total", "loss"),
        ] {
            assert_eq!(chart_of(&series.into()), chart);
        }
    }
}
