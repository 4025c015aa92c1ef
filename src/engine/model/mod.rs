//! Models.

pub mod ops;
