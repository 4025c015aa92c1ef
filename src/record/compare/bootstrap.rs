//! The paired bootstrap: how far a difference of two models may be chance, by drawing the test texts anew, with
//! replacement, and measuring both models on every draw. Of several seeds a side the seeds are drawn anew as well, so
//! that the interval holds what another seed may do. Drawn seeds go apart by too little, by √((n−1)/n) for n of them, which
//! is made good; with fewer than five it is rough all the same, and that is told.

use serde::Serialize;

/// Draws behind an interval: its bounds then vary by about a hundredth of its width.
const DRAWS: usize = 2000;

/// A difference and its 95 % percentile interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The difference itself.
    pub mean: f64,
    /// 2.5 % of the draws lie below.
    pub low: f64,
    /// 2.5 % lie above.
    pub high: f64,
}

/// What one run's measure is made of, text by text.
#[derive(Clone, Debug)]
pub enum Sample {
    /// The mean of a figure, weighted.
    Mean {
        /// Of each text.
        values: Vec<f64>,
        /// What each text counts.
        weights: Vec<f64>,
    },
    /// The mean F1 over the classes that are gold or answer.
    MacroF1 {
        /// The right class of each text.
        gold: Vec<usize>,
        /// The answered one.
        answers: Vec<usize>,
        /// Number of classes.
        classes: usize,
    },
}

impl Sample {
    /// The measure on all texts.
    pub fn whole(&self) -> f64 {
        self.on(&(0..self.len()).collect::<Vec<_>>())
    }

    fn len(&self) -> usize {
        match self {
            Self::Mean { values, .. } => values.len(),
            Self::MacroF1 { gold, .. } => gold.len(),
        }
    }

    /// The measure on the texts at `places`.
    fn on(&self, places: &[usize]) -> f64 {
        match self {
            Self::Mean { values, weights } => {
                let (sum, weight) = places
                    .iter()
                    .fold((0.0, 0.0), |(sum, weight), at| (sum + values[*at] * weights[*at], weight + weights[*at]));
                sum / weight
            }
            Self::MacroF1 { gold, answers, classes } => macro_f1(gold, answers, *classes, places),
        }
    }
}

fn macro_f1(gold: &[usize], answers: &[usize], classes: usize, places: &[usize]) -> f64 {
    // Texts that are right, that are of the class, that were answered by it.
    let mut counts = vec![[0u32; 3]; classes];
    for at in places {
        counts[gold[*at]][0] += u32::from(gold[*at] == answers[*at]);
        counts[gold[*at]][1] += 1;
        counts[answers[*at]][2] += 1;
    }
    let there = counts.iter().filter(|[_, gold, answered]| gold + answered > 0);
    let (sum, count) = there.fold((0.0, 0.0), |(sum, count), [right, gold, answered]| {
        (sum + 2.0 * f64::from(*right) / f64::from(gold + answered), count + 1.0)
    });
    sum / count
}

/// The difference of a measure between the runs of A and those of B, all on the same texts. `paired_seeds` says that
/// the run at a place of A has the seed of the one at that place of B: then they are drawn together.
pub fn difference(a: &[Sample], b: &[Sample], paired_seeds: bool) -> Interval {
    let (mut random, texts) = (Random(0), a[0].len());
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let of = |side: &[Sample], places: &[usize]| side.iter().map(|sample| sample.on(places)).collect::<Vec<f64>>();
    let all: Vec<usize> = (0..texts).collect();
    let whole = mean(&of(a, &all)) - mean(&of(b, &all));
    let mut places = all;
    let mut draws: Vec<f64> = Vec::with_capacity(DRAWS);
    for _ in 0..DRAWS {
        places.iter_mut().for_each(|place| *place = random.below(texts));
        let (ours, theirs) = (of(a, &places), of(b, &places));
        let first: Vec<usize> = ours.iter().map(|_| random.below(ours.len())).collect();
        let second =
            if paired_seeds { first.clone() } else { theirs.iter().map(|_| random.below(theirs.len())).collect() };
        let drawn = |values: &[f64], seeds: &[usize]| {
            let all = mean(values);
            all + wider(values.len()) * (mean(&seeds.iter().map(|seed| values[*seed]).collect::<Vec<_>>()) - all)
        };
        draws.push(drawn(&ours, &first) - drawn(&theirs, &second));
    }
    // A draw without a figure decides nothing.
    draws.retain(|draw| !draw.is_nan());
    draws.sort_by(f64::total_cmp);
    let at = |share: f64| draws.get((share * draws.len() as f64) as usize).copied().unwrap_or(f64::NAN);
    Interval { mean: whole, low: at(0.025), high: at(0.975) }
}

/// By how much the mean of n drawn seeds goes apart less than that of n other seeds would.
///
/// # Source
/// Hesterberg 2015, "What Teachers Should Know About the Bootstrap", §5.2 (narrowness bias).
fn wider(n: usize) -> f64 {
    if n > 1 { (n as f64 / (n as f64 - 1.0)).sqrt() } else { 1.0 }
}

/// Numbers drawn alike on every machine.
///
/// # Source
/// Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators" (SplitMix64); Lemire 2019, "Fast random
/// integer generation in an interval", whose bias of at most texts / 2⁶⁴ is let be.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        ((u128::from(mixed) * bound as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(values: &[f64]) -> Sample {
        Sample::Mean { values: values.to_vec(), weights: vec![1.0; values.len()] }
    }

    /// `count` texts of which every `each`-th is right.
    fn right(count: usize, each: usize) -> Sample {
        shares(&(0..count).map(|at| f64::from(u8::from(at % each == 0))).collect::<Vec<_>>())
    }

    #[test]
    fn the_interval_of_a_share_is_the_one_of_the_normal_distribution() {
        // Against a model that is always wrong: a share of 1/4 of 1 600 texts, sd √(¼·¾/1600) = 0.010825.
        let interval = difference(&[right(1600, 4)], &[shares(&vec![0.0; 1600])], false);
        assert_eq!(interval.mean, 0.25);
        assert!((interval.low - (0.25 - 1.96 * 0.010_825)).abs() < 0.002, "{interval:?}");
        assert!((interval.high - (0.25 + 1.96 * 0.010_825)).abs() < 0.002, "{interval:?}");
    }

    #[test]
    fn what_both_have_in_common_is_no_chance() {
        let (a, b) = (right(1000, 2), right(1000, 2));
        assert_eq!(difference(&[a], &[b], false), Interval { mean: 0.0, low: 0.0, high: 0.0 });
    }

    #[test]
    fn seeds_that_go_apart_widen_the_interval_and_paired_ones_that_go_together_do_not() {
        let (good, bad) = (right(1000, 2), right(1000, 4));
        let alone = difference(&[good.clone(), bad.clone()], &[good.clone(), bad.clone()], false);
        let paired = difference(&[good.clone(), bad.clone()], &[good, bad], true);
        assert_eq!((paired.low, paired.high), (0.0, 0.0));
        assert!(alone.low < -0.2 && alone.high > 0.2, "{alone:?}");
    }

    #[test]
    fn texts_count_by_their_weight_and_macro_f1_is_the_one_worked_out_by_hand() {
        let weighted = Sample::Mean { values: vec![1.0, 3.0], weights: vec![3.0, 1.0] };
        assert_eq!(weighted.whole(), 1.5);
        // Class 0: right 1, gold 1, answered 2: 2/3. Class 1: right 2, gold 3, answered 2: 4/5. Class 2 is not there.
        let f1 = Sample::MacroF1 { gold: vec![0, 1, 1, 1], answers: vec![0, 1, 0, 1], classes: 3 };
        assert!((f1.whole() - (2.0 / 3.0 + 0.8) / 2.0).abs() < 1e-12);
    }
}
