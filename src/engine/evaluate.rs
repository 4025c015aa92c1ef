//! Measuring both models: the test part as a table and as figures, and the validation part. Texts are
//! asked in pieces of about a tenth of a second, so that measuring can be watched and called off; what a
//! text is answered does not depend on its piece.

use std::path::Path;
use std::sync::Arc;

use super::data::{Example, Fields, gold};
use super::in_pieces::{Watch, in_pieces};
use super::measure::{self, temperature};
use super::pair::shown;
use super::predictions::PredictionsFile;
use super::train::Trainer;
use super::{EngineError, predictions, token_evaluation};
use crate::link::scores::{answer, divergence, likeliest};
use crate::link::{Measures, Prediction, Predictions, Side, TemperatureScaling, TokenPrediction};

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
    /// All of them.
    pub answers: Answers,
}

/// Both models' answers about the classes of one part; empty where tokens are told.
#[derive(Default)]
pub struct Answers {
    /// The right class of each text.
    pub gold: Vec<usize>,
    /// The student's log-probabilities, `[texts][classes]`.
    pub student: Vec<Vec<f32>>,
    /// The teacher's, where there is one.
    pub teacher: Option<Vec<Vec<f32>>>,
}

/// Asks both models about every test example and writes their answers into the folder `out`.
///
/// # Errors
/// [`EngineError`]; [`EngineError::Cancelled`] where the watch says so.
pub fn test(trainer: &mut Trainer, out: &Path, watch: &mut Watch) -> Result<TestResult, EngineError> {
    let data = Arc::clone(&trainer.pair.assets.data);
    if trainer.task.token_measures().is_some() {
        return over_tokens(trainer, out, watch);
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
        predictions: Predictions {
            step: trainer.step,
            rows: rows(&data.test, &student, teacher.as_deref()),
            ..Predictions::default()
        },
        student: measure::on_test(&truth, &student, teacher.as_deref(), classes),
        teacher: teacher.as_ref().map(|teacher| measure::on_test(&truth, teacher, None, classes)),
        unwritten,
        answers: Answers { gold: truth, student, teacher },
    })
}

/// The same of a task over tokens, sample by sample.
fn over_tokens(trainer: &Trainer, out: &Path, watch: &mut Watch) -> Result<TestResult, EngineError> {
    let (data, model) = (&trainer.pair.assets.data, &trainer.pair.student);
    let is_running = trainer.task.running().is_some();
    let mut rows: Vec<TokenPrediction> = Vec::new();
    let (student, teacher) = token_evaluation::sample_by_sample(trainer, &data.test, watch, |sample, told| {
        let example = told.example.filter(|_| !is_running);
        let of_example = example.and_then(|place| data.test.get(place)).map(|example| example.text().to_owned());
        let text = of_example.unwrap_or_else(|| token_evaluation::text(model, sample));
        rows.push(TokenPrediction { text, example, ..told });
    })?;
    let unwritten = predictions::of_samples::write(out, &rows, teacher.is_some()).err();
    for row in &mut rows {
        let example = row.example.and_then(|place| data.test.get(place));
        row.text = example.map_or_else(|| beginning(&row.text), |example| shown(&data.readable(example)));
    }
    let side = |test| Side { test, ..Side::default() };
    let predictions = Predictions { step: trainer.step, over_tokens: rows, ..Predictions::default() };
    Ok(TestResult {
        predictions,
        student: side(student),
        teacher: teacher.map(side),
        unwritten,
        answers: Answers::default(),
    })
}

/// The beginning of a stretch of running text, which is put under the lens as it stands: without a mark that it goes
/// on, which would be read as a token of it.
fn beginning(text: &str) -> String {
    const MOST: usize = 1000;
    text.char_indices().nth(MOST).map_or(text, |(end, _)| &text[..end]).to_owned()
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
        teacher: teacher.as_ref().map(|rows| measure::measures(measures, &truth, rows, None, classes)),
        answers: Answers { gold: truth, student, teacher },
    })
}

/// The temperature of each model, the student's and the teacher's, by their answers on the validation part, and what
/// it makes of those on the test part.
pub fn temperature_scaling(validation: &Answers, test: &Answers) -> (TemperatureScaling, Option<TemperatureScaling>) {
    let classes = test.student.first().or(validation.student.first()).map_or(0, Vec::len);
    let of = |rows: &[Vec<f32>], on_test: &[Vec<f32>]| {
        let fitted_to = temperature::Part { gold: &validation.gold, rows };
        temperature::scaling(fitted_to, temperature::Part { gold: &test.gold, rows: on_test }, classes)
    };
    let teacher = validation.teacher.as_ref().zip(test.teacher.as_ref());
    (of(&validation.student, &test.student), teacher.map(|(rows, on_test)| of(rows, on_test)))
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
    /// All answers.
    pub answers: Answers,
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
