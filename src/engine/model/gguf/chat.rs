//! The chat template of a GGUF file, and the special tokens it may name.

use super::header::Header;
use super::value::Value;
use crate::engine::model::chat_template::ChatFile;

/// Roles of special tokens in a template, and the metadata with their ids.
const ROLES: [(&str, &str); 4] = [
    ("bos_token", "tokenizer.ggml.bos_token_id"),
    ("eos_token", "tokenizer.ggml.eos_token_id"),
    ("unk_token", "tokenizer.ggml.unknown_token_id"),
    ("pad_token", "tokenizer.ggml.padding_token_id"),
];

/// The template, if there is one.
pub fn chat(header: &Header) -> Option<ChatFile> {
    let Some(Value::Text(template)) = header.get("tokenizer.chat_template") else { return None };
    let word = |name: &str| match (header.get(name)?, header.get("tokenizer.ggml.tokens")?) {
        (Value::Whole(id), Value::Texts(tokens)) => tokens.get(usize::try_from(*id).ok()?).cloned(),
        _ => None,
    };
    let words = ROLES.iter().filter_map(|(role, name)| Some(((*role).to_owned(), word(name)?)));
    Some(ChatFile { template: template.clone(), words: words.collect() })
}
