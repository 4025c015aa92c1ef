//! What a student takes of another model, tensor by tensor under Hugging Face's names.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};

use super::StudentInitError;
use super::init_source::InitSource;
use super::layer_map::picked;
use super::reduce::Reduction;
use crate::engine::model::init::fresh;
use crate::engine::model::plan::Planned;
use crate::engine::model::tensor_layout::{Kin, LayerStack};
use crate::engine::model::{Architecture, Config, Plan};
use crate::session::{LayerMap, Sentence, say};

/// Layers of a model, picked stack by stack.
pub struct LayerSelection<'a> {
    origin: &'a InitSource,
    /// The student's architecture.
    pub architecture: &'static Architecture,
    /// Each stack and the layers of it, in the student's order; empty for embeddings only.
    pub stacks: Vec<(&'static LayerStack, Vec<usize>)>,
    /// Whether any layer is taken.
    pub layers: bool,
    /// The output of the origin's classifier for each class, if its outputs are the classes.
    pub outputs: Option<Vec<usize>>,
}

impl<'a> LayerSelection<'a> {
    /// What `map` takes of `origin` for a student of `architecture`.
    ///
    /// # Errors
    /// [`StudentInitError::Layers`] if the map does not fit the depth.
    pub fn new(
        origin: &'a InitSource,
        architecture: &'static Architecture,
        map: &LayerMap,
    ) -> Result<Self, StudentInitError> {
        let theirs = origin.architecture;
        let of = |stack: &'static LayerStack| Ok((stack, picked(map, theirs.layers_of(stack, &origin.config)?)?));
        let stacks = theirs.stacks.iter().map(of).collect::<Result<_, StudentInitError>>()?;
        Ok(Self { origin, architecture, stacks, layers: *map != LayerMap::EmbeddingsOnly, outputs: None })
    }

    /// Gives a configuration like the origin's the picked layers.
    pub fn write(&self, config: &mut Config) -> Result<(), StudentInitError> {
        let stacks = self.stacks.iter().filter(|_| self.layers);
        stacks
            .into_iter()
            .try_for_each(|(stack, picked)| Ok(self.origin.architecture.pick_layers(stack, config, picked)?))
    }

    /// The origin's name for the student's tensor `name`; `None` for a tensor of a layer that is
    /// not taken.
    pub fn name(&self, name: &str) -> Option<String> {
        let own = self.in_layer(name)?;
        Some(self.kin().map_or(own.clone(), |kin| kin.name(&own)))
    }

    /// How the origin calls what the student's architecture calls otherwise, where it does.
    fn kin(&self) -> Option<&'static Kin> {
        self.architecture.kin_of(self.origin.architecture)
    }

    /// `name` with the picked layer's number. A table that all layers of a stack share stands in the first,
    /// whichever layers are taken.
    fn in_layer(&self, name: &str) -> Option<String> {
        for (stack, (_, picked)) in self.architecture.stacks.iter().zip(&self.stacks) {
            if let Some((layer, renumbered)) = stack.layer_of(name).filter(|_| !stack.is_shared(name)) {
                return picked.get(layer).map(|layer| renumbered(*layer));
            }
        }
        let behind = !self.layers && !self.architecture.is_embedding(name);
        (!behind).then(|| name.to_owned())
    }

    /// The student's tensors, and a sentence on what they are.
    ///
    /// # Errors
    /// [`StudentInitError`] if a tensor cannot be read or does not fit.
    pub fn tensors(
        &self,
        config: &Config,
        plan: &Plan,
        seed: u64,
        device: &Device,
    ) -> Result<(BTreeMap<String, Tensor>, Sentence), StudentInitError> {
        let (theirs, origin) = (self.origin.architecture, self.origin);
        let (wide, narrow) = (theirs.width(&origin.config), self.architecture.width(config));
        let reduction = if wide == narrow { None } else { Some(Reduction::of(origin, narrow, device)?) };
        let mut tensors = BTreeMap::new();
        for (name, planned) in &plan.0 {
            let found = self.found(name, planned, reduction.as_ref(), device)?;
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
        planned: &Planned,
        reduction: Option<&Reduction>,
        device: &Device,
    ) -> Result<Option<Tensor>, StudentInitError> {
        let Some(theirs) = self.name(name) else { return Ok(None) };
        let Some(tensor) = self.origin.tensor(&theirs, device)? else { return Ok(None) };
        let Some(tensor) = self.in_class_order(&theirs, tensor)? else { return Ok(None) };
        let tensor = self.with_first_segment(&theirs, tensor, device)?;
        let tensor = match reduction {
            Some(reduction) if self.architecture.is_table(name) => reduction.apply(&tensor)?,
            Some(_) if !self.architecture.is_token_bias(name) => return Ok(None),
            _ => tensor,
        };
        rows(tensor, planned, name, self.architecture)
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

    /// Where the origin adds the first row of a table that the student lacks to every token, that row is put
    /// into a table that the student has, so that both embed a text alike.
    fn with_first_segment(&self, theirs: &str, tensor: Tensor, device: &Device) -> Result<Tensor, StudentInitError> {
        let folded = self.kin().and_then(|kin| kin.folded).filter(|(into, _)| theirs.starts_with(into));
        match folded.map(|(_, segments)| self.origin.tensor(segments, device)).transpose()?.flatten() {
            Some(segments) => Ok(tensor.broadcast_add(&segments.narrow(0, 0, 1)?)?),
            None => Ok(tensor),
        }
    }

    fn note(&self, reduction: Option<&Reduction>, width: usize) -> Sentence {
        let title = &self.origin.title;
        let list = |picked: &[usize]| picked.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match (reduction, self.stacks.first()) {
            (Some(reduction), _) => say!(
                "embeddings of {title} reduced to width {width}, {kept} % of their squares kept; the layers are new",
                title,
                width,
                kept = format_args!("{:.1}", 100.0 * reduction.kept)
            ),
            (None, Some((_, picked))) if self.layers => {
                say!("layers {picked} of {title}", picked = list(picked), title)
            }
            _ => say!("embeddings of {title}; the layers are new", title),
        }
    }
}

/// A tensor as the student wants it: as it is, or the first rows of a table. `None` where a part of the
/// top has another shape and starts anew.
///
/// # Errors
/// [`StudentInitError::Layers`] if the student's table has more rows.
fn rows(
    tensor: Tensor,
    planned: &Planned,
    name: &str,
    architecture: &Architecture,
) -> Result<Option<Tensor>, StudentInitError> {
    if tensor.dims() == planned.shape {
        return Ok(Some(tensor));
    }
    let by_row = architecture.is_table(name) || architecture.is_token_bias(name);
    match (planned.shape.first(), tensor.dims().first()) {
        (Some(&ours), Some(&theirs)) if by_row && ours < theirs && tensor.dims()[1..] == planned.shape[1..] => {
            Ok(Some(tensor.narrow(0, 0, ours)?.contiguous()?))
        }
        (Some(ours), Some(theirs)) if by_row && ours > theirs => Err(StudentInitError::Layers(say!(
            "{name} has {theirs} rows and the student's configuration asks for {ours}; lower vocab_size or the number of positions",
            name,
            theirs,
            ours
        ))),
        _ => Ok(None),
    }
}
