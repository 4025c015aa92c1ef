//! What a person most likely meant by a name that does not exist.

use crate::session::{Sentence, say};

/// ` (did you mean "…"?)` of the name among `known` that is nearest to `word`, or nothing where none is near:
/// the same letters in another case, or at most one in three of them changed.
pub fn suggested(word: &str, known: &[&str]) -> Sentence {
    nearest(word, known).map_or_else(Sentence::default, meant)
}

/// ` (did you mean "…"?)` of what was most likely meant.
pub fn meant(name: impl std::fmt::Debug) -> Sentence {
    say!(" (did you mean {name}?)", name = format_args!("{name:?}"))
}

/// The name among `known` that is nearest to `word`, where one is near.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let apart = |name: &str| distance(&folded(word), &folded(name));
    let (apart, name) = known.iter().map(|name| (apart(name), *name)).min_by_key(|(apart, _)| *apart)?;
    (apart <= word.chars().count() / 3).then_some(name)
}

/// Case, and how words are joined, are slips of no weight.
fn folded(word: &str) -> Vec<char> {
    let joined = |c: char| if matches!(c, '_' | '-' | ' ') { ' ' } else { c };
    word.trim().to_lowercase().chars().map(joined).collect()
}

/// Letters to put in, leave out or change to turn `a` into `b`.
///
/// # Source
/// Wagner, Fischer 1974, "The string-to-string correction problem".
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let changed = corner + usize::from(left != right);
            corner = row[j + 1];
            row[j + 1] = changed.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_another_word_none() {
        let known = ["negative", "positive", "soft_targets.temperature"];
        for (word, meant) in [
            ("Positive", "positive"),
            (" positive", "positive"),
            ("postive", "positive"),
            ("negativ", "negative"),
            ("soft-targets.temprature", "soft_targets.temperature"),
        ] {
            assert_eq!(suggested(word, &known), format!(" (did you mean {meant:?}?)"), "{word}");
        }
        for word in ["neutral", "", "7", "体育"] {
            assert_eq!(suggested(word, &known), "", "{word}");
        }
        assert_eq!(suggested("体育新", &["体育", "财经"]), " (did you mean \"体育\"?)");
        assert_eq!(suggested("a", &[]), "");
    }

    #[test]
    fn distances_count_single_letters() {
        let apart = |a: &str, b: &str| distance(&folded(a), &folded(b));
        assert_eq!([apart("", "abc"), apart("abc", ""), apart("kitten", "sitting"), apart("ab", "ba")], [3, 3, 3, 2]);
    }
}
