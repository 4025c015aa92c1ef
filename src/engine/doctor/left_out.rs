//! What became of the rows of the data: the parts, and what is in none of them, by reason.

use crate::engine::data::{Dataset, beyond_limit};
use crate::link::{Finding, Subject};
use crate::session::{Sentence, say};

/// The row on the data. What the person asked to leave out is told without alarm.
pub fn row(data: &Dataset) -> Finding {
    let parts = if data.classes.is_empty() { of_texts(data) } else { of_classes(data) };
    let reasons: Vec<String> = data.left_out.iter().map(|(reason, rows)| format!("{rows} {reason}")).collect();
    let says = match reasons.as_slice() {
        [] => say!("{parts}; no row is left out", parts),
        reasons => say!("{parts}; left out: {reasons}", parts, reasons = reasons.join(", ")),
    };
    let unasked = data.left_out.iter().any(|(reason, _)| *reason != beyond_limit());
    let finding = match (unasked, data.notes.is_empty()) {
        (true, _) => Finding::amber(Subject::Data, says, say!("mend these rows if they were meant to be read")),
        (false, false) => {
            let says = say!("{says}; the first row tells what was met while reading", says);
            Finding::amber(Subject::Data, says, say!("see that the data was read as it is meant"))
        }
        (false, true) => Finding::green(Subject::Data, says),
    };
    data.left_out.iter().fold(finding, |finding, (reason, rows)| finding.with(reason, *rows as f64))
}

fn of_classes(data: &Dataset) -> Sentence {
    let counts = data.counts();
    say!(
        "{train} training texts, {labelled} with a label that is used, {validation} validation and {test} test texts in {classes} classes",
        train = counts.train,
        labelled = counts.labelled,
        validation = counts.validation,
        test = counts.test,
        classes = data.classes.len()
    )
}

fn of_texts(data: &Dataset) -> Sentence {
    let counts = data.counts();
    say!(
        "{train} training texts, {labelled} of them learned from themselves, {validation} validation and {test} test texts",
        train = counts.train,
        labelled = counts.labelled,
        validation = counts.validation,
        test = counts.test
    )
}
