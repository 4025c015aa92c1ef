//! What was opened: pair and data in figures.

use serde::{Deserialize, Serialize};

use crate::session::{Data, LayerGroup, Models, Sentence, recorded_data};

/// What was opened: everything the window needs to know of pair and data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// The teacher, if there is one.
    pub teacher: Option<ModelCard>,
    /// The student.
    pub student: ModelCard,
    /// Class names in class order.
    pub classes: Vec<String>,
    /// Examples per part.
    pub parts: PartCounts,
    /// What reading the data met: emptied documents, odd encodings, skipped rows.
    #[serde(flatten, with = "crate::session::written_sentence::as_notes")]
    pub notes: Vec<Sentence>,
    /// A few training examples, `(text, class index)`; a text without a label has no class.
    pub samples: Vec<(String, Option<usize>)>,
    /// Training texts of each class that have their label, in class order; empty where nobody counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub class_counts: Vec<usize>,
    /// How long the texts are for each model that reads them here. Of the moment: no record holds it.
    #[serde(skip)]
    pub lengths: Vec<TextLengths>,
    /// Training texts that an earlier one says word by word. Of the moment, too.
    #[serde(skip)]
    pub duplicates: usize,
    /// The pair it is, as it was asked for; `None` in records from before this was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<Box<Models>>,
    /// The data, as they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "recorded_data")]
    pub data: Option<Box<Data>>,
    /// The groups of the recipe by which the student's trainable numbers were counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<LayerGroup>,
}

/// How many tokens texts have for a model, of a sample of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextLengths {
    /// `teacher` or `student`.
    pub side: String,
    /// Texts that were looked at.
    pub texts: usize,
    /// Tokens that half of them have at most.
    pub median: usize,
    /// Tokens that 95 of 100 have at most.
    pub long: usize,
    /// Tokens of the longest.
    pub longest: usize,
    /// Tokens that the model reads.
    pub most: usize,
    /// Share of them that have more.
    pub cut: f64,
}

/// Examples per part of a data set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartCounts {
    /// Training examples.
    pub train: usize,
    /// Training examples whose label is used.
    pub labelled: usize,
    /// Validation examples.
    pub validation: usize,
    /// Test examples.
    pub test: usize,
}

/// A model in figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// Name of the source.
    pub title: String,
    /// `model_type` of its configuration.
    pub architecture: String,
    /// Trainable numbers, tied ones counted once.
    pub parameters: u64,
    /// Those that a run moves, where its recipe freezes some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trainable: Option<u64>,
    /// Layers.
    pub layers: usize,
    /// Attention heads per layer.
    pub heads: usize,
    /// Width of the hidden states.
    pub width: usize,
    /// Rows of the token embedding.
    pub vocabulary: usize,
    /// Longest input in tokens.
    pub max_tokens: usize,
    /// Remarks of the loading report: unused tensors, a head that was added.
    #[serde(flatten, with = "crate::session::written_sentence::as_notes")]
    pub notes: Vec<Sentence>,
    /// Names of the outputs of the classifier that is stored with it, in their order; empty without one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<String>,
    /// Tensors that were not stored and are filled at random.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub random: Vec<String>,
    /// Why it cannot teach this data, and what to do; `None` where it can.
    #[serde(flatten, with = "crate::session::written_sentence::as_trouble", skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Sentence>,
}

impl ModelCard {
    /// The same with the sentences in words alone, as it is printed for programs.
    #[must_use]
    pub fn in_words(&self) -> Self {
        let notes = self.notes.iter().map(Sentence::in_words).collect();
        Self { notes, trouble: self.trouble.as_ref().map(Sentence::in_words), ..self.clone() }
    }
}
