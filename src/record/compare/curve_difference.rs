//! A side's curve as its difference from another's: on an axis on which their points need not stand at the same places,
//! the other is read between two of its points, and nowhere beyond its ends.

use super::side_curves::SideCurve;

/// A curve on an axis: the curve, and units of the axis that a step is worth.
#[derive(Clone, Copy, Debug)]
pub struct OnAxis<'a> {
    /// The curve.
    pub curve: &'a SideCurve,
    /// Units a step.
    pub per_step: f64,
}

/// A point of a curve on an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AxisPoint {
    /// Where it stands.
    pub x: f64,
    /// Mean over the runs of the side, or what that is above the baseline's.
    pub mean: f64,
    /// Sample standard deviation over the runs of the side; 0 of one.
    pub sd: f64,
}

impl OnAxis<'_> {
    /// Its points, x ascending.
    pub fn points(&self) -> impl Iterator<Item = AxisPoint> + '_ {
        let point = |place: usize| self.point(place);
        (0..self.curve.points.len()).filter_map(point)
    }

    fn point(&self, place: usize) -> Option<AxisPoint> {
        let point = self.curve.points.get(place)?;
        Some(AxisPoint { x: point.step as f64 * self.per_step, mean: point.mean, sd: point.sd })
    }

    /// The place of the first point that is not before `x`.
    fn place(&self, x: f64) -> usize {
        self.curve.points.partition_point(|point| (point.step as f64 * self.per_step) < x)
    }

    /// The mean at `x`, between two points on the line between them; `None` beyond the ends.
    pub fn mean_at(&self, x: f64) -> Option<f64> {
        self.mean_before(self.place(x), x)
    }

    /// The mean at `x`, of which the first point that is not before it stands at `place`.
    fn mean_before(&self, place: usize, x: f64) -> Option<f64> {
        let behind = self.point(place)?;
        if behind.x == x {
            return Some(behind.mean);
        }
        let before = self.point(place.checked_sub(1)?)?;
        let share = (x - before.x) / (behind.x - before.x);
        Some(before.mean + share * (behind.mean - before.mean))
    }

    /// The point nearest to `x`; `None` beyond the ends, by more than half of what lies between two points there.
    pub fn nearest(&self, x: f64) -> Option<AxisPoint> {
        let place = self.place(x);
        let (before, behind) = (place.checked_sub(1).and_then(|place| self.point(place)), self.point(place));
        let gap = |a: usize, b: usize| Some(self.point(b)?.x - self.point(a)?.x);
        match (before, behind) {
            (Some(before), Some(behind)) => Some(if x - before.x < behind.x - x { before } else { behind }),
            (Some(last), None) => {
                let gap = place.checked_sub(2).and_then(|place| gap(place, place + 1)).unwrap_or(0.0);
                (x - last.x <= 0.5 * gap).then_some(last)
            }
            (None, Some(first)) => (first.x - x <= 0.5 * gap(0, 1).unwrap_or(0.0)).then_some(first),
            (None, None) => None,
        }
    }

    /// Its points less the mean of another curve, where that has one; the standard deviation stays its own.
    pub fn less(&self, baseline: &OnAxis) -> Vec<AxisPoint> {
        // Both go from left to right: one walk, in every frame.
        let mut place = 0;
        let less = |point: AxisPoint| {
            while baseline.point(place).is_some_and(|other| other.x < point.x) {
                place += 1;
            }
            Some(AxisPoint { mean: point.mean - baseline.mean_before(place, point.x)?, ..point })
        };
        self.points().filter_map(less).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::side_curves::SidePoint;
    use super::*;

    fn curve(points: &[(u64, f64)]) -> SideCurve {
        let points = points.iter().map(|(step, mean)| SidePoint { step: *step, mean: *mean, sd: 0.5 }).collect();
        SideCurve { points, ..SideCurve::default() }
    }

    #[test]
    fn a_curve_is_read_between_its_points_and_nowhere_beyond_them() {
        let curve = curve(&[(0, 1.0), (10, 3.0), (30, 1.0)]);
        let on = OnAxis { curve: &curve, per_step: 0.5 };
        let read = [-0.1, 0.0, 2.5, 5.0, 10.0, 15.0, 15.1].map(|x| on.mean_at(x));
        assert_eq!(read, [None, Some(1.0), Some(2.0), Some(3.0), Some(2.0), Some(1.0), None]);
        let near = [-9.0, -2.0, 2.4, 2.6, 19.0, 21.0].map(|x| on.nearest(x).map(|point| point.x));
        assert_eq!(near, [None, Some(0.0), Some(0.0), Some(5.0), Some(15.0), None]);
        let none = SideCurve::default();
        let none = OnAxis { curve: &none, per_step: 1.0 };
        assert!(none.mean_at(0.0).is_none() && none.nearest(0.0).is_none() && none.points().next().is_none());
    }

    #[test]
    fn a_difference_is_there_where_both_are_and_of_itself_it_is_nothing() {
        let (ours, theirs) = (curve(&[(0, 2.0), (10, 2.0), (20, 2.0)]), curve(&[(0, 1.0), (40, 3.0)]));
        let (ours, theirs) = (OnAxis { curve: &ours, per_step: 1.0 }, OnAxis { curve: &theirs, per_step: 0.25 });
        let less: Vec<(f64, f64, f64)> =
            ours.less(&theirs).iter().map(|point| (point.x, point.mean, point.sd)).collect();
        assert_eq!(less, [(0.0, 1.0, 0.5), (10.0, -1.0, 0.5)]);
        assert!(ours.less(&ours).iter().all(|point| point.mean == 0.0));
    }
}
