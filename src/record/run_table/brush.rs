//! What is brushed on the axes of a picture: the runs that lie there are listed, the others are not. A brush can also be
//! said as a filter.

use serde::{Deserialize, Serialize};

use super::{Cell, RunRow};

/// A part of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Brush {
    /// The column.
    pub column: String,
    /// The part.
    pub range: BrushRange,
}

/// What lies in a brush.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum BrushRange {
    /// Numbers from one to another, both among them.
    Between(f64, f64),
    /// Texts.
    OneOf(Vec<String>),
}

impl Brush {
    /// Whether a run lies in it; one that has nothing in the column does not.
    pub fn fits(&self, row: &RunRow) -> bool {
        match (row.cell(&self.column, None), &self.range) {
            (Some(Cell::Number(number)), BrushRange::Between(low, high)) => (*low..=*high).contains(&number),
            (Some(Cell::Number(number)), BrushRange::OneOf(texts)) => texts.contains(&number.to_string()),
            (Some(Cell::Text(text)), BrushRange::OneOf(texts)) => texts.contains(&text),
            (Some(Cell::Text(_)), BrushRange::Between(..)) | (None, _) => false,
        }
    }

    /// The same as a filter; `None` where a text has both kinds of quotation marks, for which a filter has no words.
    pub fn text(&self) -> Option<String> {
        let column = &self.column;
        match &self.range {
            BrushRange::Between(low, high) => Some(format!("{column} >= {low} and {column} <= {high}")),
            BrushRange::OneOf(texts) => {
                let each: Option<Vec<String>> =
                    texts.iter().map(|text| Some(format!("{column} = {}", quoted(text)?))).collect();
                let each = each?;
                Some(if each.len() == 1 { each.concat() } else { format!("({})", each.join(" or ")) })
            }
        }
    }
}

fn quoted(text: &str) -> Option<String> {
    match (text.contains('"'), text.contains('\'')) {
        (false, _) => Some(format!("\"{text}\"")),
        (true, false) => Some(format!("'{text}'")),
        (true, true) => None,
    }
}

/// Every brush there is, at most one a column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Brushes(Vec<Brush>);

impl Brushes {
    /// Puts a brush in the place of that of its column.
    pub fn set(&mut self, brush: Brush) {
        self.remove(&brush.column);
        self.0.push(brush);
    }

    /// Takes the brush of a column away.
    pub fn remove(&mut self, column: &str) {
        self.0.retain(|brush| brush.column != column);
    }

    /// Takes all away.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The brush of a column.
    pub fn of(&self, column: &str) -> Option<&Brush> {
        self.0.iter().find(|brush| brush.column == column)
    }

    /// All of them, in the order in which they were set.
    pub fn iter(&self) -> impl Iterator<Item = &Brush> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a run lies in all of them.
    pub fn fits(&self, row: &RunRow) -> bool {
        self.0.iter().all(|brush| brush.fits(row))
    }

    /// A filter that asks for what is typed and for what is brushed; `None` where a brush has no words.
    pub fn written_behind(&self, typed: &str) -> Option<String> {
        let brushed: Option<Vec<String>> = self.0.iter().map(Brush::text).collect();
        let typed = typed.trim();
        let typed = (!typed.is_empty()).then(|| format!("({typed})"));
        Some(typed.into_iter().chain(brushed?).collect::<Vec<_>>().join(" and "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::filter::Filter;
    use super::*;

    fn row(accuracy: f64, schedule: &str) -> RunRow {
        RunRow {
            test: [("accuracy".to_owned(), accuracy)].into(),
            settings: [("recipe.schedule".to_owned(), schedule.to_owned())].into(),
            ..RunRow::default()
        }
    }

    fn between(low: f64, high: f64) -> Brush {
        Brush { column: "test.accuracy".into(), range: BrushRange::Between(low, high) }
    }

    fn one_of(texts: &[&str]) -> Brush {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        Brush { column: "recipe.schedule".into(), range: BrushRange::OneOf(texts) }
    }

    #[test]
    fn brushes_list_what_lies_in_all_of_them_and_say_the_same_as_a_filter() {
        let rows =
            [row(0.8, "cosine"), row(0.85, "linear"), row(0.9, "cosine"), row(0.85, "say \"x\""), row(0.7, "16")];
        let columns = rows.iter().flat_map(RunRow::columns).collect();
        let lone = RunRow::default();
        for (brushes, fit) in [
            (vec![between(0.8, 0.85)], vec![0, 1, 3]),
            (vec![one_of(&["cosine", "say \"x\""])], vec![0, 2, 3]),
            (vec![one_of(&["16"])], vec![4]),
            (vec![between(0.8, 1.0), one_of(&["cosine"])], vec![0, 2]),
            (vec![between(0.8, 1.0), between(0.9, 1.0)], vec![2]),
            (vec![], vec![0, 1, 2, 3, 4]),
        ] {
            let mut all = Brushes::default();
            brushes.into_iter().for_each(|brush| all.set(brush));
            let fitting =
                |fits: &dyn Fn(&RunRow) -> bool| -> Vec<usize> { (0..5).filter(|at| fits(&rows[*at])).collect() };
            assert_eq!(fitting(&|row| all.fits(row)), fit, "{all:?}");
            let text = all.written_behind(" accuracy > 0 or accuracy < 0 ").unwrap();
            let filter = Filter::new(&text, &columns).unwrap();
            assert_eq!(fitting(&|row| filter.fits(row)), fit, "{text}");
            assert!(all.is_empty() || !all.fits(&lone), "a run that has nothing there");
        }
    }

    #[test]
    fn a_brush_goes_by_its_column_and_one_without_words_says_no_filter() {
        let mut all = Brushes::default();
        all.set(one_of(&["a'\""]));
        assert_eq!(all.written_behind(""), None);
        all.set(between(0.0, 1.0));
        assert!(all.of("recipe.schedule").is_some() && all.iter().count() == 2);
        all.remove("recipe.schedule");
        assert_eq!(all.written_behind("").as_deref(), Some("test.accuracy >= 0 and test.accuracy <= 1"));
        all.clear();
        assert!(all.is_empty());
    }
}
