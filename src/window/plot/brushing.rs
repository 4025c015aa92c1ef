//! What pictures of all listed runs have in common: the runs, the axes they stand on, and what a hand does to them.

use egui::{Color32, Pos2, Response, Ui};

use super::figures::short;
use super::side_curves;
use crate::record::run_table::Cell;
use crate::record::run_table::brush::Brush;
use crate::record::run_table::value_axis::ValueAxis;
use crate::window::theme::Look;

/// A run in a picture.
#[derive(Clone, Debug)]
pub struct PlottedRun {
    /// What it is called.
    pub name: String,
    /// Whether all brushes hold it.
    pub is_brushed: bool,
    /// The side that it is chosen as.
    pub side: Option<usize>,
}

/// An axis of a picture.
#[derive(Clone, Debug)]
pub struct PlottedAxis {
    /// What stands on it.
    pub axis: ValueAxis,
    /// What it is called.
    pub title: String,
    /// Where each run stands on it, from 0 to 1; `None` of a run that has nothing there.
    pub places: Vec<Option<f64>>,
    /// What each run has there, in words.
    pub values: Vec<String>,
}

impl PlottedAxis {
    /// The axis of a column over what runs have there; `None` where none of them has anything.
    pub fn of(column: &str, title: String, cells: &[Option<Cell>]) -> Option<Self> {
        let axis = ValueAxis::of(column, cells)?;
        let places = cells.iter().map(|cell| cell.as_ref().and_then(|cell| axis.place(cell))).collect();
        let values = cells.iter().map(|cell| cell.as_ref().map_or_else(|| "–".to_owned(), said)).collect();
        Some(Self { axis, title, places, values })
    }
}

/// What a hand did to a picture.
#[derive(Clone, Debug, PartialEq)]
pub enum Touched {
    /// Clicked the run at this place.
    Run(usize),
    /// Drew brushes: those of their columns are these from now on.
    Brushes(Vec<Brush>),
    /// Took the brush of a column away.
    Cleared(String),
}

/// What stands at a mark, shortly.
pub(super) fn said(cell: &Cell) -> String {
    match cell {
        Cell::Number(number) => short(*number),
        Cell::Text(text) => text.clone(),
    }
}

/// The colour of a run: its side's, or that of all that are brushed, or pale.
pub(super) fn color(look: Look, run: &PlottedRun) -> Color32 {
    match run.side {
        Some(side) => side_curves::color(look, side),
        None if run.is_brushed => look.palette().student,
        None => look.palette().line,
    }
}

/// From where to where the pointer was drawn, while it is and when it is let go.
pub(super) fn drawn(ui: &Ui, response: &Response) -> Option<(Pos2, Pos2)> {
    // Let go beyond the window, the pointer has no place any more: the last one counts.
    let id = response.id.with("drawn");
    if response.drag_stopped() {
        return ui.data(|data| data.get_temp(id));
    }
    if !response.dragged() {
        return None;
    }
    let end = response.interact_pointer_pos()?;
    let by = response.total_drag_delta().or_else(|| ui.input(|input| input.pointer.total_drag_delta()))?;
    ui.data_mut(|data| data.insert_temp(id, (end - by, end)));
    Some((end - by, end))
}
