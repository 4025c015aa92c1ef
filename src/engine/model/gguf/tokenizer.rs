//! The vocabulary of a GGUF file as a `tokenizer.json`, so that everything behind reads one format.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value as Json, json};

use super::header::Header;
use super::value::Value;
use crate::engine::model::vocabulary::added_token;
use crate::session::{Sentence, say};

/// What a token is: a piece of text.
const NORMAL: i32 = 1;
/// Stands for what has no token.
const UNKNOWN: i32 = 2;
/// Marks a place; never a piece of text.
const CONTROL: i32 = 3;
/// Looked for in a text before anything else.
const ADDED: i32 = 4;
/// One byte.
pub const BYTE: i32 = 6;

/// Tokens and what they are.
pub struct Vocabulary<'a> {
    /// Where it stands.
    pub header: &'a Header,
    /// The tokens by their ids.
    pub tokens: &'a [String],
    kinds: &'a [i32],
}

impl<'a> Vocabulary<'a> {
    /// That of a file.
    ///
    /// # Errors
    /// In words: what is missing or contradicts itself.
    pub fn open(header: &'a Header) -> Result<Self, Sentence> {
        let Some(Value::Texts(tokens)) = header.get("tokenizer.ggml.tokens") else {
            return Err(say!("its metadata has no tokenizer.ggml.tokens; choose a file with its tokenizer"));
        };
        let kinds = match header.get("tokenizer.ggml.token_type") {
            Some(Value::Wholes(kinds)) if kinds.len() == tokens.len() => kinds.as_slice(),
            None => &[],
            _ => {
                return Err(say!(
                    "its tokenizer.ggml.token_type does not say what each of {tokens} tokens is",
                    tokens = tokens.len()
                ));
            }
        };
        Ok(Self { header, tokens, kinds })
    }

    /// Whether a token is a piece of text and not a mark or a byte.
    pub fn is_text(&self, id: usize) -> bool {
        !matches!(self.kind(id), UNKNOWN | CONTROL | BYTE)
    }

    /// What a token is.
    pub fn kind(&self, id: usize) -> i32 {
        self.kinds.get(id).copied().unwrap_or(NORMAL)
    }

    /// A switch under `tokenizer.ggml`.
    pub fn switch(&self, name: &str) -> Option<bool> {
        match self.header.get(&format!("tokenizer.ggml.{name}")) {
            Some(Value::Switch(switch)) => Some(*switch),
            _ => None,
        }
    }

    /// A token with a role, as id and text.
    ///
    /// # Errors
    /// In words, if there is no such token.
    pub fn role(&self, name: &str) -> Result<Option<(usize, &'a str)>, Sentence> {
        let name = format!("tokenizer.ggml.{name}_token_id");
        let Some(Value::Whole(id)) = self.header.get(&name) else { return Ok(None) };
        let token = usize::try_from(*id).ok().and_then(|id| Some((id, self.tokens.get(id)?.as_str())));
        token
            .map(Some)
            .ok_or_else(|| say!("its {name} is {id}, and it has {tokens} tokens", name, id, tokens = self.tokens.len()))
    }

    /// Texts to ids; of equal texts the last counts, as in llama.cpp.
    pub fn ids(&self) -> BTreeMap<&'a str, usize> {
        self.tokens.iter().enumerate().map(|(id, token)| (token.as_str(), id)).collect()
    }

    /// Tokens that are looked for before a text is cut.
    fn added(&self) -> Result<Vec<Json>, Sentence> {
        let mut special: HashSet<usize> = HashSet::new();
        for role in ["bos", "eos", "eot", "padding", "unknown"] {
            special.extend(self.role(role)?.map(|(id, _)| id));
        }
        let none = Map::new();
        let added = self.tokens.iter().enumerate().filter_map(|(id, token)| {
            let marks = matches!(self.kind(id), UNKNOWN | CONTROL) || special.contains(&id);
            let wanted = (marks || self.kind(id) == ADDED) && !token.is_empty();
            wanted.then(|| added_token(id, token, &none, marks))
        });
        Ok(added.collect())
    }

    /// Start and end of text, where the metadata or else `starts` wants them.
    ///
    /// # Errors
    /// As [`Self::role`].
    pub fn frame(&self, starts: bool) -> Result<Option<Json>, Sentence> {
        let wanted = |name: &str, role: &str, default: bool| {
            let wanted = self.switch(name).unwrap_or(default);
            if wanted { self.role(role) } else { Ok(None) }
        };
        let (first, last) = (wanted("add_bos_token", "bos", starts)?, wanted("add_eos_token", "eos", false)?);
        if first.is_none() && last.is_none() {
            return Ok(None);
        }
        let piece = |(_, text): (usize, &str)| json!({ "SpecialToken": { "id": text, "type_id": 0 } });
        let frame = |text: &str| -> Vec<Json> {
            let middle = json!({ "Sequence": { "id": text, "type_id": 0 } });
            [first.map(piece), Some(middle), last.map(piece)].into_iter().flatten().collect()
        };
        let entry = |(id, text): (usize, &str)| (text.to_owned(), json!({ "id": text, "ids": [id], "tokens": [text] }));
        let special: Map<String, Json> = [first, last].into_iter().flatten().map(entry).collect();
        let pair: Vec<Json> = frame("A").into_iter().chain(frame("B")).collect();
        Ok(Some(json!({ "type": "TemplateProcessing", "single": frame("A"), "pair": pair, "special_tokens": special })))
    }

    /// The `tokenizer.json` of these parts.
    ///
    /// # Errors
    /// As [`Self::role`].
    pub fn whole(&self, parts: Parts) -> Result<Json, Sentence> {
        Ok(json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": self.added()?,
            "normalizer": parts.normalizer, "pre_tokenizer": parts.pre_tokenizer,
            "post_processor": parts.post_processor, "decoder": parts.decoder, "model": parts.model,
        }))
    }
}

/// What differs between the two kinds, each as in a `tokenizer.json`.
pub struct Parts {
    /// What is done to a text first.
    pub normalizer: Json,
    /// How it is cut.
    pub pre_tokenizer: Json,
    /// What is put around its tokens.
    pub post_processor: Json,
    /// How tokens become text again.
    pub decoder: Json,
    /// How a cut piece becomes tokens.
    pub model: Json,
}
