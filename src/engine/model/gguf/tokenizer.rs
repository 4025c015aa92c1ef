//! The vocabulary of a GGUF file as a `tokenizer.json`, so that everything behind reads one format.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value as Json, json};

use super::header::Header;
use super::merges::merges;
use super::pre::Cut;
use super::value::Value;
use crate::engine::model::vocabulary::added_token;

/// What a token is: a piece of text.
const NORMAL: i32 = 1;
/// Stands for what has no token.
const UNKNOWN: i32 = 2;
/// Marks a place; never a piece of text.
const CONTROL: i32 = 3;
/// Looked for in a text before anything else.
const ADDED: i32 = 4;
/// One byte.
const BYTE: i32 = 6;

/// The stand-in of SentencePiece for a space.
const SPACE: &str = "\u{2581}";

/// Tokens and what they are.
struct Vocabulary<'a> {
    header: &'a Header,
    tokens: &'a [String],
    kinds: &'a [i32],
}

/// The tokenizer.
///
/// # Errors
/// In words: what is missing, or of a kind that is not known here.
pub fn tokenizer(header: &Header) -> Result<Json, String> {
    let vocabulary = Vocabulary::open(header)?;
    match header.text("tokenizer.ggml.model")? {
        "gpt2" => vocabulary.byte_level(),
        "llama" => vocabulary.sentence_piece(),
        other => Err(format!(
            "its tokenizer is of the kind {other:?}, which is not known here; the known ones are gpt2 and llama; choose another model"
        )),
    }
}

impl<'a> Vocabulary<'a> {
    fn open(header: &'a Header) -> Result<Self, String> {
        let Some(Value::Texts(tokens)) = header.get("tokenizer.ggml.tokens") else {
            return Err("its metadata has no tokenizer.ggml.tokens; choose a file with its tokenizer".into());
        };
        let kinds = match header.get("tokenizer.ggml.token_type") {
            Some(Value::Wholes(kinds)) if kinds.len() == tokens.len() => kinds.as_slice(),
            None => &[],
            _ => {
                return Err(format!(
                    "its tokenizer.ggml.token_type does not say what each of {} tokens is",
                    tokens.len()
                ));
            }
        };
        Ok(Self { header, tokens, kinds })
    }

    fn kind(&self, id: usize) -> i32 {
        self.kinds.get(id).copied().unwrap_or(NORMAL)
    }

    fn switch(&self, name: &str) -> Option<bool> {
        match self.header.get(&format!("tokenizer.ggml.{name}")) {
            Some(Value::Switch(switch)) => Some(*switch),
            _ => None,
        }
    }

    /// A token with a role, as id and text.
    fn role(&self, name: &str) -> Result<Option<(usize, &'a str)>, String> {
        let name = format!("tokenizer.ggml.{name}_token_id");
        let Some(Value::Whole(id)) = self.header.get(&name) else { return Ok(None) };
        let token = usize::try_from(*id).ok().and_then(|id| Some((id, self.tokens.get(id)?.as_str())));
        token.map(Some).ok_or_else(|| format!("its {name} is {id}, and it has {} tokens", self.tokens.len()))
    }

    /// Texts to ids; of equal texts the last counts, as in llama.cpp.
    fn ids(&self) -> BTreeMap<&'a str, usize> {
        self.tokens.iter().enumerate().map(|(id, token)| (token.as_str(), id)).collect()
    }

    /// Tokens that are looked for before a text is cut.
    fn added(&self) -> Result<Vec<Json>, String> {
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
    fn frame(&self, starts: bool) -> Result<Option<Json>, String> {
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

    /// Pieces with scores (SentencePiece's byte-pair encoding): spaces are letters, and a letter that
    /// is no token is written in bytes.
    fn sentence_piece(&self) -> Result<Json, String> {
        let scores = match self.header.get("tokenizer.ggml.scores") {
            Some(Value::Reals(scores)) if scores.len() == self.tokens.len() => scores,
            _ => return Err("its metadata has no tokenizer.ggml.scores, one a token; convert the model again with a present llama.cpp".into()),
        };
        let prefix = self.switch("add_space_prefix").unwrap_or(true);
        let is_text = |id: &usize| !matches!(self.kind(*id), UNKNOWN | CONTROL | BYTE);
        let pieces: Vec<(usize, &str)> =
            (0..self.tokens.len()).filter(is_text).map(|id| (id, self.tokens[id].as_str())).collect();
        let unknown = self.role("unknown")?.or_else(|| Some((0, self.tokens.first()?.as_str())));
        let replace = |from: &str, to: &str| json!({ "type": "Replace", "pattern": { "String": from }, "content": to });
        let before = prefix.then(|| json!({ "type": "Prepend", "prepend": SPACE }));
        let normalizers: Vec<Json> = before.into_iter().chain([replace(" ", SPACE)]).collect();
        let after = prefix.then(|| json!({ "type": "Strip", "content": " ", "start": 1, "stop": 0 }));
        let decoders: Vec<Json> = [replace(SPACE, " "), json!({ "type": "ByteFallback" }), json!({ "type": "Fuse" })]
            .into_iter()
            .chain(after)
            .collect();
        let bytes = (0..self.tokens.len()).any(|id| self.kind(id) == BYTE);
        self.whole(Parts {
            normalizer: json!({ "type": "Sequence", "normalizers": normalizers }),
            pre_tokenizer: Json::Null,
            post_processor: self.frame(true)?.unwrap_or(Json::Null),
            decoder: json!({ "type": "Sequence", "decoders": decoders }),
            model: json!({
                "type": "BPE", "dropout": null, "unk_token": unknown.map(|(_, text)| text),
                "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": true,
                "byte_fallback": bytes, "vocab": self.ids(), "merges": merges(&pieces, scores),
            }),
        })
    }

    /// GPT-2's byte-pair encoding: every byte is a letter, and merges say what is joined first.
    fn byte_level(&self) -> Result<Json, String> {
        let architecture = self.header.text("general.architecture")?;
        let cut = Cut::named(self.header.text("tokenizer.ggml.pre").ok(), architecture)?;
        let space = self.switch("add_space_prefix").unwrap_or(false);
        let bytes = json!({ "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false });
        self.whole(Parts {
            normalizer: cut.normalizer(),
            pre_tokenizer: cut.pre_tokenizer(space),
            post_processor: self.frame(cut.starts())?.unwrap_or(bytes),
            decoder: json!({ "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true }),
            model: json!({
                "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "",
                "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false,
                "ignore_merges": cut.takes_words(), "vocab": self.ids(), "merges": self.stored_merges()?,
            }),
        })
    }

    /// The merges of the file, each of which must be of tokens.
    fn stored_merges(&self) -> Result<Vec<(&'a str, &'a str)>, String> {
        let Some(Value::Texts(stored)) = self.header.get("tokenizer.ggml.merges") else {
            return Err(
                "its metadata has no tokenizer.ggml.merges; convert the model again with a present llama.cpp".into()
            );
        };
        let known: HashSet<&str> = self.tokens.iter().map(String::as_str).collect();
        let merge = |merge: &'a String| {
            let (left, right) = merge.split_once(' ')?;
            let whole = [left, right].concat();
            let all = [left, right, whole.as_str()].iter().all(|token| known.contains(token));
            all.then_some((left, right))
        };
        let merges = stored.iter().map(|stored| merge(stored).ok_or(stored));
        merges
            .collect::<Result<_, _>>()
            .map_err(|wrong| format!("its merge {wrong:?} is not of two of its tokens into a third; fetch it again"))
    }

    fn whole(&self, parts: Parts) -> Result<Json, String> {
        Ok(json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": self.added()?,
            "normalizer": parts.normalizer, "pre_tokenizer": parts.pre_tokenizer,
            "post_processor": parts.post_processor, "decoder": parts.decoder, "model": parts.model,
        }))
    }
}

/// What differs between the two kinds.
struct Parts {
    normalizer: Json,
    pre_tokenizer: Json,
    post_processor: Json,
    decoder: Json,
    model: Json,
}
