//! What the run will pay a server for its teacher's answers. The server is not asked: its answers cost
//! money.

use crate::engine::budget::{advice, foresee};
use crate::engine::pair::Pair;
use crate::link::{Budget, Finding, Subject};
use crate::session::{Session, say};

const SUBJECT: Subject = Subject::Budget;

/// The row on tokens; `None` where the teacher is no server.
pub fn row(session: &Session, pair: &Pair) -> Option<Finding> {
    match foresee(session, pair, 0) {
        Ok(budget) => budget.map(|budget| told(&budget)),
        Err(e) => Some(super::refused(SUBJECT, e)),
    }
}

/// The row on this budget.
pub fn told(budget: &Budget) -> Finding {
    let says = budget.sentence();
    let row = if budget.is_over() {
        let says = say!("{says}; one long question may take {reserve} more", says, reserve = budget.reserve);
        Finding::red(SUBJECT, says, advice())
    } else {
        Finding::green(SUBJECT, says)
    };
    let figures = [
        ("questions", budget.questions),
        ("known", budget.known),
        ("prompt_tokens", budget.prompt_tokens),
        ("answer_tokens", budget.answer_tokens),
        ("counted_answers", budget.basis),
    ];
    figures.into_iter().fold(row, |row, (name, value)| row.with(name, value as f64))
}
