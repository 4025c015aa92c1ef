//! The classes of stored classifiers against those of the data: matched by name, or refused.

use crate::engine::loss::needs_teacher;
use crate::engine::model::{HeadKind, Model, Outputs, config_asks_several};
use crate::engine::pair::Pair;
use crate::link::{Finding, Subject};
use crate::session::{Sentence, say};

const SUBJECT: Subject = Subject::Classes;
/// Most classes that a sentence names.
const SHOWN: usize = 8;

/// The row on classes.
pub fn row(pair: &Pair) -> Finding {
    let classes = &pair.assets.data.classes;
    let asked = pair.session.teacher().is_some();
    let teacher = match (&pair.assets.teacher, asked) {
        (Some(model), _) => side(say!("the teacher"), model, classes),
        (None, true) => say!("the teacher answers by label words behind its server"),
        (None, false) => say!("there is no teacher"),
    };
    let outputs = pair.assets.teacher.as_ref().map(|model| &model.outputs);
    if let Some(trouble) = outputs.and_then(|outputs| outputs.trouble.as_ref()) {
        let (says, fix) =
            trouble.with_advice().unwrap_or_else(|| (trouble.clone(), say!("choose a teacher for these classes")));
        return unfit(pair, SUBJECT, say!("the teacher's classes are not the data's: {says}", says), fix);
    }
    let student = &pair.student.outputs;
    if let Some(trouble) = student.trouble.as_ref() {
        let (says, fix) =
            trouble.with_advice().unwrap_or_else(|| (trouble.clone(), say!("leave `classes` of the student out")));
        return Finding::red(SUBJECT, say!("of the student: {says}", says), fix);
    }
    if student.unnamed {
        let says = say!(
            "{teacher}; nothing names the outputs of the student's classifier, so they are taken for the data's classes in their order",
            teacher
        );
        return Finding::amber(
            SUBJECT,
            says,
            say!("name them in id2label of its config.json, or say which is which under `classes` of the student"),
        );
    }
    if student.replaced {
        let says = say!(
            "{teacher}; the student's stored classifier answers for other classes, {names}: a new one, with random weights, stands in its place",
            teacher,
            names = list(&student.names)
        );
        let fix =
            say!("if they are the data's classes by other names, say which is which under `classes` of the student");
        return Finding::amber(SUBJECT, says, fix);
    }
    let several = pair.assets.teacher.as_ref().filter(|model| !model.outputs.names.is_empty());
    if several.is_some_and(|model| config_asks_several(&model.config)) {
        let says = say!(
            "the teacher's classifier was trained to give a text several labels or a number (problem_type of its config.json); here its outputs are read as one choice among the classes"
        );
        return Finding::amber(
            SUBJECT,
            says,
            say!(
                "choose a teacher that was trained for one class of a text, or mind what it gets right before the first step"
            ),
        );
    }
    let left_out = outputs.map_or(&[][..], |outputs| &outputs.left_out);
    let says = Sentence::joined([teacher, side(say!("the student"), &pair.student, classes)], "; ");
    if left_out.is_empty() {
        return Finding::green(SUBJECT, says);
    }
    let says = say!(
        "{says}; outputs of the teacher that are no class are left out: {left_out}",
        says,
        left_out = list(left_out)
    );
    Finding::amber(SUBJECT, says, say!("make sure that no text of the data is of those classes"))
}

/// A row on a teacher that cannot teach: red where a loss learns from it; else the run goes on without it.
pub fn unfit(pair: &Pair, subject: Subject, says: Sentence, fix: Sentence) -> Finding {
    if needs_teacher(&pair.session.recipe) {
        return Finding::red(subject, says, fix);
    }
    Finding::amber(subject, say!("{says}; no loss learns from it, so the run goes on without it", says), fix)
}

fn side(who: Sentence, model: &Model, classes: &[String]) -> Sentence {
    let Outputs { names, order, .. } = &model.outputs;
    match (&model.top, names.is_empty(), order) {
        (HeadKind::Vocabulary, ..) => say!("{who} answers by label words", who),
        (_, true, _) => say!("{who}'s classifier is made for the data's classes", who),
        (_, false, None) => say!("{who}'s outputs are the data's classes, by name and in their order", who),
        (_, false, Some(order)) => {
            let pairs = classes.iter().zip(order).take(SHOWN);
            let pairs =
                pairs.map(|(class, output)| format!("{} → {class}", names.get(*output).map_or("?", String::as_str)));
            let more = if classes.len() > SHOWN { ", …" } else { "" };
            say!(
                "{who}'s outputs are matched to the data's classes by name: {pairs}{more}",
                who,
                pairs = pairs.collect::<Vec<_>>().join(", "),
                more
            )
        }
    }
}

fn list(names: &[String]) -> String {
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown}, …") } else { shown }
}
