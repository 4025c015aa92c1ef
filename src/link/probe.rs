//! What the person looks at, and what the engine answers: bulk data through last-value cells.

use std::sync::Arc;

use super::token_view::{TokenView, ToldRow, WholeRow};
use crate::session::{Prompts, Sentence};

/// Where a text stands in the data. Tables show texts cut; under the lens they are read whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextPlace {
    /// A row of the test part.
    Test(usize),
    /// One of the samples that were told on opening.
    Sample(usize),
}

/// What the window shows right now; the engine computes only that.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProbeRequest {
    /// Grows with every change.
    pub revision: u64,
    /// The text under the lens; empty asks for nothing.
    pub text: String,
    /// Where it stands in the data, if it was taken from a table: then the whole text is meant.
    pub place: Option<TextPlace>,
    /// The prompt as it stands in the editor, which may be ahead of the run's: both models' tokens are of it.
    pub prompt: Option<Prompts>,
    /// The prompt by which both models are asked about the text; where it is not said, that of the run that
    /// is loaded, else that of the open session.
    pub lens: Option<Prompts>,
    /// Teacher layer whose attention is wanted, from 0.
    pub teacher_layer: usize,
    /// Student layer whose attention is wanted, from 0.
    pub student_layer: usize,
    /// Whether heatmaps are on screen.
    pub attention: bool,
    /// Whether the weight histogram is on screen.
    pub weights: bool,
    /// The pinned texts, where their answers are on screen.
    pub pinned: Arc<[String]>,
}

/// Both models' view of one text.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeFrame {
    /// Grows with every frame; key of the texture cache.
    pub frame: u64,
    /// Revision of the request it answers.
    pub revision: u64,
    /// Steps done when it was made.
    pub step: u64,
    /// The text, whole.
    pub text: String,
    /// The prompt by which both models were asked.
    pub prompt: Prompts,
    /// Class names; of a task over tokens the likeliest tokens, and where there are others these together as the last.
    pub classes: Arc<[String]>,
    /// Of a task over tokens what is known of the row over the whole vocabulary.
    pub whole_row: Option<WholeRow>,
    /// Of a task over tokens the text token by token; `classes`, scores and `whole_row` are of the last place that is
    /// told.
    pub tokens: Option<TokenView>,
    /// The teacher's view.
    pub teacher: Option<SideFrame>,
    /// The student's view.
    pub student: SideFrame,
    /// Which weights the student has, where nothing moves them.
    pub identity: Option<StudentIdentity>,
}

impl ProbeFrame {
    /// Shows the outcomes of another place of the text.
    pub fn show_row(&mut self, row: &ToldRow) {
        let put = |side: &mut SideFrame, scores: &[f32]| side.scores = scores.to_vec();
        put(&mut self.student, &row.student_scores);
        if let (Some(side), Some(scores)) = (&mut self.teacher, &row.teacher_scores) {
            put(side, scores);
        }
        (self.classes, self.whole_row) = (Arc::clone(&row.outcomes), Some(row.whole));
    }

    /// The place of all others together among the outcomes that are shown, and how many they are.
    pub fn others(&self) -> Option<(usize, usize)> {
        let others = self.whole_row.map_or(0, |row| row.others);
        (others > 0).then(|| (self.classes.len().saturating_sub(1), others))
    }

    /// The same frame at the place `place` of its text, for a picture of its outcomes alone; `None` where nothing is
    /// told there.
    pub fn at(&self, place: usize) -> Option<Self> {
        let row = self.tokens.as_ref()?.row(place)?;
        let bare = |side: &SideFrame| SideFrame { tokens: Vec::new(), attention: Arc::from([]), ..side.clone() };
        let mut frame = Self {
            text: self.text.clone(),
            prompt: self.prompt.clone(),
            classes: Arc::clone(&self.classes),
            tokens: None,
            teacher: self.teacher.as_ref().map(bare),
            student: bare(&self.student),
            identity: self.identity.clone(),
            ..*self
        };
        frame.show_row(row);
        Some(frame)
    }
}

/// Which weights a student has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StudentIdentity {
    /// Steps done.
    pub step: u64,
    /// The first characters of a hash over names, shapes and values of all weights: equal ones are one model.
    pub hash: String,
    /// Weights.
    pub parameters: u64,
    /// Bytes they take in memory.
    pub bytes: u64,
}

/// One model's view of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct SideFrame {
    /// The input's tokens as text, special ones included.
    pub tokens: Vec<String>,
    /// Log-probability of each class at T = 1; softening to another T is softmax(scores / T).
    pub scores: Vec<f32>,
    /// Layer of `attention`, from 0.
    pub layer: usize,
    /// Layers of the model.
    pub layers: usize,
    /// Heads of that layer.
    pub heads: usize,
    /// Attention probabilities, row-major `[head, query, key]`; empty when not asked for.
    pub attention: Arc<[f32]>,
}

/// The prompt in the editor, rendered with the text under the lens.
#[derive(Clone, Debug, PartialEq)]
pub struct PromptFrame {
    /// Revision of the request it answers.
    pub revision: u64,
    /// The prompt that was rendered.
    pub prompt: Prompts,
    /// What is wrong with the template, or `None`.
    pub problem: Option<Sentence>,
    /// What is wrong with the template that the student alone reads, or `None`.
    pub student_problem: Option<Sentence>,
    /// As the teacher reads it.
    pub teacher: Option<PromptSide>,
    /// As the student reads it.
    pub student: PromptSide,
    /// The label words, in class order.
    pub words: Vec<WordCheck>,
    /// Whether tokens are told and not classes: both models read what the student reads then.
    pub over_tokens: bool,
}

/// Tokens of a rendered prompt.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PromptSide {
    /// The tokens.
    pub tokens: Vec<TokenChip>,
    /// Tokens of the text that did not fit and were cut.
    pub cut: usize,
    /// What stands behind the answer in the template, where the model does not read it: it writes left to right.
    pub unread: String,
}

/// One token as the window draws it.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenChip {
    /// Its text, with the space of a byte-level token shown as `␣`.
    pub text: String,
    /// Its id.
    pub id: u32,
    /// Whether it comes from the example's text rather than from the template; of a model that tells the next token,
    /// whether this one is learned rather than read alone.
    pub from_text: bool,
    /// Whether the answer is read here.
    pub answer: bool,
}

/// A label word under a tokenizer.
#[derive(Clone, Debug, PartialEq)]
pub struct WordCheck {
    /// The class.
    pub class: String,
    /// The word that stands for it.
    pub word: String,
    /// Its tokens for the teacher (or the student, where that one reads label words).
    pub tokens: Vec<String>,
    /// Why the word cannot be used (collides, vanishes, unknown token), or `None`.
    pub problem: Option<Sentence>,
}

/// Importances of the student's prunable weights.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightFrame {
    /// Steps done when it was made.
    pub step: u64,
    /// Over all prunable tensors.
    pub all: Histogram,
    /// Per tensor, in the model's order.
    pub tensors: Vec<(String, Histogram)>,
    /// Fraction that is masked now.
    pub sparsity: f64,
}

/// Counts of importances relative to their mean, r = I·N = |w| / mean|w|, on a log axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Weights per bin; bin `i` holds r in `[edge(i), edge(i + 1))`, the first also all smaller
    /// ones, the last also all larger ones.
    pub counts: Vec<u64>,
}

impl Histogram {
    /// Number of bins.
    pub const BINS: usize = 240;
    /// log10 of the lower end.
    pub const LOW: f64 = -4.0;
    /// log10 of the upper end.
    pub const HIGH: f64 = 2.0;

    /// Lower edge of bin `i`, as r.
    pub fn edge(i: usize) -> f64 {
        10f64.powf(Self::LOW + (Self::HIGH - Self::LOW) * i as f64 / Self::BINS as f64)
    }

    /// The bin of `r`.
    pub fn bin(r: f64) -> usize {
        let place = (r.max(1e-300).log10() - Self::LOW) / (Self::HIGH - Self::LOW) * Self::BINS as f64;
        place.clamp(0.0, (Self::BINS - 1) as f64) as usize
    }

    /// Weights in all.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Fraction of weights with r below `theta`, interpolated inside the bin.
    pub fn fraction_below(&self, theta: f64) -> f64 {
        let total = self.total();
        if total == 0 || theta <= 0.0 {
            return 0.0;
        }
        let bin = Self::bin(theta);
        let below: u64 = self.counts.iter().take(bin).sum();
        let (low, high) = (if bin == 0 { 0.0 } else { Self::edge(bin) }, Self::edge(bin + 1));
        let inside = ((theta - low) / (high - low)).clamp(0.0, 1.0);
        let here = self.counts.get(bin).copied().unwrap_or(0) as f64;
        (below as f64 + inside * here) / total as f64
    }

    /// The θ below which `fraction` of the weights lie: the inverse of [`Self::fraction_below`].
    pub fn theta_for(&self, fraction: f64) -> f64 {
        let (mut low, mut high) = (0.0, Self::edge(Self::BINS));
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if self.fraction_below(middle) < fraction { low = middle } else { high = middle }
        }
        high
    }
}
