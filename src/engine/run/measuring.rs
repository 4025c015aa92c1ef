//! What is measured when a run ends. Whatever fails here is said and left out: the student is saved
//! by then.

use super::super::train::Trainer;
use super::super::{EngineError, evaluate};
use crate::link::{Predictions, Side};

/// The figures at the end of a run, as far as they could be had.
#[derive(Default)]
pub(super) struct Measured {
    /// The test part, row by row.
    pub predictions: Option<Predictions>,
    /// The teacher's side.
    pub teacher: Option<Side>,
    /// The student's side.
    pub student: Side,
    /// What could not be measured, and why.
    pub lacks: Vec<String>,
}

/// Measures both models, or without the teacher if it cannot be asked: `unasked` says that it could
/// not be before.
pub(super) fn at_the_end(trainer: &mut Trainer, unasked: Option<String>) -> Measured {
    let mut lacks = Vec::new();
    let mut tried = match unasked {
        Some(reason) => Err(reason),
        None => both(trainer).map_err(|e| e.to_string()),
    };
    if let (Err(reason), true) = (&tried, trainer.targets.is_some()) {
        lacks.push(format!("the teacher could not be measured at the end: {reason}"));
        trainer.targets = None;
        tried = both(trainer).map_err(|e| e.to_string());
    }
    let mut measured = tried.unwrap_or_else(|reason| {
        lacks.push(format!("the student could not be measured at the end: {reason}"));
        let parameters = trainer.pair.student.card.parameters;
        let pruned = trainer.pruner.pruned().unwrap_or(0);
        Measured { student: Side { parameters, pruned, ..Side::default() }, ..Measured::default() }
    });
    measured.lacks = lacks;
    measured
}

fn both(trainer: &mut Trainer) -> Result<Measured, EngineError> {
    let result = evaluate::test(trainer, |_, _| ())?;
    let (teacher, student) = evaluate::sides(trainer, &result)?;
    Ok(Measured { predictions: Some(result.predictions), teacher, student, lacks: Vec::new() })
}
