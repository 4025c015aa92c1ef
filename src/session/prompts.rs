//! The prompts of a session: one asks the teacher, and the student may read another one about the same texts.
//! What one model is asked by is a [`Prompt`], which both are resolved to.
//!
//! *Why the label words are shared (2026-11).* They name the classes, whoever is asked; so do the score of a word
//! and the use of chat templates, which already look at each model by itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::near::suggested;
use super::prompt::{ANSWER, TEXT, slots};
use super::{Chat, Prompt, Scoring, Sentence, say};

/// Wordings and label words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Prompts {
    /// What the teacher is asked.
    pub teacher: Wording,
    /// What the student reads; `None` is what the teacher is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub student: Option<Wording>,
    /// Class name to the word(s) that stand for it, as one text: one a class so far. A class that is missing
    /// stands for itself. A file may leave out the list around the text.
    #[serde(default)]
    pub label_words: BTreeMap<String, Vec<String>>,
    /// How the tokens of a label word become one score.
    #[serde(default)]
    pub scoring: Scoring,
    /// Whether models with a chat template are asked through it.
    #[serde(default)]
    pub chat: Chat,
}

/// How a question is put: a template, and others for the same question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Wording {
    /// Text with slots: `{text}` or columns of the data by their names, and behind the first of them, exactly once,
    /// `{answer}`. A causal model reads everything before `{answer}`; a masked model reads all of it with masks in
    /// the slot.
    pub template: String,
    /// Further templates; when a model with label words is trained, each example draws one of
    /// all templates, so that it answers differently worded questions.
    #[serde(default)]
    pub variants: Vec<String>,
}

impl Prompts {
    /// What the teacher is asked by.
    pub fn for_teacher(&self) -> Prompt {
        self.resolved(&self.teacher)
    }

    /// What the student is asked by.
    pub fn for_student(&self) -> Prompt {
        self.resolved(self.student.as_ref().unwrap_or(&self.teacher))
    }

    fn resolved(&self, Wording { template, variants }: &Wording) -> Prompt {
        let word = |(class, words): (&String, &Vec<String>)| Some((class.clone(), words.first()?.clone()));
        Prompt {
            template: template.clone(),
            variants: variants.clone(),
            label_words: self.label_words.iter().filter_map(word).collect(),
            scoring: self.scoring,
            chat: self.chat,
        }
    }

    /// The word that stands for `class`: the edited one, or the class name itself.
    pub fn word_for<'a>(&'a self, class: &'a str) -> &'a str {
        self.label_words.get(class).and_then(|words| words.first()).map_or(class, String::as_str)
    }

    /// Has `word` stand for `class` from now on.
    pub fn set_word(&mut self, class: &str, word: impl Into<String>) {
        self.label_words.insert(class.to_owned(), vec![word.into()]);
    }

    /// What no model can be asked by, whatever the classes are, or `None`.
    pub(super) fn problem(&self) -> Option<Sentence> {
        let (class, words) = self.label_words.iter().find(|(_, words)| words.len() != 1)?;
        let class = format!("{class:?}");
        Some(match words.len() {
            0 => say!(
                "prompt.label_words has no word for class {class}; name one, or leave the class out to have it stand for itself",
                class
            ),
            count => say!(
                "prompt.label_words has {count} words for class {class}, and one word a class is scored so far; keep one",
                count,
                class
            ),
        })
    }

    /// Every template that is written here, the teacher's first. A teacher's that is left empty is none.
    pub fn templates(&self) -> impl Iterator<Item = &str> {
        let teacher = Some(&self.teacher.template).filter(|template| !template.is_empty());
        let student = self.student.iter().flat_map(|own| [&own.template].into_iter().chain(&own.variants));
        teacher.into_iter().chain(&self.teacher.variants).chain(student).map(String::as_str)
    }

    /// What templates may name beside text and answer, each once, in the order in which it is named: the columns
    /// that have to be read whatever their role. Not all of these need exist: braces may belong to a prompt.
    pub fn columns(&self) -> Vec<String> {
        let mut columns: Vec<String> = Vec::new();
        for slot in self.templates().flat_map(slots).filter(|slot| ![TEXT, ANSWER].contains(&slot.name)) {
            if !columns.iter().any(|known| known == slot.name) {
                columns.push(slot.name.to_owned());
            }
        }
        columns
    }

    /// What to say of label words whose class does not exist, or `None`: each of them, and the class that
    /// was most likely meant.
    pub fn stray_words(&self, classes: &[String]) -> Option<Sentence> {
        let known: Vec<&str> = classes.iter().map(String::as_str).collect();
        let strays = self.label_words.keys().filter(|class| !known.contains(&class.as_str()));
        let strays: Vec<String> = strays.map(|class| format!("{class:?}{}", suggested(class, &known))).collect();
        let shown = &known[..known.len().min(MOST_NAMED)];
        let more = if known.len() > shown.len() {
            say!(", … ({known} in all)", known = known.len())
        } else {
            Sentence::default()
        };
        (!strays.is_empty()).then(|| {
            say!("label words for classes that the data does not have, which are not used: {strays}; its classes are {shown}{more}", strays = strays.join(", "), shown = shown.join(", "), more)
        })
    }
}

/// Classes that a sentence lists before it only counts them.
const MOST_NAMED: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn prompts(words: &[(&str, &[&str])]) -> Prompts {
        let listed = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Prompts {
            teacher: Wording { template: "{text} is {answer}".into(), variants: vec!["{text}: {answer}".into()] },
            student: None,
            label_words: words.iter().map(|(class, words)| ((*class).to_owned(), listed(words))).collect(),
            scoring: Scoring::Mean,
            chat: Chat::Auto,
        }
    }

    #[test]
    fn the_student_reads_what_the_teacher_is_asked_until_it_has_a_wording_of_its_own() {
        let mut prompts = prompts(&[("a", &["alpha"])]);
        let asked = prompts.for_teacher();
        assert_eq!(prompts.for_student(), asked);
        assert_eq!((asked.variants.len(), asked.word_for("a"), asked.word_for("b")), (1, "alpha", "b"));
        assert_eq!((asked.scoring, asked.chat), (Scoring::Mean, Chat::Auto));
        prompts.student = Some(prompts.teacher.clone());
        assert_eq!(prompts.for_student(), asked, "an equal one is the same question");
        prompts.student = Some(Wording { template: "{text} {answer}".into(), variants: Vec::new() });
        assert_eq!(prompts.for_teacher(), asked);
        let read = prompts.for_student();
        assert_eq!((read.template.as_str(), read.variants.len()), ("{text} {answer}", 0));
        assert_eq!(Prompt { template: asked.template.clone(), variants: asked.variants.clone(), ..read }, asked);
    }

    #[test]
    fn columns_are_what_any_template_names_beside_text_and_answer() {
        let mut prompts = prompts(&[]);
        assert_eq!(prompts.columns(), Vec::<String>::new());
        prompts.teacher.template = "{topic}: {premise} {hypothesis} {answer}".into();
        prompts.teacher.variants = vec!["{hypothesis} {text} {answer}".into()];
        prompts.student = Some(Wording { template: "{second text} {topic} {answer}".into(), variants: Vec::new() });
        assert_eq!(prompts.columns(), ["topic", "premise", "hypothesis", "second text"]);
    }

    #[test]
    fn a_class_has_one_word_or_stands_for_itself() {
        assert_eq!(prompts(&[]).problem(), None);
        assert_eq!(
            prompts(&[("a", &["alpha"]), ("b", &[""])]).problem(),
            None,
            "an empty one is the tokenizer's to refuse"
        );
        let none = prompts(&[("a", &["alpha"]), ("b", &[])]).problem().unwrap();
        assert!(none.contains("no word for class \"b\"") && none.contains("name one"), "{none}");
        let two = prompts(&[("a", &["alpha", "first"])]).problem().unwrap();
        assert!(two.contains("2 words for class \"a\"") && two.contains("keep one"), "{two}");
    }

    #[test]
    fn label_words_of_no_class_are_named_with_the_class_that_was_meant() {
        let prompts = |classes: &[&str]| {
            let words: Vec<(&str, &[&str])> = classes.iter().map(|class| (*class, &["word"][..])).collect();
            prompts(&words)
        };
        let classes = ["negative".to_owned(), "positive".to_owned()];
        assert_eq!(prompts(&["negative", "positive"]).stray_words(&classes), None);
        assert_eq!(prompts(&[]).stray_words(&classes), None);
        let said = prompts(&["Positive", "negative", "neutral"]).stray_words(&classes).unwrap();
        assert!(said.contains("\"Positive\" (did you mean \"positive\"?), \"neutral\";"), "{said}");
        assert!(said.contains("negative, positive"), "{said}");
        let many: Vec<String> = (0..1000).map(|class| format!("class {class}")).collect();
        let said = prompts(&["klass 7"]).stray_words(&many).unwrap();
        assert!(said.contains("1000 in all") && said.len() < 1000, "{said}");
    }
}
