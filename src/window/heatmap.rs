//! Attention heatmaps drawn by our own shader, `shaders/heatmap.wgsl`.
//!
//! A [`Sheet`] is what is drawn (all heads of one model), a [`Grid`] is where. The pixel arithmetic
//! of the shader is repeated here on the CPU, so that the value under the pointer is the value of
//! the cell one sees. Not here: labels, tooltips, choices; see `plot/attention_map.rs`.

mod gpu;

use std::sync::Arc;

use eframe::egui_wgpu::{self, RenderState};
use egui::{Context, Id, Painter, Pos2, Rect, pos2, vec2};

use super::theme::ColorTable;

/// Tells the window that there is a graphics adapter to draw heatmaps with. Without this call, or
/// with `None`, [`is_available`] stays false and nothing is drawn.
pub fn install(ctx: &Context, state: Option<&RenderState>) {
    if let Some(state) = state {
        ctx.data_mut(|data| data.insert_temp(adapter_id(), state.target_format));
    }
}

/// Whether heatmaps can be drawn.
pub fn is_available(ctx: &Context) -> bool {
    target(ctx).is_some()
}

fn adapter_id() -> Id {
    Id::unique("heatmap adapter")
}

fn target(ctx: &Context) -> Option<wgpu::TextureFormat> {
    ctx.data(|data| data.get_temp(adapter_id()))
}

/// All heads of one layer of one model.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Which picture of the window this is (teacher, student): each keeps one texture.
    pub slot: u64,
    /// Changes whenever `values` do: the texture is written again only then.
    pub version: u64,
    /// Row-major `[head, query, key]`, each in [0, 1].
    pub values: Arc<[f32]>,
    /// Heads.
    pub heads: u32,
    /// Rows of a matrix.
    pub queries: u32,
    /// Columns of a matrix.
    pub keys: u32,
}

impl Sheet {
    /// A sheet, or `None` where the values do not fill `heads` square matrices of `tokens`.
    pub fn square(slot: u64, version: u64, values: &Arc<[f32]>, heads: usize, tokens: usize) -> Option<Self> {
        let fits = heads > 0 && tokens > 0 && values.len() == heads.checked_mul(tokens.checked_mul(tokens)?)?;
        let (heads, tokens) = (u32::try_from(heads).ok()?, u32::try_from(tokens).ok()?);
        fits.then(|| Self { slot, version, values: Arc::clone(values), heads, queries: tokens, keys: tokens })
    }

    /// The value of a cell.
    pub fn value(&self, cell: Cell) -> Option<f32> {
        let row = u64::from(cell.head) * u64::from(self.queries) + u64::from(cell.query);
        let index = row * u64::from(self.keys) + u64::from(cell.key);
        self.values.get(usize::try_from(index).ok()?).copied()
    }

    /// Matrices side by side in the texture, so that it comes out about square.
    fn atlas_columns(&self) -> u32 {
        let square = (f64::from(self.heads) * f64::from(self.queries) / f64::from(self.keys)).sqrt();
        (square.ceil() as u32).clamp(1, self.heads)
    }
}

/// One number of a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The head, from 0.
    pub head: u32,
    /// The token that reads.
    pub query: u32,
    /// The token that is read.
    pub key: u32,
}

/// Where tiles lie on the screen, in physical pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Top left of the first tile.
    pub origin: [i32; 2],
    /// Size of a tile.
    pub tile: [u32; 2],
    /// From one tile to the next.
    pub pitch: [u32; 2],
    /// Tiles in a row.
    pub columns: u32,
    /// First head drawn.
    pub first: u32,
    /// Heads drawn.
    pub heads: u32,
}

impl Grid {
    /// The cell under a physical pixel; the first one where the pixel covers several.
    pub fn cell(&self, sheet: &Sheet, pixel: [i32; 2]) -> Option<Cell> {
        let x = u32::try_from(pixel[0] - self.origin[0]).ok()?;
        let y = u32::try_from(pixel[1] - self.origin[1]).ok()?;
        let (column, row) = (x / self.pitch[0].max(1), y / self.pitch[1].max(1));
        let (x, y) = (x % self.pitch[0].max(1), y % self.pitch[1].max(1));
        let nth = row * self.columns + column;
        if column >= self.columns || nth >= self.heads || x >= self.tile[0] || y >= self.tile[1] {
            return None;
        }
        let cell =
            |pixel: u32, pixels: u32, cells: u32| (u64::from(pixel) * u64::from(cells) / u64::from(pixels)) as u32;
        Some(Cell {
            head: self.first + nth,
            query: cell(y, self.tile[1], sheet.queries),
            key: cell(x, self.tile[0], sheet.keys),
        })
    }

    /// Where the `nth` tile drawn lies, in points.
    pub fn tile_rect(&self, nth: u32, pixels_per_point: f32) -> Rect {
        let (column, row) = (nth % self.columns.max(1), nth / self.columns.max(1));
        let x = self.origin[0] as f32 + (column * self.pitch[0]) as f32;
        let y = self.origin[1] as f32 + (row * self.pitch[1]) as f32;
        let size = vec2(self.tile[0] as f32, self.tile[1] as f32) / pixels_per_point;
        Rect::from_min_size(pos2(x, y) / pixels_per_point, size)
    }

    /// All tiles, in points.
    pub fn rect(&self, pixels_per_point: f32) -> Rect {
        let first = self.tile_rect(0, pixels_per_point);
        let corner = self.tile_rect(self.columns.min(self.heads).saturating_sub(1), pixels_per_point);
        first.union(corner).union(self.tile_rect(self.heads.saturating_sub(1), pixels_per_point))
    }
}

/// The physical pixel of a place on screen.
pub fn pixel_at(place: Pos2, pixels_per_point: f32) -> [i32; 2] {
    [(place.x * pixels_per_point).floor() as i32, (place.y * pixels_per_point).floor() as i32]
}

/// How values become colours.
#[derive(Clone, Debug)]
pub struct Shading {
    /// The colours of 0 to 1.
    pub colors: Arc<ColorTable>,
    /// Changes whenever `colors` do.
    pub colors_version: u64,
    /// Exponent on the value: below 1 lifts what is small.
    pub gamma: f32,
    /// Whether each head is scaled by its own largest value.
    pub relative: bool,
}

/// Draws the sheet; nothing where there is no adapter.
pub fn paint(painter: &Painter, sheet: Sheet, grid: Grid, shading: Shading) {
    let Some(target) = target(painter.ctx()) else { return };
    let rect = grid.rect(painter.pixels_per_point());
    let picture = gpu::Picture { sheet, grid, shading, target };
    painter.add(egui_wgpu::Callback::new_paint_callback(rect, picture));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(heads: usize, tokens: usize) -> Sheet {
        let values: Arc<[f32]> = (0..heads * tokens * tokens).map(|i| i as f32).collect();
        Sheet::square(0, 0, &values, heads, tokens).unwrap()
    }

    #[test]
    fn the_shader_is_valid() {
        let source = include_str!("../../shaders/heatmap.wgsl");
        let module = wgpu::naga::front::wgsl::parse_str(source).unwrap();
        let all = wgpu::naga::valid::ValidationFlags::all();
        wgpu::naga::valid::Validator::new(all, Default::default()).validate(&module).unwrap();
    }

    #[test]
    fn values_that_do_not_fill_the_matrices_make_no_sheet() {
        let values: Arc<[f32]> = vec![0.0; 17].into();
        assert!(Sheet::square(0, 0, &values, 1, 4).is_none());
        assert!(Sheet::square(0, 0, &values, 0, 4).is_none());
        assert!(Sheet::square(0, 0, &values, usize::MAX, usize::MAX).is_none());
    }

    #[test]
    fn the_pointer_finds_the_cell_it_is_over() {
        let sheet = sheet(3, 4);
        let grid = Grid { origin: [10, 20], tile: [8, 8], pitch: [10, 12], columns: 2, first: 0, heads: 3 };
        assert_eq!(grid.cell(&sheet, [10, 20]), Some(Cell { head: 0, query: 0, key: 0 }));
        assert_eq!(grid.cell(&sheet, [17, 27]), Some(Cell { head: 0, query: 3, key: 3 }));
        assert_eq!(grid.cell(&sheet, [20 + 3, 32 + 2]), None, "two tiles in a row, three heads: none at the end");
        assert_eq!(grid.cell(&sheet, [10 + 3, 32 + 2]), Some(Cell { head: 2, query: 1, key: 1 }));
        assert_eq!(grid.cell(&sheet, [18, 20]), None, "between two tiles");
        assert_eq!(grid.cell(&sheet, [9, 20]), None, "left of the first tile");
        assert_eq!(sheet.value(Cell { head: 2, query: 1, key: 1 }), Some(37.0));
    }
}
