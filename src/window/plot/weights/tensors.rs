//! What θ would take from each tensor.

use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Align2, FontId, Rect, RichText, ScrollArea, Sense, TextFormat, Ui, WidgetInfo, accesskit::Role, pos2, vec2,
};

use crate::link::grouped;
use crate::link::{Histogram, WeightFrame};
use crate::window::theme::{Look, ROW};

/// One row per tensor, in the model's order.
pub(super) fn tensors_ui(ui: &mut Ui, frame: &WeightFrame, theta: f64, look: Look) {
    let head = look.t("What each tensor would lose");
    ui.label(RichText::new(head).small().color(look.palette().text_weak));
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("tensors").auto_shrink(false).show_rows(
        ui,
        ROW,
        frame.tensors.len(),
        |ui, visible| {
            for (name, histogram) in frame.tensors.get(visible).unwrap_or_default() {
                tensor_ui(ui, name, histogram, theta, look);
            }
        },
    );
}

fn tensor_ui(ui: &mut Ui, name: &str, histogram: &Histogram, theta: f64, look: Look) {
    let palette = look.palette();
    let size = vec2(ui.available_width(), ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let lost = histogram.fraction_below(theta);
    let split = rect.left() + 0.55 * rect.width();
    let font = FontId::new(11.0, egui::FontFamily::Monospace);
    let mut job = LayoutJob::single_section(name.to_owned(), TextFormat::simple(font.clone(), palette.text));
    job.wrap = TextWrapping::truncate_at_width(split - rect.left() - 8.0);
    let galley = ui.painter().layout_job(job);
    ui.painter().galley(pos2(rect.left(), rect.center().y - 0.5 * galley.size().y), galley, palette.text);
    let track =
        Rect::from_min_max(pos2(split, rect.center().y - 3.0), pos2(rect.right() - 48.0, rect.center().y + 3.0));
    let part = Rect::from_min_size(track.min, vec2(track.width() * lost as f32, track.height()));
    ui.painter().rect_filled(track, 1, palette.grid);
    ui.painter().rect_filled(part, 1, palette.bad);
    let percent = format!("{:.1} %", 100.0 * lost);
    ui.painter().text(rect.right_center(), Align2::RIGHT_CENTER, &percent, font, palette.text);
    let sentence = format!("{name} · {percent} {} {}", look.t("of"), grouped(histogram.total()));
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &sentence));
    response.on_hover_text(sentence);
}
