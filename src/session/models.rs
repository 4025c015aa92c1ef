//! The pair: which model teaches, which one learns.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{KeyPlace, Layers, Source, Vocabulary};
use crate::session::{Sentence, say};

/// Teacher and student of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Models {
    /// The prompted model whose probabilities are learned; `None` trains on labels alone.
    #[serde(default)]
    pub teacher: Option<ModelChoice>,
    /// The model that is trained.
    pub student: ModelChoice,
}

/// One model and how it is to be used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelChoice {
    /// Where its files are.
    pub source: Source,
    /// Whether its stored weights are used or forgotten.
    #[serde(default)]
    pub start: Start,
    /// How it answers.
    #[serde(default)]
    pub head: Head,
    /// Longest input in tokens; longer texts are cut (never the prompt around them).
    /// 0 means as long as the model allows.
    #[serde(default)]
    pub max_tokens: usize,
    /// Of a student: layers of another model that it starts with; `start` is not read then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers: Option<Box<Layers>>,
    /// Of a student: how much of its vocabulary it keeps.
    #[serde(default, skip_serializing_if = "Vocabulary::is_whole")]
    pub vocabulary: Vocabulary,
    /// Of a teacher: how its matrices are kept in memory.
    #[serde(default, skip_serializing_if = "Precision::is_single")]
    pub precision: Precision,
    /// Of a model with a classifier of its own: which of its outputs is which class of the data, e.g.
    /// `Some({"LABEL_0": "World", "LABEL_1": "Sports"})`. Left out, they are matched by name. Every class
    /// must be named once; outputs that are not named are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<BTreeMap<String, String>>,
}

/// How a frozen model's matrices are kept. It computes in single precision all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Precision {
    /// Four bytes a number.
    #[default]
    F32,
    /// Two bytes, as `float16`: the finer of the two, up to 65 504.
    F16,
    /// Two bytes, as `bfloat16`: the range of `F32`.
    Bf16,
}

impl Precision {
    /// Every precision, in the order a picker shows them.
    pub const ALL: [Self; 3] = [Self::F32, Self::F16, Self::Bf16];

    /// Whether it is the default, which a session file leaves out.
    pub fn is_single(&self) -> bool {
        *self == Self::F32
    }

    /// What the field calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        }
    }
}

/// Which weights a model starts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Start {
    /// The weights stored beside its configuration.
    #[default]
    Stored,
    /// Random weights drawn from the recipe's seed; only configuration and tokenizer are read.
    Fresh,
}

/// How a model answers a classification question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Head {
    /// Label words for a causal model, a classifier for an encoder.
    #[default]
    Auto,
    /// A linear layer over the pooled text; the model sees the text without the prompt.
    Classifier,
    /// The probabilities of the label words at the prompt's answer slot.
    LabelWords,
}

impl Models {
    /// Where the layers of the student come from, if it is made from another model's.
    pub fn layers_from(&self) -> Option<&Source> {
        let layers = self.student.layers.as_ref()?;
        layers.of.as_ref().or_else(|| self.teacher.as_ref().map(|teacher| &teacher.source))
    }

    /// What no pair can do, in words, or `None`.
    pub fn problem(&self) -> Option<Sentence> {
        let teacher = self.teacher.as_ref();
        if teacher.is_some_and(|teacher| teacher.layers.is_some() || !teacher.vocabulary.is_whole()) {
            return Some(say!("models.teacher cannot be made from layers or trimmed; ask this of models.student"));
        }
        if !self.student.precision.is_single() {
            return Some(say!("models.student.precision must be F32: what learns is trained in single precision"));
        }
        if self.student.layers.is_some() && self.layers_from().is_none() {
            return Some(say!("models.student.layers names no model and there is no teacher; name one under `of`"));
        }
        if matches!(self.student.source, Source::Hub { file: Some(_), .. }) {
            return Some(say!(
                "models.student names a GGUF file, which is frozen: it can teach, not learn; leave `file` out"
            ));
        }
        if teacher.is_some_and(|t| t.classes.is_some() && matches!(t.source, Source::Server { .. })) {
            return Some(say!(
                "models.teacher.classes says which output of a classifier is which class, and a model behind a server has none; leave it out"
            ));
        }
        if teacher.is_some_and(|teacher| matches!(teacher.source, Source::Server { per_minute: Some(0), .. })) {
            return Some(say!(
                "models.teacher: per_minute is the most questions in a minute and at least 1; leave it out to ask as fast as the server answers"
            ));
        }
        let sources = teacher.into_iter().chain([&self.student]).map(|choice| &choice.source);
        sources.filter_map(Source::key).find_map(KeyPlace::problem)
    }
}

impl ModelChoice {
    /// A stored model at `source`, with every other choice at its default.
    pub fn stored(source: Source) -> Self {
        let (start, head, vocabulary) = (Start::Stored, Head::Auto, Vocabulary::Whole);
        let (layers, precision, classes) = (None, Precision::F32, None);
        Self { source, start, head, max_tokens: 0, layers, vocabulary, precision, classes }
    }

    /// Takes the model from `source` from now on. What else was chosen stays: only which of its outputs
    /// is which class goes, where it is another model.
    pub fn move_to(&mut self, source: Source) {
        if self.source != source {
            self.classes = None; // They are the outputs of another model.
        }
        self.source = source;
    }

    /// Whether its own stored weights are read.
    pub fn needs_weights(&self) -> bool {
        self.start == Start::Stored && self.layers.is_none()
    }
}
