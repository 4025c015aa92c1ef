//! The pair doctor: what a person should know of a session before its run, row by row. It opens the
//! pair as a run would, looks at a sample of the texts, and takes three real steps on a throwaway copy
//! of the student; nothing of a run is changed.
//!
//! Every row is a function of its own that gives one [`Finding`]. Trouble is a red row, never an error:
//! a check-up always has an answer.

pub mod activations;
pub mod answers;
pub mod beginnings;
pub mod classes;
pub mod depth;
pub mod evaluations;
pub mod kept_rows;
pub mod label_word_check;
pub mod left_out;
pub mod peak_memory;
pub mod permission;
pub mod positions;
pub mod random;
pub mod rate;
pub mod recipe;
pub mod run_pace;
pub mod sample;
pub mod server_budget;
pub mod special;
pub mod vocabulary_match;

use super::EngineError;
use super::pair::Pair;
use super::process_memory::resident_bytes;
use super::student_init::size;
use super::vetting::columns_unread;
use crate::link::{Checkup, Finding, Grade, Subject};
use crate::session::{Catalog, Prompt, Say, Sentence, Session, say};

/// Examines `session`. What `before` already holds of it (teacher and data, which nothing here changes)
/// is not read again. A server is not asked.
pub fn examine(session: &Session, before: Option<&Pair>, catalog: &Catalog) -> Checkup {
    examine_asking(session, before, catalog, None)
}

/// The same; where there is an `ask`, a teacher behind a server is asked about a few texts, which may cost
/// money, as long as it gives true.
pub fn examine_asking(
    session: &Session,
    before: Option<&Pair>,
    catalog: &Catalog,
    ask: Option<answers::Ask>,
) -> Checkup {
    let student = size::planned(session, classes(before)).ok();
    let failed = |says: Sentence| Finding::red(Subject::Opening, says, say!("mend what it names, then check again"));
    if let Some(problem) = session.problem() {
        return Checkup { findings: vec![failed(problem)], student };
    }
    match Pair::open(session, before) {
        Ok(pair) => {
            let student = Some(size::opened(&pair.student.card, session.recipe.optimizer));
            Checkup { findings: rows(session, pair, catalog, ask), student }
        }
        Err(e) => Checkup { findings: vec![failed(e.said())], student },
    }
}

/// Classes of the data, as far as they are known; two where they are not.
pub fn classes(before: Option<&Pair>) -> usize {
    before.map_or(2, |pair| pair.assets.data.classes.len())
}

fn rows(session: &Session, pair: Pair, catalog: &Catalog, ask: Option<answers::Ask>) -> Vec<Finding> {
    let notes =
        pair.student.card.notes.iter().chain(pair.assets.teacher.iter().flat_map(|teacher| &teacher.card.notes));
    let unread = columns_unread(session, &pair);
    let notes: Vec<Sentence> = notes.chain(&pair.assets.data.notes).chain(&unread).cloned().collect();
    let said =
        if notes.is_empty() { Sentence::default() } else { say!(" ({notes})", notes = Sentence::joined(notes, "; ")) };
    let resident = resident_bytes();
    let sample = sample::of(&pair);
    let over_classes = session.recipe.task.is_classes();
    let mut rows = vec![
        Finding::green(Subject::Opening, say!("models and data open{said}", said)),
        left_out::row(&pair.assets.data),
    ];
    rows.extend(over_classes.then(|| classes::row(&pair)));
    rows.extend([
        random::row(&pair),
        vocabulary_match::row(&pair, &sample),
        special::row(&pair),
        beginnings::row(session, &pair),
        positions::row(session, &pair, &sample),
        depth::layers(session, &pair),
        depth::heads(session, &pair),
    ]);
    rows.extend(over_classes.then(|| label_word_check::row(session, &pair)));
    rows.extend([recipe::row(session, &pair, catalog), rate::row(session, catalog)]);
    rows.extend(evaluations::row(session, &pair));
    rows.extend(permission::row(session));
    rows.extend(answers::row(session, &pair, &sample, ask));
    rows.extend(kept_rows::row(session, &pair, &sample, catalog));
    rows.extend(server_budget::row(session, &pair));
    let sound = rows.iter().all(|row| row.grade < Grade::Red);
    rows.push(peak_memory::row(session, &pair, &sample, resident));
    rows.push(if sound { run_pace::row(session, pair, &sample, catalog) } else { run_pace::not_taken() });
    rows
}

/// A side as a sentence names it.
fn sided(side: &str) -> Sentence {
    if side == "teacher" { say!("teacher") } else { say!("student") }
}

/// What a side is asked by.
fn prompt_of(side: &str, session: &Session) -> Prompt {
    if side == "teacher" { session.prompt.for_teacher() } else { session.prompt.for_student() }
}

/// The row of something that could not even be looked at.
fn refused(subject: Subject, error: impl Into<EngineError>) -> Finding {
    Finding::red(subject, error.into().said(), say!("mend what it names, then check again"))
}
