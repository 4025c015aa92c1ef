//! From runs to the lines of charts: a line a run, or one for the runs that differ in their seed alone. What has no place
//! on a chart is counted.

use std::collections::BTreeMap;

use super::chart::{Chart, Figure, Line};
use super::{ExportError, RunCurves};
use crate::link::SeriesId;
use crate::record::Series;
use crate::record::compare::side_curves::{SideCurve, side_curves};
use crate::record::run_table::RunRow;
use crate::record::run_table::seed_groups::{SeedGroup, seed_groups};
use crate::session::{Sentence, say};

/// Points of a line: of a longer curve the extremes of so many pieces.
const MOST: usize = 2000;

/// What a line is of.
pub(super) struct LineSource<'a> {
    /// What it is called.
    name: String,
    curves: Curves<'a>,
}

enum Curves<'a> {
    Run(&'a RunCurves),
    Seeds { means: BTreeMap<SeriesId, SideCurve>, of: Vec<&'a RunCurves> },
}

/// The lines there are: one a run, or one for the runs that differ in their seed alone.
///
/// # Errors
/// [`ExportError::NoGroup`] where no run counts.
pub(super) fn sources<'a>(
    runs: &'a [RunCurves],
    by_seed: bool,
    notes: &mut Vec<Sentence>,
) -> Result<Vec<LineSource<'a>>, ExportError> {
    let alone = |run: &'a RunCurves| LineSource { name: run.name.clone(), curves: Curves::Run(run) };
    if !by_seed {
        return Ok(runs.iter().map(alone).collect());
    }
    let rows: Vec<RunRow> = runs.iter().map(|run| RunRow::read(&run.folder)).collect();
    let groups = seed_groups(&rows, &(0..rows.len()).collect::<Vec<_>>());
    let names = names(&rows, &groups);
    let mut found = Vec::new();
    for (group, name) in groups.iter().zip(names) {
        let (all, left) = (group.rows.len(), group.rows.len() - group.counted.len());
        if left > 0 {
            notes.push(say!(
                "{left} of {all} runs of {name} do not count: they did not come to their end, or a newer run has their seed",
                left,
                all,
                name
            ));
        }
        let members: Vec<&RunCurves> = group.counted.iter().filter_map(|place| runs.get(*place)).collect();
        match members.as_slice() {
            [] => {}
            [only] => found.push(alone(only)),
            several => {
                let records: Vec<_> = several.iter().map(|run| run.record.clone()).collect();
                let name = format!("{name} (n = {})", several.len());
                found.push(LineSource { name, curves: Curves::Seeds { means: side_curves(&records), of: members } });
            }
        }
    }
    if found.is_empty() { Err(ExportError::NoGroup) } else { Ok(found) }
}

/// What groups are called: as their runs, and where two are called alike as the folder of their first run.
fn names(rows: &[RunRow], groups: &[SeedGroup]) -> Vec<String> {
    let first = |group: &SeedGroup| group.rows.first().and_then(|place| rows.get(*place));
    let name = |group: &SeedGroup| first(group).map_or_else(String::new, |row| row.name().to_owned());
    let all: Vec<String> = groups.iter().map(name).collect();
    let is_alone = |name: &String| all.iter().filter(|other| *other == name).count() == 1;
    let folder = |group: &SeedGroup| first(group).map_or_else(String::new, |row| row.folder_name().to_owned());
    groups.iter().zip(&all).map(|(group, name)| if is_alone(name) { name.clone() } else { folder(group) }).collect()
}

/// Charts of these curves.
pub(super) fn figure(
    sources: &[LineSource],
    curves: &[SeriesId],
    logarithmic: bool,
    notes: &mut Vec<Sentence>,
) -> Figure {
    let mut left_out = LeftOut::default();
    let mut chart = |id: &SeriesId| {
        let lines = sources.iter().enumerate().filter_map(|(place, source)| match &source.curves {
            Curves::Run(run) => Some(line_of(place, run.record.series.get(id)?, logarithmic, &mut left_out)),
            Curves::Seeds { means, of } => match means.get(id) {
                Some(mean) => Some(line_of_seeds(place, mean, logarithmic, &mut left_out)),
                None => {
                    let some_have_it = of.iter().any(|run| run.record.series.contains_key(id));
                    left_out.without_all.extend(some_have_it.then(|| (id.to_string(), source.name.clone())));
                    None
                }
            },
        });
        Chart { title: id.to_string(), lines: lines.collect() }
    };
    let charts = curves.iter().map(&mut chart).collect();
    left_out.tell(notes);
    Figure { names: sources.iter().map(|source| source.name.clone()).collect(), logarithmic, charts }
}

/// What has no place on the charts.
#[derive(Default)]
struct LeftOut {
    broken: usize,
    not_positive: usize,
    /// Most steps that a point is the mean of.
    every: usize,
    /// Steps of a group that not all of its runs have.
    partial: usize,
    /// Curves that only some runs of a group have, and the group.
    without_all: Vec<(String, String)>,
}

impl LeftOut {
    fn tell(&self, notes: &mut Vec<Sentence>) {
        if self.broken > 0 {
            notes.push(say!("{count} values are no numbers and are drawn as gaps", count = self.broken));
        }
        if self.not_positive > 0 {
            notes.push(say!(
                "{count} values of 0 and below have no place on a logarithmic axis and are left out",
                count = self.not_positive
            ));
        }
        for (curve, group) in &self.without_all {
            notes.push(say!("{curve} of {group} is not drawn: not all of its runs have it", curve, group));
        }
        if self.partial > 0 {
            notes
                .push(say!("{count} steps are not drawn: not all runs of their group have them", count = self.partial));
        }
        if self.every > 1 {
            notes.push(say!(
                "long curves of seeds are drawn thinner: a point is the mean of up to {every} steps",
                every = self.every
            ));
        }
    }
}

/// The line of a run: every point, of a long curve the extremes of its pieces, so that no spike is lost.
fn line_of(place: usize, series: &Series, logarithmic: bool, left_out: &mut LeftOut) -> Line {
    let has_place = |value: f64| !logarithmic || value > 0.0;
    left_out.broken += series.values().iter().filter(|value| !value.is_finite()).count();
    left_out.not_positive += series.values().iter().filter(|value| value.is_finite() && !has_place(**value)).count();
    let (mut pieces, mut piece) = (Vec::new(), Vec::new());
    for bucket in series.visible(0.0, f64::INFINITY, MOST) {
        if bucket.broken || (bucket.is_drawable() && !has_place(bucket.max)) {
            pieces.push(std::mem::take(&mut piece));
        }
        if bucket.is_drawable() && has_place(bucket.max) {
            let step = 0.5 * (bucket.first as f64 + bucket.last as f64);
            piece.extend(Some((step, bucket.min)).filter(|(_, low)| *low < bucket.max && has_place(*low)));
            piece.push((step, bucket.max));
        }
    }
    pieces.push(piece);
    pieces.retain(|piece| !piece.is_empty());
    Line { place, pieces, band: Vec::new() }
}

/// The mean of several seeds in a band of one standard deviation.
fn line_of_seeds(place: usize, curve: &SideCurve, logarithmic: bool, left_out: &mut LeftOut) -> Line {
    left_out.every = left_out.every.max(curve.every);
    left_out.partial += curve.partial;
    left_out.broken += curve.not_finite;
    let shown = |mean: f64| !logarithmic || mean > 0.0;
    left_out.not_positive += curve.points.iter().filter(|point| !shown(point.mean)).count();
    let (mut points, mut band) = (Vec::new(), Vec::new());
    for point in curve.points.iter().filter(|point| shown(point.mean)) {
        let step = point.step as f64;
        // Where the logarithm of the lower edge has no place, the band ends at a twentieth of the mean.
        let low = point.mean - point.sd;
        let low = if logarithmic { low.max(0.05 * point.mean) } else { low };
        points.push((step, point.mean));
        band.push((step, low, point.mean + point.sd));
    }
    let pieces = Some(points).filter(|points| !points.is_empty()).into_iter().collect();
    Line { place, pieces, band }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::compare::side_curves::SidePoint;

    fn series(values: &[f64]) -> Series {
        let mut series = Series::default();
        (0..).zip(values).for_each(|(step, value)| series.push(step, *value));
        series
    }

    #[test]
    fn what_has_no_place_is_a_gap_and_is_counted() {
        let mut left_out = LeftOut::default();
        let line = line_of(3, &series(&[1.0, 2.0, f64::NAN, 3.0, 0.0, 4.0]), true, &mut left_out);
        let pieces = vec![vec![(0.0, 1.0), (1.0, 2.0)], vec![(3.0, 3.0)], vec![(5.0, 4.0)]];
        assert_eq!(line, Line { place: 3, pieces, band: Vec::new() });
        let mut notes = Vec::new();
        left_out.tell(&mut notes);
        let said: Vec<String> = notes.iter().map(ToString::to_string).collect();
        assert!(
            said.len() == 2 && said[0].starts_with("1 values are no") && said[1].starts_with("1 values of 0"),
            "{said:?}"
        );
        let line = line_of(0, &series(&[1.0, 0.0, -1.0]), false, &mut LeftOut::default());
        assert_eq!(line.pieces, [[(0.0, 1.0), (1.0, 0.0), (2.0, -1.0)]]);
    }

    #[test]
    fn a_long_curve_keeps_its_spikes_in_few_points() {
        let mut values = vec![1.0; 100_000];
        values[77_777] = 50.0;
        values[11_111] = -50.0;
        let line = line_of(0, &series(&values), false, &mut LeftOut::default());
        let points = &line.pieces[0];
        let most = points.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        let least = points.iter().map(|(_, value)| *value).fold(0.0, f64::min);
        assert!(points.len() <= 2 * MOST && (least, most) == (-50.0, 50.0), "{} points, {least}, {most}", points.len());
    }

    #[test]
    fn seeds_are_their_mean_in_a_band_that_a_logarithmic_axis_can_show() {
        let points = vec![SidePoint { step: 0, mean: 1.0, sd: 0.5 }, SidePoint { step: 4, mean: 1.0, sd: 2.0 }];
        let mut curve = SideCurve::default();
        (curve.n, curve.every, curve.points) = (3, 2, points);
        let mut left_out = LeftOut::default();
        let line = line_of_seeds(1, &curve, true, &mut left_out);
        assert_eq!(line.band, [(0.0, 0.5, 1.5), (4.0, 0.05, 3.0)]);
        assert_eq!((line.pieces, left_out.every), (vec![vec![(0.0, 1.0), (4.0, 1.0)]], 2));
        let line = line_of_seeds(1, &curve, false, &mut left_out);
        assert_eq!(line.band[1], (4.0, -1.0, 3.0));
    }
}
