//! Runs that differ in nothing but their seed, together: mean and standard deviation over seeds of every measure.
//!
//! Only whole runs count: one that was stopped or failed would move the mean without a word. Of two runs of one seed the
//! newer counts, since they are one draw. What is not counted is counted here.

use std::collections::{BTreeMap, BTreeSet};

use super::RunRow;
use crate::link::is_better;
use crate::session::settings::SEED;

/// Runs of the same settings and different seeds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeedGroup {
    /// Their places in the table, as they stand there.
    pub rows: Vec<usize>,
    /// Those that count, a run a seed.
    pub counted: Vec<usize>,
    /// Every measure on the test part, by name.
    pub test: BTreeMap<String, Spread>,
}

/// A measure over seeds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spread {
    /// Runs it is of.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Their sample standard deviation, with n − 1 below; `None` of one run.
    pub sd: Option<f64>,
    /// The best value, and the place of its run.
    pub best: (f64, usize),
    /// The worst.
    pub worst: (f64, usize),
}

/// Groups the rows at `places`, in the order of their first ones.
pub fn seed_groups(rows: &[RunRow], places: &[usize]) -> Vec<SeedGroup> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut place_of = BTreeMap::new();
    for place in places {
        let Some(row) = rows.get(*place) else { continue };
        let group = *place_of.entry(all_but_the_seed(row)).or_insert(groups.len());
        if group == groups.len() {
            groups.push(Vec::new());
        }
        groups[group].push(*place);
    }
    groups.into_iter().map(|places| SeedGroup::new(rows, places)).collect()
}

fn all_but_the_seed(row: &RunRow) -> Vec<(&str, &str)> {
    let others = row.settings.iter().filter(|(path, _)| *path != SEED);
    others.map(|(path, value)| (path.as_str(), value.as_str())).collect()
}

impl SeedGroup {
    fn new(rows: &[RunRow], places: Vec<usize>) -> Self {
        let mut seeds = BTreeSet::new();
        let mut newest = places.clone();
        newest.sort_by(|a, b| rows[*b].when.cmp(&rows[*a].when));
        newest.retain(|place| rows[*place].is_finished() && seeds.insert(rows[*place].settings.get(SEED)));
        let counted: Vec<usize> = places.iter().copied().filter(|place| newest.contains(place)).collect();
        let names: BTreeSet<&String> = counted.iter().flat_map(|place| rows[*place].test.keys()).collect();
        let values = |name: &String| -> Vec<(f64, usize)> {
            counted.iter().filter_map(|place| Some((*rows[*place].test.get(name)?, *place))).collect()
        };
        let test = names.into_iter().filter_map(|name| Some((name.clone(), Spread::of(name, &values(name))?)));
        Self { test: test.collect(), rows: places, counted }
    }
}

impl Spread {
    /// Of a measure's values and the places of their runs; `None` of none.
    pub fn of(measure: &str, values: &[(f64, usize)]) -> Option<Self> {
        let n = values.len();
        let mean = values.iter().map(|(value, _)| value).sum::<f64>() / n as f64;
        let squares = values.iter().map(|(value, _)| (value - mean).powi(2)).sum::<f64>();
        let first = |a: (f64, usize), b: (f64, usize)| if is_better(measure, b.0, a.0) { b } else { a };
        let last = |a: (f64, usize), b: (f64, usize)| if is_better(measure, a.0, b.0) { b } else { a };
        Some(Self {
            n,
            mean,
            sd: (n > 1).then(|| (squares / (n - 1) as f64).sqrt()),
            best: values.iter().copied().reduce(first)?,
            worst: values.iter().copied().reduce(last)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::RunStatus;
    use super::*;

    fn row(seed: &str, alpha: &str, accuracy: f64, when: &str, status: RunStatus) -> RunRow {
        RunRow {
            settings: [(SEED, seed), ("mixture.alpha", alpha)].map(|(a, b)| (a.to_owned(), b.to_owned())).into(),
            test: [("accuracy".to_owned(), accuracy), ("loss".to_owned(), 1.0 - accuracy)].into(),
            when: when.into(),
            status,
            ..RunRow::default()
        }
    }

    #[test]
    fn runs_that_differ_in_the_seed_alone_are_one_group_and_whole_runs_of_different_seeds_count() {
        let rows = [
            row("1", "0.1", 0.9, "5", RunStatus::Finished),
            row("1", "0.5", 0.7, "4", RunStatus::Finished),
            row("2", "0.1", 0.8, "3", RunStatus::Finished),
            row("3", "0.1", 0.1, "2", RunStatus::Stopped),
            row("1", "0.1", 0.3, "1", RunStatus::Finished),
            row("4", "0.1", 0.85, "0", RunStatus::Finished),
        ];
        let groups = seed_groups(&rows, &[0, 1, 2, 3, 4, 5]);
        assert_eq!(groups.iter().map(|group| group.rows.clone()).collect::<Vec<_>>(), [vec![0, 2, 3, 4, 5], vec![1]]);
        assert_eq!(groups[0].counted, [0, 2, 5], "the stopped one and the older run of seed 1 do not count");
        let accuracy = &groups[0].test["accuracy"];
        assert!((accuracy.mean - 0.85).abs() < 1e-12 && (accuracy.sd.unwrap() - 0.05).abs() < 1e-12, "{accuracy:?}");
        assert_eq!((accuracy.n, accuracy.best, accuracy.worst), (3, (0.9, 0), (0.8, 2)));
        let loss = &groups[0].test["loss"];
        assert_eq!((loss.best.1, loss.worst.1), (0, 2), "less is better");
        assert_eq!((groups[1].test["accuracy"].n, groups[1].test["accuracy"].sd), (1, None));
        assert_eq!(seed_groups(&rows, &[3])[0].test.len(), 0);
    }
}
