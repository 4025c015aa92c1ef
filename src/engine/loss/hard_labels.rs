//! The labels themselves: cross-entropy at temperature 1, in nats, averaged over the examples of
//! the batch whose label may be used.

use candle_core::{Result, Tensor};

use super::{Compared, ComposedRows, Divergence, Needs, RowSet, Softened};
use crate::engine::model::ops::{exp, widest};
use crate::session::Knob;
use crate::session::knob::Entry;

const WEIGHT: Knob = super::weight(
    "hard_labels.weight",
    "Hard-label weight",
    1.0,
    "Weight of the labels' cross-entropy beside the other losses, times the label weight.",
);

/// Cross-entropy against the classes.
pub struct HardLabels;

impl Divergence for HardLabels {
    fn entry(&self) -> Entry {
        Entry { id: "hard_labels", label: "Hard labels", help: "Learn the given labels, at temperature 1." }
    }

    fn weight(&self) -> &'static Knob {
        &WEIGHT
    }

    fn needs(&self) -> Needs {
        Needs { teacher: false, truth: true, rows: RowSet::Answers, whole_rows: false }
    }

    fn row(&self, compared: &Compared, scale: f32, gradient: Option<&mut [f32]>) -> f32 {
        cross_entropy_row(compared, scale, gradient)
    }

    fn composed(&self, compared: &ComposedRows) -> Result<Tensor> {
        cross_entropy_composed(compared.student, compared.truth)
    }
}

/// `−ln q(truth)` of a row, and its gradient `q − 1(truth)` times `scale`.
pub(super) fn cross_entropy_row(compared: &Compared, scale: f32, gradient: Option<&mut [f32]>) -> f32 {
    widest(
        #[inline(always)]
        || {
            let Softened { values, coldness, level } = compared.student();
            if let Some(gradient) = gradient {
                for (slope, value) in gradient.iter_mut().zip(values) {
                    *slope = exp(*value * coldness - level) * scale;
                }
                gradient[compared.truth] -= scale;
            }
            level - values[compared.truth] * coldness
        },
    )
}

/// The same of `log_q [rows, outcomes]` and `truth u32 [rows]`: `[rows]`.
pub(super) fn cross_entropy_composed(log_q: &Tensor, truth: &Tensor) -> Result<Tensor> {
    log_q.gather(&truth.unsqueeze(1)?, 1)?.squeeze(1)?.neg()
}
