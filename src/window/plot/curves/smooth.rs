//! The smoothed twin of every curve, grown point by point as the curve grows: smoothing a long
//! curve anew in every frame would cost more than drawing it.

use std::collections::BTreeMap;

use crate::link::SeriesId;
use crate::record::{Bucket, Series};

/// Smoothed curves by id.
#[derive(Debug, Default)]
pub(super) struct Smoothed {
    curves: BTreeMap<SeriesId, Twin>,
}

/// The debiased moving average so far (see [`crate::record::series::smoothed`]).
#[derive(Debug)]
struct Twin {
    weight: f64,
    average: f64,
    bias: f64,
    /// Raw points taken in, and the last of them: a rewound curve does not match.
    taken: usize,
    last: Option<(u64, u64)>,
    series: Series,
}

impl Smoothed {
    /// The smoothed twin of `raw`, up to date.
    pub(super) fn twin(&mut self, id: &SeriesId, raw: &Series, weight: f64) -> &Series {
        let twin = self.curves.entry(id.clone()).or_insert_with(|| Twin::new(weight));
        if twin.weight != weight || !twin.continues(raw) {
            *twin = Twin::new(weight);
        }
        twin.take(raw);
        &twin.series
    }

    /// Forgets curves that are no longer in the record.
    pub(super) fn retain(&mut self, known: &BTreeMap<SeriesId, Series>) {
        self.curves.retain(|id, _| known.contains_key(id));
    }
}

impl Twin {
    fn new(weight: f64) -> Self {
        Self { weight, average: 0.0, bias: 1.0, taken: 0, last: None, series: Series::default() }
    }

    fn continues(&self, raw: &Series) -> bool {
        self.taken == 0 || raw.at(self.taken - 1).map(|(step, value)| (step, value.to_bits())) == self.last
    }

    fn take(&mut self, raw: &Series) {
        if self.taken == 0 {
            raw.older().for_each(|(bucket, mean, places)| self.take_older(&bucket, mean, places));
            self.taken = raw.first_kept();
        }
        let new = raw.points().skip(self.taken.saturating_sub(raw.first_kept()));
        for (step, value) in new {
            let smooth = self.next(value);
            self.series.push(step, smooth);
            self.series.thin(&[]);
            self.last = Some((step, value.to_bits()));
        }
        self.taken = raw.end();
    }

    /// Takes in points of which only extremes and mean are known, as if each had the mean: one point of the twin.
    fn take_older(&mut self, bucket: &Bucket, mean: f64, places: usize) {
        if bucket.broken {
            self.series.push(bucket.first, f64::NAN);
        }
        if mean.is_finite() {
            let past = self.weight.powi(i32::try_from(places).unwrap_or(i32::MAX));
            self.average = past * self.average + (1.0 - past) * mean;
            self.bias *= past;
            self.series.push(bucket.last, self.average / (1.0 - self.bias));
        }
    }

    fn next(&mut self, value: f64) -> f64 {
        if !value.is_finite() {
            return value;
        }
        self.average = self.weight * self.average + (1.0 - self.weight) * value;
        self.bias *= self.weight;
        self.average / (1.0 - self.bias)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::series::smoothed;

    fn series(values: &[f64]) -> Series {
        let mut series = Series::default();
        (0..).zip(values).for_each(|(step, &value)| series.push(step, value));
        series
    }

    #[test]
    fn a_twin_that_grew_equals_the_curve_smoothed_at_once() {
        let values: Vec<f64> = (0..500).map(|i| if i == 77 { f64::NAN } else { (f64::from(i) * 0.7).sin() }).collect();
        let id = SeriesId::from("loss/total");
        let mut cache = Smoothed::default();
        for end in [1, 2, 60, 100, 500] {
            let twin = cache.twin(&id, &series(&values[..end]), 0.9).values().to_vec();
            let whole = smoothed(&values[..end], 0.9);
            assert!(twin.iter().zip(&whole).all(|(a, b)| a == b || (a.is_nan() && b.is_nan())), "{end}");
            assert_eq!(twin.len(), end);
        }
    }

    #[test]
    fn of_points_long_past_the_twin_goes_through_the_means_of_their_buckets() {
        let values: Vec<f64> = (0..100_000).map(|i| 1.0 + (f64::from(i) * 0.7).sin()).collect();
        let mut long = series(&values);
        long.thin(&[]);
        assert!(!long.is_whole());
        let id = SeriesId::from("loss/total");
        let (mut cache, mut whole) = (Smoothed::default(), Smoothed::default());
        let known = whole.twin(&id, &series(&values), 0.99).last();
        let twin = cache.twin(&id, &long, 0.99);
        assert!((twin.last().unwrap().1 - known.unwrap().1).abs() < 1e-9);
        assert!(twin.visible(2000.0, 60_000.0, 4000).iter().all(|bucket| (bucket.max - 1.0).abs() < 0.1));
    }

    #[test]
    fn a_rewound_curve_and_a_new_weight_start_over() {
        let id = SeriesId::from("loss/total");
        let mut cache = Smoothed::default();
        cache.twin(&id, &series(&[1.0, 2.0, 3.0, 4.0]), 0.5);
        assert_eq!(cache.twin(&id, &series(&[1.0, 2.0, 9.0]), 0.5).values(), smoothed(&[1.0, 2.0, 9.0], 0.5));
        assert_eq!(cache.twin(&id, &series(&[1.0, 2.0]), 0.5).values(), smoothed(&[1.0, 2.0], 0.5));
        assert_eq!(cache.twin(&id, &series(&[1.0, 2.0]), 0.8).values(), smoothed(&[1.0, 2.0], 0.8));
    }
}
