//! Softmax of attention scores.

/// Masks are raised to this: a row masked whole with −∞ becomes even instead of NaN.
pub const LOWEST: f64 = -1e30;
