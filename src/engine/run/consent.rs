//! Which question waits for the person, the order behind it, and what the person has allowed so far.

use std::collections::BTreeSet;

use crate::link::{Answer, Command, Missing, Question};

/// A model that may be fetched: repository, revision and GGUF file.
type Consent = (String, String, Option<String>);

/// Questions and their answers.
#[derive(Default)]
pub(super) struct Questions {
    /// The order that is being carried out, where a question may make it wait.
    order: Option<Command>,
    /// A question, and the order that waits for its answer.
    pending: Option<(Question, Command)>,
    /// Models that the person has said may be fetched.
    consents: BTreeSet<Consent>,
}

impl Questions {
    /// Notes `command` if a question may make it wait, and gives what became of the question that waited before
    /// it, if that is dropped.
    pub(super) fn note(&mut self, command: &Command) -> Option<Answer> {
        if command.opens() {
            self.order = Some(command.clone());
            return self.pending.take().map(|_| Answer::Outdated);
        }
        if matches!(command, Command::Connect(_)) {
            // It may have to ask whether the key may go, but takes no other question away.
            self.order = Some(command.clone()).filter(|_| self.pending.is_none()).or(self.order.take());
        }
        if command.is_stop() { self.pending.take().map(|_| Answer::No) } else { None }
    }

    /// Whether the order that is being carried out waits for `question` from now on.
    pub(super) fn put(&mut self, question: &Question) -> bool {
        let order = self.order.take();
        let waits = order.is_some();
        self.pending = order.map(|order| (question.clone(), order)).or(self.pending.take());
        waits
    }

    /// The order that has waited for an answer to `question`.
    pub(super) fn answered(&mut self, question: &Question) -> Option<Command> {
        self.pending.take_if(|(pending, _)| pending == question).map(|(_, order)| order)
    }

    /// The model may be fetched.
    pub(super) fn allow(&mut self, missing: &Missing) {
        self.consents.insert(named(missing));
    }

    /// It may not any more: the fetch was stopped.
    pub(super) fn forbid(&mut self, missing: &Missing) {
        self.consents.remove(&named(missing));
    }

    /// Whether it may be fetched.
    pub(super) fn allows(&self, missing: &Missing) -> bool {
        self.consents.contains(&named(missing))
    }
}

fn named(missing: &Missing) -> Consent {
    (missing.repo.clone(), missing.revision.clone(), missing.file.clone())
}
