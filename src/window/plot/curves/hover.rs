//! What the curves say under the pointer.

use egui::{Grid, Pos2, Response, RichText, Stroke, Ui};

use super::paint::Screen;
use super::{Curve, Scene};
use crate::link::Step;
use crate::record::{Bucket, Sample};
use crate::window::plot::{figures::short, readout_ui};
use crate::window::strings;

/// How far from the pointer a sample may lie, points.
const REACH: f32 = 16.0;
/// Most rows of the readout.
const ROWS: usize = 5;
/// Most buckets looked at per curve: in a long run, thousands of samples share the reach.
const LOOKED_AT: usize = 2_000;

/// What is read under the pointer.
#[derive(Clone, Copy)]
pub(super) struct Read {
    /// At which step.
    pub(super) step: Step,
    /// The first and the last step of those of which no points are kept.
    pub(super) past: Option<(Step, Step)>,
}

/// A curve's sample near the pointer.
struct Near<'a> {
    curve: &'a Curve<'a>,
    sample: Sample,
    pos: Pos2,
    distance: f32,
}

/// The samples at the step of the one nearest to the pointer, nearest first. Points long past are
/// those of the journal, once they are read.
pub(super) fn readout(ui: &Ui, scene: &Scene, response: &Response, screen: &Screen, curves: &[&Curve]) -> Option<Read> {
    let pointer = response.hover_pos()?;
    let near = curves.iter().filter_map(|curve| nearest(curve, pointer, screen));
    let step = near.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(step, _)| step)?;
    let mut samples: Vec<Near> = curves.iter().filter_map(|curve| at_step(curve, step, pointer, screen)).collect();
    samples.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    let past = past(&samples);
    let again = past.and_then(|_| read_again(scene, pointer, screen, &mut samples));
    let step = again.map_or(step, |step| step as f64);
    for near in samples.iter().filter(|near| screen.transform.frame().contains(near.pos)) {
        ui.painter().circle(near.pos, 3.0, near.curve.color, Stroke::new(1.0, scene.look.palette().background));
    }
    readout_ui(response, |ui| {
        rows_ui(ui, scene, step, &samples);
        if past.is_some() {
            journal_ui(ui, scene, again.is_some());
        }
    });
    Some(Read { step: step.round() as Step, past })
}

/// The first and the last step of the samples of which no points are kept.
fn past(samples: &[Near]) -> Option<(Step, Step)> {
    let stretch = |near: &Near| match near.sample {
        Sample::Extremes(bucket) => Some((bucket.first, bucket.last)),
        Sample::Point(..) => None,
    };
    samples.iter().filter_map(stretch).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

/// Puts points of the journal in the place of extremes, all at the step nearest to the pointer, and gives that step.
fn read_again(scene: &Scene, pointer: Pos2, screen: &Screen, samples: &mut [Near]) -> Option<Step> {
    let out = scene.record.out.as_deref()?;
    let at = screen.transform.value_from_position(pointer).x;
    let mut step = None;
    for near in samples {
        let Sample::Extremes(bucket) = near.sample else { continue };
        let Some(point) = scene.raw.at(out, near.curve.id, &bucket, at) else { continue };
        if point.0 == *step.get_or_insert(point.0) {
            near.sample = Sample::Point(point.0, point.1);
            near.pos = screen.pos(point.0 as f64, point.1).unwrap_or(near.pos);
        }
    }
    step
}

/// What becomes of points that are not kept.
fn journal_ui(ui: &mut Ui, scene: &Scene, is_read: bool) {
    let look = scene.look;
    let words = match scene.raw.refused() {
        _ if is_read => look.t("as the run's journal has it").to_owned(),
        Some(refused) => strings::say(look.language, refused),
        None if scene.raw.is_reading() => look.t("reading the journal of the run").to_owned(),
        None => return,
    };
    ui.label(RichText::new(words).small().color(look.palette().text_weak));
}

/// Step and distance of the curve's value nearest to the pointer, if one is in reach. Where many share the reach, it is
/// looked for among their extremes.
fn nearest(curve: &Curve, pointer: Pos2, screen: &Screen) -> Option<(f64, f32)> {
    let step = |x: f32| screen.transform.value_from_position(egui::pos2(x, pointer.y)).x;
    let buckets = curve.series.visible(step(pointer.x - REACH), step(pointer.x + REACH), LOOKED_AT);
    let ends = buckets.iter().flat_map(|bucket| [(bucket, bucket.min), (bucket, bucket.max)]);
    let distance = |(bucket, value): (&Bucket, f64)| {
        let at = screen.pos(bucket.middle(), value)?.distance(pointer);
        (at <= REACH).then_some((bucket.to_owned(), value, at))
    };
    let (bucket, value, distance) = ends.filter_map(distance).min_by(|a, b| a.2.total_cmp(&b.2))?;
    Some((curve.series.step_of(&bucket, value), distance))
}

/// The curve's sample at `step`, or the one closest to it that would still be under the pointer.
fn at_step<'a>(curve: &'a Curve, step: f64, pointer: Pos2, screen: &Screen) -> Option<Near<'a>> {
    let sample = curve.series.nearest(step)?;
    let (pos, is_there) = match sample {
        Sample::Point(found, value) => (screen.pos(found as f64, value)?, found as f64 == step),
        Sample::Extremes(bucket) => {
            let ends = [bucket.min, bucket.max].into_iter().filter_map(|value| screen.pos(bucket.middle(), value));
            let nearest = ends.min_by(|a, b| a.distance(pointer).total_cmp(&b.distance(pointer)))?;
            (nearest, (bucket.first as f64..=bucket.last as f64).contains(&step))
        }
    };
    let near = is_there || (pos.x - pointer.x).abs() <= REACH;
    near.then_some(Near { curve, sample, pos, distance: pos.distance(pointer) })
}

/// The value of a sample, or between which values those of its steps lay.
pub(super) fn words(sample: &Sample, value: fn(f64) -> String) -> String {
    match sample {
        Sample::Point(_, at) => value(*at),
        Sample::Extremes(bucket) if !bucket.is_drawable() => value(f64::NAN),
        Sample::Extremes(bucket) if bucket.min == bucket.max => value(bucket.min),
        Sample::Extremes(bucket) => format!("{} … {}", value(bucket.min), value(bucket.max)),
    }
}

/// The step that is read; of older points the steps between which the values were measured.
fn steps(step: f64, samples: &[Near]) -> String {
    let range = samples.iter().find_map(|near| match near.sample {
        Sample::Extremes(bucket) if bucket.first < bucket.last => Some(format!("{} … {}", bucket.first, bucket.last)),
        _ => None,
    });
    range.unwrap_or_else(|| format!("{}", step.round()))
}

fn rows_ui(ui: &mut Ui, scene: &Scene, step: f64, samples: &[Near]) {
    let palette = scene.look.palette();
    let at = format!("{} {}", scene.look.t("step"), steps(step, samples));
    ui.label(RichText::new(at).small().color(palette.text_weak));
    Grid::new("readout").num_columns(2).spacing([12.0, 2.0]).show(ui, |ui| {
        for near in samples.iter().take(ROWS) {
            ui.label(RichText::new(&near.curve.name).color(near.curve.color));
            ui.label(RichText::new(words(&near.sample, short)).color(palette.text_strong));
            ui.end_row();
        }
    });
    if samples.len() > ROWS {
        let more = format!("+ {} {}", samples.len() - ROWS, scene.look.t("more"));
        ui.label(RichText::new(more).small().color(palette.text_weak));
    }
}
