//! What is compared, and by which terms.

use candle_core::Tensor;

use super::Divergence;
use crate::engine::task::{Logits, Row, Targets, Weighed};
use crate::session::Knobs;

/// A divergence as it takes part in a sum.
#[derive(Clone, Copy)]
pub struct Term {
    /// Which one.
    pub divergence: &'static dyn Divergence,
    /// Its weight in the sum.
    pub weight: f64,
    /// Of both distributions; above 0.
    pub temperature: f64,
    /// How much the temperature of a row follows the teacher's confidence in it; 0 not at all.
    pub by_confidence: f64,
    /// What [`Divergence::parameter`] gives.
    pub parameter: f64,
}

impl Term {
    /// One with the same temperature for all rows and its parameter at its default.
    pub fn new(divergence: &'static dyn Divergence, weight: f64, temperature: f64) -> Self {
        let parameter = divergence.parameter(&Knobs::default());
        Self { divergence, weight, temperature, by_confidence: 0.0, parameter }
    }
}

/// What is compared.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// The student's logits, `[rows, outcomes]`, with their graph.
    pub student: &'a Logits,
    /// What the teacher says of the same outcomes; no gradient reaches it.
    pub teacher: Option<&'a Targets>,
    /// What each row is.
    pub rows: &'a [Row],
    /// What all rows of the step weigh, of which these are a part: a term is then their share of the mean over all of
    /// them. `None` where these are all.
    pub of_step: Option<Weighed>,
}

/// The sum of the terms, and each of them.
pub struct Comparison {
    /// `Σ weight·term`, a scalar that carries the gradient.
    pub total: Tensor,
    /// The unweighted mean over rows of each term, or these rows' share of it; `None` where none of them counts for it.
    pub terms: Vec<Option<f32>>,
}
