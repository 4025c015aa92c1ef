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
//! derive stays for the sources of an error, without messages, and the display follows from [`Say`](super::Say) by `spoken!`; so a
//! message that needs a choice is a `match` like any other, which a macro over whole enumerations would not let it be.
//!
//! *Why there is no `From` of a text:* it would be so short a way around the templates that it would be taken.
//! Whoever passes on words from outside says so, by [`Sentence::verbatim`].
//!
//! Not here: any translation.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// The template of words that stand for themselves.
const VERBATIM: &str = "{words}";

/// A sentence: what it says in English, and of what that was made. Where it is written down it is its text alone;
/// the records that are read again keep the rest beside it (see [`super::written_sentence`]).
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

    pub(super) fn of(key: String, arguments: BTreeMap<String, Argument>) -> Self {
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

    /// What stands in each of its places.
    pub(super) fn arguments(&self) -> &BTreeMap<String, Argument> {
        &self.0.arguments
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::say::{argument, say};
    use super::*;

    #[test]
    fn a_sentence_says_its_english_and_keeps_of_what_it_was_made() {
        let inner = say!("it has {count} rows", count = 3);
        let outer =
            say!("cannot read {what}: {reason}: {path}", what = "a.csv", reason = inner, path = Path::new("/x"));
        assert_eq!(outer, "cannot read a.csv: it has 3 rows: /x");
        assert_eq!(outer.argument("what"), Some(&Argument::Text("a.csv".into())));
        assert_eq!(outer.argument("reason"), Some(&Argument::Said(inner)));
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
    }
}
