//! The operations of which all models and losses are made: the only door to candle's calls that
//! cut the gradient, and to our own kernels. One operation a file; all are differentiable in every
//! float argument, save where the function says otherwise.
//!
//! Not here: anything with variables or configuration; that is the layers' business.

pub mod composed;
mod masked_softmax;
mod noise;
mod shape;
pub mod values;

pub use composed::{
    cross_entropy, distillation, dropout, embedding, gelu, gelu_tanh, layer_norm, linear, linear_transposed,
    log_softmax, masked_softmax,
};
