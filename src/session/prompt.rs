//! The prompt that one model is asked by: how a text becomes a question, and which words answer it. A session
//! says it of both models at once, see [`super::Prompts`]; a saved student says its own in `retort.ron`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::near::suggested;
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

/// The slot the example's text goes into.
pub const TEXT_SLOT: &str = "{text}";
/// The slot the label word goes into.
pub const ANSWER_SLOT: &str = "{answer}";

impl Prompt {
    /// The word that stands for `class`: the edited one, or the class name itself.
    pub fn word_for<'a>(&'a self, class: &'a str) -> &'a str {
        self.label_words.get(class).map_or(class, String::as_str)
    }

    /// What is wrong with `template`, in words, or `None`.
    pub fn problem(template: &str) -> Option<Sentence> {
        for slot in [TEXT_SLOT, ANSWER_SLOT] {
            match template.matches(slot).count() {
                1 => {}
                0 => return Some(say!("the template has no {slot}; add it where it belongs", slot)),
                n => return Some(say!("the template has {slot} {n} times; keep one", slot, n)),
            }
        }
        let unknown =
            braced(template).find(|name| ![TEXT_SLOT, ANSWER_SLOT].contains(&format!("{{{name}}}").as_str()))?;
        let meant = suggested(unknown, &["text", "answer"]);
        Some(say!(
            "the template has {{{unknown}}}, which is no slot{meant}; the slots are {text_slot} and {answer_slot}, and several columns are joined under data. If the braces belong to the prompt, put a space inside them",
            unknown,
            meant,
            text_slot = TEXT_SLOT,
            answer_slot = ANSWER_SLOT
        ))
    }
}

/// What stands in braces like the name of a slot: letters, digits and underscores, not a digit first.
fn braced(template: &str) -> impl Iterator<Item = &str> {
    let names = template.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    let begins = |name: &str| name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    names.filter(move |name| begins(name) && name.chars().all(|c| c.is_alphanumeric() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_that_look_like_a_slot_and_are_none_are_refused_by_name() {
        for name in ["sentence1", "Text", "ANSWER", "label", "_x", "文本"] {
            let problem = Prompt::problem(&format!("{{{name}}} {{text}} {{answer}}")).unwrap();
            assert!(problem.contains(&format!("{{{name}}}")) && problem.contains("{text} and {answer}"), "{problem}");
        }
        assert!(Prompt::problem("{txt} {text}: {answer}").unwrap().contains("did you mean \"text\"?"));
        for plain in [
            "{text} {answer}",
            "{ x } {text} {answer}",
            "{} {text} {answer}",
            "{\"a\": 1} {text} {answer} {",
            "{1} } {text}{answer}",
        ] {
            assert_eq!(Prompt::problem(plain), None, "{plain}");
        }
        assert!(Prompt::problem("{text} {text} {answer}").unwrap().contains("2 times"));
    }
}
