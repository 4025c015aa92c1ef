//! A plain classifier: the model reads the text without a prompt.

use super::{Forward, Outputs, Sample, Task};
use crate::engine::data::Example;
use crate::engine::model::{DropoutRng, Model, Network, Trace};
use crate::engine::prompt::{PromptError, Rendered};

/// Class logits by a linear layer over the pooled text.
pub struct Classifier;

impl Task for Classifier {
    fn encode(&self, model: &Model, example: &Example, _draw: u64) -> Result<Sample, PromptError> {
        let pieces = model.tokens.encode_within(example.text().trim(), model.max_tokens)?;
        let from_text = pieces.spans.iter().map(|span| span.0 < span.1).collect();
        Ok(Sample {
            passes: vec![Rendered {
                ids: pieces.ids,
                from_text,
                answers: vec![0],
                cut: pieces.cut,
                segments: Vec::new(),
            }],
            weight: example.weight,
            ..Sample::default()
        })
    }

    fn forward(
        &self,
        model: &Model,
        network: &dyn Network,
        batch: &[&Sample],
        _text: bool,
        captures: &mut Trace,
        dropout: &DropoutRng,
    ) -> candle_core::Result<Forward> {
        let rows: Vec<&[u32]> = batch.iter().filter_map(|p| p.passes.first()).map(|r| r.ids.as_slice()).collect();
        let ends: Vec<u32> = rows.iter().map(|row| row.len().saturating_sub(1) as u32).collect();
        let hidden = network.encode(&network.embed(&model.input(&rows)?)?, captures, dropout)?;
        let rows = batch.iter().enumerate().map(|(place, sample)| sample.row(place)).collect();
        Ok(Forward { answers: Outputs { logits: network.classify(&hidden, &ends, dropout)?, rows }, text: None })
    }
}
