//! A `tokenizer.json` with fewer tokens: what must stay beside the used ones for it to cut texts as
//! before, and the file with the new ids.
//!
//! Why texts that use kept tokens only are cut as before. WordPiece takes the longest token that fits:
//! of fewer tokens the same one is still the longest. Unigram takes the likeliest way: of fewer ways the
//! same one is still the likeliest, if the penalty of an unknown character, which hangs on the least
//! likely token, stays; so that token does. Byte-pair encoding: see [`super::pairs`].

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::pairs::{Joins, parts};
use super::{Kept, unknown};
use crate::engine::student_init::StudentInitError;
use crate::session::say;

type Entries = BTreeMap<String, u32>;

/// Adds to `used` what has to stay with it.
///
/// # Errors
/// [`StudentInitError`] for a kind of tokenizer that is not known here.
pub fn keep_needed(json: &Value, entries: &Entries, used: &mut BTreeSet<u32>) -> Result<(), StudentInitError> {
    let model = &json["model"];
    let added = json["added_tokens"].as_array().into_iter().flatten();
    used.extend(added.filter_map(|token| entries.get(token["content"].as_str()?)));
    used.extend(model["unk_token"].as_str().and_then(|token| entries.get(token)));
    around(&json["post_processor"], &mut |token| used.extend(entries.get(token)));
    match model["type"].as_str() {
        Some("WordPiece") => {
            let prefix = model["continuing_subword_prefix"].as_str().unwrap_or_default();
            let apart = json["normalizer"]["handle_chinese_chars"].as_bool().unwrap_or(false);
            used.extend(singles(entries, prefix, |letter| !(apart && is_ideograph(letter))));
        }
        Some("BPE") => keep_steps(model, entries, used)?,
        Some("Unigram") => {
            used.extend(fallback(model, entries));
            used.extend(least_likely(model));
            used.extend(model["unk_id"].as_u64().map(|id| id as u32));
        }
        Some("WordLevel") => {}
        other => {
            return Err(unknown(say!(
                "how a {other} tokenizer is trimmed is not known here",
                other = other.unwrap_or("?")
            )));
        }
    }
    Ok(())
}

fn keep_steps(model: &Value, entries: &Entries, used: &mut BTreeSet<u32>) -> Result<(), StudentInitError> {
    for field in ["continuing_subword_prefix", "end_of_word_suffix"] {
        if model[field].as_str().is_some_and(|mark| !mark.is_empty()) {
            return Err(unknown(say!("how a BPE with a {field} is trimmed is not known here", field)));
        }
    }
    let joins = Joins::read(model, entries);
    let tokens = entries.iter().filter(|(_, id)| used.contains(id)).map(|(token, _)| token);
    let steps: BTreeSet<u32> = tokens.flat_map(|token| joins.steps(token, entries)).collect();
    used.extend(steps);
    used.extend(fallback(model, entries));
    Ok(())
}

/// What any text can be put together from: the bytes where the tokenizer falls back on them, else
/// every single character.
fn fallback(model: &Value, entries: &Entries) -> BTreeSet<u32> {
    let byte = |byte: u32| entries.get(&format!("<0x{byte:02X}>")).copied();
    let bytes: BTreeSet<u32> = (0..256).filter_map(byte).collect();
    let falls_back = model["byte_fallback"].as_bool().unwrap_or(false) && bytes.len() == 256;
    if falls_back { bytes } else { singles(entries, "", |_| false) }
}

/// Tokens of one character, alone or, where it `continues` a word, behind `prefix`.
fn singles(entries: &Entries, prefix: &str, continues: impl Fn(char) -> bool) -> BTreeSet<u32> {
    let only = |text: &str| text.chars().next().filter(|first| text.len() == first.len_utf8());
    let behind = |token: &str| token.strip_prefix(prefix).filter(|_| !prefix.is_empty()).and_then(only);
    let single = |token: &str| only(token).is_some() || behind(token).is_some_and(&continues);
    entries.iter().filter(|(token, _)| single(token)).map(|(_, id)| *id).collect()
}

/// Whether BERT's normaliser puts spaces around a character, so that it never goes on a word (the
/// ranges of Unicode's CJK ideographs).
fn is_ideograph(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2ceaf}' | '\u{2f800}'..='\u{2fa1f}')
}

/// The entry of a Unigram vocabulary with the lowest score.
fn least_likely(model: &Value) -> Option<u32> {
    let scores = model["vocab"].as_array()?.iter().map(|entry| entry[1].as_f64().unwrap_or(f64::INFINITY));
    let least = (0u32..).zip(scores).min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(least.0)
}

/// Rewrites `json` for the kept tokens and their new ids.
///
/// # Errors
/// [`StudentInitError`] if it is not written like any tokenizer known here.
pub fn rewrite(json: &mut Value, entries: &Entries, kept: &Kept) -> Result<(), StudentInitError> {
    let model = &mut json["model"];
    match &mut model["vocab"] {
        Value::Object(vocabulary) => *vocabulary = renumbered(vocabulary, kept),
        Value::Array(list) => {
            let mut id = 0u32..;
            list.retain(|_| id.next().is_some_and(|id| kept.new_id(id).is_some()));
        }
        _ => return Err(unknown(say!("the tokenizer has no vocabulary"))),
    }
    if let Some(old) = model["unk_id"].as_u64() {
        model["unk_id"] = json!(kept.new_id(old as u32));
    }
    if let Some(merges) = model["merges"].as_array_mut() {
        merges.retain(|merge| stays(merge, entries, kept));
    }
    for token in json["added_tokens"].as_array_mut().into_iter().flatten() {
        let id = token["content"].as_str().and_then(|content| kept.new_id(*entries.get(content)?));
        token["id"] = json!(id);
    }
    renumber_around(&mut json["post_processor"], entries, kept);
    Ok(())
}

fn renumbered(vocabulary: &Map<String, Value>, kept: &Kept) -> Map<String, Value> {
    let new = |old: &Value| kept.new_id(u32::try_from(old.as_u64()?).ok()?);
    vocabulary.iter().filter_map(|(token, old)| Some((token.clone(), json!(new(old)?)))).collect()
}

/// Whether both parts of a join and what it becomes are kept. A join of kept tokens stays although no
/// training text needs it: it lets other texts be cut as before more often.
fn stays(merge: &Value, entries: &Entries, kept: &Kept) -> bool {
    let is_kept = |token: &str| entries.get(token).is_some_and(|id| kept.new_id(*id).is_some());
    parts(merge).is_some_and(|(left, right)| is_kept(left) && is_kept(right) && is_kept(&format!("{left}{right}")))
}

/// The tokens that a post-processor puts around a text.
fn around(processor: &Value, take: &mut impl FnMut(&str)) {
    for end in ["cls", "sep"] {
        if let Some(token) = processor[end][0].as_str() {
            take(token);
        }
    }
    let special = processor["special_tokens"].as_object().into_iter().flat_map(Map::values);
    special
        .flat_map(|token| token["tokens"].as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .for_each(&mut *take);
    let inner = processor["processors"].as_array().into_iter().flatten();
    inner.for_each(|processor| around(processor, take));
}

fn renumber_around(processor: &mut Value, entries: &Entries, kept: &Kept) {
    let new = |token: &Value| kept.new_id(*entries.get(token.as_str()?)?);
    for end in ["cls", "sep"] {
        let pair = processor.get_mut(end).and_then(Value::as_array_mut);
        if let Some([token, id]) = pair.map(Vec::as_mut_slice) {
            *id = json!(new(token));
        }
    }
    let special = processor.get_mut("special_tokens").and_then(Value::as_object_mut);
    for token in special.into_iter().flat_map(Map::values_mut) {
        let ids: Vec<Option<u32>> = token["tokens"].as_array().into_iter().flatten().map(new).collect();
        token["ids"] = json!(ids);
    }
    let inner = processor.get_mut("processors").and_then(Value::as_array_mut);
    inner.into_iter().flatten().for_each(|processor| renumber_around(processor, entries, kept));
}
