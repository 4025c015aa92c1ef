//! What `tokenizer_config.json` says before `tokenizer.json`: the classes of transformers build their
//! tokenizer from the settings, so that a BERT that lowers its letters does so whatever stands in
//! `tokenizer.json`. Only the class that takes `tokenizer.json` as it is has no say. What stands around a
//! text is always as `tokenizer.json` has it, whatever `add_bos_token` says.
//!
//! # Source
//! `BertTokenizer`, `RobertaTokenizer`, `GPT2Tokenizer`, `Qwen2Tokenizer` and `LlamaTokenizer` of
//! transformers 5.24.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::tensor_layout::TokenizerRule;
use super::{ARCHITECTURES, ModelError};
use crate::session::{Sentence, say};

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
}

/// The text of a `tokenizer.json` with the settings of a folder put into it, and what they changed.
///
/// # Errors
/// [`ModelError::Tokens`] for a text that is no JSON.
pub fn applied(
    text: String,
    settings: &Map<String, Value>,
    model_type: Option<&str>,
) -> Result<(String, Vec<Sentence>), ModelError> {
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
    let said = changes.said;
    if said.is_empty() {
        return Ok((text, Vec::new()));
    }
    let unread = |e: serde_json::Error| ModelError::Tokens(say!("tokenizer.json cannot be read: {e}", e));
    let mut whole: Value = serde_json::from_str(&text).map_err(unread)?;
    whole["normalizer"] = outline.normalizer;
    whole["pre_tokenizer"] = outline.pre_tokenizer;
    whole["post_processor"] = outline.post_processor;
    let list = said.join(", ");
    Ok((
        whole.to_string(),
        vec![say!("tokenizer_config.json goes before tokenizer.json, as in transformers: {list}", list)],
    ))
}

fn class(settings: &Map<String, Value>, model_type: Option<&str>) -> Class {
    let named = settings.get("tokenizer_class").and_then(Value::as_str);
    let own = ARCHITECTURES.iter().find(|architecture| Some(architecture.id) == model_type);
    let rule = own.map_or(TokenizerRule::AsNamed, |architecture| architecture.tokenizer);
    let named = named.map(|name| name.strip_suffix("Fast").unwrap_or(name));
    match (named, rule) {
        (Some("LlamaTokenizer"), TokenizerRule::AsWritten) => Class::AsWritten,
        (Some(name), _) | (None, TokenizerRule::Class(name)) => Class::called(name),
        (None, _) => Class::AsWritten,
    }
}

impl Class {
    fn called(name: &str) -> Self {
        match name {
            "BertTokenizer" | "DistilBertTokenizer" => Self::Bert,
            "RobertaTokenizer" => Self::Roberta,
            "GPT2Tokenizer" | "Qwen2Tokenizer" => Self::Bytes,
            "LlamaTokenizer" => Self::Llama,
            _ => Self::AsWritten,
        }
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
}

/// Does something with a part, or with each of those that it is a sequence of.
fn each(part: &mut Value, list: &str, change: &mut impl FnMut(&mut Value)) {
    match part.get_mut(list).and_then(Value::as_array_mut) {
        Some(parts) => parts.iter_mut().for_each(|part| each(part, list, change)),
        None => change(part),
    }
}
