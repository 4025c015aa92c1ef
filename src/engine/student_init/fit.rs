//! Whether another model's tensors can be a student's: what must be equal, what may be cut.

use candle_core::Tensor;

use super::StudentInitError;
use super::init_source::InitSource;
use super::layer_selection::LayerSelection;
use crate::engine::model::plan::Planned;
use crate::engine::model::{Config, Plan};

/// Parts of the names of tables `[rows, width]`: one row per token, position or kind of text.
const TABLES: [&str; 11] = [
    "word_embeddings.weight",
    "position_embeddings.weight",
    "token_type_embeddings.weight",
    "wte.weight",
    "wpe.weight",
    "embed_tokens.weight",
    "shared.weight",
    "lm_head.weight",
    "predictions.decoder.weight",
    "lm_head.decoder.weight",
    "vocab_projector.weight",
];

/// Names of biases with one number per token.
const ROW_BIASES: [&str; 5] = [
    "cls.predictions.bias",
    "cls.predictions.decoder.bias",
    "vocab_projector.bias",
    "lm_head.bias",
    "lm_head.decoder.bias",
];

/// Whether a tensor is a table with a row per token, position or kind.
pub fn is_table(name: &str) -> bool {
    TABLES.iter().any(|end| name.ends_with(end))
}

/// Whether a tensor has one number per token.
pub fn is_row_bias(name: &str) -> bool {
    ROW_BIASES.iter().any(|end| name.ends_with(end))
}

/// Whether a tensor stands before the first layer, or is a head over the same tokens.
pub fn is_embedding(name: &str) -> bool {
    is_table(name) || is_row_bias(name) || name.contains("embeddings.LayerNorm.")
}

/// Refuses a student that is another network than the one its layers come from.
///
/// # Errors
/// [`StudentInitError::Layers`] with both figures and what to change.
pub fn check(
    origin: &InitSource,
    config: &Config,
    taken: &LayerSelection,
    plan: &Plan,
) -> Result<(), StudentInitError> {
    let (ours, theirs) = (config.model_type()?, origin.architecture.id);
    if ours != theirs && (ours, theirs) != ("distilbert", "bert") {
        return Err(StudentInitError::Layers(format!(
            "the student is a {ours} and {} a {theirs}; choose a student of the same architecture",
            origin.title
        )));
    }
    check_width(origin, config.width(), taken.layers)?;
    if !taken.layers {
        return Ok(());
    }
    check_depth(origin, config, taken)?;
    check_heads(origin, config)?;
    check_shapes(origin, ours, taken, plan)
}

fn check_width(origin: &InitSource, ours: usize, layers: bool) -> Result<(), StudentInitError> {
    let theirs = origin.config.width();
    if ours > theirs {
        return Err(StudentInitError::Layers(format!(
            "the student is {ours} wide and {} only {theirs}; choose a width of {theirs} or less",
            origin.title
        )));
    }
    if layers && ours < theirs {
        return Err(StudentInitError::Layers(format!(
            "layers of width {theirs} cannot be those of a student of width {ours}; choose EmbeddingsOnly, which reduces the embeddings and starts the layers anew, or a student of width {theirs}"
        )));
    }
    Ok(())
}

/// A configuration of the student's own keeps the depth it names.
fn check_depth(origin: &InitSource, config: &Config, taken: &LayerSelection) -> Result<(), StudentInitError> {
    for ((stack, picked), own) in taken.stacks.iter().zip(super::stacks::of(config.model_type()?)?) {
        let (asked, given) = (own.layers(config)?, picked.len());
        if asked != given {
            return Err(StudentInitError::Layers(format!(
                "the map takes {given} of the {} layers of {} and the student's {} is {asked}; choose a map of {asked} layers or change the configuration",
                stack.layers(&origin.config)?,
                origin.title,
                own.field
            )));
        }
    }
    Ok(())
}

/// The same shapes cut into another number of heads would be another network without a word.
fn check_heads(origin: &InitSource, config: &Config) -> Result<(), StudentInitError> {
    let of = |config: &Config, name: &str| config.size_or(name, config.heads());
    let heads = [("attention heads", config.heads(), origin.config.heads())];
    let shared = ["num_key_value_heads"].map(|name| Ok((name, of(config, name)?, of(&origin.config, name)?)));
    let shared = shared.into_iter().collect::<Result<Vec<_>, StudentInitError>>()?;
    match heads.into_iter().chain(shared).find(|(_, ours, theirs)| ours != theirs) {
        None => Ok(()),
        Some((what, ours, theirs)) => Err(StudentInitError::Layers(format!(
            "the student has {ours} {what} and {} has {theirs}; make them equal, or choose EmbeddingsOnly",
            origin.title
        ))),
    }
}

fn check_shapes(
    origin: &InitSource,
    student: &str,
    taken: &LayerSelection,
    plan: &Plan,
) -> Result<(), StudentInitError> {
    let differs = |(name, planned): (&String, &Planned)| {
        let theirs = origin.shape(&taken.name(name, student)?)?;
        let free = planned.optional || is_table(name);
        (!free && theirs != planned.shape).then(|| (name.clone(), theirs, planned.shape.clone()))
    };
    match plan.0.iter().find_map(differs) {
        None => Ok(()),
        Some((name, theirs, ours)) => Err(StudentInitError::Layers(format!(
            "{name} is {theirs:?} in {} and would be {ours:?} in the student; make the configurations equal, or choose EmbeddingsOnly",
            origin.title
        ))),
    }
}

/// A tensor as the student wants it: as it is, or the first rows of a table. `None` where a part of the
/// top has another shape and starts anew.
///
/// # Errors
/// [`StudentInitError::Layers`] if the student's table has more rows.
pub fn rows(tensor: Tensor, planned: &Planned, name: &str) -> Result<Option<Tensor>, StudentInitError> {
    if tensor.dims() == planned.shape {
        return Ok(Some(tensor));
    }
    let by_row = is_table(name) || is_row_bias(name);
    match (planned.shape.first(), tensor.dims().first()) {
        (Some(&ours), Some(&theirs)) if by_row && ours < theirs && tensor.dims()[1..] == planned.shape[1..] => {
            Ok(Some(tensor.narrow(0, 0, ours)?.contiguous()?))
        }
        (Some(ours), Some(theirs)) if by_row && ours > theirs => Err(StudentInitError::Layers(format!(
            "{name} has {theirs} rows and the student's configuration asks for {ours}; lower vocab_size or the number of positions"
        ))),
        _ => Ok(None),
    }
}
