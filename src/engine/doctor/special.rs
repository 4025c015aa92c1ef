//! The special tokens of both sides: those the student's task needs, and whether tokenizer and
//! configuration agree on the ends and the padding of texts.

use super::sided;
use crate::engine::model::{HeadKind, Kind, Model};
use crate::engine::pair::Pair;
use crate::link::{Finding, Subject};
use crate::session::{Sentence, say};

const SUBJECT: Subject = Subject::SpecialTokens;

/// The row on special tokens.
pub fn row(pair: &Pair) -> Finding {
    let student = &pair.student;
    let [pad, mask, ..] = student.tokens.roles();
    let masked = student.top == HeadKind::Vocabulary && student.architecture.kind == Kind::Encoder;
    if masked && mask.is_none() {
        let fix = say!("choose the classifier head, or put the mask token into tokenizer.json");
        return Finding::red(SUBJECT, say!("the student fills masks and its tokenizer has no mask token"), fix);
    }
    let trouble = pad_trouble(student, pad).or_else(|| first_trouble(student));
    if let Some(trouble) = trouble.or_else(|| ends_trouble(pair)) {
        return trouble;
    }
    let teacher = pair.assets.teacher.as_deref().map(|teacher| said("teacher", teacher));
    let all = [Some(said("student", student)), teacher].into_iter().flatten();
    Finding::green(SUBJECT, Sentence::joined(all, "; "))
}

fn said(side: &str, model: &Model) -> Sentence {
    let [pad, mask, unknown, end] = model.tokens.roles();
    let named = [(say!("padding"), pad), (say!("mask"), mask), (say!("unknown"), unknown), (say!("end"), end)];
    let there = named
        .into_iter()
        .filter_map(|(name, id)| Some(say!("{name} {id} ({word})", name, id = id?, word = model.tokens.word(id?)?)));
    say!("the {side}'s special tokens are there: {list}", side = sided(side), list = Sentence::joined(there, ", "))
}

/// Padding is masked here, so that any row will do; other programs go by the configuration.
fn pad_trouble(student: &Model, pad: Option<u32>) -> Option<Finding> {
    let named = student.config.ids("pad_token_id").first().copied();
    let Some(pad) = pad else {
        let other = named.and_then(|id| {
            Some(say!(
                ", and config.json names {id}, {word}, which is a token of texts",
                id,
                word = format_args!("{:?}", student.tokens.word(id)?)
            ))
        });
        let says = say!(
            "the student's tokenizer has no padding token{other}; here row 0 fills short texts and is never seen, other programs will ask for one",
            other = other.unwrap_or_default()
        );
        return Some(Finding::amber(
            SUBJECT,
            says,
            say!("add a padding token to tokenizer.json if the student is to be used elsewhere"),
        ));
    };
    if student.tokens.padding().is_none() {
        let says = say!(
            "the student's padding token {pad} has no row in its table; here row 0 fills short texts, other programs will fail",
            pad
        );
        return Some(Finding::amber(
            SUBJECT,
            says,
            say!("add a row for it to the model if the student is to be used elsewhere"),
        ));
    }
    let named = named?;
    (named != pad).then(|| {
        let says = say!("the padding token is {pad} in the tokenizer and {named} in config.json", pad, named);
        Finding::amber(SUBJECT, says, say!("make pad_token_id in config.json that of the tokenizer"))
    })
}

/// Two sides with one vocabulary that end or pad their texts by different tokens of it.
fn ends_trouble(pair: &Pair) -> Option<Finding> {
    let (student, teacher) = (&pair.student.tokens, &pair.assets.teacher.as_deref()?.tokens);
    if student.entries() != teacher.entries() {
        return None;
    }
    let ([pad, .., end], [their_pad, .., their_end]) = (student.roles(), teacher.roles());
    let both = [(say!("end"), end, their_end), (say!("padding"), pad, their_pad)];
    let (role, ours, theirs) = both.into_iter().find(|(_, ours, theirs)| ours != theirs)?;
    let word = |id: Option<u32>| id.and_then(|id| student.word(id)).map_or_else(|| say!("none"), Sentence::verbatim);
    let says = say!(
        "teacher and student have the same vocabulary, but the {role} token is {theirs} for the teacher and {ours} for the student",
        role,
        theirs = word(theirs),
        ours = word(ours)
    );
    Some(Finding::amber(
        SUBJECT,
        says,
        say!("make {role} tokens alike in tokenizer_config.json, unless both were trained so", role),
    ))
}

/// An encoder's classifier reads the first token, which should be the same for every text.
fn first_trouble(student: &Model) -> Option<Finding> {
    let reads_first = matches!(student.top, HeadKind::Classes(_)) && student.architecture.kind == Kind::Encoder;
    let first = |text: &str| student.tokens.encode(text, true).ok().and_then(|pieces| pieces.ids.first().copied());
    let alike = first("a") == first("b");
    (reads_first && !alike).then(|| {
        let says = say!("the classifier reads the first token, and the tokenizer puts none of its own there");
        Finding::amber(SUBJECT, says, say!("use a tokenizer.json with the post-processor that adds [CLS]"))
    })
}
