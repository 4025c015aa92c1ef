//! Accuracy: the share of rows whose likeliest outcome is the gold one.

use super::{Measure, mean, share};

/// The registry's line.
pub const MEASURE: Measure = Measure {
    id: "accuracy",
    of: |answered| mean(answered.gold.iter().zip(&answered.likeliest).map(|(gold, answer)| share(gold == answer))),
    needs_teacher: false,
};
