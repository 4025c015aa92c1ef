//! Mean KL(teacher ‖ student) at temperature 1, in nats.

use super::{Measure, mean};
use crate::link::scores::divergence;

/// The registry's line.
pub const MEASURE: Measure = Measure {
    id: "kl",
    of: |answered| {
        let both = answered.teacher.iter().zip(answered.student);
        mean(both.map(|(teacher, student)| divergence(teacher, student)))
    },
    needs_teacher: true,
};
