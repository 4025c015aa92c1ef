//! A matrix that stays quantised: what it multiplies with and looks up, without a gradient.

use std::sync::Arc;

use candle_core::quantized::{QMatMul, QTensor};
use candle_core::{Module as _, Result, Tensor};

use super::kind::Kind;

/// What multiplies states: numbers that may be trained, or a frozen quantised matrix.
#[derive(Clone)]
pub enum Weight {
    /// Numbers, in the layout of the checkpoint.
    Numbers(Tensor),
    /// Blocks, always `[out, in]`.
    Frozen(Frozen),
}

/// A quantised matrix `[out, in]`; for a teacher only, since nothing behind it gets a gradient.
#[derive(Clone)]
pub struct Frozen {
    blocks: Arc<QTensor>,
    kind: &'static str,
}

impl Frozen {
    /// A matrix and what its kind is called.
    pub(super) fn new(blocks: QTensor, kind: Kind) -> Self {
        Self { blocks: Arc::new(blocks), kind: kind.name }
    }

    /// `x·Wᵀ + b` of `x [.., in]`, `[.., out]`. The product rounds `x` to eight bits block by block,
    /// each row on its own: a row's answer does not depend on the others.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn forward(&self, x: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        let product = QMatMul::QTensor(Arc::clone(&self.blocks)).forward(&x.contiguous()?)?;
        match bias {
            Some(bias) => product.broadcast_add(bias),
            None => Ok(product),
        }
    }

    /// The rows of `ids [..]`, `[.., in]`; only they are unpacked.
    ///
    /// # Errors
    /// The tensor library's, e.g. for an id beyond the last row.
    pub fn rows(&self, ids: &Tensor) -> Result<Tensor> {
        self.blocks.embedding(ids)
    }

    /// Numbers it stands for.
    pub fn count(&self) -> u64 {
        self.blocks.shape().elem_count() as u64
    }

    /// What its kind is called, e.g. `Q4_K`.
    pub fn kind(&self) -> &'static str {
        self.kind
    }
}
