//! How the table of runs is looked at, and what is listed for that.

use std::path::PathBuf;

use crate::link::SeriesId;
use crate::record::compare::side_axes::CurveAxis;
use crate::record::run_table::RunStatus;
use crate::record::run_table::brush::Brushes;
use crate::session::Sentence;
use crate::window::column_choice::ColumnChoice;
use crate::window::plot::brushing::PlottedAxis;
use crate::window::plot::side_curves::Reference;
use crate::window::run_list::Side;
use crate::window::shelf_words::{Repeat, ShelfQuestion};

/// How the table is looked at.
#[derive(Clone, Debug, Default)]
pub struct RunsView {
    /// Whether it is shown.
    pub open: bool,
    /// What is typed to filter it.
    pub filter: String,
    /// Whether seeds go together.
    pub by_seed: bool,
    /// Whether archived runs are shown.
    pub archived: bool,
    /// The column that it is sorted by, and whether the smallest come first; `None`: the newest first.
    pub sort: Option<(String, bool)>,
    /// The sides that are chosen, in the order in which they were.
    pub chosen: Vec<Side>,
    /// Whether one more side was asked for than can be told apart.
    pub too_many: bool,
    /// What stands below the table.
    pub picture: Picture,
    /// How curves are looked at.
    pub curves: CurvesView,
    /// The columns of the scatter, across and up; `None`: the first that there are.
    pub scatter: [Option<String>; 2],
    /// What is brushed: the table lists what lies in all of them.
    pub brushes: Brushes,
    /// Which columns are shown.
    pub columns: ColumnChoice,
    /// With what the chosen run is repeated.
    pub repeat: Repeat,
    /// What is asked before something is removed.
    pub question: Option<ShelfQuestion>,
    /// What is listed.
    pub listed: Listed,
}

/// What stands below the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Picture {
    /// Words and figures: the notes of one run, the verdict of two sides, the settings of several.
    #[default]
    Told,
    /// A curve of every chosen side.
    Curves,
    /// Every listed run on axes beside each other.
    Parallel,
    /// Every listed run over two columns.
    Scatter,
}

impl Picture {
    /// Whether it is of all listed runs, chosen or not.
    pub fn is_of_all(self) -> bool {
        matches!(self, Self::Parallel | Self::Scatter)
    }
}

/// How the curves of the chosen sides are looked at.
#[derive(Clone, Debug, Default)]
pub struct CurvesView {
    /// Which curve; `None`: the first that there is.
    pub id: Option<SeriesId>,
    /// Over what.
    pub axis: CurveAxis,
    /// The side that the others are measured against.
    pub baseline: Option<Side>,
    /// Whether the curves are differences from it.
    pub differences: bool,
    /// Lines at typed values, each on its curve.
    pub references: Vec<(SeriesId, Reference)>,
    /// What was typed as a line and is none.
    pub refused: Option<String>,
}

/// The listed runs as pictures of all of them need them; those of the filter, brushed or not.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// Their folders, in the order of the table.
    pub folders: Vec<PathBuf>,
    /// What they are called.
    pub names: Vec<String>,
    /// Whether all brushes hold them.
    pub brushed: Vec<bool>,
    /// Runs that are left out of the picture: there are too many.
    pub left_out: usize,
    /// The axes of the settings that differ and of the measures.
    pub axes: Vec<PlottedAxis>,
    /// Axes for which there is no room.
    pub axes_left_out: usize,
    /// Columns of numbers that a scatter can have.
    pub columns: Vec<String>,
    /// The axes of the scatter, across and up.
    pub scatter: Option<[PlottedAxis; 2]>,
    /// Places of the runs on the Pareto front; `None` where nobody knows which direction is better.
    pub front: Option<Vec<usize>>,
}

/// The rows as they are drawn.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    pub(super) asked: Option<Asked>,
    /// Columns, left to right.
    pub columns: Vec<Column>,
    /// Every column there is, shown or not, in the same order: its key and what stands above it.
    pub offered: Vec<(String, String)>,
    /// Rows, top to bottom.
    pub rows: Vec<Listing>,
    /// How many runs are in them.
    pub runs: usize,
    /// The same for pictures of all of them; empty where none is shown.
    pub overview: Overview,
    /// Why the filter cannot be read; the rows are those without it then.
    pub problem: Option<Sentence>,
}

impl Listed {
    /// Whether it was made for a picture of all runs.
    pub(super) fn is_for(&self, picture: Picture) -> bool {
        self.asked.as_ref().and_then(|asked| asked.picture.as_ref()).is_some_and(|(made_for, _)| *made_for == picture)
    }
}

/// The question that a list answers: which state of the table, and how it is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub(super) generation: u64,
    pub(super) filter: String,
    pub(super) by_seed: bool,
    pub(super) archived: bool,
    pub(super) sort: Option<(String, bool)>,
    pub(super) chinese: bool,
    pub(super) brushes: Brushes,
    pub(super) columns: ColumnChoice,
    /// The picture of all runs that is shown, and the columns of the scatter.
    pub(super) picture: Option<(Picture, [Option<String>; 2])>,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// By which it is shown, hidden and moved; columns that belong together share one.
    pub key: String,
    /// What stands above it.
    pub title: String,
    /// By which name it is sorted; `None` where it cannot be.
    pub sorts: Option<String>,
    /// Width, points.
    pub width: f32,
}

/// A row.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The runs in it.
    pub side: Side,
    /// What stands in the columns.
    pub cells: Vec<String>,
    /// Where its run stands; `None` of several.
    pub status: Option<RunStatus>,
    /// Whether it bears a star.
    pub star: bool,
    /// What of the run is in no column.
    pub left_out: Option<Sentence>,
}
