//! From a server's log-probabilities to scores of label words.

use serde_json::Value;

use super::pieces::{self, readings};
use crate::session::Scoring;

/// The likeliest next tokens.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Alternatives(pub(super) Vec<Alternative>);

/// One of the likeliest next tokens.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Alternative {
    /// As the server writes it.
    pub(super) token: String,
    /// Ways to read it, as bytes, trimmed.
    readings: Vec<Vec<u8>>,
    /// Its probability, in [0, 1].
    pub(super) mass: f64,
}

/// Scores from first tokens.
#[derive(Debug, PartialEq)]
pub(super) struct Shared {
    /// Log-probabilities in class order, not yet scaled to sum to 1.
    pub(super) scores: Vec<f32>,
    /// Words that no alternative begins.
    pub(super) floored: usize,
    /// Probability of the alternatives that begin a word, in [0, 1].
    pub(super) mass: f64,
    /// Of that, the probability of those that begin several words alike, and the likeliest of them with two
    /// of its words.
    pub(super) alike: f64,
    pub(super) pair: Option<(String, usize, usize)>,
}

impl Alternative {
    fn new(token: &str, bytes: Option<&[u8]>, value: f64) -> Self {
        Self { token: token.to_owned(), readings: readings(token, bytes), mass: value.exp() }
    }

    /// An entry of a list: `{token, logprob, bytes}`, by whichever names a server gives them.
    fn of_entry(entry: &Value) -> Option<Self> {
        let token = ["token", "decoded_token", "text"].iter().find_map(|name| entry.get(*name)?.as_str())?;
        let value = entry.get("logprob")?.as_f64()?;
        let bytes: Option<Vec<u8>> = entry.get("bytes").and_then(Value::as_array).and_then(|bytes| {
            bytes.iter().map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok())).collect()
        });
        Some(Self::new(token, bytes.as_deref(), value))
    }

    /// The words that it begins: in their own case, else in any. What stands behind a whole word is its
    /// punctuation.
    fn begun(&self, words: &[Vec<u8>]) -> Vec<usize> {
        let of = |begins: &dyn Fn(&[u8], &[u8]) -> bool| -> Vec<usize> {
            let any = |word: &[u8]| self.readings.iter().any(|reading| begins(word, reading));
            words.iter().enumerate().filter(|(_, word)| any(word)).map(|(place, _)| place).collect()
        };
        let exact = of(&|word, reading| word.starts_with(reading) || word == without_punctuation(reading));
        if !exact.is_empty() {
            return exact;
        }
        of(&|word, reading| {
            let (word, reading) = (lower(word), lower(reading));
            word.starts_with(&reading) || word == without_punctuation(&reading)
        })
    }
}

fn without_punctuation(reading: &[u8]) -> &[u8] {
    let Ok(text) = std::str::from_utf8(reading) else { return reading };
    text.trim_end_matches(|c: char| !c.is_alphanumeric()).as_bytes()
}

fn lower(bytes: &[u8]) -> Vec<u8> {
    std::str::from_utf8(bytes).map_or_else(|_| bytes.to_vec(), |text| text.to_lowercase().into_bytes())
}

impl Alternatives {
    /// The alternatives of a completions answer: `{token: logprob}`, or a list as of a chat.
    pub(super) fn of_completion(choice: &Value) -> Option<Self> {
        match choice.pointer("/logprobs/top_logprobs/0") {
            Some(Value::Object(first)) => {
                let pairs = first.iter().filter_map(|(token, value)| {
                    // Some give an object with the value in it.
                    let value = value.as_f64().or_else(|| value.get("logprob")?.as_f64())?;
                    Some(Alternative::new(token, None, value))
                });
                Self::sound(pairs.collect())
            }
            Some(Value::Array(list)) => Self::sound(list.iter().filter_map(Alternative::of_entry).collect()),
            _ => Self::of_chat(choice),
        }
    }

    /// The alternatives of a chat answer: `[{token, logprob}]`.
    pub(super) fn of_chat(choice: &Value) -> Option<Self> {
        let first = choice.pointer("/logprobs/content/0/top_logprobs")?.as_array()?;
        Self::sound(first.iter().filter_map(Alternative::of_entry).collect())
    }

    fn sound(found: Vec<Alternative>) -> Option<Self> {
        let sound = !found.is_empty() && found.iter().all(|one| one.mass <= 1.001);
        sound.then_some(Self(found))
    }

    /// Gives each word the probability of the alternatives that begin it (an alternative that begins
    /// several is shared evenly); the words that none begins share what is left, and no such word
    /// gets more than the least likely alternative, for else it would have been among them.
    pub(super) fn shared_among(&self, words: &[String]) -> Shared {
        let words: Vec<Vec<u8>> = words.iter().map(|word| word.trim().as_bytes().to_vec()).collect();
        let mut masses = vec![0f64; words.len()];
        let (mut mass, mut alike, mut pair) = (0.0, 0.0, None::<(f64, (String, usize, usize))>);
        for one in &self.0 {
            let begun = one.begun(&words);
            begun.iter().for_each(|word| masses[*word] += one.mass / begun.len() as f64);
            mass += if begun.is_empty() { 0.0 } else { one.mass };
            if let [a, b, ..] = begun.as_slice() {
                alike += one.mass;
                if pair.as_ref().is_none_or(|(most, _)| one.mass > *most) {
                    pair = Some((one.mass, (pieces::shown(&one.token), *a, *b)));
                }
            }
        }
        let known: f64 = self.0.iter().map(|one| one.mass).sum();
        let least = self.0.iter().map(|one| one.mass).fold(1.0, f64::min);
        let missing = (1.0 - known).clamp(0.0, 1.0);
        let floored = masses.iter().filter(|mass| **mass == 0.0).count();
        let floor = (missing / floored.max(1) as f64).min(least).max(1e-9);
        let scores = masses.iter().map(|mass| mass.max(if *mass == 0.0 { floor } else { 0.0 }).ln() as f32).collect();
        Shared { scores, floored, mass: mass.min(1.0), alike, pair: pair.map(|(_, pair)| pair) }
    }
}

/// The score of what stands behind the first `start` characters of an echoed prompt, or `None` where
/// the server did not score it. A token that lies across the seam belongs to the answer; what the
/// server wrote behind the prompt does not.
pub(super) fn behind(choice: &Value, prompt: &str, start: usize, scoring: Scoring) -> Option<f32> {
    let values = choice.pointer("/logprobs/token_logprobs")?.as_array()?;
    let starts = by_tokens(choice, prompt).or_else(|| by_offsets(choice))?;
    let (start, length) = (start as i64, prompt.chars().count() as i64);
    let ends = starts.iter().skip(1).copied().chain([i64::MAX]);
    let places = starts.iter().zip(ends);
    let inside = values.iter().zip(places).filter(|(_, (from, to))| *to > start && **from < length);
    let own: Vec<f64> = inside.map(|(value, _)| value.as_f64()).collect::<Option<_>>()?;
    let sum: f64 = own.iter().sum();
    (!own.is_empty() && sum.is_finite()).then_some(match scoring {
        Scoring::Sum => sum as f32,
        Scoring::Mean => (sum / own.len() as f64) as f32,
    })
}

/// Where each token begins in the prompt, in characters, found by reading the tokens one behind the
/// other: servers differ in whether a start token or the space that some tokenizers put before a
/// text is counted. `None` where the tokens do not spell the prompt.
fn by_tokens(choice: &Value, prompt: &str) -> Option<Vec<i64>> {
    let tokens = choice.pointer("/logprobs/tokens")?.as_array()?;
    let tokens: Vec<&str> = tokens.iter().map(Value::as_str).collect::<Option<_>>()?;
    let whole = tokens.concat();
    // A letter that is several tokens is often lost: the prompt's end behind the last such is enough.
    let tail = prompt.char_indices().rfind(|(_, letter)| !letter.is_ascii()).map_or(0, |(at, c)| at + c.len_utf8());
    let found = whole.find(prompt).map(|at| (at, 0)).or_else(|| Some((whole.rfind(&prompt[tail..])?, tail)));
    let (there, here) = found.filter(|(_, here)| *here < prompt.len())?;
    let shift = prompt[..here].chars().count() as i64 - whole[..there].chars().count() as i64;
    let mut at = shift;
    let starts = tokens.iter().map(|token| {
        let start = at;
        at += token.chars().count() as i64;
        start
    });
    Some(starts.collect())
}

/// The same as the server says it. Some count from the prompt's place in the answer; the first token
/// stands at 0.
fn by_offsets(choice: &Value) -> Option<Vec<i64>> {
    let offsets = choice.pointer("/logprobs/text_offset")?.as_array()?;
    let offsets: Vec<i64> = offsets.iter().map(Value::as_i64).collect::<Option<_>>()?;
    let base = *offsets.first()?;
    Some(offsets.into_iter().map(|offset| offset.saturating_sub(base)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn shown(pairs: &[(&str, f64)]) -> Alternatives {
        Alternatives(pairs.iter().map(|(token, mass)| Alternative::new(token, None, mass.ln())).collect())
    }

    #[test]
    fn words_beyond_the_alternatives_share_what_is_left() {
        let shown = shown(&[(" sp", 0.4), ("Food", 0.3), (" the", 0.1)]);
        let found = shown.shared_among(&words(&[" sport", " space", " food", " drink", " tea"]));
        let mass: Vec<f32> = found.scores.iter().map(|score| score.exp()).collect();
        for (mass, expected) in mass.iter().zip([0.2, 0.2, 0.3, 0.1, 0.1]) {
            assert!((mass - expected).abs() < 1e-6, "{mass} is not {expected}");
        }
        assert_eq!(found.floored, 2);
        assert!((found.mass - 0.7).abs() < 1e-9 && (found.alike - 0.4).abs() < 1e-9);
        assert_eq!(found.pair, Some(("sp".into(), 0, 1)));
        assert!(Alternatives::of_chat(&json!({ "logprobs": null })).is_none());
    }

    #[test]
    fn marks_case_and_punctuation_do_not_hide_a_word() {
        let mass = |pairs: &[(&str, f64)], of: &[&str]| {
            let found = shown(pairs).shared_among(&words(of));
            found.scores.iter().map(|score| (score.exp() * 100.0).round() as i32).collect::<Vec<_>>()
        };
        for token in ["\u{2581}positive", "Ġpositive", "positive.", "Positive", "POSITIVE,", "pos", "positive\n"] {
            assert_eq!(
                mass(&[(token, 0.9), ("\u{2581}negative", 0.1)], &["positive", "negative"]),
                [90, 10],
                "{token}"
            );
        }
        assert_eq!(mass(&[("US", 0.6), ("us", 0.3)], &["US", "us"]), [60, 30], "case counts where it tells");
        assert_eq!(mass(&[("<0xE4>", 0.6), ("负", 0.3)], &["体育", "负面"]), [60, 30], "a byte of a letter");
        assert_eq!(mass(&[("sports", 0.6), ("sport", 0.3)], &["sport", "food"])[0], 30, "a longer word is another");
    }

    #[test]
    fn alternatives_are_found_in_every_shape() {
        let entry = json!({ "token": "a", "logprob": -0.5, "bytes": [97] });
        for choice in [
            json!({ "logprobs": { "top_logprobs": [{ "a": -0.5 }] } }),
            json!({ "logprobs": { "top_logprobs": [{ "a": { "logprob": -0.5 } }] } }),
            json!({ "logprobs": { "top_logprobs": [[entry]] } }),
            json!({ "logprobs": { "content": [{ "top_logprobs": [entry] }] } }),
        ] {
            let found = Alternatives::of_completion(&choice).unwrap();
            assert_eq!((found.0.len(), found.0[0].token.as_str()), (1, "a"), "{choice}");
        }
    }

    #[test]
    fn the_whole_answer_is_scored_and_nothing_before_it() {
        let choice = json!({ "logprobs": {
            "token_logprobs": [null, -1.0, -2.0, -4.0], "text_offset": [0, 3, 7, 9], "tokens": ["It ", "was ", "go", "od"] } });
        let score = |start, scoring| behind(&choice, "It was good", start, scoring);
        assert_eq!(score(6, Scoring::Sum), Some(-7.0), "the token across the seam counts");
        assert_eq!(score(7, Scoring::Sum), Some(-6.0));
        assert_eq!(score(7, Scoring::Mean), Some(-3.0));
        assert_eq!(score(0, Scoring::Sum), None, "the first token has no score");
    }

    #[test]
    fn a_start_token_a_space_before_the_text_and_words_behind_it_do_not_count() {
        let choice = |tokens: &[&str], scores: &[f64], offsets: &[usize]| {
            let scores: Vec<Value> = scores.iter().map(|s| if *s == 0.0 { Value::Null } else { json!(s) }).collect();
            json!({ "logprobs": { "token_logprobs": scores, "text_offset": offsets, "tokens": tokens } })
        };
        let shifted = choice(&[" It", " was", " good", " and"], &[0.0, -1.0, -2.0, -4.0], &[0, 3, 7, 12]);
        assert_eq!(behind(&shifted, "It was good", 6, Scoring::Sum), Some(-2.0));
        let started = choice(&["<s>", "It", " was", " good"], &[0.0, -8.0, -1.0, -2.0], &[0, 3, 5, 9]);
        assert_eq!(behind(&started, "It was good", 6, Scoring::Sum), Some(-2.0));
        let lost = choice(&["\u{fffd}", "", " was", " good"], &[0.0, -8.0, -1.0, -2.0], &[0, 1, 1, 5]);
        assert_eq!(behind(&lost, "中 was good", 5, Scoring::Sum), Some(-2.0));
        let bare =
            json!({ "logprobs": { "token_logprobs": [null, -1.0, -2.0, -4.0], "text_offset": [9, 11, 15, 20] } });
        assert_eq!(behind(&bare, "It was good", 6, Scoring::Sum), Some(-2.0));
    }
}
