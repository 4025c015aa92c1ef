//! Pure pictures of a record or a frame. Nothing here subscribes to events or computes measures:
//! what is drawn is what was handed over.

pub mod attention_map;
pub mod brushing;
pub mod curves;
mod painter_canvas;
pub mod parallel_coordinates;
pub mod probability_bars;
pub mod scatter;
pub mod side_curves;
pub mod token_chips;
pub mod weights;

pub use crate::record::export::figures;
use egui::{Response, Tooltip, Ui};

/// What lies under the pointer, said at once and beside the pointer: a plot is read by moving over
/// it, so the usual delay of a tooltip would be in the way.
pub(crate) fn readout_ui(response: &Response, content: impl FnOnce(&mut Ui)) {
    Tooltip::for_widget(response).at_pointer().gap(14.0).show(content);
}
