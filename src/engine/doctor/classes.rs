//! The classes of stored classifiers against those of the data: matched by name, or refused.

use crate::engine::loss::needs_teacher;
use crate::engine::model::{HeadKind, Model, Outputs, config_asks_several};
use crate::engine::pair::Pair;
use crate::link::{Finding, Subject};

const SUBJECT: Subject = Subject::Classes;
/// Most classes that a sentence names.
const SHOWN: usize = 8;

/// The row on classes.
pub fn row(pair: &Pair) -> Finding {
    let classes = &pair.data.classes;
    let asked = pair.session.models.teacher.is_some();
    let teacher = match (&pair.teacher, asked) {
        (Some(model), _) => side("the teacher", model, classes),
        (None, true) => "the teacher answers by label words behind its server".to_owned(),
        (None, false) => "there is no teacher".to_owned(),
    };
    let outputs = pair.teacher.as_ref().map(|model| &model.outputs);
    if let Some(trouble) = outputs.and_then(|outputs| outputs.trouble.as_deref()) {
        let (says, fix) = trouble.split_once("; ").unwrap_or((trouble, "choose a teacher for these classes"));
        return unfit(pair, SUBJECT, format!("the teacher's classes are not the data's: {says}"), fix);
    }
    let student = &pair.student.outputs;
    if let Some(trouble) = student.trouble.as_deref() {
        let (says, fix) = trouble.split_once("; ").unwrap_or((trouble, "leave `classes` of the student out"));
        return Finding::red(SUBJECT, format!("of the student: {says}"), fix);
    }
    if student.unnamed {
        let says = format!(
            "{teacher}; nothing names the outputs of the student's classifier, so they are taken for the data's classes in their order"
        );
        return Finding::amber(
            SUBJECT,
            says,
            "name them in id2label of its config.json, or say which is which under `classes` of the student",
        );
    }
    if student.replaced {
        let says = format!(
            "{teacher}; the student's stored classifier answers for other classes, {}: a new one, with random weights, stands in its place",
            list(&student.names)
        );
        let fix = "if they are the data's classes by other names, say which is which under `classes` of the student";
        return Finding::amber(SUBJECT, says, fix);
    }
    let several = pair.teacher.as_ref().filter(|model| !model.outputs.names.is_empty());
    if several.is_some_and(|model| config_asks_several(&model.config)) {
        let says = "the teacher's classifier was trained to give a text several labels or a number (problem_type of its config.json); here its outputs are read as one choice among the classes";
        return Finding::amber(
            SUBJECT,
            says,
            "choose a teacher that was trained for one class of a text, or mind what it gets right before the first step",
        );
    }
    let left_out = outputs.map_or(&[][..], |outputs| &outputs.left_out);
    let says = format!("{teacher}; {}", side("the student", &pair.student, classes));
    if left_out.is_empty() {
        return Finding::green(SUBJECT, says);
    }
    let says = format!("{says}; outputs of the teacher that are no class are left out: {}", list(left_out));
    Finding::amber(SUBJECT, says, "make sure that no text of the data is of those classes")
}

/// A row on a teacher that cannot teach: red where a loss learns from it; else the run goes on without it.
pub fn unfit(pair: &Pair, subject: Subject, says: String, fix: &str) -> Finding {
    if needs_teacher(&pair.session.recipe) {
        return Finding::red(subject, says, fix);
    }
    Finding::amber(subject, format!("{says}; no loss learns from it, so the run goes on without it"), fix)
}

fn side(who: &str, model: &Model, classes: &[String]) -> String {
    let Outputs { names, order, .. } = &model.outputs;
    match (&model.top, names.is_empty(), order) {
        (HeadKind::Vocabulary, ..) => format!("{who} answers by label words"),
        (_, true, _) => format!("{who}'s classifier is made for the data's classes"),
        (_, false, None) => format!("{who}'s outputs are the data's classes, by name and in their order"),
        (_, false, Some(order)) => {
            let pairs = classes.iter().zip(order).take(SHOWN);
            let pairs =
                pairs.map(|(class, output)| format!("{} → {class}", names.get(*output).map_or("?", String::as_str)));
            let more = if classes.len() > SHOWN { ", …" } else { "" };
            format!(
                "{who}'s outputs are matched to the data's classes by name: {}{more}",
                pairs.collect::<Vec<_>>().join(", ")
            )
        }
    }
}

fn list(names: &[String]) -> String {
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown}, …") } else { shown }
}
