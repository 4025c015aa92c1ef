//! Keeps questions apart, so that no more of them than agreed fall into a minute.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

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

    /// Waits until a question may be put. Its turn counts from now on, answered or not.
    pub(super) fn wait(&self) {
        let now = Instant::now();
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = next.map_or(now, |next| next.max(now));
            *next = Some(turn + self.apart);
            turn
        };
        std::thread::sleep(turn.saturating_duration_since(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_kept_apart_and_the_first_one_waits_for_nothing() {
        let pace = Pace::new(Some(1200));
        let begun = Instant::now();
        pace.wait();
        let first = begun.elapsed();
        (0..4).for_each(|_| pace.wait());
        assert!(begun.elapsed() >= Duration::from_millis(200), "{:?}", begun.elapsed());
        assert!(first < Duration::from_millis(50) || begun.elapsed() > first * 2, "{first:?}");
        assert_eq!(Pace::new(None).apart, Duration::ZERO);
    }
}
