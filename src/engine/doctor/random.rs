//! Parts of the models that no file holds and that are filled at random: noise in a teacher, which is
//! never trained; in a student something that the run has to learn.

use super::classes::unfit;
use crate::engine::assets::noise;
use crate::engine::model::HeadKind;
use crate::engine::pair::Pair;
use crate::link::{Finding, Subject};
use crate::session::{Sentence, say};

const SUBJECT: Subject = Subject::RandomParts;
/// Most tensors that a sentence names.
const SHOWN: usize = 4;

/// The row on random parts.
pub fn row(pair: &Pair) -> Finding {
    let teacher = pair.assets.teacher.as_ref().zip(pair.session.teacher());
    if let Some((model, choice)) = teacher {
        let trouble = model.card.trouble.as_ref().filter(|_| model.outputs.trouble.is_none());
        if let Some((says, fix)) =
            trouble.map(|trouble| trouble.with_advice().unwrap_or_else(|| (trouble.clone(), say!("train it first"))))
        {
            let says = if says == noise() {
                say!("the teacher starts from random weights (init: Fresh) and can only teach noise")
            } else {
                say!("of the teacher: {says}", says)
            };
            return unfit(pair, SUBJECT, says, fix).with("teacher", model.card.random.len() as f64);
        }
        if !choice.needs_weights() {
            return unfit(
                pair,
                SUBJECT,
                say!("the teacher starts from random weights"),
                say!("set its init to Stored"),
            );
        }
    }
    let (student, choice) = (&pair.student, &pair.session.student);
    let random = &student.card.random;
    let row = match (&student.top, random.is_empty(), choice.needs_weights()) {
        (_, true, true) => Finding::green(SUBJECT, say!("everything is stored; nothing is filled at random")),
        (_, _, false) if choice.init.layer_map().is_none() => Finding::green(
            SUBJECT,
            say!("the student starts from random weights, as asked; nothing else is filled at random"),
        ),
        (_, true, false) => Finding::green(SUBJECT, say!("the student starts with another model's layers, as asked")),
        (HeadKind::Classes(_), ..) => Finding::green(
            SUBJECT,
            say!("the student gets a new classifier, which this run has to train: {random}", random = list(random)),
        ),
        (HeadKind::Vocabulary, ..) => Finding::amber(
            SUBJECT,
            say!("parts of the student are not stored and start at random: {random}", random = list(random)),
            say!(
                "choose a student with a head over its vocabulary, or the classifier head; or train long enough for a new one"
            ),
        ),
    };
    row.with("student", random.len() as f64)
}

fn list(names: &[String]) -> Sentence {
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(SHOWN);
    if more > 0 { say!("{shown} and {more} more", shown, more) } else { Sentence::verbatim(shown) }
}
