//! The seed with which a run is repeated: the next that no run of the same settings has, one that waits included.

use std::collections::BTreeSet;
use std::path::Path;

use super::RunRow;
use crate::session::settings::SEED;

/// The first seed behind that of the run in `folder` that none of the rows of the same settings has; `None` where the
/// run has no row or no seed, or there is no such seed.
pub fn next_seed(rows: &[RunRow], folder: &Path) -> Option<u64> {
    let row = rows.iter().find(|row| row.folder == folder)?;
    let same = rows.iter().filter(|other| settings(other).eq(settings(row)));
    let taken: BTreeSet<u64> = same.filter_map(seed).collect();
    (seed(row)?.checked_add(1)?..=u64::MAX).find(|seed| !taken.contains(seed))
}

fn seed(row: &RunRow) -> Option<u64> {
    row.settings.get(SEED)?.parse().ok()
}

/// What was asked for but the seed. What its files held is known of a run that has begun, and of no other.
fn settings(row: &RunRow) -> impl Iterator<Item = (&String, &String)> {
    row.settings.iter().filter(|(path, _)| *path != SEED && !path.starts_with("input."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_seed_is_one_that_no_run_of_the_same_settings_has() {
        let row = |folder: &str, steps: &str, seed: &str, input: Option<&str>| {
            let mut settings = vec![("recipe.steps", steps), (SEED, seed)];
            settings.extend(input.map(|hash| ("input.teacher", hash)));
            let settings = settings.into_iter().map(|(path, value)| (path.to_owned(), value.to_owned())).collect();
            RunRow { folder: folder.into(), settings, ..RunRow::default() }
        };
        let rows = [
            row("a", "5", "7", Some("1f")),
            row("b", "5", "8", None),
            row("c", "9", "9", None),
            row("last", "1", &u64::MAX.to_string(), None),
        ];
        for (folder, next) in [("a", Some(9)), ("b", Some(9)), ("c", Some(10)), ("last", None), ("none", None)] {
            assert_eq!(next_seed(&rows, Path::new(folder)), next, "{folder}");
        }
    }
}
