//! A prompt with the texts of an example in its slots, in as many tokens as a model reads: words of the prompt are
//! never cut, and of the texts always the longest.

use std::ops::Range;

use super::PromptError;
use crate::engine::model::Tokens;
use crate::engine::model::tokens::Around;

/// A prompt in tokens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rendered {
    /// Token ids.
    pub ids: Vec<u32>,
    /// Whether each token comes from one of the example's texts.
    pub from_text: Vec<bool>,
    /// Indices at which the answer is read: the last token of a causal prompt, the masks of a
    /// masked one.
    pub answers: Vec<usize>,
    /// Tokens of the example's texts that were cut.
    pub cut: usize,
    /// Which of two texts each token belongs to, 0 or 1, for a model that is told; empty where all are 0.
    pub segments: Vec<u32>,
}

/// A prompt whose slots are filled.
pub(super) struct Filled<'a> {
    /// Words and the text behind them.
    pub(super) texts: Vec<(String, &'a str)>,
    /// The words behind the last text.
    pub(super) tail: String,
}

impl Filled<'_> {
    /// All of it with only so much of each text, and where in it these stand.
    fn with(&self, kept: &[&str]) -> (String, Vec<Range<usize>>) {
        let (mut whole, mut places) = (String::new(), Vec::new());
        for ((words, _), text) in self.texts.iter().zip(kept) {
            whole.push_str(words);
            places.push(whole.len()..whole.len() + text.len());
            whole.push_str(text);
        }
        (whole + &self.tail, places)
    }

    /// All of it in at most `most` tokens. Tokens may melt across the seams, so the whole is encoded at once and the
    /// texts shortened by as many of their tokens as are too many.
    ///
    /// # Errors
    /// [`PromptError`] if the words alone do not fit or a text cannot be encoded.
    pub(super) fn fitted(&self, tokens: &Tokens, most: usize, around: Around) -> Result<Rendered, PromptError> {
        self.placed(tokens, most, around).map(|(rendered, _)| rendered)
    }

    /// As [`Self::fitted`], and the tokens that come from the last of the texts, with the bytes of it that are left.
    ///
    /// # Errors
    /// As [`Self::fitted`].
    pub(super) fn placed(
        &self,
        tokens: &Tokens,
        most: usize,
        around: Around,
    ) -> Result<(Rendered, (Vec<usize>, usize)), PromptError> {
        let starts = self.texts.iter().map(|(_, text)| tokens.start(text.trim(), most));
        let (mut kept, cuts): (Vec<&str>, Vec<usize>) = starts.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        let mut cut = cuts.iter().sum();
        loop {
            let (whole, places) = self.with(&kept);
            let pieces = tokens.encode_owned(&whole, &places, around)?;
            let from_text: Vec<bool> =
                pieces.spans.iter().map(|span| places.iter().any(|at| inside(span, at))).collect();
            let over = pieces.ids.len().saturating_sub(most);
            if over == 0 {
                let last = places.last().cloned().unwrap_or_default();
                let own = pieces.spans.iter().enumerate().filter(|(_, span)| inside(span, &last));
                let own = own.map(|(place, _)| place).collect();
                return Ok((Rendered { ids: pieces.ids, from_text, cut, ..Rendered::default() }, (own, last.len())));
            }
            let own = from_text.iter().filter(|own| **own).count();
            if own <= over {
                return Err(PromptError::TooLong { template: pieces.ids.len() - own, most });
            }
            cut += over;
            kept = shortened(&kept, &places, &pieces.spans, over);
        }
    }
}

fn inside(span: &(usize, usize), place: &Range<usize>) -> bool {
    span.0 < span.1 && span.0 < place.end && span.1 > place.start
}

/// The texts without the last `over` tokens that they have at `places` of the prompt whose tokens are `spans`.
fn shortened<'a>(kept: &[&'a str], places: &[Range<usize>], spans: &[(usize, usize)], over: usize) -> Vec<&'a str> {
    let starts = |place| spans.iter().filter(|span| inside(span, place)).map(|span| span.0).collect::<Vec<_>>();
    let starts: Vec<Vec<usize>> = places.iter().map(starts).collect();
    let lengths: Vec<usize> = starts.iter().map(Vec::len).collect();
    let fitting = longest_first(&lengths, lengths.iter().sum::<usize>().saturating_sub(over));
    let texts = kept.iter().zip(places).zip(starts.iter().zip(fitting));
    let shortened = texts.map(|((text, place), (starts, fitting))| match starts.get(fitting) {
        Some(end) => shorter(text, end.saturating_sub(place.start)),
        None => text,
    });
    shortened.collect()
}

/// `text` up to byte `end`, but at least one letter less.
fn shorter(text: &str, end: usize) -> &str {
    let shorter = text[..text.floor_char_boundary(end.min(text.len()))].trim_end();
    // A token of the seam may lie across the cut: every round has to make it shorter.
    let less = text.floor_char_boundary(text.len().saturating_sub(1));
    if shorter.len() < text.len() { shorter } else { &text[..less] }
}

/// How many of each are kept where `most` may be in all: always the longest loses its last one, of several that are
/// as long the last of them.
///
/// # Source
/// `truncation="longest_first"` of transformers' `PreTrainedTokenizerBase.truncate_sequences`, for any number of
/// texts.
pub(super) fn longest_first(lengths: &[usize], most: usize) -> Vec<usize> {
    let all_at = |level: usize| lengths.iter().map(|length| *length.min(&level)).sum::<usize>();
    let (mut level, mut above) = (0, lengths.iter().max().map_or(0, |longest| longest + 1));
    while level + 1 < above {
        let middle = level.midpoint(above);
        if all_at(middle) <= most { level = middle } else { above = middle }
    }
    let mut spare = most.saturating_sub(all_at(level));
    let kept = |length: &usize| {
        let more = usize::from(*length > level && spare > 0);
        spare -= more;
        *length.min(&level) + more
    };
    lengths.iter().map(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_loses_its_last_until_all_fit() {
        let one_by_one = |lengths: &[usize], most: usize| {
            let mut kept = lengths.to_vec();
            while kept.iter().sum::<usize>() > most {
                let longest = (0..kept.len()).max_by_key(|place| kept[*place]).unwrap();
                kept[longest] -= 1;
            }
            kept
        };
        for lengths in [&[9][..], &[5, 5], &[7, 2], &[2, 7, 7], &[0, 3, 3, 9], &[]] {
            for most in 0..=lengths.iter().sum::<usize>() + 1 {
                assert_eq!(longest_first(lengths, most), one_by_one(lengths, most), "{lengths:?} {most}");
            }
        }
    }
}
