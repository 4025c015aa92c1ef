//! Exports from the window: the menu that asks for one, and what becomes of it. What is written is what `retort export`
//! writes, on a thread of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::Ui;

use super::app::WorkbenchApp;
use super::state::{Action, FileQuestion, UiState};
use super::theme::Look;
use crate::record::export::drawing::Drawing;
use crate::record::export::{Export, ExportError, Exported, Size, Target};
use crate::session::{Say as _, say};

/// As what runs are exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExportKind {
    /// A table.
    Csv,
    /// A folder of events.
    TensorBoard,
    /// A chart, text as text.
    Svg,
    /// A chart of pixels.
    Png,
}

impl ExportKind {
    /// All of them, in the order of the menu.
    pub const ALL: [Self; 4] = [Self::Csv, Self::TensorBoard, Self::Svg, Self::Png];

    /// What such a file is called behind the dot; `None` of a folder.
    pub fn ending(self) -> Option<&'static str> {
        match self {
            Self::Csv => Some("csv"),
            Self::TensorBoard => None,
            Self::Svg => Some("svg"),
            Self::Png => Some("png"),
        }
    }

    fn words(self, look: Look) -> (&'static str, &'static str) {
        match self {
            Self::Csv => (look.t("Table (CSV)…"), look.t("Every curve, a row a point: run, curve, step, value")),
            Self::TensorBoard => (
                look.t("TensorBoard events…"),
                look.t("Every curve, in a folder for each run; tensorboard --logdir shows it"),
            ),
            Self::Svg => (look.t("Chart (SVG)…"), look.t("A drawing whose text stays text")),
            Self::Png => (look.t("Picture (PNG)…"), look.t("The same chart in pixels")),
        }
    }
}

/// What is to be exported.
#[derive(Clone, Debug, Default)]
pub struct ExportWish {
    /// The folders of the runs.
    pub runs: Vec<PathBuf>,
    /// Names of curves; none: all of them, of a chart the usual ones.
    pub curves: Vec<String>,
    /// Whether seeds are drawn together.
    pub by_seed: bool,
    /// Whether values stand on a logarithmic axis.
    pub logarithmic: bool,
    /// Whether a file that is there may be replaced.
    pub replace: bool,
    /// A drawing instead of curves.
    pub drawing: Option<Arc<Drawing>>,
}

/// The menu; `wish` tells what is exported once something of it is chosen.
pub fn menu_ui(ui: &mut Ui, look: Look, state: &mut UiState, wish: impl Fn(&UiState) -> ExportWish) {
    let answer = ui.menu_button(look.t("Export…"), |ui| {
        for kind in ExportKind::ALL {
            let (name, help) = kind.words(look);
            if ui.button(name).on_hover_text(help).clicked() {
                let wish = wish(state);
                state.ask(Action::AskExport(kind, Box::new(wish)));
                ui.close();
            }
        }
    });
    answer.response.on_hover_text(look.t("Writes the curves for other programs"));
}

/// The menu for a drawing that is on screen; it is made once something is chosen.
pub fn drawing_menu_ui(ui: &mut Ui, look: Look, state: &mut UiState, is_svg: bool, draw: impl Fn() -> Drawing) {
    let kinds = [ExportKind::Svg, ExportKind::Png];
    let answer = ui.menu_button(look.t("Picture…"), |ui| {
        for kind in kinds.into_iter().filter(|kind| is_svg || *kind == ExportKind::Png) {
            let (name, _) = kind.words(look);
            if ui.button(name).clicked() {
                let wish = ExportWish { drawing: Some(Arc::new(draw())), ..ExportWish::default() };
                state.ask(Action::AskExport(kind, Box::new(wish)));
                ui.close();
            }
        }
    });
    answer.response.on_hover_text(look.t("Writes what is drawn here, on light ground"));
}

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
