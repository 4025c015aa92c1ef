//! What is measured when a run ends. Whatever fails here or is called off is said and left out: the
//! student is saved by then.

use std::path::Path;
use std::time::Instant;

use super::super::evaluate;
use super::super::in_pieces::Watch;
use super::super::model::StudentFiles;
use super::super::train::Trainer;
use super::super::{EngineError, speed};
use super::Engine;
use crate::link::{Measuring, Predictions, Side};
use crate::session::run_folder::STUDENT;
use crate::session::{Say, Sentence, say};

/// The figures at the end of a run, as far as they could be had.
#[derive(Default)]
pub(super) struct Measured {
    /// The test part, row by row.
    pub predictions: Option<Predictions>,
    /// The teacher's side.
    pub teacher: Option<Side>,
    /// The student's side.
    pub student: Side,
    /// What could not be measured or written, and why.
    pub lacks: Vec<Sentence>,
}

impl Engine<'_> {
    /// Measures both models at the end of a run in `out`, which may take minutes: it tells how far it is,
    /// and a stop ends it. Other orders wait.
    pub(super) fn measure_at_the_end(
        &mut self,
        trainer: &mut Trainer,
        out: &Path,
        unasked: Option<Sentence>,
    ) -> Measured {
        let data = &trainer.pair.assets.data;
        let mut measuring = Measuring { done: 0, total: (data.test.len() + data.validation.len()) as u64 };
        let begun = Instant::now();
        let mut watch = |texts: u64| {
            measuring.done += texts;
            // From here on its own pace says more than that of the steps.
            self.news.status.pace.secs_at_end = begun.elapsed().as_secs_f64() / measuring.share().max(1e-6);
            self.news.measuring(measuring);
            !self.orders.stop()
        };
        let measured = at_the_end(trainer, out, unasked, &mut watch);
        self.news.status.measuring = None;
        measured
    }
}

/// Why there are no figures.
enum Untold {
    Stopped,
    Reason(Sentence),
}

impl Untold {
    fn of(error: EngineError) -> Self {
        if matches!(error, EngineError::Cancelled) { Self::Stopped } else { Self::Reason(error.said()) }
    }
}

/// Measures both models, or without the teacher if it cannot be asked: `unasked` says that it could
/// not be before.
fn at_the_end(trainer: &mut Trainer, out: &Path, unasked: Option<Sentence>, watch: &mut Watch) -> Measured {
    let mut lacks = Vec::new();
    let mut tried = match unasked {
        Some(reason) => Err(Untold::Reason(reason)),
        None => both(trainer, out, watch).map_err(Untold::of),
    };
    if let (Err(Untold::Reason(reason)), true) = (&tried, trainer.teacher.is_some()) {
        lacks.push(say!("the teacher could not be measured at the end: {reason}", reason));
        trainer.teacher = None;
        tried = both(trainer, out, watch).map_err(Untold::of);
    }
    let mut measured = tried.unwrap_or_else(|reason| {
        lacks.push(match reason {
            Untold::Stopped => say!("the models were not measured at the end: that was stopped"),
            Untold::Reason(reason) => say!("the student could not be measured at the end: {reason}", reason),
        });
        Measured { student: student_side(trainer, Side::default()), ..Measured::default() }
    });
    lacks.append(&mut measured.lacks);
    measured.lacks = lacks;
    measured.student.bytes = StudentFiles::weight_bytes_in(&out.join(STUDENT));
    measured
}

fn both(trainer: &mut Trainer, out: &Path, watch: &mut Watch) -> Result<Measured, EngineError> {
    let result = evaluate::test(trainer, out, watch)?;
    let mut lacks: Vec<Sentence> = result.unwritten.iter().map(Say::said).collect();
    let validation = evaluate::validation(trainer, watch);
    let stopped = matches!(validation, Err(EngineError::Cancelled));
    if stopped {
        lacks.push(say!("the validation part was not measured at the end: that was stopped"));
    }
    let validated = if stopped { evaluate::Validated::default() } else { validation? };
    let over_classes = trainer.task.token_measures().is_none() && !stopped;
    let scaling = over_classes.then(|| evaluate::temperature_scaling(&validated.answers, &result.answers));
    let (scaling, scaling_of_teacher) = scaling.unzip();
    let (ours, theirs) = (validated.student, validated.teacher);
    let mut student = student_side(trainer, Side { validation: ours, temperature_scaling: scaling, ..result.student });
    let card = trainer.pair.teacher_card();
    let mut teacher = card.zip(result.teacher).map(|(card, side)| Side {
        parameters: card.parameters,
        validation: theirs.unwrap_or_default(),
        temperature_scaling: scaling_of_teacher.flatten(),
        bytes: trainer.pair.assets.teacher.as_ref().and_then(|model| model.files.weight_bytes()),
        ..side
    });
    if !stopped {
        lacks.extend(
            time(trainer, &mut student, teacher.as_mut()).err().map(|e| say!("speed was not measured: {e}", e)),
        );
    }
    Ok(Measured { predictions: Some(result.predictions), teacher, student, lacks })
}

/// Fewer test texts than this may well be answered alike.
const FEW: usize = 20;

/// What is said of a student that names one class whatever the text, although the texts are of several.
/// While it trains that is no alarm: many begin so.
pub(super) fn all_alike(predictions: &Predictions, classes: &[String]) -> Option<Sentence> {
    let rows = &predictions.rows;
    let (first, gold) = rows.first().map(|row| (row.student.0, row.gold))?;
    let alike = rows.iter().all(|row| row.student.0 == first) && rows.iter().any(|row| row.gold != gold);
    let class = classes.get(first).map_or("?", String::as_str);
    (alike && rows.len() >= FEW).then(|| {
        say!("the student names {class} for all of {rows} test texts: it has learned nothing that tells them apart; another learning rate, more steps or a student with stored weights usually help", class = format_args!("{class:?}"), rows = rows.len())
    })
}

/// What is known of the student beside its figures.
fn student_side(trainer: &Trainer, side: Side) -> Side {
    let pruned = trainer.pruner.pruned().unwrap_or(0);
    Side { parameters: trainer.pair.student.card.parameters, pruned, ..side }
}

fn time(trainer: &Trainer, student: &mut Side, teacher: Option<&mut Side>) -> Result<(), EngineError> {
    let (pair, prompt) = (&trainer.pair, &trainer.session.prompt);
    let [ours, theirs] = speed::of_both(pair, prompt)?;
    student.speed = ours;
    if let Some(teacher) = teacher {
        teacher.speed = theirs;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Prediction;

    fn predictions(answers: impl IntoIterator<Item = (usize, usize)>) -> Predictions {
        let row = |(gold, student)| Prediction {
            text: String::new(),
            gold,
            teacher: None,
            student: (student, 0.9),
            kl: None,
        };
        Predictions { step: 10, rows: answers.into_iter().map(row).collect(), ..Predictions::default() }
    }

    #[test]
    fn only_a_student_that_names_one_class_for_texts_of_several_is_said_to_have_learned_nothing() {
        let classes = ["a".to_owned(), "b".to_owned()];
        let said = all_alike(&predictions((0..40).map(|row| (row % 2, 1))), &classes).unwrap();
        assert!(said.contains("\"b\" for all of 40 test texts"), "{said}");
        for sound in [
            predictions((0..40).map(|row| (row % 2, usize::from(row == 3)))),
            predictions((0..40).map(|_| (1, 1))),
            predictions((0..10).map(|row| (row % 2, 1))),
            predictions([]),
        ] {
            assert_eq!(all_alike(&sound, &classes), None);
        }
    }
}
