//! A check-up asked for over the link, and what a student weighs: they read what is open and change
//! nothing of it.

use super::super::make::size;
use super::super::pair::Pair;
use super::super::{budget, doctor, hub};
use super::Engine;
use crate::link::{Event, Phase};
use crate::session::{Session, Source};

impl Engine<'_> {
    pub(super) fn examine(&mut self, session: &Session) {
        let (phase, what) = (self.status.phase, self.status.what.clone());
        self.phase(Phase::Opening, "checking the pair");
        let open = self.run.as_ref().map(|run| &run.trainer.pair).or(self.pair.as_ref());
        let checkup = doctor::examine(session, open, &self.catalog);
        self.emit(Event::Examined(Box::new(checkup)));
        self.phase(phase, &what);
    }

    /// Asked while a person chooses, so nothing is opened but configurations.
    pub(super) fn weigh(&mut self, session: &Session) {
        let open = self.run.as_ref().map(|run| &run.trainer.pair).or(self.pair.as_ref());
        self.emit(Event::Weighed(size::planned(session, doctor::classes(open)).ok()));
    }

    /// Counted on the pair that is open; another one is counted once it is.
    pub(super) fn count(&mut self, session: &Session) {
        let server = session.models.teacher.as_ref().is_some_and(|t| matches!(t.source, Source::Server { .. }));
        let open = self.run.as_ref().map(|run| &run.trainer.pair).or(self.pair.as_ref());
        let pinned = hub::pinned(session);
        let same = |pair: &&Pair| (&pair.session.models, &pair.session.data) == (&pinned.models, &session.data);
        if !server || session.problem().is_some() {
            return;
        }
        let budget = open.filter(same).and_then(|pair| budget::foresee(session, pair, 0).ok().flatten());
        self.emit(Event::Counted(budget));
    }
}
