//! The choice of a layer.

use egui::accesskit::Role;
use egui::{ComboBox, Ui, WidgetInfo};

use crate::window::theme::Look;

/// Which of `layers` is looked at, with its label to the right; gives the one that was chosen instead of `now`, from 0.
pub fn layer_ui(ui: &mut Ui, look: Look, label: &'static str, layers: usize, now: usize) -> Option<usize> {
    let mut chosen = None;
    // A layer that another model has is, of one with fewer, its last.
    let now = now.min(layers.saturating_sub(1));
    let list = ComboBox::from_id_salt(label).selected_text(format!("{}", now + 1)).width(48.0);
    let answer = list.show_ui(ui, |ui| {
        for layer in 0..layers {
            if ui.selectable_label(layer == now, format!("{}", layer + 1)).clicked() {
                chosen = Some(layer);
            }
        }
    });
    let words = look.t("Whose attention is drawn, counted from the input");
    // After the words on hovering, which would be its name else.
    answer.response.on_hover_text(words).widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, label));
    super::caption(ui, label);
    chosen.filter(|layer| *layer != now)
}
