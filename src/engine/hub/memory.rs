//! How much memory a model would need and how much there is.

pub use crate::engine::model::available_memory::available;

/// Bytes of one number in memory, always `f32`.
const NUMBER: u64 = 4;
/// What training keeps per number: the weight, its gradient and two moments of AdamW.
const KEPT: u64 = 4;

/// Memory for a teacher's weights, bytes. What passes through it while it answers comes on top.
pub fn teacher_bytes(parameters: u64) -> u64 {
    parameters.saturating_mul(NUMBER)
}

/// Memory for a student's weights, gradients and moments, bytes.
pub fn student_bytes(parameters: u64) -> u64 {
    parameters.saturating_mul(NUMBER * KEPT)
}
