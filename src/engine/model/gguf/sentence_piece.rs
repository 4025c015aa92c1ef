//! Tokenizers of pieces with scores (SentencePiece's byte-pair encoding): spaces are letters, and a
//! letter that is no token is written in bytes.

use serde_json::{Value as Json, json};

use super::merges::merges;
use super::tokenizer::{BYTE, Parts, Vocabulary};
use super::value::Value;

/// The stand-in for a space.
const SPACE: &str = "\u{2581}";

/// The parts of its `tokenizer.json`.
///
/// # Errors
/// In words: what is missing.
pub fn parts(vocabulary: &Vocabulary) -> Result<Parts, String> {
    let prefix = vocabulary.switch("add_space_prefix").unwrap_or(true);
    Ok(Parts {
        normalizer: normalizer(prefix),
        pre_tokenizer: Json::Null,
        post_processor: vocabulary.frame(true)?.unwrap_or(Json::Null),
        decoder: decoder(prefix),
        model: model(vocabulary)?,
    })
}

fn replace(from: &str, to: &str) -> Json {
    json!({ "type": "Replace", "pattern": { "String": from }, "content": to })
}

/// Spaces become letters; `prefix` puts one before a text, so that its first word is like any other.
fn normalizer(prefix: bool) -> Json {
    let before = prefix.then(|| json!({ "type": "Prepend", "prepend": SPACE }));
    let steps: Vec<Json> = before.into_iter().chain([replace(" ", SPACE)]).collect();
    json!({ "type": "Sequence", "normalizers": steps })
}

/// The way back.
fn decoder(prefix: bool) -> Json {
    let steps = [replace(SPACE, " "), json!({ "type": "ByteFallback" }), json!({ "type": "Fuse" })];
    let after = prefix.then(|| json!({ "type": "Strip", "content": " ", "start": 1, "stop": 0 }));
    let steps: Vec<Json> = steps.into_iter().chain(after).collect();
    json!({ "type": "Sequence", "decoders": steps })
}

fn model(vocabulary: &Vocabulary) -> Result<Json, String> {
    let tokens = vocabulary.tokens;
    let scores = match vocabulary.header.get("tokenizer.ggml.scores") {
        Some(Value::Reals(scores)) if scores.len() == tokens.len() => scores,
        _ => return Err(
            "its metadata has no tokenizer.ggml.scores, one a token; convert the model again with a present llama.cpp"
                .into(),
        ),
    };
    let texts = tokens.iter().map(String::as_str).enumerate();
    let pieces: Vec<(usize, &str)> = texts.filter(|(id, _)| vocabulary.is_text(*id)).collect();
    let unknown = vocabulary.role("unknown")?.map(|(_, text)| text).or_else(|| tokens.first().map(String::as_str));
    let bytes = (0..tokens.len()).any(|id| vocabulary.kind(id) == BYTE);
    Ok(json!({
        "type": "BPE", "dropout": null, "unk_token": unknown, "continuing_subword_prefix": null,
        "end_of_word_suffix": null, "fuse_unk": true, "byte_fallback": bytes, "vocab": vocabulary.ids(),
        "merges": merges(&pieces, scores),
    }))
}
