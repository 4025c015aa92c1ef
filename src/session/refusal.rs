//! Why a written value cannot be taken: the place it stands at, the fields that lead there, the reason.

use std::fmt::Display;

use serde::de::{self, Unexpected};

use super::near::suggested;
use super::{bounds, renamed};
use crate::session::{Say, Sentence, say, spoken};

/// Why a tree is not what was wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Byte of the text it stands at, where one does.
    pub at: Option<usize>,
    /// The fields that lead there, outermost first.
    fields: Vec<String>,
    reason: Sentence,
    trouble: Trouble,
}

/// What there is to know of a reason besides its words.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// A field that does not exist.
    Field {
        /// Its name.
        name: String,
        /// Those that do.
        known: &'static [&'static str],
    },
    /// A choice that does not exist.
    Choice {
        /// Those that do.
        known: &'static [&'static str],
    },
    /// A field that must be given.
    Missing {
        /// Whether the words name the others, too.
        listed: bool,
    },
    /// A whole number below the least that its type can hold.
    Small {
        /// What stands there.
        found: Sentence,
        /// That least.
        least: i128,
    },
    /// Any other.
    Other,
}

impl Refusal {
    /// `reason` at a byte of the text.
    pub fn at(at: usize, reason: Sentence) -> Self {
        Self { at: Some(at), ..reason.into() }
    }

    /// What there is to know of the reason besides its words.
    pub fn trouble(&self) -> &Trouble {
        &self.trouble
    }

    /// The fields that lead to it, outermost first.
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// The same; where a field is missing, with the names of those that it stands with.
    pub fn among(self, fields: &[&str]) -> Self {
        if self.trouble != (Trouble::Missing { listed: false }) {
            return self;
        }
        let reason = say!("{reason}; the fields are {ticked}", reason = self.reason, ticked = ticked(fields));
        Self { reason, trouble: Trouble::Missing { listed: true }, ..self }
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
        let fields = self.fields.join(".").replace(".[", "[");
        let reason = self.reason_at(&fields);
        if fields.is_empty() { reason } else { say!("{fields}: {reason}", fields, reason) }
    }
}

impl Refusal {
    /// A whole number that is less than it can be, `least` as far as its type goes.
    pub fn small(found: Sentence, least: i128) -> Self {
        Self { trouble: Trouble::Small { found, least }, ..Sentence::default().into() }
    }

    /// The reason where these fields lead to it: some have a narrower range than their type.
    fn reason_at(&self, fields: &str) -> Sentence {
        let Trouble::Small { found, least } = &self.trouble else { return self.reason.clone() };
        let least = bounds::least(fields).map_or(least.to_string(), |least| least.to_string());
        let wanted = say!("a whole number of at least {least}", least);
        say!("{found} stands where {wanted} belongs; write {form}", found, wanted, form = say!("a larger one"))
    }
}

spoken!(Refusal);

impl From<Sentence> for Refusal {
    fn from(reason: Sentence) -> Self {
        Self { at: None, fields: Vec::new(), reason, trouble: Trouble::Other }
    }
}

impl std::error::Error for Refusal {}

impl de::Error for Refusal {
    fn custom<T: Display>(reason: T) -> Self {
        Sentence::verbatim(reason.to_string()).into()
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let meant = match renamed::field(field, expected) {
            Some(new) => say!(" (called {new} in today's sessions)", new),
            None => suggested(field, expected),
        };
        let reason = say!(
            "there is no field `{field}` here{meant}; the fields are {ticked}",
            field,
            meant,
            ticked = ticked(expected)
        );
        Self { trouble: Trouble::Field { name: field.to_owned(), known: expected }, ..reason.into() }
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let meant = suggested(variant, expected);
        let reason = say!("`{variant}` is none of {ticked}{meant}", variant, ticked = ticked(expected), meant);
        Self { trouble: Trouble::Choice { known: expected }, ..reason.into() }
    }

    fn missing_field(field: &'static str) -> Self {
        Self { trouble: Trouble::Missing { listed: false }, ..say!("the field `{field}` is missing", field).into() }
    }

    fn invalid_type(unexpected: Unexpected, expected: &dyn de::Expected) -> Self {
        say!(
            "{unexpected} stands where {expected} belongs",
            unexpected = found(unexpected),
            expected = expected.to_string()
        )
        .into()
    }

    fn invalid_value(unexpected: Unexpected, expected: &dyn de::Expected) -> Self {
        say!(
            "{unexpected} is out of range; it must be {expected}",
            unexpected = found(unexpected),
            expected = expected.to_string()
        )
        .into()
    }

    fn duplicate_field(field: &'static str) -> Self {
        say!("the field `{field}` is there twice; keep one", field).into()
    }
}

/// What stands there, in words of a file and not of a type.
fn found(unexpected: Unexpected) -> Sentence {
    match unexpected {
        Unexpected::Bool(truth) => say!("the word {word}", word = truth),
        Unexpected::Unsigned(number) => say!("the number {number}", number),
        Unexpected::Signed(number) => say!("the number {number}", number),
        Unexpected::Float(number) => say!("the number {number}", number),
        Unexpected::Str(text) => say!("the text {text}", text = format_args!("{text:?}")),
        Unexpected::Seq => say!("a list"),
        Unexpected::Map => say!("a map"),
        Unexpected::Option | Unexpected::Unit => say!("the word {word}", word = "None"),
        other => Sentence::verbatim(other.to_string()),
    }
}

fn ticked(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
