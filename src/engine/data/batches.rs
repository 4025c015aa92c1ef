//! Which examples belong to which step: a pure function of seed and step, so that a run can go on
//! from any step without a stored generator. Examples of similar length share a batch, because a
//! padded token costs as much as a real one.

use super::shuffle::{generator, shuffle};

/// Batches per window within which examples are sorted by length: large enough that a batch wastes
/// few tokens on padding.
const WINDOW: usize = 50;

/// Windows an epoch has at least, where there are that many batches. With a single window the
/// order by length would put the same examples together in every epoch.
const WINDOWS: usize = 4;

/// The batches of a run, epoch after epoch: every example once per epoch.
#[derive(Clone, Debug)]
pub struct Batches {
    lengths: Vec<usize>,
    batch: usize,
    seed: u64,
    epoch: Option<u64>,
    cut: Vec<Vec<usize>>,
}

impl Batches {
    /// Batches of `batch` examples (at least 1) over examples of these lengths, in tokens or
    /// whatever the cost goes by.
    pub fn new(lengths: &[usize], batch: usize, seed: u64) -> Self {
        Self { lengths: lengths.to_vec(), batch: batch.max(1), seed, epoch: None, cut: Vec::new() }
    }

    /// Indices of the examples of optimiser step `step`; empty only if there are no examples. One
    /// batch of an epoch, at a random place, may be smaller.
    pub fn at(&mut self, step: u64) -> Vec<usize> {
        let per_epoch = self.per_epoch().max(1);
        let epoch = step / per_epoch;
        if self.epoch != Some(epoch) {
            self.cut = self.cut_epoch(epoch);
            self.epoch = Some(epoch);
        }
        self.cut.get((step % per_epoch) as usize).cloned().unwrap_or_default()
    }

    /// Steps per epoch.
    pub fn per_epoch(&self) -> u64 {
        self.lengths.len().div_ceil(self.batch) as u64
    }

    fn cut_epoch(&self, epoch: u64) -> Vec<Vec<usize>> {
        let mut rng = generator(self.seed, epoch);
        let mut order: Vec<usize> = (0..self.lengths.len()).collect();
        shuffle(&mut order, &mut rng);
        for window in order.chunks_mut(self.window() * self.batch) {
            window.sort_by_key(|example| self.lengths.get(*example));
        }
        let mut cut: Vec<Vec<usize>> = order.chunks(self.batch).map(<[usize]>::to_vec).collect();
        shuffle(&mut cut, &mut rng);
        cut
    }

    fn window(&self) -> usize {
        (self.per_epoch() as usize / WINDOWS).clamp(1, WINDOW)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_example_comes_once_per_epoch(
            lengths in prop::collection::vec(1usize..500, 1..400),
            batch in 1usize..40,
            seed in any::<u64>(),
            epoch in 0u64..5,
        ) {
            let mut batches = Batches::new(&lengths, batch, seed);
            let steps = batches.per_epoch();
            let cut: Vec<_> = (epoch * steps..(epoch + 1) * steps).map(|step| batches.at(step)).collect();
            let smaller = cut.iter().filter(|one| one.len() < batch).count();
            prop_assert!(smaller <= 1 && cut.iter().all(|one| !one.is_empty() && one.len() <= batch));
            let mut seen: Vec<usize> = cut.concat();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..lengths.len()).collect::<Vec<_>>());
        }

        #[test]
        fn a_step_is_the_same_whichever_steps_came_before(
            lengths in prop::collection::vec(1usize..500, 1..200),
            batch in 1usize..40,
            seed in any::<u64>(),
            steps in prop::collection::vec(0u64..200, 1..20),
        ) {
            let mut walked = Batches::new(&lengths, batch, seed);
            let in_order: Vec<_> = (0..200).map(|step| walked.at(step)).collect();
            for step in steps {
                prop_assert_eq!(&in_order[step as usize], &walked.at(step));
                prop_assert_eq!(&in_order[step as usize], &Batches::new(&lengths, batch, seed).at(step));
            }
        }
    }

    #[test]
    fn examples_of_similar_length_share_a_batch() {
        let lengths: Vec<usize> = (0..3200).map(|i| (i * 37) % 257 + 1).collect();
        let mut batches = Batches::new(&lengths, 16, 3);
        let padded: usize = (0..batches.per_epoch())
            .map(|step| batches.at(step))
            .map(|one| one.len() * one.iter().map(|i| lengths[*i]).max().unwrap())
            .sum();
        let real: usize = lengths.iter().sum();
        assert!((padded as f64) < 1.05 * real as f64, "{padded} padded tokens for {real} real ones");
    }

    #[test]
    fn epochs_and_seeds_put_different_examples_together() {
        let lengths: Vec<usize> = (1..=320).collect();
        let sets = |seed: u64, epoch: u64| {
            let mut batches = Batches::new(&lengths, 16, seed);
            let first = epoch * batches.per_epoch();
            let mut sets: Vec<Vec<usize>> = (first..first + batches.per_epoch()).map(|step| batches.at(step)).collect();
            sets.iter_mut().for_each(|set| set.sort_unstable());
            sets.sort();
            sets
        };
        assert_ne!(sets(1, 0), sets(1, 1));
        assert_ne!(sets(1, 0), sets(2, 0));
    }

    #[test]
    fn no_examples_give_empty_batches_and_no_panic() {
        let mut batches = Batches::new(&[], 8, 1);
        assert_eq!((batches.per_epoch(), batches.at(17)), (0, vec![]));
        assert_eq!(Batches::new(&[5, 5], 0, 1).at(3).len(), 1);
    }
}
