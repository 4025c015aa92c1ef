//! One curve: its points and a min/max pyramid, so that drawing costs what the width has pixels, not what history has
//! points, and a spike is never lost to a stride. Of a long curve the older points go and the pyramid stays.
//!
//! Points have places, from 0. Where a long curve was cut, some places hold no point: a bucket of older points always
//! stands for as many places as its level has.

mod bucket;
mod looking;
pub mod stored;
mod thinning;

pub use self::bucket::{Bucket, Sample};
use self::thinning::{Cut, width};
use crate::link::Step;

/// Points per bucket of each pyramid level relative to the one below.
const FAN: usize = 8;

/// One curve, in step order.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Place of the first point that is kept; at the edge of a bucket of the level `floor`.
    dropped: usize,
    steps: Vec<Step>,
    values: Vec<f64>,
    levels: Vec<Level>,
    /// The finest level that covers all places; those below cover the places of the kept points.
    floor: usize,
    /// Of each bucket of the level `floor` before the kept points.
    means: Vec<f64>,
    /// Where it can be cut before the kept points, steps ascending.
    cuts: Vec<Cut>,
    /// Places that hold no point: behind which they end, ascending, and how many they are.
    gaps: Vec<(usize, usize)>,
}

/// Bucket `i` of level `k` covers the places `[(dropped + i)·FAN^(k+1), (dropped + i + 1)·FAN^(k+1))`.
#[derive(Clone, Debug, Default, PartialEq)]
struct Level {
    dropped: usize,
    buckets: Vec<Bucket>,
}

impl Default for Series {
    fn default() -> Self {
        let (steps, values, levels, means, cuts, gaps) = Default::default();
        Self { dropped: 0, steps, values, levels, floor: 1, means, cuts, gaps }
    }
}

impl Series {
    /// Appends a point. A step before the last one is ignored: a curve never goes back.
    pub fn push(&mut self, step: Step, value: f64) {
        if self.last_step().is_some_and(|last| step < last) {
            return;
        }
        let place = self.end();
        self.steps.push(step);
        self.values.push(value);
        self.raise(place, Bucket::point(step, value));
    }

    fn raise(&mut self, place: usize, point: Bucket) {
        for level in 0..height(self.end()) {
            if self.levels.len() == level {
                let below = level.checked_sub(1).map_or_else(|| vec![point], |below| self.whole_level(below));
                let buckets = below.chunks(FAN).filter_map(|chunk| Bucket::of(chunk.iter().copied())).collect();
                self.levels.push(Level { dropped: 0, buckets });
                continue;
            }
            let Some(of) = self.levels.get_mut(level) else { return };
            match of.buckets.get_mut(place / width(level) - of.dropped) {
                Some(bucket) => bucket.join(&point),
                None => of.buckets.push(point),
            }
        }
    }

    fn whole_level(&self, level: usize) -> Vec<Bucket> {
        self.level_between(level, 0, self.end())
    }

    /// Drops every point at or after `step`.
    pub fn truncate(&mut self, step: Step) {
        if self.first_step().is_none_or(|first| step <= first) {
            *self = Self::default();
        } else if self.older_buckets(self.floor).last().is_some_and(|bucket| step <= bucket.last) {
            self.truncate_older(step);
        } else {
            let keep = self.steps.partition_point(|&s| s < step);
            self.steps.truncate(keep);
            self.values.truncate(keep);
            self.repair(0);
        }
    }

    /// Lets go of every point before `step` and of what is known of them.
    pub fn forget(&mut self, step: Step) {
        let from = self.steps.partition_point(|&s| s < step);
        let left: Vec<(Step, f64)> = self.points().skip(from).collect();
        *self = Self::default();
        left.into_iter().for_each(|(step, value)| self.push(step, value));
    }

    /// Brings the last buckets of the levels from `lowest` up in line with the points and the levels below.
    fn repair(&mut self, lowest: usize) {
        let end = self.end();
        self.levels.truncate(height(end));
        for level in lowest..self.levels.len() {
            // Over buckets that a cut has shortened, one that is full may still tell of what was cut.
            let whole = if level > self.floor { (end - 1) / width(level) } else { end / width(level) };
            let edge = whole * width(level);
            let left = match level.checked_sub(1) {
                None => Bucket::of(self.raw_between(edge, end)),
                Some(below) => Bucket::of(self.level_between(below, edge, end)),
            };
            let Some(of) = self.levels.get_mut(level) else { return };
            of.buckets.truncate(whole - of.dropped);
            of.buckets.extend(left);
        }
    }

    /// The kept points at the places in `[from, to)`.
    fn raw_between(&self, from: usize, to: usize) -> impl Iterator<Item = Bucket> + '_ {
        let count = to.saturating_sub(from);
        self.points()
            .skip(from.saturating_sub(self.dropped))
            .take(count)
            .map(|(step, value)| Bucket::point(step, value))
    }

    /// The place behind the last point.
    pub fn end(&self) -> usize {
        self.dropped + self.steps.len()
    }

    /// Place of the first point that is kept.
    pub fn first_kept(&self) -> usize {
        self.dropped
    }

    /// The point at a place, if it is kept.
    pub fn at(&self, place: usize) -> Option<(Step, f64)> {
        let place = place.checked_sub(self.dropped)?;
        Some((*self.steps.get(place)?, *self.values.get(place)?))
    }

    /// Number of points; one that was cut where no checkpoint was may have some fewer.
    pub fn len(&self) -> usize {
        self.end() - self.gaps.iter().map(|(_, missing)| missing).sum::<usize>()
    }

    /// Whether it has no points.
    pub fn is_empty(&self) -> bool {
        self.end() == 0
    }

    /// Whether every point is kept.
    pub fn is_whole(&self) -> bool {
        self.dropped == 0
    }

    /// Step of its first point.
    pub fn first_step(&self) -> Option<Step> {
        self.older_buckets(self.floor).first().map(|bucket| bucket.first).or_else(|| self.steps.first().copied())
    }

    /// Step of its last point.
    pub fn last_step(&self) -> Option<Step> {
        let older = || self.older_buckets(self.floor).last().map(|bucket| bucket.last);
        self.steps.last().copied().or_else(older)
    }

    /// The last point, if it is kept.
    pub fn last(&self) -> Option<(Step, f64)> {
        Some((*self.steps.last()?, *self.values.last()?))
    }

    /// The kept points in step order: all of them, where the curve is whole.
    pub fn points(&self) -> impl Iterator<Item = (Step, f64)> + '_ {
        self.steps.iter().copied().zip(self.values.iter().copied())
    }

    /// Steps of the kept points.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Values of the kept points.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
}

/// Levels over so many places.
fn height(places: usize) -> usize {
    (1..).find(|level| places <= FAN.pow(*level)).map_or(0, |levels| if places == 0 { 0 } else { levels as usize })
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

    /// A curve and what it is made of: points at uneven steps, thinned now and then.
    fn thinned(values: &[f64], kept: usize, finest: usize, checkpoints: &[Step]) -> (Series, Vec<(Step, f64)>) {
        let mut series = Series::default();
        let points: Vec<(Step, f64)> = (0..).zip(values).map(|(i, &v)| (3 * i + i % 2, v)).collect();
        for (count, &(step, value)) in points.iter().enumerate() {
            series.push(step, value);
            if count % 300 == 299 {
                let so_far = checkpoints.partition_point(|&checkpoint| checkpoint <= step + 1);
                series.thin_to(kept, finest, &checkpoints[..so_far]);
            }
        }
        (series, points)
    }

    /// Every bucket of what is drawn is that of the points it covers, and every point is in one.
    fn check(series: &Series, points: &[(Step, f64)], from: f64, to: f64, most: usize) {
        let buckets = series.visible(from, to, most);
        let of = |bucket: &Bucket| {
            let inside = points.iter().filter(|(step, _)| (bucket.first..=bucket.last).contains(step));
            Bucket::of(inside.map(|&(step, value)| Bucket::point(step, value))).unwrap()
        };
        buckets.iter().for_each(|bucket| assert_eq!(*bucket, of(bucket)));
        assert!(buckets.windows(2).all(|pair| pair[0].last < pair[1].first));
        let seen = |step: f64| buckets.iter().any(|bucket| bucket.first as f64 <= step && step <= bucket.last as f64);
        let asked = points.iter().map(|(step, _)| *step as f64).filter(|step| from <= *step && *step <= to);
        asked.for_each(|step| assert!(seen(step), "step {step} is not drawn"));
        assert!(buckets.len() <= 9 * most.max(1) + 1, "{} buckets", buckets.len());
        assert_eq!(series.len(), points.len());
    }

    /// As it is read back from its bytes.
    fn check_stored(series: &Series) {
        let mut words = stored::Words::default();
        series.store(&mut words);
        let restored = Series::restore(&mut stored::WordsRead(&words.0)).expect("it is read back");
        assert_eq!(format!("{restored:?}"), format!("{series:?}"));
        let cut = words.0.len() - 1;
        assert!(Series::restore(&mut stored::WordsRead(&words.0[..cut])).is_none());
    }

    fn values() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(prop_oneof![9 => -1e6..1e6f64, 1 => Just(f64::NAN)], 1..4000)
    }

    proptest! {
        #[test]
        fn a_thinned_curve_is_drawn_with_the_extremes_of_all_its_points(
            values in values(), kept in 1usize..500, finest in 1usize..60, most in 1usize..300,
            from in -5.0..13e3f64, length in 0.0..13e3f64,
        ) {
            let (series, points) = thinned(&values, kept, finest, &[]);
            prop_assert!(values.len() < 1500 || !series.is_whole());
            check(&series, &points, from, from + length, most);
            check(&series, &points, -1.0, 1e9, most);
            let spread = |(bucket, mean, _): (Bucket, f64, usize)| (mean.is_nan() && !bucket.is_drawable())
                || (bucket.min - 1e-6 <= mean && mean <= bucket.max + 1e-6);
            prop_assert!(series.older().all(spread));
        }

        #[test]
        fn a_thinned_curve_that_goes_back_to_a_checkpoint_is_what_it_was_there(
            values in values(), kept in 1usize..500, finest in 1usize..60, most in 1usize..300,
            checkpoints in prop::collection::btree_set(1u64..12_000, 1..6), again in values(),
        ) {
            let checkpoints: Vec<Step> = checkpoints.into_iter().collect();
            let (mut series, mut points) = thinned(&values, kept, finest, &checkpoints);
            for &checkpoint in checkpoints.iter().rev() {
                if points.last().is_none_or(|&(last, _)| last < checkpoint) {
                    continue;
                }
                series.truncate(checkpoint);
                points.retain(|(step, _)| *step < checkpoint);
                check(&series, &points, -1.0, 1e9, most);
                for (step, &value) in (checkpoint..).zip(&again) {
                    series.push(step, value);
                    points.push((step, value));
                }
                let so_far = checkpoints.partition_point(|&step| step <= checkpoint);
                series.thin_to(kept, finest, &checkpoints[..so_far]);
                check(&series, &points, -1.0, 1e9, most);
                check_stored(&series);
            }
        }

        #[test]
        fn a_thinned_curve_cut_elsewhere_ends_there_and_loses_no_extreme(
            values in values(), kept in 1usize..500, finest in 1usize..60, at in 1u64..12_000,
        ) {
            let (mut series, points) = thinned(&values, kept, finest, &[]);
            series.truncate(at);
            let left = || points.iter().filter(|(step, value)| *step < at && value.is_finite()).map(|(_, value)| *value);
            let buckets = series.visible(-1.0, 1e9, 10_000);
            prop_assert!(buckets.iter().all(|bucket| bucket.first <= bucket.last && bucket.last < at));
            prop_assert!(left().all(|value| buckets.iter().any(|bucket| bucket.min <= value && value <= bucket.max)));
            series.push(at, 7.0);
            prop_assert_eq!(series.last(), Some((at, 7.0)));
        }
    }

    #[test]
    fn twelve_curves_of_a_million_points_take_less_than_thirty_megabytes() {
        let mut series = Series::default();
        for step in 0..1_000_000 {
            series.push(step, (step as f64).sin());
            series.thin(&[]);
        }
        let buckets: usize = series.levels.iter().map(|level| level.buckets.capacity()).sum();
        let bytes = 16 * series.steps.len() + size_of::<Bucket>() * buckets + 8 * series.means.capacity();
        assert!(12 * bytes < 30 << 20, "{bytes} bytes a curve");
        assert_eq!(series.len(), 1_000_000);
        assert_eq!(
            series.visible(0.0, 1e6, 4000).iter().map(|bucket| bucket.last - bucket.first + 1).sum::<u64>(),
            1_000_000
        );
    }

    #[test]
    fn under_a_step_is_a_point_or_between_what_values_it_lay() {
        let (series, points) = thinned(&[1.0; 3000], 100, 60, &[]);
        assert!(matches!(series.nearest(9.0), Some(Sample::Extremes(bucket)) if bucket.first <= 9 && 9 <= bucket.last));
        let &(last, value) = points.last().unwrap();
        assert_eq!(series.nearest(1e9), Some(Sample::Point(last, value)));
        assert_eq!(Series::default().nearest(3.0), None);
    }

    #[test]
    fn smoothing_starts_at_the_first_value_and_leaves_a_constant_alone() {
        assert_eq!(smoothed(&[3.0, 5.0], 0.5)[0], 3.0);
        assert!(smoothed(&[2.0; 50], 0.9).iter().all(|v| (v - 2.0).abs() < 1e-12));
        assert!((smoothed(&[0.0, 1.0], 0.5)[1] - 2.0 / 3.0).abs() < 1e-12);
    }
}
