//! Measuring both models: the test part as a table and as figures.

use std::sync::Arc;

use super::EngineError;
use super::measure;
use super::pair::shown;
use super::train::Trainer;
use crate::link::scores::{answer, divergence};
use crate::link::{Measures, Prediction, Predictions, Side};

/// Both models on the test part.
pub struct TestResult {
    /// One row per example.
    pub predictions: Predictions,
    /// The student's figures.
    pub student: Measures,
    /// The teacher's figures.
    pub teacher: Option<Measures>,
}

/// Asks both models about every test example, telling `progress` (done, total) now and then.
///
/// # Errors
/// [`EngineError`].
pub fn test(trainer: &mut Trainer, mut progress: impl FnMut(u64, u64)) -> Result<TestResult, EngineError> {
    const CHUNK: usize = 256;
    let data = Arc::clone(&trainer.pair.data);
    let (mut student, mut teacher) = (Vec::new(), Vec::new());
    for chunk in data.test.chunks(CHUNK) {
        let texts: Vec<&str> = chunk.iter().map(|example| &*example.text).collect();
        student.extend(trainer.student_answers(&texts)?);
        if let Some(answers) = trainer.teacher_answers(&texts)? {
            teacher.extend(answers.iter().map(|answer| answer.to_vec()));
        }
        progress(student.len() as u64, data.test.len() as u64);
    }
    let teacher = trainer.targets.is_some().then_some(teacher);
    let gold = super::data::gold(&data.test);
    let classes = data.classes.len();
    let row = |(i, example): (usize, &super::data::Example)| {
        let theirs = teacher.as_ref().and_then(|teacher| teacher.get(i));
        Prediction {
            text: shown(&example.text),
            gold: gold.get(i).copied().unwrap_or_default(),
            teacher: theirs.map(|scores| answer(scores)),
            student: answer(&student[i]),
            kl: theirs.map(|scores| divergence(scores, &student[i]) as f32),
        }
    };
    Ok(TestResult {
        predictions: Predictions { step: trainer.step, rows: data.test.iter().enumerate().map(row).collect() },
        student: measure::measures(&gold, &student, teacher.as_deref(), classes),
        teacher: teacher.as_ref().map(|teacher| measure::measures(&gold, teacher, None, classes)),
    })
}

/// The teacher's and the student's side of a summary.
///
/// # Errors
/// [`EngineError`].
pub fn sides(trainer: &mut Trainer, result: &TestResult) -> Result<(Option<Side>, Side), EngineError> {
    let validation = trainer.validate()?;
    let data = Arc::clone(&trainer.pair.data);
    let texts: Vec<&str> = data.validation.iter().map(|example| &*example.text).collect();
    let gold = super::data::gold(&data.validation);
    let answers = trainer.teacher_answers(&texts)?;
    let rows = answers.map(|rows| rows.iter().map(|row| row.to_vec()).collect::<Vec<_>>());
    let teacher = match (trainer.pair.teacher_card(), rows) {
        (Some(card), Some(rows)) => Some(Side {
            parameters: card.parameters,
            pruned: 0,
            validation: measure::measures(&gold, &rows, None, data.classes.len()),
            test: result.teacher.clone().unwrap_or_default(),
        }),
        _ => None,
    };
    let student = Side {
        parameters: trainer.pair.student.card.parameters,
        pruned: trainer.pruner.pruned()?,
        validation,
        test: result.student.clone(),
    };
    Ok((teacher, student))
}
