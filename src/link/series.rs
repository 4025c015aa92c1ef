//! The words of a curve: at which step, which one, and how its values stand in JSON.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Optimiser steps done so far; the first step is step 0.
pub type Step = u64;

/// Names a curve: `group/name`, e.g. `loss/soft_targets`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeriesId(pub Arc<str>);

impl SeriesId {
    /// The part before the slash: which chart the curve belongs to.
    pub fn group(&self) -> &str {
        self.0.split_once('/').map_or("", |(group, _)| group)
    }

    /// The part behind the slash: the curve within its chart.
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(_, name)| name)
    }
}

impl From<&str> for SeriesId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for SeriesId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Series values in JSON without losing NaN and the infinities, which JSON has no numbers for.
pub mod lossless {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::SeriesId;

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Value {
        Number(f64),
        Word(String),
    }

    /// Writes NaN, inf and -inf as words.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(values: &[(SeriesId, f64)], serializer: S) -> Result<S::Ok, S::Error> {
        let plain = |v: f64| if v.is_finite() { Value::Number(v) } else { Value::Word(v.to_string()) };
        values.iter().map(|(id, v)| (id, plain(*v))).collect::<Vec<_>>().serialize(serializer)
    }

    /// Reads what [`serialize`] wrote.
    ///
    /// # Errors
    /// The deserializer's, or a word that is no number.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(SeriesId, f64)>, D::Error> {
        let number = |v: Value| match v {
            Value::Number(number) => Ok(number),
            Value::Word(word) => word.parse::<f64>().map_err(serde::de::Error::custom),
        };
        let pairs = Vec::<(SeriesId, Value)>::deserialize(deserializer)?;
        pairs.into_iter().map(|(id, v)| Ok((id, number(v)?))).collect()
    }
}
