//! A sentence for a person that can still be said in another language: an English template and what was put
//! into it. Rooms below the window make one by `say!`, never by `format!`, so that the window looks the
//! template up in its language and fills in the same arguments; headless reads a [`Sentence`] as the English
//! text that it derefs to.
//!
//! *Why templates and not numbered messages:* the English template is the key, as in the window's own lists, so
//! that code reads as it speaks, and a test can gather every key from the sources. *Why the arguments are texts
//! already:* how a figure is rounded belongs to what is said of it, and both languages write figures alike; a
//! number that is none would not survive JSON either. An error within an error is an argument that is a sentence
//! itself. Words from outside, of the operating system, a server or a parser, stay as they are.
//!
//! *Why errors speak by hand:* the text of `thiserror`'s attribute cannot be read back as a template with values. Its
//! derive stays for the sources of an error, without messages, and the display follows from [`Say`] by `spoken!`; so a
//! message that needs a choice is a `match` like any other, which a macro over whole enumerations would not let it be.
//!
//! *Why there is no `From` of a text:* it would be so short a way around the templates that it would be taken.
//! Whoever passes on words from outside says so, by [`Sentence::verbatim`].
//!
//! Not here: any translation.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The template of words that stand for themselves.
const VERBATIM: &str = "{words}";

/// A sentence: what it says in English, and of what that was made. Where it is written down it is its text alone;
/// the records that are read again keep the rest beside it (see [`as_text`] and its like).
#[derive(Clone, PartialEq, Eq)]
pub struct Sentence(Arc<Parts>);

/// A sentence stands in many errors, which are handed from function to function: it lies elsewhere.
#[derive(Default, PartialEq, Eq)]
struct Parts {
    text: String,
    key: String,
    arguments: BTreeMap<String, Argument>,
}

/// What stands in the place of a name of the template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A name, a figure, a path, words from outside: the same in every language.
    Text(String),
    /// Another sentence.
    Said(Sentence),
    /// Several, one behind the other.
    List {
        /// What stands between two of them, in English.
        between: String,
        /// Each of them.
        parts: Vec<Sentence>,
    },
}

impl Sentence {
    /// The sentence that `say!` makes.
    pub fn new<const N: usize>(key: &str, arguments: [(&str, Argument); N]) -> Self {
        let arguments = arguments.into_iter().map(|(name, argument)| (name.to_owned(), argument)).collect();
        Self::of(key.to_owned(), arguments)
    }

    fn of(key: String, arguments: BTreeMap<String, Argument>) -> Self {
        let text = filled(&key, |name| arguments.get(name).map(Argument::english));
        Self(Arc::new(Parts { text, key, arguments }))
    }

    /// Words from outside, or of before there were templates.
    pub fn verbatim(words: impl Into<String>) -> Self {
        Self::new(VERBATIM, [("words", Argument::Text(words.into()))])
    }

    /// Several sentences as one, with `between` after each but the last.
    pub fn joined(parts: impl IntoIterator<Item = Self>, between: &str) -> Self {
        let parts: Vec<Self> = parts.into_iter().collect();
        match <[Self; 1]>::try_from(parts) {
            Ok([only]) => only,
            Err(parts) => Self::new("{parts}", [("parts", Argument::List { between: between.to_owned(), parts })]),
        }
    }

    /// What is wrong, and behind it what to do, where a sentence is [`Self::joined`] of such.
    pub fn with_advice(&self) -> Option<(Self, Self)> {
        let Some(Argument::List { between, parts }) = self.0.arguments.get("parts").filter(|_| self.0.key == "{parts}")
        else {
            return None;
        };
        let (first, rest) = parts.split_first()?;
        Some((first.clone(), Self::joined(rest.iter().cloned(), between)))
    }

    /// Its English words, without of what they were made: for programs that read what is printed.
    #[must_use]
    pub fn in_words(&self) -> Self {
        if self.is_empty() { Self::default() } else { Self::verbatim(self.to_string()) }
    }

    /// The English template; the window's lists know it.
    pub fn key(&self) -> &str {
        &self.0.key
    }

    /// What stands in the place of `name`.
    pub fn argument(&self, name: &str) -> Option<&Argument> {
        self.0.arguments.get(name)
    }

    /// Whether nothing is known of it but its words.
    pub fn is_verbatim(&self) -> bool {
        self.0.key == VERBATIM
    }
}

impl Argument {
    /// As it stands in the English sentence.
    pub fn english(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Said(sentence) => sentence.0.text.clone(),
            Self::List { between, parts } => parts.iter().map(|part| &*part.0.text).collect::<Vec<_>>().join(between),
        }
    }
}

impl Default for Sentence {
    /// Nothing is said.
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl Deref for Sentence {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0.text
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.text)
    }
}

impl fmt::Debug for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.text, f)
    }
}

impl PartialEq<str> for Sentence {
    fn eq(&self, other: &str) -> bool {
        self.0.text == other
    }
}

impl PartialEq<&str> for Sentence {
    fn eq(&self, other: &&str) -> bool {
        self.0.text == *other
    }
}

impl PartialEq<String> for Sentence {
    fn eq(&self, other: &String) -> bool {
        self.0.text == *other
    }
}

/// `template` with every `{name}` replaced by what `of` gives for it; `{{` and `}}` are braces, and a name that is
/// not known stays as it is.
pub fn filled(template: &str, of: impl Fn(&str) -> Option<String>) -> String {
    let (mut text, mut rest) = (String::new(), template);
    while let Some(place) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(place);
        text.push_str(before);
        let doubled = from.starts_with("{{") || from.starts_with("}}");
        let end = if doubled { 1 } else { from.find('}').unwrap_or(0) };
        let told = if doubled { None } else { from.get(1..end).and_then(&of) };
        text.push_str(&told.unwrap_or_else(|| from[..if doubled { 1 } else { end + 1 }].to_owned()));
        rest = &from[end + 1..];
    }
    text + rest
}

/// What can be said to a person, or stand within what is said.
pub trait Say {
    /// The sentence.
    fn said(&self) -> Sentence;
}

impl Say for Sentence {
    fn said(&self) -> Sentence {
        self.clone()
    }
}

impl<T: Say + ?Sized> Say for &T {
    fn said(&self) -> Sentence {
        (**self).said()
    }
}

impl<T: Say + ?Sized> Say for Box<T> {
    fn said(&self) -> Sentence {
        (**self).said()
    }
}

/// Types whose display is the same in every language.
macro_rules! verbatim {
    ($($type:ty),* $(,)?) => {
        $(impl $crate::session::Say for $type {
            fn said(&self) -> $crate::session::Sentence {
                $crate::session::Sentence::verbatim(self.to_string())
            }
        })*
    };
}
pub(crate) use verbatim;

verbatim!(str, String, std::borrow::Cow<'_, str>, char, bool, u8, u16, u32, u64, usize, i32, i64, f32, f64);
verbatim!(
    std::path::Display<'_>,
    fmt::Arguments<'_>,
    std::io::Error,
    serde_json::Error,
    std::num::ParseIntError,
    std::string::FromUtf8Error,
    ron::Error
);

impl Say for Path {
    fn said(&self) -> Sentence {
        self.display().said()
    }
}

impl Say for PathBuf {
    fn said(&self) -> Sentence {
        self.as_path().said()
    }
}

/// What `value` is as a part of another sentence.
pub fn argument(value: &(impl Say + ?Sized)) -> Argument {
    let sentence = value.said();
    match sentence.argument("parts") {
        Some(list) if sentence.key() == "{parts}" => list.clone(),
        _ if sentence.is_verbatim() || sentence.is_empty() => Argument::Text(sentence.to_string()),
        _ => Argument::Said(sentence),
    }
}

/// `say!("cannot read {what}: {reason}", what, reason = error)`: a [`Sentence`] of a template and of what stands
/// in the place of its names, each of which can [`Say`] itself.
macro_rules! say {
    ($key:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::session::Sentence::new(
            $key,
            [$((stringify!($name), $crate::session::sentence::said!($name $(= $value)?))),*],
        )
    };
}
pub(crate) use say;

/// One argument of `say!`.
macro_rules! said {
    ($name:ident) => {
        $crate::session::sentence::argument(&$name)
    };
    ($name:ident = $value:expr) => {
        $crate::session::sentence::argument(&$value)
    };
}
pub(crate) use said;

/// Lets an error be displayed as what it says.
macro_rules! spoken {
    ($type:ty) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&$crate::session::Say::said(self))
            }
        }
    };
}
pub(crate) use spoken;

impl Serialize for Sentence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.text.serialize(serializer)
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
        let arguments = sentence.0.arguments.iter().map(|(name, argument)| (name.clone(), filling(argument))).collect();
        Self { key: sentence.0.key.clone(), arguments }
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
        (!self.is_verbatim() && !self.0.text.is_empty()).then(|| self.into())
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
    fn a_sentence_says_its_english_and_keeps_of_what_it_was_made() {
        let inner = say!("it has {count} rows", count = 3);
        let outer =
            say!("cannot read {what}: {reason}: {path}", what = "a.csv", reason = inner, path = Path::new("/x"));
        assert_eq!(outer, "cannot read a.csv: it has 3 rows: /x");
        assert_eq!(outer.argument("what"), Some(&Argument::Text("a.csv".into())));
        assert_eq!(outer.argument("reason"), Some(&Argument::Said(inner)));
        assert_eq!(read_again(&outer), outer);
    }

    #[test]
    fn braces_are_written_twice_and_an_unknown_name_stays() {
        let of = |name: &str| (name == "a").then(|| "1".to_owned());
        for (template, text) in
            [("{{{a}}}", "{1}"), ("{a}{b}", "1{b}"), ("{{text}} {a", "{text} {a"), ("}", "}"), ("é{a}é", "é1é")]
        {
            assert_eq!(filled(template, of), text);
        }
    }

    #[test]
    fn lists_are_one_argument_and_one_alone_is_itself() {
        let parts = || [say!("no row"), Sentence::verbatim("x")];
        let both = Sentence::joined(parts(), "; ");
        assert_eq!(both, "no row; x");
        assert!(matches!(argument(&both), Argument::List { .. }));
        assert_eq!(Sentence::joined(parts().into_iter().take(1), "; "), say!("no row"));
        assert_eq!(read_again(&both), both);
    }
}
