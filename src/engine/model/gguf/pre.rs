//! How byte-level tokenizers cut a text before they merge: the kinds llama.cpp has names for.

use serde_json::{Value, json};

use crate::engine::model::vocabulary::QWEN_SPLIT;

/// How Llama 3's tokenizer cuts a text (its published `tokenizer.json`): as Qwen's, but digits by
/// threes.
const LLAMA3_SPLIT: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// One way of cutting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// GPT-2's own.
    Gpt2,
    /// GPT-2's, with every digit on its own before.
    Digits,
    /// Qwen2's, which also composes letters and their accents.
    Qwen2,
    /// Llama 3's, which takes a word that is a token whole.
    Llama3,
}

impl Cut {
    /// The way with this name in `tokenizer.ggml.pre`. Files from before that field had one are
    /// known by their architecture.
    ///
    /// # Errors
    /// In words, with the known names: another way would give other ids without a word.
    pub fn named(name: Option<&str>, architecture: &str) -> Result<Self, String> {
        match (name, architecture) {
            (Some("gpt-2"), _) | (None, "gpt2") => Ok(Self::Gpt2),
            (Some("smollm" | "starcoder" | "refact"), _) => Ok(Self::Digits),
            (Some("qwen2" | "deepseek-r1-qwen"), _) | (None, "qwen2" | "qwen3") => Ok(Self::Qwen2),
            (Some("llama-bpe" | "llama3" | "llama-v3"), _) => Ok(Self::Llama3),
            (Some(other), _) => Err(format!(
                "its tokenizer cuts texts in the way {other:?}, which is not known here; the known ones are gpt-2, llama-bpe, qwen2, smollm and their relations; choose another model"
            )),
            (None, _) => Err("its metadata has no tokenizer.ggml.pre, so nobody knows how its tokenizer cuts texts; convert the model again with a present llama.cpp".into()),
        }
    }

    /// Whether the start-of-text token is put first where the metadata does not say, as in llama.cpp.
    pub fn starts(self) -> bool {
        self == Self::Llama3
    }

    /// Whether a word that is a token is taken whole, merges or not.
    pub fn takes_words(self) -> bool {
        self == Self::Llama3
    }

    /// The `normalizer` of a `tokenizer.json`.
    pub fn normalizer(self) -> Value {
        if self == Self::Qwen2 { json!({ "type": "NFC" }) } else { Value::Null }
    }

    /// The `pre_tokenizer` of a `tokenizer.json`.
    pub fn pre_tokenizer(self, space: bool) -> Value {
        let bytes = |regex: bool| json!({ "type": "ByteLevel", "add_prefix_space": space, "trim_offsets": true, "use_regex": regex });
        let split = |regex: &str| json!({ "type": "Split", "pattern": { "Regex": regex }, "behavior": "Isolated", "invert": false });
        let both = |first: Value, second: Value| json!({ "type": "Sequence", "pretokenizers": [first, second] });
        match self {
            Self::Gpt2 => bytes(true),
            Self::Digits => both(json!({ "type": "Digits", "individual_digits": true }), bytes(true)),
            Self::Qwen2 => both(split(QWEN_SPLIT), bytes(false)),
            Self::Llama3 => both(split(LLAMA3_SPLIT), bytes(false)),
        }
    }
}
