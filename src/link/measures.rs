//! Figures by name.

use std::collections::BTreeMap;

/// Figures on one part of the data, by name: `accuracy`, `macro_f1`, `agreement`, `kl`, `loss`.
pub type Measures = BTreeMap<String, f64>;
