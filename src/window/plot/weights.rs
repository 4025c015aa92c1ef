//! Importances of the weights, and what a threshold would remove.

use egui::Ui;

use crate::link::probe::WeightFrame;
use crate::window::theme::Look;

/// Histogram of importances with a draggable θ; returns the new θ while it is dragged.
pub fn weights_ui(ui: &mut Ui, frame: &WeightFrame, theta: f64, look: Look) -> Option<f64> {
    ui.label(format!("{} {} {theta}", look.t("Weights"), frame.tensors.len()));
    None
}
