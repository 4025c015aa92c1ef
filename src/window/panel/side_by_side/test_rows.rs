//! The answers of two columns to the test part: row by row, which of them are listed, and how often each is right.

use std::collections::BTreeMap;

/// Which rows are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TestFilter {
    /// Every row.
    #[default]
    All,
    /// A is wrong.
    AWrong,
    /// B is wrong.
    BWrong,
    /// They answer differently.
    Differ,
}

/// A text with both answers; one that a column has not given yet is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TestRow {
    /// Its place in the part.
    pub place: usize,
    /// As tables show it.
    pub text: String,
    /// Its class.
    pub gold: String,
    /// Answer and probability of A and of B.
    pub answers: [(String, f32); 2],
}

/// What is listed.
#[derive(Clone, Debug, Default)]
pub struct TestRows {
    /// What was asked; another question has the rows found anew.
    pub asked: String,
    /// All rows that both have answered.
    pub rows: Vec<TestRow>,
    /// Which of them are listed, by their place in `rows`.
    pub listed: Vec<usize>,
    /// Class and both answers, with the listed rows, the most first.
    pub groups: Vec<([String; 3], Vec<usize>)>,
    /// How often A, B, A alone and B alone are right, and how often they differ.
    pub counts: [usize; 5],
}

impl TestRow {
    fn right(&self) -> [bool; 2] {
        self.answers.each_ref().map(|(answer, _)| *answer == self.gold)
    }

    fn differs(&self) -> bool {
        self.answers[0].0 != self.answers[1].0
    }

    fn fits(&self, filter: TestFilter, apart: f32, search: &str) -> bool {
        let [a, b] = self.right();
        let asked = match filter {
            TestFilter::All => true,
            TestFilter::AWrong => !a,
            TestFilter::BWrong => !b,
            TestFilter::Differ => self.differs(),
        };
        let apart = self.differs() || (self.answers[0].1 - self.answers[1].1).abs() >= apart;
        asked && apart && (search.is_empty() || self.text.to_lowercase().contains(search))
    }
}

impl TestRows {
    /// Lists those of `rows` that are asked for.
    pub fn list(asked: String, rows: Vec<TestRow>, filter: TestFilter, apart: f32, search: &str) -> Self {
        let search = search.trim().to_lowercase();
        let count = |of: fn(&TestRow) -> bool| rows.iter().filter(|row| of(row)).count();
        let counts = [
            count(|row| row.right()[0]),
            count(|row| row.right()[1]),
            count(|row| row.right() == [true, false]),
            count(|row| row.right() == [false, true]),
            count(TestRow::differs),
        ];
        let listed: Vec<usize> = (0..rows.len()).filter(|at| rows[*at].fits(filter, apart, &search)).collect();
        let mut groups: BTreeMap<[String; 3], Vec<usize>> = BTreeMap::new();
        for at in &listed {
            let row = &rows[*at];
            let [a, b] = row.answers.each_ref().map(|(answer, _)| answer.clone());
            groups.entry([row.gold.clone(), a, b]).or_default().push(*at);
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
        Self { asked, rows, listed, groups, counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(place: usize, gold: &str, a: (&str, f32), b: (&str, f32)) -> TestRow {
        let answers = [a, b].map(|(answer, p)| (answer.to_owned(), p));
        TestRow { place, text: format!("Text {place}"), gold: gold.into(), answers }
    }

    #[test]
    fn rows_are_listed_as_asked_and_groups_of_one_kind_stand_together() {
        let rows = vec![
            row(0, "x", ("x", 0.9), ("x", 0.8)),
            row(1, "x", ("x", 0.9), ("y", 0.6)),
            row(2, "x", ("y", 0.5), ("y", 0.5)),
            row(3, "y", ("x", 0.7), ("y", 0.9)),
            row(4, "x", ("x", 0.9), ("y", 0.7)),
        ];
        for (filter, apart, search, expected) in [
            (TestFilter::All, 0.0, "", &[0, 1, 2, 3, 4][..]),
            (TestFilter::AWrong, 0.0, "", &[2, 3]),
            (TestFilter::BWrong, 0.0, "", &[1, 2, 4]),
            (TestFilter::Differ, 0.0, "", &[1, 3, 4]),
            // Answers that differ are apart, whatever their probabilities.
            (TestFilter::All, 0.05, "", &[0, 1, 3, 4]),
            (TestFilter::All, 0.2, "", &[1, 3, 4]),
            (TestFilter::All, 0.0, " TEXT 3", &[3]),
        ] {
            let found = TestRows::list(String::new(), rows.clone(), filter, apart, search);
            assert_eq!(found.listed, expected, "{filter:?} {apart} {search}");
            assert_eq!(found.counts, [3, 2, 2, 1, 3], "counts are of all rows");
        }
        let found = TestRows::list(String::new(), rows, TestFilter::All, 0.0, "");
        assert_eq!(found.groups[0], (["x", "x", "y"].map(str::to_owned), vec![1, 4]));
    }
}
