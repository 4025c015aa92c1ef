//! One class: its name, one bar per model, the figures.

use egui::accesskit::Role;
use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Align2, Color32, FontId, Rect, Sense, Stroke, StrokeKind, TextFormat, TextStyle, Ui, WidgetInfo, pos2, vec2,
};

use super::Side;
use crate::window::plot::readout_ui;
use crate::window::theme::Look;

/// Height of one bar; the solid core inside the outline is thinner.
const BAR: f32 = 11.0;
const CORE: f32 = 5.0;
/// Between a class's two bars, and between two classes.
const BETWEEN: f32 = 2.0;
const AFTER: f32 = 8.0;
/// Room for one column of figures.
const FIGURE: f32 = 46.0;

/// Height of a row, with or without a teacher.
pub(super) fn height(has_teacher: bool) -> f32 {
    AFTER + if has_teacher { 2.0 * BAR + BETWEEN } else { BAR + 4.0 }
}

/// Where name, bars and the two columns of figures end, from the left.
struct Columns {
    name: f32,
    bars: f32,
    plain: f32,
}

impl Columns {
    fn of(rect: Rect) -> Self {
        let name = (0.34 * rect.width()).clamp(64.0, 150.0);
        let bars = (rect.width() - 2.0 * FIGURE).max(name + 20.0);
        Self { name: rect.left() + name, bars: rect.left() + bars, plain: rect.left() + bars + FIGURE }
    }
}

/// Whose bars these are, and what the two columns of figures are.
pub(super) fn head_ui(ui: &mut Ui, temperature: f64, has_teacher: bool, look: Look) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 14.0), Sense::hover());
    let columns = Columns::of(rect);
    let font = TextStyle::Small.resolve(ui.style());
    let weak = look.palette().text_weak;
    let at = |x: f32| pos2(x, rect.center().y);
    let mut left = columns.name + 8.0;
    let palette = look.palette();
    for (name, color) in [("teacher", palette.teacher), ("student", palette.student)] {
        if name == "student" || has_teacher {
            let text = ui.painter().text(at(left), Align2::LEFT_CENTER, look.t(name), font.clone(), color);
            left = text.right() + 10.0;
        }
    }
    ui.painter().text(at(columns.plain), Align2::RIGHT_CENTER, "T 1", font.clone(), weak);
    if temperature != 1.0 {
        let text = format!("T {}", (1000.0 * temperature).round() / 1000.0);
        ui.painter().text(at(rect.right()), Align2::RIGHT_CENTER, text, font, weak);
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
        let columns = Columns::of(rect);
        let palette = look.palette();
        for x in [columns.name + 8.0, columns.bars] {
            ui.painter().vline(x, rect.y_range(), Stroke::new(1.0, palette.grid));
        }
        self.paint_name(ui, rect, &columns, look);
        let mut top = rect.top();
        for (side, color) in [(self.teacher, palette.teacher), (Some(self.student), palette.student)] {
            let Some(side) = side else { continue };
            let bar = Rect::from_min_max(pos2(columns.name + 8.0, top), pos2(columns.bars, top + BAR));
            self.paint_bar(ui, bar, &columns, rect.right(), side, color);
            top += BAR + BETWEEN;
        }
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
                if self.softened { format!(" → {}", percent(at(&side.soft, self.class))) } else { String::new() };
            format!("{name} {}{soft}", percent(at(&side.plain, self.class)))
        };
        let teacher = self.teacher.map(|it| side(look.t("teacher"), it) + " · ").unwrap_or_default();
        format!("{} · {gold}{teacher}{}", self.name, side(look.t("student"), self.student))
    }

    fn paint_name(&self, ui: &Ui, rect: Rect, columns: &Columns, look: Look) {
        let palette = look.palette();
        let color = match (self.is_rest, self.is_gold) {
            (true, _) => palette.text_weak,
            (_, true) => palette.text_strong,
            _ => palette.text,
        };
        let font = FontId::new(12.0, egui::FontFamily::Proportional);
        let mut job = LayoutJob::single_section(
            self.name.to_owned(),
            TextFormat { italics: self.is_rest, ..TextFormat::simple(font.clone(), color) },
        );
        let room = columns.name - rect.left() - if self.is_gold { 14.0 } else { 0.0 };
        job.wrap = TextWrapping::truncate_at_width(room);
        let galley = ui.painter().layout_job(job);
        let middle = rect.center().y - 0.5 * AFTER;
        let left = columns.name - galley.size().x;
        ui.painter().galley(pos2(left, middle - 0.5 * galley.size().y), galley, color);
        if self.is_gold {
            ui.painter().text(pos2(left - 3.0, middle), Align2::RIGHT_CENTER, "★", font, palette.gold);
        }
    }

    /// The answer as a solid core, the softened answer as the hull around it.
    fn paint_bar(&self, ui: &Ui, bar: Rect, columns: &Columns, right: f32, side: &Side, color: Color32) {
        let (plain, soft) = (at(&side.plain, self.class), at(&side.soft, self.class));
        let part = |share: f64, height: f32| {
            let size = vec2(bar.width() * share.clamp(0.0, 1.0) as f32, height);
            Rect::from_min_size(pos2(bar.left(), bar.center().y - 0.5 * height), size)
        };
        let painter = ui.painter();
        if self.softened {
            let hull = part(soft, BAR);
            painter.rect(
                hull,
                1,
                color.gamma_multiply(0.18),
                Stroke::new(1.0, color.gamma_multiply(0.8)),
                StrokeKind::Inside,
            );
        }
        painter.rect_filled(part(plain, CORE), 1, color);
        let font = FontId::new(10.5, egui::FontFamily::Proportional);
        let figure = |x: f32, share: f64, color: Color32| {
            painter.text(pos2(x, bar.center().y), Align2::RIGHT_CENTER, percent(share), font.clone(), color);
        };
        figure(columns.plain, plain, color);
        if self.softened {
            figure(right, soft, color.gamma_multiply(0.85));
        }
    }
}

fn at(shares: &[f64], class: usize) -> f64 {
    shares.get(class).copied().unwrap_or(0.0)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
