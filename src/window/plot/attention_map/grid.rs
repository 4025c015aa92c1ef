//! Where the tiles of the heads go, and what is drawn around them.

use egui::{Align2, Rect, Response, Stroke, TextStyle, Ui, pos2, vec2};

use super::{SENSE, labels};
use crate::link::SideFrame;
use crate::window::heatmap::{Cell, Grid, Sheet, pixel_at};
use crate::window::theme::Look;

/// Smallest and largest side of a tile, points.
const TILE: std::ops::RangeInclusive<f32> = 40.0..=168.0;
/// Between tiles, points; below a tile there is also its number.
const BETWEEN: f32 = 6.0;
const NUMBER: f32 = 14.0;
/// A grid's least and largest height, and what the caption below it takes, points.
const LEAST_HEIGHT: f32 = 110.0;
const MOST_HEIGHT: f32 = 520.0;
const CAPTION: f32 = 44.0;

/// All heads as tiles.
pub(super) fn tiles_ui(ui: &mut Ui, sheet: &Sheet, look: Look) -> (Response, Grid) {
    let scale = ui.pixels_per_point();
    let (columns, tile) = arrangement(vec2(ui.available_width(), room(ui)), sheet.heads);
    let rows = sheet.heads.div_ceil(columns);
    let size = vec2(columns as f32 * (tile + BETWEEN) - BETWEEN, rows as f32 * (tile + BETWEEN + NUMBER));
    let (rect, response) = ui.allocate_exact_size(size, SENSE);
    let side = (tile * scale).floor().max(1.0) as u32;
    let between = |points: f32| side + (points * scale).round() as u32;
    let grid = Grid {
        origin: pixel_at(rect.min + vec2(0.0, NUMBER), scale),
        tile: [side, side],
        pitch: [between(BETWEEN), between(BETWEEN + NUMBER)],
        columns,
        first: 0,
        heads: sheet.heads,
    };
    let font = TextStyle::Small.resolve(ui.style());
    for head in 0..sheet.heads {
        let tile = grid.tile_rect(head, scale);
        ui.painter().rect_stroke(tile, 0, look.hairline(), egui::StrokeKind::Outside);
        let number = tile.left_top() - vec2(0.0, 1.0);
        ui.painter().text(number, Align2::LEFT_BOTTOM, head + 1, font.clone(), look.palette().text_weak);
    }
    (response, grid)
}

/// The height a grid may take: what the panel has left above the caption.
fn room(ui: &Ui) -> f32 {
    (ui.available_height() - CAPTION).clamp(LEAST_HEIGHT, MOST_HEIGHT)
}

/// The number of columns that gives the largest tiles, and their side in points. Rows are as equal in length as
/// they can be: five heads stand 3 + 2, never 4 + 1.
fn arrangement(room: egui::Vec2, heads: u32) -> (u32, f32) {
    let side = |columns: u32| {
        let rows = heads.div_ceil(columns) as f32;
        let across = (room.x + BETWEEN) / columns as f32 - BETWEEN;
        let down = room.y / rows - BETWEEN - NUMBER;
        across.min(down).clamp(*TILE.start(), *TILE.end())
    };
    let columns = |rows: u32| heads.max(1).div_ceil(rows);
    let best = (1..=heads.max(1)).rev().map(columns).max_by(|&a, &b| side(a).total_cmp(&side(b))).unwrap_or(1);
    (best, side(best))
}

/// One head, with the tokens along its edges.
pub(super) fn enlarged_ui(ui: &mut Ui, frame: &SideFrame, head: usize, look: Look) -> (Response, Grid) {
    let scale = ui.pixels_per_point();
    let tokens = frame.tokens.len().max(1) as f32;
    let room = (ui.available_width() - labels::MARGIN).min(room(ui) - labels::MARGIN).clamp(80.0, MOST_HEIGHT);
    // Cells of a whole number of pixels, where there is room for at least one each, have even edges.
    let pixels = room * scale;
    let side = if pixels >= tokens { (pixels / tokens).floor() * tokens } else { pixels.floor() };
    let size = vec2(side / scale + labels::MARGIN, side / scale + labels::MARGIN);
    let (rect, response) = ui.allocate_exact_size(size, SENSE);
    let grid = Grid {
        origin: pixel_at(rect.min + vec2(labels::MARGIN, labels::MARGIN), scale),
        tile: [side as u32, side as u32],
        pitch: [side as u32, side as u32],
        columns: 1,
        first: head as u32,
        heads: 1,
    };
    let matrix = grid.tile_rect(0, scale);
    ui.painter().rect_stroke(matrix, 0, look.hairline(), egui::StrokeKind::Outside);
    labels::axes(ui, matrix, &frame.tokens, look);
    (response, grid)
}

/// Marks the cell under the pointer: its row and column when enlarged, else its tile.
pub(super) fn crosshair(ui: &Ui, sheet: &Sheet, grid: &Grid, cell: Cell, enlarged: bool, look: Look) {
    let tile = grid.tile_rect(cell.head - grid.first, ui.pixels_per_point());
    let strong = Stroke::new(1.0, look.palette().text_strong);
    if !enlarged {
        ui.painter().rect_stroke(tile, 0, strong, egui::StrokeKind::Outside);
        return;
    }
    let step = vec2(tile.width() / sheet.keys as f32, tile.height() / sheet.queries as f32);
    let corner = pos2(tile.left() + cell.key as f32 * step.x, tile.top() + cell.query as f32 * step.y);
    let spot = Rect::from_min_size(corner, step);
    let faint = Stroke::new(1.0, look.palette().text_weak);
    ui.painter().hline(tile.left() - 4.0..=spot.left(), spot.center().y, faint);
    ui.painter().vline(spot.center().x, tile.top() - 4.0..=spot.top(), faint);
    ui.painter().rect_stroke(spot, 0, strong, egui::StrokeKind::Outside);
}

#[cfg(test)]
mod tests {
    use egui::vec2;

    use super::arrangement;

    #[test]
    fn tiles_fill_the_width_without_overflowing_it() {
        for heads in [1, 4, 12, 16, 64] {
            for width in [180.0, 320.0, 700.0] {
                let (columns, side) = arrangement(vec2(width, 420.0), heads);
                let used = columns as f32 * (side + 6.0) - 6.0;
                assert!(used <= width + 1.0 || side <= 40.0, "{heads} heads in {width}: {columns} x {side}");
            }
        }
        assert_eq!(arrangement(vec2(400.0, 420.0), 4).0, 2);
        for room in [vec2(340.0, 175.0), vec2(800.0, 420.0)] {
            assert_ne!(arrangement(room, 5).0, 4, "five heads do not stand 4 + 1");
        }
    }
}
