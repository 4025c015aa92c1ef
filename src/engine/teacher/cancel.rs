//! A question that may be called off while it waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often a wait looks whether it was called off: a stop acts within a second.
const SLICE: Duration = Duration::from_millis(50);

/// Shared by who asks and who may call it off.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// Calls off what waits. A request that is under way goes on: its answer may have to be paid for.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was called off.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits for so long; false as soon as it is called off.
    pub fn sleep(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if self.is_cancelled() || left.is_zero() {
                return !self.is_cancelled();
            }
            std::thread::sleep(left.min(SLICE));
        }
    }
}
