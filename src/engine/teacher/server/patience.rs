//! How often and how long a question is put again.

use std::time::Duration;

use crate::session::Sentence;

/// Tries of one question.
const TRIES: u32 = 6;
/// First wait between two tries; doubles from there, up to [`LONGEST`].
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(8);
/// Longest a server may ask for patience at a time.
const ASKED: Duration = Duration::from_secs(60);
/// How long a server is waited for that says it is loading, or that it is asked too fast.
const LOADING: Duration = Duration::from_secs(60);
/// The same where it says itself how long it will take.
const TOLD: Duration = Duration::from_secs(600);
/// Tries that may end without any answer: each takes as long as an answer may.
const SILENT: u32 = 3;

/// A try that failed and may succeed later.
#[derive(Clone, Debug, Default)]
pub(super) struct Failure {
    /// Why, as it is told.
    pub(super) reason: Sentence,
    /// HTTP status, where there was an answer.
    pub(super) status: Option<u16>,
    /// After how long the server wants to be asked again.
    pub(super) after: Option<Duration>,
    /// Whether no answer came in the time an answer may take.
    pub(super) is_timeout: bool,
}

/// The tries of one question.
#[derive(Default)]
pub(super) struct Patience {
    tries: u32,
    timeouts: u32,
    waited: Duration,
}

impl Patience {
    /// How long to wait before the next try; `None` if there is none.
    pub(super) fn next(&mut self, failure: &Failure) -> Option<Duration> {
        self.tries += 1;
        self.timeouts += u32::from(failure.is_timeout);
        let doubled = (PAUSE * 2u32.saturating_pow(self.tries - 1)).min(LONGEST);
        let asked = failure.after.map(|after| after.min(ASKED));
        let patient = matches!(failure.status, Some(429 | 503));
        let most = if patient && failure.after.is_some_and(|after| !after.is_zero()) { TOLD } else { LOADING };
        let wait = match () {
            () if self.timeouts >= SILENT => return None,
            () if self.tries < TRIES => asked.unwrap_or(doubled),
            // However soon it wants to be asked again: not over and over.
            () if patient && self.waited < most => asked.unwrap_or(doubled).max(LONGEST),
            () => return None,
        };
        self.waited += wait;
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(failure: &Failure) -> (usize, f64) {
        let mut patience = Patience::default();
        let waits: Vec<Duration> = std::iter::from_fn(|| patience.next(failure)).take(1000).collect();
        (waits.len() + 1, waits.iter().map(Duration::as_secs_f64).sum())
    }

    #[test]
    fn a_loading_server_is_given_more_time_than_a_failing_one() {
        let failure = |status: Option<u16>, after: Option<u64>| Failure {
            status,
            after: after.map(Duration::from_secs),
            ..Failure::default()
        };
        let (tries, secs) = waits(&failure(Some(500), None));
        assert!(tries == 6 && (7.0..9.0).contains(&secs), "{tries} {secs}");
        assert_eq!(waits(&failure(Some(500), Some(0))), (6, 0.0));
        for status in [429, 503] {
            let (tries, secs) = waits(&failure(Some(status), None));
            assert!((50.0..90.0).contains(&secs) && tries < 30, "{status}: {tries} {secs}");
            let (tries, _) = waits(&failure(Some(status), Some(0)));
            assert!(tries < 30, "asked again at once, {tries} times");
            let (tries, secs) = waits(&failure(Some(status), Some(20)));
            assert!((600.0..660.0).contains(&secs), "{tries} {secs}");
        }
        let (tries, _) = waits(&Failure { is_timeout: true, ..Failure::default() });
        assert_eq!(tries, 3, "each takes two minutes");
    }
}
