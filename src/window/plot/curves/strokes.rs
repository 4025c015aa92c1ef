//! From a curve's visible buckets to lines on a chart, and to the values such a chart should span.

use egui_plot::PlotTransform;

use super::span::Span;
use crate::record::{Bucket, Series};

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

    /// A point on screen.
    pub(super) fn pos(self, transform: &PlotTransform, step: f64, value: f64) -> Option<egui::Pos2> {
        Some(transform.position_from_point(&egui_plot::PlotPoint::new(step, self.place(value)?)))
    }
}

/// Lines without gaps inside, and the steps at which there is a gap.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Strokes {
    pub(super) lines: Vec<Vec<[f64; 2]>>,
    pub(super) broken: Vec<f64>,
}

impl Strokes {
    /// A bucket with several values becomes an upright stroke from its smallest to its largest one,
    /// so a spike stays as tall as it was. A broken bucket ends the line before and starts a new one.
    pub(super) fn of(buckets: &[Bucket], scale: Scale) -> Self {
        let mut strokes = Self::default();
        let mut line = Vec::new();
        for bucket in buckets {
            let middle = 0.5 * (bucket.first as f64 + bucket.last as f64);
            if bucket.broken {
                strokes.broken.push(middle);
                strokes.finish(&mut line);
            }
            match (scale.place(bucket.min), scale.place(bucket.max)) {
                _ if !bucket.is_drawable() => {}
                (Some(low), Some(high)) if low < high => line.extend([[middle, low], [middle, high]]),
                (_, Some(high)) => line.push([middle, high]),
                (_, None) => strokes.finish(&mut line),
            }
        }
        strokes.finish(&mut line);
        strokes
    }

    fn finish(&mut self, line: &mut Vec<[f64; 2]>) {
        if !line.is_empty() {
            self.lines.push(std::mem::take(line));
        }
    }
}

/// The values to show of a curve between two steps, as places on the axis: all of them, or without
/// the outer 5 % on both sides.
pub(super) fn extent(series: &Series, x: Span, buckets: &[Bucket], scale: Scale, robust: bool) -> Option<Span> {
    let drawable = || buckets.iter().filter(|bucket| bucket.is_drawable());
    let places = || drawable().flat_map(|bucket| [bucket.min, bucket.max]).filter_map(|value| scale.place(value));
    let low = places().min_by(f64::total_cmp)?;
    let high = places().max_by(f64::total_cmp)?;
    let trimmed = || {
        let (from, to) = series.quantiles(x.from, x.to, 0.05, 0.95)?;
        Some(Span { from: scale.place(from).unwrap_or(low), to: scale.place(to)? })
    };
    let all = Span { from: low, to: high };
    if robust && buckets.len() > 2 { trimmed().or(Some(all)) } else { Some(all) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[f64]) -> Series {
        let mut series = Series::default();
        (0..).zip(values).for_each(|(step, &value)| series.push(step, value));
        series
    }

    #[test]
    fn a_value_that_is_no_number_is_a_gap_with_a_mark() {
        let buckets = series(&[1.0, 2.0, f64::NAN, 3.0]).visible(0.0, 9.0, 100);
        let strokes = Strokes::of(&buckets, Scale::Linear);
        assert_eq!(strokes.lines, [vec![[0.0, 1.0], [1.0, 2.0]], vec![[3.0, 3.0]]]);
        assert_eq!(strokes.broken, [2.0]);
    }

    #[test]
    fn zero_has_no_place_on_a_logarithmic_axis() {
        let buckets = series(&[100.0, 0.0, 10.0]).visible(0.0, 9.0, 100);
        let strokes = Strokes::of(&buckets, Scale::Logarithmic);
        assert_eq!(strokes.lines, [vec![[0.0, 2.0]], vec![[2.0, 1.0]]]);
        assert!(strokes.broken.is_empty());
    }

    #[test]
    fn a_spike_does_not_widen_the_robust_range() {
        let mut values = vec![1.0; 200];
        values[0] = 0.9;
        values[150] = 1e6;
        let (series, x) = (series(&values), Span { from: 0.0, to: 200.0 });
        let buckets = series.visible(0.0, 200.0, 50);
        assert_eq!(extent(&series, x, &buckets, Scale::Linear, true), Some(Span { from: 1.0, to: 1.0 }));
        assert_eq!(extent(&series, x, &buckets, Scale::Linear, false), Some(Span { from: 0.9, to: 1e6 }));
    }
}
