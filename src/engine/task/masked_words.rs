//! Label words of a masked model: as many masks in the answer slot as the word has tokens, one
//! pass per word length, the word's score being the sum of its tokens' log-probabilities at the
//! masks (the multi-mask scoring of PET, arXiv 2009.07118, in its parallel form).

use candle_core::{Result, Tensor};

use super::{Forward, Outputs, Sample, Task, by_words};
use crate::engine::data::Example;
use crate::engine::model::{DropoutRng, Model, Network, Trace, ops};
use crate::engine::prompt::{PreparedPrompt, PromptError, Verbalizer};
use crate::session::Scoring;

/// Log-probabilities of label words at mask tokens.
pub struct MaskedWords {
    prompt: PreparedPrompt,
    /// The label words of each of the prompt's verbalizers.
    words: Vec<Words>,
}

/// Label words in one way to cut them into tokens.
struct Words {
    verbalizer: Verbalizer,
    /// The different word lengths, ascending: one pass each.
    lengths: Vec<usize>,
}

impl MaskedWords {
    /// Label words of a prompt.
    pub fn new(prompt: PreparedPrompt) -> Self {
        let words = prompt.verbalizers.iter().map(|verbalizer| Words::new(verbalizer.clone())).collect();
        Self { prompt, words }
    }
}

impl Words {
    fn new(verbalizer: Verbalizer) -> Self {
        let mut lengths: Vec<usize> = verbalizer.words.iter().map(Vec::len).collect();
        lengths.sort_unstable();
        lengths.dedup();
        Self { verbalizer, lengths }
    }

    /// Scores `[batch, words of this length]` from log-probabilities `[batch, length · vocabulary]`.
    fn scores(&self, logs: &Tensor, length: usize, vocabulary: usize) -> Result<Tensor> {
        let words = self.words_of(length);
        let places = || words.iter().flat_map(|&word| self.verbalizer.words[word].iter().enumerate());
        let picks: Vec<u32> = places().map(|(place, &id)| (place * vocabulary) as u32 + id).collect();
        let picked = logs.index_select(&Tensor::new(picks, logs.device())?, 1)?;
        let scores = picked.reshape(((), words.len(), length))?.sum(2)?;
        if self.verbalizer.scoring == Scoring::Mean { scores / length as f64 } else { Ok(scores) }
    }

    fn words_of(&self, length: usize) -> Vec<usize> {
        let words = self.verbalizer.words.iter().enumerate();
        words.filter(|(_, ids)| ids.len() == length).map(|(word, _)| word).collect()
    }
}

impl Task for MaskedWords {
    fn encode(&self, model: &Model, example: &Example, draw: u64) -> std::result::Result<Sample, PromptError> {
        let (template, words) = self.prompt.drawn(draw);
        let render = |&masks: &usize| template.masked(&example.fields, masks, &model.tokens, model.max_tokens);
        let lengths = self.words.get(words).map(|words| words.lengths.as_slice()).unwrap_or_default();
        let passes = lengths.iter().map(render).collect::<std::result::Result<_, _>>()?;
        Ok(Sample { passes, words, weight: example.weight, ..Sample::default() })
    }

    fn forward(
        &self,
        model: &Model,
        network: &dyn Network,
        batch: &[&Sample],
        _text: bool,
        captures: &mut Trace,
        dropout: &DropoutRng,
    ) -> Result<Forward> {
        by_words(batch, |examples| {
            let words = examples.first().map_or(self.words.first(), |example| self.words.get(example.words));
            let words = words.ok_or_else(|| candle_core::Error::Msg("prepared by another prompt".into()))?;
            words.forward(model, network, examples, captures, dropout)
        })
    }
}

impl Words {
    /// As [`Task::forward`], of examples that are all scored by these words.
    fn forward(
        &self,
        model: &Model,
        network: &dyn Network,
        batch: &[&Sample],
        captures: &mut Trace,
        dropout: &DropoutRng,
    ) -> Result<Forward> {
        let mut parts = Vec::new();
        let mut order = Vec::new();
        for (index, &length) in self.lengths.iter().enumerate() {
            let passes: Vec<_> = batch.iter().filter_map(|prepared| prepared.passes.get(index)).collect();
            let rows: Vec<&[u32]> = passes.iter().map(|pass| pass.ids.as_slice()).collect();
            let input = model.input(&rows)?;
            let tokens = input.ids.dim(1)?;
            let hidden = network.encode(&network.embed(&input)?, captures, dropout)?;
            let flat = hidden.reshape(((), hidden.dim(2)?))?;
            let masks = passes.iter().enumerate();
            let masks = masks
                .flat_map(|(row, pass)| pass.answers.iter().take(length).map(move |at| (row * tokens + at) as u32));
            let masks = Tensor::new(masks.collect::<Vec<_>>(), model.device())?;
            let logs = ops::log_softmax(&network.vocabulary(&ops::embedding(&flat, &masks)?)?)?;
            let vocabulary = logs.dim(1)?;
            parts.push(self.scores(&logs.reshape((batch.len(), length * vocabulary))?, length, vocabulary)?);
            order.extend(self.words_of(length));
        }
        let scores = Tensor::cat(&parts, 1)?;
        let mut back = vec![0u32; order.len()];
        order.iter().enumerate().for_each(|(column, &word)| back[word] = column as u32);
        let logits = scores.index_select(&Tensor::new(back, model.device())?, 1)?;
        let rows = batch.iter().enumerate().map(|(place, sample)| sample.row(place)).collect();
        Ok(Forward { answers: Outputs { logits: logits.into(), rows }, text: None })
    }
}
