//! What is looked up in a curve: the extremes that are drawn of a stretch of it, and what is known near a step.

use super::thinning::width;
use super::{Bucket, Sample, Series};
use crate::link::Step;

impl Series {
    /// What is known nearest to `step`.
    pub fn nearest(&self, step: f64) -> Option<Sample> {
        let distance = |first: Step, last: Step| (first as f64 - step).max(step - last as f64).max(0.0);
        let near = |places: usize, after: usize| [after.checked_sub(1), (after < places).then_some(after)];
        let points = near(self.steps.len(), self.steps.partition_point(|&s| (s as f64) < step));
        let points = points.into_iter().flatten().filter_map(|place| self.at(self.dropped + place));
        let points = points.map(|(step, value)| (distance(step, step), Sample::Point(step, value)));
        let buckets = self.older_buckets(self.floor);
        let older = near(buckets.len(), buckets.partition_point(|bucket| (bucket.last as f64) < step));
        let older = older.into_iter().flatten().filter_map(|place| buckets.get(place));
        let older = older.map(|bucket| (distance(bucket.first, bucket.last), Sample::Extremes(*bucket)));
        points.chain(older).min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, sample)| sample)
    }

    /// The step at which a bucket of it has `value`: that of the point where it is kept, else the bucket's middle.
    pub fn step_of(&self, bucket: &Bucket, value: f64) -> f64 {
        let from = self.steps.partition_point(|&step| step < bucket.first);
        let inside = self.points().skip(from).take_while(|(step, _)| *step <= bucket.last);
        inside.into_iter().find(|point| point.1 == value).map_or_else(|| bucket.middle(), |(step, _)| step as f64)
    }

    /// Places of the points with steps in `[from, to]`; where only buckets are left, of all points of theirs.
    pub fn places(&self, from: f64, to: f64) -> std::ops::Range<usize> {
        let (older, width) = (self.older_buckets(self.floor), width(self.floor));
        let first = older.partition_point(|bucket| (bucket.last as f64) < from);
        let start = if first < older.len() {
            first * width
        } else {
            self.dropped + self.steps.partition_point(|&s| (s as f64) < from)
        };
        let end = match self.steps.partition_point(|&s| (s as f64) <= to) {
            0 => older.partition_point(|bucket| (bucket.first as f64) <= to) * width,
            points => self.dropped + points,
        };
        start..end.max(start)
    }

    /// Extremes of the points with steps in `[from, to]`, in at most about `most` buckets: points while they fit, else the
    /// finest pyramid level that does. Of points that are not kept, the finest level there is.
    pub fn visible(&self, from: f64, to: f64, most: usize) -> Vec<Bucket> {
        let places = self.places(from, to);
        let count = places.len();
        if count <= most.max(1) {
            let mut buckets = self.level_between(self.floor, places.start, places.end.min(self.dropped));
            buckets.extend(self.raw_between(places.start.max(self.dropped), places.end));
            return buckets;
        }
        let mut level = 0;
        while count / width(level) > most && level + 1 < self.levels.len() {
            level += 1;
        }
        if level >= self.floor {
            return self.level_between(level, places.start, places.end);
        }
        let mut buckets = self.level_between(self.floor, places.start, places.end.min(self.dropped));
        buckets.extend(self.level_between(level, places.start.max(self.dropped), places.end));
        buckets
    }
}
