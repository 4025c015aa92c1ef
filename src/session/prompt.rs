//! The prompt that one model is asked by: how a text becomes a question, and which words answer it. A session
//! says it of both models at once, see [`super::Prompts`]; a saved student says its own in `retort.ron`.
//!
//! *What is a slot (2026-11).* Braces around exactly the name of a column, of whatever letters: data name their
//! columns as they like. So only the data tell which braces are slots. Without them a template is looked at for its
//! form alone; with them, what reads like a name and is none is refused, since a slip of the pen would otherwise be
//! learned as text. Whoever wants braces around a word puts a space inside them.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::session::{Sentence, say};

/// Template and label words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prompt {
    /// As [`super::Wording::template`].
    pub template: String,
    /// As [`super::Wording::variants`].
    #[serde(default)]
    pub variants: Vec<String>,
    /// Class name to the word(s) that stand for it. A class that is missing stands for itself.
    #[serde(default)]
    pub label_words: BTreeMap<String, String>,
    /// How the tokens of a label word become one score.
    #[serde(default)]
    pub scoring: Scoring,
    /// Whether models with a chat template are asked through it.
    #[serde(default)]
    pub chat: Chat,
}

/// Whether a model that has a chat template is asked through it: what stands before `{answer}` becomes
/// the user's message, and the label words begin the assistant's. Concerns models that write left to
/// right; a server in its mode `Chat` does the same by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Chat {
    /// Never: the prompt stands as it is written.
    #[default]
    Off,
    /// Where the model has one.
    Auto,
    /// As `Auto`, and a teacher without one is refused.
    On,
}

/// How the log-probabilities of a label word's tokens become one score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Scoring {
    /// Their sum: the log-probability of the full string.
    #[default]
    Sum,
    /// Their mean: long label words are not punished for their length.
    Mean,
}

/// The name of the slot that all columns of the text together go into.
pub const TEXT: &str = "text";
/// The name of the slot that the label word goes into.
pub const ANSWER: &str = "answer";
/// The slot the example's text goes into.
pub const TEXT_SLOT: &str = "{text}";
/// The slot the label word goes into.
pub const ANSWER_SLOT: &str = "{answer}";

impl Prompt {
    /// The word that stands for `class`: the edited one, or the class name itself.
    pub fn word_for<'a>(&'a self, class: &'a str) -> &'a str {
        self.label_words.get(class).map_or(class, String::as_str)
    }

    /// The first template and the others.
    pub fn templates(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.template).chain(&self.variants).map(String::as_str)
    }

    /// What is wrong with the form of `template`, in words, or `None`. Whether its slots are columns only the data
    /// tell.
    pub fn problem(template: &str) -> Option<Sentence> {
        let Some(first) = slots(template).find(|slot| !slot.is_answer()) else {
            return Some(say!("the template has no {slot}; add it where it belongs", slot = TEXT_SLOT));
        };
        let answers: Vec<Slot> = slots(template).filter(Slot::is_answer).collect();
        let [answer] = answers.as_slice() else {
            return Some(match answers.len() {
                0 => say!("the template has no {slot}; add it where it belongs", slot = ANSWER_SLOT),
                n => say!("the template has {slot} {n} times; keep one", slot = ANSWER_SLOT, n),
            });
        };
        (first.place.start > answer.place.start).then(|| {
            say!(
                "{text_slot} must come before {answer_slot}, so that the model has read it",
                text_slot = format_args!("{{{}}}", first.name),
                answer_slot = ANSWER_SLOT
            )
        })
    }
}

/// Braces in a template that may be a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot<'a> {
    /// What stands in them.
    pub name: &'a str,
    /// Bytes of the template, braces included.
    pub place: Range<usize>,
}

impl Slot<'_> {
    /// Whether the label word goes here.
    pub fn is_answer(&self) -> bool {
        self.name == ANSWER
    }

    /// Whether it reads like the name of a column, be there one or not: letters of any script, digits, `_`, `-` and
    /// `.`, a letter or `_` first.
    pub fn looks_meant(&self) -> bool {
        let first = self.name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        first && self.name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
    }
}

/// Everything in `template` that a column's name could stand in, in its order: braces on one line without others in
/// them and without white space at their ends.
pub fn slots(template: &str) -> impl Iterator<Item = Slot<'_>> {
    let opened = template.match_indices('{').filter_map(|(start, _)| {
        let name = template[start + 1..].split_once('}')?.0;
        Some(Slot { name, place: start..start + name.len() + 2 })
    });
    opened
        .filter(|slot| !slot.name.is_empty() && slot.name.trim() == slot.name && !slot.name.contains(['{', '\n', '\r']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(template: &str) -> Vec<&str> {
        slots(template).map(|slot| slot.name).collect()
    }

    #[test]
    fn slots_are_braces_around_a_name_and_a_space_inside_makes_them_text() {
        assert_eq!(
            names("{premise} {second text}: {q1.a-b} {文本} {1} {answer}"),
            ["premise", "second text", "q1.a-b", "文本", "1", "answer"]
        );
        assert_eq!(names("{ x } {} {y\nz} } {a {b} {{c}} {d"), ["b", "c"]);
        let template = "wörd {text}{answer}";
        let places: Vec<&str> = slots(template).map(|slot| &template[slot.place]).collect();
        assert_eq!(places, ["{text}", "{answer}"]);
        let meant = |name| slots(name).all(|slot| slot.looks_meant());
        assert!(["{sentence1}", "{Text}", "{_x}", "{文本}", "{a-b.c}"].into_iter().all(meant));
        assert!(!["{1}", "{\"a\": 1}", "{a b}", "{-}"].into_iter().any(meant));
    }

    #[test]
    fn the_form_of_a_template_is_told_without_the_data() {
        for sound in [
            "{text} {answer}",
            "{premise} Question: {hypothesis}? {answer}",
            "{text} {text} {answer}",
            "{ x } {} {\"a\": 1} } {text}{answer} {",
            "{premise} {answer} {hypothesis}",
        ] {
            assert_eq!(Prompt::problem(sound), None, "{sound}");
        }
        for (broken, said) in [
            ("{text}", "has no {answer}"),
            ("{answer} what", "has no {text}"),
            ("{text} {answer} {answer}", "{answer} 2 times"),
            ("{answer} {premise}", "{premise} must come before {answer}"),
            ("", "has no {text}"),
        ] {
            let problem = Prompt::problem(broken).unwrap();
            assert!(problem.contains(said), "{broken}: {problem}");
        }
    }
}
