//! Teacher's and student's attention, side by side.

use egui::Ui;

use crate::link::probe::ProbeFrame;
use crate::window::theme::Look;

/// What the person chose to see of the heatmaps.
#[derive(Clone, Debug, Default)]
pub struct AttentionMap {}

/// Both models' heads for one text.
pub fn attention_ui(ui: &mut Ui, frame: &ProbeFrame, _map: &mut AttentionMap, look: Look) {
    ui.label(format!("{} {}", look.t("Attention"), frame.student.heads));
}
