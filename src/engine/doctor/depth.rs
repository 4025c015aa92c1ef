//! Layers and heads of teacher and student facing one another. Losses on class probabilities do not
//! mind either; losses on attention or hidden states need a map from layer to layer, and attention one
//! from head to head.

use crate::engine::pair::Pair;
use crate::link::{Finding, Subject};
use crate::session::{Sentence, Session, say};

/// How losses begin that compare layers, and what else they are called by in the literature.
const BETWEEN_LAYERS: [&str; 3] = ["attention", "hidden", "relation"];
/// How losses begin that compare attention map by attention map.
const BETWEEN_HEADS: &str = "attention";

/// The row on layers.
pub fn layers(session: &Session, pair: &Pair) -> Finding {
    let asked = session.recipe.terms.iter().any(|loss| BETWEEN_LAYERS.iter().any(|kind| loss.starts_with(kind)));
    match sides(pair, |card| card.layers) {
        Ok((teacher, student)) => layers_of(teacher, student, asked),
        Err(why) => unmet(Subject::Layers, why, asked),
    }
}

/// The row on layers of that many; `asked` if a loss of the recipe compares them.
pub fn layers_of(teacher: usize, student: usize, asked: bool) -> Finding {
    let row = if student > 0 && teacher.is_multiple_of(student) {
        let every = teacher / student;
        let facing: Vec<String> =
            (0..student).take(6).map(|layer| format!("{layer}–{}", (layer + 1) * every - 1)).collect();
        let more = if student > 6 { ", …" } else { "" };
        let says = say!(
            "{student} layers of the student divide the teacher's {teacher}: student–teacher {facing}{more}",
            student,
            teacher,
            facing = facing.join(", "),
            more
        );
        Finding::green(Subject::Layers, says)
    } else {
        let says = say!("the student's {student} layers do not divide the teacher's {teacher}", student, teacher);
        let fix =
            say!("choose a student whose number of layers divides {teacher}, or write the layer map by hand", teacher);
        unneeded(Subject::Layers, says, fix, asked)
    };
    row.with("teacher", teacher as f64).with("student", student as f64)
}

/// The row on heads.
pub fn heads(session: &Session, pair: &Pair) -> Finding {
    let asked = session.recipe.terms.iter().any(|loss| loss.starts_with(BETWEEN_HEADS));
    match sides(pair, |card| card.heads) {
        Ok((teacher, student)) => heads_of(teacher, student, asked),
        Err(why) => unmet(Subject::Heads, why, asked),
    }
}

/// The row on that many heads; `asked` if a loss of the recipe compares them.
pub fn heads_of(teacher: usize, student: usize, asked: bool) -> Finding {
    let row = if teacher == student {
        Finding::green(
            Subject::Heads,
            say!("both have {teacher} attention heads per layer, so maps can face one by one", teacher),
        )
    } else {
        let says = say!("the teacher has {teacher} attention heads per layer, the student {student}", teacher, student);
        let fix = say!("compare attention averaged over heads, or choose a student with as many heads");
        unneeded(Subject::Heads, says, fix.to_owned(), asked)
    };
    row.with("teacher", teacher as f64).with("student", student as f64)
}

fn sides(pair: &Pair, of: fn(&crate::link::ModelCard) -> usize) -> Result<(usize, usize), Sentence> {
    match (&pair.assets.teacher, pair.session.teacher()) {
        (Some(teacher), _) => Ok((of(&teacher.card), of(&pair.student.card))),
        (None, Some(_)) => Err(say!("the teacher is behind a server, which shows no layers")),
        (None, None) => Err(say!("there is no teacher to face")),
    }
}

/// A mismatch: worth a warning only to a recipe that compares the two.
fn unneeded(subject: Subject, says: Sentence, fix: Sentence, asked: bool) -> Finding {
    if asked {
        return Finding::amber(subject, says, fix);
    }
    Finding::green(subject, say!("{says}; no loss of this recipe compares them", says))
}

fn unmet(subject: Subject, why: Sentence, asked: bool) -> Finding {
    if asked {
        return Finding::red(subject, why, say!("choose a teacher with files, or leave out the losses between layers"));
    }
    Finding::green(subject, say!("{why}; no loss of this recipe compares them", why))
}
