//! The settings in which sides differ, the seed aside: what stands in each.

use super::super::run_table::{RunRow, differing};
use crate::session::settings::SEED;

/// A setting and its value on each side: `–` where a side has none, `…` where the runs of a side differ among themselves.
pub type SideSetting = (String, Vec<String>);

/// The settings that differ, by their paths.
pub fn side_settings(sides: &[&[&RunRow]]) -> Vec<SideSetting> {
    let all: Vec<&RunRow> = sides.iter().flat_map(|rows| rows.iter().copied()).collect();
    let differ = differing(&all).into_iter().filter(|(path, _)| *path != SEED);
    let each = differ.map(|(path, values)| {
        let mut rest = values.as_slice();
        let of_side = |rows: &&[&RunRow]| {
            let (own, others) = rest.split_at(rows.len().min(rest.len()));
            rest = others;
            value(own)
        };
        (path.to_owned(), sides.iter().map(of_side).collect())
    });
    each.collect()
}

fn value(values: &[Option<&str>]) -> String {
    match values {
        [first, rest @ ..] if rest.iter().all(|value| value == first) => first.unwrap_or("–").to_owned(),
        _ => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_side_has_its_value_and_what_is_the_same_everywhere_is_not_told() {
        let row = |settings: &[(&str, &str)]| RunRow {
            settings: settings.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect(),
            ..RunRow::default()
        };
        let of = |seed, alpha| row(&[(SEED, seed), ("mixture.alpha", alpha), ("recipe.batch", "8")]);
        let (a, b, c, d) = (of("1", "0.1"), of("2", "0.1"), of("1", "0.5"), of("2", "0.9"));
        let without = row(&[("recipe.batch", "8")]);
        let told = side_settings(&[&[&a, &b], &[&c], &[&c, &d], &[&without]]);
        let alpha = ["0.1", "0.5", "…", "–"].map(str::to_owned).to_vec();
        assert_eq!(told, [("mixture.alpha".to_owned(), alpha)]);
        assert!(side_settings(&[]).is_empty() && side_settings(&[&[&a], &[&b]]).is_empty());
    }
}
