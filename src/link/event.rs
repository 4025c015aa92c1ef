//! Facts up: what comes from the engine.

use super::fact::Fact;
use super::notice::Notice;
use super::opened::Opened;
use super::reply::Reply;
use super::run_id::RunId;

/// News from the engine.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Something happened to this run.
    Fact(RunId, Fact),
    /// Something is said to whoever watches.
    Reply(Reply),
}

impl Event {
    /// Why something failed, be it a run or an order.
    pub fn failure(&self) -> Option<&Notice> {
        match self {
            Self::Fact(_, Fact::Failed(notice)) | Self::Reply(Reply::Failed(notice)) => Some(notice),
            _ => None,
        }
    }

    /// What a run survives, or what there is to say of an order.
    pub fn warning(&self) -> Option<&Notice> {
        match self {
            Self::Fact(_, Fact::Warning(notice)) | Self::Reply(Reply::Warning(notice)) => Some(notice),
            _ => None,
        }
    }

    /// What was opened, with a run or without.
    pub fn opened(&self) -> Option<&Opened> {
        match self {
            Self::Fact(_, Fact::Opened(opened)) | Self::Reply(Reply::Opened(opened)) => Some(opened),
            _ => None,
        }
    }
}

impl Fact {
    /// As news of `run`.
    pub fn of(self, run: RunId) -> Event {
        Event::Fact(run, self)
    }
}

impl From<Reply> for Event {
    fn from(reply: Reply) -> Self {
        Self::Reply(reply)
    }
}
