//! Importances of the weights, and what a threshold would remove.
//!
//! Importance is relative to the mean, r = I·N = |w| / mean|w|, so one θ means the same in a large
//! and in a small model; the absolute threshold on I is θ / N and is shown beside it.

mod axis;
mod histogram;
mod tensors;

use egui::{RichText, Ui};

use super::figures::short;
use crate::link::WeightFrame;
use crate::link::grouped;
use crate::window::theme::{GAP, Look};

/// Histogram of importances with a draggable θ; returns the new θ while it is dragged.
pub fn weights_ui(ui: &mut Ui, frame: &WeightFrame, theta: f64, look: Look) -> Option<f64> {
    if frame.all.total() == 0 {
        let text = look.t("The student's weights appear here once it is open");
        ui.label(RichText::new(text).color(look.palette().text_weak));
        return None;
    }
    let theta = if theta.is_finite() { theta.max(0.0) } else { 0.0 };
    figures_ui(ui, frame, theta, look);
    let moved = histogram::histogram_ui(ui, &frame.all, theta, look);
    ui.add_space(GAP);
    tensors::tensors_ui(ui, frame, moved.unwrap_or(theta), look);
    moved
}

/// What θ means and does, in figures.
fn figures_ui(ui: &mut Ui, frame: &WeightFrame, theta: f64, look: Look) {
    let palette = look.palette();
    let total = frame.all.total();
    ui.horizontal_wrapped(|ui| {
        let removed = 100.0 * frame.all.fraction_below(theta);
        ui.label(look.title(format!("θ {}", short(theta))));
        ui.label(RichText::new(format!("{} {removed:.1} %", look.t("removes"))).color(palette.bad));
        ui.label(format!("{} {:.1} %", look.t("pruned now"), 100.0 * frame.sparsity));
        let absolute = format!("I < {:.2e} · N {}", theta / total as f64, grouped(total));
        ui.label(RichText::new(absolute).small().color(palette.text_weak)).on_hover_text(
            look.t("The same threshold on the importance itself, and the number of weights that can be pruned"),
        );
    });
}
