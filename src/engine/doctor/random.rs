//! Parts of the models that no file holds and that are filled at random: noise in a teacher, which is
//! never trained; in a student something that the run has to learn.

use super::classes::unfit;
use crate::engine::model::HeadKind;
use crate::engine::pair::Pair;
use crate::link::{Finding, Subject};

const SUBJECT: Subject = Subject::RandomParts;
/// Most tensors that a sentence names.
const SHOWN: usize = 4;

/// The row on random parts.
pub fn row(pair: &Pair) -> Finding {
    let teacher = pair.teacher.as_ref().zip(pair.session.models.teacher.as_ref());
    if let Some((model, choice)) = teacher {
        let trouble = model.card.trouble.as_deref().filter(|_| model.outputs.trouble.is_none());
        if let Some((says, fix)) =
            trouble.map(|trouble| trouble.split_once("; ").unwrap_or((trouble, "train it first")))
        {
            let says = says
                .strip_prefix("it ")
                .map_or_else(|| format!("of the teacher: {says}"), |rest| format!("the teacher {rest}"));
            return unfit(pair, SUBJECT, says, fix).with("teacher", model.card.random.len() as f64);
        }
        if !choice.needs_weights() {
            return unfit(
                pair,
                SUBJECT,
                "the teacher starts from random weights".to_owned(),
                "set its start to Stored",
            );
        }
    }
    let (student, choice) = (&pair.student, &pair.session.models.student);
    let random = &student.card.random;
    let row = match (&student.top, random.is_empty(), choice.needs_weights()) {
        (_, true, true) => Finding::green(SUBJECT, "everything is stored; nothing is filled at random"),
        (_, _, false) if choice.layers.is_none() => Finding::green(
            SUBJECT,
            "the student starts from random weights, as asked; nothing else is filled at random",
        ),
        (_, true, false) => Finding::green(SUBJECT, "the student starts with another model's layers, as asked"),
        (HeadKind::Classes(_), ..) => Finding::green(
            SUBJECT,
            format!("the student gets a new classifier, which this run has to train: {}", list(random)),
        ),
        (HeadKind::Vocabulary, ..) => Finding::amber(
            SUBJECT,
            format!("parts of the student are not stored and start at random: {}", list(random)),
            "choose a student with a head over its vocabulary, or the classifier head; or train long enough for a new one",
        ),
    };
    row.with("student", random.len() as f64)
}

fn list(names: &[String]) -> String {
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(SHOWN);
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}
