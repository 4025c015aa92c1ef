//! How much memory a model takes, from its configuration alone and before anything is allocated.

use super::StudentInitError;
use super::layer_map::picked;
use crate::engine::hub;
use crate::engine::model::{self, Config, HeadKind, ModelError, Plan};
use crate::link::{ModelCard, ModelSize};
use crate::session::{Head, LayerMap, OptimizerKind, Session};

/// Bytes of one number in memory, always `f32`.
const NUMBER: u64 = 4;

/// What `config` would weigh as a student for `classes` classes that answers as `head` says.
///
/// # Errors
/// [`ModelError::Config`] naming the field that is missing or wrong.
pub fn of(config: &Config, head: Head, classes: usize, optimizer: OptimizerKind) -> Result<ModelSize, ModelError> {
    let architecture = model::architecture(config)?;
    let plan = Plan::new(architecture, config, &HeadKind::asked(head, architecture, classes), None)?;
    Ok(ModelSize {
        layers: architecture.layers(config),
        width: architecture.width(config),
        ..weighed(plan.parameters(), optimizer)
    })
}

/// What the student of `session` would weigh for `classes` classes, from configurations alone; a
/// vocabulary that is to be trimmed counts whole, since only the data knows what stays.
///
/// # Errors
/// [`StudentInitError`] if a configuration cannot be read or a map does not fit it.
pub fn planned(session: &Session, classes: usize) -> Result<ModelSize, StudentInitError> {
    let choice = &session.student;
    let mut config = hub::files(choice)?.configuration()?.0;
    if let (Some(map), Some(source)) = (choice.init.layer_map(), session.layers_from())
        && *source == choice.source
        && *map != LayerMap::EmbeddingsOnly
    {
        let (whole, architecture) = (config.clone(), model::architecture(&config)?);
        for stack in architecture.stacks {
            let picked = picked(map, architecture.layers_of(stack, &whole)?)?;
            architecture.pick_layers(stack, &mut config, &picked)?;
        }
    }
    Ok(of(&config, choice.head, classes, session.recipe.optimizer)?)
}

/// What an open student weighs, with the layers and the vocabulary that it really has.
pub fn opened(card: &ModelCard, optimizer: OptimizerKind) -> ModelSize {
    ModelSize { layers: card.layers, width: card.width, ..weighed(card.parameters, optimizer) }
}

/// What that many trainable numbers weigh: SGD remembers one number of each, Adam and AdamW two.
pub fn weighed(parameters: u64, optimizer: OptimizerKind) -> ModelSize {
    let moments = if optimizer == OptimizerKind::Sgd { 1 } else { 2 };
    let bytes = |each: u64| parameters.saturating_mul(NUMBER * each);
    ModelSize {
        parameters,
        weight_bytes: bytes(1),
        gradient_bytes: bytes(1),
        moment_bytes: bytes(moments),
        ..ModelSize::default()
    }
}
