//! The corpus `posts`: short posts over eight topics, made from phrases written for this project.
//!
//! *Why contrasts (2026-11).* If a post named only its own topic, counting words would solve it
//! and a teacher would have nothing to teach. So more than half of the posts name two or three
//! topics equally often, and only the construction says which one the post is about.
//!
//! Deliberately not here: file formats and tokenizers; they are in the program that writes them.

pub mod chance;
mod chinese;
pub mod compose;
mod frames;
pub mod kit;
mod slips;
mod topics;
pub mod vocabulary;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use chance::Chance;
use compose::Composer;
use kit::Tongue;

/// The class names, which are also the label words.
pub const CLASSES: [&str; 8] =
    ["music", "cooking", "travel", "sport", "gardening", "computers", "money", "home repair"];

/// Name and size of each part, in the order of the file.
pub const PARTS: [(&str, usize); 3] = [("train", 8000), ("validation", 800), ("test", 1200)];

/// The seed of the corpus that ships.
pub const SEED: u64 = 20_261;

/// Out of a hundred posts, how many are Chinese.
const CHINESE_PERCENT: usize = 17;

/// Out of a thousand training posts, how many carry a wrong label.
const WRONG_LABELS_PER_MILLE: usize = 25;

/// Fewest and most words of an English post, and characters of a Chinese one.
const ENGLISH_WORDS: std::ops::RangeInclusive<usize> = 12..=45;
const CHINESE_CHARACTERS: std::ops::RangeInclusive<usize> = 15..=80;

/// One line of the corpus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// `train`, `validation` or `test`.
    pub part: String,
    /// One of [`CLASSES`].
    pub label: String,
    /// The text.
    pub text: String,
}

/// The whole corpus that belongs to `seed`. No two posts share their core sentence, so nothing of
/// the test part can be learned by heart.
pub fn corpus(seed: u64) -> Vec<Post> {
    let mut chance = Chance::new(seed);
    let mut known = BTreeSet::new();
    PARTS.iter().flat_map(|(part, size)| make_part(&mut chance, &mut known, part, *size)).collect()
}

fn make_part(chance: &mut Chance, known: &mut BTreeSet<String>, part: &str, size: usize) -> Vec<Post> {
    let mut posts: Vec<Post> = (0..size)
        .map(|i| {
            let class = i % CLASSES.len();
            let text = new_text(chance, known, class);
            let wrong = part == "train" && chance.per_mille(WRONG_LABELS_PER_MILLE);
            let shown = if wrong { (class + 1 + chance.below(CLASSES.len() - 1)) % CLASSES.len() } else { class };
            Post { part: part.to_owned(), label: CLASSES.get(shown).copied().unwrap_or_default().to_owned(), text }
        })
        .collect();
    chance.shuffle(&mut posts);
    posts
}

/// A text whose core sentence was not used before.
fn new_text(chance: &mut Chance, known: &mut BTreeSet<String>, class: usize) -> String {
    loop {
        let tongue = if chance.percent(CHINESE_PERCENT) { Tongue::Chinese } else { Tongue::English };
        let (core, text) = Composer::new(chance, tongue, class).post();
        let fits = match tongue {
            Tongue::English => ENGLISH_WORDS.contains(&text.split_whitespace().count()),
            Tongue::Chinese => CHINESE_CHARACTERS.contains(&text.chars().count()),
        };
        if fits && known.insert(core) {
            return slips::typed(chance, tongue, &text);
        }
    }
}

/// The corpus as JSON Lines.
///
/// # Errors
/// If a post cannot be written as JSON.
pub fn json_lines(posts: &[Post]) -> Result<String, serde_json::Error> {
    posts.iter().map(|post| serde_json::to_string(post).map(|line| line + "\n")).collect()
}
