//! Tokenizers of bytes (GPT-2's byte-pair encoding): every byte is a letter, and merges say what is
//! joined first.

use std::collections::HashSet;

use serde_json::json;

use super::pre::Cut;
use super::tokenizer::{Parts, Vocabulary};
use super::value::Value;
use crate::session::{Sentence, say};

/// The parts of its `tokenizer.json`.
///
/// # Errors
/// In words: what is missing, or of a kind that is not known here.
pub fn parts(vocabulary: &Vocabulary) -> Result<Parts, Sentence> {
    let header = vocabulary.header;
    let cut = Cut::named(header.text("tokenizer.ggml.pre").ok(), header.text("general.architecture")?)?;
    let space = vocabulary.switch("add_space_prefix").unwrap_or(false);
    let bytes = json!({ "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false });
    Ok(Parts {
        normalizer: cut.normalizer(),
        pre_tokenizer: cut.pre_tokenizer(space),
        post_processor: vocabulary.frame(cut.starts())?.unwrap_or(bytes),
        decoder: json!({ "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true }),
        model: json!({
            "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "",
            "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false,
            "ignore_merges": cut.takes_words(), "vocab": vocabulary.ids(), "merges": merges(vocabulary)?,
        }),
    })
}

/// The merges of the file, each of which must be of tokens.
fn merges<'a>(vocabulary: &Vocabulary<'a>) -> Result<Vec<(&'a str, &'a str)>, Sentence> {
    const NAME: &str = "tokenizer.ggml.merges";
    let Some(Value::Texts(stored)) = vocabulary.header.get(NAME) else {
        return Err(say!("its metadata has no {name}; convert the model again with a present llama.cpp", name = NAME));
    };
    let known: HashSet<&str> = vocabulary.tokens.iter().map(String::as_str).collect();
    let merge = |stored: &'a String| {
        let (left, right) = stored.split_once(' ')?;
        let whole = [left, right].concat();
        [left, right, &whole].iter().all(|token| known.contains(token)).then_some((left, right))
    };
    let merges = stored.iter().map(|stored| merge(stored).ok_or(stored));
    merges.collect::<Result<_, _>>().map_err(|wrong| {
        say!(
            "its merge {wrong} is not of two of its tokens into a third; fetch it again",
            wrong = format_args!("{wrong:?}")
        )
    })
}
