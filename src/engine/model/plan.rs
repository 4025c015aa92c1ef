//! The tensors a network would have, from its configuration alone: names and shapes without the
//! memory for them. So a student can be weighed before it is made, and one network's tensors set
//! beside another's.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use candle_core::{DType, Device, Tensor};

use super::frozen::FrozenWeights;
use super::init::Init;
use super::names::TensorSource;
use super::stored::Stored;
use super::{Architecture, Config, HeadKind, Heads, ModelError, Names};

/// A tensor that a network asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// Its shape.
    pub shape: Vec<usize>,
    /// How it is filled where nothing is stored.
    pub init: Init,
    /// Whether a checkpoint may lack it: a part of the top.
    pub optional: bool,
}

impl Planned {
    /// Numbers in it.
    pub fn count(&self) -> u64 {
        self.shape.iter().fold(1, |n, &d| n.saturating_mul(d as u64))
    }
}

/// Every tensor of a network by name; a tied one is there once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan(pub BTreeMap<String, Planned>);

impl Plan {
    /// The tensors that `config` asks for. Whether a head is tied may depend on what is `stored`.
    ///
    /// # Errors
    /// [`ModelError::Config`] for a configuration that is wrong in itself.
    pub fn new(
        architecture: &'static Architecture,
        config: &Config,
        top: &HeadKind,
        stored: Option<&Stored>,
    ) -> Result<Self, ModelError> {
        let known = stored.into_iter().flat_map(Stored::names).collect();
        let own_head = stored.map_or(Ok(false), |stored| has_own_head(architecture, stored))?;
        let planner = Planner { architecture, known, own_head, plan: Self::default() };
        let planner = RefCell::new(planner);
        drop((architecture.build)(config, top, &Names::root(&planner))?);
        Ok(planner.into_inner().plan)
    }

    /// Trainable numbers; a tied tensor counts once.
    pub fn parameters(&self) -> u64 {
        self.0.values().map(Planned::count).fold(0, u64::saturating_add)
    }

    /// Names of the tensors whose first dimension is not the one `other` gives them, everything else
    /// equal: those with a row per token, if only the vocabulary differs.
    pub fn rows_unlike<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a str> {
        let differs = |(name, planned): (&'a String, &'a Planned)| {
            let theirs = other.0.get(name)?;
            (planned.shape.first() != theirs.shape.first()).then_some(name.as_str())
        };
        self.0.iter().filter_map(differs)
    }
}

/// Writes down what a network asks for while it is built.
struct Planner {
    architecture: &'static Architecture,
    known: BTreeSet<String>,
    own_head: bool,
    plan: Plan,
}

/// Whether the head over the vocabulary is stored as another matrix than the table of embeddings.
fn has_own_head(architecture: &Architecture, stored: &Stored) -> Result<bool, ModelError> {
    let heads = &architecture.heads;
    let names = std::iter::once(heads.table.to_owned()).chain((architecture.aliases)(heads.table));
    match names.into_iter().find(|name| stored.has(name)) {
        Some(table) if stored.has(heads.vocabulary) => Ok(!stored.are_equal(&table, heads.vocabulary)?),
        _ => Ok(false),
    }
}

impl TensorSource for RefCell<Planner> {
    /// Notes a tensor and gives a stand-in that takes no memory.
    fn tensor(&self, name: &str, shape: &[usize], init: Init, optional: bool) -> Result<Tensor, ModelError> {
        let planned = Planned { shape: shape.to_vec(), init, optional };
        self.borrow_mut().plan.0.entry(name.to_owned()).or_insert(planned);
        Ok(Tensor::zeros((), DType::F32, &Device::Cpu)?.broadcast_as(shape)?)
    }

    fn frozen(&self, _: &str, _: &[usize]) -> Result<Option<FrozenWeights>, ModelError> {
        Ok(None)
    }

    fn is_known(&self, name: &str) -> bool {
        let planner = self.borrow();
        let others = (planner.architecture.aliases)(name);
        std::iter::once(name).chain(others.iter().map(String::as_str)).any(|name| planner.known.contains(name))
    }

    fn has_own_head(&self, _: &Heads) -> Result<bool, ModelError> {
        Ok(self.borrow().own_head)
    }
}
