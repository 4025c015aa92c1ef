//! A plain classifier: the model reads the text without a prompt.

use super::{Pass, Sample, Task};
use crate::engine::model::{DropoutRng, Model, Network, Trace};
use crate::engine::prompt::{PromptError, Rendered};

/// Class logits by a linear layer over the pooled text.
pub struct Classifier;

impl Task for Classifier {
    fn prepare(&self, model: &Model, text: &str, _draw: u64) -> Result<Sample, PromptError> {
        let pieces = model.tokens.encode_within(text.trim(), model.max_tokens)?;
        let from_text = pieces.spans.iter().map(|span| span.0 < span.1).collect();
        Ok(Sample {
            passes: vec![Rendered { ids: pieces.ids, from_text, answers: vec![0], cut: pieces.cut }],
            words: 0,
        })
    }

    fn pass(
        &self,
        model: &Model,
        network: &dyn Network,
        batch: &[&Sample],
        _language: bool,
        trace: &mut Trace,
        noise: &DropoutRng,
    ) -> candle_core::Result<Pass> {
        let rows: Vec<&[u32]> = batch.iter().filter_map(|p| p.passes.first()).map(|r| r.ids.as_slice()).collect();
        let ends: Vec<u32> = rows.iter().map(|row| row.len().saturating_sub(1) as u32).collect();
        let hidden = network.encode(&model.input(&rows)?, trace, noise)?;
        Ok(Pass { scores: network.classify(&hidden, &ends, noise)?, language: None })
    }
}
