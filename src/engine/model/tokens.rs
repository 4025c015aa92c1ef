//! Text to token ids and back.

use std::collections::BTreeMap;

use tokenizers::{Encoding, Tokenizer};

use super::shelter::sheltered;
use super::{ModelError, ModelFiles};

/// A tokenizer and the ids with a meaning of their own.
pub struct Tokens {
    inner: Tokenizer,
    special: Special,
}

#[derive(Clone, Copy, Default)]
struct Special {
    pad: Option<u32>,
    mask: Option<u32>,
    unknown: Option<u32>,
    end: Option<u32>,
}

/// Text in tokens: ids and where each came from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pieces {
    /// Token ids.
    pub ids: Vec<u32>,
    /// Byte range of each token in the text; empty for special tokens.
    pub spans: Vec<(usize, usize)>,
    /// Tokens of the text that were cut.
    pub cut: usize,
}

impl Tokens {
    /// Opens `tokenizer.json`. Truncation and padding stored in it are switched off: lengths are
    /// this program's own affair.
    ///
    /// # Errors
    /// [`ModelError::Tokens`] if it cannot be read.
    pub fn open(files: &ModelFiles) -> Result<Self, ModelError> {
        Self::parse(&files.tokenizer()?)
    }

    /// Opens the text of a `tokenizer.json`.
    ///
    /// # Errors
    /// [`ModelError::Tokens`] if it cannot be read.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let mut inner = parse(text)?;
        inner.with_padding(None);
        inner.with_truncation(None).map_err(|e| ModelError::Tokens(e.to_string()))?;
        let first = |names: &[&str]| names.iter().find_map(|name| inner.token_to_id(name));
        let special = Special {
            pad: first(&["[PAD]", "<pad>", "<|pad|>", "<|endoftext|>", "</s>"]),
            mask: first(&["[MASK]", "<mask>"]),
            unknown: first(&["[UNK]", "<unk>"]),
            end: first(&["<|endoftext|>", "</s>", "[SEP]"]),
        };
        Ok(Self { inner, special })
    }

    /// Entries, added ones included.
    pub fn size(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// Every token and its id, added ones included.
    pub fn entries(&self) -> BTreeMap<String, u32> {
        self.inner.get_vocab(true).into_iter().collect()
    }

    /// The ids with a meaning of their own, as far as there are such: padding, mask, unknown, the end.
    pub fn roles(&self) -> [Option<u32>; 4] {
        let Special { pad, mask, unknown, end } = self.special;
        [pad, mask, unknown, end]
    }

    /// The id that fills short rows; masked everywhere, so 0 serves where there is none.
    pub fn pad(&self) -> u32 {
        self.special.pad.unwrap_or(0)
    }

    /// A token as the vocabulary writes it.
    pub fn word(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// Whether the vocabulary has `word` as one token.
    pub fn knows(&self, word: &str) -> bool {
        self.inner.token_to_id(word).is_some()
    }

    /// The id for what the vocabulary does not know, for models that have one.
    pub fn unknown(&self) -> Option<u32> {
        self.special.unknown
    }

    /// The mask token as text and id, for models that have one.
    pub fn mask(&self) -> Option<(String, u32)> {
        let id = self.special.mask?;
        Some((self.inner.id_to_token(id)?, id))
    }

    /// The end-of-text id, for models that have one.
    pub fn end(&self) -> Option<u32> {
        self.special.end
    }

    /// Whether `id` stands for "unknown".
    pub fn is_unknown(&self, id: u32) -> bool {
        self.special.unknown == Some(id)
    }

    /// The tokens of `text`, with the model's own special tokens around it if `special`.
    ///
    /// # Errors
    /// [`ModelError::Tokens`] if the text cannot be encoded.
    pub fn encode(&self, text: &str, special: bool) -> Result<Pieces, ModelError> {
        let encoding = self.encoding(text, special)?;
        let spans = spans(&encoding);
        Ok(Pieces { ids: encoding.get_ids().to_vec(), spans, cut: 0 })
    }

    /// As [`Self::encode`] with the special tokens before the text, but not those behind it: the
    /// start of a text that goes on.
    ///
    /// # Errors
    /// [`ModelError::Tokens`] if the text cannot be encoded.
    pub fn encode_open(&self, text: &str) -> Result<Pieces, ModelError> {
        let encoding = self.encoding(text, true)?;
        let behind = encoding.get_special_tokens_mask().iter().rev().take_while(|special| **special == 1).count();
        let keep = encoding.len() - behind;
        let mut spans = spans(&encoding);
        spans.truncate(keep);
        Ok(Pieces { ids: encoding.get_ids()[..keep].to_vec(), spans, cut: 0 })
    }

    /// As [`Self::encode`] with special tokens, but at most `most` tokens: the end of the text is
    /// cut, never the special tokens around it.
    ///
    /// # Errors
    /// [`ModelError::Tokens`] if the text cannot be encoded.
    pub fn encode_within(&self, text: &str, most: usize) -> Result<Pieces, ModelError> {
        let bare = self.encoding(shorten(text, most), false)?;
        let around = self.inner.get_post_processor().map_or(0, |p| tokenizers::PostProcessor::added_tokens(p, false));
        let keep = most.saturating_sub(around);
        let cut = bare.len().saturating_sub(keep);
        let mut bare = bare;
        bare.truncate(keep, 0, tokenizers::TruncationDirection::Right);
        let whole = refused(|| self.inner.post_process(bare, None, true))?;
        Ok(Pieces { ids: whole.get_ids().to_vec(), spans: spans(&whole), cut })
    }

    fn encoding(&self, text: &str, special: bool) -> Result<Encoding, ModelError> {
        refused(|| self.inner.encode(text, special))
    }

    /// A token as a person reads it: of byte-level tokens the text behind them, spaces as `␣`, line
    /// breaks as `⏎`, and bytes that are no whole character as `\xe6`.
    pub fn show(&self, id: u32) -> String {
        let raw = self.inner.id_to_token(id).unwrap_or_else(|| format!("#{id}"));
        if !matches!(self.inner.get_decoder(), Some(tokenizers::DecoderWrapper::ByteLevel(_))) {
            return raw;
        }
        let Some(bytes) = raw.chars().map(byte_of).collect::<Option<Vec<u8>>>() else { return raw };
        match String::from_utf8(bytes) {
            Ok(text) => text.replace(' ', "␣").replace('\n', "⏎"),
            Err(broken) => broken.as_bytes().iter().map(|byte| format!("\\x{byte:02x}")).collect(),
        }
    }

    /// Ids as text.
    pub fn decode(&self, ids: &[u32]) -> String {
        sheltered(|| self.inner.decode(ids, true).unwrap_or_default()).unwrap_or_default()
    }

    /// The tokenizer as `tokenizer.json`.
    ///
    /// # Errors
    /// [`ModelError::Tokens`] if it cannot be written.
    pub fn to_text(&self) -> Result<String, ModelError> {
        self.inner.to_string(true).map_err(|e| ModelError::Tokens(e.to_string()))
    }
}

/// Reads the text of a `tokenizer.json`. The library trusts that it is JSON, and panics on some of what
/// makes no tokenizer.
fn parse(text: &str) -> Result<Tokenizer, ModelError> {
    let failed = |reason: String| ModelError::Tokens(format!("tokenizer.json cannot be read: {reason}"));
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|e| failed(format!("it is no JSON, {e}")))?;
    let parsed = sheltered(|| text.parse::<Tokenizer>().map_err(|e| e.to_string()));
    let tokenizer = parsed.ok_or_else(|| failed("it makes no tokenizer; fetch it again".into()))?.map_err(failed)?;
    // A text that it may refuse, but must not break on.
    match sheltered(|| drop(tokenizer.encode("a", true))) {
        Some(()) => Ok(tokenizer),
        None => Err(failed("its parts contradict one another; fetch it again".into())),
    }
}

/// What the library makes of a text, its panics counted as refusals.
fn refused(encode: impl FnOnce() -> tokenizers::Result<Encoding>) -> Result<Encoding, ModelError> {
    let failed = |reason: String| ModelError::Tokens(format!("a text cannot be encoded: {reason}"));
    let encoded = sheltered(|| encode().map_err(|e| e.to_string()));
    encoded.ok_or_else(|| failed("tokenizer.json contradicts itself; fetch it again".into()))?.map_err(failed)
}

fn spans(encoding: &Encoding) -> Vec<(usize, usize)> {
    encoding.get_offsets().to_vec()
}

/// The byte that a byte-level tokenizer writes as `letter`: printable Latin-1 stands for itself, the
/// other bytes in their order for the letters from U+0100 on (Radford et al. 2019, `bytes_to_unicode`
/// of the GPT-2 encoder).
fn byte_of(letter: char) -> Option<u8> {
    let own = |byte: u8| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    match u32::from(letter) {
        code @ 0..=0xff => u8::try_from(code).ok().filter(|byte| own(*byte)),
        code => (0..=0xff).filter(|byte| !own(*byte)).nth(code as usize - 0x100),
    }
}

/// The start of `text` that can matter for `tokens` tokens. A token of a real vocabulary is rarely
/// over 16 bytes; 64 leaves room, and a 200 KB document costs no 200 KB of tokenizing.
pub fn shorten(text: &str, tokens: usize) -> &str {
    let most = tokens.saturating_mul(64).max(256);
    if text.len() <= most { text } else { &text[..text.floor_char_boundary(most)] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_a_letter_of_its_own() {
        let letters: Vec<char> = (0..0x200).filter_map(char::from_u32).filter(|c| byte_of(*c).is_some()).collect();
        let mut bytes: Vec<u8> = letters.iter().filter_map(|c| byte_of(*c)).collect();
        bytes.sort_unstable();
        assert_eq!(bytes, (0..=255).collect::<Vec<u8>>());
        assert_eq!((byte_of('Ġ'), byte_of('Ċ'), byte_of('a')), (Some(b' '), Some(b'\n'), Some(b'a')));
    }
}
