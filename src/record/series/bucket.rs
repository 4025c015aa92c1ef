//! The extremes of a run of points: what a curve is drawn of, and all that is kept of points long past.

use crate::link::Step;

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
    /// The bucket of a single point.
    pub(super) fn point(step: Step, value: f64) -> Self {
        let finite = value.is_finite();
        let (min, max) = if finite { (value, value) } else { (f64::INFINITY, f64::NEG_INFINITY) };
        Self { first: step, last: step, min, max, broken: !finite }
    }

    /// Takes in a bucket of later points.
    pub(super) fn join(&mut self, other: &Self) {
        self.last = other.last;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.broken |= other.broken;
    }

    /// The bucket of all of them; `None` of none.
    pub(super) fn of(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        parts.into_iter().reduce(|mut whole, part| {
            whole.join(&part);
            whole
        })
    }

    /// Whether it holds a finite value.
    pub fn is_drawable(&self) -> bool {
        self.min <= self.max
    }

    /// The step in its middle.
    pub fn middle(&self) -> f64 {
        0.5 * (self.first as f64 + self.last as f64)
    }
}

/// What is known of a curve near a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sample {
    /// A point of it, as it was measured.
    Point(Step, f64),
    /// Of points long past, between what values they lay.
    Extremes(Bucket),
}
