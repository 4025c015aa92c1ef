//! Long curves in bounded memory: of all but the newest points only the pyramid stays, from a level up. What is drawn of
//! them is the same extremes; the points themselves are in the run's journal.
//!
//! A run goes back to its checkpoints, so of each the extremes of what its bucket held by then are kept: what is left of
//! the curve then is exactly what it was.

use super::{Bucket, FAN, Series};
use crate::link::Step;

/// Newest points that are kept as they are.
pub const KEPT: usize = 32_768;
/// By how many more there may be before the older ones go: going costs a move of those that stay.
const SLACK: usize = 16_384;
/// Most buckets of the finest level that is whole; a longer curve goes over to the next coarser one.
const FINEST: usize = 32_768;

/// Where the curve can be cut within a bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cut {
    /// The step of a checkpoint.
    pub(super) step: Step,
    /// Place of the first point at or after it.
    pub(super) place: usize,
    /// The points of its bucket before it, if there are any.
    pub(super) before: Option<Bucket>,
}

impl Series {
    /// Lets go of points long past, once there are many. Afterwards the curve can be cut exactly at `checkpoints`,
    /// ascending, at the edges of its buckets and in its newest points.
    pub fn thin(&mut self, checkpoints: &[Step]) {
        if self.steps.len() >= KEPT + SLACK {
            self.thin_to(KEPT, FINEST, checkpoints);
        }
    }

    /// Keeps `kept` points and not many more, and at most `finest` buckets of a whole level.
    pub(super) fn thin_to(&mut self, kept: usize, finest: usize, checkpoints: &[Step]) {
        let before = self.floor;
        while self.end().saturating_sub(kept) / width(self.floor) > finest && self.floor + 1 < self.levels.len() {
            self.floor += 1;
        }
        let width = width(self.floor);
        let dropped = self.end().saturating_sub(kept) / width * width;
        if dropped <= self.dropped || self.levels.len() <= self.floor {
            self.floor = before;
            return;
        }
        self.note_means(before, dropped);
        self.note_cuts(before, dropped, checkpoints);
        (before..self.floor).for_each(|_| self.coarsen_means());
        self.drop_before(dropped);
    }

    /// The mean of every bucket up to `dropped`, of the finest level that was whole before.
    fn note_means(&mut self, floor: usize, dropped: usize) {
        let raw = self.values.get(..dropped - self.dropped).unwrap_or_default();
        self.means.extend(raw.chunks(width(floor)).map(|chunk| mean(chunk.iter().copied())));
    }

    fn coarsen_means(&mut self) {
        self.means = self.means.chunks(FAN).map(|chunk| mean(chunk.iter().copied())).collect();
    }

    /// Keeps the cuts at `checkpoints` alone, and makes those in the points that go.
    fn note_cuts(&mut self, floor: usize, dropped: usize, checkpoints: &[Step]) {
        let mut cuts = std::mem::take(&mut self.cuts);
        cuts.retain(|cut| checkpoints.binary_search(&cut.step).is_ok());
        for cut in &mut cuts {
            let parts = self.level_between(floor, self.edge(cut.place), cut.place - cut.place % width(floor));
            cut.before = Bucket::of(parts.into_iter().chain(cut.before));
        }
        let known = self.older_buckets(floor).last().map(|bucket| bucket.last);
        let new = checkpoints.partition_point(|&step| known.is_some_and(|known| step <= known));
        let new = checkpoints.get(new..).unwrap_or_default().iter().map(|&step| self.cut_at(step, floor));
        cuts.extend(new.take_while(|cut| cut.place < dropped));
        self.cuts = cuts;
    }

    /// The cut at `step`, which is among the points; `floor` is the finest level that is whole so far.
    fn cut_at(&self, step: Step, floor: usize) -> Cut {
        let place = self.dropped + self.steps.partition_point(|&s| s < step);
        let edge = self.edge(place);
        let older = self.level_between(floor, edge, self.dropped);
        let before = Bucket::of(older.into_iter().chain(self.raw_between(edge.max(self.dropped), place)));
        Cut { step, place, before }
    }

    /// Where the bucket begins that holds `place`.
    fn edge(&self, place: usize) -> usize {
        place - place % width(self.floor)
    }

    /// Buckets of a level that cover the places in `[from, to)`; none where that is empty.
    pub(super) fn level_between(&self, level: usize, from: usize, to: usize) -> Vec<Bucket> {
        let Some(of) = self.levels.get(level) else { return Vec::new() };
        let place = |at: usize| at.saturating_sub(of.dropped).min(of.buckets.len());
        of.buckets.get(place(from / width(level))..place(to.div_ceil(width(level)))).unwrap_or_default().to_vec()
    }

    fn drop_before(&mut self, dropped: usize) {
        let gone = dropped - self.dropped;
        self.steps.drain(..gone);
        self.values.drain(..gone);
        for (place, level) in self.levels.iter_mut().enumerate().take(self.floor) {
            let gone = dropped / width(place) - level.dropped;
            level.buckets.drain(..gone.min(level.buckets.len()));
            level.dropped += gone;
        }
        self.dropped = dropped;
    }

    /// Drops every point at or after `step`, where that is among those of which only buckets are left. The last of them
    /// is shorter from then on, and stands for as many places all the same.
    pub(super) fn truncate_older(&mut self, step: Step) {
        let width = width(self.floor);
        let buckets = self.older_buckets(self.floor);
        let mut whole = buckets.partition_point(|bucket| bucket.last < step);
        let began = buckets.get(whole).copied().filter(|bucket| bucket.first < step);
        let cut = self.cuts.iter().find(|cut| cut.step == step).and_then(|cut| Some((cut.place, cut.before?)));
        let Some(level) = self.levels.get_mut(self.floor) else { return };
        level.buckets.truncate(whole);
        if let Some(bucket) = began {
            // Where no checkpoint was, the extremes of all of it stand for what is left.
            let (place, left) = cut.unwrap_or(((whole + 1) * width, Bucket { last: step.saturating_sub(1), ..bucket }));
            level.buckets.push(left);
            whole += 1;
            self.gaps.retain(|(end, _)| *end <= place);
            self.gaps.extend(Some((whole * width, whole * width - place)).filter(|(_, missing)| *missing > 0));
        }
        self.shorten_to(whole, step);
    }

    /// Leaves `whole` buckets of the finest whole level and what lies over them.
    fn shorten_to(&mut self, whole: usize, step: Step) {
        self.steps.clear();
        self.values.clear();
        self.gaps.retain(|(end, _)| *end <= whole * width(self.floor));
        self.means.truncate(whole);
        self.cuts.retain(|cut| cut.step < step);
        self.dropped = whole * width(self.floor);
        for (place, level) in self.levels.iter_mut().enumerate().take(self.floor) {
            level.buckets.clear();
            level.dropped = self.dropped / width(place);
        }
        self.repair(self.floor + 1);
    }

    /// The buckets of which no point is kept, of a level that is whole.
    pub(super) fn older_buckets(&self, level: usize) -> &[Bucket] {
        let count = self.dropped / width(level);
        self.levels.get(level).and_then(|level| level.buckets.get(..count)).unwrap_or_default()
    }

    /// The same, each with the mean of its finite values and the points it stands for.
    pub fn older(&self) -> impl Iterator<Item = (Bucket, f64, usize)> + '_ {
        self.older_buckets(self.floor).iter().zip(&self.means).map(|(bucket, mean)| (*bucket, *mean, width(self.floor)))
    }
}

/// Points of a bucket.
pub(super) fn width(level: usize) -> usize {
    FAN.pow(level as u32 + 1)
}

/// Of the finite ones; NaN of none.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.filter(|v| v.is_finite()).fold((0.0, 0.0), |(sum, count), v| (sum + v, count + 1.0));
    sum / count
}
