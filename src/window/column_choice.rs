//! Which columns of the table of runs a person wants to see, and in which order. It is of the person and not of the runs:
//! a column that no run has just now keeps its place.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Columns that are hidden until they are asked for.
const HIDDEN: [&str; 3] = ["pair", "task", "tags"];
/// How the names of such columns begin.
const HIDDEN_PART: &str = "best.";
/// The column by which rows are known, which is always shown.
pub const NAME: &str = "name";

/// What was chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnChoice {
    /// Columns that were shown or hidden by hand.
    shown: BTreeMap<String, bool>,
    /// Columns in the order in which they were put; empty where nobody has.
    order: Vec<String>,
}

impl ColumnChoice {
    /// Whether a column is shown.
    pub fn is_shown(&self, column: &str) -> bool {
        let at_first = !HIDDEN.contains(&column) && !column.starts_with(HIDDEN_PART);
        column == NAME || self.shown.get(column).copied().unwrap_or(at_first)
    }

    /// Shows or hides a column.
    pub fn show(&mut self, column: &str, shown: bool) {
        self.shown.insert(column.to_owned(), shown);
    }

    /// The columns there are, in the order that was chosen. One that nobody has put anywhere stands behind the one it
    /// stood behind at first.
    pub fn ordered<'a>(&self, columns: &[&'a str]) -> Vec<&'a str> {
        let chosen = self.order.iter().filter_map(|chosen| columns.iter().find(|column| *column == chosen).copied());
        let mut ordered: Vec<&str> = chosen.collect();
        let mut before: Option<&str> = None;
        for column in columns {
            if !ordered.contains(column) {
                let place = before.and_then(|before| ordered.iter().position(|other| *other == before));
                ordered.insert(place.map_or(0, |place| place + 1), column);
            }
            before = Some(column);
        }
        ordered
    }

    /// Moves a column one place up or down among those there are; those that are not there keep their places.
    pub fn step(&mut self, column: &str, up: bool, columns: &[&str]) {
        let mut ordered: Vec<String> = self.ordered(columns).into_iter().map(str::to_owned).collect();
        let Some(place) = ordered.iter().position(|other| other == column) else { return };
        let other = if up { place.checked_sub(1) } else { Some(place + 1).filter(|other| *other < ordered.len()) };
        let Some(other) = other else { return };
        ordered.swap(place, other);
        // What is not there just now stays behind the one it stood behind.
        for (place, absent) in self.order.iter().enumerate().filter(|(_, name)| !columns.contains(&name.as_str())) {
            let before = place.checked_sub(1).and_then(|before| self.order.get(before));
            let behind = before.and_then(|before| ordered.iter().position(|other| other == before));
            ordered.insert(behind.map_or(0, |behind| behind + 1), absent.clone());
        }
        self.order = ordered;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&str; 5] = ["name", "status", "test.accuracy", "recipe.seed", "steps"];

    #[test]
    fn a_column_is_hidden_and_shown_and_the_name_always_stands() {
        let mut choice = ColumnChoice::default();
        assert!(choice.is_shown("steps") && !choice.is_shown("pair") && !choice.is_shown("best.accuracy"));
        for (column, shown) in [("steps", false), ("pair", true), ("name", false)] {
            choice.show(column, shown);
        }
        assert!(!choice.is_shown("steps") && choice.is_shown("pair") && choice.is_shown("name"));
    }

    #[test]
    fn columns_are_moved_and_new_ones_stand_where_they_would_at_first() {
        let mut choice = ColumnChoice::default();
        assert_eq!(choice.ordered(&ALL), ALL);
        choice.step("steps", true, &ALL);
        choice.step("steps", true, &ALL);
        assert_eq!(choice.ordered(&ALL), ["name", "status", "steps", "test.accuracy", "recipe.seed"]);
        choice.step("name", true, &ALL);
        choice.step("recipe.seed", false, &ALL);
        choice.step("nobody", false, &ALL);
        assert_eq!(choice.ordered(&ALL), ["name", "status", "steps", "test.accuracy", "recipe.seed"]);
        let more = ["name", "status", "test.accuracy", "test.loss", "recipe.seed", "steps"];
        assert_eq!(choice.ordered(&more), ["name", "status", "steps", "test.accuracy", "test.loss", "recipe.seed"]);
    }

    #[test]
    fn a_column_that_no_run_has_just_now_keeps_its_place() {
        let mut choice = ColumnChoice::default();
        choice.step("steps", true, &ALL);
        choice.step("steps", true, &ALL);
        let fewer = ["name", "status", "test.accuracy", "recipe.seed"];
        choice.step("recipe.seed", true, &fewer);
        assert_eq!(choice.ordered(&fewer), ["name", "status", "recipe.seed", "test.accuracy"]);
        assert_eq!(choice.ordered(&ALL), ["name", "status", "steps", "recipe.seed", "test.accuracy"]);
    }
}
