//! The two vocabularies, compared as what they are: maps from token to id. Equal size means nothing,
//! and a padded table of rows is no other vocabulary.

use std::collections::BTreeMap;

use crate::engine::data::Dataset;
use crate::engine::model::{Model, ModelError};
use crate::engine::pair::Pair;
use crate::link::{Finding, Subject};
use crate::session::{Say as _, Sentence, say};

/// Share of unknown tokens from which on the student misses too much of the texts.
const UNKNOWN: f64 = 0.01;

/// How two vocabularies stand to one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// Every token has the same id in both.
    Same,
    /// The same, but one table has further rows that no token uses.
    Padded,
    /// Some tokens have other ids, or are missing.
    Different,
}

/// Compares two maps from token to id and the rows of the two tables.
pub fn likeness(ours: &BTreeMap<String, u32>, theirs: &BTreeMap<String, u32>, rows: [usize; 2]) -> Likeness {
    match (ours == theirs, rows[0] == rows[1]) {
        (true, true) => Likeness::Same,
        (true, false) => Likeness::Padded,
        (false, _) => Likeness::Different,
    }
}

/// The row on the vocabularies.
pub fn row(pair: &Pair, sample: &Dataset) -> Finding {
    let unknown = match unknown(&pair.student, sample) {
        Ok(unknown) => unknown,
        Err(e) => return super::refused(Subject::Vocabulary, e),
    };
    let says = compared(pair);
    if let Some(refused) = rows_unlike(pair) {
        return refused;
    }
    let row = if unknown > UNKNOWN {
        let share = say!(
            "{unknown} % of the sample's tokens are unknown to the student",
            unknown = format_args!("{:.1}", 100.0 * unknown)
        );
        let fix = say!("choose a student whose tokenizer knows the language of the texts");
        Finding::amber(Subject::Vocabulary, Sentence::joined([says, share], "; "), fix)
    } else {
        Finding::green(Subject::Vocabulary, says)
    };
    row.with("unknown", unknown).with("student", pair.student.tokens.size() as f64)
}

/// The row of a task over tokens whose teacher has another vocabulary.
fn rows_unlike(pair: &Pair) -> Option<Finding> {
    let unfit = pair.check_rows().err()?;
    let fix = say!("choose a teacher and a student of one vocabulary, or the task Classes");
    Some(Finding::red(Subject::Vocabulary, unfit.said(), fix))
}

fn compared(pair: &Pair) -> Sentence {
    let ours = &pair.student;
    let over_classes = pair.session.recipe.task.is_classes();
    let Some(teacher) = &pair.assets.teacher else {
        if !over_classes {
            return say!("the student has {tokens} tokens, and no teacher", tokens = ours.tokens.size());
        }
        let who = if pair.session.teacher().is_some() {
            say!("the teacher's is behind its server")
        } else {
            say!("no teacher")
        };
        return say!(
            "the student has {tokens} tokens; {who}, and class probabilities need none in common",
            tokens = ours.tokens.size(),
            who
        );
    };
    let (mine, theirs) = (ours.tokens.entries(), teacher.tokens.entries());
    let rows = [ours.config.vocabulary(), teacher.config.vocabulary()];
    match likeness(&mine, &theirs, rows) {
        Likeness::Same => say!("teacher and student have the same {mine} tokens", mine = mine.len()),
        Likeness::Padded => say!(
            "teacher and student have the same {mine} tokens; their tables have {teacher_rows} and {student_rows} rows, the further ones unused",
            mine = mine.len(),
            teacher_rows = rows[1],
            student_rows = rows[0]
        ),
        Likeness::Different => {
            let shared = mine.iter().filter(|(token, id)| theirs.get(*token) == Some(*id)).count();
            if !over_classes {
                return say!(
                    "teacher and student have {theirs} and {mine} tokens, {shared} of them with one id",
                    theirs = theirs.len(),
                    mine = mine.len(),
                    shared
                );
            }
            say!(
                "teacher and student have {theirs} and {mine} tokens, {shared} of them with one id; what is distilled here are the probabilities of classes, which need no common vocabulary",
                theirs = theirs.len(),
                mine = mine.len(),
                shared
            )
        }
    }
}

/// Share of the sample's tokens that the student's tokenizer does not know.
fn unknown(student: &Model, sample: &Dataset) -> Result<f64, ModelError> {
    let (mut all, mut unknown) = (0, 0);
    for example in &sample.train {
        let ids = student.tokens.encode_within(example.text(), student.max_tokens)?.ids;
        all += ids.len();
        unknown += ids.iter().filter(|id| student.tokens.is_unknown(**id)).count();
    }
    Ok(unknown as f64 / all.max(1) as f64)
}
