//! The runs of the workspace as the window knows them: their table, a comparison of two sides, and whether the queue
//! runs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::link::SeriesId;
use crate::record::compare::side_curves::SideCurve;
use crate::record::compare::{CompareError, Comparison};
use crate::record::run_table::{RunRow, RunStatus, RunTable};

/// The folders of the runs on one side of a comparison: one, or those of several seeds.
pub type Side = Vec<PathBuf>;

/// Two sides, and what comparing them gave.
pub struct ComparedSides {
    /// A and B.
    pub sides: [Side; 2],
    /// The comparison, or why there is none.
    pub found: Result<Comparison, CompareError>,
    /// The curves of A and of B.
    pub curves: [BTreeMap<SeriesId, SideCurve>; 2],
}

/// What is known of the workspace.
#[derive(Default)]
pub struct RunList {
    /// Its table, once it was read.
    pub table: Option<Arc<RunTable>>,
    /// The last comparison.
    pub compared: Option<Box<ComparedSides>>,
    /// Rises with every change of the table.
    pub generation: u64,
    /// Whether what waits is run, one after the other.
    pub queue_on: bool,
    pub(super) reading: bool,
    /// Whether something changed while it was read.
    pub(super) again: bool,
    /// When it was read last, in egui's seconds.
    pub(super) looked: f64,
    /// When a hand was at the window last.
    pub(super) touched: f64,
    pub(super) comparing: Option<[Side; 2]>,
    /// The run of the queue that was asked for and has not begun; an empty path while it is sought.
    pub(super) begins: Option<PathBuf>,
}

impl RunList {
    /// How many runs wait for their turn.
    pub fn waiting(&self) -> usize {
        let waits = |row: &&RunRow| row.status == RunStatus::Waiting;
        self.table.as_ref().map_or(0, |table| table.rows.iter().filter(waits).count())
    }
}
