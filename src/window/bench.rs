//! Measures the window's own work per frame while a run is going: a person's window, opened, started
//! and closed by itself. The program measures itself; the renderer's painting is not counted, since
//! on a software renderer it measures the renderer.

use std::sync::{Arc, Mutex, PoisonError};

use egui::{Context, Ui, ViewportCommand};
use serde::Serialize;

use super::app::WorkbenchApp;
use super::state::Action;
use super::timing::{Spread, Stopwatch};
use crate::link::Phase;

/// CPU times per frame, milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct FrameReport {
    /// Frames measured.
    pub frames: u64,
    /// Logic, layout and tessellation: half of the frames take less.
    pub median_ms: f32,
    /// Logic, layout and tessellation: one in a hundred takes more.
    pub p99_ms: f32,
    /// Steps the run took meanwhile.
    pub steps: u64,
}

/// Where the report is left for whoever opened the window.
pub(super) type Report = Arc<Mutex<Option<FrameReport>>>;

/// Tessellates every frame's shapes once more, to know what it costs: egui does it behind the
/// program's back.
#[derive(Default)]
struct Tessellation(Arc<Mutex<Vec<f32>>>);

impl egui::Plugin for Tessellation {
    fn debug_name(&self) -> &'static str {
        "tessellation"
    }

    fn output_hook(&mut self, ctx: &Context, output: &mut egui::FullOutput) {
        let shapes = output.shapes.clone();
        let watch = Stopwatch::start();
        ctx.tessellate(shapes, output.pixels_per_point);
        let spent = watch.elapsed().as_secs_f32() * 1e3;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(spent);
    }
}

/// The workbench with nobody in front of it.
pub(super) struct Benched {
    app: WorkbenchApp,
    wanted: u64,
    report: Report,
    own: Vec<f32>,
    tessellation: Arc<Mutex<Vec<f32>>>,
    started: bool,
}

impl Benched {
    /// Measures `wanted` frames of `app` and leaves the outcome in `report`.
    pub fn new(ctx: &Context, app: WorkbenchApp, wanted: u64, report: Report) -> Self {
        let tessellation = Arc::default();
        ctx.add_plugin(Tessellation(Arc::clone(&tessellation)));
        Self { app, wanted, report, own: Vec::new(), tessellation, started: false }
    }

    fn drive(&mut self, ctx: &Context) {
        let phase = self.app.workspace().status.phase;
        let enough = self.started && (self.own.len() as u64 >= self.wanted || phase == Phase::Finished);
        if enough {
            self.finish();
        } else if !self.started && phase == Phase::Ready {
            self.started = true;
            self.app.ask(Action::Start { afresh: false });
            ctx.request_repaint();
        }
        if enough || phase == Phase::Failed {
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
    }

    fn finish(&mut self) {
        let tessellation = self.tessellation.lock().unwrap_or_else(PoisonError::into_inner);
        let behind = tessellation.len().saturating_sub(self.own.len());
        let whole: Vec<f32> = self.own.iter().zip(&tessellation[behind..]).map(|(own, more)| own + more).collect();
        let (frames, spread) = (whole.len() as u64, Spread::of(whole));
        let steps = self.app.record().step;
        let report = FrameReport { frames, median_ms: spread.median, p99_ms: spread.p99, steps };
        *self.report.lock().unwrap_or_else(PoisonError::into_inner) = Some(report);
    }
}

impl eframe::App for Benched {
    fn logic(&mut self, ctx: &Context, frame: &mut eframe::Frame) {
        self.app.logic(ctx, frame);
        self.drive(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        self.app.ui(ui, frame);
        if self.app.workspace().status.phase.is_live() {
            self.own.push(self.app.timing().last());
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        self.app.clear_color(visuals)
    }
}
