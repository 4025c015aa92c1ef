//! A part at the lower edge that a person can draw higher or lower.
//!
//! It gives way where there is little room, and takes its height back where there is room again: the
//! library's panel keeps the height it was last squeezed to.

use egui::containers::panel::PanelState;
use egui::{Context, Frame, Id, Margin, Panel, Rect, Ui, vec2};

use super::bounded;

/// What a part at the lower edge asks of the room.
pub struct Lower {
    /// Its name among its neighbours.
    pub id: &'static str,
    /// Height until somebody draws it, points.
    pub wanted: f32,
    /// It is never lower, points.
    pub least: f32,
    /// Share of the room that it may have at most.
    pub most: f32,
    /// Room around what it holds.
    pub margin: Margin,
}

impl Lower {
    /// Shows it at the lower edge of `ui`; what does not fit is cut.
    pub fn show(self, ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
        let panel = ui.scope_id().with(self.id);
        let most = (ui.available_height() * self.most).max(self.least);
        let room = ui.available_height();
        let drawn = drawn(ui, self.id).map(|share| share * room);
        let height = drawn.unwrap_or(self.wanted.min(0.85 * most)).clamp(self.least, most).round();
        set_height(ui, panel, height);
        let frame = Frame::NONE.inner_margin(self.margin);
        let shown = Panel::bottom(self.id).resizable(true).default_size(height).size_range(self.least..=most);
        let now = shown.frame(frame).show(ui, |ui| bounded(ui, contents)).response.rect.height();
        if (now - height).abs() > 1.5 {
            draw_to(ui, self.id, Some(now / room.max(1.0)));
        }
    }
}

/// The share of the room to which somebody has drawn a part; `None` until then.
pub fn drawn(ctx: &Context, part: &str) -> Option<f32> {
    ctx.data(|data| data.get_temp::<f32>(drawn_id(part)))
}

/// Draws a part to a share of the room, or leaves its height to itself again.
pub fn draw_to(ctx: &Context, part: &str, share: Option<f32>) {
    ctx.data_mut(|data| match share {
        Some(share) => drop(data.insert_temp(drawn_id(part), share)),
        None => drop(data.remove_temp::<f32>(drawn_id(part))),
    });
}

fn drawn_id(part: &str) -> Id {
    Id::unique(("height of a part", part))
}

/// Gives a panel another height than it had in the last frame.
fn set_height(ui: &Ui, panel: egui::Id, height: f32) {
    if PanelState::load(ui, panel).is_some_and(|last| last.size().y != height) {
        let outer_rect = Rect::from_min_size(egui::Pos2::ZERO, vec2(0.0, height));
        ui.data_mut(|data| data.insert_persisted(panel, PanelState { outer_rect }));
    }
}
