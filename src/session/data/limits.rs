//! How many examples of each part are kept at most.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Most examples of each part; `None` keeps all. A session may write one bare number for all parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Limits {
    /// Training examples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train: Option<usize>,
    /// Validation examples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<usize>,
    /// Test examples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<usize>,
}

impl Limits {
    /// Whether nothing is limited, which a session file leaves out.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The same for every part.
    pub fn each(limit: Option<usize>) -> Self {
        Self { train: limit, validation: limit, test: limit }
    }
}

impl<'de> Deserialize<'de> for Limits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<Written>::deserialize(deserializer)?.map_or_else(Self::default, |written| written.0))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, remote = "Limits", rename = "Limits")]
struct Spelled {
    #[serde(default)]
    train: Option<usize>,
    #[serde(default)]
    validation: Option<usize>,
    #[serde(default)]
    test: Option<usize>,
}

/// Limits that are there, in one of their forms.
struct Written(Limits);

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LimitsForm).map(Self)
    }
}

struct LimitsForm;

impl<'de> Visitor<'de> for LimitsForm {
    type Value = Limits;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("how many examples are kept: a whole number for every part, or (train: …, validation: …, test: …)")
    }

    fn visit_u64<E: de::Error>(self, limit: u64) -> Result<Limits, E> {
        Ok(Limits::each(Some(usize::try_from(limit).map_err(E::custom)?)))
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Limits, A::Error> {
        Spelled::deserialize(MapAccessDeserializer::new(fields))
    }
}
