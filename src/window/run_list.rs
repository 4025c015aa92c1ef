//! The runs of the workspace as the window knows them: their table, a comparison of the chosen sides, and whether the
//! queue runs.

use std::path::PathBuf;
use std::sync::Arc;

use super::run_watcher::RunWatcher;
use crate::record::compare::side_records::SideRecords;
use crate::record::compare::side_settings::{SideSetting, side_settings};
use crate::record::compare::{CompareError, Comparison, compare};
use crate::record::run_table::{RunRow, RunStatus, RunTable};

/// The folders of the runs on one side of a comparison: one, or those of several seeds.
pub type Side = Vec<PathBuf>;

/// The chosen sides, and what comparing them gave.
pub struct ComparedSides {
    /// The sides, A first.
    pub sides: Vec<Side>,
    /// The comparison of two sides, or why there is none; `None` of more than two.
    pub found: Option<Result<Comparison, CompareError>>,
    /// The settings in which they differ.
    pub settings: Vec<SideSetting>,
    /// What is drawn of each.
    pub drawn: Vec<SideRecords>,
}

impl ComparedSides {
    /// Compares the runs of the sides, and reads their journals: for a thread of its own.
    pub fn read(sides: Vec<Side>, rows: &[Vec<RunRow>]) -> Self {
        let found = match rows {
            [a, b] => Some(compare(a, b)),
            _ => None,
        };
        let each: Vec<Vec<&RunRow>> = rows.iter().map(|rows| rows.iter().collect()).collect();
        let each: Vec<&[&RunRow]> = each.iter().map(Vec::as_slice).collect();
        let drawn = rows.iter().map(|rows| SideRecords::read(rows)).collect();
        Self { sides, found, settings: side_settings(&each), drawn }
    }
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
    /// Whether a run is being put into the queue with another seed.
    pub repeating: bool,
    pub(super) reading: bool,
    /// Whether something changed while it was read.
    pub(super) again: bool,
    /// When it was read last, in egui's seconds.
    pub(super) looked: f64,
    /// Follows the workspace while its runs are on screen; `None` where the system follows no folders.
    pub(super) watcher: Option<RunWatcher>,
    /// Whether the workspace is to be followed, and it was tried.
    pub(super) follows: bool,
    /// Whether a change was told that has not been looked at.
    pub(super) changed: bool,
    /// When a hand was at the window last.
    pub(super) touched: f64,
    pub(super) comparing: Option<Vec<Side>>,
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
