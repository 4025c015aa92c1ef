//! The labels themselves: cross-entropy at temperature 1, in nats, averaged over the examples of
//! the batch whose label may be used.
//!
//! Smoothed by ε the target is `(1 − ε)·1(truth) + ε/V` (Szegedy et al. 2015, arXiv 1512.00567, §7; PyTorch's
//! `CrossEntropyLoss(label_smoothing)`), so that the loss is `−(1 − ε)·ln q(truth) − ε·mean(ln q)`.

use candle_core::{D, Result, Tensor};

use super::centred::Centred;
use super::{Compared, ComposedRows, Divergence, Needs, RowSet, Softened};
use crate::engine::model::ops::{exp, sum2, widest};
use crate::session::knob::{Entry, Scale};
use crate::session::{Knob, Knobs};

const WEIGHT: Knob = super::weight(
    "hard_labels.weight",
    "Hard-label weight",
    1.0,
    "Weight of the labels' cross-entropy beside the other losses, times the label weight.",
);

/// ε.
pub const SMOOTHING: Knob = Knob {
    id: "hard_labels.smoothing",
    label: "Label smoothing",
    unit: "",
    min: 0.0,
    max: 0.9,
    default: 0.0,
    scale: Scale::Linear,
    live: true,
    help: "How much of each label's probability is spread evenly over all classes; 0 takes the labels as they are.",
};

/// Cross-entropy against the classes.
pub struct HardLabels;

impl Divergence for HardLabels {
    fn entry(&self) -> Entry {
        Entry { id: "hard_labels", label: "Hard labels", help: "Learn the given labels, at temperature 1." }
    }

    fn weight(&self) -> &'static Knob {
        &WEIGHT
    }

    fn knobs(&self) -> &'static [Knob] {
        &[SMOOTHING]
    }

    fn needs(&self) -> Needs {
        Needs { teacher: false, truth: true, rows: RowSet::Answers, whole_rows: false }
    }

    fn parameter(&self, knobs: &Knobs) -> f64 {
        knobs.get(&SMOOTHING)
    }

    fn row(&self, compared: &Compared, scale: f32, gradient: Option<&mut [f32]>) -> f32 {
        if compared.parameter > 0.0 {
            smoothed_row(compared, scale, gradient)
        } else {
            cross_entropy_row(compared, scale, gradient)
        }
    }

    fn composed(&self, compared: &ComposedRows) -> Result<Tensor> {
        let (log_q, smoothing) = (compared.student, compared.parameter);
        let labels = cross_entropy_composed(log_q, compared.truth)?;
        if smoothing <= 0.0 {
            return Ok(labels);
        }
        (labels * (1.0 - smoothing))? - (log_q.mean(D::Minus1)? * smoothing)?
    }
}

/// `−(1 − ε)·ln q(truth) − ε·mean(ln q)` of a row, and its gradient `q − (1 − ε)·1(truth) − ε/V` times `scale`.
fn smoothed_row(compared: &Compared, scale: f32, gradient: Option<&mut [f32]>) -> f32 {
    widest(
        #[inline(always)]
        || {
            let row = Centred::of(compared.values, compared.temperature);
            let (smoothing, share) = (compared.parameter, 1.0 / row.values.len() as f32);
            if let Some(gradient) = gradient {
                for (slope, value) in gradient.iter_mut().zip(row.values) {
                    *slope = (exp(row.below(*value) - row.beyond) - smoothing * share) * scale;
                }
                gradient[compared.truth] -= (1.0 - smoothing) * scale;
            }
            let below = sum2(row.values, row.values, |value, _| row.below(value));
            let mean = smoothing * share * below + (1.0 - smoothing) * row.below(row.values[compared.truth]);
            row.beyond - mean
        },
    )
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
