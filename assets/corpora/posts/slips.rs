//! Slips of the pen: what people do to a sentence on a telephone.

use super::chance::Chance;
use super::kit::Tongue;
use super::{chinese, frames};

/// A post as it was really typed.
pub fn typed(chance: &mut Chance, tongue: Tongue, text: &str) -> String {
    match tongue {
        Tongue::English => english(chance, text),
        Tongue::Chinese => chinese(chance, text),
    }
}

fn english(chance: &mut Chance, text: &str) -> String {
    let mut text = if chance.percent(30) { text.to_lowercase() } else { text.to_owned() };
    if chance.percent(30) {
        text = text.split(' ').map(|word| slipped(chance, word)).collect::<Vec<_>>().join(" ");
    }
    if chance.percent(15) {
        text = format!("{}{}", text.trim_end_matches(['.', ',']), chance.pick(&["", "...", "!!", " :)", " lol"]));
    }
    if chance.percent(15) {
        text = format!("{text} {}", chance.pick(frames::TAGS));
    }
    text
}

/// One word in twelve loses a letter, swaps two or doubles one; short words are typed safely.
fn slipped(chance: &mut Chance, word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() < 5 || !letters.iter().all(char::is_ascii_alphabetic) || !chance.per_mille(83) {
        return word.to_owned();
    }
    let place = 1 + chance.below(letters.len() - 2);
    match chance.below(3) {
        0 => drop(letters.remove(place)),
        1 => letters.swap(place, place + 1),
        _ => letters.insert(place, letters.get(place).copied().unwrap_or_default()),
    }
    letters.into_iter().collect()
}

fn chinese(chance: &mut Chance, text: &str) -> String {
    let mut text = text.to_owned();
    if chance.percent(20) {
        text = text.replace(['，', '。'], " ").trim_end().to_owned();
    } else if chance.percent(15) {
        text = format!("{}{}", text.trim_end_matches('。'), chance.pick(&["！", "……", "哈哈", "～"]));
    }
    if chance.percent(15) {
        text = format!("{text} {}", chance.pick(chinese::TAGS));
    }
    text
}
