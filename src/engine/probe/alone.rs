//! One model's view of a text, without another beside it.

use super::{told_tokens, view};
use crate::engine::EngineError;
use crate::engine::data::Example;
use crate::engine::model::Model;
use crate::engine::task::{self, Task};
use crate::link::{SideFrame, TokenView};

/// What a model makes of a text.
pub struct Alone {
    /// Its view; of a task over tokens the scores are of the last place that is told.
    pub side: SideFrame,
    /// Of a task over tokens the text token by token.
    pub tokens: Option<TokenView>,
}

/// The view of `model`, asked by `task`; `attention` is the layer whose attention is wanted.
///
/// # Errors
/// [`EngineError`] if the text cannot be read or the tensor library refuses.
pub fn alone(model: &Model, task: &dyn Task, text: &Example, attention: Option<usize>) -> Result<Alone, EngineError> {
    let (layer, wanted) = (attention.unwrap_or_default(), attention.is_some());
    if task.token_measures().is_none() {
        let sample = task.encode(model, &Example::of(&text.fields), 0)?;
        let (logits, side) = view(model, task, &sample, layer, wanted)?;
        let scores = task::log_softmax(&logits.whole()?.flatten_all()?.to_vec1::<f32>()?);
        return Ok(Alone { side: SideFrame { scores, ..side }, tokens: None });
    }
    let (sample, left_out) = told_tokens::within(task.encode(model, text, 0)?, model);
    let (logits, side) = view(model, task, &sample, layer, wanted)?;
    let rows = told_tokens::rows(model, &sample, None, &logits)?;
    let tokens = told_tokens::view(model, &sample, rows, left_out);
    let last = tokens.last().and_then(|place| tokens.row(place));
    let scores = last.map(|row| row.student_scores.clone()).unwrap_or_default();
    Ok(Alone { side: SideFrame { scores, ..side }, tokens: Some(tokens) })
}
