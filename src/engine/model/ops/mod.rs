//! The operations of which all models and losses are made: the only door to candle's calls that
//! cut the gradient, and to our own kernels. One operation a file; all are differentiable in every
//! float argument, save where the function says otherwise.
//!
//! Not here: anything with variables or configuration; that is the layers' business.

mod add_layer_norm;
mod arguments;
mod attention_context;
mod attention_probabilities;
mod attention_step;
pub mod composed;
mod dropout;
mod dropout_mask;
mod embedding;
mod fused_attention;
mod fused_feed_forward;
mod gelu;
mod gradients;
mod half;
mod heads;
mod layer_norm;
mod linear;
mod log_softmax;
mod masked_softmax;
mod math;
mod parameters;
mod post_norm;
mod post_norm_attention;
pub mod product;
mod rms_norm;
mod rotary;
mod row_gradient;
mod rows;
mod simd;
mod skinny_matmul;
pub mod values;

pub use add_layer_norm::add_layer_norm;
pub use arguments::{Activation, Dense, Orientation, PostNorm, SelfAttention};
pub use attention_context::attention_context;
pub use attention_probabilities::attention_probabilities;
pub use attention_step::attention_step;
pub use dropout::dropout;
pub use dropout_mask::DropoutMask;
pub use embedding::embedding;
pub use fused_attention::attention;
pub use fused_feed_forward::{feed_forward, post_norm_feed_forward};
pub use gelu::{gelu, gelu_tanh};
pub use gradients::{backward, route_gradient};
pub use half::{embedding_half, linear_half};
pub use layer_norm::layer_norm;
pub use linear::{linear, linear_transposed};
pub use log_softmax::{log_softmax, log_sum_exp};
pub use masked_softmax::masked_softmax;
pub use math::{exp, max, sum2};
pub use post_norm_attention::post_norm_attention;
pub use rms_norm::rms_norm;
pub use rotary::rotary;
pub use simd::widest;
pub use values::{are_fused, output, read, slice, tensor};
