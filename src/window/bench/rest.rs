//! The window at rest: what it takes in ten seconds in which nobody does anything. Who waits sleeps on a thread of its
//! own and wakes the window once, at the end, so that what is measured is what the window does by itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use egui::Context;
use serde::Serialize;

use super::process::cpu_ticks;

/// Until what the last hand has set in motion has come to rest.
const SETTLES: Duration = Duration::from_secs(3);
/// How long the window is watched.
const WATCHED: Duration = Duration::from_secs(10);

/// What the window took while nobody did anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Rest {
    /// For so long, seconds.
    pub seconds: u64,
    /// CPU time of the whole process, in ticks of the system's clock; `None` where the system does not tell.
    pub ticks: Option<u64>,
    /// Frames drawn.
    pub frames: u64,
}

/// Watches.
#[derive(Default)]
pub(super) struct Watcher {
    frames: Arc<AtomicU64>,
    found: Arc<Mutex<Option<Rest>>>,
}

impl Watcher {
    /// A frame was drawn.
    pub(super) fn drawn(&self) {
        self.frames.fetch_add(1, Ordering::Relaxed);
    }

    /// Begins to watch.
    ///
    /// # Errors
    /// The operating system's, where it gives no thread.
    pub(super) fn begin(&self, ctx: &Context) -> std::io::Result<()> {
        let (frames, found, ctx) = (Arc::clone(&self.frames), Arc::clone(&self.found), ctx.clone());
        let watch = move || {
            std::thread::sleep(SETTLES);
            let before = (cpu_ticks(), frames.load(Ordering::Relaxed));
            std::thread::sleep(WATCHED);
            let ticks = cpu_ticks().zip(before.0).map(|(after, before)| after - before);
            let frames = frames.load(Ordering::Relaxed) - before.1;
            let rest = Rest { seconds: WATCHED.as_secs(), ticks, frames };
            *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(rest);
            ctx.request_repaint();
        };
        std::thread::Builder::new().name("retort-rest".to_owned()).spawn(watch).map(drop)
    }

    /// What was found, once the time is over.
    pub(super) fn found(&self) -> Option<Rest> {
        *self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
