//! Text of an example in which the names of special tokens are ordinary text: `[MASK]` in a review is
//! six characters, and "<|im_end|>" in a message does not end it. The tokenizers library looks for
//! special tokens in all of a text or in none; here it is a part of the text that has none.
//!
//! # Source
//! `AddedVocabulary::extract_and_normalize` of tokenizers 0.23, whose steps are repeated with the
//! matches within the example left out, as under `split_special_tokens=True` in transformers.

use std::collections::BTreeSet;
use std::ops::Range;

use tokenizers::normalizer::Range as Of;
use tokenizers::{
    AddedToken, Encoding, Model as _, NormalizedString, Normalizer as _, OffsetType, PreTokenizedString,
    PreTokenizer as _, Result, Token, Tokenizer,
};

/// The tokens of a tokenizer that are looked for before a text is cut.
pub struct AddedTokens {
    raw: Vec<Added>,
    normalized: Vec<Added>,
}

struct Added {
    id: u32,
    /// What is looked for: the token, or what the normaliser makes of it.
    pattern: String,
    token: AddedToken,
}

impl AddedTokens {
    /// Those of `tokenizer`.
    pub fn of(tokenizer: &Tokenizer) -> Self {
        let mut all: Vec<(u32, AddedToken)> = tokenizer.get_added_tokens_decoder().into_iter().collect();
        all.sort_by_key(|(id, _)| *id);
        let (normalized, raw) = all.into_iter().partition::<Vec<_>, _>(|(_, token)| token.normalized);
        let as_is = |(id, token): (u32, AddedToken)| Added { id, pattern: token.content.clone(), token };
        let as_normalized = |(id, token): (u32, AddedToken)| {
            let mut content = NormalizedString::from(token.content.as_str());
            let done = tokenizer.get_normalizer().is_none_or(|normalizer| normalizer.normalize(&mut content).is_ok());
            let pattern = if done { content.get().to_owned() } else { token.content.clone() };
            Added { id, pattern, token }
        };
        Self {
            raw: raw.into_iter().map(as_is).collect(),
            normalized: normalized.into_iter().map(as_normalized).collect(),
        }
    }

    /// Ids of all.
    pub fn ids(&self) -> impl Iterator<Item = u32> + '_ {
        self.raw.iter().chain(&self.normalized).map(|added| added.id)
    }

    /// The first byte of each; `None` where some are looked for only in what the normaliser has made of a text, or
    /// have none.
    pub fn first_bytes(&self) -> Option<Vec<u8>> {
        let firsts = || self.raw.iter().map(|added| added.pattern.bytes().next()).collect();
        if self.normalized.is_empty() { firsts() } else { None }
    }

    /// Ids of those that are no text, but marks.
    pub fn special_ids(&self) -> impl Iterator<Item = u32> + '_ {
        self.raw.iter().chain(&self.normalized).filter(|added| added.token.special).map(|added| added.id)
    }
}

/// The tokens of `text` without anything around it. In the bytes `own`, tokens that are `reserved` are
/// not looked for.
///
/// # Errors
/// The library's.
pub fn encode(
    tokenizer: &Tokenizer,
    added: &AddedTokens,
    text: &str,
    own: &[Range<usize>],
    reserved: &BTreeSet<u32>,
) -> Result<Encoding> {
    let is_own = |at: &Range<usize>| own.iter().any(|own| at.start < own.end && at.end > own.start);
    let is_text = |id: u32, at: Range<usize>| reserved.contains(&id) && is_own(&at);
    let mut pieces = PreTokenizedString::from(text);
    pieces.split(|_, piece| Ok(cut(piece, &added.raw, &is_text)))?;
    pieces.split(|_, mut piece| {
        if let Some(normalizer) = tokenizer.get_normalizer() {
            normalizer.normalize(&mut piece)?;
        }
        Ok(cut(piece, &added.normalized, &is_text))
    })?;
    if let Some(pre_tokenizer) = tokenizer.get_pre_tokenizer() {
        pre_tokenizer.pre_tokenize(&mut pieces)?;
    }
    pieces.tokenize(|piece| tokenizer.get_model().tokenize(piece.get()))?;
    pieces.into_encoding(None, 0, OffsetType::Byte)
}

/// A piece of text cut at the added tokens in it.
fn cut(
    piece: NormalizedString,
    added: &[Added],
    is_text: &impl Fn(u32, Range<usize>) -> bool,
) -> Vec<(NormalizedString, Option<Vec<Token>>)> {
    let text = piece.get().to_owned();
    if text.is_empty() {
        return vec![(piece, None)];
    }
    let (mut parts, mut done, mut at) = (Vec::new(), 0, 0);
    while at < text.len() {
        let Some(found) = longest_at(&text, at, added) else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        };
        let end = at + found.pattern.len();
        let original = piece.slice(Of::Normalized(at..end)).map_or(0..0, |slice| {
            let (start, end) = slice.offsets_original();
            start..end
        });
        if is_text(found.id, original) || !stands_alone(found, &text, at, end) {
            at = end;
            continue;
        }
        let start = if found.token.lstrip { text[..at].trim_end().len().max(done) } else { at };
        let end = if found.token.rstrip { text.len() - text[end..].trim_start().len() } else { end };
        parts.extend((done < start).then_some((None, done..start)));
        parts.push((Some(found.id), start..end));
        (done, at) = (end, end.max(at + 1));
    }
    parts.extend((done < text.len()).then_some((None, done..text.len())));
    parts.into_iter().filter_map(|(id, range)| sliced(&piece, id, range)).collect()
}

fn sliced(
    piece: &NormalizedString,
    id: Option<u32>,
    range: Range<usize>,
) -> Option<(NormalizedString, Option<Vec<Token>>)> {
    let slice = piece.slice(Of::Normalized(range))?;
    let value = slice.get().to_owned();
    let token = id.map(|id| vec![Token::new(id, value.clone(), (0, value.len()))]);
    Some((slice, token))
}

/// The longest added token that begins at a place of the text.
fn longest_at<'a>(text: &str, at: usize, added: &'a [Added]) -> Option<&'a Added> {
    let here = added.iter().filter(|added| !added.pattern.is_empty() && text[at..].starts_with(&added.pattern));
    here.max_by_key(|added| added.pattern.len())
}

/// Whether a token that must be a word of its own is one.
fn stands_alone(added: &Added, text: &str, start: usize, end: usize) -> bool {
    let goes_on = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    !added.token.single_word || !goes_on(text[..start].chars().next_back()) && !goes_on(text[end..].chars().next())
}
