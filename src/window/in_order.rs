//! One thread that does what it is given, one after another: on a slow disk an older file must not end up over a newer,
//! nor an older vote behind a newer.

use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

type Job = Box<dyn FnOnce() + Send>;

/// The thread, as long as it is given anything.
pub struct InOrder {
    jobs: Sender<Job>,
    thread: JoinHandle<()>,
}

impl InOrder {
    /// Starts it.
    ///
    /// # Errors
    /// The operating system's.
    pub fn start(name: &str) -> std::io::Result<Self> {
        let (jobs, orders) = channel::<Job>();
        let work = move || orders.into_iter().for_each(|job| job());
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work)?;
        Ok(Self { jobs, thread })
    }

    /// Gives it something to do, behind what it was given before; says whether it is there to do it.
    pub fn give(&self, job: impl FnOnce() + Send + 'static) -> bool {
        self.jobs.send(Box::new(job)).is_ok()
    }

    /// Waits until everything is done.
    pub fn finish(self) {
        drop(self.jobs);
        // A panic there has lost what it was at, not this window.
        let _ = self.thread.join();
    }
}
