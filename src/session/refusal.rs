//! Why a written value cannot be taken: the place it stands at, the fields that lead there, the reason.

use std::fmt::{self, Display};

use serde::de::{self, Unexpected};

/// Why a tree is not what was wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Byte of the text it stands at, where one does.
    pub at: Option<usize>,
    /// The fields that lead there, outermost first.
    fields: Vec<String>,
    reason: String,
}

impl Refusal {
    /// `reason` at a byte of the text.
    pub fn at(at: usize, reason: impl Into<String>) -> Self {
        Self { at: Some(at), fields: Vec::new(), reason: reason.into() }
    }

    /// The same, inside `field`, whose value stands at `at`.
    pub(super) fn inside(mut self, field: &str, at: Option<usize>) -> Self {
        self.fields.insert(0, field.to_owned());
        self.near(at)
    }

    /// The same, at `at` if no closer place is known.
    pub fn near(self, at: Option<usize>) -> Self {
        Self { at: self.at.or(at), ..self }
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fields.as_slice() {
            [] => f.write_str(&self.reason),
            fields => write!(f, "{}: {}", fields.join(".").replace(".[", "["), self.reason),
        }
    }
}

impl std::error::Error for Refusal {}

impl de::Error for Refusal {
    fn custom<T: Display>(reason: T) -> Self {
        Self { at: None, fields: Vec::new(), reason: reason.to_string() }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format!("there is no field `{field}` here; the fields are {}", ticked(expected)))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format!("`{variant}` is none of {}", ticked(expected)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom(format!("the field `{field}` is missing"))
    }

    fn invalid_type(unexpected: Unexpected, expected: &dyn de::Expected) -> Self {
        Self::custom(format!("{unexpected} stands where {expected} belongs"))
    }

    fn invalid_value(unexpected: Unexpected, expected: &dyn de::Expected) -> Self {
        Self::custom(format!("{unexpected} is out of range; it must be {expected}"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::custom(format!("the field `{field}` is there twice; keep one"))
    }
}

fn ticked(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
