//! What the engine answers whoever watches. A [`Reply`] belongs to no run and is never written down.

use super::budget::Budget;
use super::checkup::{Checkup, ModelSize};
use super::notice::Notice;
use super::opened::Opened;
use super::question::{Answer, Question};
use super::status::Status;
use super::unwritten::Unwritten;

/// An answer to an order, or how the machine fares.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Pair and data are open, and no run of them.
    Opened(Box<Opened>),
    /// A session was examined.
    Examined(Box<Checkup>),
    /// A student was weighed; `None` where its configuration cannot be read, which opening it says.
    Weighed(Option<ModelSize>),
    /// What a run would pay its server for; `None` where that cannot be told yet, which opening it says.
    Counted(Option<Budget>),
    /// An order waits for the person's answer; nothing of it was done.
    Asked(Box<Question>),
    /// What became of the last question.
    Answered(Answer),
    /// What the engine is doing.
    Status(Status),
    /// Something about an order that was carried out all the same, or not now.
    Warning(Notice),
    /// Why an order could not be carried out.
    Failed(Notice),
    /// A student is in memory that could not be written; `None` once it is, or was let go.
    Unwritten(Option<Box<Unwritten>>),
}
