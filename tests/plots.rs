//! The plots as a person meets them: found by what they say, drawn as images of fixed data.
#![cfg(feature = "window")]

mod adapter;
#[path = "plots/runs.rs"]
mod runs;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use egui::{Modifiers, Ui, Vec2, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, SnapshotResults};
use retort::link::{
    Fact, Histogram, KnobChange, Origin, ProbeFrame, SeriesId, SideFrame, TokenView, ToldRow, ToldToken, WeightFrame,
    WholeRow,
};
use retort::record::RunRecord;
use retort::session::View;
use retort::window::heatmap::{self, Cell, Grid, Shading, Sheet};
use retort::window::plot::attention_map::{AttentionMap, attention_ui};
use retort::window::plot::curves::curves_ui;
use retort::window::plot::probability_bars::bars_ui;
use retort::window::plot::token_chips::chips_ui;
use retort::window::plot::weights::weights_ui;
use retort::window::preferences::{Language, ThemeChoice};
use retort::window::theme::{self, ColorMap, Look};

const DARK: Look = Look { language: Language::English, dark: true };
const LIGHT: Look = Look { language: Language::English, dark: false };
const CHINESE: Look = Look { language: Language::Chinese, dark: true };

// ---------------------------------------------------------------- fixed data

/// Numbers in [0, 1) that look random and are the same on every machine.
fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Size of a picture of curves: noise takes room in a file.
const SMALL: Vec2 = vec2(440.0, 400.0);

fn record(steps: u64) -> RunRecord {
    let mut record = RunRecord::default();
    let mut noise = noise(7);
    for step in 0..steps {
        let t = step as f64 / 250.0;
        let wobble = 0.25 * (noise() - 0.5);
        let soft = 1.9 * (-t).exp() + 0.31 + wobble * (0.5 + (-t).exp());
        let hard = 2.2 * (-0.8 * t).exp() + 0.45 + 1.3 * wobble;
        let spike = if step == 333 { 40.0 } else { 0.0 };
        let soft = if step == 520 { f64::NAN } else { soft + spike };
        let mut values = vec![
            ("loss/soft_targets", soft),
            ("loss/hard_labels", hard),
            ("loss/total", 0.7 * soft + 0.3 * hard),
            ("loss/teacher_entropy", 0.29 + 0.04 * wobble),
            ("train/learning_rate", 3e-4 * (1.0 - step as f64 / steps as f64)),
            ("train/grad_norm", 1.2 + 0.8 * noise()),
        ];
        if step % 100 == 99 {
            let score = 0.93 - 0.8 * (-t * 1.4).exp();
            values.extend([("measure/accuracy", score), ("measure/agreement", score + 0.02)]);
        }
        let values = values.into_iter().map(|(id, value)| (SeriesId::from(id), value)).collect();
        record.fold(Fact::Scalars { step, values });
    }
    let change = |knob: &str, from, to| vec![KnobChange { knob: knob.to_owned(), from, to }];
    let mark = |step, origin, changes| Fact::KnobsChanged { step, origin, changes };
    record.fold(mark(400, Origin::Person, change("soft_targets.temperature", 2.0, 4.0)));
    record.fold(mark(640, Origin::Script, change("mixture.alpha", 0.3, 0.7)));
    record.fold(mark(700, Origin::Person, change("optimizer.learning_rate", 3e-4, 1e-4)));
    record
}

fn side(tokens: &[&str], heads: usize, scores: Vec<f32>, seed: u64) -> SideFrame {
    let n = tokens.len();
    let mut noise = noise(seed);
    let mut attention = Vec::with_capacity(heads * n * n);
    for head in 0..heads {
        for query in 0..n {
            let weight = |key: usize, noise: f64| match head % 4 {
                0 => (-((query as f64 - key as f64).powi(2)) / 2.0).exp() + 0.02 * noise,
                1 => {
                    if key == 0 {
                        1.0
                    } else {
                        0.15 * noise
                    }
                }
                2 => {
                    if key + 1 == query {
                        1.0
                    } else {
                        0.05 * noise
                    }
                }
                _ => noise * noise,
            };
            let row: Vec<f64> = (0..n).map(|key| weight(key, noise())).collect();
            let sum: f64 = row.iter().sum();
            attention.extend(row.iter().map(|value| (value / sum) as f32));
        }
    }
    let tokens = tokens.iter().map(|token| (*token).to_owned()).collect();
    SideFrame { tokens, scores, layer: 1, layers: 4, heads, attention: attention.into() }
}

fn log_softmax(scores: &[f32]) -> Vec<f32> {
    let sum: f32 = scores.iter().map(|score| score.exp()).sum();
    scores.iter().map(|score| score - sum.ln()).collect()
}

fn frame() -> ProbeFrame {
    let classes = ["cooking", "space flight", "medicine", "hockey", "motorbikes", "graphics", "机器学习", "politics"];
    let teacher = log_softmax(&[0.2, 4.1, 0.9, -0.4, 0.1, 2.6, 1.2, -1.0]);
    let student = log_softmax(&[0.9, 2.6, 1.3, 0.1, -0.2, 2.9, 0.4, 0.0]);
    let words = ["The", "␣probe", "␣left", "␣orbit", "␣and", "␣turned", "␣its", "␣camera", "␣to", "␣the", "␣moon", "."];
    let pieces = ["[CLS]", "the", "probe", "left", "orbit", "and", "turned", "its", "camera", "月球", "[SEP]"];
    ProbeFrame {
        whole_row: None,
        tokens: None,
        frame: 1,
        revision: 1,
        step: 640,
        text: "The probe left orbit".to_owned(),
        prompt: retort::session::Session::built_in().unwrap().prompt,
        classes: classes.map(str::to_owned).into(),
        teacher: Some(side(&words, 8, teacher, 3)),
        student: side(&pieces, 4, student, 5),
        identity: None,
    }
}

fn histogram(weights: u64, width: f64) -> Histogram {
    let mut histogram = Histogram { counts: vec![0; Histogram::BINS] };
    for i in 0..weights {
        // Absolute values of a normal distribution, by evenly spread quantiles (logistic approximation).
        let p = 0.5 + 0.5 * (i as f64 + 0.5) / weights as f64;
        let r = width * (p / (1.0 - p)).ln() / 1.386;
        histogram.counts[Histogram::bin(r)] += 1;
    }
    histogram
}

fn weights() -> WeightFrame {
    let names = [
        "embeddings.word_embeddings",
        "encoder.layer.0.attention.query",
        "encoder.layer.0.attention.key",
        "encoder.layer.0.output.dense",
        "encoder.layer.1.attention.query",
        "classifier",
    ];
    let tensor = |(i, name): (usize, &&str)| (format!("{name}.weight"), histogram(4_000, 0.6 + 0.2 * i as f64));
    WeightFrame {
        step: 640,
        all: histogram(40_000, 1.0),
        tensors: names.iter().enumerate().map(tensor).collect(),
        sparsity: 0.125,
    }
}

// ---------------------------------------------------------------- harnesses

fn apply_theme(ctx: &egui::Context, look: Look) {
    theme::install(ctx, if look.dark { ThemeChoice::Dark } else { ThemeChoice::Light });
}

/// A harness without a renderer: what is said and done, not how it looks.
fn logic<'a>(size: Vec2, look: Look, ui: impl FnMut(&mut Ui) + 'a) -> Harness<'a> {
    // Steps short enough for a double click, and enough of them for a wheel to come to rest.
    let builder = Harness::builder().with_size(size).with_step_dt(1.0 / 60.0).with_max_steps(60);
    builder.with_context_setup(move |ctx| apply_theme(ctx, look)).build_ui(ui)
}

/// Compares a picture of `ui` with the one kept in `tests/snapshots`.
fn picture(name: &str, size: Vec2, look: Look, ui: impl FnMut(&mut Ui)) -> SnapshotResults {
    picture_with(name, size, look, ui, |_| {})
}

fn picture_with(
    name: &str,
    size: Vec2,
    look: Look,
    mut ui: impl FnMut(&mut Ui),
    touch: impl FnOnce(&mut Harness),
) -> SnapshotResults {
    let Some(graphics) = adapter::graphics() else { return SnapshotResults::new() };
    let theme = if look.dark { egui::Theme::Dark } else { egui::Theme::Light };
    let state = graphics.clone();
    let setup = move |ctx: &egui::Context| {
        apply_theme(ctx, look);
        heatmap::install(ctx, Some(&state));
    };
    let builder = Harness::builder().with_size(size).with_theme(theme).renderer(adapter::renderer(&graphics));
    let mut harness = builder.with_context_setup(setup).build_ui(|it: &mut Ui| {
        let behind = it.ctx().layer_painter(egui::LayerId::background());
        behind.rect_filled(it.ctx().content_rect(), 0, look.palette().background);
        ui(it);
    });
    harness.run();
    touch(&mut harness);
    harness.run();
    harness.snapshot(name);
    harness.take_snapshot_results()
}

// ---------------------------------------------------------------- curves

fn curves_harness(view: &Rc<RefCell<View>>) -> Harness<'static> {
    let (record, view) = (record(800), Rc::clone(view));
    logic(vec2(760.0, 620.0), DARK, move |ui| curves_ui(ui, &record, &mut view.borrow_mut(), DARK))
}

#[test]
fn a_click_in_the_legend_hides_a_curve_and_another_shows_it_again() {
    let view = Rc::new(RefCell::new(View::default()));
    let mut harness = curves_harness(&view);
    harness.get_by_label("soft targets").click();
    harness.run();
    assert_eq!(view.borrow().hidden, ["loss/soft_targets"]);
    harness.get_by_label("soft targets").click();
    harness.run();
    assert!(view.borrow().hidden.is_empty());
}

#[test]
fn an_alt_click_in_the_legend_shows_one_curve_alone_and_another_shows_all() {
    let view = Rc::new(RefCell::new(View::default()));
    let mut harness = curves_harness(&view);
    harness.get_by_label("total").click_modifiers(Modifiers::ALT);
    harness.run();
    assert_eq!(view.borrow().hidden, ["loss/hard_labels", "loss/soft_targets", "loss/teacher_entropy"]);
    harness.get_by_label("total").click_modifiers(Modifiers::ALT);
    harness.run();
    assert!(view.borrow().hidden.is_empty());
}

#[test]
fn a_mark_in_the_knob_lane_says_what_changed_when() {
    let view = Rc::new(RefCell::new(View::default()));
    let mut harness = curves_harness(&view);
    harness.get_by_label("temperature 2 → 4 · step 400").hover();
    harness.run();
    assert_eq!(harness.get_all_by_label("temperature 2 → 4 · step 400").count(), 2, "mark and readout");
}

#[test]
fn an_empty_record_says_what_would_fill_it() {
    let mut view = View::default();
    let harness = logic(vec2(500.0, 300.0), DARK, move |ui| curves_ui(ui, &RunRecord::default(), &mut view, DARK));
    harness.get_by_label("No curves yet");
}

#[test]
fn panning_stops_following_and_the_fit_button_follows_again() {
    let view = Rc::new(RefCell::new(View::default()));
    let mut harness = curves_harness(&view);
    let fit = |harness: &Harness| !harness.get_by_label("Fit and follow").accesskit_node().is_disabled();
    assert!(!fit(&harness));
    harness.drag_at(egui::pos2(400.0, 150.0));
    harness.run();
    harness.hover_at(egui::pos2(300.0, 150.0));
    harness.run();
    harness.drop_at(egui::pos2(300.0, 150.0));
    harness.run();
    assert!(fit(&harness), "the charts are held");
    harness.get_by_label("Fit and follow").click();
    harness.run();
    assert!(!fit(&harness));
}

#[test]
fn the_readout_names_the_nearest_sample_and_its_value() {
    let mut record = RunRecord::default();
    for step in 0..=10 {
        record.fold(Fact::Scalars { step, values: vec![(SeriesId::from("loss/total"), 0.5)] });
    }
    let mut view = View::default();
    let mut harness = logic(vec2(500.0, 300.0), DARK, move |ui| curves_ui(ui, &record, &mut view, DARK));
    // A constant curve runs through the middle of its chart: searched from top to bottom.
    let mut said = false;
    for y in (60..240).step_by(10) {
        harness.hover_at(egui::pos2(280.0, y as f32));
        harness.run();
        said |= harness.query_by_label_contains("step 5").is_some() && harness.query_all_by_label("0.5").count() > 0;
    }
    assert!(said);
}

/// What stands in a picture and where, while the pointer rests somewhere.
fn written(size: Vec2, pointer: Option<egui::Pos2>, mut ui: impl FnMut(&mut Ui)) -> Vec<(String, egui::Rect)> {
    let ctx = egui::Context::default();
    theme::install(&ctx, ThemeChoice::Dark);
    let mut shapes = Vec::new();
    for frame in 0..8 {
        let input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, size)),
            time: Some(f64::from(frame)),
            events: pointer.map(egui::Event::PointerMoved).into_iter().collect(),
            ..Default::default()
        };
        let mut output = ctx.run_ui(input, &mut ui);
        output.textures_delta.clear();
        shapes = output.shapes;
    }
    let texts = shapes.into_iter().filter_map(|clipped| match clipped.shape {
        egui::Shape::Text(text) => Some((text.galley.text().to_owned(), text.visual_bounding_rect())),
        _ => None,
    });
    texts.collect()
}

fn curve_at(steps: impl Iterator<Item = u64>) -> RunRecord {
    let mut record = RunRecord::default();
    steps.for_each(|step| record.fold(Fact::Scalars { step, values: vec![(SeriesId::from("loss/total"), 0.5)] }));
    record
}

#[test]
fn the_last_step_of_the_axis_stands_whole_at_its_edge() {
    let record = curve_at(0..1001);
    for width in [500.0, 620.0, 760.0] {
        let mut view = View::default();
        let said = written(vec2(width, 400.0), None, |ui| curves_ui(ui, &record, &mut view, DARK));
        let (_, last) = said.iter().find(|(words, _)| words == "1000").unwrap();
        assert!(last.right() <= width, "{width}: {last}");
    }
}

#[test]
fn the_cursor_names_the_step_that_is_read() {
    let record = curve_at((0..12).map(|place| 37 * place));
    let mut read = 0;
    for x in (200..300).step_by(7) {
        for y in (60..240).step_by(20) {
            let (mut view, pointer) = (View::default(), egui::pos2(x as f32, y as f32));
            let said = written(vec2(500.0, 300.0), Some(pointer), |ui| curves_ui(ui, &record, &mut view, DARK));
            let step = said.iter().find_map(|(words, _)| words.strip_prefix("step ")?.parse::<u64>().ok());
            let Some(step) = step else { continue };
            read += 1;
            assert!(said.iter().any(|(words, _)| *words == step.to_string()), "step {step} is read at {pointer}");
        }
    }
    assert!(read > 5, "{read}");
}

#[test]
fn how_to_move_in_the_curves_is_said_beside_their_controls() {
    let view = Rc::new(RefCell::new(View::default()));
    let mut harness = curves_harness(&view);
    harness.get_by_label("How to move in the curves").hover();
    harness.run_steps(60);
    harness.get_by_label_contains("Ctrl+wheel zooms");
}

#[test]
fn the_wheel_with_ctrl_zooms_and_a_double_click_lets_go() {
    let view = Rc::new(RefCell::new(View::default()));
    let mut harness = curves_harness(&view);
    let held = |harness: &Harness| !harness.get_by_label("Fit and follow").accesskit_node().is_disabled();
    let pointer = egui::pos2(400.0, 120.0);
    harness.hover_at(pointer);
    harness.run();
    let wheel = egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Line,
        delta: vec2(0.0, 2.0),
        phase: egui::TouchPhase::Move,
        modifiers: Modifiers::COMMAND,
        source: egui::MouseWheelSource::Wheel,
    };
    harness.event_modifiers(wheel, Modifiers::COMMAND);
    harness.run();
    assert!(held(&harness));
    for _ in 0..2 {
        harness.drag_at(pointer);
        harness.drop_at(pointer);
    }
    harness.run();
    assert!(!held(&harness));
}

#[test]
fn new_points_do_not_move_what_a_hand_has_placed() {
    let (kept, mut view) = (Rc::new(RefCell::new(record(200))), View::default());
    let record = Rc::clone(&kept);
    let mut harness = logic(vec2(700.0, 400.0), DARK, move |ui| curves_ui(ui, &record.borrow(), &mut view, DARK));
    harness.drag_at(egui::pos2(400.0, 120.0));
    harness.hover_at(egui::pos2(350.0, 120.0));
    harness.drop_at(egui::pos2(350.0, 120.0));
    harness.run();
    // The legend says the value under the cursor; that stays the same while the run goes on.
    let said = |harness: &mut Harness| {
        harness.hover_at(egui::pos2(300.0, 120.0));
        harness.run();
        harness.get_all_by_label_contains("step ").map(|node| node.accesskit_node().value()).collect::<Vec<_>>()
    };
    let before = said(&mut harness);
    for step in 200..260 {
        kept.borrow_mut().fold(Fact::Scalars { step, values: vec![(SeriesId::from("loss/total"), 0.5)] });
    }
    assert_eq!(said(&mut harness), before);
    assert!(!before.is_empty());
}

// ---------------------------------------------------------------- weights

#[test]
fn dragging_the_theta_line_returns_a_new_theta() {
    let (frame, theta) = (weights(), Rc::new(RefCell::new(0.1)));
    let kept = Rc::clone(&theta);
    let mut harness = logic(vec2(520.0, 420.0), DARK, move |ui| {
        let before = *kept.borrow();
        if let Some(new) = weights_ui(ui, &frame, before, DARK) {
            *kept.borrow_mut() = new;
        }
    });
    let from = harness.get_by_label("θ").rect().center();
    let to = from + vec2(100.0, 0.0);
    harness.drag_at(from);
    harness.run();
    harness.hover_at(to);
    harness.run();
    harness.drop_at(to);
    harness.run();
    // The axis has 6 decades on 516 points: 100 points to the right is a factor of 14.5.
    let theta = *theta.borrow();
    assert!((1.3..1.6).contains(&theta), "{theta}");
}

#[test]
fn theta_never_stands_in_the_name_of_its_axis() {
    for (width, theta) in
        [420.0, 560.0, 760.0].iter().flat_map(|width| [0.0, 1e-3, 0.1, 0.4, 3.0, 10.0].map(|theta| (*width, theta)))
    {
        let ctx = egui::Context::default();
        theme::install(&ctx, ThemeChoice::Dark);
        let input = || egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, vec2(width, 600.0))),
            ..Default::default()
        };
        let frame = weights();
        let draw = || ctx.run_ui(input(), |ui| _ = weights_ui(ui, &frame, theta, DARK));
        draw().textures_delta.clear();
        let mut output = draw();
        output.textures_delta.clear();
        let shapes: Vec<egui::Shape> = output.shapes.into_iter().map(|clipped| clipped.shape).collect();
        let said = |shape: &egui::Shape| match shape {
            egui::Shape::Text(text) => text.galley.text().to_owned(),
            _ => String::new(),
        };
        let name = shapes.iter().find(|shape| said(shape) == "importance relative to the mean").unwrap();
        let place = name.visual_bounding_rect();
        for other in &shapes {
            let is_handle = matches!(other, egui::Shape::Path(path) if path.points.len() == 3);
            let letter = said(other).starts_with('θ') || is_handle;
            assert!(
                !letter || !other.visual_bounding_rect().intersects(place),
                "θ {theta} at {width}: {}",
                said(other)
            );
        }
    }
}

#[test]
fn weights_that_are_not_there_yet_are_announced() {
    let frame = WeightFrame { step: 0, all: Histogram::default(), tensors: Vec::new(), sparsity: 0.0 };
    let harness = logic(vec2(400.0, 200.0), DARK, move |ui| {
        assert_eq!(weights_ui(ui, &frame, f64::NAN, DARK), None);
    });
    harness.get_by_label_contains("appear here");
}

// ---------------------------------------------------------------- bars

#[test]
fn bars_say_both_models_answers_at_both_temperatures() {
    let frame = frame();
    let mut harness = logic(vec2(420.0, 420.0), DARK, move |ui| bars_ui(ui, &frame, 4.0, Some(1), DARK));
    let row = harness.get_by_label_contains("space flight");
    let said = row.accesskit_node().value().unwrap_or_default();
    assert!(
        said.contains("★ right answer") && said.contains("teacher 72.7 % → ") && said.contains("student "),
        "{said}"
    );
    let top = |harness: &Harness, class: &str| harness.get_by_label_contains(class).rect().top();
    assert!(top(&harness, "space flight") < top(&harness, "cooking"), "the teacher's favourite comes first");
    harness.get_by_label("by label").click();
    harness.run();
    assert!(top(&harness, "space flight") > top(&harness, "cooking"), "classes in their own order");
}

// ---------------------------------------------------------------- attention

#[test]
fn a_click_on_a_tile_enlarges_its_head_and_all_heads_brings_the_tiles_back() {
    let (frame, map) = (frame(), Rc::new(RefCell::new(AttentionMap::default())));
    let kept = Rc::clone(&map);
    let mut harness = logic(vec2(900.0, 640.0), DARK, move |ui| attention_ui(ui, &frame, &mut kept.borrow_mut(), DARK));
    assert_eq!(harness.get_all_by_label("heatmaps need a graphics adapter").count(), 2);
    let tiles = harness.get_by_label("Student · attention").rect();
    let pointer = tiles.min + vec2(20.0, 40.0);
    harness.hover_at(pointer);
    harness.run();
    harness.get_by_label_contains("head 1 · ");
    harness.drag_at(pointer);
    harness.drop_at(pointer);
    harness.run();
    assert_eq!((map.borrow().teacher_head, map.borrow().student_head), (None, Some(0)));
    harness.get_by_label("all heads").click();
    harness.run();
    assert_eq!(map.borrow().student_head, None);
}

#[test]
fn attention_that_was_not_asked_for_is_announced() {
    let mut frame = frame();
    frame.student.attention = Arc::from([]);
    frame.teacher = None;
    let mut map = AttentionMap { student_head: Some(99), ..AttentionMap::default() };
    let harness = logic(vec2(500.0, 300.0), DARK, move |ui| attention_ui(ui, &frame, &mut map, DARK));
    harness.get_by_label("attention comes with the next look");
}

/// One head of 64 tokens with a single strong cell, drawn 40 pixels wide.
fn lone_cell(version: u64, query: usize, key: usize) -> (Sheet, Grid, Shading) {
    let mut values = vec![0.0f32; 64 * 64];
    values[64 * query + key] = 1.0;
    let sheet = Sheet::square(7, version, &values.into(), 1, 64).unwrap();
    let grid = Grid { origin: [10, 10], tile: [40, 40], pitch: [40, 40], columns: 1, first: 0, heads: 1 };
    let colors = ColorMap::Ember;
    let shading =
        Shading { colors: colors.table(true), colors_version: colors.version(true), gamma: 1.0, relative: false };
    (sheet, grid, shading)
}

#[test]
fn a_lone_strong_cell_survives_a_tile_smaller_than_its_matrix() {
    let Some(graphics) = adapter::graphics() else { return };
    let state = graphics.clone();
    let cell = Rc::new(RefCell::new((0, 20, 41)));
    let kept = Rc::clone(&cell);
    let mut harness = Harness::builder()
        .with_size(vec2(64.0, 64.0))
        .renderer(adapter::renderer(&graphics))
        .with_context_setup(move |ctx| heatmap::install(ctx, Some(&state)))
        .build_ui(move |ui: &mut Ui| {
            let (version, query, key) = *kept.borrow();
            let (sheet, grid, shading) = lone_cell(version, query, key);
            let painter = ui.ctx().layer_painter(egui::LayerId::background());
            heatmap::paint(&painter, sheet, grid, shading);
        });
    let full = ColorMap::Ember.color(true, 1.0).to_array();
    let mut strong = || {
        harness.run();
        let image = harness.render().unwrap();
        let lit = image.enumerate_pixels().filter(|(_, _, pixel)| pixel.0 == full);
        lit.map(|(x, y, _)| [x as i32, y as i32]).collect::<Vec<_>>()
    };
    let (sheet, grid, _) = lone_cell(0, 20, 41);
    let first = strong();
    // 64 cells on 40 pixels: column 41 reaches from 25.6 to 26.3, row 20 from 12.5 to 13.1.
    assert_eq!(first, [[10 + 25, 10 + 12], [10 + 26, 10 + 12], [10 + 25, 10 + 13], [10 + 26, 10 + 13]]);
    assert_eq!(grid.cell(&sheet, first[3]), Some(Cell { head: 0, query: 20, key: 41 }));
    *cell.borrow_mut() = (0, 50, 3);
    assert_eq!(strong(), first, "the same version is not uploaded again");
    *cell.borrow_mut() = (1, 50, 3);
    assert_ne!(strong(), first, "a new version is");
}

// ---------------------------------------------------------------- pictures

#[test]
fn the_curves_look_as_they_did() {
    let (record, mut all) = (record(800), SnapshotResults::new());
    for (name, look) in [("curves_dark", DARK), ("curves_light", LIGHT), ("curves_chinese", CHINESE)] {
        let mut view = View::default();
        all.extend(picture(name, SMALL, look, |ui| curves_ui(ui, &record, &mut view, look)));
    }
    all.unwrap();
}

#[test]
fn curves_on_a_logarithmic_axis_look_as_they_did() {
    let (record, mut view) =
        (record(800), View { log_y: true, robust_range: false, smoothing: 0.0, ..View::default() });
    let hover = |harness: &mut Harness| harness.hover_at(egui::pos2(250.0, 170.0));
    let draw = |ui: &mut Ui| curves_ui(ui, &record, &mut view, LIGHT);
    picture_with("curves_log", SMALL, LIGHT, draw, hover).unwrap();
}

#[test]
fn the_curves_of_a_long_run_look_as_they_did() {
    let (record, mut view) = (record(20_000), View { hidden: vec!["loss/total".to_owned()], ..View::default() });
    let legend = |harness: &mut Harness| harness.get_by_label("soft targets").hover();
    let draw = |ui: &mut Ui| curves_ui(ui, &record, &mut view, DARK);
    picture_with("curves_long", vec2(520.0, 460.0), DARK, draw, legend).unwrap();
}

#[test]
fn an_empty_record_looks_as_it_did() {
    let (record, mut view) = (RunRecord::default(), View::default());
    picture("curves_empty", vec2(520.0, 160.0), DARK, |ui| curves_ui(ui, &record, &mut view, DARK)).unwrap();
}

#[test]
fn the_bars_look_as_they_did() {
    let (frame, mut all) = (frame(), SnapshotResults::new());
    for (name, look) in [("bars_dark", DARK), ("bars_light", LIGHT), ("bars_chinese", CHINESE)] {
        all.extend(picture(name, vec2(380.0, 340.0), look, |ui| bars_ui(ui, &frame, 4.0, Some(1), look)));
    }
    all.unwrap();
}

/// A sentence in tokens as two models tell it: some places alike, one far apart, one hidden from both.
fn told_text() -> TokenView {
    let words = [
        "The",
        "␣probe",
        "␣left",
        "␣orbit",
        ",",
        "␣turned",
        "␣its",
        "␣camera",
        "⏎",
        "towards",
        "␣the",
        "␣moon",
        "\t",
        "…",
        "...",
        "月球",
    ];
    let gaps = [0.0, 0.05, 0.4, 1.9, 0.0, 0.7, 0.02, 1.1, 0.3, 1.5, 0.01, 0.2, 0.6, 0.9, 0.1, 1.3];
    let row = |gap: f64| ToldRow {
        whole: WholeRow { outcomes: 9, others: 0, kl: Some(gap), teacher_entropy: Some(2.0), student_entropy: 2.5 },
        teacher: Some(-1.0),
        student: Some(-2.0),
        outcomes: [].into(),
        gold: None,
        teacher_scores: None,
        student_scores: Vec::new(),
    };
    let token = |(place, (text, gap)): (usize, (&&str, &f64))| ToldToken {
        text: (*text).to_owned(),
        id: Some(place as u32),
        hidden: place == 7,
        row: (place > 0).then(|| row(*gap)),
    };
    TokenView { tokens: words.iter().zip(&gaps).enumerate().map(token).collect(), left_out: 40, cut: 12 }
}

#[test]
fn the_chips_look_as_they_did() {
    let (view, mut all) = (told_text(), SnapshotResults::new());
    for (name, look) in [("chips_dark", DARK), ("chips_light", LIGHT), ("chips_chinese", CHINESE)] {
        all.extend(picture(name, vec2(330.0, 170.0), look, |ui| {
            chips_ui(ui, &view, Some(3), look);
        }));
    }
    all.unwrap();
}

#[test]
fn the_heatmaps_look_as_they_did() {
    let (frame, mut all) = (frame(), SnapshotResults::new());
    for (name, look) in [("attention_dark", DARK), ("attention_light", LIGHT), ("attention_chinese", CHINESE)] {
        let mut map = AttentionMap::default();
        all.extend(picture(name, vec2(760.0, 460.0), look, |ui| attention_ui(ui, &frame, &mut map, look)));
    }
    all.unwrap();
}

#[test]
fn an_enlarged_head_looks_as_it_did() {
    let frame = frame();
    let mut map = AttentionMap { teacher_head: Some(2), student_head: Some(3), ..AttentionMap::default() };
    let hover = |harness: &mut Harness| harness.hover_at(egui::pos2(250.0, 250.0));
    let draw = |ui: &mut Ui| attention_ui(ui, &frame, &mut map, DARK);
    picture_with("attention_enlarged", vec2(860.0, 520.0), DARK, draw, hover).unwrap();
}

#[test]
fn the_weights_look_as_they_did() {
    let (frame, mut all) = (weights(), SnapshotResults::new());
    for (name, look) in [("weights_dark", DARK), ("weights_light", LIGHT), ("weights_chinese", CHINESE)] {
        let draw = |ui: &mut Ui| {
            weights_ui(ui, &frame, 0.4, look);
        };
        all.extend(picture(name, vec2(520.0, 360.0), look, draw));
    }
    all.unwrap();
}
