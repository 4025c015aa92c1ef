//! What is worth knowing of a run before its first step: what the teacher gets right on the validation
//! part, beside chance and beside a bag of words; which of its outputs is which class; how many texts
//! are cut. What opening the models met stands on their cards.
//!
//! The bag of words learns from few of the labels and is judged by few of the texts, so that it takes a
//! second or so: it is a bar that a teacher should clear with ease, not the control of `retort baseline`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::EngineError;
use super::data::{Example, Fields};
use super::measure::linear_baseline;
use super::model::{HeadKind, Kind, Model};
use super::pair::Pair;
use super::prompt::Template;
use super::teacher::CachedTeacher;
use super::train::Trainer;
use crate::link::grouped;
use crate::link::scores::likeliest;
use crate::session::{Prompt, Sentence, Session, say};

/// Most labelled texts that the bag of words learns from.
const LEARNED: usize = 1000;
/// Most validation texts that it is judged by.
const JUDGED: usize = 500;
/// Most classes for which it is made: its cost grows with them.
const CLASSES: usize = 100;
/// Fewest texts by which a teacher is called no better than chance.
const FEWEST: usize = 16;

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Vetted {
    /// What the teacher gets right, in a sentence.
    pub says: Sentence,
    /// Why that is little, and what to do; `None` where it is not.
    pub warning: Option<Sentence>,
}

/// Whether the teacher can be vetted now: there are texts to judge it by, and no server would have to be
/// asked for its answers.
pub fn can_vet(trainer: &Trainer) -> bool {
    let texts = &trainer.pair.assets.data.validation;
    let at_hand =
        |targets: &CachedTeacher| !targets.asks_singly() || texts.iter().all(|text| targets.knows(&text.fields));
    !texts.is_empty() && trainer.teacher.as_ref().is_some_and(at_hand)
}

/// The teacher's accuracy on the validation part, from answers that the first evaluation needs anyway;
/// `None` where there are none.
///
/// # Errors
/// [`EngineError`] if the teacher cannot answer.
pub fn teacher(trainer: &mut Trainer) -> Result<Option<Vetted>, EngineError> {
    let data = Arc::clone(&trainer.pair.assets.data);
    let texts: Vec<Fields> = data.validation.iter().map(|example| example.fields.clone()).collect();
    let Some(answers) = trainer.teacher_answers(&texts)? else { return Ok(None) };
    let right =
        data.validation.iter().zip(&answers).filter(|(example, row)| Some(likeliest(row)) == example.class()).count();
    let accuracy = right as f64 / texts.len() as f64;
    let classes = data.classes.len();
    let (commonest, bar) = (commonest(&data.validation, classes), bag_of_words(&trainer.pair));
    Ok(Some(judged(accuracy, texts.len(), commonest, bar)))
}

fn judged(accuracy: f64, texts: usize, commonest: f64, bar: Option<f64>) -> Vetted {
    let bag = bar.map_or(Sentence::default(), |bar| {
        say!(", a bag of words that learned from few labels {bar}", bar = format_args!("{bar:.3}"))
    });
    let says = say!(
        "the teacher's validation accuracy is {accuracy} over {texts} texts (always the commonest class: {commonest}{bag})",
        accuracy = format_args!("{accuracy:.3}"),
        texts,
        commonest = format_args!("{commonest:.3}"),
        bag
    );
    // One standard error of a share of so many texts.
    let error = |share: f64| (share * (1.0 - share) / texts.max(1) as f64).sqrt();
    let near_chance = texts >= FEWEST && accuracy <= commonest + error(commonest);
    let below = |bar: &f64| texts >= FEWEST && accuracy + error(accuracy) < *bar;
    let warning = if near_chance {
        Some(say!(
            "the teacher's validation accuracy of {accuracy} is no better than always answering the commonest class ({commonest}): the student would learn noise; check its prompt and label words, or choose another teacher",
            accuracy = format_args!("{accuracy:.3}"),
            commonest = format_args!("{commonest:.3}")
        ))
    } else {
        bar.filter(below).map(|bar| {
            say!("the teacher's validation accuracy of {accuracy} is below that of a bag of words ({bar}): check its prompt and label words, or train without it", accuracy = format_args!("{accuracy:.3}"), bar = format_args!("{bar:.3}"))
        })
    };
    Vetted { says, warning }
}

/// Share of the commonest class.
fn commonest(part: &[Example], classes: usize) -> f64 {
    let mut counts = vec![0usize; classes];
    let labels = part.iter().filter_map(|example| example.class());
    labels.for_each(|label| counts.get_mut(label).into_iter().for_each(|count| *count += 1));
    counts.into_iter().max().unwrap_or(0) as f64 / part.len().max(1) as f64
}

/// Accuracy of a bag of words on a part of the validation texts; `None` where it would cost too much.
fn bag_of_words(pair: &Pair) -> Option<f64> {
    let data = &pair.assets.data;
    let labelled = data.train.iter().zip(&data.labelled).filter(|(_, labelled)| **labelled).map(|(example, _)| example);
    let labelled: Vec<&Example> = labelled.collect();
    if labelled.is_empty() || data.classes.len() > CLASSES {
        return None;
    }
    let spread = |all: &[&Example], most: usize| -> Vec<Example> {
        all.iter().step_by(all.len().div_ceil(most).max(1)).map(|example| (*example).clone()).collect()
    };
    let validation: Vec<&Example> = data.validation.iter().collect();
    let (train, judged) = (spread(&labelled, LEARNED), spread(&validation, JUDGED));
    Some(linear_baseline::accuracy(&train, &judged, data.classes.len(), 1, pair.session.recipe.seed))
}

/// What else a person should know of a run's start and no card says, in sentences.
pub fn notes(trainer: &Trainer) -> Vec<Sentence> {
    let pair = &trainer.pair;
    let student = &pair.student;
    let teacher = pair.assets.teacher.as_ref().and_then(|teacher| Some((teacher, teacher.outputs.order.as_ref()?)));
    let ordered = teacher.map(|(teacher, order)| {
        let pairs = pair.assets.data.classes.iter().zip(order);
        let pairs = pairs.map(|(class, output)| {
            format!("{} → {class}", teacher.outputs.names.get(*output).map_or("?", String::as_str))
        });
        let left_out = &teacher.outputs.left_out;
        let left_out =
            if left_out.is_empty() { Sentence::default() } else { say!("; left out: {few}", few = few(left_out)) };
        say!(
            "the teacher's outputs are matched to the data's classes by name: {few}{left_out}",
            few = few(&pairs.collect::<Vec<_>>()),
            left_out
        )
    });
    let (texts, tokens, of) = trainer.cut();
    let cut = (texts > 0).then(|| {
        say!("{texts} of {of} training texts are longer than the student's {max_tokens} tokens and are cut at the end, {tokens} tokens in all", texts, of, max_tokens = student.max_tokens, tokens)
    });
    // A teacher with trouble that is not left out was asked to start at random.
    let random = pair.assets.teacher.as_ref().and_then(|teacher| teacher.card.trouble.as_ref());
    let random = random.filter(|_| pair.left_out().is_none()).map(|why| say!("the teacher: {why}", why));
    let classifies = matches!(student.top, HeadKind::Classes(_));
    let unread = trainer.session.prompt.student.as_ref().filter(|_| classifies).map(|_| {
        say!(
            "the student answers by a classifier, which reads the bare text: its own prompt is not read; set its head to LabelWords to have it read"
        )
    });
    let columns = columns_unread(&trainer.session, pair);
    let frozen = trainer.rates.trainable().map(|trainable| {
        say!(
            "{trainable} of the student's {all} parameters learn; recipe.groups freezes the others",
            trainable = grouped(trainable),
            all = grouped(student.card.parameters)
        )
    });
    pair.left_out()
        .into_iter()
        .chain(random)
        .chain(ordered)
        .chain(cut)
        .chain(unread)
        .chain(columns)
        .chain(frozen)
        .chain(trainer.rates.tied().cloned())
        .collect()
}

/// Columns of the text that a side is never shown because its templates leave them out, in sentences.
pub fn columns_unread(session: &Session, pair: &Pair) -> Vec<Sentence> {
    let layout = &pair.assets.data.layout;
    let kind_of = |model: &Model| (model.top == HeadKind::Vocabulary).then_some(model.architecture.kind);
    let far = || session.teacher().map(|_| Kind::Decoder);
    let teacher = pair.assets.teacher.as_deref().map_or_else(far, kind_of);
    // Variants are for training: a teacher is asked by the first template.
    let asked = Prompt { variants: Vec::new(), ..session.prompt.for_teacher() };
    let left_out = |prompt: &Prompt, kind| {
        let templates = prompt.templates().filter_map(|template| Template::parse(template, layout).ok());
        let columns: BTreeSet<&str> = templates.flat_map(|template| template.left_out(layout, kind)).collect();
        columns.into_iter().collect::<Vec<_>>().join(", ")
    };
    let sides =
        [(say!("teacher"), teacher, asked), (say!("student"), kind_of(&pair.student), session.prompt.for_student())];
    let told = sides.into_iter().filter_map(|(side, kind, prompt)| {
        let columns = left_out(&prompt, kind?);
        (!columns.is_empty()).then(|| {
            say!("columns of the text that the {side}'s template does not name before the answer are not read by it: {columns}; name them there if they should be", side, columns)
        })
    });
    told.collect()
}

/// Some names, and how many more there are.
fn few(names: &[String]) -> Sentence {
    const SHOWN: usize = 6;
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(SHOWN);
    if more > 0 { say!("{shown} and {more} more", shown, more) } else { Sentence::verbatim(shown) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_teacher_near_chance_or_below_a_bag_of_words_is_warned_of() {
        let warning = |accuracy, texts, bar| judged(accuracy, texts, 0.5, bar).warning;
        assert!(warning(0.5, 100, Some(0.9)).unwrap().contains("commonest class"));
        assert!(warning(0.0, 100, None).unwrap().contains("commonest class"));
        assert!(warning(0.7, 100, Some(0.9)).unwrap().contains("bag of words"));
        assert_eq!(warning(0.9, 100, Some(0.92)), None, "within one standard error");
        assert_eq!(warning(0.95, 100, Some(0.9)), None);
        assert_eq!(warning(0.5, 4, Some(0.9)), None, "so few texts say nothing");
        assert!(judged(0.912, 40, 0.3, Some(0.8)).says.contains("0.912 over 40 texts"));
    }
}
