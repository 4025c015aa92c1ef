//! Two texts as one input: `[CLS] a [SEP] b [SEP]`, or whatever the model's own tokenizer puts around and between
//! them.

use tokenizers::{Encoding, PostProcessor, TruncationParams, truncate_encodings};

use super::{Pieces, Tokens, plain_text, refused, spans};
use crate::engine::model::ModelError;
use crate::session::{Say, say};

/// Two texts in tokens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TwoTexts {
    /// All of it; the byte range of a token is one of its own text.
    pub pieces: Pieces,
    /// Which text each token belongs to, 0 or 1, as the tokenizer says it.
    pub segments: Vec<u32>,
}

impl Tokens {
    /// Two texts of an example with all special tokens around and between them, but at most `most` tokens: of the
    /// longer text the end is cut, and of both once they are as long.
    ///
    /// *Why a tokenizer that parts them by nothing is refused (2026-11).* Its model was never shown two texts, and a
    /// separator of our choice would be one that nobody else puts there: the saved student would be asked otherwise
    /// in every other program.
    ///
    /// # Errors
    /// [`ModelError::Tokens`] if a text cannot be encoded or has a token without a row, or the tokenizer knows no
    /// two texts.
    ///
    /// # Source
    /// transformers' `tokenizer(a, b, truncation="longest_first", max_length=most)` with
    /// `split_special_tokens=True`.
    pub fn encode_two(&self, first: &str, second: &str, most: usize) -> Result<TwoTexts, ModelError> {
        let around = |two| self.inner.get_post_processor().map_or(0, |p| p.added_tokens(two));
        if around(true) <= around(false) {
            return Err(ModelError::Tokens(say!(
                "its tokenizer.json puts nothing between two texts; give its post_processor a template for pairs, or name the second column as text to have both read as one"
            )));
        }
        let (first, rest_of_first) = self.bare(first, most, 0)?;
        let (second, rest_of_second) = self.bare(second, most, 1)?;
        let tokens = first.len() + second.len();
        let (first, second) = fitting(first, second, most.saturating_sub(around(true)))?;
        let cut = tokens - first.len() - second.len() + rest_of_first + rest_of_second;
        let whole = refused(|| self.inner.post_process(first, Some(second), true))?;
        let pieces = self.rowed(Pieces { ids: whole.get_ids().to_vec(), spans: spans(&whole), cut })?;
        Ok(TwoTexts { pieces, segments: whole.get_type_ids().to_vec() })
    }

    /// One of the texts with nothing around it, and how many tokens stand behind what was looked at.
    fn bare(&self, text: &str, most: usize, segment: u32) -> Result<(Encoding, usize), ModelError> {
        let (start, rest) = self.start(text.trim(), most)?;
        let all = 0..start.len();
        let own = std::slice::from_ref(&all);
        let mut bare = refused(|| plain_text::encode(&self.inner, &self.added, start, own, &self.reserved))?;
        bare.set_type_ids(vec![segment; bare.len()]);
        Ok((bare, rest))
    }
}

/// Both in at most `most` tokens.
fn fitting(first: Encoding, second: Encoding, most: usize) -> Result<(Encoding, Encoding), ModelError> {
    let params = TruncationParams { max_length: most, ..TruncationParams::default() };
    let failed =
        |e: tokenizers::Error| ModelError::Tokens(say!("a text cannot be encoded: {reason}", reason = e.said()));
    let (mut first, second) = truncate_encodings(first, Some(second), &params).map_err(failed)?;
    let mut second = second.unwrap_or_default();
    // What was cut off would be put between special tokens as well.
    drop((first.take_overflowing(), second.take_overflowing()));
    Ok((first, second))
}
