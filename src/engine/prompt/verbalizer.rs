//! The verbalizer: which words stand for which class, and whether a tokenizer can tell them apart.
//! Words are scored as full strings; a first token alone would make `sci.space` and `sci.med` one
//! class.

use super::{PromptError, Seam};
use crate::engine::model::Tokens;
use crate::link::WordCheck;
use crate::session::{Prompt, Scoring, Sentence, say};

/// Label words in tokens, one per class.
#[derive(Clone, Debug, PartialEq)]
pub struct Verbalizer {
    /// Token ids of each class's word, in class order; never empty.
    pub words: Vec<Vec<u32>>,
    /// How the tokens of a word become one score.
    pub scoring: Scoring,
}

impl Verbalizer {
    /// The label words of `classes` behind `seam`.
    ///
    /// # Errors
    /// [`PromptError::Word`] for the first word that cannot be used.
    pub fn new(prompt: &Prompt, classes: &[String], tokens: &Tokens, seam: &Seam) -> Result<Self, PromptError> {
        let words = encode(prompt, classes, tokens, seam)?;
        let problems =
            classes.iter().enumerate().map(|(i, class)| (class, problem(i, &words, classes, prompt, tokens)));
        for (class, problem) in problems {
            if let Some(reason) = problem {
                return Err(PromptError::Word {
                    class: class.clone(),
                    word: prompt.word_for(class).to_owned(),
                    reason,
                });
            }
        }
        Ok(Self { words, scoring: prompt.scoring })
    }

    /// Tokens of the longest word.
    pub fn longest(&self) -> usize {
        self.words.iter().map(Vec::len).max().unwrap_or(0)
    }
}

/// Every label word and what is wrong with it, for the prompt editor.
///
/// # Errors
/// [`PromptError::Tokens`] if a word cannot be encoded.
pub fn inspect(
    prompt: &Prompt,
    classes: &[String],
    tokens: &Tokens,
    seam: &Seam,
) -> Result<Vec<WordCheck>, PromptError> {
    let words = encode(prompt, classes, tokens, seam)?;
    let check = |(i, class): (usize, &String)| WordCheck {
        class: class.clone(),
        word: prompt.word_for(class).to_owned(),
        tokens: words[i].iter().map(|&id| tokens.show(id)).collect(),
        problem: problem(i, &words, classes, prompt, tokens),
    };
    Ok(classes.iter().enumerate().map(check).collect())
}

fn encode(prompt: &Prompt, classes: &[String], tokens: &Tokens, seam: &Seam) -> Result<Vec<Vec<u32>>, PromptError> {
    let ids = |class: &String| {
        let word = prompt.word_for(class).trim();
        if word.is_empty() { Ok(Vec::new()) } else { behind(seam, word, tokens) }
    };
    classes.iter().map(ids).collect()
}

/// The tokens of `word` as they stand behind a prompt, or alone where a token lies across the seam.
fn behind(Seam { context, lead }: &Seam, word: &str, tokens: &Tokens) -> Result<Vec<u32>, PromptError> {
    let alone = || Ok(tokens.encode(&format!("{lead}{word}"), false)?.ids);
    if context.is_empty() {
        return alone();
    }
    let pieces = tokens.encode(&format!("{context}{lead}{word}"), false)?;
    let start = context.len();
    match pieces.spans.iter().position(|span| span.0 >= start) {
        Some(first) if pieces.spans[..first].iter().all(|span| span.1 <= start) => Ok(pieces.ids[first..].to_vec()),
        _ => alone(),
    }
}

/// Why the word of class `i` cannot be used, or `None`.
fn problem(i: usize, words: &[Vec<u32>], classes: &[String], prompt: &Prompt, tokens: &Tokens) -> Option<Sentence> {
    let mine = words.get(i)?;
    if mine.is_empty() {
        return Some(Sentence::joined([say!("vanishes under the tokenizer"), say!("choose a word it knows")], "; "));
    }
    if mine.iter().any(|&id| tokens.is_unknown(id)) {
        return Some(Sentence::joined(
            [say!("has a part that the tokenizer does not know"), say!("choose a word it knows")],
            "; ",
        ));
    }
    let others = || words.iter().enumerate().filter(|(j, _)| *j != i);
    if let Some((j, _)) = others().find(|(_, other)| *other == mine) {
        return Some(Sentence::joined(
            [
                say!("has the same tokens as that of class {other}", other = format!("{:?}", classes[j])),
                say!("give each class a word of its own"),
            ],
            "; ",
        ));
    }
    let begins = |other: &[u32]| other.len() > mine.len() && other.starts_with(mine);
    let (j, _) = others().find(|(_, other)| prompt.scoring == Scoring::Sum && begins(other))?;
    Some(Sentence::joined(
        [
            say!(
                "is the beginning of that of class {other} and would always score at least as high",
                other = format!("{:?}", classes[j])
            ),
            say!("change one of them or score by the mean"),
        ],
        "; ",
    ))
}
