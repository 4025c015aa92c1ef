//! A task: what an example asks of a model and how its answer is scored. Every task ends in *rows ×
//! outcomes*: a row is a distribution, an outcome what it chooses between. Here a row is an example and the
//! outcomes are the classes, so that a BERT student can learn from a GPT teacher although the two share no
//! vocabulary; the losses know no other difference between tasks than their rows.
//!
//! *Why a pass may bring two sets of rows (2026-11).* Next-word prediction beside another task reads the
//! hidden states of the same pass, over another set of outcomes. Two passes would cost twice as much, and
//! one set of rows cannot have two widths.

pub mod causal_lm;
pub mod chat_turns;
pub mod completion;
pub mod head;
pub mod label_words;
pub mod logits;
pub mod masked_lm;
pub mod masked_words;
mod over_tokens;
pub mod row_figures;
pub mod running_text;
mod shared_start;
pub mod span_corruption;
pub mod token_rows;
pub mod token_task;
pub mod top_k;
pub mod way;
mod weighed;

use std::collections::BTreeMap;

use candle_core::Tensor;
use rayon::prelude::*;

use crate::engine::data::{Dataset, Example, Layout};
use crate::engine::measure::{self, Measure, TokenMeasure};
use crate::engine::model::{DropoutRng, HeadKind, Kind, Model, ModelError, Network, Trace};
use crate::engine::prompt::{PreparedPrompt, PromptError, Rendered};
pub use logits::{Deferred, Logits, Targets};
pub use running_text::{RunningText, Stretch};
pub use token_rows::TokenRow;
pub use token_task::TokenTask;
pub use top_k::{TopK, TopKRow};
pub use weighed::{StepWeights, Weighed};

pub use crate::link::scores::log_softmax;
use crate::session::Prompt;

/// One example, ready for a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The input, one rendering per pass (a masked model needs one per word length).
    pub passes: Vec<Rendered>,
    /// Which of the prompt's verbalizers its label words are cut by: templates may lead up to them in
    /// different ways.
    pub words: usize,
    /// The class that a loss may learn; `None` of an example without one, or whose label is hidden.
    pub truth: Option<u32>,
    /// What its rows count in the loss, not below 0.
    pub weight: f32,
    /// Of a task over tokens: its rows.
    pub rows: Vec<TokenRow>,
}

impl Default for Sample {
    fn default() -> Self {
        Self { passes: Vec::new(), words: 0, truth: None, weight: 1.0, rows: Vec::new() }
    }
}

impl Sample {
    /// Tokens of the text that were cut.
    pub fn cut(&self) -> usize {
        self.passes.iter().map(|pass| pass.cut).max().unwrap_or(0)
    }

    /// Tokens of the longest rendering: what batches are bucketed by.
    pub fn tokens(&self) -> usize {
        self.passes.iter().map(|pass| pass.ids.len()).max().unwrap_or(0)
    }

    /// Bytes it takes, about: its tokens, and what a piece of memory costs beside what is in it.
    pub fn bytes(&self) -> usize {
        const PIECE: usize = 32;
        let of = |pass: &Rendered| {
            let words = pass.ids.len() + pass.segments.len();
            size_of::<Rendered>() + 4 * words + pass.from_text.len() + 8 * pass.answers.len() + 3 * PIECE
        };
        let rows = size_of::<TokenRow>() * self.rows.len();
        size_of::<Self>() + PIECE + rows + self.passes.iter().map(of).sum::<usize>()
    }

    /// The row of example number `example` of a task whose rows are the examples.
    fn row(&self, example: usize) -> Row {
        Row { example, position: 0, weight: self.weight, truth: self.truth }
    }

    /// The rows of its text itself, as example number `example`, each before a token that comes from the text and not
    /// from template or chat: position t predicts token t + 1.
    fn text_rows(&self, example: usize) -> impl Iterator<Item = Row> {
        let prompt = self.passes.first();
        let tokens = prompt.into_iter().flat_map(|prompt| prompt.ids.iter().zip(&prompt.from_text)).enumerate();
        let own = tokens.skip(1).filter(|(_, (_, own))| **own);
        own.map(move |(t, (id, _))| Row { example, position: t - 1, weight: self.weight, truth: Some(*id) })
    }
}

/// Which distribution over the outcomes a row is, and what is known of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Number of the example in its batch.
    pub example: usize,
    /// Which of the example's tokens it stands at; 0 where a row is an example.
    pub position: usize,
    /// What it counts in a mean over rows; not negative.
    pub weight: f32,
    /// The outcome that is right, where it may be learned.
    pub truth: Option<u32>,
}

/// Distributions over outcomes that a forward pass gives, one a row. Still carries the graph.
#[derive(Clone)]
pub struct Outputs {
    /// One distribution a row.
    pub logits: Logits,
    /// What each of the rows is.
    pub rows: Vec<Row>,
}

/// What one forward pass over a batch gives to the losses.
#[derive(Clone)]
pub struct Forward {
    /// The task's own answer.
    pub answers: Outputs,
    /// The texts themselves, where a loss asked for them and there are any: a row is a position before a
    /// token that comes from an example's text, the outcomes are the vocabulary. A text of one token behind
    /// nothing has none.
    pub text: Option<Outputs>,
}

/// What an example asks of a model.
pub trait Task: Send + Sync {
    /// Turns an example into input; `draw` picks among the prompt's templates.
    ///
    /// # Errors
    /// [`PromptError`] if the text cannot be encoded or the template leaves no room.
    fn encode(&self, model: &Model, example: &Example, draw: u64) -> Result<Sample, PromptError>;

    /// Reads a batch with `network`, one of the model's two readings; with `text` the rows of the texts
    /// themselves are computed too. The answers' rows stand in the order of the batch.
    ///
    /// # Errors
    /// The tensor library's.
    fn forward(
        &self,
        model: &Model,
        network: &dyn Network,
        batch: &[&Sample],
        text: bool,
        captures: &mut Trace,
        dropout: &DropoutRng,
    ) -> candle_core::Result<Forward>;

    /// What tells how good its answers are.
    fn measures(&self) -> &'static [Measure] {
        measure::OF_CLASSES
    }

    /// The same of a task whose rows are places of a text; `None` of one whose rows are the examples.
    fn token_measures(&self) -> Option<&'static [TokenMeasure]> {
        None
    }

    /// How it reads running text; `None` of a task that makes one sample of each example.
    fn running(&self) -> Option<&dyn RunningText> {
        None
    }

    /// The sample as it is met this time, where something of it is drawn whenever it is.
    fn redrawn(&self, _model: &Model, _sample: &Sample, _draw: u64) -> Option<Sample> {
        None
    }

    /// Class scores `[examples][classes]`, without a graph. Each example's are the same numbers whatever
    /// stands beside it.
    ///
    /// # Errors
    /// The tensor library's.
    fn scores(&self, model: &Model, examples: &[&Sample]) -> candle_core::Result<Vec<Vec<f32>>> {
        each(model, examples.to_vec(), |example| self.scores_alone(model, example))
    }

    /// The class scores `[classes]` of one example by a pass of its own, without a graph.
    ///
    /// # Errors
    /// The tensor library's.
    fn scores_alone(&self, model: &Model, example: &Sample) -> candle_core::Result<Vec<f32>> {
        let (network, dropout) = (model.detached.as_ref(), DropoutRng::none());
        let forward = self.forward(model, network, &[example], false, &mut Trace::none(), &dropout)?;
        forward.answers.logits.whole()?.flatten_all()?.to_vec1()
    }
}

/// `score` of every one of `all`: side by side on the processor, one after another on a card. There a thread
/// has a queue of its own, and what this thread still has in its queue another one would not wait for.
fn each<T: Send>(
    model: &Model,
    all: Vec<T>,
    score: impl Fn(T) -> candle_core::Result<Vec<f32>> + Send + Sync,
) -> candle_core::Result<Vec<Vec<f32>>> {
    match model.device().is_cpu() {
        true => all.into_par_iter().map(score).collect(),
        false => all.into_iter().map(score).collect(),
    }
}

/// One pass over examples that are scored alike; where a batch mixes verbalizers, one for each of them,
/// put together again in the batch's order.
fn by_words(
    batch: &[&Sample],
    mut forward: impl FnMut(&[&Sample]) -> candle_core::Result<Forward>,
) -> candle_core::Result<Forward> {
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    batch.iter().enumerate().for_each(|(row, example)| groups.entry(example.words).or_default().push(row));
    if groups.len() < 2 {
        return forward(batch);
    }
    let (mut answers, mut texts) = (Vec::new(), Vec::new());
    for rows in groups.values() {
        let examples: Vec<&Sample> = rows.iter().filter_map(|row| batch.get(*row).copied()).collect();
        let part = forward(&examples)?;
        let in_batch = |row: Row| Row { example: rows.get(row.example).copied().unwrap_or_default(), ..row };
        let placed = |part: Outputs| Outputs { rows: part.rows.into_iter().map(in_batch).collect(), ..part };
        answers.push(placed(part.answers));
        texts.extend(part.text.map(placed));
    }
    let mut answers = joined(answers)?;
    let mut back = vec![0u32; batch.len()];
    (0..).zip(&answers.rows).for_each(|(place, row)| back[row.example] = place);
    let logits = answers.logits.whole()?;
    answers.logits = logits.index_select(&Tensor::new(back, logits.device())?, 0)?.into();
    answers.rows.sort_by_key(|row| row.example);
    Ok(Forward { answers, text: if texts.is_empty() { None } else { Some(joined(texts)?) } })
}

/// Rows of several passes, one pass behind the other.
fn joined(parts: Vec<Outputs>) -> candle_core::Result<Outputs> {
    let logits = parts.iter().map(|part| part.logits.whole()).collect::<candle_core::Result<Vec<_>>>()?;
    let logits = Tensor::cat(&logits, 0)?.into();
    Ok(Outputs { logits, rows: parts.into_iter().flat_map(|part| part.rows).collect() })
}

/// The task by which `model` answers about examples of such columns: a classifier where it has one, else label
/// words.
///
/// # Errors
/// [`PromptError`] if the prompt cannot be used with the model's tokenizer, or names other columns.
pub fn for_model(
    model: &Model,
    prompt: &Prompt,
    classes: &[String],
    layout: &Layout,
) -> Result<Box<dyn Task>, PromptError> {
    match (&model.top, model.architecture.kind) {
        (HeadKind::Classes(_), _) => Ok(Box::new(head::Classifier)),
        (HeadKind::Vocabulary, Kind::Encoder) => {
            model.tokens.mask().ok_or(PromptError::NoMask)?;
            let prompt = PreparedPrompt::new(prompt, classes, model, layout)?;
            Ok(Box::new(masked_words::MaskedWords::new(prompt)))
        }
        (HeadKind::Vocabulary, _) => {
            let prompt = PreparedPrompt::new(prompt, classes, model, layout)?;
            Ok(Box::new(label_words::LabelWords::new(prompt)))
        }
    }
}

impl Dataset {
    /// The task by which `model` answers about these data, see [`for_model`].
    ///
    /// # Errors
    /// As [`for_model`].
    pub fn task(&self, model: &Model, prompt: &Prompt) -> Result<Box<dyn Task>, PromptError> {
        for_model(model, prompt, &self.classes, &self.layout)
    }
}

/// Log-probabilities of the classes, `[examples][classes]`, without a graph: for teachers,
/// evaluation and probes. Examples are scored one by one, never in a padded batch:
/// so a score does not depend on what else happened to be in the batch, and a cached target is
/// the same number whenever it was made.
///
/// # Errors
/// [`ModelError::Tensor`].
pub fn log_probabilities(model: &Model, task: &dyn Task, examples: &[&Sample]) -> Result<Vec<Vec<f32>>, ModelError> {
    Ok(task.scores(model, examples)?.iter().map(|scores| log_softmax(scores)).collect())
}
