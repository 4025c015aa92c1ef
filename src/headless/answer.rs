//! What a model answers to one text, by the names of its classes: as `retort.ron` beside its weights
//! says it is asked, else by the labels of its configuration.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::{CommandError, asked};
use crate::engine::data::{Example, Fields};
use crate::engine::model::Model;
use crate::engine::task;

/// One class and its probability, in [0, 1].
#[derive(Debug, Serialize)]
pub struct Answer {
    class: String,
    probability: f32,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>8.4}  {}", self.probability, self.class)
    }
}

/// The probabilities of the classes for `text`, a line for each column that the model reads, in class order; empty where the model names none.
///
/// # Errors
/// [`CommandError`] if `retort.ron` cannot be used or does not fit the model.
pub fn answer(model: &Model, text: &str) -> Result<Vec<Answer>, CommandError> {
    let Some(usage) = asked::usage(model)? else { return Ok(Vec::new()) };
    let layout = Arc::new(asked::layout(&usage));
    let example = Example::of(&Fields::typed(&layout, text));
    let task = task::for_model(model, &usage.prompt, &usage.classes, &layout).map_err(CommandError::input)?;
    let prepared = task.encode(model, &example, 0).map_err(CommandError::input)?;
    let rows = task::log_probabilities(model, task.as_ref(), &[&prepared]).map_err(CommandError::run)?;
    let named = usage.classes.into_iter().zip(rows.concat());
    Ok(named.map(|(class, score)| Answer { class, probability: score.exp() }).collect())
}
