//! Pruning: scores, masks, and what was removed. Shapes never change here.

pub mod magnitude;

pub use magnitude::{Pruner, THETA};
