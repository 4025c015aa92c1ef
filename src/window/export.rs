//! What is exported from the window, and as what.

use std::path::PathBuf;
use std::sync::Arc;

use crate::record::export::drawing::Drawing;

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
