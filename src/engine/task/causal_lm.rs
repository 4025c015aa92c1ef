//! The next token of running text: place t tells token t + 1 (Radford et al. 2018, §3.1). Every token of a text is
//! told once, the end of the text too, so that a student learns where to stop; the mark that begins every text is
//! told by nobody.

use candle_core::Result;

use super::running_text::{self, RunningText, Token};
use super::{Forward, Sample, Task, TokenRow, token_rows};
use crate::engine::data::Example;
use crate::engine::measure::TokenMeasure;
use crate::engine::model::tokens::Around;
use crate::engine::model::{DropoutRng, Model, Network, Trace};
use crate::engine::prompt::PromptError;

/// Next-token prediction of a decoder.
pub struct CausalLm {
    /// Whether texts stand one behind the other.
    pub packed: bool,
    /// Outcomes that are compared.
    pub outcomes: usize,
}

impl RunningText for CausalLm {
    fn document(&self, model: &Model, example: &Example, known: bool) -> std::result::Result<Vec<Token>, PromptError> {
        let mut tokens = running_text::tokens(&model.tokens, example, known, Around::Start)?;
        if let Some(id) = model.tokens.end() {
            tokens.push(Token { id, bytes: 0, begins: false, known, weight: example.weight });
        }
        Ok(tokens)
    }

    fn longest(&self, model: &Model) -> usize {
        model.max_tokens
    }

    fn lookahead(&self) -> usize {
        1
    }

    fn packed(&self) -> bool {
        self.packed
    }

    fn sample(&self, _: &Model, tokens: &[Token]) -> Sample {
        let read = &tokens[..tokens.len().saturating_sub(1)];
        let rows = tokens.iter().skip(1).zip(0..).filter(|(next, _)| !next.begins);
        let rows = rows.map(|(next, at)| TokenRow {
            at,
            token: next.id,
            bytes: next.bytes,
            known: next.known,
            weight: next.weight,
        });
        Sample { passes: vec![running_text::pass(read)], rows: rows.collect(), ..Sample::default() }
    }
}

impl Task for CausalLm {
    fn encode(&self, model: &Model, example: &Example, _draw: u64) -> std::result::Result<Sample, PromptError> {
        let mut tokens = self.document(model, example, true)?;
        let cut = tokens.len().saturating_sub(model.max_tokens + 1);
        tokens.truncate(model.max_tokens + 1);
        let mut sample = self.sample(model, &tokens);
        sample.passes.iter_mut().for_each(|pass| pass.cut = cut);
        Ok(sample)
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
        token_rows::forward(model, network, batch, (captures, dropout), self.outcomes)
    }

    fn token_measures(&self) -> Option<&'static [TokenMeasure]> {
        Some(TokenMeasure::ALL)
    }

    fn running(&self) -> Option<&dyn RunningText> {
        Some(self)
    }
}
