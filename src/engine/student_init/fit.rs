//! Whether another model's tensors can be a student's: what must be equal.

use super::StudentInitError;
use super::init_source::InitSource;
use super::layer_selection::LayerSelection;
use crate::engine::model::plan::Planned;
use crate::engine::model::{Architecture, Config, Plan};
use crate::session::{Say, say};

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
    let architecture = taken.architecture;
    let (ours, theirs) = (architecture.id, origin.architecture.id);
    if ours != theirs && architecture.kin_of(origin.architecture).is_none() {
        return Err(StudentInitError::Layers(say!(
            "the student is a {ours} and {title} a {theirs}; choose a student of the same architecture",
            ours,
            title = origin.title,
            theirs
        )));
    }
    check_width(origin, architecture.width(config), taken.layers)?;
    if !taken.layers {
        return Ok(());
    }
    check_depth(origin, config, taken)?;
    check_heads(origin, architecture, config)?;
    check_shapes(origin, taken, plan)
}

fn check_width(origin: &InitSource, ours: usize, layers: bool) -> Result<(), StudentInitError> {
    let theirs = origin.architecture.width(&origin.config);
    if ours > theirs {
        return Err(StudentInitError::Layers(say!(
            "the student is {ours} wide and {title} only {theirs}; choose a width of {theirs} or less",
            ours,
            title = origin.title,
            theirs
        )));
    }
    if layers && ours < theirs {
        return Err(StudentInitError::Layers(say!(
            "layers of width {theirs} cannot be those of a student of width {ours}; choose EmbeddingsOnly, which reduces the embeddings and starts the layers anew, or a student of width {theirs}",
            theirs,
            ours
        )));
    }
    Ok(())
}

/// A configuration of the student's own keeps the depth it names.
fn check_depth(origin: &InitSource, config: &Config, taken: &LayerSelection) -> Result<(), StudentInitError> {
    for ((stack, picked), own) in taken.stacks.iter().zip(taken.architecture.stacks) {
        let (asked, given) = (taken.architecture.layers_of(own, config)?, picked.len());
        if asked != given {
            return Err(StudentInitError::Layers(say!(
                "the map takes {given} of the {layers} layers of {title} and the student's {field} is {asked}; choose a map of {asked} layers or change the configuration",
                given,
                layers = origin.architecture.layers_of(stack, &origin.config)?,
                title = origin.title,
                field = own.field,
                asked
            )));
        }
    }
    Ok(())
}

/// The same shapes cut into another number of heads would be another network without a word.
fn check_heads(origin: &InitSource, ours: &Architecture, config: &Config) -> Result<(), StudentInitError> {
    let theirs = origin.architecture;
    let heads = (ours.attention_heads(config), theirs.attention_heads(&origin.config));
    let shared = (ours.kv_heads(config)?, theirs.kv_heads(&origin.config)?);
    let shared = ours.fields.kv_heads.map(|field| (field.said(), shared));
    let all = std::iter::once((say!("attention heads"), heads)).chain(shared);
    match all.into_iter().find(|(_, (ours, theirs))| ours != theirs) {
        None => Ok(()),
        Some((what, (ours, theirs))) => Err(StudentInitError::Layers(say!(
            "the student has {ours} {what} and {title} has {theirs}; make them equal, or choose EmbeddingsOnly",
            ours,
            what,
            title = origin.title,
            theirs
        ))),
    }
}

fn check_shapes(origin: &InitSource, taken: &LayerSelection, plan: &Plan) -> Result<(), StudentInitError> {
    let differs = |(name, planned): (&String, &Planned)| {
        let theirs = origin.shape(&taken.name(name)?)?;
        let free = planned.optional || taken.architecture.is_table(name);
        (!free && theirs != planned.shape).then(|| (name.clone(), theirs, planned.shape.clone()))
    };
    match plan.0.iter().find_map(differs) {
        None => Ok(()),
        Some((name, theirs, ours)) => Err(StudentInitError::Layers(say!(
            "{name} is {theirs} in {title} and would be {ours} in the student; make the configurations equal, or choose EmbeddingsOnly",
            name,
            theirs = format_args!("{theirs:?}"),
            title = origin.title,
            ours = format_args!("{ours:?}")
        ))),
    }
}
