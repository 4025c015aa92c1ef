//! Rows that are places of a text: what the tasks over tokens have in common. A row is a place at which a token is to
//! be told, the outcomes are the vocabulary.

use candle_core::{Result, Tensor};

use super::{Deferred, Forward, Outputs, Row, Sample};
use crate::engine::model::{DropoutRng, Kind, Model, Network, Trace, ops};

/// A place of a sample at which a token is to be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TokenRow {
    /// Place in the pass whose states tell it.
    pub at: u32,
    /// The token that is right.
    pub token: u32,
    /// Bytes of text that it stands for; 0 for a mark.
    pub bytes: u16,
    /// Whether it may be learned from, as a label may. A teacher may teach the row all the same.
    pub known: bool,
    /// What it counts in a mean over rows; not negative.
    pub weight: f32,
}

/// The rows of a batch, sample by sample.
pub(super) fn rows(batch: &[&Sample]) -> Vec<Row> {
    let of = |(example, sample): (usize, &&Sample)| {
        let row = move |row: &TokenRow| Row {
            example,
            position: row.at as usize,
            weight: row.weight,
            truth: row.known.then_some(row.token),
        };
        sample.rows.iter().map(row).collect::<Vec<_>>()
    };
    batch.iter().enumerate().flat_map(of).collect()
}

/// What `network`, one of the model's two readings, makes of a batch whose samples have rows. An encoder–decoder
/// reads the first pass of a sample and writes the second.
///
/// # Errors
/// The tensor library's.
pub(super) fn forward(
    model: &Model,
    network: &dyn Network,
    batch: &[&Sample],
    (captures, dropout): (&mut Trace, &DropoutRng),
    outcomes: usize,
) -> Result<Forward> {
    let ids = |pass: usize| -> Vec<&[u32]> {
        batch.iter().map(|sample| sample.passes.get(pass).map(|pass| pass.ids.as_slice()).unwrap_or_default()).collect()
    };
    let read = model.input(&ids(0))?;
    let mut states = network.encode(&network.embed(&read)?, captures, dropout)?;
    if model.architecture.kind == Kind::EncoderDecoder {
        let written = network.embed(&model.written(&ids(1))?)?;
        states = network.decode(&states, &read.mask, &written, captures, dropout)?;
    }
    let rows = rows(batch);
    let (states, head) = network.head(&picked(&states, &rows)?)?;
    let logits = super::Logits::Deferred(Deferred { states, head: head.clone(), outcomes });
    Ok(Forward { answers: Outputs { logits, rows }, text: None })
}

/// The states `[rows, width]` of `rows` among `states [batch, tokens, width]`.
fn picked(states: &Tensor, rows: &[Row]) -> Result<Tensor> {
    let (batch, tokens, width) = states.dims3()?;
    let flat = states.reshape((batch * tokens, width))?;
    let places: Vec<u32> = rows.iter().map(|row| (row.example * tokens + row.position) as u32).collect();
    let is_everything =
        places.len() == batch * tokens && places.iter().zip(0..).all(|(place, number)| *place == number);
    if is_everything {
        return Ok(flat);
    }
    ops::embedding(&flat, &Tensor::new(places, states.device())?)
}
