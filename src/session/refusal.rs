//! Why a written value cannot be taken: the place it stands at, the fields that lead there, the reason.

use std::fmt::Display;

use serde::de::{self, Unexpected};

use crate::session::{Say, Sentence, say, spoken};

/// Why a tree is not what was wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Byte of the text it stands at, where one does.
    pub at: Option<usize>,
    /// The fields that lead there, outermost first.
    fields: Vec<String>,
    reason: Sentence,
}

impl Refusal {
    /// `reason` at a byte of the text.
    pub fn at(at: usize, reason: Sentence) -> Self {
        Self { at: Some(at), fields: Vec::new(), reason }
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

impl Say for Refusal {
    fn said(&self) -> Sentence {
        match self.fields.as_slice() {
            [] => self.reason.clone(),
            fields => say!("{fields}: {reason}", fields = fields.join(".").replace(".[", "["), reason = self.reason),
        }
    }
}

spoken!(Refusal);

impl From<Sentence> for Refusal {
    fn from(reason: Sentence) -> Self {
        Self { at: None, fields: Vec::new(), reason }
    }
}

impl std::error::Error for Refusal {}

impl de::Error for Refusal {
    fn custom<T: Display>(reason: T) -> Self {
        Sentence::verbatim(reason.to_string()).into()
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        say!("there is no field `{field}` here; the fields are {ticked}", field, ticked = ticked(expected)).into()
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        say!("`{variant}` is none of {ticked}", variant, ticked = ticked(expected)).into()
    }

    fn missing_field(field: &'static str) -> Self {
        say!("the field `{field}` is missing", field).into()
    }

    fn invalid_type(unexpected: Unexpected, expected: &dyn de::Expected) -> Self {
        say!(
            "{unexpected} stands where {expected} belongs",
            unexpected = unexpected.to_string(),
            expected = expected.to_string()
        )
        .into()
    }

    fn invalid_value(unexpected: Unexpected, expected: &dyn de::Expected) -> Self {
        say!(
            "{unexpected} is out of range; it must be {expected}",
            unexpected = unexpected.to_string(),
            expected = expected.to_string()
        )
        .into()
    }

    fn duplicate_field(field: &'static str) -> Self {
        say!("the field `{field}` is there twice; keep one", field).into()
    }
}

fn ticked(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
