//! A curve as bytes: its points, the finest level that is whole, and where it can be cut. The other levels follow from
//! these.

use super::{Bucket, Cut, Level, Series, height, width};
use crate::link::Step;

/// Writes little-endian words one after another.
#[derive(Debug, Default)]
pub struct Words(pub Vec<u8>);

impl Words {
    /// Appends a whole number.
    pub fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// Appends bytes and how many they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn numbers(&mut self, numbers: impl ExactSizeIterator<Item = u64>) {
        self.number(numbers.len() as u64);
        numbers.for_each(|number| self.number(number));
    }

    fn buckets<'a>(&mut self, buckets: impl ExactSizeIterator<Item = &'a Bucket>) {
        self.number(buckets.len() as u64);
        for bucket in buckets {
            self.number(bucket.first);
            self.number(bucket.last);
            self.number(bucket.min.to_bits());
            self.number(bucket.max.to_bits());
            self.number(u64::from(bucket.broken));
        }
    }
}

/// Reads them again; `None` where they end too early.
#[derive(Debug)]
pub struct WordsRead<'a>(pub &'a [u8]);

impl<'a> WordsRead<'a> {
    /// The next number.
    pub fn number(&mut self) -> Option<u64> {
        let (word, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*word))
    }

    /// The next bytes.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = self.count(1)?;
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    /// How many follow, of so many bytes each: never more than there are.
    fn count(&mut self, each: usize) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.0.len() / each).then_some(count)
    }

    fn numbers(&mut self) -> Option<Vec<u64>> {
        let count = self.count(8)?;
        (0..count).map(|_| self.number()).collect()
    }

    fn buckets(&mut self) -> Option<Vec<Bucket>> {
        let count = self.count(40)?;
        (0..count).map(|_| self.bucket()).collect()
    }

    fn bucket(&mut self) -> Option<Bucket> {
        let (first, last) = (self.number()?, self.number()?);
        let (min, max) = (f64::from_bits(self.number()?), f64::from_bits(self.number()?));
        Some(Bucket { first, last, min, max, broken: self.number()? != 0 })
    }
}

impl Series {
    /// Appends the curve to `words`.
    pub fn store(&self, words: &mut Words) {
        [self.dropped, self.floor].iter().for_each(|place| words.number(*place as u64));
        words.numbers(self.steps.iter().copied());
        words.numbers(self.values.iter().map(|value| value.to_bits()));
        words.numbers(self.means.iter().map(|mean| mean.to_bits()));
        words.numbers(self.gaps.iter().map(|(end, _)| *end as u64));
        words.numbers(self.gaps.iter().map(|(_, missing)| *missing as u64));
        words.buckets(self.levels.get(self.floor).map_or(&[][..], |level| &level.buckets).iter());
        words.numbers(self.cuts.iter().map(|cut| cut.step));
        words.numbers(self.cuts.iter().map(|cut| cut.place as u64));
        self.cuts.iter().for_each(|cut| words.buckets(cut.before.as_slice().iter()));
    }

    /// Reads what [`Series::store`] wrote; `None` where that is none.
    pub fn restore(words: &mut WordsRead) -> Option<Self> {
        let mut place = || usize::try_from(words.number()?).ok();
        let (dropped, floor) = (place()?, place()?);
        let (steps, values): (Vec<Step>, _) = (words.numbers()?, floats(words.numbers()?));
        let means = floats(words.numbers()?);
        let gaps = places(words.numbers()?).zip(places(words.numbers()?)).collect();
        let whole = words.buckets()?;
        let (cut_steps, cut_places) = (words.numbers()?, words.numbers()?);
        let cut = |(step, place): (Step, u64)| {
            Some(Cut { step, place: usize::try_from(place).ok()?, before: words.buckets()?.pop() })
        };
        let cuts = cut_steps.into_iter().zip(cut_places).map(cut).collect::<Option<_>>()?;
        let is_one = floor < 16 && dropped < 1 << 48 && steps.len() == values.len() && dropped % width(floor) == 0;
        if !is_one {
            return None;
        }
        let mut series = Self { dropped, steps, values, levels: Vec::new(), floor, means, cuts, gaps };
        series.levels = series.rebuilt(whole)?;
        Some(series)
    }

    /// All levels, from the points and the finest level that is whole.
    fn rebuilt(&self, whole: Vec<Bucket>) -> Option<Vec<Level>> {
        let join = |buckets: &[Bucket], fan: usize| -> Vec<Bucket> {
            buckets.chunks(fan).filter_map(|chunk| Bucket::of(chunk.iter().copied())).collect()
        };
        let mut levels: Vec<Level> = Vec::new();
        for level in 0..height(self.end()) {
            let dropped = if level < self.floor { self.dropped / width(level) } else { 0 };
            let buckets = match level.checked_sub(1).and_then(|below| levels.get(below)) {
                _ if level == self.floor => whole.clone(),
                Some(below) => join(&below.buckets, width(0)),
                None => join(&self.raw_between(self.dropped, self.end()).collect::<Vec<_>>(), width(0)),
            };
            let covers = (self.end().div_ceil(width(level))).checked_sub(dropped)?;
            if buckets.len() != covers {
                return None;
            }
            levels.push(Level { dropped, buckets });
        }
        Some(levels)
    }
}

fn places(numbers: Vec<u64>) -> impl Iterator<Item = usize> {
    numbers.into_iter().filter_map(|number| usize::try_from(number).ok())
}

fn floats(bits: Vec<u64>) -> Vec<f64> {
    bits.into_iter().map(f64::from_bits).collect()
}
