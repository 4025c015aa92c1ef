//! `retort baseline`: what a bag of words reaches on a session's data, or counts of tokens where those are told: the
//! bar every student must clear.

mod tokens;

use super::output::tell;
use super::{BaselineArguments, CommandError};
use crate::engine::data::{self, Example};
use crate::engine::measure::linear_baseline::{accuracy, additions};
use crate::session::{Session, file};

/// Longest word n-gram that counts.
const NGRAMS: usize = 2;
/// Additions beyond which the person would wait for minutes.
const MOST_ADDITIONS: f64 = 3e11;

/// Test accuracy of a linear model over word and word-pair counts, with all training labels and
/// with the labelled ones alone; of a session over tokens the measures of counted tokens and pairs of them.
///
/// # Errors
/// [`CommandError`] if session or data cannot be read.
pub fn baseline(arguments: &BaselineArguments) -> Result<String, CommandError> {
    let session = match &arguments.session {
        Some(path) => file::open(path).map_err(CommandError::input)?,
        None => Session::built_in().map_err(CommandError::input)?,
    };
    if !session.recipe.task.is_classes() {
        return tokens::baseline(&session, arguments.json);
    }
    let seed = session.recipe.seed;
    let data = data::open_with(&session.data, &session.prompt.columns(), seed, data::Goal::Classes)
        .map_err(CommandError::input)?;
    let labelled: Vec<Example> = data
        .train
        .iter()
        .zip(&data.labelled)
        .filter(|(_, labelled)| **labelled)
        .map(|(example, _)| example.clone())
        .collect();
    let classes = data.classes.len();
    data.notes.iter().for_each(|note| tell(format!("data: {note}")));
    let additions = additions(&data.train, classes, NGRAMS);
    if additions > MOST_ADDITIONS {
        let minutes = additions / 1e9 / 60.0;
        return Err(CommandError::input(format!(
            "a bag of words over {classes} classes and {} texts would take about {minutes:.0} minutes; lower data.limit",
            data.train.len()
        )));
    }
    // Without texts to measure with there is no figure, and 0 would be one.
    let figure = |train: &[Example]| {
        let measurable = !data.test.is_empty() && !train.is_empty();
        measurable.then(|| accuracy(train, &data.test, classes, NGRAMS, seed))
    };
    let with_label: Vec<Example> = data.train.iter().filter(|example| example.class().is_some()).cloned().collect();
    let (all, few) = (figure(&with_label), figure(&labelled));
    if arguments.json {
        let counts = data.counts();
        let told = serde_json::json!({
            "all_labels": all, "labelled": few, "parts": counts, "notes": data.notes, "left_out": data.left_out,
        });
        return Ok(told.to_string());
    }
    let shown = |figure: Option<f64>| figure.map_or("–".to_owned(), |figure| format!("{figure:.4}"));
    let mut text = format!(
        "bag of words and word pairs, test accuracy\nall {} labels      {}\n{} labels alone   {}",
        with_label.len(),
        shown(all),
        labelled.len(),
        shown(few)
    );
    if data.test.is_empty() {
        text += "\nthere is no test part to measure with; name a test file or raise data.test";
    }
    Ok(text)
}
