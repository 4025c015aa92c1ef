//! Label words of a causal model, scored as full strings in one forward pass: behind the prompt
//! stand the tokens of all label words side by side, each word seeing the prompt and itself only,
//! at the positions it would have if it alone came next. This gives exactly the log-probabilities
//! of one pass per word, for the price of one pass (the tree mask of speculative decoding, e.g.
//! SpecInfer, arXiv 2305.09781, put to another use).

use candle_core::{Device, Result, Tensor};

use super::{Language, Pass, Prepared, Task};
use crate::engine::model::attention::MASKED;
use crate::engine::model::{Input, Model, Network, Noise, Trace, ops};
use crate::engine::prompt::{PreparedPrompt, PromptError};
use crate::session::Scoring;

/// Log-probabilities of label words behind a prompt.
pub struct LabelWords {
    prompt: PreparedPrompt,
    /// Token behind the prompt that each extra column holds: all tokens of each word but its last.
    columns: Vec<Column>,
}

/// One token of a label word standing behind the prompt.
struct Column {
    word: usize,
    /// 0 for the word's first token.
    place: usize,
    id: u32,
}

impl LabelWords {
    /// Label words of a prompt.
    pub fn new(prompt: PreparedPrompt) -> Self {
        let words = prompt.verbalizer.words.iter().enumerate();
        let columns = words.flat_map(|(word, ids)| {
            let inner = &ids[..ids.len().saturating_sub(1)];
            inner.iter().enumerate().map(move |(place, &id)| Column { word, place, id })
        });
        let columns = columns.collect();
        Self { prompt, columns }
    }

    /// Ids, positions and mask of prompts with all label words behind them.
    fn input(&self, prompts: &[&[u32]], pad: u32, device: &Device) -> Result<Input> {
        let longest = prompts.iter().map(|row| row.len()).max().unwrap_or(0);
        let total = longest + self.columns.len();
        let (mut ids, mut positions) = (Vec::new(), Vec::new());
        for row in prompts {
            ids.extend(row.iter().copied().chain(std::iter::repeat_n(pad, longest - row.len())));
            ids.extend(self.columns.iter().map(|column| column.id));
            positions.extend((0..longest as u32).map(|p| p.min(row.len().saturating_sub(1) as u32)));
            positions.extend(self.columns.iter().map(|column| (row.len() + column.place) as u32));
        }
        let cells = prompts.iter().flat_map(|row| self.mask_of(row.len(), longest));
        let mask = Tensor::from_vec(cells.collect::<Vec<f32>>(), (prompts.len(), 1, total, total), device)?;
        let shape = (prompts.len(), total);
        Ok(Input {
            ids: Tensor::from_vec(ids, shape, device)?,
            positions: Tensor::from_vec(positions, shape, device)?,
            mask,
        })
    }

    /// Mask of one row, `[total · total]`.
    fn mask_of(&self, length: usize, longest: usize) -> impl Iterator<Item = f32> + '_ {
        let total = longest + self.columns.len();
        let sees = move |query: usize, key: usize| match (query.checked_sub(longest), key.checked_sub(longest)) {
            (None, None) => key <= query && key < length,
            (Some(_), None) => key < length,
            (None, Some(_)) => false,
            (Some(q), Some(k)) => {
                let (q, k) = (&self.columns[q], &self.columns[k]);
                q.word == k.word && k.place <= q.place
            }
        };
        (0..total * total).map(move |cell| if sees(cell / total, cell % total) { 0.0 } else { MASKED })
    }

    /// Rows of the flattened hidden states from which a word's token is predicted: the prompt's
    /// last token, then every extra column. `[batch · (1 + columns)]`.
    fn rows(&self, lengths: &[usize], longest: usize) -> Vec<u32> {
        let total = longest + self.columns.len();
        let of = |(row, &length): (usize, &usize)| {
            let start = row * total;
            std::iter::once(start + length.saturating_sub(1))
                .chain((0..self.columns.len()).map(move |c| start + longest + c))
        };
        lengths.iter().enumerate().flat_map(of).map(|row| row as u32).collect()
    }

    /// Class scores `[batch, classes]` from log-probabilities `[batch, 1 + columns, vocabulary]`.
    fn scores(&self, logs: &Tensor) -> Result<Tensor> {
        let (batch, rows, vocabulary) = logs.dims3()?;
        let flat = logs.reshape((batch, rows * vocabulary))?;
        let verbalizer = &self.prompt.verbalizer;
        let mut picks: Vec<u32> = Vec::new();
        let mut sums = vec![0f32; 0];
        let tokens: usize = verbalizer.words.iter().map(Vec::len).sum();
        let classes = verbalizer.words.len();
        sums.resize(tokens * classes, 0.0);
        for (word, ids) in verbalizer.words.iter().enumerate() {
            let weight = if verbalizer.scoring == Scoring::Mean { 1.0 / ids.len() as f32 } else { 1.0 };
            for (place, &id) in ids.iter().enumerate() {
                sums[picks.len() * classes + word] = weight;
                picks.push((self.row_of(word, place) * vocabulary) as u32 + id);
            }
        }
        let picked = flat.index_select(&Tensor::new(picks, logs.device())?, 1)?;
        picked.matmul(&Tensor::from_vec(sums, (tokens, classes), logs.device())?)
    }

    /// The row that predicts token `place` of `word`: the prompt's end for its first token, else
    /// the column of the token before it.
    fn row_of(&self, word: usize, place: usize) -> usize {
        let Some(before) = place.checked_sub(1) else { return 0 };
        let column = self.columns.iter().position(|column| column.word == word && column.place == before);
        1 + column.unwrap_or(0)
    }
}

impl Task for LabelWords {
    fn prepare(&self, model: &Model, text: &str, draw: u64) -> std::result::Result<Prepared, PromptError> {
        let template = &self.prompt.templates[(draw % self.prompt.templates.len() as u64) as usize];
        let most = model.max_tokens.saturating_sub(self.prompt.verbalizer.longest().saturating_sub(1));
        Ok(Prepared { passes: vec![template.causal(text, &model.tokens, most)?] })
    }

    fn pass(
        &self,
        model: &Model,
        network: &dyn Network,
        batch: &[&Prepared],
        language: bool,
        trace: &mut Trace,
        noise: &Noise,
    ) -> Result<Pass> {
        let prompts: Vec<&[u32]> = batch.iter().filter_map(|p| p.passes.first()).map(|r| r.ids.as_slice()).collect();
        let lengths: Vec<usize> = prompts.iter().map(|row| row.len()).collect();
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let device = model.device();
        let hidden = network.encode(&self.input(&prompts, model.tokens.pad(), device)?, trace, noise)?;
        let width = hidden.dim(2)?;
        let flat = hidden.reshape(((), width))?;
        let rows = Tensor::new(self.rows(&lengths, longest), device)?;
        let logs = ops::log_softmax(&network.vocabulary(&ops::embedding(&flat, &rows)?)?)?;
        let vocabulary = logs.dim(1)?;
        let logs = logs.reshape((batch.len(), 1 + self.columns.len(), vocabulary))?;
        let language = language.then(|| self.language(network, &flat, &prompts, longest)).transpose()?;
        Ok(Pass { scores: self.scores(&logs)?, language })
    }
}

impl LabelWords {
    /// Next-token logits over the prompts' own tokens: position t predicts token t + 1.
    fn language(&self, network: &dyn Network, flat: &Tensor, prompts: &[&[u32]], longest: usize) -> Result<Language> {
        let total = longest + self.columns.len();
        let rows =
            prompts.iter().enumerate().flat_map(|(row, ids)| (1..ids.len()).map(move |t| (row * total + t - 1) as u32));
        let targets = prompts.iter().flat_map(|ids| ids.iter().skip(1).copied());
        let device = flat.device();
        let rows = Tensor::new(rows.collect::<Vec<_>>(), device)?;
        let logits = network.vocabulary(&ops::embedding(flat, &rows)?)?;
        Ok(Language { logits, targets: Tensor::new(targets.collect::<Vec<_>>(), device)? })
    }
}
