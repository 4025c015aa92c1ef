//! The hinge of the house: a [`Knob`] is a described number, declared once beside the code that
//! reads it. The engine reads its value, the window draws it, the session stores it.
//!
//! *Why knobs are data (2026-11).* Chosen over a settings struct with a hand-written drawer, where
//! every number is written twice and the two drift apart. We would reconsider if knobs needed
//! to depend on one another.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Device, near};
use crate::session::{Sentence, say};

/// A number a person may turn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knob {
    /// Stable name, `owner.name`; stored in sessions and journals.
    pub id: &'static str,
    /// What the window calls it, sentence case.
    pub label: &'static str,
    /// Unit shown behind the value, or empty.
    pub unit: &'static str,
    /// Smallest allowed value.
    pub min: f64,
    /// Largest allowed value.
    pub max: f64,
    /// Value where nobody said otherwise.
    pub default: f64,
    /// How the slider divides the range.
    pub scale: Scale,
    /// Whether it acts on the next step of a running run; otherwise it is read at the start only.
    pub live: bool,
    /// One sentence of help.
    pub help: &'static str,
}

/// How a slider divides its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal steps.
    Linear,
    /// Equal factors; a range that starts at 0 has 0 at its left end.
    Log,
}

impl Knob {
    /// Why `value` is refused, or `None` if it is in range.
    pub fn problem(&self, value: f64) -> Option<Sentence> {
        if value.is_finite() && (self.min..=self.max).contains(&value) {
            return None;
        }
        Some(say!(
            "{id} must be between {min} and {max}, not {value}",
            id = self.id,
            min = self.min,
            max = self.max,
            value
        ))
    }
}

/// Values of knobs, all taken at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Knobs {
    /// Knob id to value; ordered, so that iteration is the same everywhere.
    pub values: BTreeMap<String, f64>,
    /// Grows with every change.
    pub revision: u64,
}

impl Knobs {
    /// Every knob of `catalog` at its default.
    pub fn defaults(catalog: &Catalog) -> Self {
        Self { values: catalog.knobs.iter().map(|knob| (knob.id.to_owned(), knob.default)).collect(), revision: 0 }
    }

    /// The value of `knob`; its default where none was set.
    pub fn get(&self, knob: &Knob) -> f64 {
        self.values.get(knob.id).copied().unwrap_or(knob.default)
    }

    /// Sets a value and raises the revision.
    pub fn set(&mut self, id: &str, value: f64) {
        self.values.insert(id.to_owned(), value);
        self.revision += 1;
    }
}

/// A named thing a person can pick: a loss, an architecture, a built-in model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Stable name, stored in sessions.
    pub id: &'static str,
    /// What the window calls it.
    pub label: &'static str,
    /// One sentence of help.
    pub help: &'static str,
}

/// All knobs and all things to pick from, as plain data: what the engine can do, told to a window
/// that knows nothing of the engine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    /// Every knob, in the order the window shows them.
    pub knobs: Vec<Knob>,
    /// Losses a recipe may name.
    pub losses: Vec<Entry>,
    /// Those of them that learn the labels, and those that learn from a teacher: α weighs the ones against the
    /// others, and has no effect where a recipe lacks either.
    pub weighed: (Vec<&'static str>, Vec<&'static str>),
    /// Architectures that can be opened (`model_type` of `config.json`).
    pub architectures: Vec<Entry>,
    /// Models that ship with the program.
    pub models: Vec<Entry>,
    /// Corpora that ship with the program.
    pub corpora: Vec<Entry>,
    /// Devices to compute on, the processor first.
    pub devices: Vec<Device>,
}

impl Catalog {
    /// Whether α has anything to weigh where these losses are summed.
    pub fn weighs(&self, losses: &[String]) -> bool {
        let has = |kind: &[&str]| losses.iter().any(|loss| kind.contains(&loss.as_str()));
        has(&self.weighed.0) && has(&self.weighed.1)
    }

    /// The knob with this id.
    pub fn knob(&self, id: &str) -> Option<&Knob> {
        self.knobs.iter().find(|knob| knob.id == id)
    }

    /// What to say of an id that no knob has.
    pub fn unknown_knob(&self, id: &str) -> Sentence {
        let known: Vec<&str> = self.knobs.iter().map(|knob| knob.id).collect();
        say!(
            "there is no knob {id}{suggested}; the known ones are {known}",
            id,
            suggested = near::suggested(id, &known),
            known = known.join(", ")
        )
    }
}
