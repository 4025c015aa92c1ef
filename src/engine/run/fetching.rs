//! A model of the Hub is fetched before a pair is opened, if the person has said so. Meanwhile orders are
//! read: one that makes the fetch pointless ends it, every other one waits.

use std::time::{Duration, Instant};

use super::super::hub::{self, HubConfig, HubError, Progress};
use super::super::{EngineError, pair};
use super::Engine;
use crate::link::{Missing, Phase, Question};
use crate::session::{Say as _, Session};

/// Time between two status reports.
const REPORT: Duration = Duration::from_millis(250);

impl Engine<'_> {
    /// Sees to it that the cache has what `session` needs of the Hub, for the phase that comes `next`. False
    /// if nothing can be opened now: the person has to be asked first, or the fetch failed, was stopped, or
    /// waits for a choice; all of it was said.
    pub(super) fn ensure_local(&mut self, session: &Session, next: Phase) -> bool {
        let missing = match pair::missing(session) {
            Ok(missing) => missing,
            Err(e) => {
                self.news.fail(&e);
                return false;
            }
        };
        let offline = HubConfig::from_env().is_ok_and(|place| place.offline);
        let unasked = missing.iter().find(|missing| !offline && !self.questions.allows(missing));
        if let Some(missing) = unasked {
            self.ask(Question::Fetch(missing.clone()));
            return false;
        }
        missing.iter().all(|missing| self.fetched(missing, next))
    }

    /// Fetches a model that the person wants to have. False if it did not come.
    fn fetched(&mut self, missing: &Missing, next: Phase) -> bool {
        let mut told: Option<Instant> = None;
        let result = hub::download(missing, &mut |progress| {
            if told.is_none_or(|told| told.elapsed() >= REPORT) {
                told = Some(Instant::now());
                self.fetching(progress);
            }
            !self.orders.stop_or_other()
        });
        (self.news.status.done, self.news.status.total) = (0, 0);
        if told.is_some() {
            self.errands.list_models(); // What came is at hand from now on.
        }
        match result {
            Ok(()) => return true,
            Err(stopped @ HubError::Stopped(_)) => {
                self.questions.forbid(missing);
                self.news.warn(stopped);
                self.rest();
            }
            Err(HubError::Choose(repository)) => {
                self.cells.repository.store(Some((*repository).clone()));
                if next == Phase::Ready {
                    // Half a choice is no failure: the list of files has just appeared.
                    self.rest();
                } else {
                    self.news.fail(&EngineError::Hub(HubError::Choose(repository)));
                }
            }
            Err(e) => self.news.fail(&EngineError::Hub(e)),
        }
        false
    }

    fn fetching(&mut self, progress: &Progress) {
        (self.news.status.done, self.news.status.total) = (progress.done, progress.total);
        self.phase(Phase::Opening, progress.said());
    }
}
