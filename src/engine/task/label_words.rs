//! Label words of a causal model, scored as full strings in one forward pass: behind the prompt
//! stand the tokens of all label words side by side, each word seeing the prompt and itself only,
//! at the positions it would have if it alone came next. This gives exactly the log-probabilities
//! of one pass per word, for the price of one pass (the tree mask of speculative decoding, e.g.
//! SpecInfer, arXiv 2305.09781, put to another use). An encoder–decoder reads the prompt with its
//! encoder; the words then stand behind its decoder's start token. Where no graph is wanted, what the
//! prompts of a decoder begin with alike is read once.

use candle_core::{Device, Result, Tensor};

use super::{Forward, Outputs, Row, Sample, Task, by_words, each, shared_start};
use crate::engine::data::Example;
use crate::engine::model::attention::MASKED;
use crate::engine::model::{DropoutRng, InputIds, Kind, KvCache, Model, Network, Trace, ops};
use crate::engine::prompt::{PreparedPrompt, PromptError, Verbalizer};
use crate::session::Scoring;

/// Log-probabilities of label words behind a prompt.
pub struct LabelWords {
    prompt: PreparedPrompt,
    /// The label words of each of the prompt's verbalizers.
    words: Vec<Words>,
}

/// Label words in one way to cut them into tokens.
struct Words {
    verbalizer: Verbalizer,
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
        let words = prompt.verbalizers.iter().map(|verbalizer| Words::new(verbalizer.clone())).collect();
        Self { prompt, words }
    }

    /// The words that an example is scored by.
    fn words_of(&self, example: &Sample) -> Result<&Words> {
        self.words.get(example.words).ok_or_else(|| candle_core::Error::Msg("prepared by another prompt".into()))
    }
}

impl Words {
    fn new(verbalizer: Verbalizer) -> Self {
        let words = verbalizer.words.iter().enumerate();
        let columns = words.flat_map(|(word, ids)| {
            let inner = &ids[..ids.len().saturating_sub(1)];
            inner.iter().enumerate().map(move |(place, &id)| Column { word, place, id })
        });
        let columns = columns.collect();
        Self { verbalizer, columns }
    }

    /// Ids, positions and mask of prompts with all label words behind them.
    fn input(&self, prompts: &[&[u32]], pad: u32, device: &Device) -> Result<InputIds> {
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
        Ok(InputIds {
            ids: Tensor::from_vec(ids, shape, device)?,
            positions: Tensor::from_vec(positions, shape, device)?,
            mask,
            segments: None,
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
    fn sums(&self, logs: &Tensor) -> Result<Tensor> {
        let (batch, rows, vocabulary) = logs.dims3()?;
        let flat = logs.reshape((batch, rows * vocabulary))?;
        let verbalizer = &self.verbalizer;
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
    fn encode(&self, model: &Model, example: &Example, draw: u64) -> std::result::Result<Sample, PromptError> {
        let (template, words) = self.prompt.drawn(draw);
        let longest = self.prompt.verbalizers.iter().map(Verbalizer::longest).max().unwrap_or(0);
        let most = model.max_tokens.saturating_sub(longest.saturating_sub(1));
        let rendered = match model.architecture.kind {
            Kind::EncoderDecoder => template.read(&example.fields, &model.tokens, model.max_tokens)?,
            _ => template.causal(&example.fields, &model.tokens, most)?,
        };
        Ok(Sample { passes: vec![rendered], words, weight: example.weight, ..Sample::default() })
    }

    fn forward(
        &self,
        model: &Model,
        network: &dyn Network,
        batch: &[&Sample],
        text: bool,
        captures: &mut Trace,
        dropout: &DropoutRng,
    ) -> Result<Forward> {
        by_words(batch, |examples| {
            let words = examples.first().map_or(self.words.first(), |example| self.words.get(example.words));
            let words = words.ok_or_else(|| candle_core::Error::Msg("prepared by another prompt".into()))?;
            words.forward(model, network, examples, text, captures, dropout)
        })
    }

    /// Prompts that begin alike are read once up to where they part.
    fn scores(&self, model: &Model, examples: &[&Sample]) -> Result<Vec<Vec<f32>>> {
        let begun = shared_start::read(model, examples)?.into_iter().zip(examples.iter().copied()).collect();
        each(model, begun, |(begun, example): (Option<KvCache>, &Sample)| match begun {
            Some(cache) => self.words_of(example)?.scores_behind(model, example, cache),
            None => self.scores_alone(model, example),
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
        text: bool,
        captures: &mut Trace,
        dropout: &DropoutRng,
    ) -> Result<Forward> {
        let prompts: Vec<&[u32]> = batch.iter().filter_map(|p| p.passes.first()).map(|r| r.ids.as_slice()).collect();
        let start = [model.start()];
        let apart = model.architecture.kind == Kind::EncoderDecoder;
        let before = if apart { vec![&start[..]; prompts.len()] } else { prompts.clone() };
        let lengths: Vec<usize> = before.iter().map(|row| row.len()).collect();
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let device = model.device();
        let input = self.input(&before, model.tokens.pad(), device)?;
        let hidden = if apart {
            let read = model.input(&prompts)?;
            let states = network.encode(&network.embed(&read)?, captures, dropout)?;
            network.decode(&states, &read.mask, &network.embed(&input)?, captures, dropout)?
        } else {
            network.encode(&network.embed(&input)?, captures, dropout)?
        };
        let flat = hidden.reshape(((), hidden.dim(2)?))?;
        let logits = self.read_off(network, &flat, &self.rows(&lengths, longest))?;
        let rows = batch.iter().enumerate().map(|(place, sample)| sample.row(place)).collect();
        let text = if text { self.text(network, &flat, batch, longest)? } else { None };
        Ok(Forward { answers: Outputs { logits: logits.into(), rows }, text })
    }

    /// Class scores `[batch, classes]` from the states `[rows, width]` of prompts and words.
    fn read_off(&self, network: &dyn Network, flat: &Tensor, rows: &[u32]) -> Result<Tensor> {
        let rows = Tensor::new(rows, flat.device())?;
        let logs = ops::log_softmax(&network.vocabulary(&ops::embedding(flat, &rows)?)?)?;
        let vocabulary = logs.dim(1)?;
        self.sums(&logs.reshape(((), 1 + self.columns.len(), vocabulary))?)
    }

    /// Class scores `[classes]` of one example whose first tokens `cache` keeps.
    fn scores_behind(&self, model: &Model, example: &Sample, mut cache: KvCache) -> Result<Vec<f32>> {
        let prompt = example.passes.first().map(|pass| pass.ids.as_slice()).unwrap_or_default();
        let (known, whole) = (cache.tokens(), self.input(&[prompt], model.tokens.pad(), model.device())?);
        let new = whole.ids.dim(1)? - known;
        let input = InputIds {
            ids: whole.ids.narrow(1, known, new)?,
            positions: whole.positions.narrow(1, known, new)?,
            mask: whole.mask.narrow(2, known, new)?.contiguous()?,
            segments: None,
        };
        let network = model.detached.as_ref();
        let states = network.decode_step(&network.embed(&input)?, None, &mut cache)?;
        let length = prompt.len() - known;
        self.read_off(network, &states.squeeze(0)?, &self.rows(&[length], length))?.flatten_all()?.to_vec1()
    }

    /// Next-token logits of the tokens that come from the examples' own texts.
    fn text(&self, network: &dyn Network, flat: &Tensor, batch: &[&Sample], longest: usize) -> Result<Option<Outputs>> {
        let total = longest + self.columns.len();
        let rows = batch.iter().enumerate().flat_map(|(example, sample)| sample.text_rows(example));
        let rows: Vec<Row> = rows.collect();
        if rows.is_empty() {
            return Ok(None);
        }
        let places: Vec<u32> = rows.iter().map(|row| (row.example * total + row.position) as u32).collect();
        let logits = network.vocabulary(&ops::embedding(flat, &Tensor::new(places, flat.device())?)?)?;
        Ok(Some(Outputs { logits: logits.into(), rows }))
    }
}
