//! A student with the layers of another model: files, source and selection put together.

use std::path::Path;
use std::sync::Arc;

use candle_core::Device;

use super::init_source::InitSource;
use super::layer_selection::LayerSelection;
use super::{StudentInitError, fit};
use crate::engine::model::{self, HeadKind, HeadRows, Model, ModelFiles, Parts, Plan, Stored, Tokens, outputs};
use crate::session::{LayerMap, Session, say};

/// The student of `session`, whose configuration and tokenizer are `files` and whose weights are the layers that
/// `map` picks.
///
/// # Errors
/// [`StudentInitError`] naming what does not fit and what to change.
pub fn student(
    session: &Session,
    map: &LayerMap,
    files: ModelFiles,
    classes: &[String],
    device: &Device,
) -> Result<Model, StudentInitError> {
    let (choice, seed) = (&session.student, session.recipe.seed);
    let nobody = || StudentInitError::Layers(say!("no model is named to take them from; name one under `of`"));
    let source = session.layers_from().ok_or_else(nobody)?;
    let origin = InitSource::open(source)?;
    let mut config = files.configuration()?.0;
    let teacher = session.teacher().filter(|teacher| teacher.source == *source);
    let mapping = choice.classes.as_ref().or_else(|| teacher?.classes.as_ref());
    let architecture = model::architecture(&config)?;
    let mut taken = LayerSelection::new(&origin, architecture, map)?;
    taken.outputs = outputs::matched(&origin.outputs, classes, mapping).ok().map(|matched| matched.order);
    if *source == choice.source {
        taken.write(&mut config)?;
    }
    let tokens = Arc::new(Tokens::open(&files)?);
    origin.check_tokens(&tokens)?;
    let top = HeadKind::asked(choice.head, architecture, classes.len());
    let plan = Plan::new(architecture, &config, &top, Some(&origin.stored))?;
    fit::check(&origin, &config, &taken, &plan)?;
    let (tensors, note) = taken.tensors(&config, &plan, seed, device)?;
    let stored = Some(Stored::of(tensors, Path::new(&origin.title)));
    let mut model = model::open_parts(
        choice,
        files,
        Parts { config, stored, tokens, head: HeadRows::AsStored },
        classes.len(),
        seed,
        device,
    )?;
    model.card.notes.insert(0, note);
    Ok(model)
}
