//! One row's distribution at a temperature, relative to its likeliest outcome.
//!
//! *Why not `value/T` less the log-sum (2026-11).* With logits in the hundreds that difference has lost the digits that
//! a saturated row lives on: the likeliest outcome's log-probability is then −1e−9 and not 0, and the gradients of all
//! others are of that size. Less the largest value first nothing is lost where the probability is.

use crate::engine::model::ops::{exp, max, sum2};

/// Rows are searched in blocks of this many: a block without the likeliest is passed over by vector instructions.
const BLOCK: usize = 256;

/// `softmax(values / T)` of a row, kept as what it is computed from.
#[derive(Clone, Copy)]
pub(super) struct Centred<'a> {
    /// Logits or log-probabilities, `[outcomes]`.
    pub values: &'a [f32],
    /// 1/T.
    coldness: f32,
    /// The largest value.
    top: f32,
    /// Where it stands; of equals the first.
    pub place: usize,
    /// The largest log-probability, negated: `ln Σ e^((value − top)/T)`.
    pub beyond: f32,
}

impl<'a> Centred<'a> {
    /// The row at `temperature`, above 0.
    #[inline(always)]
    pub fn of(values: &'a [f32], temperature: f32) -> Self {
        let (coldness, place) = (1.0 / temperature, likeliest(values));
        let top = values.get(place).copied().unwrap_or(f32::NAN);
        let mut row = Self { values, coldness, top, place, beyond: 0.0 };
        let others =
            row.weight(&values[..place.min(values.len())]) + row.weight(values.get(place + 1..).unwrap_or_default());
        row.beyond = others.ln_1p();
        row
    }

    /// What outcomes weigh, the likeliest 1.
    #[inline(always)]
    fn weight(self, values: &[f32]) -> f32 {
        sum2(
            values,
            values,
            #[inline(always)]
            |value, _| exp(self.below(value)),
        )
    }

    /// An outcome's log-probability, less that of the likeliest.
    #[inline(always)]
    pub fn below(self, value: f32) -> f32 {
        (value - self.top) * self.coldness
    }
}

/// The first place of the largest of `values`; 0 where there is none.
#[inline(always)]
pub(super) fn likeliest(values: &[f32]) -> usize {
    let top = max(values);
    let holds = |block: &[f32]| block.iter().fold(0, |found, value| found | u32::from(*value == top)) > 0;
    let block = values.chunks(BLOCK).position(holds).unwrap_or_default() * BLOCK;
    block + values[block.min(values.len())..].iter().position(|value| *value == top).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_is_found_wherever_it_stands() {
        for at in [0, 1, 255, 256, 700, 999] {
            let mut values = vec![-1.0f32; 1000];
            (values[at], values[999]) = (3.0, 3.0);
            assert_eq!(Centred::of(&values, 1.0).place, at);
        }
        assert_eq!(likeliest(&[]), 0);
    }

    #[test]
    fn what_a_saturated_row_leaves_to_the_others_is_not_lost() {
        let row = Centred::of(&[200.0, 180.0, -200.0], 1.0);
        assert!((f64::from(row.beyond) / (-20f64).exp() - 1.0).abs() < 1e-6);
    }
}
