//! Exports that were asked for in the window: where to, and what became of them. What is written is what `retort export`
//! writes, on a thread of its own.

use std::path::{Path, PathBuf};

use super::app::WorkbenchApp;
use super::export::{ExportKind, ExportWish};
use super::state::FileQuestion;
use crate::record::export::{Export, ExportError, Exported, Size, Target};
use crate::session::{Say as _, say};

impl WorkbenchApp {
    /// Asks where to.
    pub(super) fn ask_export(&mut self, kind: ExportKind, wish: ExportWish) {
        if wish.runs.is_empty() && wish.drawing.is_none() {
            let text = self.t("none of these runs has made a step yet, so there are no curves to export");
            return self.notice(false, text);
        }
        self.state.export = wish;
        self.state.question = Some(FileQuestion::Export(kind));
    }

    /// Writes what was asked for; whether a file may be replaced was said, or the system's dialog has asked.
    pub(super) fn export_to(&mut self, kind: ExportKind, path: PathBuf) {
        self.state.question = None;
        let ExportWish { runs, curves, by_seed, logarithmic, replace, drawing } =
            std::mem::take(&mut self.state.export);
        if let Some(drawing) = drawing {
            return self.errands.export_drawing(drawing, path, replace);
        }
        let to = match kind {
            ExportKind::Csv => Target::Csv(path),
            ExportKind::TensorBoard => Target::TensorBoard(path),
            ExportKind::Svg => Target::Svg(path, Size::default()),
            ExportKind::Png => Target::Png(path, Size::default()),
        };
        self.errands.export(Export { runs, to, curves, by_seed, logarithmic, replace });
    }

    pub(super) fn take_exported(&mut self, exported: Result<Exported, ExportError>) {
        match exported {
            Ok(exported) => {
                let place = exported.files.first().map(PathBuf::as_path).unwrap_or(Path::new(""));
                let (curves, runs, files) = (exported.curves, exported.runs, exported.files.len());
                let told = match files {
                    1 if curves == 0 => say!("the picture was written: {place}", place),
                    1 => say!("{curves} curves of {runs} runs were written: {place}", curves, runs, place),
                    _ => say!(
                        "{curves} curves of {runs} runs were written into {files} files, the first of them {place}",
                        curves,
                        runs,
                        files,
                        place
                    ),
                };
                exported.notes.into_iter().for_each(|note| self.notice(false, note));
                self.notice(false, told);
            }
            Err(e) => self.notice(false, e.said()),
        }
    }
}
