//! What a model without classes makes of a text: the likeliest next tokens, or those in the place of a
//! mask.

use std::fmt;

use candle_core::{IndexOp as _, Tensor};
use serde::Serialize;

use crate::engine::model::generate::Generator;
use crate::engine::model::{HeadKind, Kind, Model, ModelError, ops};

/// How many are shown.
const SHOWN: usize = 5;

/// One token and its probability, in [0, 1].
#[derive(Debug, Serialize)]
pub struct NextToken {
    token: String,
    probability: f32,
}

impl fmt::Display for NextToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>8.4}  {}", self.probability, self.token)
    }
}

/// The likeliest tokens for `text`, the likeliest first, of equal ones that of the lower id. Empty for a
/// classifier, and for a model that only reads and whose text has no mask. `ids` and `logits` are those
/// of the text as it was probed.
///
/// # Errors
/// [`ModelError`], the tokenizer's or the tensor library's.
pub fn next_tokens(model: &Model, text: &str, ids: &[u32], logits: &Tensor) -> Result<Vec<NextToken>, ModelError> {
    let row = match (&model.top, model.architecture.kind) {
        (HeadKind::Classes(_), _) => return Ok(Vec::new()),
        (HeadKind::Vocabulary, Kind::Encoder) => {
            let mask = model.tokens.mask().and_then(|(_, mask)| ids.iter().position(|id| *id == mask));
            let Some(place) = mask else { return Ok(Vec::new()) };
            logits.i(place)?
        }
        (HeadKind::Vocabulary, Kind::Decoder | Kind::EncoderDecoder) => behind(model, text)?,
    };
    let scores: Vec<f32> = ops::log_softmax(&row.unsqueeze(0)?)?.flatten_all()?.to_vec1()?;
    let mut likeliest: Vec<(usize, f32)> = scores.into_iter().enumerate().collect();
    likeliest.sort_by(|a, b| b.1.total_cmp(&a.1));
    let shown = likeliest.into_iter().take(SHOWN);
    Ok(shown.map(|(id, score)| NextToken { token: model.tokens.show(id as u32), probability: score.exp() }).collect())
}

/// The logits of what comes next; a text that is too long is cut at its end.
fn behind(model: &Model, text: &str) -> Result<Tensor, ModelError> {
    let mut ids = match model.architecture.kind {
        Kind::Decoder => model.tokens.encode_open(text)?.ids,
        Kind::Encoder | Kind::EncoderDecoder => model.tokens.encode_within(text, model.max_tokens)?.ids,
    };
    ids.truncate(model.max_tokens);
    Ok(Generator::new(model, &ids)?.logits()?)
}

/// What to do with a model that names no classes.
pub fn hint(model: &Model, next: &[NextToken]) -> String {
    let what = match (&model.top, next.is_empty(), model.tokens.mask()) {
        (HeadKind::Classes(count), ..) => {
            return format!("its {count} classes have no names: neither retort.ron nor id2label names them");
        }
        (HeadKind::Vocabulary, false, _) if model.architecture.kind == Kind::Encoder => {
            "in the place of the mask it reads".to_owned()
        }
        (HeadKind::Vocabulary, false, _) => "the likeliest next tokens are".to_owned(),
        (HeadKind::Vocabulary, true, Some((mask, _))) => format!("put {mask} into the text to see what it reads there"),
        (HeadKind::Vocabulary, true, None) => "there is nothing to show of it".to_owned(),
    };
    format!("it names no classes: a session asks it by its prompt and label words; {what}")
}
