//! From a curve's visible buckets to lines on a chart, and to the values such a chart should span.

use super::span::Span;
use crate::record::Bucket;

/// Width of a column, pixels: the eye cannot tell finer ones apart, and the cost of a curve is
/// bounded by the width of its chart.
const COLUMN: f64 = 1.5;

/// A coordinate of the value axis: the value, or its logarithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    Linear,
    Logarithmic,
}

impl Scale {
    pub(super) fn new(logarithmic: bool) -> Self {
        if logarithmic { Self::Logarithmic } else { Self::Linear }
    }

    /// Where `value` lies; `None` where it has no place.
    pub(super) fn place(self, value: f64) -> Option<f64> {
        match self {
            Self::Linear => value.is_finite().then_some(value),
            Self::Logarithmic => (value.is_finite() && value > 0.0).then(|| value.log10()),
        }
    }
}

/// How many buckets to ask a series for, so that [`columns`] has something to merge: its levels are
/// a factor of 8 apart, and the next coarser one would be too coarse.
pub(super) fn wanted(width: f32) -> usize {
    (4.0 * width) as usize
}

/// The buckets merged to columns of about a pixel.
pub(super) fn columns(buckets: Vec<Bucket>, x: Span, width: f32) -> Vec<Bucket> {
    let column = |bucket: &Bucket| ((bucket.first as f64 - x.from) / x.length() * f64::from(width) / COLUMN).floor();
    let mut merged: Vec<Bucket> = Vec::with_capacity(buckets.len().min(2 * width as usize));
    let mut last = f64::NAN;
    for bucket in buckets {
        let at = column(&bucket);
        match merged.last_mut().filter(|_| at == last) {
            Some(into) => {
                into.last = bucket.last;
                into.min = into.min.min(bucket.min);
                into.max = into.max.max(bucket.max);
                into.broken |= bucket.broken;
            }
            None => merged.push(bucket),
        }
        last = at;
    }
    merged
}

/// One column of a curve: its lowest and highest place on the value axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Column {
    pub(super) step: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Runs of columns without gaps inside, and the steps at which there is a gap.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Strokes {
    pub(super) runs: Vec<Vec<Column>>,
    pub(super) broken: Vec<f64>,
}

impl Strokes {
    /// A broken bucket ends the run before it and starts a new one with what it has.
    pub(super) fn of(buckets: &[Bucket], scale: Scale) -> Self {
        let mut strokes = Self::default();
        let mut run = Vec::new();
        for bucket in buckets {
            let step = 0.5 * (bucket.first as f64 + bucket.last as f64);
            if bucket.broken {
                strokes.broken.push(step);
                strokes.finish(&mut run);
            }
            match scale.place(bucket.max) {
                _ if !bucket.is_drawable() => {}
                Some(high) => run.push(Column { step, low: scale.place(bucket.min).unwrap_or(high), high }),
                None => strokes.finish(&mut run),
            }
        }
        strokes.finish(&mut run);
        strokes
    }

    fn finish(&mut self, run: &mut Vec<Column>) {
        if !run.is_empty() {
            self.runs.push(std::mem::take(run));
        }
    }

    /// The places this curve takes up on the value axis; robust leaves out the outer 5 % of its
    /// columns on both sides.
    pub(super) fn extent(&self, robust: bool) -> Option<Span> {
        let columns = || self.runs.iter().flatten();
        let trim = if robust && columns().count() > 2 { 0.05 } else { 0.0 };
        let from = quantile(columns().map(|column| column.low).collect(), trim)?;
        let to = quantile(columns().map(|column| column.high).collect(), 1.0 - trim)?;
        Some(Span { from, to })
    }
}

fn quantile(mut values: Vec<f64>, share: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let place = (share * last as f64).round() as usize;
    Some(*values.select_nth_unstable_by(place.min(last), f64::total_cmp).1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Series;

    fn series(values: &[f64]) -> Series {
        let mut series = Series::default();
        (0..).zip(values).for_each(|(step, &value)| series.push(step, value));
        series
    }

    fn at(step: f64, place: f64) -> Column {
        Column { step, low: place, high: place }
    }

    #[test]
    fn a_value_that_is_no_number_is_a_gap_with_a_mark() {
        let buckets = series(&[1.0, 2.0, f64::NAN, 3.0]).visible(0.0, 9.0, 100);
        let strokes = Strokes::of(&buckets, Scale::Linear);
        assert_eq!(strokes.runs, [vec![at(0.0, 1.0), at(1.0, 2.0)], vec![at(3.0, 3.0)]]);
        assert_eq!(strokes.broken, [2.0]);
    }

    #[test]
    fn zero_has_no_place_on_a_logarithmic_axis() {
        let buckets = series(&[100.0, 0.0, 10.0]).visible(0.0, 9.0, 100);
        let strokes = Strokes::of(&buckets, Scale::Logarithmic);
        assert_eq!(strokes.runs, [vec![at(0.0, 2.0)], vec![at(2.0, 1.0)]]);
        assert!(strokes.broken.is_empty());
    }

    #[test]
    fn a_spike_does_not_widen_the_robust_range() {
        let mut values = vec![1.0; 200];
        values[0] = 0.9;
        values[150] = 1e6;
        let strokes = Strokes::of(&series(&values).visible(0.0, 200.0, 500), Scale::Linear);
        assert_eq!(strokes.extent(true), Some(Span { from: 1.0, to: 1.0 }));
        assert_eq!(strokes.extent(false), Some(Span { from: 0.9, to: 1e6 }));
        assert_eq!(Strokes::default().extent(true), None);
    }

    #[test]
    fn columns_are_bounded_by_the_width_and_keep_spikes_and_gaps() {
        let mut values: Vec<f64> = (0..50_000).map(|i| f64::from(i % 7)).collect();
        values[31_234] = 99.0;
        values[40_000] = f64::NAN;
        let x = Span { from: 0.0, to: 50_000.0 };
        for width in [100.0, 640.0] {
            let columns = columns(series(&values).visible(x.from, x.to, wanted(width)), x, width);
            assert!(columns.len() <= width as usize, "{} columns in {width}", columns.len());
            assert_eq!(columns.iter().map(|column| column.max).fold(0.0, f64::max), 99.0);
            assert_eq!(columns.iter().filter(|column| column.broken).count(), 1);
        }
    }
}
