//! Which columns of the table are shown, in which order: a menu of check marks, and the table arranged by it.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{Button, PopupCloseBehavior, Role, ScrollArea, Ui, WidgetInfo};

use super::view::{Column, Listing};
use crate::window::column_choice::{ColumnChoice, NAME};
use crate::window::panel::Scene;
use crate::window::shelf_words::ShelfAction;
use crate::window::state::{Action, UiState};

/// Height of the list before it is scrolled, points.
const HIGHEST: f32 = 420.0;

/// Every column there is, and those that are shown with their cells, in the order that was chosen.
pub(super) fn arranged(
    choice: &ColumnChoice,
    columns: Vec<Column>,
    mut rows: Vec<Listing>,
) -> (Vec<(String, String)>, Vec<Column>, Vec<Listing>) {
    let mut keys: Vec<&str> = Vec::new();
    columns.iter().for_each(|column| {
        if !keys.contains(&column.key.as_str()) {
            keys.push(&column.key);
        }
    });
    let ordered = choice.ordered(&keys);
    let title = |key: &str| columns.iter().find(|column| column.key == key).map(|column| column.title.clone());
    let offered = ordered.iter().map(|key| ((*key).to_owned(), title(key).unwrap_or_default())).collect();
    let shown = ordered.iter().filter(|key| choice.is_shown(key));
    let of_key = |key: &&str| {
        let key = (*key).to_owned();
        (0..columns.len()).filter(|place| columns[*place].key == key).collect::<Vec<usize>>()
    };
    let places: Vec<usize> = shown.flat_map(of_key).collect();
    for row in &mut rows {
        row.cells = places.iter().map(|place| row.cells.get(*place).cloned().unwrap_or_default()).collect();
    }
    let columns = places.iter().filter_map(|place| columns.get(*place).cloned()).collect();
    (offered, columns, rows)
}

pub(super) fn menu_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let stays = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let button = MenuButton::from_button(Button::new(scene.t("Columns…"))).config(stays);
    let (response, _) = button.ui(ui, |ui| {
        ScrollArea::vertical().max_height(HIGHEST).show(ui, |ui| columns_ui(ui, scene, state));
        ui.separator();
        let help = scene.t("Every column shown or hidden, and in the order, as at the first start");
        if ui.button(scene.t("As at first")).on_hover_text(help).clicked() {
            state.ask(Action::Shelf(ShelfAction::Columns(ColumnChoice::default())));
        }
    });
    response.on_hover_text(scene.t("Shows, hides and moves the columns of the table"));
}

fn columns_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let offered = std::mem::take(&mut state.runs.listed.offered);
    let keys: Vec<&str> = offered.iter().map(|(key, _)| key.as_str()).collect();
    let mut choice = state.runs.columns.clone();
    for (place, (key, title)) in offered.iter().enumerate() {
        ui.horizontal(|ui| {
            for (up, mark, name) in [(true, "▲", scene.t("Move up")), (false, "▼", scene.t("Move down"))] {
                let can = if up { place > 0 } else { place + 1 < offered.len() };
                let button = ui.add_enabled(can, Button::new(mark).small());
                let label = format!("{name} {title}");
                button.widget_info(|| WidgetInfo::labeled(Role::Button, can, &label));
                if button.on_hover_text(label.as_str()).clicked() {
                    choice.step(key, up, &keys);
                }
            }
            let mut shown = choice.is_shown(key);
            let check = ui.add_enabled(key != NAME, egui::Checkbox::new(&mut shown, title.as_str()));
            let label = format!("{} {title}", scene.t("Column"));
            check.widget_info(|| WidgetInfo::selected(Role::CheckBox, key != NAME, shown, &label));
            if check.changed() {
                choice.show(key, shown);
            }
        });
    }
    if choice != state.runs.columns {
        state.ask(Action::Shelf(ShelfAction::Columns(choice)));
    }
    state.runs.listed.offered = offered;
}
