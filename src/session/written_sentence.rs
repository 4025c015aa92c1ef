//! Sentences as they are written down: the English text under the name that it always had, and beside it of
//! what it was made, so that a window says what is read again in its language. Records from before there were
//! templates have the text alone, and so has what is printed for programs.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Argument, Sentence};

impl Serialize for Sentence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        str::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Sentence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(if text.is_empty() { Self::default() } else { Self::verbatim(text) })
    }
}

/// A sentence as it is written down beside its text.
#[derive(Serialize, Deserialize)]
pub struct Template {
    key: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    arguments: BTreeMap<String, Filling>,
}

/// An [`Argument`] as it is written down.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Filling {
    Text(String),
    Said(Template),
    List { between: String, parts: Vec<Template> },
}

impl From<&Sentence> for Template {
    fn from(sentence: &Sentence) -> Self {
        let filling = |argument: &Argument| match argument {
            Argument::Text(text) => Filling::Text(text.clone()),
            Argument::Said(sentence) => Filling::Said(sentence.into()),
            Argument::List { between, parts } => {
                Filling::List { between: between.clone(), parts: parts.iter().map(Self::from).collect() }
            }
        };
        let arguments = sentence.arguments().iter().map(|(name, argument)| (name.clone(), filling(argument))).collect();
        Self { key: sentence.key().to_owned(), arguments }
    }
}

impl From<Template> for Sentence {
    fn from(template: Template) -> Self {
        let argument = |filling| match filling {
            Filling::Text(text) => Argument::Text(text),
            Filling::Said(template) => Argument::Said(template.into()),
            Filling::List { between, parts } => {
                Argument::List { between, parts: parts.into_iter().map(Self::from).collect() }
            }
        };
        let arguments = template.arguments.into_iter().map(|(name, filling)| (name, argument(filling))).collect();
        Self::of(template.key, arguments)
    }
}

/// Sentences that are written down as their text with their templates beside it.
pub trait Worded: Default + Serialize + DeserializeOwned {
    /// The templates.
    type Said: Serialize + DeserializeOwned;
    /// The templates; `None` where only words are known.
    fn templates(&self) -> Option<Self::Said>;
    /// What the templates say.
    fn of_templates(said: Self::Said) -> Self;
}

impl Worded for Sentence {
    type Said = Template;

    fn templates(&self) -> Option<Template> {
        (!self.is_verbatim() && !self.is_empty()).then(|| self.into())
    }

    fn of_templates(said: Template) -> Self {
        said.into()
    }
}

impl Worded for Option<Sentence> {
    type Said = Template;

    fn templates(&self) -> Option<Template> {
        self.as_ref().and_then(Worded::templates)
    }

    fn of_templates(said: Template) -> Self {
        Some(said.into())
    }
}

impl Worded for Vec<Sentence> {
    type Said = Vec<Template>;

    fn templates(&self) -> Option<Vec<Template>> {
        let known = self.iter().any(|sentence| sentence.templates().is_some());
        known.then(|| self.iter().map(Template::from).collect())
    }

    fn of_templates(said: Vec<Template>) -> Self {
        said.into_iter().map(Sentence::from).collect()
    }
}

/// How sentences stand within a record that had texts in their place before there were templates: the text under
/// its old name, and beside it, under a name of its own, of what it was made. Records without that still open.
macro_rules! written_as {
    ($($module:ident: $field:literal, $said:literal;)*) => {
        $(#[doc = concat!("As `", $field, "`, with `", $said, "` beside it; for `serde(flatten, with)`.")]
        pub mod $module {
            use serde::{Deserialize, Deserializer, Serialize, Serializer};

            use super::Worded;

            #[derive(Serialize)]
            struct Written<'a, T, S> {
                #[serde(rename = $field)]
                text: &'a T,
                #[serde(rename = $said, skip_serializing_if = "Option::is_none")]
                said: Option<S>,
            }

            #[derive(Deserialize)]
            #[serde(bound(deserialize = "T: Default + Deserialize<'de>, S: Deserialize<'de>"))]
            struct Read<T, S> {
                #[serde(rename = $field, default)]
                text: T,
                #[serde(rename = $said, default)]
                said: Option<S>,
            }

            /// Writes both.
            ///
            /// # Errors
            /// The serializer's.
            pub fn serialize<T: Worded, S: Serializer>(words: &T, serializer: S) -> Result<S::Ok, S::Error> {
                Written { text: words, said: words.templates() }.serialize(serializer)
            }

            /// Reads both, or the text alone.
            ///
            /// # Errors
            /// The deserializer's.
            pub fn deserialize<'de, T: Worded, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
                let Read { text, said } = Read::<T, T::Said>::deserialize(deserializer)?;
                Ok(said.map_or(text, T::of_templates))
            }
        })*
    };
}

written_as! {
    as_text: "text", "said";
    as_what: "what", "said";
    as_reason: "reason", "said";
    as_notes: "notes", "said";
    as_trouble: "trouble", "trouble_said";
    as_says: "says", "said";
    as_fix: "fix", "fix_said";
    as_unmeasured: "unmeasured", "said";
    as_unwritten: "unwritten", "unwritten_said";
}

#[cfg(test)]
mod tests {
    use super::super::say::say;
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Record {
        #[serde(flatten, with = "as_text")]
        text: Sentence,
    }

    fn read_again(text: &Sentence) -> Sentence {
        let json = serde_json::to_string(&Record { text: text.clone() }).unwrap();
        serde_json::from_str::<Record>(&json).unwrap().text
    }

    #[test]
    fn a_record_of_before_there_were_templates_opens_and_a_list_for_programs_has_the_text_alone() {
        let old: Record = serde_json::from_str(r#"{"text":"watch out"}"#).unwrap();
        assert_eq!(old.text, Sentence::verbatim("watch out"));
        assert_eq!(serde_json::to_string(&old).unwrap(), r#"{"text":"watch out"}"#);
        let new = say!("it has {count} rows", count = 3);
        assert_eq!(serde_json::to_string(&new).unwrap(), r#""it has 3 rows""#);
        let record = serde_json::to_string(&Record { text: new }).unwrap();
        assert_eq!(
            record,
            r#"{"text":"it has 3 rows","said":{"key":"it has {count} rows","arguments":{"count":"3"}}}"#
        );
    }

    #[test]
    fn a_sentence_is_read_again_with_all_that_it_was_made_of() {
        let inner = say!("it has {count} rows", count = 3);
        let outer = say!("cannot read {what}: {reason}", what = "a.csv", reason = inner);
        let both = Sentence::joined([say!("no row"), Sentence::verbatim("x")], "; ");
        for sentence in [outer, both] {
            assert_eq!(read_again(&sentence), sentence);
        }
    }
}
