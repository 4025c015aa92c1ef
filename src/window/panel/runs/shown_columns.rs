//! Which measures and settings of runs are shown, in which order, and what they are called.

use crate::record::run_table::{RunRow, differing};
use crate::session::settings::SEED;

/// Measures that are shown where runs have them, in this order, and what stands above them.
const MEASURES: [(&str, &str); 7] = [
    ("accuracy", "accuracy"),
    ("macro_f1", "macro F1"),
    ("loss", "loss"),
    ("perplexity", "perplexity"),
    ("bits_per_byte", "bits a byte"),
    ("agreement", "agreement"),
    ("kl", "KL"),
];

/// What a measure is called here.
pub fn measure_name(measure: &str) -> Option<&'static str> {
    MEASURES.into_iter().find(|(id, _)| *id == measure).map(|(_, name)| name)
}

/// The measures that are shown of runs, and what stands above them.
pub fn shown_measures(has: impl Fn(&str) -> bool) -> Vec<(&'static str, &'static str)> {
    MEASURES.into_iter().filter(|(id, _)| has(id)).collect()
}

/// The settings that differ: that of the seed first, those whose content alone differs last.
pub fn settings<'a>(rows: &[&'a RunRow]) -> Vec<(&'a str, Vec<Option<&'a str>>)> {
    let mut all: Vec<_> = differing(rows).into_iter().collect();
    all.sort_by_key(|(path, _)| (*path != SEED, path.starts_with("input.")));
    all
}
