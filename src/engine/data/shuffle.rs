//! Shuffling that gives the same order in every build: a named generator, a stream per purpose, and
//! our own few lines of Fisher and Yates, so that no library's new version reorders an old run.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

/// The generator of `(seed, stream)`; different streams are independent.
pub fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// Puts `items` into random order.
///
/// # Source
/// Fisher and Yates, in Durstenfeld's form; the bounded draw is the multiply-shift of 64 bits,
/// whose bias is below n/2⁶⁴.
pub fn shuffle<T>(items: &mut [T], rng: &mut ChaCha8Rng) {
    for last in (1..items.len()).rev() {
        let draw = (u128::from(rng.next_u64()) * (last as u128 + 1)) >> 64;
        items.swap(last, draw as usize);
    }
}

/// `items` in the order that `seed` gives.
pub fn shuffled<T>(mut items: Vec<T>, seed: u64) -> Vec<T> {
    shuffle(&mut items, &mut generator(seed, 0));
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(seed: u64, stream: u64) -> Vec<u32> {
        let mut items: Vec<u32> = (0..100).collect();
        shuffle(&mut items, &mut generator(seed, stream));
        items
    }

    #[test]
    fn the_order_is_a_permutation_that_depends_on_seed_and_stream_alone() {
        let mut sorted = order(1, 0);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
        assert_eq!(order(1, 0), order(1, 0));
        assert_ne!(order(1, 0), order(2, 0));
        assert_ne!(order(1, 0), order(1, 1));
    }

    #[test]
    fn every_place_is_reached_about_equally_often() {
        let mut counts = [[0u32; 4]; 4];
        for stream in 0..4000 {
            let mut items = [0usize, 1, 2, 3];
            shuffle(&mut items, &mut generator(9, stream));
            items.iter().enumerate().for_each(|(place, item)| counts[place][*item] += 1);
        }
        assert!(counts.iter().flatten().all(|count| (850..1150).contains(count)), "{counts:?}");
    }
}
