//! Text to token ids and back.

mod ascii;
mod two_texts;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::OnceLock;

use tokenizers::{AddedToken, Encoding, Tokenizer};

use super::plain_text::{self, AddedTokens};
use super::shelter::sheltered;
use super::special_tokens::{Said, Special};
use super::{ModelError, ModelFiles};
use crate::session::{Say, Sentence, say};
use ascii::Ascii;
pub use two_texts::TwoTexts;

/// Bytes of a text that are looked at first for each token that is wanted. A token of a real vocabulary
/// is rarely over 16 bytes; 64 leaves room, and a 200 KB document costs no 200 KB of tokenizing.
const BYTES: usize = 64;
/// Tokens at the end of a start of a text that what follows may change: WordPiece takes a word of up to
/// 100 letters apart and makes one token of a longer one.
const EDGE: usize = 128;
/// Bytes of the rest of a text that are counted at once, and in all.
const CHUNK: usize = 1 << 16;
const COUNTED: usize = 1 << 20;

/// A tokenizer and the ids with a meaning of their own.
pub struct Tokens {
    inner: Tokenizer,
    ascii: Option<Ascii>,
    added: AddedTokens,
    special: Special,
    /// Tokens that are marks and that no text of an example can name.
    reserved: BTreeSet<u32>,
    /// Rows of the model's table; unknown until a model is put together with it.
    rows: OnceLock<usize>,
    names_begin: bool,
    notes: Vec<Sentence>,
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

/// Which of a model's own special tokens stand around a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Around {
    /// None.
    Nothing,
    /// Those before it: the text goes on.
    Start,
    /// All.
    Both,
}

impl Tokens {
    /// Opens `tokenizer.json`, with the settings of `tokenizer_config.json` before it. Truncation and
    /// padding stored in it are switched off: lengths are this program's own affair.
    ///
    /// # Errors
    /// [`ModelError::Tokens`] if it cannot be read.
    pub fn open(files: &ModelFiles) -> Result<Self, ModelError> {
        let said = Said::by(files);
        let (text, notes) = files.tokenizer_in_use()?;
        let mut tokens = Self { notes, ..Self::read(&text, &said)? };
        // Some chat templates end a turn with a token that its file does not call special.
        if let Ok(Some(chat)) = files.chat() {
            let written = |id: &u32| tokens.word(*id).is_some_and(|word| chat.template.contains(&word));
            let written: Vec<u32> = tokens.added.ids().filter(written).collect();
            tokens.reserved.extend(written);
        }
        Ok(tokens)
    }

    /// Opens the text of a `tokenizer.json`.
    ///
    /// # Errors
    /// [`ModelError::Tokens`] if it cannot be read.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        Self::read(text, &Said::default())
    }

    fn read(text: &str, said: &Said) -> Result<Self, ModelError> {
        let mut inner = parse(text)?;
        inner.with_padding(None);
        inner.with_truncation(None).map_err(|e| ModelError::Tokens(e.said()))?;
        let broken = || ModelError::Tokens(say!("tokenizer.json cannot be read: its added tokens make no tokenizer"));
        let mut added = sheltered(|| AddedTokens::of(&inner)).ok_or_else(broken)?;
        let special = Special::find(text, &inner, &added, said)?;
        // A mask that only the vocabulary lists is looked for in a template all the same, as in transformers.
        let mask =
            special.mask.filter(|mask| added.ids().all(|id| id != *mask)).and_then(|mask| inner.id_to_token(mask));
        if let Some(mask) = mask {
            let add =
                || inner.add_special_tokens([AddedToken::from(mask, true)]).map_err(|e| ModelError::Tokens(e.said()));
            sheltered(add).ok_or_else(broken)??;
            added = sheltered(|| AddedTokens::of(&inner)).ok_or_else(broken)?;
        }
        let named = said.settings.keys().filter(|role| role.ends_with("_token")).filter_map(|role| said.word(role));
        let named: BTreeSet<u32> = named.filter_map(|word| inner.token_to_id(word)).collect();
        let known: BTreeSet<u32> = added.ids().collect();
        let reserved = added.special_ids().chain(named.intersection(&known).copied()).collect();
        let unwanted = said.settings.get("add_bos_token").and_then(serde_json::Value::as_bool) == Some(false);
        let names_begin = said.word("bos_token").is_some() && !unwanted;
        let ascii = Ascii::of(&inner, &added);
        Ok(Self { inner, ascii, added, special, reserved, rows: OnceLock::new(), names_begin, notes: Vec::new() })
    }

    /// The same tokenizer with the special tokens of another, whose ids are `new` ones here.
    #[must_use]
    pub fn with_roles_of(self, other: &Self, new: impl Fn(u32) -> Option<u32>) -> Self {
        let reserved = other.reserved.iter().filter_map(|id| new(*id)).collect();
        let (special, names_begin) = (other.special.moved(new), other.names_begin);
        Self { special, reserved, names_begin, notes: other.notes.clone(), ..self }
    }

    /// What its files say that goes before `tokenizer.json`, in sentences.
    pub fn notes(&self) -> Vec<Sentence> {
        self.notes.clone()
    }

    /// Holds it against a table of so many rows. Tokens that were added without rows of their own are no
    /// harm until a text has them; gives a remark on those.
    ///
    /// # Errors
    /// [`ModelError::Tokens`] if words of the vocabulary itself have no row, or what stands around every
    /// text.
    pub fn check_rows(&self, rows: usize) -> Result<Option<Sentence>, ModelError> {
        let _ = self.rows.set(rows);
        let mut beyond: Vec<(u32, String)> =
            self.entries().into_iter().filter(|(_, id)| *id as usize >= rows).map(|(word, id)| (id, word)).collect();
        beyond.sort_unstable();
        let Some((id, word)) = beyond.first() else { return Ok(None) };
        let added: BTreeSet<u32> = self.added.ids().collect();
        if let Some((id, word)) = beyond.iter().find(|(id, _)| !added.contains(id)) {
            return Err(ModelError::Tokens(say!(
                "it has {entries} entries but the model only {rows}, none for {word} ({id}); is it another model's tokenizer?",
                entries = self.size(),
                rows,
                word = format_args!("{word:?}"),
                id
            )));
        }
        self.encode("a", true)?;
        let more = beyond.len() - 1;
        let more = if more > 0 { say!(" and {more} more", more) } else { Sentence::default() };
        Ok(Some(say!(
            "the tokenizer has {word} ({id}){more}, for which the model's table of {rows} rows has none: a text with such a token is refused",
            word = format_args!("{word:?}"),
            id,
            more,
            rows
        )))
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
        let Special { pad, mask, unknown, end, .. } = self.special;
        [pad, mask, unknown, end]
    }

    /// The id that fills short rows; masked everywhere, so row 0 serves where there is none.
    pub fn pad(&self) -> u32 {
        self.padding().unwrap_or(0)
    }

    /// The padding token, for models that have one with a row of its own.
    pub fn padding(&self) -> Option<u32> {
        let has_row = |id: &u32| self.rows.get().is_none_or(|rows| (*id as usize) < *rows);
        self.special.pad.filter(has_row)
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

    /// The token that begins a text, for models that have one.
    pub fn begin(&self) -> Option<u32> {
        self.special.begin
    }

    /// Whether the model's own files name the token that begins a text, and do not say that none does.
    pub fn names_begin(&self) -> bool {
        self.names_begin
    }

    /// Whether a token is a mark and no text.
    pub fn is_special(&self, id: u32) -> bool {
        self.reserved.contains(&id)
    }

    /// The end-of-text id, for models that have one.
    pub fn end(&self) -> Option<u32> {
        self.special.end
    }

    /// Whether `id` stands for "unknown".
    pub fn is_unknown(&self, id: u32) -> bool {
        self.special.unknown == Some(id)
    }

    /// The tokens of `text`, with the model's own special tokens around it if `special`. What looks like
    /// a special token in it is one: this is for templates, not for the texts of examples.
    ///
    /// # Errors
    /// [`ModelError::Tokens`] if the text cannot be encoded.
    pub fn encode(&self, text: &str, special: bool) -> Result<Pieces, ModelError> {
        self.encode_around(text, 0..0, if special { Around::Both } else { Around::Nothing })
    }

    /// As [`Self::encode`] with the special tokens before the text, but not those behind it: the
    /// start of a text that goes on.
    ///
    /// # Errors
    /// [`ModelError::Tokens`] if the text cannot be encoded.
    pub fn encode_open(&self, text: &str) -> Result<Pieces, ModelError> {
        self.encode_around(text, 0..0, Around::Start)
    }

    /// The tokens of a text whose bytes `own` come from an example: what looks like a special token
    /// there is ordinary text.
    ///
    /// # Errors
    /// [`ModelError::Tokens`] if the text cannot be encoded, or has a token without a row.
    pub fn encode_around(&self, text: &str, own: Range<usize>, around: Around) -> Result<Pieces, ModelError> {
        self.encode_owned(text, std::slice::from_ref(&own), around)
    }

    /// The same where an example has several places in the text.
    ///
    /// # Errors
    /// As [`Self::encode_around`].
    pub fn encode_owned(&self, text: &str, own: &[Range<usize>], around: Around) -> Result<Pieces, ModelError> {
        let encoding = self.encoding(text, own, around != Around::Nothing)?;
        let mask = encoding.get_special_tokens_mask().iter().rev();
        let behind = if around == Around::Start { mask.take_while(|special| **special == 1).count() } else { 0 };
        let keep = encoding.len() - behind;
        let mut spans = spans(&encoding);
        spans.truncate(keep);
        self.rowed(Pieces { ids: encoding.get_ids()[..keep].to_vec(), spans, cut: 0 })
    }

    /// The text of an example with all special tokens around it, but at most `most` tokens: the end of the
    /// text is cut, never the special tokens around it.
    ///
    /// # Errors
    /// [`ModelError::Tokens`] if the text cannot be encoded, or has a token without a row.
    pub fn encode_within(&self, text: &str, most: usize) -> Result<Pieces, ModelError> {
        let (start, rest) = self.start(text, most)?;
        let all = 0..start.len();
        let own = std::slice::from_ref(&all);
        let whole = self.encoding(start, own, true)?;
        if whole.len() <= most && rest == 0 {
            return self.rowed(Pieces { ids: whole.get_ids().to_vec(), spans: spans(&whole), cut: 0 });
        }
        // Not what the library gives without special tokens: it has moved the offsets already.
        let mut bare = refused(|| plain_text::encode(&self.inner, &self.added, start, own, &self.reserved))?;
        let around = self.inner.get_post_processor().map_or(0, |p| tokenizers::PostProcessor::added_tokens(p, false));
        let keep = most.saturating_sub(around);
        let cut = bare.len().saturating_sub(keep) + rest;
        bare.truncate(keep, 0, tokenizers::TruncationDirection::Right);
        let whole = refused(|| self.inner.post_process(bare, None, true))?;
        self.rowed(Pieces { ids: whole.get_ids().to_vec(), spans: spans(&whole), cut })
    }

    /// The start of an example's text that decides its first `most` tokens, and how many tokens stand
    /// behind it. A long document is not cut into tokens as a whole; but white space, or a word of many
    /// letters that is one token, never counts for more than it is.
    ///
    /// # Errors
    /// [`ModelError::Tokens`] if the text cannot be encoded.
    pub fn start<'a>(&self, text: &'a str, most: usize) -> Result<(&'a str, usize), ModelError> {
        let mut length = most.saturating_mul(BYTES).max(4 * BYTES);
        while length < text.len() {
            let start = &text[..text.floor_char_boundary(length)];
            if self.settled(start)? >= most {
                return Ok((start, self.count(&text[start.len()..])?));
            }
            length = length.saturating_mul(2);
        }
        Ok((text, 0))
    }

    /// Tokens of a start of a text that stay the same whatever follows: those before its last word, or
    /// so many before its end that no word reaches back to them.
    fn settled(&self, start: &str) -> Result<usize, ModelError> {
        let encoding = self.encoding(start, std::slice::from_ref(&(0..start.len())), false)?;
        let last_word = start.rfind(char::is_whitespace).unwrap_or(0);
        let before = encoding.get_offsets().iter().filter(|span| span.1 <= last_word).count();
        Ok(before.max(encoding.len().saturating_sub(EDGE)))
    }

    /// Tokens of the rest of a text. Beyond [`COUNTED`] bytes they are taken to be as dense as before.
    fn count(&self, rest: &str) -> Result<usize, ModelError> {
        let (mut tokens, mut done) = (0, 0);
        while done < rest.len().min(COUNTED) {
            let end = rest.floor_char_boundary((done + CHUNK).min(rest.len()));
            let word = rest[done..end].rfind(char::is_whitespace).filter(|at| *at > 0 && end < rest.len());
            let end = word.map_or(end, |at| done + at);
            tokens += self.encoding(&rest[done..end], std::slice::from_ref(&(0..end - done)), false)?.len();
            done = end;
        }
        Ok((tokens as f64 * rest.len() as f64 / done.max(1) as f64) as usize)
    }

    /// Refuses tokens for which the model has no row.
    fn rowed(&self, pieces: Pieces) -> Result<Pieces, ModelError> {
        let Some(rows) = self.rows.get() else { return Ok(pieces) };
        match pieces.ids.iter().find(|id| **id as usize >= *rows) {
            None => Ok(pieces),
            Some(id) => Err(ModelError::Tokens(say!(
                "a text has the token {word} ({id}), and the model's table has only {rows} rows; take it out of the text, or add a row for it to the model",
                word = format_args!("{:?}", self.word(*id).unwrap_or_default()),
                id,
                rows
            ))),
        }
    }

    /// The library's encoding; in the bytes `own` the names of special tokens are text.
    fn encoding(&self, text: &str, own: &[Range<usize>], special: bool) -> Result<Encoding, ModelError> {
        let plain = |ascii: &Ascii| ascii.encode(text, special);
        let quick =
            refused(|| self.ascii.as_ref().and_then(plain).unwrap_or_else(|| self.inner.encode(text, special)))?;
        let named = |(id, span): (&u32, &(usize, usize))| {
            let inside = |own: &Range<usize>| span.0 < own.end && span.1 > own.start && span.0 < span.1;
            let is_own = own.iter().any(inside) && self.reserved.contains(id);
            // What is unknown has the unknown token without having its name.
            let is_name = || !self.is_unknown(*id) || text.get(span.0..span.1).is_none_or(|it| it.contains(['<', '[']));
            is_own && is_name()
        };
        if !quick.get_ids().iter().zip(quick.get_offsets()).any(named) {
            return Ok(quick);
        }
        refused(|| {
            let bare = plain_text::encode(&self.inner, &self.added, text, own, &self.reserved)?;
            self.inner.post_process(bare, None, special)
        })
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
        self.inner.to_string(true).map_err(|e| ModelError::Tokens(e.said()))
    }
}

/// Reads the text of a `tokenizer.json`. The library trusts that it is JSON, and panics on some of what
/// makes no tokenizer.
fn parse(text: &str) -> Result<Tokenizer, ModelError> {
    let failed = |reason: Sentence| ModelError::Tokens(say!("tokenizer.json cannot be read: {reason}", reason));
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|e| failed(say!("it is no JSON, {e}", e)))?;
    let parsed = sheltered(|| text.parse::<Tokenizer>().map_err(|e| e.said()));
    let tokenizer = parsed.ok_or_else(|| failed(say!("it makes no tokenizer; fetch it again")))?.map_err(failed)?;
    // A text that it may refuse, but must not break on.
    match sheltered(|| drop(tokenizer.encode("a", true))) {
        Some(()) => Ok(tokenizer),
        None => Err(failed(say!("its parts contradict one another; fetch it again"))),
    }
}

/// What the library makes of a text, its panics counted as refusals.
fn refused(encode: impl FnOnce() -> tokenizers::Result<Encoding>) -> Result<Encoding, ModelError> {
    let failed = |reason: Sentence| ModelError::Tokens(say!("a text cannot be encoded: {reason}", reason));
    let encoded = sheltered(|| encode().map_err(|e| e.said()));
    encoded.ok_or_else(|| failed(say!("tokenizer.json contradicts itself; fetch it again")))?.map_err(failed)
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
