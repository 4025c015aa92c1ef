//! A drawing that is no chart of runs: shapes and text as SVG, and pictures of pixels that lie on it, such as heatmaps.

use std::path::Path;

use super::new_file::{refuse, write_new};
use super::png::{Picture, png_of};
use super::{ExportError, Exported};

/// Pixels a point: text stays sharp where the picture is enlarged.
const SHARP: f32 = 2.0;

/// A drawing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawing {
    /// Its shapes and its text.
    pub svg: String,
    /// What lies on it, in order.
    pub pictures: Vec<Picture>,
}

impl Drawing {
    /// Whether an SVG holds all of it: one with pictures is written as PNG.
    pub fn is_svg(&self) -> bool {
        self.pictures.is_empty()
    }

    /// Writes it: as SVG where the name of the file says so, else as PNG.
    ///
    /// # Errors
    /// [`ExportError`]; nothing was replaced then.
    pub fn write(&self, path: &Path, replace: bool) -> Result<Exported, ExportError> {
        refuse(path, replace)?;
        let wants_svg = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("svg"));
        if wants_svg && self.is_svg() {
            let files = write_new(path, self.svg.as_bytes(), replace)?;
            return Ok(Exported { files, runs: 0, curves: 0, notes: Vec::new() });
        }
        let png = png_of(&self.svg, &self.pictures, SHARP).map_err(ExportError::Picture)?;
        let notes = png.lacking.said(self.is_svg()).into_iter().collect();
        Ok(Exported { files: write_new(path, &png.bytes, replace)?, runs: 0, curves: 0, notes })
    }
}
