//! `retort probe`: what a model computes for one text, as tensors anyone can compare.

use std::collections::BTreeMap;

use candle_core::{DType, IndexOp as _, Tensor};

use serde_json::json;

use super::answer::{Answer, answer};
use super::by_token::{by_token, lines};
use super::next_tokens::{NextToken, hint, next_tokens};
use super::output::tell;
use super::{CommandError, ProbeArguments, asked};
use crate::engine::model::save::serialize;
use crate::engine::model::{DropoutRng, HeadKind, Kind, Model, ModelError, Trace};
use crate::link::TokenView;
use crate::session::file::write_atomically;
use crate::session::say;

/// The probabilities of the model's classes, where it knows them, else its likeliest next tokens and the text token by
/// token, as the window shows it under the lens, beside a teacher where one is named; with
/// `--out` a file of `input_ids [tokens]`, `logits [tokens, vocabulary]` (or `[classes]`), `attention.L
/// [heads, query, key]` and `hidden.L [tokens, width]` (hidden.0 is the embedding output). An
/// encoder–decoder's logits are those of its answer's first token; beside its encoder's tensors stand its
/// decoder's `written.L`, `cross.L` and `hidden_written.L`. The tensors are of the bare text, the
/// probabilities of the text as the model is asked.
///
/// # Errors
/// [`CommandError`] if the model cannot be opened or the file not written.
pub fn probe(arguments: &ProbeArguments) -> Result<String, CommandError> {
    let model = asked::open(&arguments.model, arguments.fetch)?;
    let answer = answer(&model, &arguments.text)?;
    let tensors = tensors(&model, &arguments.text).map_err(CommandError::run)?;
    if let Some(out) = &arguments.out {
        let views = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor.clone())).collect();
        let bytes = serialize(&views).map_err(CommandError::run)?;
        let wrong = |e| CommandError::input(format!("cannot write the probe: {e}: {}", out.display()));
        write_atomically(out, &bytes).map_err(wrong)?;
    }
    let next =
        if answer.is_empty() { next(&model, arguments, &tensors).map_err(CommandError::run)? } else { Vec::new() };
    let by_token = if answer.is_empty() { by_token(&model, arguments)? } else { refused(arguments)? };
    let tokens = tensors.get("input_ids").map_or(0, Tensor::elem_count);
    let card = &model.card;
    if arguments.json {
        let shapes: BTreeMap<&String, &[usize]> = tensors.iter().map(|(name, tensor)| (name, tensor.dims())).collect();
        return Ok(
            json!({ "model": card.in_words(), "tokens": tokens, "classes": answer, "next": next, "by_token": by_token, "tensors": shapes })
                .to_string(),
        );
    }
    asked::remarks(&model).into_iter().for_each(tell);
    let written = arguments.out.as_ref();
    let written = written.map(|out| format!(", {} tensors written to {}", tensors.len(), out.display()));
    let head = format!(
        "{}: {} parameters, {tokens} tokens{}",
        card.architecture,
        card.parameters,
        written.unwrap_or_default()
    );
    let hint = answer.is_empty().then(|| hint(&model, &next));
    let rows = answer.iter().map(Answer::to_string).chain(hint).chain(next.iter().map(NextToken::to_string));
    let rows = rows.chain(by_token.iter().flat_map(lines));
    Ok(std::iter::once(head).chain(rows).collect::<Vec<_>>().join("\n"))
}

/// A teacher is compared over tokens; of classes each model is asked by itself.
fn refused(arguments: &ProbeArguments) -> Result<Option<TokenView>, CommandError> {
    match arguments.teacher {
        Some(_) => Err(CommandError::input(
            "the model answers by classes, and a teacher is compared token by token; leave --teacher out and probe the teacher by itself",
        )),
        None => Ok(None),
    }
}

/// What a model that names no classes makes of the text.
fn next(
    model: &Model,
    arguments: &ProbeArguments,
    tensors: &BTreeMap<String, Tensor>,
) -> Result<Vec<NextToken>, ModelError> {
    let (Some(ids), Some(logits)) = (tensors.get("input_ids"), tensors.get("logits")) else { return Ok(Vec::new()) };
    let ids: Vec<u32> = ids.to_vec1::<i64>()?.into_iter().filter_map(|id| id.try_into().ok()).collect();
    next_tokens(model, &arguments.text, &ids, logits)
}

fn tensors(model: &Model, text: &str) -> Result<BTreeMap<String, Tensor>, ModelError> {
    let ids = model.tokens.encode_within(text, model.max_tokens)?.ids;
    if ids.is_empty() {
        return Err(ModelError::Tokens(say!("the text has no tokens; give it some words")));
    }
    let mut trace = Trace::all();
    let input = model.input(&[&ids])?;
    let network = model.detached.as_ref();
    let hidden = network.encode(&network.embed(&input)?, &mut trace, &DropoutRng::none())?;
    let logits = match model.top {
        HeadKind::Vocabulary if model.architecture.kind == Kind::EncoderDecoder => {
            let start = network.embed(&model.written(&[&[model.start()]])?)?;
            let written = network.decode(&hidden, &input.mask, &start, &mut trace, &DropoutRng::none())?;
            network.vocabulary(&written.i(0)?)?
        }
        HeadKind::Vocabulary => network.vocabulary(&hidden.i(0)?)?,
        HeadKind::Classes(_) => network.classify(&hidden, &[ids.len() as u32 - 1], &DropoutRng::none())?.i(0)?,
    };
    let mut tensors = BTreeMap::from([("logits".to_owned(), logits)]);
    let kept = [
        ("attention", &trace.attention),
        ("written", &trace.written),
        ("cross", &trace.cross),
        ("hidden", &trace.hidden),
        ("hidden_written", &trace.hidden_written),
    ];
    for (name, layers) in kept {
        for (layer, tensor) in layers {
            tensors.insert(format!("{name}.{layer}"), tensor.i(0)?.to_dtype(DType::F32)?.contiguous()?);
        }
    }
    let ids: Vec<i64> = ids.into_iter().map(i64::from).collect();
    tensors.insert("input_ids".to_owned(), Tensor::new(ids, model.device())?);
    Ok(tensors)
}
