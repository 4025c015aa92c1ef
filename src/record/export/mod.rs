//! What other programs read of runs: curves as a table, as events of TensorBoard, as charts in SVG and PNG.
//!
//! An [`Export`] says what is wanted, and [`Export::write`] does it, for the command line and for the window. Files
//! are written whole or not at all, and none that is there already is replaced without being asked to.

pub mod canvas;
pub mod chart;
mod chart_lines;
pub mod crc32c;
mod curve_table;
pub mod drawing;
pub mod event_file;
mod export_error;
pub mod figures;
mod new_file;
pub mod png;
mod run_curves;
pub mod svg;
pub mod ticks;

use std::path::{Path, PathBuf};

use crate::link::SeriesId;
use crate::session::{Sentence, say};

pub use export_error::ExportError;
use new_file::{write_new, written};
pub use run_curves::RunCurves;
use run_curves::{chosen, usual};

/// How large a chart is, points: of a picture pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Its width.
    pub width: u32,
    /// Its height; `None`: as much as its curves need.
    pub height: Option<u32>,
}

impl Default for Size {
    fn default() -> Self {
        Self { width: 960, height: None }
    }
}

/// What is to be written of which runs.
#[derive(Clone, Debug)]
pub struct Export {
    /// The folders of the runs.
    pub runs: Vec<PathBuf>,
    /// As what, and where to.
    pub to: Target,
    /// Names of curves, or of their groups; none: all of them, of a chart the usual ones.
    pub curves: Vec<String>,
    /// Whether runs that differ in their seed alone are drawn as their mean in a band of one standard deviation.
    pub by_seed: bool,
    /// Whether values stand on a logarithmic axis.
    pub logarithmic: bool,
    /// Whether what is there already may be replaced.
    pub replace: bool,
}

/// As what runs are exported, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A table, `run,curve,step,value`.
    Csv(PathBuf),
    /// A folder with a folder of events for each run.
    TensorBoard(PathBuf),
    /// A chart of so many points, text as text.
    Svg(PathBuf, Size),
    /// A chart of so many pixels.
    Png(PathBuf, Size),
}

/// What was written.
#[derive(Debug)]
pub struct Exported {
    /// The files.
    pub files: Vec<PathBuf>,
    /// How many runs.
    pub runs: usize,
    /// How many curves.
    pub curves: usize,
    /// What is worth knowing: what was left out, and why.
    pub notes: Vec<Sentence>,
}

impl Export {
    /// Reads the runs and writes what is wanted of them.
    ///
    /// # Errors
    /// [`ExportError`]; nothing was replaced then, and of several files those before the one that failed are there.
    pub fn write(&self) -> Result<Exported, ExportError> {
        self.refuse_replacing()?;
        let runs = RunCurves::read_all(&self.runs)?;
        let mut notes: Vec<Sentence> = runs.iter().filter_map(|run| run.damage.clone()).collect();
        let curves = self.curves_of(&runs, &mut notes)?;
        let files = match &self.to {
            Target::Csv(path) => written(path, self.replace, |file| curve_table::write(file, &runs, &curves))?,
            Target::TensorBoard(folder) => self.write_events(folder, &runs, &curves)?,
            Target::Svg(path, size) => {
                let svg = self.svg(&runs, &curves, *size, &mut notes)?;
                write_new(path, svg.as_bytes(), self.replace)?
            }
            Target::Png(path, size) => {
                let svg = self.svg(&runs, &curves, *size, &mut notes)?;
                let png = png::png_of_svg(&svg).map_err(ExportError::Picture)?;
                notes.extend(png.lacking.said(true));
                write_new(path, &png.bytes, self.replace)?
            }
        };
        Ok(Exported { files, runs: runs.len(), curves: curves.len(), notes })
    }

    /// Before anything is read: whoever waits for a large run wants to know at once.
    fn refuse_replacing(&self) -> Result<(), ExportError> {
        match &self.to {
            Target::Csv(path) | Target::Svg(path, _) | Target::Png(path, _) => new_file::refuse(path, self.replace),
            Target::TensorBoard(_) => Ok(()),
        }
    }

    fn curves_of(&self, runs: &[RunCurves], notes: &mut Vec<Sentence>) -> Result<Vec<SeriesId>, ExportError> {
        let is_chart = matches!(self.to, Target::Svg(..) | Target::Png(..));
        let all = chosen(runs, &self.curves)?;
        if !is_chart || !self.curves.is_empty() {
            return Ok(all);
        }
        let count = all.len();
        let drawn = usual(all);
        if drawn.len() < count {
            let rest = count - drawn.len();
            notes.push(say!(
                "{drawn} of {count} curves are drawn; name others, or groups of them, to see the other {rest}",
                drawn = drawn.len(),
                count,
                rest
            ));
        }
        Ok(drawn)
    }

    fn write_events(
        &self,
        folder: &Path,
        runs: &[RunCurves],
        curves: &[SeriesId],
    ) -> Result<Vec<PathBuf>, ExportError> {
        let place = |run: &RunCurves| folder.join(&run.name).join(event_file::file_name(run.begun, &run.host));
        for run in runs {
            new_file::refuse(&place(run), self.replace)?;
            event_file::refuse_other_events(&place(run))?;
        }
        let mut files = Vec::new();
        for run in runs {
            let of_run = curves.iter().filter_map(|id| Some((id, run.record.series.get(id)?)));
            files.extend(written(&place(run), self.replace, |file| {
                event_file::write_curves(file, run.begun as f64, of_run)
            })?);
        }
        Ok(files)
    }

    fn svg(
        &self,
        runs: &[RunCurves],
        curves: &[SeriesId],
        size: Size,
        notes: &mut Vec<Sentence>,
    ) -> Result<String, ExportError> {
        let sources = chart_lines::sources(runs, self.by_seed, notes)?;
        let figure = chart_lines::figure(&sources, curves, self.logarithmic, notes);
        let least = figure.least_height().ceil() as u32;
        let (width, height) = (size.width, size.height.unwrap_or(figure.usual_height() as u32));
        if height < least {
            return Err(ExportError::TooLow { curves: curves.len(), height, least });
        }
        let mut canvas = svg::SvgCanvas::new(width, height);
        figure.draw(&mut canvas, (f64::from(width), f64::from(height)));
        Ok(canvas.finish())
    }
}
