//! The workbench with nobody in front of it: a course asks for things as a hand would, frame after frame, until it has
//! measured what it came for.

use std::sync::{Arc, Mutex, PoisonError};

use egui::{Context, Ui};

use super::own_work::OwnWork;
use crate::window::app::WorkbenchApp;
use crate::window::state::Action;

/// What is done with the window.
pub(super) trait Course: 'static {
    /// What it finds out.
    type Report: Send + 'static;

    /// Takes note of the last frame and asks for what the next is to show; the end of it once enough is known, or
    /// why nothing can be.
    fn drive(
        &mut self,
        ctx: &Context,
        app: &mut WorkbenchApp,
        frame: Option<f32>,
    ) -> Option<Result<Self::Report, String>>;

    /// What a hand does before the next frame.
    fn events(&mut self, _ctx: &Context) -> Vec<egui::Event> {
        Vec::new()
    }

    /// A frame is being drawn.
    fn drawn(&mut self) {}
}

/// Where the report is left for whoever opened the window.
pub(super) type Left<R> = Arc<Mutex<Option<Result<R, String>>>>;

/// The window, and the course it is taken through.
pub(super) struct Benched<C: Course> {
    app: WorkbenchApp,
    course: C,
    work: OwnWork,
    left: Left<C::Report>,
}

impl<C: Course> Benched<C> {
    /// Takes `app` through `course` and leaves the outcome in `left`.
    pub(super) fn new(ctx: &Context, app: WorkbenchApp, course: C, left: Left<C::Report>) -> Self {
        Self { app, course, work: OwnWork::watch(ctx), left }
    }
}

impl<C: Course> eframe::App for Benched<C> {
    fn logic(&mut self, ctx: &Context, frame: &mut eframe::Frame) {
        let last = self.work.take();
        if let Some(report) = self.course.drive(ctx, &mut self.app, last) {
            self.left.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(report);
            // A run that is under way asks whether the window may close.
            self.app.ask(Action::Close(true));
            ctx.request_repaint();
        }
        self.app.logic(ctx, frame);
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        self.app.ui(ui, frame);
        self.work.add(self.app.timing().last());
        self.course.drawn();
    }

    fn raw_input_hook(&mut self, ctx: &Context, input: &mut egui::RawInput) {
        input.events.extend(self.course.events(ctx));
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        self.app.clear_color(visuals)
    }
}
