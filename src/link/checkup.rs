//! What a check-up of a session finds before its run: rows for a list, each with a colour, a sentence
//! and, where there is one, the next step.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::session::Sentence;

/// How bad a finding is; the order is that of badness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Grade {
    /// As it should be.
    #[default]
    Green,
    /// The run will work; the person should know.
    Amber,
    /// The run cannot start, or cannot mean what was asked.
    Red,
}

/// What was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Subject {
    /// Models and data can be opened.
    Opening,
    /// What was read of the data, and what was left out.
    Data,
    /// The outputs of stored classifiers and the classes of the data.
    Classes,
    /// Parts of the models that were not stored and are filled at random.
    RandomParts,
    /// The two vocabularies.
    Vocabulary,
    /// Padding, mask, unknown and the other tokens with a meaning.
    SpecialTokens,
    /// The token with which each side's texts begin.
    Beginnings,
    /// Prompt and text within the context.
    Positions,
    /// Layers facing one another.
    Layers,
    /// Attention heads facing one another.
    Heads,
    /// Label words in both tokenizers.
    LabelWords,
    /// Losses, knobs and labels.
    Recipe,
    /// Which student is saved, and when a run stops early.
    Evaluations,
    /// The learning rate against what it moves.
    LearningRate,
    /// Whether the key may go to the server.
    Key,
    /// What the teacher answers to a few texts.
    Answers,
    /// What is kept of the teacher's rows over the vocabulary.
    KeptRows,
    /// Tokens paid to a server.
    Budget,
    /// Peak memory.
    Memory,
    /// Time per step and to the end.
    Pace,
}

impl Subject {
    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Opening => "Models and data",
            Self::Data => "Data",
            Self::Classes => "Classes",
            Self::RandomParts => "Random parts",
            Self::Vocabulary => "Vocabularies",
            Self::SpecialTokens => "Special tokens",
            Self::Beginnings => "First tokens",
            Self::Positions => "Positions",
            Self::Layers => "Layers",
            Self::Heads => "Heads",
            Self::LabelWords => "Label words",
            Self::Recipe => "Recipe",
            Self::Evaluations => "Evaluations",
            Self::LearningRate => "Learning rate",
            Self::Key => "Server's key",
            Self::Answers => "Teacher's answers",
            Self::KeptRows => "Kept rows",
            Self::Budget => "Token budget",
            Self::Memory => "Memory",
            Self::Pace => "Pace",
        }
    }
}

/// One row of a check-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at.
    pub subject: Subject,
    /// How bad it is.
    pub grade: Grade,
    /// What was found, in a sentence.
    #[serde(flatten, with = "crate::session::written_sentence::as_says")]
    pub says: Sentence,
    /// What to do about it; empty where there is nothing to do.
    #[serde(flatten, with = "crate::session::written_sentence::as_fix")]
    pub fix: Sentence,
    /// The numbers behind the sentence, by name.
    #[serde(default)]
    pub figures: BTreeMap<String, f64>,
}

impl Finding {
    /// A row that is as it should be.
    pub fn green(subject: Subject, says: Sentence) -> Self {
        Self { subject, grade: Grade::Green, says, fix: Sentence::default(), figures: BTreeMap::new() }
    }

    /// A row the person should know of.
    pub fn amber(subject: Subject, says: Sentence, fix: Sentence) -> Self {
        Self { grade: Grade::Amber, fix, ..Self::green(subject, says) }
    }

    /// A row that keeps the run from starting.
    pub fn red(subject: Subject, says: Sentence, fix: Sentence) -> Self {
        Self { grade: Grade::Red, fix, ..Self::green(subject, says) }
    }

    /// The row with a number behind it.
    #[must_use]
    pub fn with(mut self, name: &str, value: f64) -> Self {
        self.figures.insert(name.to_owned(), value);
        self
    }
}

/// A check-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Checkup {
    /// The rows, in the order of [`Subject`].
    pub findings: Vec<Finding>,
    /// The student's weight, from its configuration alone; `None` where that cannot be read.
    pub student: Option<ModelSize>,
}

impl Checkup {
    /// The same with the sentences in words alone, as it is printed for programs.
    #[must_use]
    pub fn in_words(&self) -> Self {
        let row = |finding: &Finding| {
            let (says, fix) = (finding.says.in_words(), finding.fix.in_words());
            Finding { says, fix, ..finding.clone() }
        };
        Self { findings: self.findings.iter().map(row).collect(), ..self.clone() }
    }

    /// The worst grade of all rows.
    pub fn worst(&self) -> Grade {
        self.findings.iter().map(|finding| finding.grade).max().unwrap_or_default()
    }

    /// The row on `subject`.
    pub fn finding(&self, subject: Subject) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.subject == subject)
    }
}

/// A model's size in training, known before it is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelSize {
    /// Trainable numbers, tied ones counted once.
    pub parameters: u64,
    /// Layers.
    pub layers: usize,
    /// Width of the hidden states.
    pub width: usize,
    /// Its weights, bytes.
    pub weight_bytes: u64,
    /// Their gradients, bytes.
    pub gradient_bytes: u64,
    /// What the optimiser remembers, bytes.
    pub moment_bytes: u64,
}

impl ModelSize {
    /// All of it, bytes; what passes through the layers while they learn comes on top.
    pub fn training_bytes(&self) -> u64 {
        self.weight_bytes.saturating_add(self.gradient_bytes).saturating_add(self.moment_bytes)
    }
}
