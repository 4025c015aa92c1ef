//! Spans of running text that an encoder–decoder has to write: they are taken out of what its encoder reads, a sentinel
//! in the place of each, and its decoder writes each sentinel with what stood there (Raffel et al. 2019, arXiv
//! 1910.10683, §3.1.4, figure 2; the lengths are drawn as by `random_spans_noise_mask` of its authors' code, which ends
//! with a span). Drawn anew whenever a sample is met, by the run's seed.

use rand::seq::SliceRandom as _;

use super::running_text::{self, RunningText, Token};
use super::{Sample, TokenRow, TokenTask};
use crate::engine::data::Example;
use crate::engine::model::tokens::Around;
use crate::engine::model::{Model, init};
use crate::engine::prompt::{PromptError, Rendered};
use crate::session::say;

/// Span corruption of an encoder–decoder.
pub struct SpanCorruption {
    /// Whether texts stand one behind the other.
    pub packed: bool,
    /// Share of the tokens that is taken out.
    pub share: f64,
    /// Mean length of a span.
    pub span: f64,
    /// Outcomes that are compared.
    pub outcomes: usize,
    /// The tokens that stand for what was taken out, in their order.
    sentinels: Vec<u32>,
}

impl SpanCorruption {
    /// Spans of `model`.
    ///
    /// # Errors
    /// [`PromptError::Task`] if its tokenizer has no sentinels.
    pub fn new(model: &Model, packed: bool, (share, span): (f64, f64), outcomes: usize) -> Result<Self, PromptError> {
        let entries = model.tokens.entries();
        let sentinels: Vec<u32> = (0..).map_while(|n| entries.get(&format!("<extra_id_{n}>")).copied()).collect();
        if sentinels.is_empty() {
            return Err(PromptError::Task(say!(
                "the task takes spans out of a text and marks them by <extra_id_0> and so on, which the tokenizer does not have; choose a model that was trained so, or another task"
            )));
        }
        Ok(Self { packed, share, span, outcomes, sentinels })
    }

    /// Lengths of what stays and what is taken out, in turns, over `tokens` of them.
    fn lengths(&self, tokens: usize, draw: u64) -> Vec<(usize, usize)> {
        let mut rng = init::named_rng("spans", draw);
        let taken = ((tokens as f64 * self.share).round() as usize).clamp(1, tokens.saturating_sub(1).max(1));
        let most = taken.min(tokens - taken).min(self.sentinels.len()).max(1);
        let spans = ((taken as f64 / self.span).round() as usize).clamp(1, most);
        let mut parts = |sum: usize| {
            let mut cuts: Vec<usize> = (1..sum).collect();
            cuts.shuffle(&mut rng);
            cuts.truncate(spans - 1);
            cuts.sort_unstable();
            let ends = cuts.iter().copied().chain([sum]);
            let begins = std::iter::once(0).chain(cuts.iter().copied());
            begins.zip(ends).map(|(begin, end)| end - begin).collect::<Vec<_>>()
        };
        let out = parts(taken);
        parts(tokens - taken).into_iter().zip(out).collect()
    }
}

impl RunningText for SpanCorruption {
    fn document(&self, model: &Model, example: &Example, known: bool) -> Result<Vec<Token>, PromptError> {
        let mut tokens = running_text::tokens(&model.tokens, example, known, Around::Nothing)?;
        if let Some(id) = model.tokens.end().filter(|_| self.packed) {
            tokens.push(Token { id, bytes: 0, begins: false, known, weight: example.weight });
        }
        Ok(tokens)
    }

    /// One place is the mark behind all.
    fn longest(&self, model: &Model) -> usize {
        model.max_tokens.saturating_sub(1)
    }

    fn lookahead(&self) -> usize {
        0
    }

    fn packed(&self) -> bool {
        self.packed
    }

    /// Every token as a row; which of them are taken out is drawn later.
    fn sample(&self, _: &Model, tokens: &[Token]) -> Sample {
        let rows = tokens.iter().zip(0..).map(|(token, at)| token.row(at)).collect();
        Sample { passes: vec![running_text::pass(tokens)], rows, ..Sample::default() }
    }
}

impl TokenTask for SpanCorruption {
    fn outcomes(&self) -> usize {
        self.outcomes
    }

    fn sample_of(&self, model: &Model, example: &Example, draw: u64) -> Result<Sample, PromptError> {
        let sample = running_text::alone(self, model, example)?;
        Ok(self.redrawn(model, &sample, draw).unwrap_or(sample))
    }

    fn running(&self) -> Option<&dyn RunningText> {
        Some(self)
    }

    fn redrawn(&self, model: &Model, sample: &Sample, draw: u64) -> Option<Sample> {
        let rows = &sample.rows;
        let pass = sample.passes.first()?;
        let (mut read, mut written, mut place) = (Rendered { cut: pass.cut, ..Rendered::default() }, Vec::new(), 0);
        let mut push = |id: u32, own: bool| {
            read.ids.push(id);
            read.from_text.push(own);
        };
        let like = |token: u32, row: &TokenRow| TokenRow { token, bytes: 0, ..*row };
        for ((stays, taken), sentinel) in self.lengths(rows.len(), draw).into_iter().zip(&self.sentinels) {
            rows.iter().skip(place).take(stays).for_each(|row| push(row.token, row.bytes > 0));
            push(*sentinel, false);
            let span = rows.get(place + stays..place + stays + taken)?;
            written.push(like(*sentinel, span.first()?));
            written.extend_from_slice(span);
            place += stays + taken;
        }
        if let Some(end) = model.tokens.end() {
            push(end, false);
            written.push(like(end, written.last()?));
        }
        Some(written_behind(model, read, written, sample))
    }
}

/// A sample of what the encoder `read`s and the tokens that the decoder has to write.
pub(super) fn written_behind(model: &Model, read: Rendered, tokens: Vec<TokenRow>, like: &Sample) -> Sample {
    let ids = std::iter::once(model.start()).chain(tokens.iter().map(|row| row.token)).take(tokens.len());
    let own = std::iter::once(false).chain(tokens.iter().map(|row| row.bytes > 0)).take(tokens.len());
    let written = Rendered { ids: ids.collect(), from_text: own.collect(), ..Rendered::default() };
    let rows = tokens.into_iter().zip(0..).map(|(row, at)| TokenRow { at, ..row }).collect();
    Sample { passes: vec![read, written], rows, ..like.clone() }
}
