//! Frame times, shown with F12: slow drawing should be seen before it is felt.

use egui::{Align2, Area, Frame, Id, Ui, vec2};

use super::Scene;
use crate::window::state::UiState;
use crate::window::timing::Spread;

pub(super) fn overlay_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    if !state.timing {
        return;
    }
    let place = Area::new(Id::unique("timing")).anchor(Align2::RIGHT_TOP, vec2(-12.0, 48.0)).interactable(false);
    place.show(ui.ctx(), |ui| {
        Frame::popup(ui.style()).show(ui, |ui| {
            let line = |spread: Spread| format!("{:5.2} ms · {:5.2} ms", spread.median, spread.p99);
            ui.monospace(format!("{}   {}", line(scene.timing.own()), scene.t("logic and panels")));
            ui.monospace(format!("{}   {}", line(scene.timing.whole()), scene.t("whole frame")));
            ui.monospace(format!("{} {}", scene.timing.frames(), scene.t("frames drawn")));
            ui.weak(scene.t("median · 99th percentile of the last 600 frames"));
        });
    });
}
