//! Points of a curve on the screen, merged to columns: a dozen noisy curves in finer ones would cost
//! more than a frame has, and fill the same area.

use egui::{Pos2, pos2};

/// Width of a column, points.
const COLUMN: f32 = 2.5;

/// A column of a curve, in points of the screen, where up is less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Column {
    /// Where its first point stands.
    pub(super) x: f32,
    /// Highest mean in it.
    pub(super) top: f32,
    /// Lowest mean in it.
    pub(super) bottom: f32,
    /// Upper and lower edge of the band around it.
    pub(super) band: (f32, f32),
}

/// The columns of points in order, in runs without a gap: a point that has no place ends a run.
pub(super) fn columns(points: impl Iterator<Item = Option<Column>>, left: f32) -> Vec<Vec<Column>> {
    let (mut runs, mut run): (Vec<Vec<Column>>, Vec<Column>) = (Vec::new(), Vec::new());
    let number = |column: &Column| ((column.x - left) / COLUMN).floor();
    for point in points {
        let Some(point) = point.filter(|point| point.top.is_finite() && point.x.is_finite()) else {
            runs.extend((!run.is_empty()).then(|| std::mem::take(&mut run)));
            continue;
        };
        match run.last_mut().filter(|last| number(last) == number(&point)) {
            Some(last) => {
                (last.top, last.bottom) = (last.top.min(point.top), last.bottom.max(point.bottom));
                last.band = (last.band.0.min(point.band.0), last.band.1.max(point.band.1));
            }
            None => run.push(point),
        }
    }
    runs.extend((!run.is_empty()).then_some(run));
    runs
}

/// A line through columns: one point each, two where it is taller than a pixel, the one nearer to where the line comes
/// from first.
pub(super) fn path(columns: &[Column]) -> Vec<Pos2> {
    let mut path: Vec<Pos2> = Vec::with_capacity(columns.len() + 16);
    for column in columns {
        let (top, bottom) = (pos2(column.x, column.top), pos2(column.x, column.bottom));
        if column.bottom - column.top <= 1.0 {
            path.push(pos2(column.x, 0.5 * (column.top + column.bottom)));
            continue;
        }
        let from = path.last().map_or(column.top, |last| last.y);
        let top_first = (from - top.y).abs() <= (from - bottom.y).abs();
        path.extend(if top_first { [top, bottom] } else { [bottom, top] });
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f32, y: f32) -> Option<Column> {
        Some(Column { x, top: y, bottom: y, band: (y - 1.0, y + 1.0) })
    }

    #[test]
    fn so_many_columns_as_the_width_has_and_no_spike_is_lost() {
        let points = (0..10_000).map(|place| at(place as f32 * 0.06, if place == 7777 { -50.0 } else { 10.0 }));
        let runs = columns(points, 0.0);
        assert!(runs.len() == 1 && runs[0].len() <= 241, "{}", runs[0].len());
        assert_eq!(runs[0].iter().map(|column| column.top).fold(f32::MAX, f32::min), -50.0);
        assert_eq!(runs[0].iter().map(|column| column.band.0).fold(f32::MAX, f32::min), -51.0);
        assert_eq!(path(&runs[0]).len(), runs[0].len() + 1, "the spike is a stroke up or down");
    }

    #[test]
    fn a_point_without_a_place_ends_a_run() {
        let runs = columns([at(0.0, 1.0), None, None, at(9.0, 1.0), at(20.0, 2.0)].into_iter(), 0.0);
        assert_eq!(runs.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2]);
    }
}
