//! Running text: documents in tokens, and how they are cut into samples, either each by itself or all of them one
//! behind the other. Nothing of a text is left out: what is too long for one sample goes on in the next.
//!
//! *Why texts may reach across documents (2026-11).* Packed blocks leave no place of a batch empty, which is what
//! pretraining does everywhere (Brown et al. 2020, arXiv 2005.14165, §2.2 and appendix B: one sequence, documents
//! parted by an end-of-text token, no mask between them). A token may so look back into the document before.

use std::borrow::Cow;

use super::{Sample, TokenRow};
use crate::engine::data::Example;
use crate::engine::model::{Model, Tokens, tokens::Around};
use crate::engine::prompt::{PromptError, Rendered};

/// A token of a document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Token {
    /// Which one.
    pub id: u32,
    /// Bytes of text that it stands for; 0 for a mark.
    pub bytes: u16,
    /// Whether it is the mark that begins every document, which nobody has to tell.
    pub begins: bool,
    /// As of a row.
    pub known: bool,
    /// As of a row.
    pub weight: f32,
}

impl Token {
    /// It as a row that stands at place `at`.
    pub fn row(&self, at: u32) -> TokenRow {
        TokenRow { at, token: self.id, bytes: self.bytes, known: self.known, weight: self.weight }
    }
}

/// A stretch of running text that makes a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The document it begins in.
    pub document: usize,
    /// The token of it that it begins with.
    pub token: usize,
    /// How many tokens the model reads.
    pub tokens: usize,
}

/// How a task reads running text.
pub trait RunningText: Send + Sync {
    /// A text in tokens, with the marks that stand around it.
    ///
    /// # Errors
    /// [`PromptError`] if it cannot be encoded.
    fn document(&self, model: &Model, example: &Example, known: bool) -> Result<Vec<Token>, PromptError>;

    /// Most tokens of a stretch.
    fn longest(&self, model: &Model) -> usize;

    /// How many tokens behind a stretch have to be known.
    fn lookahead(&self) -> usize;

    /// Whether a stretch may go on in the next document.
    fn packed(&self) -> bool;

    /// The sample of a stretch, of whose tokens the last [`Self::lookahead`] stand behind it.
    fn sample(&self, model: &Model, tokens: &[Token]) -> Sample;
}

/// A text as a sample of its own, cut where it is longer than one.
///
/// # Errors
/// [`PromptError`] if it cannot be encoded.
pub(super) fn alone(text: &dyn RunningText, model: &Model, example: &Example) -> Result<Sample, PromptError> {
    let mut tokens = text.document(model, example, true)?;
    let most = text.longest(model) + text.lookahead();
    let cut = tokens.len().saturating_sub(most);
    tokens.truncate(most);
    let mut sample = text.sample(model, &tokens);
    sample.passes.iter_mut().for_each(|pass| pass.cut = cut);
    Ok(sample)
}

/// How documents of so many tokens are cut. A document that is no longer than what has to be known behind a stretch
/// teaches nothing and has none.
pub fn stretches(lengths: &[usize], text: &dyn RunningText, model: &Model) -> Vec<Stretch> {
    let longest = text.longest(model).max(1);
    if !text.packed() {
        let of =
            |(document, length): (usize, &usize)| cut((document, 0), length.saturating_sub(text.lookahead()), longest);
        return lengths.iter().enumerate().flat_map(of).collect();
    }
    let all = lengths.iter().sum::<usize>().saturating_sub(text.lookahead());
    let (mut place, mut found) = ((0, 0), Vec::new());
    for begin in (0..all).step_by(longest) {
        found.push(Stretch { document: place.0, token: place.1, tokens: longest.min(all - begin) });
        place = behind(lengths, place, longest);
    }
    found
}

/// The place `tokens` behind `place`, a document and a token of it; a place at the very end of a document is the
/// beginning of the next.
fn behind(lengths: &[usize], (mut document, token): (usize, usize), tokens: usize) -> (usize, usize) {
    let mut token = token + tokens;
    while let Some(length) = lengths.get(document).filter(|length| token >= **length) {
        token -= length;
        document += 1;
    }
    (document, token)
}

fn cut((document, token): (usize, usize), length: usize, longest: usize) -> Vec<Stretch> {
    let stretch = |begin: usize| Stretch { document, token: token + begin, tokens: longest.min(length - begin) };
    (0..length).step_by(longest).map(stretch).collect()
}

/// The tokens of a stretch and those behind it that have to be known; `document` gives the tokens of each.
///
/// # Errors
/// Those of `document`.
pub fn read<'a, E>(
    stretch: Stretch,
    text: &dyn RunningText,
    mut document: impl FnMut(usize) -> Result<Option<Cow<'a, [Token]>>, E>,
) -> Result<Vec<Token>, E> {
    let needed = stretch.tokens + text.lookahead();
    let (mut all, mut number, mut skipped) = (Vec::with_capacity(needed), stretch.document, stretch.token);
    while all.len() < needed {
        let Some(tokens) = document(number)? else { break };
        all.extend(tokens.iter().skip(skipped).take(needed - all.len()));
        (number, skipped) = (number + 1, 0);
        if !text.packed() {
            break;
        }
    }
    Ok(all)
}

/// A text in tokens with the bytes that each of them stands for, without the marks behind it. White space between two
/// tokens is the later one's, since byte-level tokenizers leave it out of their offsets and keep it in their tokens.
///
/// # Errors
/// [`PromptError`] if it cannot be encoded.
pub(super) fn tokens(
    tokens: &Tokens,
    example: &Example,
    known: bool,
    around: Around,
) -> Result<Vec<Token>, PromptError> {
    let text = example.text();
    let pieces = tokens.encode_around(text, 0..text.len(), around)?;
    let mut end = 0;
    let of = |(id, span): (&u32, &(usize, usize))| {
        let begins = span.0 == span.1 && end == 0 && tokens.is_special(*id);
        let bytes = span.1.saturating_sub(end).min(usize::from(u16::MAX)) as u16;
        end = end.max(span.1);
        Token { id: *id, bytes, begins, known, weight: example.weight }
    };
    Ok(pieces.ids.iter().zip(&pieces.spans).map(of).collect())
}

/// The pass of a model that reads these tokens; all of them are text that stands for bytes, marks do not.
pub(super) fn pass(tokens: &[Token]) -> Rendered {
    Rendered {
        ids: tokens.iter().map(|token| token.id).collect(),
        from_text: tokens.iter().map(|token| token.bytes > 0).collect(),
        ..Rendered::default()
    }
}
