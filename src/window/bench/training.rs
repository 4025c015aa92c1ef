//! Frames while the built-in run is going.

use egui::Context;
use serde::Serialize;

use super::course::Course;
use crate::link::Phase;
use crate::window::app::WorkbenchApp;
use crate::window::state::Action;
use crate::window::timing::Spread;

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

impl FrameReport {
    /// In a line.
    pub fn words(&self) -> String {
        let Self { frames, median_ms, p99_ms, steps } = self;
        format!(
            "logic + ui + tessellation, CPU time per frame: {median_ms:.2} ms median, {p99_ms:.2} ms 99th percentile \
             ({frames} frames, {steps} steps)"
        )
    }
}

/// Starts the run once it is ready, and measures so many of its frames.
pub(super) struct Training {
    wanted: u64,
    frames: Vec<f32>,
    started: bool,
}

impl Training {
    pub(super) fn new(wanted: u64) -> Self {
        Self { wanted, frames: Vec::new(), started: false }
    }

    fn report(&self, steps: u64) -> FrameReport {
        let spread = Spread::of(self.frames.clone());
        FrameReport { frames: self.frames.len() as u64, median_ms: spread.median, p99_ms: spread.p99, steps }
    }
}

impl Course for Training {
    type Report = FrameReport;

    fn drive(
        &mut self,
        ctx: &Context,
        app: &mut WorkbenchApp,
        frame: Option<f32>,
    ) -> Option<Result<FrameReport, String>> {
        let phase = app.workspace().status.phase;
        self.frames.extend(frame.filter(|_| phase.is_live()));
        if self.started && (self.frames.len() as u64 >= self.wanted || phase == Phase::Finished) {
            return Some(Ok(self.report(app.record().step)));
        }
        if phase == Phase::Failed {
            return Some(Err("the run has failed".to_owned()));
        }
        if !self.started && phase == Phase::Ready {
            self.started = true;
            app.ask(Action::Start { afresh: false });
            ctx.request_repaint();
        }
        None
    }
}
