//! Whether teacher and student have one vocabulary, so that their rows over it can be compared outcome by outcome: the
//! same tokens under the same ids, and the same ids for the same texts. The number of rows says nothing: heads are
//! padded to even sizes, and two vocabularies of one size may have nothing in common.

use std::collections::BTreeMap;

use super::data::Example;
use super::model::{Model, ModelError, Tokens, tokens::Around};
use crate::session::{Sentence, say};

/// Texts that are cut into tokens by both.
const TEXTS: usize = 32;

/// Why the rows of `teacher` over a vocabulary cannot teach `student`, and what can; `None` where they can. The first
/// `outcomes` of both are compared.
///
/// # Errors
/// If a text cannot be encoded.
pub fn problem(
    teacher: &Model,
    student: &Model,
    outcomes: usize,
    texts: &[Example],
) -> Result<Option<Sentence>, ModelError> {
    if teacher.architecture.kind != student.architecture.kind {
        let why = say!(
            "it is not of the student's kind (one reads, the other writes), so that the two tell other tokens at a place of a text"
        );
        return Ok(Some(other_ways(why)));
    }
    if teacher.max_tokens < student.max_tokens {
        let (most, longest) = (teacher.max_tokens, student.max_tokens);
        return Ok(Some(say!(
            "it reads {most} tokens and the student {longest}; set the student's max_tokens to {most} or less",
            most,
            longest
        )));
    }
    let (theirs, ours) = (&*teacher.tokens, &*student.tokens);
    if let Some(why) = other_tokens(theirs, ours, outcomes).or_else(|| other_marks(theirs, ours)) {
        return Ok(Some(other_ways(why)));
    }
    let spread = (texts.len() / TEXTS).max(1);
    for text in texts.iter().step_by(spread).take(TEXTS) {
        let encoded = |tokens: &Tokens| tokens.encode_around(text.text(), 0..text.text().len(), Around::Both);
        if encoded(theirs)?.ids != encoded(ours)?.ids {
            return Ok(Some(other_ways(say!(
                "it has the student's tokens and cuts texts into other ones of them, or puts other marks around them"
            ))));
        }
    }
    Ok(None)
}

fn other_ways(why: Sentence) -> Sentence {
    Sentence::joined(
        [
            why,
            say!(
                "choose a teacher and a student of one vocabulary, or the task Classes, which learns from any teacher by label words"
            ),
        ],
        "; ",
    )
}

/// That a token has another id in one of them, or is missing there.
fn other_tokens(theirs: &Tokens, ours: &Tokens, outcomes: usize) -> Option<Sentence> {
    let by_id = |tokens: &Tokens| -> BTreeMap<u32, String> {
        let entries = tokens.entries().into_iter().map(|(word, id)| (id, word));
        entries.filter(|(id, _)| (*id as usize) < outcomes).collect()
    };
    let (theirs, ours) = (by_id(theirs), by_id(ours));
    let ids = theirs.keys().chain(ours.keys()).collect::<std::collections::BTreeSet<_>>();
    let all = ids.len();
    let other: Vec<&u32> = ids.into_iter().filter(|id| theirs.get(id) != ours.get(id)).collect();
    let first = **other.first()?;
    let named = |words: &BTreeMap<u32, String>| words.get(&first).map_or("–".to_owned(), |word| format!("{word:?}"));
    Some(say!(
        "{count} of {all} tokens are not the student's: {id} is {theirs} with it and {ours} with the student",
        count = other.len(),
        all,
        id = first,
        theirs = named(&theirs),
        ours = named(&ours)
    ))
}

/// That the two end or mask a text by other tokens.
fn other_marks(theirs: &Tokens, ours: &Tokens) -> Option<Sentence> {
    let marks = |tokens: &Tokens| [tokens.end(), tokens.mask().map(|(_, id)| id)];
    (marks(theirs) != marks(ours)).then(|| {
        say!(
            "it ends or masks a text by another token than the student, so that the student would learn a mark that it does not stop at"
        )
    })
}
