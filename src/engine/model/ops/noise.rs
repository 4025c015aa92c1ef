//! The random part of dropout: a hash of (seed, index), so that the backward pass finds the same
//! mask without storing it, in any order and on any number of threads.

use candle_core::{Result, bail};

/// Refuses a probability that leaves nothing, or is none.
///
/// # Errors
/// If `p` is outside [0, 1).
pub fn check(p: f32) -> Result<()> {
    if (0.0..1.0).contains(&p) {
        return Ok(());
    }
    bail!("the dropout probability must be at least 0 and below 1, not {p}")
}

/// What element `index` is multiplied by: 0 with probability `p`, else `1 / (1 − p)`.
pub fn factor(seed: u64, index: usize, p: f32) -> f32 {
    if hash(seed, index) < threshold(p) { 0.0 } else { 1.0 / (1.0 - p) }
}

/// The share `p` of all 32-bit numbers.
fn threshold(p: f32) -> u64 {
    (f64::from(p) * 4_294_967_296.0) as u64
}

/// 32 well-mixed bits of (seed, index).
///
/// # Source
/// Steele, Lea, Flood 2014: the mixing function of SplitMix64.
fn hash(seed: u64, index: usize) -> u64 {
    let mut z = seed.wrapping_add((index as u64).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) >> 32
}
