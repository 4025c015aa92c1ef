//! The curves of a side: of one run its own, of several seeds their mean and standard deviation, step by step.
//!
//! Where the runs of a side do not all have a value there is none of the side either: a mean whose runs change on the way
//! would jump without a reason. Long curves are drawn in so many points at most; each is the mean of the steps it stands
//! for.

use std::collections::BTreeMap;

use super::super::{RunRecord, Series};
use crate::link::{SeriesId, Step};

/// Most points of a curve: a few for each pixel of a wide chart.
const MOST: usize = 4000;

/// A curve of a side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SideCurve {
    /// Runs it is of.
    pub n: usize,
    /// Steps that one point stands for.
    pub every: usize,
    /// Steps at which only some of its runs have a value: they are left out.
    pub partial: usize,
    /// Values of its runs that are no numbers: they are left out.
    pub not_finite: usize,
    /// The points, steps ascending.
    pub points: Vec<SidePoint>,
}

/// A point of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SidePoint {
    /// Its step; of several the first.
    pub step: Step,
    /// Mean over the runs.
    pub mean: f64,
    /// Sample standard deviation over the runs; 0 of one.
    pub sd: f64,
}

/// The curves that all runs of a side have.
pub fn side_curves(records: &[RunRecord]) -> BTreeMap<SeriesId, SideCurve> {
    let Some(first) = records.first() else { return BTreeMap::new() };
    let everywhere = |id: &&SeriesId| records.iter().all(|record| record.series.contains_key(*id));
    let curves = first.series.keys().filter(everywhere).map(|id| (id.clone(), side_curve(records, id)));
    curves.filter(|(_, curve)| !curve.points.is_empty() || curve.not_finite > 0).collect()
}

fn side_curve(records: &[RunRecord], id: &SeriesId) -> SideCurve {
    let (mut values, mut not_finite): (BTreeMap<Step, Vec<f64>>, usize) = (BTreeMap::new(), 0);
    for (step, value) in records.iter().filter_map(|record| record.series.get(id)).flat_map(Series::points) {
        match value.is_finite() {
            true => values.entry(step).or_default().push(value),
            false => not_finite += 1,
        }
    }
    let steps = values.len();
    let whole = |(step, values): (Step, Vec<f64>)| (values.len() == records.len()).then(|| point(step, &values));
    let points: Vec<SidePoint> = values.into_iter().filter_map(whole).collect();
    let (every, partial) = (points.len().div_ceil(MOST).max(1), steps - points.len());
    SideCurve { n: records.len(), every, partial, not_finite, points: points.chunks(every).map(merged).collect() }
}

fn point(step: Step, values: &[f64]) -> SidePoint {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    SidePoint { step, mean, sd: if values.len() > 1 { (squares / (n - 1.0)).sqrt() } else { 0.0 } }
}

fn merged(points: &[SidePoint]) -> SidePoint {
    let n = points.len() as f64;
    let mean = |of: fn(&SidePoint) -> f64| points.iter().map(of).sum::<f64>() / n;
    SidePoint { step: points[0].step, mean: mean(|point| point.mean), sd: mean(|point| point.sd) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Fact;

    fn record(values: &[(Step, f64)]) -> RunRecord {
        let mut record = RunRecord::default();
        for (step, value) in values {
            record.fold(Fact::Scalars { step: *step, values: vec![("loss/total".into(), *value)] });
        }
        record
    }

    #[test]
    fn a_side_is_the_mean_of_its_runs_where_all_of_them_have_a_value() {
        let runs = [record(&[(0, 1.0), (1, 2.0), (2, 3.0)]), record(&[(0, 3.0), (1, f64::NAN), (2, 3.0), (3, 9.0)])];
        let curves = side_curves(&runs);
        let curve = &curves[&SeriesId::from("loss/total")];
        let expected = [SidePoint { step: 0, mean: 2.0, sd: 2f64.sqrt() }, SidePoint { step: 2, mean: 3.0, sd: 0.0 }];
        assert_eq!((curve.n, curve.every, curve.partial, curve.points.as_slice()), (2, 1, 2, expected.as_slice()));
        assert_eq!(curve.not_finite, 1);
        let none = &side_curves(&[record(&[(0, f64::NAN), (1, f64::INFINITY)])])[&SeriesId::from("loss/total")];
        assert!(none.not_finite == 2 && none.points.is_empty(), "a curve of no numbers is there to say so");
        let mut other = runs[0].clone();
        other.series.clear();
        assert!(side_curves(&[runs[0].clone(), other]).is_empty() && side_curves(&[]).is_empty());
    }

    #[test]
    fn a_long_curve_is_the_mean_of_the_steps_that_each_point_stands_for() {
        let values: Vec<(Step, f64)> = (0..10_001).map(|step| (step, step as f64)).collect();
        let curves = side_curves(&[record(&values)]);
        let curve = &curves[&SeriesId::from("loss/total")];
        assert_eq!((curve.every, curve.points.len()), (3, 3334));
        assert_eq!(curve.points[1], SidePoint { step: 3, mean: 4.0, sd: 0.0 });
    }
}
