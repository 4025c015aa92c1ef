//! The models of a session: who teaches, who learns, and how each is used.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ron_tree::Node;
use super::to_version_3;
use super::{Init, KeyPlace, Session, Source, Vocabulary};
use crate::session::{Sentence, say};

/// Teachers and student as a value of their own: what a record says was open, what the window puts in their
/// place at once. It reads what version 2 wrote of them as well, since journals hold that, too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct Models {
    /// As [`Session::teachers`].
    pub teachers: Vec<ModelChoice>,
    /// As [`Session::student`].
    pub student: ModelChoice,
}

/// One model and how it is to be used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ModelChoice {
    /// Where its files are.
    pub source: Source,
    /// Which weights it starts from.
    #[serde(default)]
    pub init: Init,
    /// How it answers.
    #[serde(default)]
    pub head: Head,
    /// Longest input in tokens; longer texts are cut (never the prompt around them).
    /// 0 means as long as the model allows.
    #[serde(default)]
    pub max_tokens: usize,
    /// Of a student: how much of its vocabulary it keeps.
    #[serde(default, skip_serializing_if = "Vocabulary::is_whole")]
    #[cfg_attr(test, schemars(!skip_serializing_if))]
    pub vocabulary: Vocabulary,
    /// Of a teacher: how its matrices are kept in memory.
    #[serde(default, skip_serializing_if = "Precision::is_single")]
    #[cfg_attr(test, schemars(!skip_serializing_if))]
    pub precision: Precision,
    /// Of a model with a classifier of its own: which of its outputs is which class of the data, e.g.
    /// `Some({"LABEL_0": "World", "LABEL_1": "Sports"})`. Left out, they are matched by name. Every class
    /// must be named once; outputs that are not named are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<BTreeMap<String, String>>,
}

/// How a frozen model's matrices are kept. It computes in single precision all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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

/// How a model answers a classification question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Head {
    /// Label words for a causal model, a classifier for an encoder.
    #[default]
    Auto,
    /// A linear layer over the pooled text; the model sees the text without the prompt.
    Classifier,
    /// The probabilities of the label words at the prompt's answer slot.
    LabelWords,
}

impl<'de> Deserialize<'de> for Models {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tree = to_version_3::models(Node::deserialize(deserializer)?).map_err(D::Error::custom)?;
        // The derived reading, which knows one version only, stands beside the trait's.
        Self::deserialize(&tree).map_err(D::Error::custom)
    }
}

impl Serialize for Models {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl Models {
    /// The model that teaches; `None` trains on labels alone.
    pub fn teacher(&self) -> Option<&ModelChoice> {
        self.teachers.first()
    }

    /// Has this model teach and no other; `None` has none teach.
    pub fn set_teacher(&mut self, teacher: Option<ModelChoice>) {
        self.teachers = teacher.into_iter().collect();
    }
}

impl Session {
    /// The model that teaches; `None` trains on labels alone.
    pub fn teacher(&self) -> Option<&ModelChoice> {
        self.teachers.first()
    }

    /// The same, to be changed.
    pub fn teacher_mut(&mut self) -> Option<&mut ModelChoice> {
        self.teachers.first_mut()
    }

    /// Has this model teach and no other; `None` has none teach.
    pub fn set_teacher(&mut self, teacher: Option<ModelChoice>) {
        self.teachers = teacher.into_iter().collect();
    }

    /// Teachers and student, as a value of their own.
    pub fn models(&self) -> Models {
        Models { teachers: self.teachers.clone(), student: self.student.clone() }
    }

    /// Puts other models in their place, and gives those that were there.
    pub fn replace_models(&mut self, models: Models) -> Models {
        let teachers = std::mem::replace(&mut self.teachers, models.teachers);
        Models { teachers, student: std::mem::replace(&mut self.student, models.student) }
    }

    /// Every model that it names as teacher or student, the student last.
    pub fn choices(&self) -> impl Iterator<Item = &ModelChoice> {
        self.teachers.iter().chain([&self.student])
    }

    /// Where the layers of the student come from, if it is made from another model's.
    pub fn layers_from(&self) -> Option<&Source> {
        match &self.student.init {
            Init::Layers { of, .. } => of.as_ref().or_else(|| self.teacher().map(|teacher| &teacher.source)),
            Init::Stored | Init::Fresh => None,
        }
    }

    /// What no models can do, in words, or `None`.
    pub(super) fn models_problem(&self) -> Option<Sentence> {
        if let [_, another, ..] = &self.teachers[..] {
            return Some(say!(
                "teachers names {count} models, {another} the second of them, and a student learns from one so far; keep one",
                count = self.teachers.len(),
                another = another.source.title()
            ));
        }
        let teacher = self.teacher().and_then(ModelChoice::problem_as_teacher);
        teacher.or_else(|| self.student_problem()).or_else(|| {
            let sources = self.choices().map(|choice| &choice.source);
            sources.filter_map(Source::key).find_map(KeyPlace::problem)
        })
    }

    fn student_problem(&self) -> Option<Sentence> {
        if !self.student.precision.is_single() {
            return Some(say!("student.precision must be F32: what learns is trained in single precision"));
        }
        if self.student.init.layer_map().is_some() && self.layers_from().is_none() {
            return Some(say!(
                "student.init takes layers and there is no teacher to take them from; name a model under `of`"
            ));
        }
        if matches!(self.student.source, Source::Hub { file: Some(_), .. }) {
            return Some(say!("student names a GGUF file, which is frozen: it can teach, not learn; leave `file` out"));
        }
        None
    }
}

impl ModelChoice {
    /// A stored model at `source`, with every other choice at its default.
    pub fn stored(source: Source) -> Self {
        let (init, head, vocabulary) = (Init::Stored, Head::Auto, Vocabulary::Whole);
        Self { source, init, head, max_tokens: 0, vocabulary, precision: Precision::F32, classes: None }
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
        self.init == Init::Stored
    }

    fn problem_as_teacher(&self) -> Option<Sentence> {
        if self.init.layer_map().is_some() || !self.vocabulary.is_whole() {
            return Some(say!("a teacher under teachers cannot be made from layers or trimmed; ask this of student"));
        }
        let is_server = matches!(self.source, Source::Server { .. });
        (is_server && self.classes.is_some()).then(|| {
            say!(
                "teachers: classes says which output of a classifier is which class, and a model behind a server has none; leave it out"
            )
        })
    }
}
