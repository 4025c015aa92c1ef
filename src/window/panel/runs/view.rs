//! How the table of runs is looked at, and what is listed for that.

use crate::link::SeriesId;
use crate::record::run_table::RunStatus;
use crate::session::Sentence;
use crate::window::run_list::Side;

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
    /// The curve that is drawn of both sides; `None`: the figures stand there.
    pub curve: Option<SeriesId>,
    /// What is listed.
    pub listed: Listed,
}

/// The rows as they are drawn.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    pub(super) asked: Option<Asked>,
    /// Columns, left to right.
    pub columns: Vec<Column>,
    /// Rows, top to bottom.
    pub rows: Vec<Listing>,
    /// How many runs are in them.
    pub runs: usize,
    /// Why the filter cannot be read; the rows are those without it then.
    pub problem: Option<Sentence>,
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
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
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
}
