//! Measures the window's own work per frame: a person's window, opened, driven and closed by itself, while a run is
//! going, with the runs of a workspace in one chart, or through a run of very many steps. The program measures itself;
//! the renderer's painting is not counted, since on a software renderer it measures the renderer.
//!
//! Not here: what the engine needs. Nobody trains but for [`training()`].

mod course;
mod hand;
mod long_run;
mod own_work;
mod process;
mod rest;
mod shelf;
mod training;
mod written_runs;

use std::sync::{Arc, Mutex, PoisonError};

use egui::Context;

use super::app::WorkbenchApp;
use super::launch::{WindowError, show};
use super::preferences::Preferences;
use super::storage::Storage;
use crate::link::WatchEnd;
use crate::session::{Catalog, Session};
use course::{Benched, Course};
pub use long_run::{LongRunReport, MemoryAt};
pub use own_work::OwnWork;
pub use rest::Rest;
pub use shelf::{Picture, Pictured, ShelfReport};
pub use training::FrameReport;

/// Opens the window, starts the session's run, measures `frames` frames and closes again.
///
/// # Errors
/// [`WindowError`] saying what the system lacks, or that nothing could be measured.
pub fn training(watch: WatchEnd, catalog: Catalog, session: Session, frames: u64) -> Result<FrameReport, WindowError> {
    let folder = tempfile::tempdir().map_err(|e| WindowError::Other(e.to_string()))?;
    let storage = Storage::open(folder.path().to_owned());
    let open = move |ctx: &Context| WorkbenchApp::new(ctx, watch, catalog, session, None, storage);
    measured(open, training::Training::new(frames))
}

/// Writes `runs` made-up runs of `points` steps, opens the window on them and measures their curves over each other in
/// `frames` frames a picture, filters and groups, and the window at rest.
///
/// # Errors
/// As [`training()`]; and that the runs could not be written.
pub fn shelf(
    watch: WatchEnd,
    catalog: Catalog,
    session: Session,
    (runs, points, frames): (u64, u64, u64),
) -> Result<ShelfReport, WindowError> {
    let folder = tempfile::tempdir().map_err(|e| WindowError::Other(e.to_string()))?;
    let storage = Storage::open(folder.path().to_owned());
    written_runs::write(&storage.runs(), runs, points).map_err(|e| WindowError::Other(e.to_string()))?;
    let open = move |ctx: &Context| WorkbenchApp::new(ctx, watch, catalog, session, None, storage);
    measured(open, shelf::Shelf::new(runs, points, frames))
}

/// Opens the window, tells it a run of `steps` steps as the engine would, and measures what it takes on the way.
///
/// # Errors
/// As [`training()`].
pub fn long_run(catalog: Catalog, session: Session, steps: u64) -> Result<LongRunReport, WindowError> {
    let folder = tempfile::tempdir().map_err(|e| WindowError::Other(e.to_string()))?;
    let storage = Storage::open(folder.path().to_owned());
    let (watch, end) = crate::link::connect();
    let course = long_run::LongRun::new(end, session.clone(), folder.path().join("run"), steps);
    let open = move |ctx: &Context| WorkbenchApp::new(ctx, watch, catalog, session, None, storage);
    measured(open, course)
}

/// The report of a course that the window was taken through.
fn measured<C: Course>(open: impl FnOnce(&Context) -> WorkbenchApp, course: C) -> Result<C::Report, WindowError> {
    let report = Arc::new(Mutex::new(None));
    let left = Arc::clone(&report);
    show(Preferences::default(), move |cc| Box::new(Benched::new(&cc.egui_ctx, open(&cc.egui_ctx), course, left)))?;
    let report = report.lock().unwrap_or_else(PoisonError::into_inner).take();
    report
        .ok_or_else(|| WindowError::Other("it was closed before enough frames were drawn".to_owned()))?
        .map_err(WindowError::Other)
}
