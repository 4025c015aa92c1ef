//! A template, cut at its slots once and filled with each text: plainly, or as a message of a chat.

use super::{ChatTemplate, PromptError};
use crate::engine::model::tokens::{Around, Pieces};
use crate::engine::model::{Kind, Model, Tokens};
use crate::session::prompt::{ANSWER_SLOT, TEXT_SLOT};
use crate::session::{Prompt, say};

/// A template cut at its slots.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    before: String,
    between: String,
    /// White space between the last word and the answer; it belongs to the label word, because
    /// byte-level tokenizers glue a space to the word behind it. Without any, the end of the prompt that
    /// grows together with label words, see [`Template::seated`].
    lead: String,
    after: String,
    /// What a chat template writes behind the question; `None` where there is no chat.
    turn: Option<String>,
}

/// What stands right before an answer, as far as it decides how the answer is cut into tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seam {
    /// Text before the answer; empty where the answer is a text of its own.
    pub context: String,
    /// What belongs to the answer: white space, or the end of the prompt where tokens lie across.
    pub lead: String,
}

/// A letter that stands for the text before a seam: some tokenizers mark the start of every text as if a
/// space stood there.
const LETTER: &str = "a";
/// A sign in its place where a letter would grow together with the word behind it.
const SIGN: &str = ".";

/// A prompt in tokens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rendered {
    /// Token ids.
    pub ids: Vec<u32>,
    /// Whether each token comes from the example's text.
    pub from_text: Vec<bool>,
    /// Indices at which the answer is read: the last token of a causal prompt, the masks of a
    /// masked one.
    pub answers: Vec<usize>,
    /// Tokens of the text that were cut.
    pub cut: usize,
}

impl Template {
    /// Cuts a template at its slots.
    ///
    /// # Errors
    /// [`PromptError::Template`] if a slot is missing, doubled, or the answer comes first.
    pub fn parse(template: &str) -> Result<Self, PromptError> {
        if let Some(problem) = Prompt::problem(template) {
            return Err(PromptError::Template(problem));
        }
        let order = || {
            PromptError::Template(say!(
                "{text_slot} must come before {answer_slot}, so that the model has read it",
                text_slot = TEXT_SLOT,
                answer_slot = ANSWER_SLOT
            ))
        };
        let (before, rest) = template.split_once(TEXT_SLOT).ok_or_else(order)?;
        let (between, after) = rest.split_once(ANSWER_SLOT).ok_or_else(order)?;
        let trimmed = between.trim_end();
        let lead = between[trimmed.len()..].to_owned();
        Ok(Self { before: before.into(), between: trimmed.into(), lead, after: after.into(), turn: None })
    }

    /// The same question as the user's message of a chat; the answer begins the assistant's.
    ///
    /// # Errors
    /// [`PromptError::Chat`].
    pub fn in_chat(&self, chat: &ChatTemplate) -> Result<Self, PromptError> {
        let frame = chat.frame()?;
        Ok(Self {
            before: format!("{}{}", frame.before, self.before.trim_start()),
            between: format!("{}{}", self.between, frame.behind),
            lead: frame.lead,
            after: String::new(),
            turn: Some(frame.behind),
        })
    }

    /// As `model` is asked under `prompt`: in its chat template, if it has one and the prompt says so.
    ///
    /// # Errors
    /// As [`ChatTemplate::of`] and [`Self::in_chat`].
    pub fn for_model(self, prompt: &Prompt, model: &Model) -> Result<Self, PromptError> {
        match ChatTemplate::of(model, prompt)? {
            Some(chat) => self.in_chat(&chat),
            None => Ok(self),
        }
    }

    /// Whether a chat template stands around it.
    pub fn is_chat(&self) -> bool {
        self.turn.is_some()
    }

    /// What stands before an answer of a model of `kind`. Masks and white space part an answer from the
    /// prompt; directly behind the prompt's text it is read behind that text, never as a text of its own.
    pub fn seam(&self, kind: Kind) -> Seam {
        let spaced = self.lead.starts_with(char::is_whitespace);
        let context = match &self.turn {
            _ if kind == Kind::EncoderDecoder => return Seam::default(),
            Some(turn) if !turn.is_empty() => turn.clone(),
            _ if spaced => LETTER.to_owned(),
            _ if kind == Kind::Encoder || self.between.is_empty() => SIGN.to_owned(),
            _ => format!("{LETTER}{}", self.between),
        };
        Seam { context, lead: self.lead.clone() }
    }

    /// Cut where every one of `words` can be told from the prompt by whole tokens. Directly behind the
    /// prompt's text a token may lie across the slot, and another one with each word; what such tokens
    /// take of the prompt then belongs to the words. So the words' tokens are those of prompt and word
    /// less those that all of them begin with.
    ///
    /// # Errors
    /// [`PromptError::Tokens`] if a word cannot be encoded.
    ///
    /// # Source
    /// `_encode_pair` of EleutherAI's lm-evaluation-harness, for several continuations at once.
    pub fn seated(mut self, kind: Kind, tokens: &Tokens, words: &[&str]) -> Result<Self, PromptError> {
        if kind != Kind::Decoder || !self.lead.is_empty() || self.between.is_empty() {
            return Ok(self);
        }
        let context = self.seam(kind).context;
        let moved = context.len() - common_end(&context, words, tokens)?;
        let room = self.turn.as_ref().filter(|turn| !turn.is_empty()).map_or(self.between.len(), String::len);
        // A word that grows together with the letter before is told apart by no cut.
        if moved > 0 && moved <= room {
            self.lead = self.between.split_off(self.between.len() - moved);
            self.turn.iter_mut().filter(|turn| !turn.is_empty()).for_each(|turn| turn.truncate(turn.len() - moved));
        }
        Ok(self)
    }

    /// The prompt up to the answer as one text, for a teacher with a tokenizer of its own.
    pub fn question(&self, text: &str) -> String {
        format!("{}{text}{}", self.before, self.between)
    }

    /// A label word as it stands behind the prompt.
    pub fn answer(&self, word: &str) -> String {
        format!("{}{word}", self.lead)
    }

    /// The prompt up to the answer, for a model that reads left to right, in at most `most` tokens.
    ///
    /// # Errors
    /// [`PromptError`] if the template alone does not fit or the text cannot be encoded.
    pub fn causal(&self, text: &str, tokens: &Tokens, most: usize) -> Result<Rendered, PromptError> {
        // A chat template has written the special tokens already.
        let around = if self.is_chat() { Around::Nothing } else { Around::Start };
        let mut rendered = self.fitted(text, &self.between, tokens, most, around)?;
        rendered.answers = rendered.ids.len().checked_sub(1).into_iter().collect();
        Ok(rendered)
    }

    /// The prompt up to the answer as a text of its own, for a model that reads it whole and then
    /// writes the answer.
    ///
    /// # Errors
    /// As [`Self::causal`].
    pub fn read(&self, text: &str, tokens: &Tokens, most: usize) -> Result<Rendered, PromptError> {
        self.fitted(text, &self.between, tokens, most, Around::Both)
    }

    /// What stands behind the answer: a masked model alone reads it.
    pub fn behind_answer(&self) -> &str {
        self.after.trim()
    }

    /// The whole prompt with `masks` mask tokens in the answer slot, for a masked model.
    ///
    /// # Errors
    /// As [`Self::causal`], and [`PromptError::NoMask`].
    pub fn masked(&self, text: &str, masks: usize, tokens: &Tokens, most: usize) -> Result<Rendered, PromptError> {
        let (mask, id) = tokens.mask().ok_or(PromptError::NoMask)?;
        let slot = vec![mask.as_str(); masks].join(" ");
        let behind = format!("{}{}{slot}{}", self.between, self.lead, self.after);
        let mut rendered = self.fitted(text, &behind, tokens, most, Around::Both)?;
        let places = rendered.ids.iter().zip(&rendered.from_text).enumerate();
        rendered.answers = places.filter(|(_, (i, text))| **i == id && !**text).map(|(place, _)| place).collect();
        Ok(rendered)
    }

    /// `before + text + behind` in at most `most` tokens. Tokens may melt across the seams, so the
    /// whole is encoded at once and the text shortened by as many of its tokens as are too many.
    fn fitted(
        &self,
        text: &str,
        behind: &str,
        tokens: &Tokens,
        most: usize,
        around: Around,
    ) -> Result<Rendered, PromptError> {
        let (mut kept, mut cut) = tokens.start(text.trim(), most)?;
        loop {
            let whole = format!("{}{kept}{behind}", self.before);
            let range = self.before.len()..self.before.len() + kept.len();
            let pieces = tokens.encode_around(&whole, range.clone(), around)?;
            let inside = |&(start, end): &(usize, usize)| start < end && start < range.end && end > range.start;
            let from_text: Vec<bool> = pieces.spans.iter().map(inside).collect();
            let over = pieces.ids.len().saturating_sub(most);
            if over == 0 {
                return Ok(Rendered { ids: pieces.ids, from_text, answers: Vec::new(), cut });
            }
            let own: Vec<usize> = pieces.spans.iter().filter(|span| inside(span)).map(|span| span.0).collect();
            if own.len() <= over {
                return Err(PromptError::TooLong { template: pieces.ids.len() - own.len(), most });
            }
            cut += over;
            let end = own[own.len() - over].saturating_sub(self.before.len());
            let shorter = kept[..kept.floor_char_boundary(end.min(kept.len()))].trim_end();
            // A seam token may straddle the cut: make sure that every round gets shorter.
            kept = if shorter.len() < kept.len() { shorter } else { &kept[..kept.floor_char_boundary(kept.len() - 1)] };
        }
    }
}

/// Where in `context` the tokens end that it begins with whatever word of `words` stands behind it.
fn common_end(context: &str, words: &[&str], tokens: &Tokens) -> Result<usize, PromptError> {
    let alone = tokens.encode(context, false)?;
    let behind = words.iter().map(|word| tokens.encode(&format!("{context}{word}"), false));
    let behind = behind.collect::<Result<Vec<_>, _>>()?;
    let alike = |other: &Pieces| alone.ids.iter().zip(&other.ids).take_while(|(a, b)| a == b).count();
    let most = behind.iter().map(alike).min().unwrap_or(alone.ids.len());
    let ends = |pieces: &Pieces, count: usize, end: usize| {
        let before = pieces.spans.iter().take(count).all(|span| span.1 <= end);
        before && pieces.spans.get(count).is_none_or(|span| span.0 >= end)
    };
    // Several tokens may spell one letter: a cut among them is none.
    let place = |count: usize| alone.spans.get(count).map_or(context.len(), |span| span.0);
    let sound = |count: &usize| {
        let end = place(*count);
        std::iter::once(&alone).chain(&behind).all(|pieces| ends(pieces, *count, end))
    };
    Ok((0..=most).rev().find(sound).map_or(0, place))
}
