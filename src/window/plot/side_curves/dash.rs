//! Dash patterns: with a colour each, so that sides are told apart in print and by eyes that do not tell hues apart.

use egui::{Painter, Pos2, Shape, Stroke, pos2};

/// Dashes and gaps in points, in turn; the first is a whole line.
const PATTERNS: [(&[f32], &[f32]); 6] = [
    (&[], &[]),
    (&[8.0], &[4.0]),
    (&[2.0], &[3.0]),
    (&[9.0, 2.0], &[3.0, 3.0]),
    (&[16.0], &[5.0]),
    (&[8.0, 2.0, 2.0], &[3.0, 3.0, 3.0]),
];

/// Lines longer than so many times their width go up and down so much that dashes go by the width.
const DENSE: f32 = 3.0;

/// Draws a line from left to right with the pattern of a side.
pub(super) fn line(painter: &Painter, path: &[Pos2], stroke: Stroke, side: usize) {
    let (dashes, gaps) = PATTERNS[side % PATTERNS.len()];
    match path {
        [] => {}
        [single] => drop(painter.circle_filled(*single, stroke.width, stroke.color)),
        path if dashes.is_empty() => drop(painter.line(path.to_vec(), stroke)),
        path if length(path) > DENSE * width(path) => {
            for piece in pieces(path, dashes, gaps) {
                painter.line(piece, stroke);
            }
        }
        path => painter.extend(Shape::dashed_line_with_offset(path, stroke, dashes, gaps, 0.0)),
    }
}

fn width(path: &[Pos2]) -> f32 {
    path.last().zip(path.first()).map_or(0.0, |(last, first)| last.x - first.x)
}

fn length(path: &[Pos2]) -> f32 {
    path.windows(2).map(|pair| pair[0].distance(pair[1])).sum()
}

/// The parts of a line that lie under dashes which go by its width: few, however much the line goes up and down.
fn pieces(path: &[Pos2], dashes: &[f32], gaps: &[f32]) -> Vec<Vec<Pos2>> {
    let (Some(first), Some(last)) = (path.first(), path.last()) else { return Vec::new() };
    let (mut pieces, mut at) = (Vec::new(), first.x);
    for (dash, gap) in dashes.iter().zip(gaps).cycle() {
        if at >= last.x {
            break;
        }
        pieces.push(cut(path, at, at + dash));
        at += dash + gap;
    }
    pieces.retain(|piece| piece.len() > 1);
    pieces
}

/// The part of a line between two places.
fn cut(path: &[Pos2], from: f32, to: f32) -> Vec<Pos2> {
    let (start, end) = (path.partition_point(|point| point.x < from), path.partition_point(|point| point.x <= to));
    let between = |place: usize, x: f32| {
        let (before, behind) = (path.get(place.checked_sub(1)?)?, path.get(place)?);
        let share = (x - before.x) / (behind.x - before.x).max(1e-6);
        Some(pos2(x, before.y + share * (behind.y - before.y)))
    };
    let inside = path.get(start..end).unwrap_or_default();
    between(start, from).into_iter().chain(inside.iter().copied()).chain(between(end, to)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_sides_have_twelve_pairs_of_colour_and_dash() {
        let palette = crate::window::theme::Look { language: Default::default(), dark: true }.palette();
        let pairs: std::collections::HashSet<_> =
            (0..super::super::MOST).map(|side| (palette.curve(side), side % PATTERNS.len())).collect();
        assert_eq!(pairs.len(), super::super::MOST);
    }

    #[test]
    fn a_line_that_goes_up_and_down_has_dashes_by_its_width() {
        let path: Vec<Pos2> = (0..400).map(|x| pos2(x as f32, if x % 2 == 0 { 0.0 } else { 300.0 })).collect();
        let pieces = pieces(&path, &[8.0], &[4.0]);
        assert_eq!(pieces.len(), 34);
        let ends = |piece: &Vec<Pos2>| (piece[0].x, piece[piece.len() - 1].x);
        assert_eq!(pieces.iter().take(2).map(ends).collect::<Vec<_>>(), [(0.0, 8.0), (12.0, 20.0)]);
        assert_eq!(cut(&path, 0.5, 1.5), [pos2(0.5, 150.0), pos2(1.0, 300.0), pos2(1.5, 150.0)]);
    }
}
