//! Phrases of the plots.

pub(super) const CHINESE: &[(&str, &str)] = &[];
