//! Texts of plain ASCII for a BERT normaliser, of which most of BERT's texts are: all it does with them is to write
//! small letters, and to look up each character in three tables before, which was 30 of 100 samples of a profile of
//! such texts on their way into tokens. Without it every token stands where it stood.

use std::borrow::Cow;

use tokenizers::normalizers::BertNormalizer;
use tokenizers::{Encoding, NormalizerWrapper, Result, Tokenizer};

use crate::engine::model::plain_text::AddedTokens;

/// A tokenizer without its normaliser, for texts that it would only write in small letters.
pub struct Ascii {
    inner: Tokenizer,
    lowers: bool,
    /// What a text may consist of: nothing that the normaliser takes out, and no beginning of an added token.
    plain: [bool; 128],
}

impl Ascii {
    /// For a tokenizer whose normaliser is BERT's and nothing else.
    pub fn of(tokenizer: &Tokenizer, added: &AddedTokens) -> Option<Self> {
        let Some(NormalizerWrapper::BertNormalizer(BertNormalizer { lowercase, .. })) = tokenizer.get_normalizer()
        else {
            return None;
        };
        let mut plain = std::array::from_fn(|byte| matches!(byte as u8, b'\t' | b'\n' | b'\r' | b' '..=b'~'));
        for first in added.first_bytes()? {
            for byte in [first.to_ascii_lowercase(), first.to_ascii_uppercase()] {
                plain.get_mut(usize::from(byte)).into_iter().for_each(|plain| *plain = false);
            }
        }
        let mut inner = tokenizer.clone();
        inner.with_normalizer(None::<NormalizerWrapper>).ok()?;
        Some(Self { inner, lowers: *lowercase, plain })
    }

    /// The tokens of `text`, as the tokenizer itself gives them; `None` for a text that is not plain.
    pub fn encode(&self, text: &str, special: bool) -> Option<Result<Encoding>> {
        if !text.bytes().all(|byte| self.plain.get(usize::from(byte)).is_some_and(|plain| *plain)) {
            return None;
        }
        let text = if self.lowers { Cow::Owned(text.to_ascii_lowercase()) } else { Cow::Borrowed(text) };
        Some(self.inner.encode(&*text, special))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn tokenizer(lowercase: bool, added: &[&str]) -> Tokenizer {
        let words = [
            "[UNK]", "[CLS]", "[SEP]", "a", "b", "##a", "##b", "ab", "##ab", "A", "##B", ",", ".", "'", "[", "]",
            "cls", "1",
        ];
        let vocab: serde_json::Map<String, Value> =
            words.iter().enumerate().map(|(id, word)| ((*word).to_owned(), id.into())).collect();
        let token = |(id, content): (usize, &&str)| {
            json!({ "id": id + 100, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": true })
        };
        let added: Vec<Value> = added.iter().enumerate().map(token).collect();
        let text = json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": added,
            "normalizer": { "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                "strip_accents": null, "lowercase": lowercase },
            "pre_tokenizer": { "type": "BertPreTokenizer" },
            "post_processor": { "type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1] },
            "decoder": null,
            "model": { "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100, "vocab": vocab },
        });
        text.to_string().parse().unwrap()
    }

    fn ascii(tokenizer: &Tokenizer) -> Ascii {
        Ascii::of(tokenizer, &AddedTokens::of(tokenizer)).unwrap()
    }

    proptest! {
        #[test]
        fn a_plain_text_has_the_tokens_that_the_library_gives_it(
            text in "[abABéſK \t\r\n\u{b}\u{7f}\0,.'1\\[\\]<clsCLS]{0,40}",
            lowercase in any::<bool>(),
            special in any::<bool>(),
        ) {
            let tokenizer = tokenizer(lowercase, &["[CLS]", "[SEP]", "[UNK]"]);
            if let Some(quick) = ascii(&tokenizer).encode(&text, special) {
                prop_assert_eq!(quick.unwrap(), tokenizer.encode(&*text, special).unwrap());
            }
        }
    }

    #[test]
    fn which_texts_are_plain() {
        let tokenizer = tokenizer(true, &["[CLS]", "bA"]);
        for (text, is_plain) in [
            ("A, a.\r\n\t1", true),
            ("", true),
            ("é", false),
            ("a\u{b}a", false),
            ("a\0", false),
            ("a\u{7f}", false),
            ("x [CLS", false),
            ("baa", false),
            ("Baa", false),
        ] {
            assert_eq!(ascii(&tokenizer).encode(text, true).is_some(), is_plain, "{text:?}");
        }
    }

    #[test]
    fn another_normaliser_has_no_short_way() {
        let mut other = tokenizer(true, &[]);
        other.with_normalizer(Some(tokenizers::normalizers::Lowercase)).unwrap();
        assert!(Ascii::of(&other, &AddedTokens::of(&other)).is_none());
        let mut normalized = tokenizer(true, &[]);
        normalized.add_tokens([tokenizers::AddedToken::from("Foo", false)]).unwrap();
        assert!(Ascii::of(&normalized, &AddedTokens::of(&normalized)).is_none());
    }
}
