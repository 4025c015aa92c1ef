//! The next token of running text: place t tells token t + 1 (Radford et al. 2018, §3.1). Every token of a text is
//! told once, the end of the text too, so that a student learns where to stop; the mark that begins every text is
//! told by nobody.

use super::running_text::{self, RunningText, Token};
use super::{Sample, TokenTask};
use crate::engine::data::Example;
use crate::engine::model::Model;
use crate::engine::model::tokens::Around;
use crate::engine::prompt::PromptError;

/// Next-token prediction of a decoder.
pub struct CausalLm {
    /// Whether texts stand one behind the other.
    pub packed: bool,
    /// Outcomes that are compared.
    pub outcomes: usize,
}

impl RunningText for CausalLm {
    fn document(&self, model: &Model, example: &Example, known: bool) -> Result<Vec<Token>, PromptError> {
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
        let rows = rows.map(|(next, at)| next.row(at));
        Sample { passes: vec![running_text::pass(read)], rows: rows.collect(), ..Sample::default() }
    }
}

impl TokenTask for CausalLm {
    fn outcomes(&self) -> usize {
        self.outcomes
    }

    fn sample_of(&self, model: &Model, example: &Example, _draw: u64) -> Result<Sample, PromptError> {
        running_text::alone(self, model, example)
    }

    fn running(&self) -> Option<&dyn RunningText> {
        Some(self)
    }
}
