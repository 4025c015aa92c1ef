//! The token with which each side's texts begin: one that a model was trained with and does not get, or
//! gets twice, changes every answer and stops nothing.

use super::sided;
use crate::engine::data::{Example, Fields};
use crate::engine::model::{Kind, Model};
use crate::engine::pair::Pair;
use crate::link::{Finding, Subject};
use crate::session::{Prompt, Sentence, Session, say};

const SUBJECT: Subject = Subject::Beginnings;

/// What a model's texts begin with.
struct Beginning {
    side: &'static str,
    kind: Kind,
    /// The mark at the start, as its tokenizer writes it.
    mark: Option<String>,
    is_doubled: bool,
    /// A mark that its files name and that no text begins with.
    missing: Option<String>,
}

/// The row on what texts begin with.
pub fn row(session: &Session, pair: &Pair) -> Finding {
    let teacher = pair.assets.teacher.as_deref().map(|teacher| ("teacher", teacher));
    let sides = teacher.into_iter().chain([("student", &pair.student)]);
    let of = |(side, model)| beginning(side, model, super::prompt_of(side, session), pair);
    let found: Vec<Beginning> = sides.filter_map(of).collect();
    let said = found.iter().map(|found| match &found.mark {
        Some(mark) => say!("the {side}'s texts begin with {mark}", side = sided(found.side), mark),
        None => say!("the {side}'s texts begin with their own first token", side = sided(found.side)),
    });
    let says = Sentence::joined(said, ", ");
    if let Some(double) = found.iter().find(|found| found.is_doubled) {
        let says = say!("{says}, twice for the {side}", says, side = sided(double.side));
        return Finding::amber(
            SUBJECT,
            says,
            say!("take the token out of the template, or out of the tokenizer's post-processor"),
        );
    }
    if let Some((found, mark)) = found.iter().find_map(|found| Some((found, found.missing.as_ref()?))) {
        let says = say!("{says}; the files of the {side} name {mark} for it", says, side = sided(found.side), mark);
        let fix = say!(
            "put it into the post-processor of its tokenizer.json if it was trained with it, or accept it as it is"
        );
        return Finding::amber(SUBJECT, says, fix);
    }
    match found.as_slice() {
        [one, other]
            if one.kind == other.kind && one.kind == Kind::Decoder && one.mark.is_some() != other.mark.is_some() =>
        {
            let fix = say!(
                "make sure that both were trained so; the post-processor of tokenizer.json says what a text begins with"
            );
            Finding::amber(SUBJECT, say!("only one side has a first token of its own: {says}", says), fix)
        }
        [] => Finding::green(SUBJECT, say!("no text could be rendered; see the other rows")),
        _ => Finding::green(SUBJECT, says),
    }
}

fn beginning(side: &'static str, model: &Model, prompt: Prompt, pair: &Pair) -> Option<Beginning> {
    let prompt = Prompt { variants: Vec::new(), ..prompt };
    // Trouble with the prompt has a row of its own.
    let layout = &pair.assets.data.layout;
    let letters = vec!["a"; layout.names.len()];
    let example = Example::of(&Fields::new(layout, &letters));
    let prepared = pair.task(model, &prompt).ok()?.encode(model, &example, 0).ok()?;
    let pass = prepared.passes.first()?;
    let is_mark = |place: usize| {
        let (id, own) = (pass.ids.get(place)?, pass.from_text.get(place)?);
        (!own && model.tokens.is_special(*id)).then_some(*id)
    };
    let (first, second) = (is_mark(0), is_mark(1));
    let tokens = &model.tokens;
    // Where one token ends a text and begins the next, a text alone may well do without.
    let named = tokens.begin().filter(|begin| tokens.end() != Some(*begin) && tokens.names_begin());
    let misses = model.architecture.kind == Kind::Decoder && first.is_none();
    Some(Beginning {
        side,
        kind: model.architecture.kind,
        mark: first.and_then(|id| tokens.word(id)),
        is_doubled: first.is_some() && first == second,
        missing: named.filter(|_| misses).and_then(|id| tokens.word(id)),
    })
}
