//! The next token of a completion behind its prompt: a decoder reads both as one text and its rows are the places that
//! tell the completion's tokens, found by the letters that they stand for, and the end behind it. An encoder–decoder
//! reads the prompt and writes the completion. The prompt is learned as well only where that is asked for.
//!
//! What is too long is cut as prompts are, the longest text first; of a completion that was cut no end is learned.

use super::span_corruption::written_behind;
use super::{Sample, TokenRow, TokenTask};
use crate::engine::data::{Example, Layout, Target};
use crate::engine::model::{Kind, Model};
use crate::engine::prompt::{PromptError, Rendered, Template};
use crate::session::Prompt;

/// Completions behind prompts.
pub struct Completion {
    templates: Vec<Template>,
    learn_prompt: bool,
    outcomes: usize,
}

impl Completion {
    /// Completions behind the templates of `prompt`, as `model` is asked by it.
    ///
    /// # Errors
    /// [`PromptError`] if a template cannot be used.
    pub fn new(
        model: &Model,
        prompt: &Prompt,
        layout: &Layout,
        learn_prompt: bool,
        outcomes: usize,
    ) -> Result<Self, PromptError> {
        let asked = |template: &str| Template::parse(template, layout)?.for_model(prompt, model);
        let templates = prompt.templates().map(asked).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { templates, learn_prompt, outcomes })
    }

    fn drawn(&self, draw: u64) -> &Template {
        &self.templates[(draw % self.templates.len() as u64) as usize]
    }

    /// A decoder's: prompt and completion as one text.
    fn behind(&self, model: &Model, example: &Example, answer: &str, draw: u64) -> Result<Sample, PromptError> {
        let template = self.drawn(draw);
        let end = model.tokens.end().filter(|_| !answer.is_empty());
        let most = model.max_tokens - usize::from(model.max_tokens > 1);
        let (mut whole, cut) = template.answered(&example.fields, answer, &model.tokens, most)?;
        if let Some(end) = end.filter(|_| !cut) {
            whole.answers.push(whole.ids.len());
            whole.ids.push(end);
            whole.from_text.push(false);
        }
        let learned = |at: usize| self.learn_prompt || whole.answers.binary_search(&at).is_ok();
        let rows = rows(model, &whole, learned, example.weight);
        Ok(Sample { passes: vec![whole], rows, ..Sample::default() })
    }

    /// An encoder–decoder's: the prompt is read, the completion written.
    fn written(&self, model: &Model, example: &Example, answer: &str, draw: u64) -> Result<Sample, PromptError> {
        let mut read = self.drawn(draw).read(&example.fields, &model.tokens, model.max_tokens)?;
        let pieces = model.tokens.encode_within(answer, model.max_tokens)?;
        read.cut += pieces.cut;
        let row = |(id, span): (&u32, &(usize, usize))| TokenRow {
            at: 0,
            token: *id,
            bytes: (span.1 - span.0).min(u16::MAX.into()) as u16,
            known: true,
            weight: example.weight,
        };
        let rows = pieces.ids.iter().zip(&pieces.spans).map(row).collect();
        Ok(written_behind(model, read, rows, &Sample::default()))
    }
}

impl TokenTask for Completion {
    fn outcomes(&self) -> usize {
        self.outcomes
    }

    fn sample_of(&self, model: &Model, example: &Example, draw: u64) -> Result<Sample, PromptError> {
        let answer = if let Target::Text(answer) = &example.target { answer } else { "" };
        match model.architecture.kind {
            Kind::EncoderDecoder => self.written(model, example, answer, draw),
            _ => self.behind(model, example, answer, draw),
        }
    }
}

/// The rows of a text whose tokens at `learned` are to be told.
pub(super) fn rows(model: &Model, pass: &Rendered, learned: impl Fn(usize) -> bool, weight: f32) -> Vec<TokenRow> {
    let row = |at: usize| TokenRow {
        at: at as u32 - 1,
        token: pass.ids[at],
        bytes: if pass.from_text[at] { bytes(model, pass.ids[at]) } else { 0 },
        known: true,
        weight,
    };
    (1..pass.ids.len()).filter(|at| learned(*at)).map(row).collect()
}

/// Bytes of the text that a token stands for.
fn bytes(model: &Model, id: u32) -> u16 {
    model.tokens.decode(&[id]).len().min(u16::MAX.into()) as u16
}
