//! Every curve of the record, one chart per group.

use egui::Ui;

use crate::record::RunRecord;
use crate::session::View;
use crate::window::theme::Look;

/// The record's curves with the marks of every knob change.
pub fn curves_ui(ui: &mut Ui, record: &RunRecord, _view: &mut View, look: Look) {
    ui.label(format!("{} {}", look.t("Curves"), record.series.len()));
}
