//! A check-up asked for over the link, and what a student weighs: they read what is open and change
//! nothing of it.

use super::super::pair::Pair;
use super::super::student_init::size;
use super::super::{budget, doctor, hub};
use super::Engine;
use crate::link::{Phase, Reply};
use crate::session::{Session, Source, say};

impl Engine<'_> {
    /// `ask` lets a server be asked about a few texts, until an order comes that ends it.
    pub(super) fn examine(&mut self, session: &Session, ask: bool) {
        let (phase, what) = (self.news.status.phase, self.news.status.what.clone());
        self.phase(Phase::Opening, say!("checking the pair"));
        let orders = &mut self.orders;
        let mut going = || !orders.stop_or_other();
        let open = self.run.as_ref().map(|run| &run.trainer.pair).or(self.pair.as_ref());
        let asking: Option<doctor::answers::Ask> = if ask { Some(&mut going) } else { None };
        let checkup = doctor::examine_asking(session, open, &self.catalog, asking);
        self.news.reply(Reply::Examined(Box::new(checkup)));
        self.phase(phase, what);
    }

    /// Asked while a person chooses, so nothing is opened but configurations.
    pub(super) fn weigh(&mut self, session: &Session) {
        let open = self.run.as_ref().map(|run| &run.trainer.pair).or(self.pair.as_ref());
        self.news.reply(Reply::Weighed(size::planned(session, doctor::classes(open)).ok()));
    }

    /// Counted on the pair that is open; another one is counted once it is.
    pub(super) fn count(&mut self, session: &Session) {
        let server = session.teacher().is_some_and(|t| matches!(t.source, Source::Server { .. }));
        let open = self.run.as_ref().map(|run| &run.trainer.pair).or(self.pair.as_ref());
        let pinned = hub::pinned(session);
        let same = |pair: &&Pair| (pair.session.models(), &pair.session.data) == (pinned.models(), &session.data);
        if !server || session.problem().is_some() {
            return;
        }
        let budget = open.filter(same).and_then(|pair| budget::foresee(session, pair, 0).ok().flatten());
        self.news.reply(Reply::Counted(budget));
    }
}
