//! An entry of the legend: a piece of the side's line, its letter, its name and how many runs it is of. A click pins it
//! as baseline.

use egui::{Response, Role, Sense, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2};

use super::{DrawnSide, WIDTH, color, dash, letter};
use crate::window::theme::Look;

/// Width of the piece of line.
const SWATCH: f32 = 36.0;

/// What an entry says.
fn words(side: &DrawnSide, pinned: bool, look: Look) -> String {
    let pinned = if pinned { format!(" · {}", look.t("baseline")) } else { String::new() };
    format!("{} · {} · n {}{pinned}", letter(side.place), side.name, side.on.curve.n)
}

/// Draws the entry of a side.
pub fn legend_ui(ui: &mut Ui, look: Look, side: &DrawnSide, pinned: bool) -> Response {
    let palette = look.palette();
    let words = words(side, pinned, look);
    let ink = if pinned { palette.text_strong } else { palette.text };
    let galley = ui.painter().layout_no_wrap(words.clone(), TextStyle::Small.resolve(ui.style()), ink);
    let (rect, response) = ui.allocate_exact_size(vec2(SWATCH + 8.0 + galley.size().x, 18.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, pinned, &words));
    if response.hovered() || pinned {
        ui.painter().rect_filled(rect.expand2(vec2(3.0, 0.0)), 3, palette.button);
    }
    let line = [pos2(rect.left(), rect.center().y), pos2(rect.left() + SWATCH, rect.center().y)];
    dash::line(ui.painter(), &line, Stroke::new(WIDTH + 0.4, color(look, side.place)), side.place);
    let corner = pos2(rect.left() + SWATCH + 6.0, rect.center().y - 0.5 * galley.size().y);
    ui.painter().galley(corner, galley, ink);
    let help = if pinned {
        look.t("Click to let it go as baseline")
    } else {
        look.t("Click to pin it as the baseline that the others are measured against")
    };
    response.on_hover_text(help)
}
