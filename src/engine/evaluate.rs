//! Measuring both models: the test part as a table and as figures, and the validation part. Texts are
//! asked in pieces of about a tenth of a second, so that measuring can be watched and called off; what a
//! text is answered does not depend on its piece.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::data::{Example, Fields, gold};
use super::pair::shown;
use super::predictions::PredictionsFile;
use super::train::Trainer;
use super::{EngineError, measure, token_evaluation};
use crate::link::scores::{answer, divergence, likeliest};
use crate::link::{Measures, Prediction, Predictions, Side};

/// How long a piece may take, about; whoever stops the measuring waits no longer.
const PIECE: Duration = Duration::from_millis(100);

/// Hears how many texts were measured since it was told last, and whether to go on.
pub type Watch<'a> = dyn FnMut(u64) -> bool + 'a;

/// Both models on the test part.
pub struct TestResult {
    /// One row per example.
    pub predictions: Predictions,
    /// The student's figures.
    pub student: Side,
    /// The teacher's figures.
    pub teacher: Option<Side>,
    /// Why the table of all answers is not in the run's folder.
    pub unwritten: Option<EngineError>,
}

/// Goes through `all` in pieces, the size of which follows from how long the last one took.
///
/// # Errors
/// Those of `ask`; [`EngineError::Cancelled`] where the watch says so.
pub fn in_pieces<T>(
    all: &[T],
    watch: &mut Watch,
    mut ask: impl FnMut(&[T]) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    let (mut rest, mut most) = (all, rayon::current_num_threads());
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(most.min(rest.len()));
        let begun = Instant::now();
        ask(piece)?;
        most = next_size(most, begun.elapsed());
        rest = behind;
        if !watch(piece.len() as u64) && !rest.is_empty() {
            return Err(EngineError::Cancelled);
        }
    }
    Ok(())
}

/// The texts of the next piece, if so many took so long.
fn next_size(texts: usize, took: Duration) -> usize {
    let fitting = texts as f64 * PIECE.as_secs_f64() / took.as_secs_f64().max(1e-6);
    (fitting as usize).clamp(1, 2 * texts.max(1)).min(4096)
}

/// Asks both models about every test example and writes their answers into the folder `out`.
///
/// # Errors
/// [`EngineError`]; [`EngineError::Cancelled`] where the watch says so.
pub fn test(trainer: &mut Trainer, out: &Path, watch: &mut Watch) -> Result<TestResult, EngineError> {
    let data = Arc::clone(&trainer.pair.assets.data);
    if trainer.task.token_measures().is_some() {
        let (student, teacher) = token_evaluation::of_part(trainer, &data.test, watch)?;
        let side = |test| Side { test, ..Side::default() };
        let predictions = Predictions { step: trainer.step, rows: Vec::new() };
        return Ok(TestResult { predictions, student: side(student), teacher: teacher.map(side), unwritten: None });
    }
    let with_teacher = trainer.teacher.is_some();
    // Without the table there are still the figures.
    let mut table = PredictionsFile::begin(out, &data.classes, with_teacher);
    let (mut student, mut teacher) = (Vec::new(), Vec::new());
    in_pieces(&data.test, watch, |piece| {
        let texts: Vec<Fields> = piece.iter().map(|example| example.fields.clone()).collect();
        let ours = trainer.student_answers(&texts)?;
        let theirs = trainer.teacher_answers(&texts)?.unwrap_or_default();
        let mut added = Ok(());
        if let Ok(file) = &mut table {
            let mut rows = piece.iter().zip(&ours).enumerate();
            added = rows.try_for_each(|(i, (example, ours))| file.add(example, theirs.get(i).map(|row| &**row), ours));
        }
        if let Err(e) = added {
            table = Err(e);
        }
        student.extend(ours);
        teacher.extend(theirs.iter().map(|answer| answer.to_vec()));
        Ok(())
    })?;
    let unwritten = table.and_then(PredictionsFile::finish).err();
    let (teacher, classes) = (with_teacher.then_some(teacher), data.classes.len());
    let truth = gold(&data.test);
    Ok(TestResult {
        predictions: Predictions { step: trainer.step, rows: rows(&data.test, &student, teacher.as_deref()) },
        student: measure::on_test(&truth, &student, teacher.as_deref(), classes),
        teacher: teacher.as_ref().map(|teacher| measure::on_test(&truth, teacher, None, classes)),
        unwritten,
    })
}

/// The table that is shown.
fn rows(examples: &[Example], student: &[Vec<f32>], teacher: Option<&[Vec<f32>]>) -> Vec<Prediction> {
    let row = |(i, (example, ours)): (usize, (&Example, &Vec<f32>))| {
        let theirs = teacher.and_then(|teacher| teacher.get(i));
        Prediction {
            text: shown(example.text()),
            gold: example.class().unwrap_or_default(),
            teacher: theirs.map(|scores| answer(scores)),
            student: answer(ours),
            kl: theirs.map(|scores| divergence(scores, ours) as f32),
        }
    };
    examples.iter().zip(student).enumerate().map(row).collect()
}

/// Both models on the validation part: the student's figures, compared with the teacher, and the
/// teacher's own.
///
/// # Errors
/// [`EngineError`]; [`EngineError::Cancelled`] where the watch says so.
pub fn validation(trainer: &mut Trainer, watch: &mut Watch) -> Result<Validated, EngineError> {
    let data = Arc::clone(&trainer.pair.assets.data);
    if trainer.task.token_measures().is_some() {
        let (student, teacher) = token_evaluation::of_part(trainer, &data.validation, watch)?;
        return Ok(Validated { student, teacher, ..Validated::default() });
    }
    let (mut student, mut teacher) = (Vec::new(), Vec::new());
    in_pieces(&data.validation, watch, |piece| {
        let texts: Vec<Fields> = piece.iter().map(|example| example.fields.clone()).collect();
        let answers = trainer.teacher_answers(&texts)?.unwrap_or_default();
        teacher.extend(answers.iter().map(|row| row.to_vec()));
        student.extend(trainer.student_answers(&texts)?);
        Ok(())
    })?;
    let (truth, classes) = (gold(&data.validation), data.classes.len());
    let measures = trainer.task.measures();
    let teacher = trainer.teacher.is_some().then_some(teacher);
    let answers = student.iter().map(|row| likeliest(row));
    Ok(Validated {
        leaning: measure::commonest(answers, classes),
        commonest: measure::commonest(truth.iter().copied(), classes),
        student: measure::measures(measures, &truth, &student, teacher.as_deref(), classes),
        teacher: teacher.map(|rows| measure::measures(measures, &truth, &rows, None, classes)),
    })
}

/// What the validation part says of both models.
#[derive(Default)]
pub struct Validated {
    /// The student's figures, compared with the teacher where there is one.
    pub student: Measures,
    /// The teacher's.
    pub teacher: Option<Measures>,
    /// Share of the commonest class among the student's answers.
    pub leaning: f64,
    /// Share of the commonest class among the right answers.
    pub commonest: f64,
}

/// The student's figures on the validation part; where the teacher fails, without what compares with it,
/// and why it failed.
///
/// # Errors
/// [`EngineError`] if the student cannot be asked.
pub fn validation_without_fail(
    trainer: &mut Trainer,
    watch: &mut Watch,
) -> Result<(Validated, Option<EngineError>), EngineError> {
    match validation(trainer, watch) {
        Err(lack @ EngineError::Teacher(_)) => {
            let teacher = trainer.teacher.take();
            let alone = validation(trainer, watch);
            trainer.teacher = teacher;
            Ok((alone?, Some(lack)))
        }
        other => other.map(|validated| (validated, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_everything_once_in_order_and_grow_and_shrink_with_the_time_they_take() {
        let all: Vec<usize> = (0..1000).collect();
        let (mut seen, mut told) = (Vec::new(), 0);
        in_pieces(
            &all,
            &mut |texts| {
                told += texts;
                true
            },
            |piece| {
                seen.extend_from_slice(piece);
                Ok(())
            },
        )
        .unwrap();
        assert_eq!((seen, told), (all.clone(), 1000));
        assert_eq!(next_size(8, Duration::from_secs(8)), 1);
        assert_eq!(next_size(8, Duration::ZERO), 16);
        assert_eq!(next_size(64, Duration::from_millis(200)), 32);
    }

    #[test]
    fn what_is_called_off_ends_behind_its_piece_and_a_whole_one_is_never_called_off() {
        let mut asked = 0;
        let ended = in_pieces(&[0; 5000], &mut |_| false, |piece| {
            asked += piece.len();
            Ok(())
        });
        assert!(matches!(ended, Err(EngineError::Cancelled)) && asked < 100, "{asked}");
        in_pieces(&[0], &mut |_| false, |_| Ok(())).unwrap();
    }
}
