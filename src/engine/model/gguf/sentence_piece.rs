//! Tokenizers of pieces with scores (SentencePiece's byte-pair encoding): spaces are letters, and a
//! letter that is no token is written in bytes.

use std::collections::HashMap;

use serde_json::{Value as Json, json};

use super::tokenizer::{BYTE, Parts, Vocabulary};
use super::value::Value;
use crate::session::{Sentence, say};

/// The stand-in for a space.
const SPACE: &str = "\u{2581}";

/// The parts of its `tokenizer.json`.
///
/// # Errors
/// In words: what is missing.
pub fn parts(vocabulary: &Vocabulary) -> Result<Parts, Sentence> {
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

fn model(vocabulary: &Vocabulary) -> Result<Json, Sentence> {
    let tokens = vocabulary.tokens;
    let scores = match vocabulary.header.get("tokenizer.ggml.scores") {
        Some(Value::Reals(scores)) if scores.len() == tokens.len() => scores,
        _ => {
            return Err(say!(
                "its metadata has no tokenizer.ggml.scores, one a token; convert the model again with a present llama.cpp"
            ));
        }
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

/// Every way to put a piece together from two others, best piece first: joining the two neighbours
/// whose union scores highest, again and again, is a byte-pair encoding with this order.
///
/// Of one piece the parts that come first in the vocabulary come first, as in the converter of
/// transformers.
///
/// # Source
/// Kudo & Richardson 2018 (arXiv 1808.06226), section 3; the order of equal scores as in
/// transformers' `generate_merges`.
fn merges<'a>(pieces: &[(usize, &'a str)], scores: &[f32]) -> Vec<(&'a str, &'a str)> {
    let known: HashMap<&str, usize> = pieces.iter().map(|(id, piece)| (*piece, *id)).collect();
    let score = |id: usize| scores.get(id).copied().unwrap_or(f32::MIN);
    let mut ranked: Vec<(f32, usize, usize, &str, &str)> = Vec::new();
    for (id, piece) in pieces {
        let cuts = piece.char_indices().skip(1).map(|(at, _)| piece.split_at(at));
        let mut parts: Vec<(usize, usize, &str, &str)> =
            cuts.filter_map(|(left, right)| Some((*known.get(left)?, *known.get(right)?, left, right))).collect();
        parts.sort_unstable_by_key(|(left, right, ..)| (*left, *right));
        ranked.extend(parts.into_iter().map(|(l, r, left, right)| (score(*id), l, r, left, right)));
    }
    // Stable: equal scores keep the order of the vocabulary.
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranked.into_iter().map(|(.., left, right)| (left, right)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_piece_is_joined_first() {
        let pieces = [(3, "a"), (4, "b"), (5, "ab"), (6, "bb"), (7, "abb"), (8, "€b")];
        let scores = [0.0, 0.0, 0.0, -9.0, -9.0, -2.0, -1.0, -3.0, -4.0];
        assert_eq!(merges(&pieces, &scores), [("b", "b"), ("a", "b"), ("a", "bb"), ("ab", "b")]);
    }
}
