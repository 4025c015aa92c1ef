//! The labels themselves: cross-entropy at temperature 1, in nats, averaged over the examples of
//! the batch whose label may be used; 0 where there is none.

use super::{ALPHA, Loss};
use crate::engine::model::ops;
use crate::session::knob::Entry;

/// The registry's line.
pub const LOSS: Loss = Loss {
    entry: Entry { id: "hard_labels", label: "Hard labels", help: "Learn the given labels, at temperature 1." },
    knobs: &[],
    needs_teacher: false,
    needs_language: false,
    weight: |knobs| knobs.get(&ALPHA),
    compute: |given| ops::cross_entropy(&given.student.scores, given.labels, given.labelled),
};
