//! How byte-level tokenizers cut a text before they merge: the kinds llama.cpp has names for.

use serde_json::{Value, json};

use crate::engine::model::ARCHITECTURES;
use crate::engine::model::vocabulary::QWEN_SPLIT;
use crate::session::{Sentence, say};

/// How Llama 3's tokenizer cuts a text (its published `tokenizer.json`): as Qwen's, but digits by
/// threes.
const LLAMA3_SPLIT: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// How Mistral's tekken cuts a text (the published `tokenizer.json` of Mistral Nemo): a word ends
/// where small letters are followed by large ones.
const TEKKEN_SPLIT: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// How llama.cpp cuts a text of a model whose own way it has no name for, one after the other.
const DEFAULT_SPLITS: [&str; 4] = [
    r"[\p{P}$+<=>^~|]+",
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)",
    r"\p{N}+",
    r"[0-9]{3}",
];

/// Names in `tokenizer.ggml.pre`, and the way each stands for.
const NAMES: &[(&str, Cut)] = &[
    ("default", Cut::Default),
    ("gpt-2", Cut::Gpt2),
    ("smollm", Cut::Digits),
    ("starcoder", Cut::Digits),
    ("refact", Cut::Digits),
    ("qwen2", Cut::Qwen2),
    ("deepseek-r1-qwen", Cut::Qwen2),
    ("llama-bpe", Cut::Llama3),
    ("llama3", Cut::Llama3),
    ("llama-v3", Cut::Llama3),
    ("falcon3", Cut::Llama3),
    ("pixtral", Cut::Llama3),
    ("smaug-bpe", Cut::Smaug),
    ("tekken", Cut::Tekken),
];

/// One way of cutting.
///
/// # Source
/// The pre-tokenizer types of llama.cpp (`llama-vocab.cpp`) and the `tokenizer.json` each was taken
/// from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// llama.cpp's own, for models it has no name for.
    Default,
    /// GPT-2's own.
    Gpt2,
    /// GPT-2's, with every digit on its own before.
    Digits,
    /// Qwen2's, which also composes letters and their accents.
    Qwen2,
    /// Llama 3's, which takes a word that is a token whole.
    Llama3,
    /// Llama 3's way, but with merges alone.
    Smaug,
    /// Mistral Nemo's, which takes a word that is a token whole.
    Tekken,
}

impl Cut {
    /// The way with this name in `tokenizer.ggml.pre`. Files from before that field had one are
    /// known by their architecture.
    ///
    /// # Errors
    /// In words, with the known names: another way would give other ids without a word.
    pub fn named(name: Option<&str>, architecture: &str) -> Result<Self, Sentence> {
        let own = || ARCHITECTURES.iter().find(|known| known.id == architecture)?.gguf?.cut;
        match name.or_else(own) {
            Some(name) => {
                let known = NAMES.iter().find(|(known, _)| *known == name).map(|(_, cut)| *cut);
                known.ok_or_else(|| unknown(name))
            }
            None => Err(say!(
                "its metadata has no tokenizer.ggml.pre, so nobody knows how its tokenizer cuts texts; convert the model again with a present llama.cpp"
            )),
        }
    }

    /// Whether the start-of-text token is put first where the metadata does not say, as in llama.cpp.
    pub fn starts(self) -> bool {
        self.takes_words()
    }

    /// Whether a word that is a token is taken whole, merges or not.
    pub fn takes_words(self) -> bool {
        matches!(self, Self::Llama3 | Self::Tekken)
    }

    /// The `normalizer` of a `tokenizer.json`.
    pub fn normalizer(self) -> Value {
        if self == Self::Qwen2 { json!({ "type": "NFC" }) } else { Value::Null }
    }

    /// The `pre_tokenizer` of a `tokenizer.json`.
    pub fn pre_tokenizer(self, space: bool) -> Value {
        let bytes = |regex: bool| json!({ "type": "ByteLevel", "add_prefix_space": space, "trim_offsets": true, "use_regex": regex });
        let split = |regex: &str| json!({ "type": "Split", "pattern": { "Regex": regex }, "behavior": "Isolated", "invert": false });
        let all = |steps: Vec<Value>| json!({ "type": "Sequence", "pretokenizers": steps });
        match self {
            Self::Gpt2 => bytes(true),
            Self::Digits => all(vec![json!({ "type": "Digits", "individual_digits": true }), bytes(true)]),
            Self::Qwen2 => all(vec![split(QWEN_SPLIT), bytes(false)]),
            Self::Llama3 | Self::Smaug => all(vec![split(LLAMA3_SPLIT), bytes(false)]),
            Self::Tekken => all(vec![split(TEKKEN_SPLIT), bytes(false)]),
            Self::Default => all(DEFAULT_SPLITS.iter().map(|regex| split(regex)).chain([bytes(false)]).collect()),
        }
    }
}

fn unknown(name: &str) -> Sentence {
    let known = NAMES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    say!(
        "its tokenizer cuts texts in the way {name}, which is not known here; the known ones are {known}; choose another model",
        name = format_args!("{name:?}"),
        known
    )
}
