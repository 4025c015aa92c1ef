//! Named weights, one memory and two readings: tracked for training, detached for looking. The
//! detached reading shares storage with the variables, follows every optimiser step without a
//! copy and records no graph.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use candle_core::{DType, Device, Tensor, Var};

use super::available_memory;
use super::frozen::FrozenWeights;
use super::init::{Init, fresh};
use super::names::TensorSource;
use super::stored::Stored;
use super::{Architecture, Config, HeadKind, Heads, ModelError, Names};
use crate::session::{Sentence, say};

/// Variables by Hugging Face's names, in name order.
#[derive(Clone)]
pub struct Weights {
    architecture: &'static Architecture,
    variables: BTreeMap<String, Var>,
    /// What is kept quantised or in half precision: never trained, never saved.
    frozen: BTreeMap<String, FrozenWeights>,
    device: Device,
    /// Names of the variables that were drawn at random.
    drawn: BTreeSet<String>,
}

/// What was met while loading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// Stored tensors nobody asked for.
    pub unused: Vec<String>,
    /// Parts of the top that were not stored and start from random weights.
    pub added: Vec<String>,
    /// Rows of a stored classifier for other classes, in whose place a new one stands.
    pub replaced: Option<usize>,
    /// Whether a head was stored that the configuration calls one with the table, but is another matrix.
    pub kept_apart: bool,
}

/// Which rows of a stored classifier are the classes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HeadRows {
    /// All, in their order.
    #[default]
    AsStored,
    /// For each class the row that answers for it.
    Picked(Vec<usize>),
    /// None: a new classifier stands in its place.
    New,
}

impl LoadReport {
    /// The report as sentences for the model card.
    pub fn notes(&self) -> Vec<Sentence> {
        let list = |names: &[String]| {
            let more = names.len().saturating_sub(4);
            let shown = names.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
            if more > 0 { say!("{shown} and {more} more", shown, more) } else { Sentence::verbatim(shown) }
        };
        let unused =
            (!self.unused.is_empty()).then(|| say!("stored but not used: {unused}", unused = list(&self.unused)));
        let said = self.replaced.is_some(); // With what it replaces.
        let added = (!self.added.is_empty() && !said)
            .then(|| say!("new, with random weights: {added}", added = list(&self.added)));
        let apart = self.kept_apart.then(|| {
            say!("config.json ties the head to the embeddings, but another matrix is stored for it: that one is used, as in transformers")
        });
        unused.into_iter().chain(added).chain(apart).collect()
    }
}

/// Makes a network's tensors while it is built.
struct Builder {
    architecture: &'static Architecture,
    /// Whether the configuration asks for one matrix as table and head.
    tied: bool,
    head: HeadRows,
    kept_apart: bool,
    stored: Option<Stored>,
    seed: u64,
    device: Device,
    /// Memory that new tensors may still take, bytes; `None` where the system does not say.
    room: Option<u64>,
    variables: BTreeMap<String, Var>,
    frozen: BTreeMap<String, FrozenWeights>,
    used: BTreeSet<String>,
    added: Vec<String>,
    missing: Vec<String>,
    misshaped: Vec<Sentence>,
}

/// One reading of the weights, for a network to be built over.
pub struct View {
    weights: Weights,
    /// The variables that record no graph; `None` where none at all does.
    still: Option<BTreeSet<String>>,
}

impl Weights {
    /// Builds the weights of a network: from `stored` tensors, or fresh ones drawn from `seed`.
    ///
    /// # Errors
    /// [`ModelError::Weights`] naming missing and mis-shaped tensors.
    pub fn build(
        architecture: &'static Architecture,
        config: &Config,
        top: &HeadKind,
        stored: Option<Stored>,
        head: HeadRows,
        seed: u64,
        device: &Device,
    ) -> Result<(Self, LoadReport), ModelError> {
        let builder = Builder {
            architecture,
            tied: architecture.heads.is_tied(config),
            head,
            kept_apart: false,
            stored,
            seed,
            device: device.clone(),
            room: available_memory::available(),
            variables: BTreeMap::new(),
            frozen: BTreeMap::new(),
            used: BTreeSet::new(),
            added: Vec::new(),
            missing: Vec::new(),
            misshaped: Vec::new(),
        };
        let builder = RefCell::new(builder);
        let built = (architecture.build)(config, top, &Names::root(&builder));
        let builder = builder.into_inner();
        // A configuration that is wrong in itself explains more than the shapes that follow from it.
        let wrong_in_itself = matches!(built, Err(ModelError::Config(_)));
        if !wrong_in_itself {
            builder.complain()?;
        }
        drop(built?);
        Ok(builder.finish())
    }

    /// The reading that records a graph.
    pub fn tracked(&self) -> View {
        self.tracked_but(BTreeSet::new())
    }

    /// The reading that records a graph of all variables but the `still` ones: no gradient is made for them, nor for
    /// what stands before the first variable that has one.
    pub fn tracked_but(&self, still: BTreeSet<String>) -> View {
        View { weights: self.clone(), still: Some(still) }
    }

    /// The reading that shares the memory and records nothing.
    pub fn detached(&self) -> View {
        View { weights: self.clone(), still: None }
    }

    /// All variables in name order.
    pub fn variables(&self) -> &BTreeMap<String, Var> {
        &self.variables
    }

    /// Whether a variable was drawn at random instead of being read.
    pub fn is_drawn(&self, name: &str) -> bool {
        self.drawn.contains(name)
    }

    /// Whether a variable may be pruned.
    pub fn is_prunable(&self, name: &str, variable: &Var) -> bool {
        self.architecture.is_prunable(name, variable.rank())
    }

    /// Where the weights are.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Numbers in all, trainable ones and frozen ones; a tied tensor counts once.
    pub fn count(&self) -> u64 {
        let trainable: u64 = self.variables.values().map(|variable| variable.elem_count() as u64).sum();
        trainable + self.frozen.values().map(FrozenWeights::count).sum::<u64>()
    }

    /// Memory of all numbers, bytes.
    pub fn bytes(&self) -> u64 {
        let trainable: u64 = self.variables.values().map(|variable| 4 * variable.elem_count() as u64).sum();
        trainable + self.frozen.values().map(FrozenWeights::bytes).sum::<u64>()
    }

    /// A hash of the numbers that were drawn at random instead of being read, names included; `None` where all
    /// were read.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn drawn_hash(&self) -> candle_core::Result<Option<[u8; 32]>> {
        if self.drawn.is_empty() {
            return Ok(None);
        }
        self.hash_of(|name| self.drawn.contains(name)).map(Some)
    }

    /// A hash of all numbers that can be trained, names included: equal ones are one model.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn hash(&self) -> candle_core::Result<[u8; 32]> {
        self.hash_of(|_| true)
    }

    fn hash_of(&self, counts: impl Fn(&str) -> bool) -> candle_core::Result<[u8; 32]> {
        let mut hash = blake3::Hasher::new();
        for (name, variable) in self.variables.iter().filter(|(name, _)| counts(name)) {
            let values = variable.flatten_all()?.to_dtype(DType::F32)?.to_vec1::<f32>()?;
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            hash.update(name.as_bytes()).update(&bytes);
        }
        Ok(*hash.finalize().as_bytes())
    }

    /// The half precision in which matrices are kept, if they are.
    pub fn half(&self) -> Option<&'static str> {
        self.frozen.values().find(|frozen| matches!(frozen, FrozenWeights::Half(_))).map(FrozenWeights::kind)
    }

    /// How the frozen ones are kept, e.g. `Q4_K, Q6_K`; `None` where all can be trained.
    pub fn frozen_kinds(&self) -> Option<String> {
        let kinds: BTreeSet<&str> = self.frozen.values().map(FrozenWeights::kind).collect();
        (!kinds.is_empty()).then(|| kinds.into_iter().collect::<Vec<_>>().join(", "))
    }
}

impl View {
    /// The root of the names.
    pub fn names(&self) -> Names<'_> {
        Names::root(self)
    }
}

impl TensorSource for View {
    fn tensor(&self, name: &str, _: &[usize], _: Init, _: bool) -> Result<Tensor, ModelError> {
        let variable = self.weights.variables.get(name);
        let variable = variable.ok_or_else(|| ModelError::Weights(say!("no tensor {name}", name)))?;
        let is_tracked = self.still.as_ref().is_some_and(|still| !still.contains(name));
        Ok(if is_tracked { variable.as_tensor().clone() } else { variable.as_detached_tensor() })
    }

    fn frozen(&self, name: &str, _: &[usize]) -> Result<Option<FrozenWeights>, ModelError> {
        Ok(self.weights.frozen.get(name).cloned())
    }

    fn is_known(&self, name: &str) -> bool {
        self.weights.variables.contains_key(name) || self.weights.frozen.contains_key(name)
    }

    /// Whether one was stored with other numbers when the weights were built.
    fn has_own_head(&self, heads: &Heads) -> Result<bool, ModelError> {
        Ok(self.is_known(heads.vocabulary))
    }
}

impl TensorSource for RefCell<Builder> {
    fn tensor(&self, name: &str, shape: &[usize], init: Init, optional: bool) -> Result<Tensor, ModelError> {
        self.borrow_mut().make(name, shape, init, optional)
    }

    fn frozen(&self, name: &str, shape: &[usize]) -> Result<Option<FrozenWeights>, ModelError> {
        self.borrow_mut().freeze(name, shape)
    }

    fn is_known(&self, name: &str) -> bool {
        self.borrow().find(name).is_some()
    }

    fn has_own_head(&self, heads: &Heads) -> Result<bool, ModelError> {
        self.borrow_mut().has_own_head(heads)
    }
}

/// These rows of a tensor, in this order.
fn picked(tensor: &Tensor, rows: &[usize]) -> candle_core::Result<Tensor> {
    let rows: Vec<u32> = rows.iter().map(|row| *row as u32).collect();
    tensor.index_select(&Tensor::new(rows, tensor.device())?, 0)
}

impl Builder {
    fn make(&mut self, name: &str, shape: &[usize], init: Init, optional: bool) -> Result<Tensor, ModelError> {
        if let Some(variable) = self.variables.get(name) {
            return Ok(variable.as_tensor().clone());
        }
        let found = self.find(name);
        let tensor = match (found, &self.stored) {
            (Some(found), Some(stored)) => {
                let (real, rows) = (stored.shape(&found).unwrap_or_default(), self.rows_of(name));
                if self.shape_of(&real, rows) != shape {
                    self.misshaped.push(say!(
                        "{found} is {real}, expected {shape}",
                        found = stored.called(&found),
                        real = format_args!("{real:?}"),
                        shape = format_args!("{shape:?}")
                    ));
                    return self.placeholder(shape);
                }
                let tensor = stored.tensor(&found, &self.device)?;
                let tensor = rows.map_or_else(|| Ok(tensor.clone()), |rows| picked(&tensor, rows))?;
                self.used.insert(stored.kept_as(&found));
                tensor
            }
            (None, Some(_)) if !optional => {
                self.missing.push(self.stored.as_ref().map_or_else(|| name.to_owned(), |stored| stored.called(name)));
                return self.placeholder(shape);
            }
            (_, stored) => {
                if stored.is_some() {
                    // A checkpoint that will be refused gets nothing new: its sizes may be a lie.
                    if !self.missing.is_empty() || !self.misshaped.is_empty() {
                        return self.placeholder(shape);
                    }
                    self.added.push(name.to_owned());
                }
                self.take_room(name, shape)?;
                fresh(name, shape, init, self.seed, &self.device)?
            }
        };
        let variable = Var::from_tensor(&tensor)?;
        self.variables.insert(name.to_owned(), variable.clone());
        Ok(variable.as_tensor().clone())
    }

    /// The tensor `name` as it is kept, if it is stored in this shape and not to be trained.
    fn freeze(&mut self, name: &str, shape: &[usize]) -> Result<Option<FrozenWeights>, ModelError> {
        if let Some(frozen) = self.frozen.get(name) {
            return Ok(Some(frozen.clone()));
        }
        let (Some(found), Some(stored)) = (self.find(name), &self.stored) else { return Ok(None) };
        // Rows are picked from numbers; a classifier is small beside what is worth keeping in half.
        if self.rows_of(name).is_some() || stored.shape(&found).is_none_or(|real| real != shape) {
            return Ok(None);
        }
        let Some(frozen) = stored.frozen(&found, &self.device)? else { return Ok(None) };
        self.used.insert(stored.kept_as(&found));
        self.frozen.insert(name.to_owned(), frozen.clone());
        Ok(Some(frozen))
    }

    /// The stored name of `name`: itself or an alias. A head that is one with the table may stand for it.
    fn find(&self, name: &str) -> Option<String> {
        let stored = self.stored.as_ref()?;
        if self.head == HeadRows::New && self.architecture.heads.is_classifier(name) {
            return None;
        }
        let head = (self.tied && name == self.architecture.heads.table).then_some(self.architecture.heads.vocabulary);
        let others = (self.architecture.aliases)(name).into_iter().chain(head.map(str::to_owned));
        std::iter::once(name.to_owned()).chain(others).find(|candidate| stored.has(candidate))
    }

    /// The rows to take of the stored tensor `name`, if not all as they stand.
    fn rows_of(&self, name: &str) -> Option<&[usize]> {
        match &self.head {
            HeadRows::Picked(rows) if self.architecture.heads.is_classifier(name) => Some(rows),
            _ => None,
        }
    }

    /// The shape that is left of `real` with these rows; empty if there are not as many.
    fn shape_of(&self, real: &[usize], rows: Option<&[usize]>) -> Vec<usize> {
        match (rows, real.split_first()) {
            (None, _) => real.to_vec(),
            (Some(rows), Some((stored, rest))) if rows.iter().all(|row| row < stored) => {
                std::iter::once(rows.len()).chain(rest.iter().copied()).collect()
            }
            (Some(_), _) => Vec::new(),
        }
    }

    fn has_own_head(&mut self, heads: &Heads) -> Result<bool, ModelError> {
        let Some(stored) = &self.stored else { return Ok(false) };
        let own = match self.find(heads.table) {
            Some(table) if table != heads.vocabulary && stored.has(heads.vocabulary) => {
                !stored.are_equal(&table, heads.vocabulary)?
            }
            _ => false,
        };
        self.kept_apart = own;
        Ok(own)
    }

    /// Stands in for a tensor of a checkpoint that will be refused, so that the rest of the names
    /// can be looked at; takes no memory.
    fn placeholder(&self, shape: &[usize]) -> Result<Tensor, ModelError> {
        Ok(Tensor::zeros((), DType::F32, &self.device)?.broadcast_as(shape)?)
    }

    /// Takes the memory of a new tensor from what is free. A configuration is quickly written; weights
    /// that are read at least lie there already.
    fn take_room(&mut self, name: &str, shape: &[usize]) -> Result<(), ModelError> {
        let Some(room) = self.room else { return Ok(()) };
        let bytes = shape.iter().fold(4u64, |n, &d| n.saturating_mul(d as u64));
        let left = room.checked_sub(bytes);
        self.room = Some(left.ok_or_else(|| {
            ModelError::Config(say!("the sizes it names need more memory than is free: {name} {shape} is the first tensor that finds no room; choose a smaller model or close other programs", name, shape = format_args!("{shape:?}")))
        })?);
        Ok(())
    }

    fn complain(&self) -> Result<(), ModelError> {
        let list = |names: &[String]| names.iter().take(6).cloned().collect::<Vec<_>>().join(", ");
        if !self.missing.is_empty() {
            let (n, names) = (self.missing.len(), list(&self.missing));
            let id = self.architecture.id;
            return Err(ModelError::Weights(say!(
                "{n} tensors are missing: {names}; is this a {id} checkpoint?",
                n,
                names,
                id
            )));
        }
        if !self.misshaped.is_empty() {
            return Err(ModelError::Weights(say!(
                "wrong shapes: {misshaped}",
                misshaped = Sentence::joined(self.misshaped.iter().take(6).cloned(), ", ")
            )));
        }
        Ok(())
    }

    fn finish(self) -> (Weights, LoadReport) {
        let (ignored, heads) = (self.architecture.ignored, &self.architecture.heads);
        let replaced = self.stored.as_ref().filter(|_| self.head == HeadRows::New);
        let replaced = replaced.and_then(|stored| stored.shape(heads.classifier)?.first().copied());
        let of_head = |name: &str| replaced.is_some() && heads.is_classifier(name);
        let names = self.stored.iter().flat_map(Stored::names);
        let unused = names.filter(|name| !self.used.contains(name) && !ignored(name) && !of_head(name)).collect();
        let everything = || self.variables.keys().cloned().collect();
        let drawn = self.stored.as_ref().map_or_else(everything, |_| self.added.iter().cloned().collect());
        let architecture = self.architecture;
        let weights =
            Weights { architecture, variables: self.variables, frozen: self.frozen, device: self.device, drawn };
        (weights, LoadReport { unused, added: self.added, replaced, kept_apart: self.kept_apart })
    }
}
