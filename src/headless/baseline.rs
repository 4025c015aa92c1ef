//! `retort baseline`: what a bag of words reaches on a session's data, the bar every student must
//! clear.

use super::{BaselineArguments, CommandError};
use crate::engine::data::{self, Example};
use crate::engine::measure::linear_baseline::accuracy;
use crate::session::{Session, file};

/// Test accuracy of a linear model over word and word-pair counts, with all training labels and
/// with the labelled ones alone.
///
/// # Errors
/// [`CommandError`] if session or data cannot be read.
pub fn baseline(arguments: &BaselineArguments) -> Result<String, CommandError> {
    let session = match &arguments.session {
        Some(path) => file::open(path).map_err(CommandError::input)?,
        None => Session::built_in().map_err(CommandError::input)?,
    };
    let seed = session.recipe.seed;
    let data = data::open(&session.data, seed).map_err(CommandError::input)?;
    let labelled: Vec<Example> = data
        .train
        .iter()
        .zip(&data.labelled)
        .filter(|(_, labelled)| **labelled)
        .map(|(example, _)| example.clone())
        .collect();
    let classes = data.classes.len();
    let all = accuracy(&data.train, &data.test, classes, 2, seed);
    let few = accuracy(&labelled, &data.test, classes, 2, seed);
    if arguments.json {
        let counts = data.counts();
        return Ok(serde_json::json!({ "all_labels": all, "labelled": few, "parts": counts }).to_string());
    }
    Ok(format!(
        "bag of words and word pairs, test accuracy\nall {} labels      {all:.4}\n{} labels alone   {few:.4}",
        data.train.len(),
        labelled.len()
    ))
}
