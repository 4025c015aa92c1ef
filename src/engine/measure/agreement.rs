//! Agreement: the share of rows on which student and teacher find the same outcome likeliest.

use super::{Measure, mean, share};
use crate::link::scores::likeliest;

/// The registry's line.
pub const MEASURE: Measure = Measure {
    id: "agreement",
    of: |answered| {
        let both = answered.likeliest.iter().zip(answered.teacher);
        mean(both.map(|(answer, row)| share(*answer == likeliest(row))))
    },
    needs_teacher: true,
};
