//! Probabilities of the classes, teacher against student.

use egui::Ui;

use crate::link::probe::ProbeFrame;
use crate::window::theme::Look;

/// Both models' class probabilities at T = 1 and at `temperature`; `gold` is the right class.
pub fn bars_ui(ui: &mut Ui, frame: &ProbeFrame, temperature: f64, gold: Option<usize>, look: Look) {
    ui.label(format!("{} {} {temperature} {gold:?}", look.t("Probabilities"), frame.classes.len()));
}
