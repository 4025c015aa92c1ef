//! Phrases of the panels and dialogs.

pub(super) const CHINESE: &[(&str, &str)] = &[];
