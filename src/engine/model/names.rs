//! Tensors by name while a network is built, level by level, so that its code reads as the checkpoint is
//! named. Where they come from, a checkpoint, a seed, a plan or weights that are there, the network does
//! not know.

use candle_core::Tensor;

use super::frozen::{FrozenWeights, Weight};
use super::init::Init;
use super::{Heads, ModelError};

/// Where a network's tensors come from while it is built; names are whole.
pub trait TensorSource {
    /// The tensor `name`; one that is `optional` may be made where a checkpoint lacks it.
    ///
    /// # Errors
    /// The tensor library's; missing and mis-shaped tensors are collected and reported together.
    fn tensor(&self, name: &str, shape: &[usize], init: Init, optional: bool) -> Result<Tensor, ModelError>;

    /// The matrix `name` as it is kept, if that is quantised or in half precision.
    ///
    /// # Errors
    /// [`ModelError::Damaged`] if it cannot be read.
    fn frozen(&self, name: &str, shape: &[usize]) -> Result<Option<FrozenWeights>, ModelError>;

    /// Whether the tensor `name` is stored, or was when the weights were built.
    fn is_known(&self, name: &str) -> bool;

    /// Whether a head over the vocabulary is stored, or was when the weights were built, that has other
    /// numbers than the table it should be one with.
    ///
    /// # Errors
    /// [`ModelError::Damaged`] if they cannot be read.
    fn has_own_head(&self, heads: &Heads) -> Result<bool, ModelError>;
}

/// Hands out tensors by name, level by level.
pub struct Names<'a> {
    source: &'a dyn TensorSource,
    prefix: String,
}

impl<'a> Names<'a> {
    pub(super) fn root(source: &'a dyn TensorSource) -> Self {
        Self { source, prefix: String::new() }
    }

    /// One level down.
    pub fn pp(&self, part: impl std::fmt::Display) -> Self {
        Self { source: self.source, prefix: self.full(&part.to_string()) }
    }

    /// The tensor `name`; a checkpoint that lacks it is refused.
    ///
    /// # Errors
    /// The tensor library's; missing and mis-shaped tensors are collected and reported together.
    pub fn get(&self, name: &str, shape: &[usize], init: Init) -> Result<Tensor, ModelError> {
        self.source.tensor(&self.full(name), shape, init, false)
    }

    /// The tensor `name` of the top; a checkpoint that lacks it gets a new one, which is reported.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn get_or_new(&self, name: &str, shape: &[usize], init: Init) -> Result<Tensor, ModelError> {
        self.source.tensor(&self.full(name), shape, init, true)
    }

    /// A matrix that states are multiplied with: as [`Self::get`], but one that is stored quantised,
    /// or asked for in half precision, is kept so.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn weight(&self, name: &str, shape: &[usize], init: Init) -> Result<Weight, ModelError> {
        self.matrix(name, shape, init, false)
    }

    /// As [`Self::weight`], of the top, which a checkpoint may lack.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn weight_or_new(&self, name: &str, shape: &[usize], init: Init) -> Result<Weight, ModelError> {
        self.matrix(name, shape, init, true)
    }

    /// Whether the tensor `name` is stored, or was when the weights were built.
    pub fn is_known(&self, name: &str) -> bool {
        self.source.is_known(&self.full(name))
    }

    /// As [`TensorSource::has_own_head`].
    ///
    /// # Errors
    /// [`ModelError::Damaged`] if they cannot be read.
    pub(super) fn has_own_head(&self, heads: &Heads) -> Result<bool, ModelError> {
        self.source.has_own_head(heads)
    }

    fn full(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }

    fn matrix(&self, name: &str, shape: &[usize], init: Init, optional: bool) -> Result<Weight, ModelError> {
        let full = self.full(name);
        match self.source.frozen(&full, shape)? {
            Some(frozen) => Ok(Weight::Frozen(frozen)),
            None => self.source.tensor(&full, shape, init, optional).map(Weight::Trainable),
        }
    }
}

/// Other names under which an encoder's checkpoints keep `name`: those of a bare trunk lack `prefix`,
/// and the first ones say gamma and beta.
pub fn other_names(name: &str, prefix: &str) -> Vec<String> {
    let old =
        |name: &str| name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta");
    let named = [Some(name), name.strip_prefix(prefix)].into_iter().flatten();
    named.flat_map(|name| [name.to_owned(), old(name)]).collect()
}
