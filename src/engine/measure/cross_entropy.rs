//! Mean cross-entropy of the gold outcome, in nats.

use super::{Measure, log_prob, mean};

/// The registry's line.
pub const MEASURE: Measure = Measure {
    id: "loss",
    of: |answered| mean(answered.gold.iter().zip(answered.student).map(|(gold, row)| -log_prob(row, *gold))),
    needs_teacher: false,
};
