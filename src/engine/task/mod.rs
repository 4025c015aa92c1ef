//! A task: what an example asks of a model and how its answer is scored. Every task ends in class
//! scores `[batch, classes]`, so that a BERT student can learn from a GPT teacher although the two
//! share no vocabulary.

pub mod head;
pub mod label_words;
pub mod masked_words;
mod shared_start;

use std::collections::BTreeMap;

use candle_core::Tensor;
use rayon::prelude::*;

use crate::engine::model::{DropoutRng, HeadKind, Kind, Model, ModelError, Network, Trace};
use crate::engine::prompt::{PreparedPrompt, PromptError, Rendered};
pub use crate::link::scores::log_softmax;
use crate::session::Prompt;

/// One example, ready for a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// The input, one rendering per pass (a masked model needs one per word length).
    pub passes: Vec<Rendered>,
    /// Which of the prompt's verbalizers its label words are cut by: templates may lead up to them in
    /// different ways.
    pub words: usize,
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
}

/// What one forward pass over a batch gives to the losses. Still carries the graph.
pub struct Pass {
    /// Class scores, `[batch, classes]`: log-probabilities of label words or logits of a classifier.
    pub scores: Tensor,
    /// Next-token logits and targets of the text itself, where a loss asked for them and there are any:
    /// a text of one token behind nothing has none.
    pub language: Option<Language>,
}

/// Next-token logits of the positions before the texts' own tokens, and the tokens that came.
pub struct Language {
    /// `[positions, vocabulary]`.
    pub logits: Tensor,
    /// `u32 [positions]`.
    pub targets: Tensor,
}

/// What an example asks of a model.
pub trait Task: Send + Sync {
    /// Turns a text into input; `draw` picks among the prompt's templates.
    ///
    /// # Errors
    /// [`PromptError`] if the text cannot be encoded or the template leaves no room.
    fn prepare(&self, model: &Model, text: &str, draw: u64) -> Result<Sample, PromptError>;

    /// Scores a batch with `network`, one of the model's two readings.
    ///
    /// # Errors
    /// The tensor library's.
    fn pass(
        &self,
        model: &Model,
        network: &dyn Network,
        batch: &[&Sample],
        language: bool,
        trace: &mut Trace,
        noise: &DropoutRng,
    ) -> candle_core::Result<Pass>;

    /// Class scores `[examples][classes]`, without a graph. Each example's are the same numbers whatever
    /// stands beside it.
    ///
    /// # Errors
    /// The tensor library's.
    fn scores(&self, model: &Model, examples: &[&Sample]) -> candle_core::Result<Vec<Vec<f32>>> {
        examples.par_iter().map(|example| self.scores_alone(model, example)).collect()
    }

    /// The class scores `[classes]` of one example by a pass of its own, without a graph.
    ///
    /// # Errors
    /// The tensor library's.
    fn scores_alone(&self, model: &Model, example: &Sample) -> candle_core::Result<Vec<f32>> {
        let (network, noise) = (model.detached.as_ref(), DropoutRng::none());
        self.pass(model, network, &[example], false, &mut Trace::none(), &noise)?.scores.flatten_all()?.to_vec1()
    }
}

/// One pass over examples that are scored alike; where a batch mixes verbalizers, one for each of them,
/// put together again in the batch's order.
fn by_words(
    batch: &[&Sample],
    mut pass: impl FnMut(&[&Sample]) -> candle_core::Result<Pass>,
) -> candle_core::Result<Pass> {
    let mut groups: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    (0..).zip(batch).for_each(|(row, example)| groups.entry(example.words).or_default().push(row));
    if groups.len() < 2 {
        return pass(batch);
    }
    let (mut scores, mut logits, mut targets) = (Vec::new(), Vec::new(), Vec::new());
    for rows in groups.values() {
        let examples: Vec<&Sample> = rows.iter().filter_map(|row| batch.get(*row as usize).copied()).collect();
        let part = pass(&examples)?;
        scores.push(part.scores);
        if let Some(language) = part.language {
            logits.push(language.logits);
            targets.push(language.targets);
        }
    }
    let mut back = vec![0u32; batch.len()];
    (0..).zip(groups.values().flatten()).for_each(|(place, row)| back[*row as usize] = place);
    let scores = Tensor::cat(&scores, 0)?;
    let scores = scores.index_select(&Tensor::new(back, scores.device())?, 0)?;
    let language = match logits.is_empty() {
        true => None,
        false => Some(Language { logits: Tensor::cat(&logits, 0)?, targets: Tensor::cat(&targets, 0)? }),
    };
    Ok(Pass { scores, language })
}

/// The task by which `model` answers: a classifier where it has one, else label words.
///
/// # Errors
/// [`PromptError`] if the prompt cannot be used with the model's tokenizer.
pub fn for_model(model: &Model, prompt: &Prompt, classes: &[String]) -> Result<Box<dyn Task>, PromptError> {
    match (&model.top, model.architecture.kind) {
        (HeadKind::Classes(_), _) => Ok(Box::new(head::Classifier)),
        (HeadKind::Vocabulary, Kind::Encoder) => {
            model.tokens.mask().ok_or(PromptError::NoMask)?;
            let prompt = PreparedPrompt::new(prompt, classes, model)?;
            Ok(Box::new(masked_words::MaskedWords::new(prompt)))
        }
        (HeadKind::Vocabulary, _) => {
            let prompt = PreparedPrompt::new(prompt, classes, model)?;
            Ok(Box::new(label_words::LabelWords::new(prompt)))
        }
    }
}

/// Log-probabilities of the classes, `[examples][classes]`, without a graph: for teachers,
/// evaluation and probes. Examples are scored one by one, in parallel, never in a padded batch:
/// so a score does not depend on what else happened to be in the batch, and a cached target is
/// the same number whenever it was made.
///
/// # Errors
/// [`ModelError::Tensor`].
pub fn log_probabilities(model: &Model, task: &dyn Task, examples: &[&Sample]) -> Result<Vec<Vec<f32>>, ModelError> {
    Ok(task.scores(model, examples)?.iter().map(|scores| log_softmax(scores)).collect())
}
