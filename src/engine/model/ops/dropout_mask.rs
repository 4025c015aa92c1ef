//! The random part of dropout: a hash of (seed, index), so that the backward pass finds the same
//! mask without storing it, in any order and on any number of threads.

use candle_core::{Result, bail};

use super::simd::widest;

/// Elements that share a key; a power of two.
pub const BLOCK: usize = 1 << 14;

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

/// Dropout of probability `p`, its mask named by a seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DropoutMask {
    /// Probability of a 0, in [0, 1).
    pub p: f32,
    /// Names the mask; different from step to step and place to place.
    pub seed: u64,
}

impl DropoutMask {
    /// Multiplies a stretch of elements by the mask; the first of them has index `start`.
    pub fn apply_dropout(self, start: usize, values: &mut [f32]) {
        let (head, rest) = values.split_at_mut((start.next_multiple_of(BLOCK) - start).min(values.len()));
        self.apply_dropout_block(start, head);
        for (index, part) in rest.chunks_mut(BLOCK).enumerate() {
            self.apply_dropout_block(start.next_multiple_of(BLOCK) + index * BLOCK, part);
        }
    }

    fn apply_dropout_block(self, start: usize, values: &mut [f32]) {
        let block = Block::of(self.seed, start, self.p);
        let first = start % BLOCK;
        widest(
            #[inline(always)]
            || {
                for (offset, value) in values.iter_mut().enumerate() {
                    *value *= block.factor(first + offset);
                }
            },
        );
    }
}

/// The mask of one block of [`BLOCK`] elements.
#[derive(Clone, Copy)]
pub struct Block {
    shift: u32,
    flip: u32,
    /// The share `p` of all 32-bit numbers.
    threshold: u32,
    keep: f32,
}

impl Block {
    /// The block in which element `index` lies.
    pub fn of(seed: u64, index: usize, p: f32) -> Self {
        let key = mix(seed.wrapping_add(((index / BLOCK) as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)));
        Self {
            shift: key as u32,
            flip: (key >> 32) as u32,
            threshold: (f64::from(p) * 4_294_967_296.0) as u32,
            keep: 1.0 / (1.0 - p),
        }
    }

    /// What the element at `offset` in the block is multiplied by: 0 with probability `p`, else
    /// `1 / (1 − p)`.
    #[inline(always)]
    pub fn factor(self, offset: usize) -> f32 {
        if self.hash(offset as u32) < self.threshold { 0.0 } else { self.keep }
    }

    /// 32 bits of (key, offset), by the multipliers of a published search for the least bias.
    ///
    /// # Source
    /// Wellons, "Prospecting for hash functions" (the two-round function of 2022), with the key
    /// added before the first round and between the two.
    #[inline(always)]
    fn hash(self, offset: u32) -> u32 {
        let z = offset.wrapping_add(self.shift);
        let z = (z ^ (z >> 16)).wrapping_mul(0x21F0_AAAD) ^ self.flip;
        let z = (z ^ (z >> 15)).wrapping_mul(0xD35A_2D97);
        z ^ (z >> 15)
    }
}

/// # Source
/// Steele, Lea, Flood 2014: the mixing function of SplitMix64.
fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
