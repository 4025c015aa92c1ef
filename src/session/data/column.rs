//! A column of a table, by its name or its place.

use std::fmt;

use serde::de::value::{EnumAccessDeserializer, MapAccessDeserializer};
use serde::de::{self, EnumAccess, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A column of a table. A session may write a bare text for a name and a bare number for a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Column {
    /// By its name: in the header row, the key of an object (`a.b` reaches into objects, `a.0` into lists), the schema.
    Name(String),
    /// By its place, counted from 0.
    Index(usize),
}

impl Column {
    /// A column by its name.
    pub fn named(name: impl Into<String>) -> Self {
        Self::Name(name.into())
    }

    /// What a template or a table calls it: its name, or its place in digits.
    pub fn title(&self) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::Index(place) => place.to_string(),
        }
    }
}

impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ColumnForm)
    }
}

#[derive(Deserialize)]
#[serde(remote = "Column")]
enum Spelled {
    Name(String),
    Index(usize),
}

struct ColumnForm;

impl<'de> Visitor<'de> for ColumnForm {
    type Value = Column;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a column: its name in quotation marks, or its place counted from 0")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Column, E> {
        Ok(Column::Name(name.to_owned()))
    }

    fn visit_u64<E: de::Error>(self, place: u64) -> Result<Column, E> {
        Ok(Column::Index(usize::try_from(place).map_err(E::custom)?))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<Column, A::Error> {
        Spelled::deserialize(EnumAccessDeserializer::new(variant))
    }

    fn visit_map<A: MapAccess<'de>>(self, entry: A) -> Result<Column, A::Error> {
        Spelled::deserialize(MapAccessDeserializer::new(entry))
    }
}
