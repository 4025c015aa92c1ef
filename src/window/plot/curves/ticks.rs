//! The marks of the charts' axes, as the plot library takes them.

use egui_plot::GridMark;

use super::span::Span;
use crate::record::export::ticks::{self, Range, Tick};

/// Multiples of 1, 2 or 5 times a power of ten inside `span`, about `wanted` of them.
pub(super) fn linear(span: Span, wanted: f64) -> Vec<GridMark> {
    marks(ticks::linear(range(span), wanted))
}

/// Whole steps only.
pub(super) fn steps(span: Span, wanted: f64) -> Vec<GridMark> {
    marks(ticks::steps(range(span), wanted))
}

/// Marks of a logarithmic axis whose coordinate is log10.
pub(super) fn logarithmic(span: Span, wanted: f64) -> Vec<GridMark> {
    marks(ticks::logarithmic(range(span), wanted))
}

/// The label of a mark of a linear axis: as many decimals as its step needs.
pub(super) fn label(mark: GridMark) -> String {
    ticks::label(tick(mark))
}

/// The label of a mark of a logarithmic axis.
pub(super) fn label_logarithmic(mark: GridMark) -> String {
    ticks::label_logarithmic(tick(mark))
}

fn range(span: Span) -> Range {
    Range { from: span.from, to: span.to }
}

fn tick(mark: GridMark) -> Tick {
    Tick { value: mark.value, step_size: mark.step_size }
}

fn marks(ticks: Vec<Tick>) -> Vec<GridMark> {
    ticks.into_iter().map(|Tick { value, step_size }| GridMark { value, step_size }).collect()
}
