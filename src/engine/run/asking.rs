//! What the person is asked before an order is carried out: whether a key may go to a server, and whether a
//! model may be fetched. The order waits for the answer; any other order to open or to run takes its place.

use super::super::secret::{Grants, PermitError, allow_here, permit};
use super::Engine;
use crate::link::{Answer, Command, Phase, Question, Reply};
use crate::session::{Sentence, ServerOrigin, Session, Source, say};

impl Engine<'_> {
    /// Notes an order, which may drop a question that waited.
    pub(super) fn note_order(&mut self, command: &Command) {
        if let Some(answer) = self.questions.note(command) {
            self.news.reply(Reply::Answered(answer));
        }
    }

    /// Puts a question; the order that is being carried out is carried out anew once it is answered by yes.
    pub(super) fn ask(&mut self, question: Question) {
        if self.questions.put(&question) {
            self.rest();
            self.news.reply(Reply::Asked(Box::new(question)));
        }
    }

    /// Takes the person's answer.
    pub(super) fn answered(&mut self, question: &Question, yes: bool) {
        let Some(order) = self.questions.answered(question) else { return };
        self.news.reply(Reply::Answered(if yes { Answer::Yes } else { Answer::No }));
        if yes {
            self.consent(question);
            self.obey(order);
        }
    }

    fn consent(&mut self, question: &Question) {
        match question {
            Question::Fetch(missing) => self.questions.allow(missing),
            Question::Key(grant) => {
                if let Err(e) = Grants::of_person().and_then(|grants| grants.add(grant.clone())) {
                    allow_here(grant.clone());
                    let said = say!("the key may go until this window closes: {e}", e);
                    self.news.reply(Reply::Warning(said.into()));
                }
            }
        }
    }

    /// Whether the key that `session` names may go where it wants to send it. If not, it was asked about, or
    /// said why it never may.
    pub(super) fn is_permitted(&mut self, session: &Session) -> bool {
        session.teacher().is_none_or(|teacher| self.may_send(&teacher.source))
    }

    /// The same of a server's own key.
    pub(super) fn may_send(&mut self, source: &Source) -> bool {
        let Source::Server { url, key: Some(key), .. } = source else { return true };
        // A place or an address that is none is refused with its own words when the server is to be asked.
        let (None, Ok((host, _))) = (key.problem(), ServerOrigin::split(url)) else { return true };
        match permit::check(key, &host) {
            Err(PermitError::Unasked(grant)) => {
                self.ask(Question::Key(grant));
                false
            }
            _ => true,
        }
    }

    /// The phase of an engine that does nothing.
    pub(super) fn rest(&mut self) {
        self.phase(if self.pair.is_some() { Phase::Ready } else { Phase::Empty }, Sentence::default());
    }
}
