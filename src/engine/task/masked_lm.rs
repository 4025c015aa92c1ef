//! Masked tokens of running text: of the tokens of a sample a share is taken, of these four fifths are masked, a tenth
//! is replaced by another token and a tenth left as it is, and all of them are to be told (Devlin et al. 2018, arXiv
//! 1810.04805, §3.1 and appendix A.1). Which ones is drawn anew whenever a sample is met (Liu et al. 2019, arXiv
//! 1907.11692, §4.1), by the run's seed. With whole words a token is taken with all others of its word.

use rand::Rng as _;
use rand::seq::SliceRandom as _;

use super::running_text::{self, RunningText, Token};
use super::{Sample, TokenRow, TokenTask};
use crate::engine::data::Example;
use crate::engine::model::tokens::Around;
use crate::engine::model::{Model, Tokens, init};
use crate::engine::prompt::PromptError;

/// Masked-token prediction of an encoder.
pub struct MaskedLm {
    /// Whether texts stand one behind the other.
    pub packed: bool,
    /// Share of the tokens that is taken.
    pub share: f64,
    /// Whether words are taken whole.
    pub whole_words: bool,
    /// Outcomes that are compared.
    pub outcomes: usize,
    /// The mask.
    mask: u32,
    /// Marks before and behind every sample.
    frame: (Vec<u32>, Vec<u32>),
    /// What a token may be replaced by.
    words: Vec<u32>,
}

impl MaskedLm {
    /// Masked tokens of `model`.
    ///
    /// # Errors
    /// [`PromptError::NoMask`], or if the tokenizer refuses.
    pub fn new(
        model: &Model,
        packed: bool,
        (share, whole_words): (f64, bool),
        outcomes: usize,
    ) -> Result<Self, PromptError> {
        let (_, mask) = model.tokens.mask().ok_or(PromptError::NoMask)?;
        let tokens = &model.tokens;
        let framed = tokens.encode("", true)?.ids;
        let before = tokens.encode_open("")?.ids;
        let behind = framed.get(before.len().min(framed.len())..).unwrap_or_default().to_vec();
        let words = tokens.entries().into_values().filter(|id| !tokens.is_special(*id) && (*id as usize) < outcomes);
        let mut words: Vec<u32> = words.collect();
        words.sort_unstable();
        Ok(Self { packed, share, whole_words, outcomes, mask, frame: frame_of(framed, before, behind), words })
    }
}

/// Marks before and behind a text. What a tokenizer puts around nothing may all count as standing behind it: of two
/// marks one stands before.
fn frame_of(framed: Vec<u32>, before: Vec<u32>, behind: Vec<u32>) -> (Vec<u32>, Vec<u32>) {
    match framed.as_slice() {
        [first, rest @ ..] if before.is_empty() && !rest.is_empty() => (vec![*first], rest.to_vec()),
        _ => (before, behind),
    }
}

impl RunningText for MaskedLm {
    fn document(&self, model: &Model, example: &Example, known: bool) -> Result<Vec<Token>, PromptError> {
        let mut tokens = running_text::tokens(&model.tokens, example, known, Around::Nothing)?;
        if let Some(id) = self.frame.1.last().filter(|_| self.packed) {
            tokens.push(Token { id: *id, bytes: 0, begins: false, known, weight: example.weight });
        }
        Ok(tokens)
    }

    fn longest(&self, model: &Model) -> usize {
        model.max_tokens.saturating_sub(self.frame.0.len() + self.frame.1.len())
    }

    fn lookahead(&self) -> usize {
        0
    }

    fn packed(&self) -> bool {
        self.packed
    }

    /// Every token of the text as a row; which of them are taken is drawn later.
    fn sample(&self, _: &Model, tokens: &[Token]) -> Sample {
        let mark = |id: &u32| Token { id: *id, bytes: 0, begins: true, known: false, weight: 0.0 };
        let tokens = match tokens {
            [text @ .., last] if last.bytes == 0 => text,
            all => all,
        };
        let (before, behind) = &self.frame;
        let framed = before.iter().map(mark).chain(tokens.iter().copied()).chain(behind.iter().map(mark));
        let framed: Vec<Token> = framed.collect();
        let rows = framed.iter().zip(0..).filter(|(token, _)| token.bytes > 0);
        let rows = rows.map(|(token, at)| token.row(at));
        Sample { passes: vec![running_text::pass(&framed)], rows: rows.collect(), ..Sample::default() }
    }
}

impl MaskedLm {
    /// The rows of `sample` in groups of which all or none are taken.
    fn groups(&self, tokens: &Tokens, sample: &Sample) -> Vec<Vec<TokenRow>> {
        let mut groups: Vec<Vec<TokenRow>> = Vec::new();
        for row in &sample.rows {
            let goes_on = self.whole_words
                && groups.last().and_then(|group| group.last()).is_some_and(|last| last.at + 1 == row.at)
                && tokens.word(row.token).is_some_and(|word| continues(&word));
            match groups.last_mut().filter(|_| goes_on) {
                Some(group) => group.push(*row),
                None => groups.push(vec![*row]),
            }
        }
        groups
    }
}

/// Whether a token goes on with the word of the one before it: `##ing` of a WordPiece vocabulary.
fn continues(word: &str) -> bool {
    word.starts_with("##")
}

impl TokenTask for MaskedLm {
    fn outcomes(&self) -> usize {
        self.outcomes
    }

    fn sample_of(&self, model: &Model, example: &Example, draw: u64) -> Result<Sample, PromptError> {
        let sample = running_text::alone(self, model, example)?;
        Ok(self.redrawn(model, &sample, draw).unwrap_or(sample))
    }

    fn running(&self) -> Option<&dyn RunningText> {
        Some(self)
    }

    fn redrawn(&self, model: &Model, sample: &Sample, draw: u64) -> Option<Sample> {
        let mut rng = init::named_rng("masked tokens", draw);
        let mut groups = self.groups(&model.tokens, sample);
        groups.shuffle(&mut rng);
        let wanted = ((sample.rows.len() as f64 * self.share).round() as usize).max(1);
        let mut rows: Vec<TokenRow> = Vec::with_capacity(wanted);
        for group in groups {
            if rows.len() >= wanted {
                break;
            }
            rows.extend(group);
        }
        rows.sort_unstable_by_key(|row| row.at);
        let mut pass = sample.passes.first()?.clone();
        for row in &rows {
            let id = pass.ids.get_mut(row.at as usize)?;
            *id = match rng.random::<f64>() {
                chance if chance < 0.8 => self.mask,
                chance if chance < 0.9 && !self.words.is_empty() => self.words[rng.random_range(0..self.words.len())],
                _ => *id,
            };
        }
        Some(Sample { passes: vec![pass], rows, ..sample.clone() })
    }
}
