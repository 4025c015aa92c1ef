//! Pure pictures of a record or a frame. Nothing here subscribes to events or computes measures:
//! what is drawn is what was handed over.

pub mod attention_map;
pub mod curves;
pub mod probability_bars;
pub mod weights;
