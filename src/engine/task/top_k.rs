//! The likeliest outcomes of each row, and what is left of the distribution as one outcome.
//!
//! *Why a curve of tails (2026-11).* A distribution at temperature T is not to be had from one at 1 of which the tail
//! was cut: what the tail weighs then depends on how it is spread. So the logarithm of the sum of its powers is kept
//! at five of them, 1/T = 2, 1, ½, ¼, ⅛; at 0 it is the logarithm of how many outcomes were cut. In between it is
//! read off a straight line. A divergence of the kept outcomes and the tail as one is a lower bound of that of all
//! (data processing inequality; Cover & Thomas 2006, §2.8).

use rayon::prelude::*;

use crate::engine::model::ops::{log_sum_exp, max, widest};

/// The powers at which the tails are kept, descending.
pub const COLDNESSES: [f32; 5] = [2.0, 1.0, 0.5, 0.25, 0.125];

/// Rows of which the likeliest outcomes are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopK {
    k: usize,
    outcomes: usize,
    /// `[rows, k]`: outcomes, the likeliest first, of equals the one with the smaller number.
    pub ids: Vec<u32>,
    /// `[rows, k]`: their log-probabilities, up to a constant of the row.
    pub log_probs: Vec<f32>,
    /// Of each row the log-sum of the others' powers, at each of [`COLDNESSES`], up to the same constant times the
    /// power.
    pub tails: Vec<[f32; 5]>,
}

/// One of the rows.
#[derive(Clone, Copy, Debug)]
pub struct TopKRow<'a> {
    /// Its likeliest outcomes.
    pub ids: &'a [u32],
    /// Their log-probabilities, up to a constant.
    pub log_probs: &'a [f32],
    tails: &'a [f32; 5],
    cut: usize,
}

impl TopK {
    /// No rows yet, of `k` among `outcomes`.
    pub fn new(k: usize, outcomes: usize) -> Self {
        Self { k: k.min(outcomes), outcomes, ..Self::default() }
    }

    /// The `k` likeliest of each row of `values [rows, outcomes]`, log-probabilities or logits.
    pub fn of(values: &[f32], k: usize, outcomes: usize) -> Self {
        let mut all = Self::new(k, outcomes);
        let k = all.k;
        let rows: Vec<_> = values.par_chunks_exact(outcomes.max(1)).map(|row| picked(row, k)).collect();
        for (ids, log_probs, tails) in rows {
            all.ids.extend(ids);
            all.log_probs.extend(log_probs);
            all.tails.push(tails);
        }
        all
    }

    /// How many outcomes of a row are known.
    pub fn k(&self) -> usize {
        self.k
    }

    /// How many outcomes there are.
    pub fn outcomes(&self) -> usize {
        self.outcomes
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.tails.len()
    }

    /// A row; `None` behind the last.
    pub fn row(&self, row: usize) -> Option<TopKRow<'_>> {
        let place = row * self.k..(row + 1) * self.k;
        Some(TopKRow {
            ids: self.ids.get(place.clone())?,
            log_probs: self.log_probs.get(place)?,
            tails: self.tails.get(row)?,
            cut: self.outcomes - self.k,
        })
    }

    /// Some of the rows, as far as there are so many.
    pub fn narrow(&self, first: usize, rows: usize) -> Self {
        let last = (first + rows).min(self.rows());
        let first = first.min(last);
        let place = first * self.k..last * self.k;
        Self {
            k: self.k,
            outcomes: self.outcomes,
            ids: self.ids[place.clone()].to_vec(),
            log_probs: self.log_probs[place].to_vec(),
            tails: self.tails[first..last].to_vec(),
        }
    }

    /// Puts other rows behind these; `None` where they are of another kind.
    pub fn append(&mut self, other: &Self) -> Option<()> {
        ((other.k, other.outcomes) == (self.k, self.outcomes)).then_some(())?;
        self.ids.extend_from_slice(&other.ids);
        self.log_probs.extend_from_slice(&other.log_probs);
        self.tails.extend_from_slice(&other.tails);
        Some(())
    }
}

impl TopKRow<'_> {
    /// The log-sum of the others' probabilities to the power of `coldness`; −∞ where there are none.
    pub fn tail(&self, coldness: f32) -> f32 {
        if self.cut == 0 {
            return f32::NEG_INFINITY;
        }
        let top = self.log_probs.first().copied().unwrap_or_default();
        // Relative to the likeliest, so that no constant of the row bends the line.
        let at = |place: usize| self.tails[place] - COLDNESSES[place] * top;
        let place = COLDNESSES.iter().position(|known| *known <= coldness);
        let (low, high) = match place {
            Some(0) => ((COLDNESSES[1], at(1)), (COLDNESSES[0], at(0))),
            Some(place) => ((COLDNESSES[place], at(place)), (COLDNESSES[place - 1], at(place - 1))),
            None => ((0.0, (self.cut as f32).ln()), (COLDNESSES[4], at(4))),
        };
        let slope = (high.1 - low.1) / (high.0 - low.0);
        let relative = if high.1 == f32::NEG_INFINITY { high.1 } else { low.1 + (coldness - low.0) * slope };
        relative + coldness * top
    }

    /// The largest probability at temperature 1.
    pub fn confidence(&self) -> f32 {
        let top = self.log_probs.first().copied().unwrap_or_default();
        let known: f32 = self.log_probs.iter().map(|value| (value - top).exp()).sum();
        1.0 / (known + (self.tail(1.0) - top).exp())
    }

    /// The share of the probability that the known outcomes have at `temperature`.
    pub fn mass(&self, temperature: f32) -> f32 {
        let coldness = 1.0 / temperature;
        let top = self.log_probs.first().copied().unwrap_or_default() * coldness;
        let known: f32 = self.log_probs.iter().map(|value| (value * coldness - top).exp()).sum();
        let rest = (self.tail(coldness) - top).exp();
        known / (known + rest)
    }
}

/// The `k` likeliest of a row, their values, and the tails.
fn picked(row: &[f32], k: usize) -> (Vec<u32>, Vec<f32>, [f32; 5]) {
    let mut order: Vec<u64> = row.iter().zip(0..).map(|(value, id)| rank(*value, id)).collect();
    if k < order.len() && k > 0 {
        order.select_nth_unstable(k - 1);
    }
    order.truncate(k);
    order.sort_unstable();
    let ids: Vec<u32> = order.into_iter().map(|rank| rank as u32).collect();
    let values = ids.iter().map(|id| row[*id as usize]).collect();
    let mut rest = row.to_vec();
    ids.iter().for_each(|id| rest[*id as usize] = f32::NEG_INFINITY);
    let most = max(&rest);
    rest.iter_mut().for_each(|value| *value -= most);
    let tail = |coldness: f32| {
        let sum = widest(
            #[inline(always)]
            || log_sum_exp(&rest, coldness),
        );
        most * coldness + sum
    };
    let tails = COLDNESSES.map(|coldness| if most == f32::NEG_INFINITY { most } else { tail(coldness) });
    (ids, values, tails)
}

/// A number that is the smaller, the likelier an outcome is, and of equals the smaller its own number is; that is its
/// lower half.
fn rank(value: f32, id: u32) -> u64 {
    let bits = value.to_bits();
    // Ascending in the order of `f32::total_cmp`.
    let ascending = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
    u64::from(!ascending) << 32 | u64::from(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(outcomes: usize) -> Vec<f32> {
        (0..outcomes).map(|i| ((i * 7919 % 101) as f32 - 50.0) * 0.13).collect()
    }

    #[test]
    fn the_likeliest_come_first_and_of_equals_the_smaller_number() {
        let top = TopK::of(&[1.0, 3.0, 3.0, -1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0], 3, 5);
        assert_eq!((top.rows(), &top.ids[..]), (2, &[1, 2, 4, 0, 1, 2][..]));
        assert_eq!(top.log_probs[..3], [3.0, 3.0, 2.0]);
    }

    #[test]
    fn trap_11_tails_are_exact_where_they_are_kept_and_close_between() {
        let values = row(1000);
        let top = TopK::of(&values, 20, 1000);
        let kept = top.row(0).unwrap();
        let rest: Vec<f32> = (0..1000u32).filter(|id| !kept.ids.contains(id)).map(|id| values[id as usize]).collect();
        let exact = |coldness: f32| rest.iter().map(|value| f64::from(value * coldness).exp()).sum::<f64>().ln();
        for coldness in COLDNESSES {
            assert!((f64::from(kept.tail(coldness)) - exact(coldness)).abs() < 1e-4, "{coldness}");
        }
        assert!((kept.tail(0.0) - 980f32.ln()).abs() < 1e-5);
        for coldness in [0.05, 0.2, 0.4, 0.7, 1.5] {
            let (ours, theirs) = (f64::from(kept.tail(coldness)), exact(coldness));
            assert!((ours - theirs).abs() < 0.12 * theirs.abs().max(1.0), "{coldness}: {ours} is not {theirs}");
        }
        let whole: f64 = values.iter().map(|value| f64::from(*value).exp()).sum();
        assert!((f64::from(kept.mass(1.0)) - (1.0 - exact(1.0).exp() / whole)).abs() < 1e-5);
    }

    #[test]
    fn of_all_outcomes_nothing_is_left_over_and_what_is_ruled_out_weighs_nothing() {
        let values = row(40);
        let all = TopK::of(&values, 99, 40);
        assert_eq!((all.k(), all.row(0).unwrap().tail(0.5)), (40, f32::NEG_INFINITY));
        assert_eq!(all.row(0).unwrap().mass(3.0), 1.0);
        let ruled_out = TopK::of(&[0.0, f32::NEG_INFINITY, -1.0, f32::NEG_INFINITY], 2, 4);
        let kept = ruled_out.row(0).unwrap();
        assert_eq!((kept.ids, kept.tail(1.0), kept.mass(1.0)), (&[0, 2][..], f32::NEG_INFINITY, 1.0));
    }
}
