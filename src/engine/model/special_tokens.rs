//! Tokens with a meaning of their own: which one pads, masks, stands for the unknown, begins and ends.
//! They are those that the model's files name; the usual names count only where the files are silent.

use serde::Deserialize;
use serde_json::{Map, Value};
use tokenizers::Tokenizer;

use super::plain_text::AddedTokens;
use super::{Config, ModelError, ModelFiles};

/// What padding is usually called.
const PADDING: [&str; 8] =
    ["[PAD]", "<pad>", "<|pad|>", "<PAD>", "<|padding|>", "<|finetune_right_pad_id|>", "<pad_token>", "<|PAD|>"];
/// What the mask is usually called.
const MASK: [&str; 2] = ["[MASK]", "<mask>"];
/// What stands for the unknown, as it is usually called.
const UNKNOWN: [&str; 2] = ["[UNK]", "<unk>"];
/// What begins a text, as it is usually called.
const BEGIN: [&str; 3] = ["<s>", "<|begin_of_text|>", "<bos>"];
/// What ends a text, as it is usually called.
const END: [&str; 4] = ["<|endoftext|>", "</s>", "[SEP]", "<|end_of_text|>"];

/// The ids of the tokens with a meaning, as far as there are such.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Special {
    /// Fills short rows. Never an ordinary token, whatever is in the files.
    pub pad: Option<u32>,
    /// Stands where a masked model answers.
    pub mask: Option<u32>,
    /// Stands for what the vocabulary does not know.
    pub unknown: Option<u32>,
    /// Begins a text.
    pub begin: Option<u32>,
    /// Ends a text.
    pub end: Option<u32>,
}

/// What a model's files say of its special tokens.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// `tokenizer_config.json` over `special_tokens_map.json`: words, or objects with a `content`.
    pub settings: Map<String, Value>,
    /// `config.json`, then `generation_config.json`: ids.
    pub configs: Vec<Config>,
}

/// What `tokenizer.json` says of them itself.
#[derive(Default, Deserialize)]
struct Outline {
    #[serde(default)]
    model: OutlineOfModel,
    #[serde(default)]
    padding: Option<OutlineOfPadding>,
}

#[derive(Default, Deserialize)]
struct OutlineOfModel {
    #[serde(default)]
    unk_token: Option<String>,
    #[serde(default)]
    unk_id: Option<u32>,
}

#[derive(Deserialize)]
struct OutlineOfPadding {
    #[serde(default)]
    pad_token: Option<String>,
}

impl Said {
    /// What the files of one model say. Files that cannot be read count as silent: a model opens without
    /// them.
    pub fn by(files: &ModelFiles) -> Self {
        let config = files.config().and_then(|text| Config::parse(&text)).ok();
        let generation = files.generation().and_then(|text| Config::parse(&text).ok());
        Self { settings: files.tokenizer_settings(), configs: config.into_iter().chain(generation).collect() }
    }

    /// The word that plays `role`, e.g. `pad_token`.
    pub fn word(&self, role: &str) -> Option<&str> {
        let value = self.settings.get(role)?;
        value.as_str().or_else(|| value.get("content")?.as_str()).filter(|word| !word.is_empty())
    }

    fn ids(&self, role: &str) -> impl Iterator<Item = u32> {
        let name = format!("{role}_id");
        self.configs.iter().flat_map(|config| config.ids(&name)).collect::<Vec<_>>().into_iter()
    }
}

impl Special {
    /// The special tokens of `tokenizer`, read from `text`, of a model whose files have `said` so much.
    ///
    /// # Errors
    /// [`ModelError::Tokens`] for a text that is no JSON.
    pub fn find(text: &str, tokenizer: &Tokenizer, added: &AddedTokens, said: &Said) -> Result<Self, ModelError> {
        let outline: Outline = serde_json::from_str(text).unwrap_or_default();
        let id = |word: &str| tokenizer.token_to_id(word);
        let first = |names: &[&str]| names.iter().find_map(|name| id(name));
        let is_added = |found: &u32| added.ids().any(|other| other == *found);
        let is_mark =
            |found: &u32| is_added(found) || tokenizer.id_to_token(*found).is_some_and(|word| is_bracketed(&word));
        let named = |role: &str| said.word(role).and_then(id);
        let numbered = |role: &str| said.ids(role).find(is_mark);
        let end = named("eos_token").or_else(|| numbered("eos_token")).or_else(|| first(&END));
        let own = outline.padding.and_then(|padding| id(&padding.pad_token?));
        let pad = named("pad_token").filter(is_mark).or_else(|| numbered("pad_token")).or_else(|| first(&PADDING));
        let pad = pad.or_else(|| own.filter(is_mark)).or_else(|| first(&END[..2]));
        let of_model = outline.model.unk_id.or_else(|| outline.model.unk_token.as_deref().and_then(id));
        Ok(Self {
            pad,
            mask: named("mask_token").or_else(|| first(&MASK)),
            unknown: of_model.or_else(|| first(&UNKNOWN)),
            begin: named("bos_token").or_else(|| numbered("bos_token")).or_else(|| first(&BEGIN)),
            end,
        })
    }

    /// The same roles in another tokenizer that has the tokens under other ids.
    pub fn moved(self, new: impl Fn(u32) -> Option<u32>) -> Self {
        let of = |id: Option<u32>| id.and_then(&new);
        Self {
            pad: of(self.pad),
            mask: of(self.mask),
            unknown: of(self.unknown),
            begin: of(self.begin),
            end: of(self.end),
        }
    }
}

/// Whether a token is written as special ones are.
fn is_bracketed(word: &str) -> bool {
    let ends = [('<', '>'), ('[', ']')];
    word.chars().count() > 2 && ends.iter().any(|(first, last)| word.starts_with(*first) && word.ends_with(*last))
}
