//! What became of the rows of the data: the parts, and what is in none of them, by reason.

use crate::engine::data::{BEYOND_LIMIT, Dataset};
use crate::link::{Finding, Subject};

/// The row on the data. What the person asked to leave out is told without alarm.
pub fn row(data: &Dataset) -> Finding {
    let counts = data.counts();
    let parts = format!(
        "{} training texts, {} with a label that is used, {} validation and {} test texts in {} classes",
        counts.train,
        counts.labelled,
        counts.validation,
        counts.test,
        data.classes.len()
    );
    let reasons: Vec<String> = data.left_out.iter().map(|(reason, rows)| format!("{rows} {reason}")).collect();
    let says = match reasons.as_slice() {
        [] => format!("{parts}; no row is left out"),
        reasons => format!("{parts}; left out: {}", reasons.join(", ")),
    };
    let unasked = data.left_out.iter().any(|(reason, _)| reason != BEYOND_LIMIT);
    let finding = match (unasked, data.notes.is_empty()) {
        (true, _) => Finding::amber(Subject::Data, says, "mend these rows if they were meant to be read"),
        (false, false) => {
            let says = format!("{says}; the first row tells what was met while reading");
            Finding::amber(Subject::Data, says, "see that the data was read as it is meant")
        }
        (false, true) => Finding::green(Subject::Data, says),
    };
    data.left_out.iter().fold(finding, |finding, (reason, rows)| finding.with(reason, *rows as f64))
}
