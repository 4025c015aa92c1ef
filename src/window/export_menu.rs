//! The menus that ask for an export: of curves, and of a drawing that is on screen. Where to is asked next.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Ui, WidgetInfo};

use super::export::{ExportKind, ExportWish};
use super::state::{Action, UiState};
use super::theme::Look;
use crate::record::export::drawing::Drawing;

/// What a kind is called, and what it is.
fn words(kind: ExportKind, look: Look) -> (&'static str, &'static str) {
    match kind {
        ExportKind::Csv => (look.t("Table (CSV)…"), look.t("Every curve, a row a point: run, curve, step, value")),
        ExportKind::TensorBoard => (
            look.t("TensorBoard events…"),
            look.t("Every curve, in a folder for each run; tensorboard --logdir shows it"),
        ),
        ExportKind::Svg => (look.t("Chart (SVG)…"), look.t("A drawing whose text stays text")),
        ExportKind::Png => (look.t("Picture (PNG)…"), look.t("The same chart in pixels")),
    }
}

/// The menu; `wish` tells what is exported once something of it is chosen.
pub fn menu_ui(ui: &mut Ui, look: Look, state: &mut UiState, wish: impl Fn(&UiState) -> ExportWish) {
    let answer = ui.menu_button(look.t("Export…"), |ui| {
        for kind in ExportKind::ALL {
            let (name, help) = words(kind, look);
            if ui.button(name).on_hover_text(help).clicked() {
                let wish = wish(state);
                state.ask(Action::AskExport(kind, Box::new(wish)));
                ui.close();
            }
        }
    });
    answer.response.on_hover_text(look.t("Writes the curves for other programs"));
}

/// The menu for a drawing that is on screen; it is made once something is chosen.
pub fn drawing_menu_ui(ui: &mut Ui, look: Look, state: &mut UiState, is_svg: bool, draw: impl Fn() -> Drawing) {
    let kinds = [ExportKind::Svg, ExportKind::Png];
    // Beside heatmaps and bars there is no room for a word.
    let answer = ui.menu_button("⋯", |ui| {
        for kind in kinds.into_iter().filter(|kind| is_svg || *kind == ExportKind::Png) {
            let (name, _) = words(kind, look);
            if ui.button(name).clicked() {
                let wish = ExportWish { drawing: Some(Arc::new(draw())), ..ExportWish::default() };
                state.ask(Action::AskExport(kind, Box::new(wish)));
                ui.close();
            }
        }
    });
    let name = look.t("Save as a picture");
    answer.response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    answer.response.on_hover_text(format!("{name}: {}", look.t("what is drawn here, on light ground")));
}
