//! One class on the screen: drawn as in a file, read by the pointer and by whoever cannot see it.

use egui::accesskit::Role;
use egui::{Align2, Rect, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2};

use super::Side;
use super::class_row::{self, ClassRow, Columns, Inks, percent, share};
use crate::record::export::canvas::Color;
use crate::window::plot::painter_canvas::{PainterCanvas, on_canvas};
use crate::window::plot::readout_ui;
use crate::window::theme::Look;

/// Room for one column of figures, points.
const FIGURE: f32 = 46.0;
/// Between names and bars.
const GAP: f32 = 8.0;

/// Height of a row, with or without a teacher.
pub(super) fn height(has_teacher: bool) -> f32 {
    class_row::height(1 + usize::from(has_teacher)) as f32
}

fn columns(rect: Rect) -> Columns {
    let name = (0.34 * rect.width()).clamp(64.0, 150.0);
    let bars = (rect.width() - 2.0 * FIGURE).max(name + 20.0);
    let x = |points: f32| f64::from(rect.left() + points);
    Columns {
        names: (x(0.0), x(name)),
        bars: (x(name + GAP), x(bars)),
        plain: x(bars + FIGURE),
        soft: f64::from(rect.right()),
    }
}

/// Whose bars these are, and what the two columns of figures are.
pub(super) fn head_ui(ui: &mut Ui, temperature: f64, has_teacher: bool, look: Look) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 14.0), Sense::hover());
    let columns = columns(rect);
    let font = TextStyle::Small.resolve(ui.style());
    let weak = look.palette().text_weak;
    let at = |x: f64| pos2(x as f32, rect.center().y);
    let mut left = columns.bars.0;
    let palette = look.palette();
    for (name, color) in [("teacher", palette.teacher), ("student", palette.student)] {
        if name == "student" || has_teacher {
            let text = ui.painter().text(at(left), Align2::LEFT_CENTER, look.t(name), font.clone(), color);
            left = f64::from(text.right()) + 10.0;
        }
    }
    ui.painter().text(at(columns.plain), Align2::RIGHT_CENTER, "T 1", font.clone(), weak);
    if temperature != 1.0 {
        let text = format!("T {}", (1000.0 * temperature).round() / 1000.0);
        ui.painter().text(at(columns.soft), Align2::RIGHT_CENTER, text, font, weak);
    }
}

/// One class as both models see it.
pub(super) struct Row<'a> {
    pub(super) class: usize,
    pub(super) name: &'a str,
    pub(super) is_gold: bool,
    /// Whether it is all others together.
    pub(super) is_rest: bool,
    pub(super) softened: bool,
    pub(super) teacher: Option<&'a Side>,
    pub(super) student: &'a Side,
}

impl Row<'_> {
    pub(super) fn ui(&self, ui: &mut Ui, look: Look) {
        let size = vec2(ui.available_width(), height(self.teacher.is_some()));
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        let palette = look.palette();
        let sides = [(self.teacher, palette.teacher), (Some(self.student), palette.student)];
        let sides: Vec<(&Side, Color)> =
            sides.into_iter().filter_map(|(side, ink)| Some((side?, on_canvas(ink)))).collect();
        let &Self { class, name, is_gold, is_rest, softened, .. } = self;
        let row = ClassRow { class, name, is_gold, is_rest, softened, sides: &sides };
        row.put(&mut PainterCanvas::new(ui.painter()), &columns(rect), f64::from(rect.top()), &inks(look));
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, self.sentence(look)));
        if response.hovered() {
            readout_ui(&response, |ui| {
                ui.label(self.sentence(look));
            });
        }
    }

    /// The row in words.
    fn sentence(&self, look: Look) -> String {
        let gold = if self.is_gold { format!("★ {} · ", look.t("right answer")) } else { String::new() };
        let side = |name: &str, side: &Side| {
            let soft =
                if self.softened { format!(" → {}", percent(share(&side.soft, self.class))) } else { String::new() };
            format!("{name} {}{soft}", percent(share(&side.plain, self.class)))
        };
        let teacher = self.teacher.map(|it| side(look.t("teacher"), it) + " · ").unwrap_or_default();
        format!("{} · {gold}{teacher}{}", self.name, side(look.t("student"), self.student))
    }
}

fn inks(look: Look) -> Inks {
    let palette = look.palette();
    Inks {
        text: on_canvas(palette.text),
        weak: on_canvas(palette.text_weak),
        strong: on_canvas(palette.text_strong),
        gold: on_canvas(palette.gold),
        grid: on_canvas(palette.grid),
    }
}
