//! Curves onto the screen. The plot library draws grid and axis; its own lines read and copy every
//! point several times per frame, ours are laid down from columns in one pass.

use egui::epaint::{BandPoint, BandShape};
use egui::{Color32, Painter, Pos2, Shape, Stroke, pos2, vec2};
use egui_plot::PlotTransform;

use super::strokes::{Column, Scale, Strokes};
use crate::window::theme::Palette;

/// Dash and gap of a reference line, points.
const DASH: f32 = 5.0;
const GAP: f32 = 3.0;

/// A chart's axes on screen.
#[derive(Clone, Copy)]
pub(super) struct Screen<'a> {
    pub(super) transform: &'a PlotTransform,
    pub(super) scale: Scale,
}

impl Screen<'_> {
    /// Where a sample lies; `None` where its value has no place on the axis.
    pub(super) fn pos(&self, step: f64, value: f64) -> Option<Pos2> {
        let place = self.scale.place(value)?;
        Some(pos2(self.transform.position_from_point_x(step), self.transform.position_from_point_y(place)))
    }

    fn points(&self, run: &[Column]) -> Vec<BandPoint> {
        let point = |column: &Column| {
            let (top, bottom) =
                (self.transform.position_from_point_y(column.high), self.transform.position_from_point_y(column.low));
            BandPoint::new(self.transform.position_from_point_x(column.step), top..=bottom)
        };
        run.iter().map(point).collect()
    }

    /// The curve that is read: a line through its columns, upright where a column has a spread.
    pub(super) fn line(&self, painter: &Painter, strokes: &Strokes, stroke: Stroke, dashed: bool) {
        for run in &strokes.runs {
            let path = path(&self.points(run));
            match path.as_slice() {
                [single] => drop(painter.circle_filled(*single, stroke.width, stroke.color)),
                _ if dashed => painter.extend(Shape::dashed_line(&path, stroke, DASH, GAP)),
                _ => drop(painter.line(path, stroke)),
            }
        }
    }

    /// The area between a curve's extremes, at least `width` high.
    pub(super) fn band(&self, painter: &Painter, strokes: &Strokes, width: f32, color: Color32) {
        for run in &strokes.runs {
            let mut points = self.points(run);
            for point in &mut points {
                point.y = point.y.expand(0.5 * width);
            }
            painter.add(Shape::from(BandShape::filled(points, color)));
        }
    }

    /// A dot at every column.
    pub(super) fn dots(&self, painter: &Painter, strokes: &Strokes, radius: f32, color: Color32) {
        for point in strokes.runs.iter().flat_map(|run| self.points(run)) {
            painter.circle_filled(pos2(point.x, point.y.center()), radius, color);
        }
    }

    /// A small cross on the upper edge where a value was no number.
    pub(super) fn gaps(&self, painter: &Painter, strokes: &Strokes, palette: &Palette) {
        let stroke = Stroke::new(1.5, palette.bad);
        for step in &strokes.broken {
            let center = pos2(self.transform.position_from_point_x(*step), self.transform.frame().top() + 6.0);
            painter.line_segment([center - vec2(3.0, 3.0), center + vec2(3.0, 3.0)], stroke);
            painter.line_segment([center + vec2(-3.0, 3.0), center + vec2(3.0, -3.0)], stroke);
        }
    }
}

/// One point per column, two where it is taller than a pixel, the one nearer to where the line
/// comes from first.
fn path(points: &[BandPoint]) -> Vec<Pos2> {
    let mut path: Vec<Pos2> = Vec::with_capacity(points.len() + 16);
    for point in points {
        let (top, bottom) = (pos2(point.x, point.y.min), pos2(point.x, point.y.max));
        if point.y.span() <= 1.0 {
            path.push(pos2(point.x, point.y.center()));
            continue;
        }
        let from = path.last().map_or(point.y.min, |last| last.y);
        let top_first = (from - top.y).abs() <= (from - bottom.y).abs();
        path.extend(if top_first { [top, bottom] } else { [bottom, top] });
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_entered_at_the_end_the_line_comes_from() {
        let points = [BandPoint::new(0.0, 5.0..=5.5), BandPoint::new(1.0, 0.0..=6.0), BandPoint::new(2.0, 1.0..=9.0)];
        let path = path(&points);
        assert_eq!(path, [pos2(0.0, 5.25), pos2(1.0, 6.0), pos2(1.0, 0.0), pos2(2.0, 1.0), pos2(2.0, 9.0)]);
    }
}
