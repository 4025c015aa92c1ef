//! Keeps questions apart, so that no more of them than agreed fall into a minute.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::engine::teacher::CancelToken;

/// When the next question may be put.
pub(super) struct Pace {
    apart: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// At most so many questions in a minute, evenly; `None` keeps nothing apart.
    pub(super) fn new(per_minute: Option<u32>) -> Self {
        let apart = per_minute.map_or(Duration::ZERO, |most| Duration::from_secs(60) / most.max(1));
        Self { apart, next: Mutex::default() }
    }

    /// Waits until a question may be put; false if it is called off before.
    pub(super) fn wait(&self, cancel: &CancelToken) -> bool {
        cancel.sleep(self.turn(Instant::now()))
    }

    /// How long a question that comes `now` has to wait. Its turn is taken, answered or not.
    fn turn(&self, now: Instant) -> Duration {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = next.map_or(now, |next| next.max(now));
        *next = Some(turn + self.apart);
        turn.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_kept_apart_and_a_rest_is_not_saved_up() {
        let (pace, now) = (Pace::new(Some(1200)), Instant::now());
        let after = |millis| now + Duration::from_millis(millis);
        let waits = [0, 0, 20, 1000, 1000].map(|millis| pace.turn(after(millis)).as_millis());
        assert_eq!(waits, [0, 50, 80, 0, 50]);
        let free = Pace::new(None);
        assert_eq!([free.turn(now), free.turn(now)], [Duration::ZERO; 2]);
    }
}
