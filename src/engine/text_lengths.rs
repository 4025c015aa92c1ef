//! How long the texts of the data are for the models that read them here.

use std::borrow::Cow;

use super::data::Dataset;
use super::model::Model;
use crate::link::TextLengths;

/// Texts that are looked at, spread over the training part.
const MOST: usize = 512;

/// The lengths of training texts for teacher and student, without the words of a prompt around them, and of
/// conversations without the marks of a chat template.
pub fn of(data: &Dataset, teacher: Option<&Model>, student: &Model) -> Vec<TextLengths> {
    let spread = data.train.len().div_ceil(MOST).max(1);
    let texts: Vec<Cow<str>> = data.train.iter().step_by(spread).map(|example| data.readable(example)).collect();
    let sides = [("teacher", teacher), ("student", Some(student))];
    sides.into_iter().filter_map(|(side, model)| lengths(side, model?, &texts)).collect()
}

fn lengths(side: &str, model: &Model, texts: &[Cow<str>]) -> Option<TextLengths> {
    let counted = texts.iter().map(|text| model.tokens.encode(text, true).map(|pieces| pieces.ids.len()));
    // A text that cannot be encoded is told where it is read.
    let mut tokens: Vec<usize> = counted.filter_map(Result::ok).collect();
    tokens.sort_unstable();
    let at = |share: usize| tokens.get((tokens.len() * share / 100).min(tokens.len().saturating_sub(1))).copied();
    let most = model.max_tokens;
    let cut = tokens.iter().filter(|count| **count > most).count() as f64 / tokens.len().max(1) as f64;
    let (median, long, longest) = (at(50)?, at(95)?, *tokens.last()?);
    Some(TextLengths { side: side.to_owned(), texts: tokens.len(), median, long, longest, most, cut })
}
