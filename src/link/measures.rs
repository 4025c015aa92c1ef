//! Figures by name.

use std::collections::BTreeMap;

/// Figures on one part of the data, by name: `accuracy`, `macro_f1`, `agreement`, `kl`, `loss`.
pub type Measures = BTreeMap<String, f64>;

/// The measures of which more is better; of all others less is.
const HIGHER_IS_BETTER: [&str; 3] = ["accuracy", "macro_f1", "agreement"];

/// Whether more of a measure is better.
pub fn higher_is_better(measure: &str) -> bool {
    HIGHER_IS_BETTER.contains(&measure)
}

/// Whether `value` of a measure is better than `than`; of equals neither is.
pub fn is_better(measure: &str, value: f64, than: f64) -> bool {
    if higher_is_better(measure) { value > than } else { value < than }
}
