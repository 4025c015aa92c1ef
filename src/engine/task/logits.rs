//! Distributions over outcomes before they are compared: as numbers, or as what they are computed from.
//!
//! *Why not always as numbers (2026-11).* Over a vocabulary the logits of a batch take far more room than all else of
//! a step: 1 024 rows of 50 257 are 206 MB, their gradient and the teacher's once more each. The loss applies the
//! head to a few rows at a time and keeps none of them.

use candle_core::{Device, Result, Tensor};

use super::TopK;
use crate::engine::model::layers::Linear;

/// A student's logits, with their graph.
#[derive(Clone)]
pub enum Logits {
    /// `[rows, outcomes]`: logits, or the log-probabilities of label words.
    Dense(Tensor),
    /// Those that a head gives.
    Deferred(Deferred),
}

/// Logits that are yet to be computed.
#[derive(Clone)]
pub struct Deferred {
    /// `[rows, width]`, as the head's matrix reads them.
    pub states: Tensor,
    /// The head.
    pub head: Linear,
    /// How many outcomes there are: the head's first rows. A head may have more, to be of an even size or because it
    /// is another model's; those are no tokens of both.
    pub outcomes: usize,
}

impl Deferred {
    /// All of them, `[rows, outcomes]`.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn whole(&self) -> Result<Tensor> {
        let logits = self.head.forward(&self.states)?;
        if logits.dim(1)? == self.outcomes { Ok(logits) } else { logits.narrow(1, 0, self.outcomes) }
    }

    /// The same of some rows.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn narrow(&self, first: usize, rows: usize) -> Result<Self> {
        Ok(Self { states: self.states.narrow(0, first, rows)?, head: self.head.clone(), outcomes: self.outcomes })
    }
}

impl Logits {
    /// All of them, `[rows, outcomes]`.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn whole(&self) -> Result<Tensor> {
        match self {
            Self::Dense(logits) => Ok(logits.clone()),
            Self::Deferred(deferred) => deferred.whole(),
        }
    }

    /// Some of the rows.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn narrow(&self, first: usize, rows: usize) -> Result<Self> {
        Ok(match self {
            Self::Dense(logits) => Self::Dense(logits.narrow(0, first, rows)?),
            Self::Deferred(deferred) => Self::Deferred(deferred.narrow(first, rows)?),
        })
    }

    /// Number of rows and of outcomes.
    ///
    /// # Errors
    /// If they are no rows.
    pub fn dims(&self) -> Result<(usize, usize)> {
        match self {
            Self::Dense(logits) => logits.dims2(),
            Self::Deferred(deferred) => Ok((deferred.states.dims2()?.0, deferred.outcomes)),
        }
    }

    /// Where they are.
    pub fn device(&self) -> &Device {
        match self {
            Self::Dense(logits) => logits.device(),
            Self::Deferred(deferred) => deferred.states.device(),
        }
    }
}

impl From<Tensor> for Logits {
    fn from(logits: Tensor) -> Self {
        Self::Dense(logits)
    }
}

/// What a teacher says of rows: a distribution over the same outcomes for each of them. No graph.
#[derive(Clone)]
pub enum Targets {
    /// Log-probabilities at temperature 1 or logits, `[rows, outcomes]`.
    Dense(Tensor),
    /// Logits that a head gives.
    Deferred(Deferred),
    /// The likeliest outcomes of each row, and the others together.
    TopK(TopK),
}

impl Targets {
    /// Number of rows and of outcomes.
    ///
    /// # Errors
    /// If they are no rows.
    pub fn dims(&self) -> Result<(usize, usize)> {
        match self {
            Self::Dense(logits) => logits.dims2(),
            Self::Deferred(deferred) => Ok((deferred.states.dims2()?.0, deferred.outcomes)),
            Self::TopK(top) => Ok((top.rows(), top.outcomes())),
        }
    }

    /// Some of the rows.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn narrow(&self, first: usize, rows: usize) -> Result<Self> {
        Ok(match self {
            Self::Dense(logits) => Self::Dense(logits.narrow(0, first, rows)?),
            Self::Deferred(deferred) => Self::Deferred(deferred.narrow(first, rows)?),
            Self::TopK(top) => Self::TopK(top.narrow(first, rows)),
        })
    }

    /// Every outcome of every row, `[rows, outcomes]`.
    ///
    /// # Errors
    /// If only the likeliest are known.
    pub fn whole(&self) -> Result<Tensor> {
        match self {
            Self::Dense(logits) => Ok(logits.clone()),
            Self::Deferred(deferred) => deferred.whole(),
            Self::TopK(_) => candle_core::bail!("only the likeliest outcomes are known"),
        }
    }

    /// Whether every outcome stands by itself.
    pub fn are_whole(&self) -> bool {
        !matches!(self, Self::TopK(_))
    }
}

impl From<Tensor> for Targets {
    fn from(logits: Tensor) -> Self {
        Self::Dense(logits)
    }
}
