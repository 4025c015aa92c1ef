//! Label words of a masked model: as many masks in the answer slot as the word has tokens, one
//! pass per word length, the word's score being the sum of its tokens' log-probabilities at the
//! masks (the multi-mask scoring of PET, arXiv 2009.07118, in its parallel form).

use candle_core::{Result, Tensor};

use super::{Pass, Prepared, Task};
use crate::engine::model::{Model, Network, Noise, Trace, ops};
use crate::engine::prompt::{PreparedPrompt, PromptError};
use crate::session::Scoring;

/// Log-probabilities of label words at mask tokens.
pub struct MaskedWords {
    prompt: PreparedPrompt,
    /// The different word lengths, ascending: one pass each.
    lengths: Vec<usize>,
}

impl MaskedWords {
    /// Label words of a prompt.
    pub fn new(prompt: PreparedPrompt) -> Self {
        let mut lengths: Vec<usize> = prompt.verbalizer.words.iter().map(Vec::len).collect();
        lengths.sort_unstable();
        lengths.dedup();
        Self { prompt, lengths }
    }

    /// Scores `[batch, words of this length]` from log-probabilities `[batch, length · vocabulary]`.
    fn scores(&self, logs: &Tensor, length: usize, vocabulary: usize) -> Result<Tensor> {
        let words = self.words_of(length);
        let places = || words.iter().flat_map(|&word| self.prompt.verbalizer.words[word].iter().enumerate());
        let picks: Vec<u32> = places().map(|(place, &id)| (place * vocabulary) as u32 + id).collect();
        let picked = logs.index_select(&Tensor::new(picks, logs.device())?, 1)?;
        let scores = picked.reshape(((), words.len(), length))?.sum(2)?;
        if self.prompt.scoring() == Scoring::Mean { scores / length as f64 } else { Ok(scores) }
    }

    fn words_of(&self, length: usize) -> Vec<usize> {
        let words = self.prompt.verbalizer.words.iter().enumerate();
        words.filter(|(_, ids)| ids.len() == length).map(|(word, _)| word).collect()
    }
}

impl Task for MaskedWords {
    fn prepare(&self, model: &Model, text: &str, draw: u64) -> std::result::Result<Prepared, PromptError> {
        let template = &self.prompt.templates[(draw % self.prompt.templates.len() as u64) as usize];
        let render = |&masks: &usize| template.masked(text, masks, &model.tokens, model.max_tokens);
        Ok(Prepared { passes: self.lengths.iter().map(render).collect::<std::result::Result<_, _>>()? })
    }

    fn pass(
        &self,
        model: &Model,
        network: &dyn Network,
        batch: &[&Prepared],
        _language: bool,
        trace: &mut Trace,
        noise: &Noise,
    ) -> Result<Pass> {
        let mut parts = Vec::new();
        let mut order = Vec::new();
        for (index, &length) in self.lengths.iter().enumerate() {
            let passes: Vec<_> = batch.iter().filter_map(|prepared| prepared.passes.get(index)).collect();
            let rows: Vec<&[u32]> = passes.iter().map(|pass| pass.ids.as_slice()).collect();
            let input = model.input(&rows)?;
            let tokens = input.ids.dim(1)?;
            let hidden = network.encode(&input, trace, noise)?;
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
        Ok(Pass { scores: scores.index_select(&Tensor::new(back, model.device())?, 1)?, language: None })
    }
}
