//! Curves of several sides, parallel coordinates and scatter, drawn as images of fixed data.

use retort::link::Step;
use retort::record::compare::curve_difference::OnAxis;
use retort::record::compare::pareto_front::{Better, pareto_front};
use retort::record::compare::side_axes::CurveAxis;
use retort::record::compare::side_curves::{SideCurve, side_curves};
use retort::record::compare::side_marks::SideMark;
use retort::record::run_table::Cell as Value;
use retort::record::run_table::brush::{Brush, BrushRange, Brushes};
use retort::window::plot::brushing::{PlottedAxis, PlottedRun};
use retort::window::plot::parallel_coordinates::parallel_ui;
use retort::window::plot::scatter::{Scatter, scatter_ui};
use retort::window::plot::side_curves::{DrawnSide, Reference, SideChart, side_curves_ui};

use super::*;

/// The curve of a side of so many seeds, which ends at `best`.
fn curve(seeds: u64, best: f64) -> SideCurve {
    let run = |seed: u64| {
        let mut record = RunRecord::default();
        let mut noise = noise(seed + (1000.0 * best) as u64);
        for step in (0..600).step_by(20) {
            let value = best * (1.0 - (-(step as f64) / 90.0).exp()) + 0.05 * (noise() - 0.5);
            record.fold(Fact::Scalars { step, values: vec![(SeriesId::from("measure/accuracy"), value)] });
        }
        record
    };
    side_curves(&(1..=seeds).map(run).collect::<Vec<_>>()).into_values().next().unwrap()
}

fn sides<'a>(curves: &'a [SideCurve], marks: &'a [SideMark]) -> Vec<DrawnSide<'a>> {
    let names = ["teacher and labels", "labels alone", "smaller", "longer"];
    let side = |(place, curve): (usize, &'a SideCurve)| DrawnSide {
        place,
        name: names[place].to_owned(),
        on: OnAxis { curve, per_step: if place == 3 { 1.4 } else { 1.0 } },
        marks: if place.is_multiple_of(2) { marks } else { &[] },
    };
    curves.iter().enumerate().map(side).collect()
}

fn marks() -> Vec<SideMark> {
    let mark = |step: Step, knob: &str, from, to| SideMark { step, knob: knob.to_owned(), from, to, runs: 3 };
    vec![mark(200, "mixture.alpha", 0.1, 0.5), mark(204, "optimizer.learning_rate", 1e-3, 1e-4)]
}

#[test]
fn the_bands_of_several_sides_look_as_they_did() {
    let curves = [(3, 0.9), (3, 0.74), (1, 0.62), (4, 0.84)].map(|(seeds, best)| curve(seeds, best));
    let (marks, mut all, id) = (marks(), SnapshotResults::new(), SeriesId::from("measure/accuracy"));
    let sides = sides(&curves, &marks);
    let references = [Reference { value: 0.87, label: "0.87 best so far".into() }];
    let chart = |look, differences| SideChart {
        look,
        id: &id,
        axis: CurveAxis::Epoch,
        sides: &sides,
        baseline: Some(1),
        differences,
        logarithmic: false,
        references: &references,
    };
    for (name, look, differences) in [("sides_dark", DARK, false), ("sides_light", LIGHT, true)] {
        let hover = |harness: &mut Harness| harness.hover_at(egui::pos2(200.0, 120.0));
        all.extend(picture_with(
            name,
            vec2(430.0, 300.0),
            look,
            |ui| side_curves_ui(ui, &chart(look, differences)),
            hover,
        ));
    }
    all.unwrap();
}

/// A dozen runs over an alpha, a rate over decades, a schedule, seconds and accuracy; one has no schedule.
fn runs() -> (Vec<PlottedRun>, Vec<PlottedAxis>) {
    let mut noise = noise(3);
    let number = |value: f64| Some(Value::Number(value));
    let (mut runs, mut columns) = (Vec::new(), vec![Vec::new(); 5]);
    for place in 0..12 {
        let (alpha, rate, schedule) = (0.1 * (place % 6) as f64, 10f64.powi(-(place % 3) - 3), place % 4);
        let accuracy = 0.9 - 0.3 * alpha - 0.02 * f64::from(place % 3) + 0.03 * noise();
        let schedule =
            (place != 7).then(|| Value::Text(["constant", "cosine", "linear", "step"][schedule as usize].into()));
        let seconds = 100.0 + 900.0 * noise() * (0.4 + accuracy);
        let cells = [number(alpha), number(rate), schedule, number(seconds), number(accuracy)];
        columns.iter_mut().zip(cells).for_each(|(column, cell)| column.push(cell));
        let is_brushed = accuracy >= 0.78;
        let side = [4, 10].iter().position(|chosen| *chosen == place);
        runs.push(PlottedRun { name: format!("run {place}"), is_brushed, side });
    }
    let names = ["mixture.alpha", "optimizer.learning_rate", "recipe.schedule", "seconds", "test.accuracy"];
    let titles = ["mixture.alpha", "optimizer.learning_rate", "recipe.schedule", "seconds", "accuracy"];
    let axes = names.iter().zip(titles).zip(&columns);
    (runs, axes.map(|((name, title), cells)| PlottedAxis::of(name, title.into(), cells).unwrap()).collect())
}

fn brushes() -> Brushes {
    let mut brushes = Brushes::default();
    brushes.set(Brush { column: "test.accuracy".into(), range: BrushRange::Between(0.78, 1.0) });
    brushes
}

#[test]
fn parallel_coordinates_look_as_they_did() {
    let ((runs, axes), brushes, mut all) = (runs(), brushes(), SnapshotResults::new());
    for (name, look) in [("parallel_dark", DARK), ("parallel_light", LIGHT)] {
        let draw = |ui: &mut Ui| {
            parallel_ui(ui, look, &runs, &axes, &brushes);
        };
        all.extend(picture(name, vec2(430.0, 250.0), look, draw));
    }
    all.unwrap();
}

#[test]
fn a_scatter_with_its_front_looks_as_it_did() {
    let ((runs, axes), brushes, mut all) = (runs(), brushes(), SnapshotResults::new());
    let value = |axis: &PlottedAxis, run: usize| axis.places[run].unwrap();
    let points: Vec<(f64, f64)> = (0..runs.len()).map(|run| (value(&axes[3], run), value(&axes[4], run))).collect();
    let front = pareto_front(&points, (Better::Lower, Better::Higher));
    for (name, look) in [("scatter_dark", DARK), ("scatter_light", LIGHT)] {
        let scatter = Scatter { look, runs: &runs, x: &axes[3], y: &axes[4], front: &front, brushes: &brushes };
        let hover = |harness: &mut Harness| harness.get_by_label(&format!("Run run {}", front[0])).hover();
        let draw = |ui: &mut Ui| {
            scatter_ui(ui, &scatter);
        };
        all.extend(picture_with(name, vec2(400.0, 270.0), look, draw, hover));
    }
    all.unwrap();
}
