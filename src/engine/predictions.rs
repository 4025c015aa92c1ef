//! What both models answer to every text of the test part, as a table anybody can sort: `predictions.csv`
//! in a run's folder. It is written while the part is measured and stands there once it is whole; the
//! figures of the outcome are those of its rows.
//!
//! Columns: `row` (from 1, in the order of the part), `text` (whole), `gold`, `teacher`, `student` (the
//! likeliest classes), then the probabilities at temperature 1 of every class, `teacher:CLASS` and
//! `student:CLASS`. Without a teacher there are no columns of one. `NaN` stands where a model's answer is
//! no distribution.

pub mod of_samples;

use std::path::{Path, PathBuf};

use csv::Writer;

use super::EngineError;
use super::data::Example;
use crate::link::scores::likeliest;
use crate::session::Say;
use crate::session::atomic::WholeFile;
use crate::session::run_folder::PREDICTIONS;

/// The table in the making.
pub struct PredictionsFile {
    table: Writer<WholeFile>,
    classes: Vec<String>,
    with_teacher: bool,
    rows: u64,
    path: PathBuf,
}

impl PredictionsFile {
    /// Begins the table of a run's folder.
    ///
    /// # Errors
    /// [`EngineError::Predictions`].
    pub fn begin(out: &Path, classes: &[String], with_teacher: bool) -> Result<Self, EngineError> {
        let path = out.join(PREDICTIONS);
        let table = WholeFile::create(&path).map(Writer::from_writer).map_err(|e| unwritten(e, &path))?;
        let mut file = Self { table, classes: classes.to_vec(), with_teacher, rows: 0, path };
        let sides = file.sides();
        let fixed = ["row", "text", "gold"].map(str::to_owned);
        let named = classes_of(&sides, classes);
        file.write(
            &fixed.into_iter().chain(sides.iter().map(|side| (*side).to_owned())).chain(named).collect::<Vec<_>>(),
        )?;
        Ok(file)
    }

    /// Adds the answers to one text, log-probabilities `[classes]` of each model.
    ///
    /// # Errors
    /// [`EngineError::Predictions`].
    pub fn add(&mut self, example: &Example, teacher: Option<&[f32]>, student: &[f32]) -> Result<(), EngineError> {
        self.rows += 1;
        let name = |class: Option<usize>| class.and_then(|class| self.classes.get(class)).cloned().unwrap_or_default();
        let empty: &[f32] = &[];
        let sides: Vec<&[f32]> = match self.with_teacher {
            true => vec![teacher.unwrap_or(empty), student],
            false => vec![student],
        };
        let mut cells = vec![self.rows.to_string(), example.text().to_string(), name(example.class())];
        cells.extend(
            sides.iter().map(|scores| if scores.is_empty() { String::new() } else { name(Some(likeliest(scores))) }),
        );
        for scores in sides {
            let cell = |class: usize| scores.get(class).map_or(String::new(), |score| score.exp().to_string());
            cells.extend((0..self.classes.len()).map(cell));
        }
        self.write(&cells)
    }

    /// Puts the table into its place.
    ///
    /// # Errors
    /// [`EngineError::Predictions`].
    pub fn finish(self) -> Result<(), EngineError> {
        let path = self.path;
        let file = self.table.into_inner().map_err(|e| unwritten(e.error(), &path))?;
        file.finish().map_err(|e| unwritten(e, &path))
    }

    fn sides(&self) -> Vec<&'static str> {
        if self.with_teacher { vec!["teacher", "student"] } else { vec!["student"] }
    }

    fn write(&mut self, cells: &[String]) -> Result<(), EngineError> {
        self.table.write_record(cells).map_err(|e| unwritten(e, &self.path))
    }
}

/// The columns of the probabilities.
fn classes_of(sides: &[&str], classes: &[String]) -> Vec<String> {
    sides.iter().flat_map(|side| classes.iter().map(move |class| format!("{side}:{class}"))).collect()
}

fn unwritten(reason: impl Say, path: &Path) -> EngineError {
    EngineError::Predictions { reason: reason.said(), path: path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row<'a> = (&'a str, usize, Option<Vec<f32>>, Vec<f32>);

    fn table(classes: &[&str], with_teacher: bool, rows: &[Row]) -> Vec<Vec<String>> {
        let out = tempfile::tempdir().unwrap();
        let classes: Vec<String> = classes.iter().map(|class| (*class).to_owned()).collect();
        let mut file = PredictionsFile::begin(out.path(), &classes, with_teacher).unwrap();
        for (text, label, teacher, student) in rows {
            let example = Example::classified(*text, Some(*label));
            file.add(&example, teacher.as_deref(), student).unwrap();
            assert!(!out.path().join(PREDICTIONS).exists(), "it is seen before it is whole");
        }
        file.finish().unwrap();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(out.path().join(PREDICTIONS)).unwrap();
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn texts_and_classes_of_any_signs_come_back_as_they_were() {
        let odd = "a, \"quoted\"\nsecond line; 天气";
        let rows = table(
            &["x,y", "\"z\""],
            true,
            &[(odd, 1, Some(vec![0.0, f32::NEG_INFINITY]), vec![0.25f32.ln(), 0.75f32.ln()])],
        );
        assert_eq!(
            rows[0],
            [
                "row",
                "text",
                "gold",
                "teacher",
                "student",
                "teacher:x,y",
                "teacher:\"z\"",
                "student:x,y",
                "student:\"z\""
            ]
        );
        assert_eq!(rows[1][..7], ["1", odd, "\"z\"", "x,y", "\"z\"", "1", "0"]);
        let p: Vec<f32> = rows[1][7..].iter().map(|cell| cell.parse().unwrap()).collect();
        assert_eq!(p, [0.25f32.ln().exp(), 0.75f32.ln().exp()], "every bit of a probability is kept");
    }

    #[test]
    fn without_a_teacher_there_are_no_columns_of_one_and_what_is_no_distribution_says_so() {
        let rows = table(&["a", "b"], false, &[("t", 0, None, vec![f32::NAN; 2])]);
        assert_eq!(rows[0], ["row", "text", "gold", "student", "student:a", "student:b"]);
        assert_eq!(rows[1], ["1", "t", "a", "a", "NaN", "NaN"]);
    }
}
