//! A check-up asked for over the link, and what a student weighs: they read what is open and change
//! nothing of it.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, TryRecvError};

use super::super::pair::Pair;
use super::super::student_init::size;
use super::super::{budget, doctor, hub};
use super::Engine;
use crate::link::{Command, Event, Phase};
use crate::session::{Session, Source, say};

/// Whether an order came that ends the asking; the others wait behind it.
fn is_called_off(commands: &Receiver<Command>, waiting: &mut VecDeque<Command>) -> bool {
    loop {
        match commands.try_recv() {
            Ok(Command::Stop) | Err(TryRecvError::Disconnected) => return true,
            Ok(command) => {
                let instead = matches!(command, Command::Open(_) | Command::Start { .. } | Command::Continue(_));
                waiting.push_back(command);
                if instead {
                    return true;
                }
            }
            Err(TryRecvError::Empty) => return false,
        }
    }
}

impl Engine<'_> {
    /// `ask` lets a server be asked about a few texts, until an order comes that ends it.
    pub(super) fn examine(&mut self, session: &Session, ask: bool) {
        let (phase, what) = (self.status.phase, self.status.what.clone());
        let (commands, mut waiting) = (self.commands, VecDeque::new());
        let mut going = || !is_called_off(commands, &mut waiting);
        self.phase(Phase::Opening, say!("checking the pair"));
        let open = self.run.as_ref().map(|run| &run.trainer.pair).or(self.pair.as_ref());
        let asking: Option<doctor::answers::Ask> = if ask { Some(&mut going) } else { None };
        let checkup = doctor::examine_asking(session, open, &self.catalog, asking);
        self.waiting.append(&mut waiting);
        self.emit(Event::Examined(Box::new(checkup)));
        self.phase(phase, what);
    }

    /// Asked while a person chooses, so nothing is opened but configurations.
    pub(super) fn weigh(&mut self, session: &Session) {
        let open = self.run.as_ref().map(|run| &run.trainer.pair).or(self.pair.as_ref());
        self.emit(Event::Weighed(size::planned(session, doctor::classes(open)).ok()));
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
        self.emit(Event::Counted(budget));
    }
}
