//! The rows of lists of models.

use egui::{Color32, Pos2, Response, RichText, Sense, TextStyle, TextWrapMode, Ui, vec2};

use super::Scene;

/// A list is never taller than this.
pub(super) const HEIGHT: f32 = 148.0;
/// Letters of a file's name that fit into a row; of a longer one the end is shown, which tells
/// quantisations apart.
const LETTERS: usize = 38;

/// What can be clicked: a name and its figures below, a dot before it where something is to be said.
pub(super) struct Row<'a> {
    /// What it is called for screen readers and tests.
    pub label: &'a str,
    /// What is shown of that.
    pub name: &'a str,
    /// In small letters below it.
    pub figures: &'a str,
    /// Whether it is the present choice.
    pub chosen: bool,
    /// Of the dot.
    pub color: Option<Color32>,
}

impl Row<'_> {
    /// Draws it.
    pub(super) fn ui(self, ui: &mut Ui, scene: &Scene) -> Response {
        let palette = scene.look.palette();
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 38.0), Sense::click());
        let (chosen, label) = (self.chosen, self.label);
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, ui.is_enabled(), chosen, label));
        if chosen || response.hovered() {
            let fill = if chosen { palette.accent_soft } else { palette.button };
            ui.painter().rect_filled(rect, 4, fill);
        }
        let indent = if self.color.is_some() { 22.0 } else { 8.0 };
        if let Some(color) = self.color {
            ui.painter().circle_filled(rect.left_top() + vec2(12.0, 12.0), 4.0, color);
        }
        let name = Label { text: self.name, style: TextStyle::Body, color: palette.text };
        let figures = Label { text: self.figures, style: TextStyle::Small, color: palette.text_weak };
        name.paint(ui, rect.left_top() + vec2(indent, 3.0), rect.width() - indent - 6.0);
        figures.paint(ui, rect.left_top() + vec2(indent, 21.0), rect.width() - indent - 6.0);
        response
    }
}

/// Text that belongs to a row and has no voice of its own.
struct Label<'a> {
    text: &'a str,
    style: TextStyle,
    color: Color32,
}

impl Label<'_> {
    /// Paints it, cut to `width`.
    fn paint(self, ui: &Ui, place: Pos2, width: f32) {
        let text = egui::WidgetText::from(RichText::new(self.text).color(self.color));
        let galley = text.into_galley(ui, Some(TextWrapMode::Truncate), width, self.style);
        ui.painter().galley(place, galley, self.color);
    }
}

/// The end of a name that is too long for a row.
pub(super) fn ending(name: &str) -> String {
    match name.char_indices().rev().nth(LETTERS) {
        Some((at, letter)) => format!("…{}", &name[at + letter.len_utf8()..]),
        None => name.to_owned(),
    }
}

/// Words in the place of a list.
pub(super) fn small(ui: &mut Ui, words: &str) {
    ui.add(egui::Label::new(RichText::new(words).small().weak()).wrap());
}
