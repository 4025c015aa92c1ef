//! EAST WING: egui lives here and nowhere else.

pub mod heatmap;
pub mod plot;
pub mod strings;
pub mod theme;
