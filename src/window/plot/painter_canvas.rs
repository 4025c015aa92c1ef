//! The window as a canvas: what draws itself into a file draws itself here as well, once, by one code.
//!
//! *Why curves are not drawn on it (2026-11).* In the window they belong to `egui_plot`, which zooms, pans and reads them;
//! in a file a chart has axes of its own for a size that is asked for. Both take their points, colours and dashes from the
//! same places.

use egui::epaint::{Mesh, PathShape};
use egui::{Align2, Color32, FontFamily, FontId, Painter, Pos2, Rect, Shape, pos2, vec2};

use crate::record::export::canvas::{Anchor, Area, Canvas, Color, Point, Stroke, TextStyle};

/// Draws with a painter, in its points.
pub(super) struct PainterCanvas {
    painter: Painter,
    /// Where anything may be drawn at all.
    whole: Rect,
}

impl PainterCanvas {
    /// Draws where `painter` may.
    pub(super) fn new(painter: &Painter) -> Self {
        Self { whole: painter.clip_rect(), painter: painter.clone() }
    }

    fn galley(&self, text: &str, size: f64, color: Color32) -> std::sync::Arc<egui::Galley> {
        self.painter.layout_no_wrap(text.to_owned(), FontId::new(size as f32, FontFamily::Proportional), color)
    }
}

impl Canvas for PainterCanvas {
    fn rect(&mut self, area: Area, color: Color) {
        self.painter.rect_filled(rect(area), 0, ink(color));
    }

    fn polyline(&mut self, points: &[Point], stroke: Stroke) {
        let path: Vec<Pos2> = points.iter().map(|point| place(*point)).collect();
        let line = egui::Stroke::new(stroke.width as f32, ink(stroke.color));
        let pattern = stroke.dash.pattern();
        if pattern.is_empty() {
            self.painter.add(PathShape::line(path, line));
            return;
        }
        let of =
            |parity: usize| pattern.iter().skip(parity).step_by(2).map(|length| *length as f32).collect::<Vec<_>>();
        self.painter.extend(Shape::dashed_line_with_offset(&path, line, &of(0), &of(1), 0.0));
    }

    fn band(&mut self, upper: &[Point], lower: &[Point], color: Color) {
        let mut mesh = Mesh::default();
        for (above, below) in upper.iter().zip(lower) {
            let corner = mesh.vertices.len() as u32;
            [above, below].into_iter().for_each(|point| mesh.colored_vertex(place(*point), ink(color)));
            if corner > 0 {
                mesh.add_triangle(corner - 2, corner - 1, corner);
                mesh.add_triangle(corner - 1, corner, corner + 1);
            }
        }
        self.painter.add(mesh);
    }

    fn text(&mut self, at: Point, text: &str, style: TextStyle) {
        let color = ink(style.color);
        let galley = self.galley(text, style.size, color);
        let glyph = galley.rows.first().and_then(|row| row.glyphs.first());
        let above = glyph.map_or(0.0, |glyph| glyph.pos.y);
        let align = match style.anchor {
            Anchor::Left => Align2::LEFT_TOP,
            Anchor::Middle => Align2::CENTER_TOP,
            Anchor::Right => Align2::RIGHT_TOP,
        };
        let corner = align.anchor_size(place(at) - vec2(0.0, above), galley.size()).min;
        self.painter.galley(corner, galley, color);
    }

    fn clip(&mut self, area: Option<Area>) {
        self.painter.set_clip_rect(area.map_or(self.whole, |area| self.whole.intersect(rect(area))));
    }

    fn text_width(&self, text: &str, size: f64) -> f64 {
        f64::from(self.galley(text, size, Color32::PLACEHOLDER).size().x)
    }
}

/// A colour of the window on a canvas.
pub(super) fn on_canvas(color: Color32) -> Color {
    let [red, green, blue, alpha] = color.to_srgba_unmultiplied();
    Color { red, green, blue, alpha }
}

fn ink(color: Color) -> Color32 {
    Color32::from_rgba_unmultiplied(color.red, color.green, color.blue, color.alpha)
}

fn place(point: Point) -> Pos2 {
    pos2(point.x as f32, point.y as f32)
}

fn rect(area: Area) -> Rect {
    Rect::from_min_size(pos2(area.left as f32, area.top as f32), vec2(area.width as f32, area.height as f32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::export::canvas::{Dash, at};

    /// What a drawing leaves behind.
    fn shapes(draw: impl Fn(&mut PainterCanvas)) -> Vec<(Rect, Shape)> {
        let context = egui::Context::default();
        let mut output = context.run_ui(egui::RawInput::default(), |ui| draw(&mut PainterCanvas::new(ui.painter())));
        output.textures_delta.clear();
        output.shapes.into_iter().map(|shape| (shape.clip_rect, shape.shape)).collect()
    }

    #[test]
    fn a_text_stands_on_its_base_line_and_ends_where_its_anchor_says() {
        let style = TextStyle { color: Color::hex(0), size: 12.0, anchor: Anchor::Right };
        let drawn = shapes(|canvas| canvas.text(at(100.0, 50.0), "Hxg", style));
        let [(_, Shape::Text(text))] = drawn.as_slice() else { panic!("{drawn:?}") };
        assert!((text.pos.x + text.galley.size().x - 100.0).abs() < 0.6);
        let glyph = &text.galley.rows[0].glyphs[0];
        assert!((text.pos.y + glyph.pos.y - 50.0).abs() < 0.6, "the base line");
        assert!(text.pos.y < 50.0 && text.pos.y + text.galley.size().y > 50.0);
    }

    #[test]
    fn a_band_covers_what_lies_between_its_lines_and_a_clip_holds_until_it_is_lifted() {
        let drawn = shapes(|canvas| {
            canvas.clip(Some(Area { left: 0.0, top: 0.0, width: 30.0, height: 30.0 }));
            let [upper, lower] = [10.0, 20.0].map(|y| [at(0.0, y), at(10.0, y), at(20.0, y)]);
            canvas.band(&upper, &lower, Color::hex(0xff0000));
            canvas.clip(None);
            let stroke = |dash| Stroke { color: Color::hex(0), width: 1.0, dash };
            canvas.polyline(&[at(0.0, 0.0), at(100.0, 0.0)], stroke(Dash::Dashed));
        });
        let Some((clip, Shape::Mesh(mesh))) = drawn.first() else { panic!("{drawn:?}") };
        assert_eq!((clip.width(), mesh.indices.len(), mesh.calc_bounds().height()), (30.0, 12, 10.0));
        assert!(drawn.len() > 9 && drawn[1].0.width() > 30.0, "a dash is a shape: {}", drawn.len());
    }
}
