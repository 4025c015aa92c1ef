//! Losses. A divergence compares two distributions over the same outcomes, row by row: a formula with its
//! knobs and its premises, which loops over nothing and counts no steps. It has two forms, one on slices
//! with its gradient by hand and one composed of tensor operations for any device; [`compare`](compare())
//! does everything that is common, and one test holds the forms of all of them equal.
//!
//! A new divergence is one file and one line in [`LOSSES`].
//!
//! *Why no loss over hidden states or attention yet (2026-11).* Those compare captures of two networks and
//! bring variables of their own; they come with the teacher's live pass, which nothing asks for today. A
//! trait without a single formula behind it would be a guess.

mod centred;
pub mod compare;
mod deferred;
pub mod hard_labels;
pub mod hellinger;
pub mod jensen_shannon;
mod kernel;
mod levels;
mod logarithm;
pub mod logit_mse;
mod mixture;
pub mod next_token;
mod objective;
mod paired;
pub mod ranking;
pub mod reverse_kl;
pub mod skewed_kl;
pub mod skewed_reverse_kl;
pub mod soft_cross_entropy;
pub mod soft_targets;
mod softened;
pub mod softening;
mod teacher_entropy;
mod term;
mod term_gradients;
pub mod total_variation;

use candle_core::{Result, Tensor};

use crate::session::knob::{Entry, Scale};
use crate::session::{Knob, Knobs};

pub use compare::compare;
pub use objective::{Insight, LossInput, LossOutput, Objective, Offered, needs_teacher};
pub use softened::Softened;
pub use softening::Softening;
use softening::softening;
pub use teacher_entropy::teacher_entropy;
pub use term::{Comparison, Rows, Term};
pub use term_gradients::{TermGradient, term_gradients};

/// Every loss; adding one is one file and one line here.
pub const LOSSES: &[&dyn Divergence] = &[
    &soft_targets::SoftTargets,
    &hard_labels::HardLabels,
    &reverse_kl::ReverseKl,
    &jensen_shannon::JensenShannon,
    &skewed_kl::SkewedKl,
    &skewed_reverse_kl::SkewedReverseKl,
    &total_variation::TotalVariation,
    &hellinger::Hellinger,
    &logit_mse::LogitMse,
    &soft_cross_entropy::SoftCrossEntropy,
    &ranking::Ranking,
    &next_token::NextToken,
];

/// Weight of the label losses against the teacher losses.
pub const ALPHA: Knob = Knob {
    id: "mixture.alpha",
    label: "Labels vs teacher",
    unit: "",
    min: 0.0,
    max: 1.0,
    default: 0.5,
    scale: Scale::Linear,
    live: true,
    help: "Weight of the label loss; the teacher's soft targets get the rest. 0 listens to the teacher alone, 1 to the labels alone.",
};

/// The knob of a term's weight. 0 leaves the term in the recipe and gives it no say.
const fn weight(id: &'static str, label: &'static str, default: f64, help: &'static str) -> Knob {
    Knob { id, label, unit: "", min: 0.0, max: 10.0, default, scale: Scale::Linear, live: true, help }
}

/// What the weight of a loss that learns from a teacher does.
const TEACHER_WEIGHT: &str =
    "Weight of this loss beside the others, times what the label weight leaves to what learns from the teacher.";

/// The premises of most losses that learn from a teacher.
const TAUGHT: Needs = Needs { teacher: true, truth: false, rows: RowSet::Answers, whole_rows: false };

/// Which of the rows of a forward pass a loss compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowSet {
    /// Those of the task's own answer.
    Answers,
    /// Those of the texts themselves, over the vocabulary.
    Text,
}

/// The premises of a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// A teacher's distribution for each row.
    pub teacher: bool,
    /// The right outcome; a row without one does not count.
    pub truth: bool,
    /// The rows.
    pub rows: RowSet,
    /// Every outcome of the teacher by itself: rows of which only the likeliest outcomes are known, and the others
    /// as one, cannot be compared so.
    pub whole_rows: bool,
}

impl Needs {
    /// Whether it learns the given labels: α weighs it against what learns from a teacher.
    pub fn labels(self) -> bool {
        self.truth && !self.teacher && self.rows == RowSet::Answers
    }
}

/// One row as a divergence sees it.
#[derive(Clone, Copy)]
pub struct Compared<'a> {
    /// The student's logits, `[outcomes]`.
    pub values: &'a [f32],
    /// The teacher's log-probabilities or logits, `[outcomes]`; empty where no term needs a teacher.
    pub teacher: &'a [f32],
    /// The right outcome; 0 where the divergence does not need it.
    pub truth: usize,
    /// Of both distributions.
    pub temperature: f32,
    /// What [`Divergence::parameter`] gives.
    pub parameter: f32,
}

impl<'a> Compared<'a> {
    /// The student's distribution.
    #[inline(always)]
    pub fn student(&self) -> Softened<'a> {
        Softened::of(self.values, self.temperature)
    }

    /// The teacher's distribution.
    #[inline(always)]
    pub fn teacher(&self) -> Softened<'a> {
        Softened::of(self.teacher, self.temperature)
    }
}

/// A loss that compares two distributions over the same outcomes.
pub trait Divergence: Sync {
    /// Id, label and help.
    fn entry(&self) -> Entry;

    /// The knob of its weight in the sum, besides α: `LOSS.weight`.
    fn weight(&self) -> &'static Knob;

    /// Further knobs that it reads, besides those of its temperature.
    fn knobs(&self) -> &'static [Knob] {
        &[]
    }

    /// Its premises.
    fn needs(&self) -> Needs;

    /// The knobs of the temperature at which it compares; `None` where that is always 1. Its value is multiplied by
    /// T² by whoever sums it.
    fn softening(&self) -> Option<&'static Softening> {
        None
    }

    /// The number that shapes its formula, where it has one: β of a Jensen–Shannon divergence, the share that a
    /// skewed one mixes in, how much labels are smoothed.
    fn parameter(&self, _knobs: &Knobs) -> f64 {
        0.0
    }

    /// The divergence of one row, in nats, at the temperature it is given. Where `gradient [outcomes]` is
    /// there, it is overwritten by `scale` times the derivative with respect to the softened logits,
    /// `values / T`.
    fn row(&self, compared: &Compared, scale: f32, gradient: Option<&mut [f32]>) -> f32;

    /// The same of many rows, by operations on tensors; the result is `[rows]`.
    ///
    /// # Errors
    /// The tensor library's.
    fn composed(&self, compared: &ComposedRows) -> Result<Tensor>;

    /// Every knob that it reads besides its weight.
    fn all_knobs(&self) -> Vec<&'static Knob> {
        let softening = self.softening().into_iter().flat_map(Softening::knobs);
        softening.chain(self.knobs()).collect()
    }
}

/// Many rows as the composed form of a divergence sees them.
pub struct ComposedRows<'a> {
    /// The student's log-probabilities at the temperature, `[rows, outcomes]`, with their graph.
    pub student: &'a Tensor,
    /// The teacher's, as the student's; no gradient reaches them.
    pub teacher: Option<&'a Tensor>,
    /// The right outcomes, `u32 [rows]`; 0 where there is none.
    pub truth: &'a Tensor,
    /// What [`Divergence::parameter`] gives.
    pub parameter: f64,
}

impl<'a> ComposedRows<'a> {
    /// The teacher's log-probabilities.
    ///
    /// # Errors
    /// If there are none.
    pub fn teacher(&self) -> Result<&'a Tensor> {
        self.teacher.ok_or_else(|| candle_core::Error::Msg("this divergence needs a teacher".into()))
    }
}
