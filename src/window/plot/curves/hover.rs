//! What the curves say under the pointer.

use egui::{Grid, Pos2, Response, RichText, Stroke, Ui};

use super::paint::Screen;
use super::{Curve, Scene};
use crate::link::Step;
use crate::window::plot::{figures::short, readout_ui};

/// How far from the pointer a sample may lie, points.
const REACH: f32 = 16.0;
/// Most rows of the readout.
const ROWS: usize = 5;
/// Most samples looked at per curve: in a long run, thousands share the reach.
const LOOKED_AT: usize = 2_000;

/// A curve's sample near the pointer.
struct Sample<'a> {
    curve: &'a Curve<'a>,
    step: Step,
    value: f64,
    pos: Pos2,
    distance: f32,
}

/// The samples at the step of the one nearest to the pointer, nearest first. Gives that step.
pub(super) fn readout(ui: &Ui, scene: &Scene, response: &Response, screen: &Screen, curves: &[&Curve]) -> Option<Step> {
    let pointer = response.hover_pos()?;
    let near = curves.iter().filter_map(|curve| nearest(curve, pointer, screen));
    let step = near.min_by(|a, b| a.distance.total_cmp(&b.distance)).map(|sample| sample.step)?;
    let mut samples: Vec<Sample> = curves.iter().filter_map(|curve| at_step(curve, step, pointer, screen)).collect();
    samples.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    for sample in samples.iter().filter(|sample| screen.transform.frame().contains(sample.pos)) {
        ui.painter().circle(sample.pos, 3.0, sample.curve.color, Stroke::new(1.0, scene.look.palette().background));
    }
    readout_ui(response, |ui| rows_ui(ui, scene, step, &samples));
    Some(step)
}

/// The curve's sample nearest to the pointer, if one is in reach.
fn nearest<'a>(curve: &'a Curve, pointer: Pos2, screen: &Screen) -> Option<Sample<'a>> {
    let step = |x: f32| screen.transform.value_from_position(egui::pos2(x, pointer.y)).x;
    let steps = curve.series.steps();
    let start = steps.partition_point(|&s| (s as f64) < step(pointer.x - REACH));
    let end = steps.partition_point(|&s| (s as f64) <= step(pointer.x + REACH));
    let stride = (end.saturating_sub(start) / LOOKED_AT).max(1);
    let points = steps.iter().zip(curve.series.values()).skip(start).take(end.saturating_sub(start)).step_by(stride);
    let sample = |(&step, &value): (&Step, &f64)| sample(curve, step, value, pointer, screen);
    let best = points.filter_map(sample).min_by(|a, b| a.distance.total_cmp(&b.distance));
    best.filter(|sample| sample.distance <= REACH)
}

/// The curve's sample at `step`, or the one closest to it that would still be under the pointer.
fn at_step<'a>(curve: &'a Curve, step: Step, pointer: Pos2, screen: &Screen) -> Option<Sample<'a>> {
    let (found, value) = curve.series.nearest(step as f64)?;
    let sample = sample(curve, found, value, pointer, screen)?;
    (found == step || (sample.pos.x - pointer.x).abs() <= REACH).then_some(sample)
}

fn sample<'a>(curve: &'a Curve, step: Step, value: f64, pointer: Pos2, screen: &Screen) -> Option<Sample<'a>> {
    let pos = screen.pos(step as f64, value)?;
    Some(Sample { curve, step, value, pos, distance: pos.distance(pointer) })
}

fn rows_ui(ui: &mut Ui, scene: &Scene, step: Step, samples: &[Sample]) {
    let palette = scene.look.palette();
    ui.label(RichText::new(format!("{} {step}", scene.look.t("step"))).small().color(palette.text_weak));
    Grid::new("readout").num_columns(2).spacing([12.0, 2.0]).show(ui, |ui| {
        for sample in samples.iter().take(ROWS) {
            ui.label(RichText::new(&sample.curve.name).color(sample.curve.color));
            ui.label(RichText::new(short(sample.value)).color(palette.text_strong));
            ui.end_row();
        }
    });
    if samples.len() > ROWS {
        let more = format!("+ {} {}", samples.len() - ROWS, scene.look.t("more"));
        ui.label(RichText::new(more).small().color(palette.text_weak));
    }
}
