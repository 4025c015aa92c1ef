//! What `tokenizer_config.json` says before `tokenizer.json`: the classes of transformers build their
//! tokenizer from the settings, so that a BERT that lowers its letters does so whatever stands in
//! `tokenizer.json`. Only the class that takes `tokenizer.json` as it is has no say.
//!
//! # Source
//! `BertTokenizer`, `RobertaTokenizer`, `GPT2Tokenizer`, `Qwen2Tokenizer`, `LlamaTokenizer` and
//! `TokenizersBackend.update_post_processor` of transformers 5.24.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::ModelError;

/// How a class of transformers makes its tokenizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// WordPiece behind BERT's normaliser.
    Bert,
    /// Byte-pair encoding of bytes, with its own tokens around a text.
    Roberta,
    /// Byte-pair encoding of bytes.
    Bytes,
    /// Byte-pair encoding behind SentencePiece's marks.
    Llama,
    /// `tokenizer.json` as it is.
    AsWritten,
}

/// The parts of a `tokenizer.json` that settings change.
#[derive(Default, Deserialize)]
struct Outline {
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(default)]
    post_processor: Value,
    #[serde(default)]
    added_tokens: Vec<Value>,
}

/// The text of a `tokenizer.json` with the settings of a folder put into it, and what they changed.
///
/// # Errors
/// [`ModelError::Tokens`] for a text that is no JSON.
pub fn applied(
    text: String,
    settings: &Map<String, Value>,
    model_type: Option<&str>,
) -> Result<(String, Vec<String>), ModelError> {
    // What is no object is refused where it is opened.
    let is_object = text.trim_start().starts_with('{');
    let Some(mut outline) = serde_json::from_str::<Outline>(&text).ok().filter(|_| is_object) else {
        return Ok((text, Vec::new()));
    };
    let class = class(settings, model_type);
    let mut changes = Changes { settings, said: Vec::new() };
    match class {
        Class::Bert => changes.bert(&mut outline.normalizer),
        Class::Roberta | Class::Bytes => {
            changes.prefix_space(&mut outline.pre_tokenizer);
            changes.prefix_space(&mut outline.post_processor);
        }
        Class::Llama => changes.no_prefix(&mut outline),
        Class::AsWritten => {}
    }
    if !matches!(class, Class::Bert | Class::Roberta) {
        changes.ends(&mut outline);
    }
    let said = changes.said;
    if said.is_empty() {
        return Ok((text, said));
    }
    let unread = |e: serde_json::Error| ModelError::Tokens(format!("tokenizer.json cannot be read: {e}"));
    let mut whole: Value = serde_json::from_str(&text).map_err(unread)?;
    whole["normalizer"] = outline.normalizer;
    whole["pre_tokenizer"] = outline.pre_tokenizer;
    whole["post_processor"] = outline.post_processor;
    let list = said.join(", ");
    Ok((
        whole.to_string(),
        vec![format!("tokenizer_config.json goes before tokenizer.json, as in transformers: {list}")],
    ))
}

fn class(settings: &Map<String, Value>, model_type: Option<&str>) -> Class {
    let named = settings.get("tokenizer_class").and_then(Value::as_str);
    match (named.map(|name| name.strip_suffix("Fast").unwrap_or(name)), model_type) {
        (Some("BertTokenizer" | "DistilBertTokenizer"), _) | (None, Some("bert" | "distilbert")) => Class::Bert,
        (Some("RobertaTokenizer"), _) | (None, Some("roberta")) => Class::Roberta,
        (Some("GPT2Tokenizer" | "Qwen2Tokenizer"), _) | (None, Some("gpt2" | "qwen2" | "qwen3")) => Class::Bytes,
        (Some("LlamaTokenizer"), _) => Class::Llama,
        _ => Class::AsWritten,
    }
}

struct Changes<'a> {
    settings: &'a Map<String, Value>,
    said: Vec<String>,
}

impl Changes<'_> {
    fn switch(&self, name: &str) -> Option<bool> {
        self.settings.get(name).and_then(Value::as_bool)
    }

    /// Sets a field of a part, if it says otherwise.
    fn set(&mut self, part: &mut Value, field: &str, value: Value, setting: &str) {
        if part.get(field).unwrap_or(&Value::Null) != &value {
            self.said.push(format!("{setting} {value}"));
            part[field] = value;
        }
    }

    fn bert(&mut self, normalizer: &mut Value) {
        each(normalizer, "normalizers", &mut |part| {
            if part["type"] != "BertNormalizer" {
                return;
            }
            let lower = json!(self.switch("do_lower_case").unwrap_or(true));
            let apart = json!(self.switch("tokenize_chinese_chars").unwrap_or(true));
            let accents = self.switch("strip_accents").map_or(Value::Null, |strip| json!(strip));
            self.set(part, "lowercase", lower, "do_lower_case");
            self.set(part, "handle_chinese_chars", apart, "tokenize_chinese_chars");
            self.set(part, "strip_accents", accents, "strip_accents");
        });
    }

    fn prefix_space(&mut self, part: &mut Value) {
        let space = json!(self.switch("add_prefix_space").unwrap_or(false));
        for list in ["pretokenizers", "processors"] {
            each(part, list, &mut |part| {
                // Behind a text it only moves offsets: said where the text is cut.
                if part["type"] == "ByteLevel" && list == "pretokenizers" {
                    self.set(part, "add_prefix_space", space.clone(), "add_prefix_space");
                } else if part["type"] == "RobertaProcessing" {
                    part["add_prefix_space"] = space.clone();
                }
            });
        }
    }

    /// SentencePiece's mark before a text, which `add_prefix_space: false` leaves out.
    fn no_prefix(&mut self, outline: &mut Outline) {
        if self.switch("add_prefix_space") != Some(false) {
            return;
        }
        let mut changed = false;
        if let Some(parts) = outline.normalizer.get_mut("normalizers").and_then(Value::as_array_mut) {
            let before = parts.len();
            parts.retain(|part| part["type"] != "Prepend");
            changed |= parts.len() < before;
        }
        if outline.normalizer["type"] == "Prepend" {
            (outline.normalizer, changed) = (Value::Null, true);
        }
        each(&mut outline.pre_tokenizer, "pretokenizers", &mut |part| {
            if part["type"] == "Metaspace" && part["prepend_scheme"] != "never" {
                part["prepend_scheme"] = json!("never");
                changed = true;
            }
        });
        if changed {
            self.said.push("add_prefix_space false".to_owned());
        }
    }

    /// The tokens around a text that `add_bos_token` and `add_eos_token` ask for.
    fn ends(&mut self, outline: &mut Outline) {
        let asked = ["add_bos_token", "add_eos_token"].map(|name| self.switch(name));
        if asked == [None, None] {
            return;
        }
        let word = |role: &str| {
            let value = self.settings.get(role)?;
            value.as_str().or_else(|| value.get("content")?.as_str()).map(str::to_owned)
        };
        let id = |word: &str| outline.added_tokens.iter().find(|token| token["content"] == word)?["id"].as_u64();
        let token = |asked: Option<bool>, role: &str| {
            let word = word(role).filter(|_| asked == Some(true))?;
            Some((id(&word)?, word))
        };
        let (first, last) = (token(asked[0], "bos_token"), token(asked[1], "eos_token"));
        if [(asked[0], &first), (asked[1], &last)].iter().any(|(asked, found)| *asked == Some(true) && found.is_none())
        {
            return; // A token that the tokenizer does not have stands nowhere.
        }
        let now = around(&outline.post_processor);
        let ids = |token: &Option<(u64, String)>| token.iter().map(|(id, _)| *id).collect::<Vec<_>>();
        if now == Some((ids(&first), ids(&last))) {
            return;
        }
        let said = |name: &str, asked: Option<bool>| Some(format!("{name} {}", asked?));
        self.said.extend(said("add_bos_token", asked[0]).into_iter().chain(said("add_eos_token", asked[1])));
        outline.post_processor = framed(&outline.post_processor, &first, &last);
    }
}

/// Does something with a part, or with each of those that it is a sequence of.
fn each(part: &mut Value, list: &str, change: &mut impl FnMut(&mut Value)) {
    match part.get_mut(list).and_then(Value::as_array_mut) {
        Some(parts) => parts.iter_mut().for_each(|part| each(part, list, change)),
        None => change(part),
    }
}

/// Ids before and behind a text; `None` for a post-processor of a kind that is not known here.
fn around(processor: &Value) -> Option<(Vec<u64>, Vec<u64>)> {
    match processor.get("type").and_then(Value::as_str) {
        None | Some("ByteLevel") => Some((Vec::new(), Vec::new())),
        Some("Sequence") => {
            let parts = processor["processors"].as_array()?.iter().map(around).collect::<Option<Vec<_>>>()?;
            let mut whole = (Vec::new(), Vec::new());
            for (first, last) in parts {
                whole.0.splice(0..0, first);
                whole.1.extend(last);
            }
            Some(whole)
        }
        Some("TemplateProcessing") => {
            let single = processor["single"].as_array()?;
            let text = single.iter().position(|piece| piece.get("Sequence").is_some())?;
            let id = |piece: &Value| {
                let name = piece["SpecialToken"]["id"].as_str()?;
                processor["special_tokens"][name]["ids"].as_array()?.first()?.as_u64()
            };
            let ids = |pieces: &[Value]| pieces.iter().map(id).collect::<Option<Vec<_>>>();
            Some((ids(&single[..text])?, ids(&single[text + 1..])?))
        }
        _ => None,
    }
}

/// A post-processor with these tokens around a text, and what the old one did to offsets.
fn framed(old: &Value, first: &Option<(u64, String)>, last: &Option<(u64, String)>) -> Value {
    let piece = |token: &(u64, String)| json!({ "SpecialToken": { "id": token.1, "type_id": 0 } });
    let text = |id: &str| json!({ "Sequence": { "id": id, "type_id": 0 } });
    let frame =
        |id: &str| first.iter().map(piece).chain([text(id)]).chain(last.iter().map(piece)).collect::<Vec<Value>>();
    let tokens: Map<String, Value> = [first, last]
        .into_iter()
        .flatten()
        .map(|(id, word)| (word.clone(), json!({ "id": word, "ids": [id], "tokens": [word] })))
        .collect();
    let pair: Vec<Value> = frame("A").into_iter().chain(frame("B")).collect();
    let template =
        json!({ "type": "TemplateProcessing", "single": frame("A"), "pair": pair, "special_tokens": tokens });
    let mut parts = match old["processors"].as_array() {
        Some(parts) => parts.clone(),
        None => vec![old.clone()],
    };
    parts.retain(|part| part["type"] == "ByteLevel");
    if parts.is_empty() {
        return template;
    }
    parts.push(template);
    json!({ "type": "Sequence", "processors": parts })
}
