//! A student with the layers of another model, tensor by tensor under Hugging Face's names.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use candle_core::{Device, Tensor};

use super::StudentInitError;
use super::fit;
use super::init_source::InitSource;
use super::layer_map::picked;
use super::reduce::Reduction;
use super::stacks::{self, LayerStack};
use crate::engine::model::init::fresh;
use crate::engine::model::plan::Planned;
use crate::engine::model::{self, Config, HeadKind, HeadRows, Model, ModelFiles, Parts, Plan, Stored, Tokens, outputs};
use crate::session::{LayerMap, Layers, Models};

/// The student of `models`, whose configuration and tokenizer are `files` and whose weights are those
/// that `layers` names.
///
/// # Errors
/// [`StudentInitError`] naming what does not fit and what to change.
pub fn student(
    models: &Models,
    layers: &Layers,
    files: ModelFiles,
    classes: &[String],
    seed: u64,
    device: &Device,
) -> Result<Model, StudentInitError> {
    let choice = &models.student;
    let nobody = || StudentInitError::Layers("no model is named to take them from; name one under `of`".into());
    let source = models.layers_from().ok_or_else(nobody)?;
    let origin = InitSource::open(source)?;
    let mut config = files.configuration()?.0;
    let teacher = models.teacher.as_ref().filter(|teacher| teacher.source == *source);
    let mapping = choice.classes.as_ref().or_else(|| teacher?.classes.as_ref());
    let mut taken = LayerSelection::new(&origin, &layers.map)?;
    taken.outputs = outputs::matched(&origin.outputs, classes, mapping).ok().map(|matched| matched.order);
    if *source == choice.source {
        taken.write(&mut config)?;
    }
    let architecture = model::architecture(&config)?;
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

/// Layers of a model, picked stack by stack.
pub struct LayerSelection<'a> {
    origin: &'a InitSource,
    /// Each stack and the layers of it, in the student's order; empty for embeddings only.
    pub stacks: Vec<(LayerStack, Vec<usize>)>,
    /// Whether any layer is taken.
    pub layers: bool,
    /// The output of the origin's classifier for each class, if its outputs are the classes.
    pub outputs: Option<Vec<usize>>,
}

impl<'a> LayerSelection<'a> {
    /// What `map` takes of `origin`.
    ///
    /// # Errors
    /// [`StudentInitError::Layers`] if the map does not fit the depth.
    pub fn new(origin: &'a InitSource, map: &LayerMap) -> Result<Self, StudentInitError> {
        let of = |stack: &LayerStack| Ok((*stack, picked(map, stack.layers(&origin.config)?)?));
        let stacks = origin.stacks()?.iter().map(of).collect::<Result<_, StudentInitError>>()?;
        Ok(Self { origin, stacks, layers: *map != LayerMap::EmbeddingsOnly, outputs: None })
    }

    /// Gives a configuration like the origin's the picked layers.
    fn write(&self, config: &mut Config) -> Result<(), StudentInitError> {
        let stacks = self.stacks.iter().filter(|_| self.layers);
        stacks.into_iter().try_for_each(|(stack, picked)| Ok(stack.write(config, picked)?))
    }

    /// The origin's name for the student's tensor `name`; `None` for a tensor of a layer that is
    /// not taken.
    pub fn name(&self, name: &str, student: &str) -> Option<String> {
        let own = self.in_layer(name, stacks::of(student).ok()?)?;
        let other = student == "distilbert" && self.origin.architecture.id == "bert";
        Some(if other { stacks::bert_name(&own) } else { own })
    }

    /// `name` with the picked layer's number. The one bias table that all layers of a T5 stack share
    /// stands in the first, whichever layers are taken.
    fn in_layer(&self, name: &str, own: &[LayerStack]) -> Option<String> {
        let shared = name.contains("relative_attention_bias");
        for (stack, (_, picked)) in own.iter().zip(&self.stacks) {
            if let Some((layer, renumbered)) = stack.layer_of(name).filter(|_| !shared) {
                return picked.get(layer).map(|layer| renumbered(*layer));
            }
        }
        let behind = !self.layers && !fit::is_embedding(name);
        (!behind).then(|| name.to_owned())
    }

    /// The student's tensors, and a sentence on what they are.
    fn tensors(
        &self,
        config: &Config,
        plan: &Plan,
        seed: u64,
        device: &Device,
    ) -> Result<(BTreeMap<String, Tensor>, String), StudentInitError> {
        let (wide, narrow) = (self.origin.config.width(), config.width());
        let reduction = if wide == narrow { None } else { Some(Reduction::of(self.origin, narrow, device)?) };
        let mut tensors = BTreeMap::new();
        for (name, planned) in &plan.0 {
            let found = self.found(name, config.model_type()?, planned, reduction.as_ref(), device)?;
            match found {
                Some(tensor) => drop(tensors.insert(name.clone(), tensor)),
                None if planned.optional => {}
                None => drop(tensors.insert(name.clone(), fresh(name, &planned.shape, planned.init, seed, device)?)),
            }
        }
        Ok((tensors, self.note(reduction.as_ref(), narrow)))
    }

    fn found(
        &self,
        name: &str,
        student: &str,
        planned: &Planned,
        reduction: Option<&Reduction>,
        device: &Device,
    ) -> Result<Option<Tensor>, StudentInitError> {
        let Some(theirs) = self.name(name, student) else { return Ok(None) };
        let Some(tensor) = self.origin.tensor(&theirs, device)? else { return Ok(None) };
        let Some(tensor) = self.in_class_order(&theirs, tensor)? else { return Ok(None) };
        let tensor = self.with_first_kind(&theirs, student, tensor, device)?;
        let tensor = match reduction {
            Some(reduction) if fit::is_table(name) => reduction.apply(&tensor)?,
            Some(_) if !fit::is_row_bias(name) => return Ok(None),
            _ => tensor,
        };
        fit::rows(tensor, planned, name)
    }

    /// A classifier's rows in the order of the classes; `None` where they are other classes.
    fn in_class_order(&self, theirs: &str, tensor: Tensor) -> Result<Option<Tensor>, StudentInitError> {
        if !self.origin.architecture.heads.is_classifier(theirs) {
            return Ok(Some(tensor));
        }
        let Some(order) = &self.outputs else { return Ok(None) };
        let rows: Vec<u32> = order.iter().map(|row| *row as u32).collect();
        Ok(Some(tensor.index_select(&Tensor::new(rows, tensor.device())?, 0)?))
    }

    /// BERT adds the vector of a text's kind to every token and DistilBERT has none: it is put into the
    /// positions, so that both embed a text alike.
    fn with_first_kind(
        &self,
        theirs: &str,
        student: &str,
        tensor: Tensor,
        device: &Device,
    ) -> Result<Tensor, StudentInitError> {
        if student != "distilbert" || !theirs.starts_with("bert.embeddings.position") {
            return Ok(tensor);
        }
        match self.origin.tensor("bert.embeddings.token_type_embeddings.weight", device)? {
            Some(kinds) => Ok(tensor.broadcast_add(&kinds.narrow(0, 0, 1)?)?),
            None => Ok(tensor),
        }
    }

    fn note(&self, reduction: Option<&Reduction>, width: usize) -> String {
        let title = &self.origin.title;
        let list = |picked: &[usize]| picked.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match (reduction, self.stacks.first()) {
            (Some(reduction), _) => format!(
                "embeddings of {title} reduced to width {width}, {:.1} % of their squares kept; the layers are new",
                100.0 * reduction.kept
            ),
            (None, Some((_, picked))) if self.layers => format!("layers {} of {title}", list(picked)),
            _ => format!("embeddings of {title}; the layers are new"),
        }
    }
}
