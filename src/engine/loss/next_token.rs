//! Next-word prediction on the text itself: cross-entropy of token t + 1 given the tokens up to t,
//! in nats, averaged over the tokens that come from the batch's texts (Radford et al. 2018). Template and
//! chat stand around every text alike, so they are not learned.

use candle_core::{Result, Tensor};

use super::hard_labels::{cross_entropy_composed, cross_entropy_row};
use super::{Compared, ComposedRows, Divergence, Needs, RowSet};
use crate::session::Knob;
use crate::session::knob::Entry;

const WEIGHT: Knob = super::weight(
    "next_token.weight",
    "Next-word weight",
    0.5,
    "Weight of next-word prediction on the text beside the other losses.",
);

/// Cross-entropy against the tokens that came.
pub struct NextToken;

impl Divergence for NextToken {
    fn entry(&self) -> Entry {
        Entry {
            id: "next_token",
            label: "Next word",
            help: "Learn to predict each next token of the text itself; for causal models.",
        }
    }

    fn weight(&self) -> &'static Knob {
        &WEIGHT
    }

    fn needs(&self) -> Needs {
        Needs { teacher: false, truth: true, rows: RowSet::Text, whole_rows: false }
    }

    fn row(&self, compared: &Compared, scale: f32, gradient: Option<&mut [f32]>) -> f32 {
        cross_entropy_row(compared, scale, gradient)
    }

    fn composed(&self, compared: &ComposedRows) -> Result<Tensor> {
        cross_entropy_composed(compared.student, compared.truth)
    }
}
