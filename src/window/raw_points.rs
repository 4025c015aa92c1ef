//! Points long past that a pointer rests over: a long curve keeps only between what values they lay, so they are read
//! from the run's journal, on a thread of its own, once the pointer has been still for a moment.

use std::path::{Path, PathBuf};
use std::time::Duration;

use egui::Context;

use crate::link::{SeriesId, Step};
use crate::record::Bucket;
use crate::record::journal::Points;
use crate::session::Sentence;

/// So long a pointer has to be over the same steps, seconds.
const REST: f64 = 0.3;

/// Steps of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its folder.
    pub out: PathBuf,
    /// The first of them.
    pub first: Step,
    /// The last of them.
    pub last: Step,
}

/// What the journal has of them, or why it cannot be read.
#[derive(Clone, Debug)]
pub struct PointsRead {
    /// Which steps.
    pub stretch: Stretch,
    /// Their points.
    pub points: Result<Points, Sentence>,
}

/// What was read last, and what is wanted.
#[derive(Clone, Debug, Default)]
pub struct RawPoints {
    /// What the pointer is over, and since when, in egui's seconds.
    over: Option<(Stretch, f64)>,
    asked: Option<Stretch>,
    read: Option<PointsRead>,
}

impl RawPoints {
    /// Notes what the pointer is over, and gives what is to be read now.
    pub fn over(&mut self, stretch: Option<Stretch>, ctx: &Context) -> Option<Stretch> {
        let now = ctx.input(|input| input.time);
        if self.over.as_ref().map(|(over, _)| over) != stretch.as_ref() {
            self.over = stretch.map(|stretch| (stretch, now));
        }
        let (stretch, since) = self.over.as_ref()?;
        let is_read = self.read.as_ref().is_some_and(|read| read.stretch == *stretch);
        if is_read || self.asked.is_some() {
            return None;
        }
        let left = since + REST - now;
        if left > 0.0 {
            ctx.request_repaint_after(Duration::from_secs_f64(left));
            return None;
        }
        self.asked = Some(stretch.clone());
        self.asked.clone()
    }

    /// Takes in what was read.
    pub fn take(&mut self, read: PointsRead) {
        (self.asked, self.read) = (None, Some(read));
    }

    /// Whether something is being read.
    pub fn is_reading(&self) -> bool {
        self.asked.is_some()
    }

    /// Why nothing could be read of what the pointer is over.
    pub fn refused(&self) -> Option<&Sentence> {
        let read =
            self.read.as_ref().filter(|read| self.over.as_ref().is_some_and(|(over, _)| *over == read.stretch))?;
        read.points.as_ref().err()
    }

    /// The point of a curve nearest to `step` among those that `bucket` stands for, where they were read and are these
    /// very points: a run may have gone back since.
    pub fn at(&self, out: &Path, id: &SeriesId, bucket: &Bucket, step: f64) -> Option<(Step, f64)> {
        let read = self.read.as_ref().filter(|read| read.stretch.out == out)?;
        let points = read.points.as_ref().ok()?.get(id)?;
        let inside = || points.iter().copied().filter(|(step, _)| (bucket.first..=bucket.last).contains(step));
        let finite = || inside().map(|(_, value)| value).filter(|value| value.is_finite());
        let is_whole = read.stretch.first <= bucket.first && bucket.last <= read.stretch.last;
        let extremes = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
        let distance = |point: &(Step, f64)| (point.0 as f64 - step).abs();
        let nearest = inside().min_by(|a, b| distance(a).total_cmp(&distance(b)));
        nearest.filter(|_| is_whole && extremes == (bucket.min, bucket.max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(first: Step) -> Stretch {
        Stretch { out: "run".into(), first, last: first + 3 }
    }

    fn ctx_at(time: f64) -> Context {
        let ctx = Context::default();
        let mut output = ctx.run_ui(egui::RawInput { time: Some(time), ..Default::default() }, |_| {});
        output.textures_delta.clear();
        ctx
    }

    #[test]
    fn steps_are_read_once_the_pointer_has_rested_over_them_and_one_stretch_at_a_time() {
        let mut raw = RawPoints::default();
        let over = |raw: &mut RawPoints, first: Option<Step>, time| raw.over(first.map(stretch), &ctx_at(time));
        assert_eq!(over(&mut raw, Some(0), 1.0), None);
        assert_eq!(over(&mut raw, Some(4), 1.2), None, "it moves");
        assert_eq!(over(&mut raw, Some(4), 1.4), None);
        assert_eq!(over(&mut raw, Some(4), 1.6), Some(stretch(4)));
        assert_eq!(over(&mut raw, Some(4), 9.0), None, "it is asked once");
        assert_eq!(over(&mut raw, Some(8), 9.1), None);
        assert_eq!(over(&mut raw, Some(8), 9.9), None, "another is under way");
        raw.take(PointsRead { stretch: stretch(4), points: Ok(Points::new()) });
        assert_eq!(over(&mut raw, Some(8), 10.0), Some(stretch(8)));
        raw.take(PointsRead { stretch: stretch(8), points: Err(Sentence::verbatim("gone")) });
        assert_eq!(over(&mut raw, Some(8), 11.0), None);
        assert!(raw.refused().is_some());
        assert_eq!(over(&mut raw, None, 12.0), None);
        assert!(raw.refused().is_none());
    }

    #[test]
    fn only_points_that_a_bucket_stands_for_are_told_of_it() {
        let bucket = Bucket { first: 4, last: 7, min: 1.0, max: 3.0, broken: true };
        let (id, out) = (SeriesId::from("loss/total"), Path::new("run"));
        let points: Points = [(id.clone(), vec![(4, 1.0), (5, f64::NAN), (6, 3.0), (7, 2.0)])].into();
        let mut raw = RawPoints::default();
        assert_eq!(raw.at(out, &id, &bucket, 5.9), None);
        raw.take(PointsRead { stretch: stretch(4), points: Ok(points) });
        assert_eq!(raw.at(out, &id, &bucket, 5.9), Some((6, 3.0)));
        assert_eq!(raw.at(out, &id, &bucket, 99.0), Some((7, 2.0)));
        assert_eq!(raw.at(out, &id, &Bucket { max: 4.0, ..bucket }, 5.9), None, "the run has gone back since");
        assert_eq!(raw.at(out, &id, &Bucket { last: 8, ..bucket }, 5.9), None, "not all of it was read");
        assert_eq!(raw.at(Path::new("other"), &id, &bucket, 5.9), None);
        assert_eq!(raw.at(out, &"loss/x".into(), &bucket, 5.9), None);
    }
}
