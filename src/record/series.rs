//! One curve: raw points and a min/max pyramid, so that drawing costs what the width has pixels,
//! not what history has points, and a spike is never lost to a stride.

use crate::link::Step;

/// Points per bucket of each pyramid level relative to the one below.
const FAN: usize = 8;

/// One curve, in step order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    steps: Vec<Step>,
    values: Vec<f64>,
    /// `levels[k][i]` covers the points `[i·FAN^(k+1), (i+1)·FAN^(k+1))`.
    levels: Vec<Vec<Bucket>>,
}

/// Extremes of a run of points. A bucket without a finite value has `min > max`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Step of its first point.
    pub first: Step,
    /// Step of its last point.
    pub last: Step,
    /// Smallest finite value.
    pub min: f64,
    /// Largest finite value.
    pub max: f64,
    /// Whether it holds a NaN or an infinity: drawn as a gap and a mark, never merged.
    pub broken: bool,
}

impl Bucket {
    fn point(step: Step, value: f64) -> Self {
        let finite = value.is_finite();
        let (min, max) = if finite { (value, value) } else { (f64::INFINITY, f64::NEG_INFINITY) };
        Self { first: step, last: step, min, max, broken: !finite }
    }

    fn join(&mut self, other: &Self) {
        self.last = other.last;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.broken |= other.broken;
    }

    /// Whether it holds a finite value.
    pub fn is_drawable(&self) -> bool {
        self.min <= self.max
    }
}

impl Series {
    /// Appends a point. A step before the last one is ignored: a curve never goes back.
    pub fn push(&mut self, step: Step, value: f64) {
        if self.steps.last().is_some_and(|&last| step < last) {
            return;
        }
        let index = self.steps.len();
        self.steps.push(step);
        self.values.push(value);
        self.raise(index, Bucket::point(step, value));
    }

    fn raise(&mut self, index: usize, point: Bucket) {
        let mut width = FAN;
        for level in 0.. {
            if self.steps.len() <= width / FAN && level > 0 {
                break;
            }
            if self.levels.len() == level {
                let rebuilt = self.rebuild(level);
                self.levels.push(rebuilt);
            } else {
                let buckets = &mut self.levels[level];
                match buckets.get_mut(index / width) {
                    Some(bucket) => bucket.join(&point),
                    None => buckets.push(point),
                }
            }
            width *= FAN;
        }
    }

    /// Level `level` from the raw points.
    fn rebuild(&self, level: usize) -> Vec<Bucket> {
        let width = FAN.pow(level as u32 + 1);
        let points = self.steps.iter().zip(&self.values).map(|(&s, &v)| Bucket::point(s, v)).collect::<Vec<_>>();
        let join = |chunk: &[Bucket]| {
            let mut bucket = chunk[0];
            chunk[1..].iter().for_each(|point| bucket.join(point));
            bucket
        };
        points.chunks(width).map(join).collect()
    }

    /// Drops every point at or after `step`.
    pub fn truncate(&mut self, step: Step) {
        let keep = self.steps.partition_point(|&s| s < step);
        self.steps.truncate(keep);
        self.values.truncate(keep);
        self.levels.clear();
        let mut level = 0;
        while keep > 0 && (level == 0 || keep > FAN.pow(level)) {
            let rebuilt = self.rebuild(level as usize);
            self.levels.push(rebuilt);
            level += 1;
        }
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether it has no points.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The last point.
    pub fn last(&self) -> Option<(Step, f64)> {
        Some((*self.steps.last()?, *self.values.last()?))
    }

    /// All points in step order.
    pub fn points(&self) -> impl Iterator<Item = (Step, f64)> + '_ {
        self.steps.iter().copied().zip(self.values.iter().copied())
    }

    /// Steps of all points.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Values of all points.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The point nearest to `step`.
    pub fn nearest(&self, step: f64) -> Option<(Step, f64)> {
        let after = self.steps.partition_point(|&s| (s as f64) < step);
        let distance = |i: usize| (self.steps[i] as f64 - step).abs();
        let candidates = [after.checked_sub(1), (after < self.steps.len()).then_some(after)];
        let best = candidates.into_iter().flatten().min_by(|&a, &b| distance(a).total_cmp(&distance(b)))?;
        Some((self.steps[best], self.values[best]))
    }

    /// Extremes of the points with steps in `[from, to]`, in at most about `most` buckets: raw
    /// points while they fit, else the finest pyramid level that does.
    pub fn visible(&self, from: f64, to: f64, most: usize) -> Vec<Bucket> {
        let start = self.steps.partition_point(|&s| (s as f64) < from);
        let end = self.steps.partition_point(|&s| (s as f64) <= to);
        let count = end.saturating_sub(start);
        if count <= most.max(1) {
            return (start..end).map(|i| Bucket::point(self.steps[i], self.values[i])).collect();
        }
        let mut width = FAN;
        let mut level = 0;
        while count / width > most && level + 1 < self.levels.len() {
            width *= FAN;
            level += 1;
        }
        let Some(buckets) = self.levels.get(level) else { return Vec::new() };
        buckets[(start / width).min(buckets.len())..end.div_ceil(width).min(buckets.len())].to_vec()
    }

    /// The finite values' bounds at the given quantiles (0 and 1 give minimum and maximum), for a
    /// range that an outlier does not blow up. Reads at most some 2 000 evenly spread points.
    pub fn quantiles(&self, from: f64, to: f64, low: f64, high: f64) -> Option<(f64, f64)> {
        let start = self.steps.partition_point(|&s| (s as f64) < from);
        let end = self.steps.partition_point(|&s| (s as f64) <= to);
        let stride = (end.saturating_sub(start) / 2_000).max(1);
        let picked = self.values.get(start..end)?.iter().step_by(stride);
        let mut values: Vec<f64> = picked.copied().filter(|v| v.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let last = values.len().checked_sub(1)?;
        let at = |q: f64| values[(q * last as f64).round() as usize];
        Some((at(low), at(high)))
    }
}

/// Debiased exponential moving average with the given weight on the past, in [0, 1). A value that
/// is no number is passed through and does not enter the average.
pub fn smoothed(values: &[f64], weight: f64) -> Vec<f64> {
    let (mut average, mut bias) = (0.0, 1.0);
    let mut next = |v: f64| {
        if !v.is_finite() {
            return v;
        }
        average = weight * average + (1.0 - weight) * v;
        bias *= weight;
        average / (1.0 - bias)
    };
    values.iter().map(|&v| next(v)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn series(values: &[f64]) -> Series {
        let mut series = Series::default();
        values.iter().enumerate().for_each(|(i, &v)| series.push(i as u64, v));
        series
    }

    proptest! {
        #[test]
        fn the_pyramid_has_the_extremes_of_the_raw_points(
            values in prop::collection::vec(prop_oneof![9 => -1e6..1e6f64, 1 => Just(f64::NAN)], 1..3000),
            most in 1usize..200,
        ) {
            let series = series(&values);
            let buckets = series.visible(0.0, values.len() as f64, most);
            let finite = || values.iter().copied().filter(|v| v.is_finite());
            let min = buckets.iter().map(|b| b.min).fold(f64::INFINITY, f64::min);
            let max = buckets.iter().map(|b| b.max).fold(f64::NEG_INFINITY, f64::max);
            prop_assert_eq!(min, finite().fold(f64::INFINITY, f64::min));
            prop_assert_eq!(max, finite().fold(f64::NEG_INFINITY, f64::max));
            prop_assert_eq!(buckets.iter().any(|b| b.broken), values.iter().any(|v| v.is_nan()));
            prop_assert!(buckets.len() <= most.max(1) + 8 * most);
        }

        #[test]
        fn a_truncated_series_equals_one_that_never_grew(
            values in prop::collection::vec(-1e3..1e3f64, 1..2000), keep in 0usize..2000,
        ) {
            let keep = keep.min(values.len());
            let mut cut = series(&values);
            cut.truncate(keep as u64);
            let mut again = series(&values[..keep]);
            prop_assert_eq!(cut.visible(0.0, 1e9, 10), again.visible(0.0, 1e9, 10));
            cut.push(5000, 1.0);
            again.push(5000, 1.0);
            prop_assert_eq!(cut, again);
        }
    }

    #[test]
    fn smoothing_starts_at_the_first_value_and_leaves_a_constant_alone() {
        assert_eq!(smoothed(&[3.0, 5.0], 0.5)[0], 3.0);
        assert!(smoothed(&[2.0; 50], 0.9).iter().all(|v| (v - 2.0).abs() < 1e-12));
        assert!((smoothed(&[0.0, 1.0], 0.5)[1] - 2.0 / 3.0).abs() < 1e-12);
    }
}
