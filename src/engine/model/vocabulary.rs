//! A tokenizer from the older files: `vocab.txt` (WordPiece), or `vocab.json` and `merges.txt`
//! (byte-level BPE). Both are rewritten as the text of a `tokenizer.json`, so that everything behind
//! reads one format.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::ModelError;
use super::text::read_text;
use crate::session::{Say, say};

/// The tokenizer files of a folder, any one group of which is enough.
pub const GROUPS: [&[&str]; 3] = [&["tokenizer.json"], &["vocab.txt"], &["vocab.json", "merges.txt"]];

/// How Qwen's tokenizers cut a text (Qwen2Tokenizer of transformers).
pub const QWEN_SPLIT: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// The text of a `tokenizer.json` for the model in `folder`.
///
/// # Errors
/// [`ModelError::File`] if no group is whole, [`ModelError::Tokens`] if a file is damaged.
pub fn tokenizer(folder: &Path) -> Result<String, ModelError> {
    let there = |group: &&&[&str]| group.iter().all(|name| folder.join(name).is_file());
    match GROUPS.iter().find(there) {
        Some(["tokenizer.json"]) => read_text(&folder.join("tokenizer.json"), "tokenizer.json"),
        Some(["vocab.txt"]) => word_piece(folder).map(|value| value.to_string()),
        Some(_) => byte_level(folder).map(|value| value.to_string()),
        None => Err(ModelError::File {
            what: say!("the tokenizer"),
            reason: say!(
                "there is no tokenizer.json, no vocab.txt and no vocab.json with merges.txt; a SentencePiece file (.model) has to be converted to tokenizer.json first"
            ),
            path: folder.to_owned(),
        }),
    }
}

/// What `tokenizer_config.json` says, if it is there.
pub(super) fn settings(folder: &Path) -> Result<Map<String, Value>, ModelError> {
    object(folder, "tokenizer_config.json")
}

/// A JSON object of the folder; empty if the file is not there.
pub(super) fn object(folder: &Path, name: &'static str) -> Result<Map<String, Value>, ModelError> {
    let path = folder.join(name);
    if !path.is_file() {
        return Ok(Map::new());
    }
    serde_json::from_str(&read_text(&path, name)?).map_err(|e| ModelError::File {
        what: name.said(),
        reason: say!("it is no JSON object ({e})", e),
        path,
    })
}

fn word_piece(folder: &Path) -> Result<Value, ModelError> {
    let text = read_text(&folder.join("vocab.txt"), "vocab.txt")?;
    let settings = settings(folder)?;
    let switch = |name: &str| settings.get(name).and_then(Value::as_bool);
    // A repeated line keeps its last place, as in the reference implementation.
    let words = text.strip_suffix('\n').unwrap_or(&text).split('\n').map(|line| line.trim_end_matches('\r'));
    let vocabulary: BTreeMap<&str, usize> = words.enumerate().map(|(id, word)| (word, id)).collect();
    let special = |role: &str, usual: &str| {
        let word = named(&settings, role).unwrap_or_else(|| usual.to_owned());
        let id = vocabulary.get(word.as_str()).copied();
        id.map(|id| (word.clone(), id)).ok_or_else(|| ModelError::Tokens(say!("vocab.txt has no {word}", word)))
    };
    let (first, last) = (special("cls_token", "[CLS]")?, special("sep_token", "[SEP]")?);
    let unknown = special("unk_token", "[UNK]")?;
    let rest = [special("pad_token", "[PAD]"), special("mask_token", "[MASK]")].into_iter().flatten();
    let added: BTreeMap<usize, String> =
        [&first, &last, &unknown].into_iter().cloned().chain(rest).map(|(word, id)| (id, word)).collect();
    Ok(json!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": added.iter().map(|(id, word)| added_token(*id, word, &Map::new(), true)).collect::<Vec<_>>(),
        "normalizer": {
            "type": "BertNormalizer", "clean_text": true,
            "handle_chinese_chars": switch("tokenize_chinese_chars").unwrap_or(true),
            "strip_accents": switch("strip_accents"),
            "lowercase": switch("do_lower_case").unwrap_or(true),
        },
        "pre_tokenizer": { "type": "BertPreTokenizer" },
        "post_processor": around(&first, &last),
        "decoder": { "type": "WordPiece", "prefix": "##", "cleanup": true },
        "model": {
            "type": "WordPiece", "unk_token": unknown.0, "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocabulary,
        },
    }))
}

fn byte_level(folder: &Path) -> Result<Value, ModelError> {
    let vocabulary = object(folder, "vocab.json")?;
    let merges = read_text(&folder.join("merges.txt"), "merges.txt")?;
    let settings = settings(folder)?;
    let class = settings.get("tokenizer_class").and_then(Value::as_str).unwrap_or_default();
    let merges: Vec<&str> =
        merges.lines().filter(|line| !line.starts_with("#version") && !line.trim().is_empty()).collect();
    let space = settings.get("add_prefix_space").and_then(Value::as_bool).unwrap_or(false);
    let bytes = |regex: bool| json!({ "type": "ByteLevel", "add_prefix_space": space, "trim_offsets": true, "use_regex": regex });
    let qwen = class.starts_with("Qwen");
    let cut = if qwen {
        let split =
            json!({ "type": "Split", "pattern": { "Regex": QWEN_SPLIT }, "behavior": "Isolated", "invert": false });
        json!({ "type": "Sequence", "pretokenizers": [split, bytes(false)] })
    } else {
        bytes(true)
    };
    let id = |word: &str| vocabulary.get(word).and_then(Value::as_u64).map(|id| (word.to_owned(), id as usize));
    let framed = class.is_empty() || ["Roberta", "Bart", "Longformer"].iter().any(|name| class.starts_with(name));
    let frame = match (id("<s>"), id("</s>")) {
        (Some(first), Some(last)) if framed => json!({
            "type": "RobertaProcessing", "cls": first, "sep": last, "trim_offsets": true, "add_prefix_space": space,
        }),
        _ => json!({ "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false }),
    };
    Ok(json!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": added(folder, &settings, &vocabulary)?,
        "normalizer": if qwen { json!({ "type": "NFC" }) } else { Value::Null },
        "pre_tokenizer": cut,
        "post_processor": frame,
        "decoder": { "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true },
        "model": {
            "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "",
            "end_of_word_suffix": "", "fuse_unk": false, "vocab": vocabulary, "merges": merges,
        },
    }))
}

/// Tokens outside the merges: those of `tokenizer_config.json` and `added_tokens.json`, and the ends
/// of text that the vocabulary itself has.
fn added(
    folder: &Path,
    settings: &Map<String, Value>,
    vocabulary: &Map<String, Value>,
) -> Result<Vec<Value>, ModelError> {
    let mut found: BTreeMap<usize, Value> = BTreeMap::new();
    for word in ["<|endoftext|>", "<s>", "</s>", "<pad>", "<unk>", "<mask>"] {
        if let Some(id) = vocabulary.get(word).and_then(Value::as_u64) {
            let fields = Map::from_iter([("lstrip".to_owned(), json!(word == "<mask>"))]);
            found.insert(id as usize, added_token(id as usize, word, &fields, true));
        }
    }
    for (word, id) in object(folder, "added_tokens.json")? {
        if let Some(id) = id.as_u64() {
            found.insert(id as usize, added_token(id as usize, &word, &Map::new(), false));
        }
    }
    for (id, fields) in settings.get("added_tokens_decoder").and_then(Value::as_object).into_iter().flatten() {
        let fields = fields.as_object().cloned().unwrap_or_default();
        let word = fields.get("content").and_then(Value::as_str).map(str::to_owned);
        if let (Ok(id), Some(word)) = (id.parse(), word) {
            let special = fields.get("special").and_then(Value::as_bool).unwrap_or(false);
            found.insert(id, added_token(id, &word, &fields, special));
        }
    }
    Ok(found.into_values().collect())
}

/// One entry of `added_tokens`.
pub fn added_token(id: usize, word: &str, fields: &Map<String, Value>, special: bool) -> Value {
    let switch = |name: &str| fields.get(name).and_then(Value::as_bool).unwrap_or(false);
    json!({
        "id": id, "content": word, "special": special, "single_word": switch("single_word"),
        "lstrip": switch("lstrip"), "rstrip": switch("rstrip"), "normalized": switch("normalized"),
    })
}

/// A special token by its role, which is a word or an object with a `content`.
fn named(settings: &Map<String, Value>, role: &str) -> Option<String> {
    let value = settings.get(role)?;
    value.as_str().or_else(|| value.get("content")?.as_str()).map(str::to_owned)
}

/// The special tokens around one text.
fn around(first: &(String, usize), last: &(String, usize)) -> Value {
    let piece = |token: &(String, usize)| json!({ "SpecialToken": { "id": token.0, "type_id": 0 } });
    let frame = |id: &str| [piece(first), json!({ "Sequence": { "id": id, "type_id": 0 } }), piece(last)];
    let tokens: Map<String, Value> = [first, last]
        .map(|(word, id)| (word.clone(), json!({ "id": word, "ids": [id], "tokens": [word] })))
        .into_iter()
        .collect();
    let pair: Vec<Value> = frame("A").into_iter().chain(frame("B")).collect();
    json!({ "type": "TemplateProcessing", "single": frame("A"), "pair": pair, "special_tokens": tokens })
}
