//! WEST WING: candle lives here and nowhere else.

pub mod allocator;
pub mod data;
pub mod measure;
pub mod model;
pub mod optim;
