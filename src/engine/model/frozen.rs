//! A matrix that is only used, never trained: quantised as a GGUF file keeps it, or in half
//! precision. It multiplies and is looked up; a gradient passes through to the states, none reaches
//! the matrix.
//!
//! *Why half precision is for keeping only (2026-11).* The products are those of `f32`: a model that
//! was published in `bf16` gives exactly the numbers it gives unpacked, in half the memory. Products
//! in half precision would save time on some processors and change every answer.

use std::sync::Arc;

use candle_core::quantized::{QMatMul, QTensor};
use candle_core::{Module as _, Result, Tensor};

use super::ops::{self, Orientation};

/// What multiplies states: numbers that may be trained, or a frozen matrix.
#[derive(Clone)]
pub enum Weight {
    /// Numbers, in the layout of the checkpoint.
    Trainable(Tensor),
    /// A frozen matrix.
    Frozen(FrozenWeights),
}

/// A frozen matrix; for a teacher only.
#[derive(Clone)]
pub enum FrozenWeights {
    /// Quantised blocks, always `[out, in]`.
    Quantised {
        /// The blocks.
        blocks: Arc<QTensor>,
        /// What their kind is called, e.g. `Q4_K`.
        kind: &'static str,
    },
    /// `f16` or `bf16` numbers, in the layout of the checkpoint.
    Half(Tensor),
}

impl FrozenWeights {
    /// A quantised matrix and what its kind is called.
    pub fn quantised(blocks: QTensor, kind: &'static str) -> Self {
        Self::Quantised { blocks: Arc::new(blocks), kind }
    }

    /// `x·W + b` of `x [.., in]`, `[.., out]`. A product with blocks rounds `x` to eight bits block
    /// by block, each row on its own: a row's answer does not depend on the others.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn forward(&self, x: &Tensor, bias: Option<&Tensor>, orientation: Orientation) -> Result<Tensor> {
        match self {
            Self::Half(numbers) => ops::linear_half(x, numbers, bias, orientation),
            Self::Quantised { blocks, .. } => {
                let product = QMatMul::QTensor(Arc::clone(blocks)).forward(&x.contiguous()?)?;
                bias.map_or(Ok(product.clone()), |bias| product.broadcast_add(bias))
            }
        }
    }

    /// The rows of `ids [..]`, `[.., in]`; only they are unpacked.
    ///
    /// # Errors
    /// The tensor library's, e.g. for an id beyond the last row.
    pub fn rows(&self, ids: &Tensor) -> Result<Tensor> {
        match self {
            Self::Half(numbers) => ops::embedding_half(numbers, ids),
            Self::Quantised { blocks, .. } => blocks.embedding(ids),
        }
    }

    /// Numbers it stands for.
    pub fn count(&self) -> u64 {
        match self {
            Self::Half(numbers) => numbers.elem_count() as u64,
            Self::Quantised { blocks, .. } => blocks.shape().elem_count() as u64,
        }
    }

    /// Memory it takes, bytes. candle packs a quantised matrix a second time, in the order in which
    /// the processor reads it.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Half(numbers) => (numbers.elem_count() * numbers.dtype().size_in_bytes()) as u64,
            Self::Quantised { blocks, .. } => 2 * blocks.storage_size_in_bytes() as u64,
        }
    }

    /// What its kind is called, e.g. `Q4_K` or `bf16`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Half(numbers) => numbers.dtype().as_str(),
            Self::Quantised { kind, .. } => kind,
        }
    }
}
