//! A plain classifier: the model reads the text without a prompt; an encoder reads a second text as its second
//! segment.

use super::{Forward, Outputs, Sample, Task};
use crate::engine::data::{Example, Fields};
use crate::engine::model::tokens::TwoTexts;
use crate::engine::model::{DropoutRng, Kind, Model, ModelError, Network, Trace};
use crate::engine::prompt::{PromptError, Rendered};

/// Class logits by a linear layer over the pooled text.
pub struct Classifier;

impl Task for Classifier {
    fn encode(&self, model: &Model, example: &Example, _draw: u64) -> Result<Sample, PromptError> {
        let TwoTexts { pieces, segments } = read(model, &example.fields)?;
        let from_text = pieces.spans.iter().map(|span| span.0 < span.1).collect();
        Ok(Sample {
            passes: vec![Rendered { ids: pieces.ids, from_text, answers: vec![0], cut: pieces.cut, segments }],
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
        let passes = || batch.iter().filter_map(|sample| sample.passes.first());
        let rows: Vec<&[u32]> = passes().map(|pass| pass.ids.as_slice()).collect();
        let segments: Vec<&[u32]> = passes().map(|pass| pass.segments.as_slice()).collect();
        let ends: Vec<u32> = rows.iter().map(|row| row.len().saturating_sub(1) as u32).collect();
        let hidden = network.encode(&network.embed(&model.input_of(&rows, &segments)?)?, captures, dropout)?;
        let rows = batch.iter().enumerate().map(|(place, sample)| sample.row(place)).collect();
        Ok(Forward { answers: Outputs { logits: network.classify(&hidden, &ends, dropout)?.into(), rows }, text: None })
    }
}

/// What a classifier reads: two texts where the example has two and the model is an encoder, else all of the text.
/// Decoders were shown pairs as running text.
fn read(model: &Model, fields: &Fields) -> Result<TwoTexts, ModelError> {
    let most = model.max_tokens;
    match fields.pair().filter(|_| model.architecture.kind == Kind::Encoder) {
        Some((first, second)) => model.tokens.encode_two(&first, second, most),
        None => Ok(TwoTexts { pieces: model.tokens.encode_within(fields.whole().trim(), most)?, segments: Vec::new() }),
    }
}
