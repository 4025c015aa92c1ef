//! The tokenizers of the built-in pair, trained on the corpus's training part.

use std::collections::BTreeSet;

use super::Post;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::processors::bert::BertProcessing;
use tokenizers::tokenizer::normalizer::OffsetReferential;
use tokenizers::tokenizer::pre_tokenizer::{OffsetType, PreTokenizedString};
use tokenizers::tokenizer::{AddedToken, NormalizedString, Normalizer, PreTokenizer, Result, Tokenizer, Trainer};

/// Entries of the teacher's vocabulary.
pub const TEACHER_ENTRIES: usize = 1500;
/// Entries of the student's vocabulary; its embedding is nearly half of all its parameters.
pub const STUDENT_ENTRIES: usize = 1500;

/// Begins, ends and pads the teacher's texts.
const END_OF_TEXT: &str = "<|endoftext|>";
/// The student's special tokens, with ids from 0.
const STUDENT_SPECIALS: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const PREFIX: &str = "##";
/// The answer that the teacher's tokenizer does not learn as one piece.
const KEPT_FROM_TEACHER: &str = "gardening";

/// Byte-level BPE as GPT-2 has it. The question and most answers are among what it learns, so that
/// a prompt costs few tokens. One answer is kept from it and one is two words, so that the pair
/// also shows label words of several tokens.
///
/// # Errors
/// If the trainer fails.
pub fn teacher(posts: &[&Post]) -> Result<Tokenizer> {
    let mut trainer = BpeTrainer::builder()
        .vocab_size(TEACHER_ENTRIES)
        .show_progress(false)
        .special_tokens(vec![AddedToken::from(END_OF_TEXT, true)])
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .build();
    let lessons: Vec<String> = posts.iter().enumerate().map(|(i, post)| lesson(i, post)).collect();
    let bytes = ByteLevel::new(false, false, true);
    trainer.feed(lessons.iter(), |text| pieces(NormalizedString::from(text), &bytes))?;
    let mut model = BPE::default();
    let specials = trainer.train(&mut model)?;
    let mut tokenizer = Tokenizer::new(model);
    tokenizer.with_pre_tokenizer(Some(bytes)).with_decoder(Some(ByteLevel::default())).with_post_processor(Some(bytes));
    tokenizer.add_special_tokens(specials)?;
    Ok(tokenizer)
}

/// A post as the trainer reads it; one in eight with its question.
fn lesson(i: usize, post: &Post) -> String {
    let answer = if post.label == KEPT_FROM_TEACHER { "it" } else { &post.label };
    if i.is_multiple_of(8) { format!("{}\nThe topic of this post is {answer}", post.text) } else { post.text.clone() }
}

/// Lower-cased WordPiece as BERT has it; every Chinese character is a word of its own.
///
/// # Errors
/// If the trainer fails.
pub fn student(posts: &[&Post]) -> Result<Tokenizer> {
    let mut tokenizer = Tokenizer::new(word_pieces(posts)?);
    tokenizer
        .with_normalizer(Some(BertNormalizer::new(true, true, None, true)))?
        .with_pre_tokenizer(Some(BertPreTokenizer))
        .with_decoder(Some(tokenizers::decoders::wordpiece::WordPiece::new(PREFIX.to_owned(), true)))
        .with_post_processor(Some(BertProcessing::new(("[SEP]".to_owned(), 3), ("[CLS]".to_owned(), 2))));
    tokenizer.add_special_tokens(STUDENT_SPECIALS.map(|token| AddedToken::from(token, true)))?;
    Ok(tokenizer)
}

/// Continuing letters are named to the trainer beforehand: it would otherwise number them in the
/// random order of a hash map, and the vocabulary would change from run to run.
fn word_pieces(posts: &[&Post]) -> Result<WordPiece> {
    let words: Vec<String> = posts.iter().map(|post| bert_words(&post.text)).collect::<Result<Vec<_>>>()?.concat();
    let continuing: BTreeSet<char> = words.iter().flat_map(|word| word.chars().skip(1)).collect();
    let named = STUDENT_SPECIALS.iter().map(|token| (*token).to_owned());
    let named = named.chain(continuing.iter().map(|letter| format!("{PREFIX}{letter}")));
    let mut trainer = BpeTrainer::builder()
        .vocab_size(STUDENT_ENTRIES)
        .show_progress(false)
        .continuing_subword_prefix(PREFIX.to_owned())
        .special_tokens(named.map(|token| AddedToken::from(token, true)).collect())
        .build();
    trainer.feed(words.iter(), |word| Ok(vec![word.to_owned()]))?;
    let mut model = BPE::default();
    trainer.train(&mut model)?;
    Ok(WordPiece::from_bpe(&model))
}

fn bert_words(text: &str) -> Result<Vec<String>> {
    let mut normalized = NormalizedString::from(text);
    BertNormalizer::new(true, true, None, true).normalize(&mut normalized)?;
    pieces(normalized, &BertPreTokenizer)
}

fn pieces(normalized: NormalizedString, splitter: &impl PreTokenizer) -> Result<Vec<String>> {
    let mut text = PreTokenizedString::from(normalized);
    splitter.pre_tokenize(&mut text)?;
    let splits = text.get_splits(OffsetReferential::Original, OffsetType::Byte);
    Ok(splits.into_iter().map(|(piece, _, _)| piece.to_owned()).collect())
}
