//! From a server's log-probabilities to scores of label words.

use serde_json::Value;

use crate::session::Scoring;

/// The likeliest next tokens, with their log-probabilities.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Alternatives(pub(super) Vec<(String, f64)>);

/// Scores from first tokens.
#[derive(Debug, PartialEq)]
pub(super) struct Shared {
    /// Log-probabilities in class order, not yet scaled to sum to 1.
    pub(super) scores: Vec<f32>,
    /// Words that no alternative begins.
    pub(super) floored: usize,
    /// Probability that no alternative has.
    pub(super) missing: f64,
}

impl Alternatives {
    /// The alternatives of a completions answer: `{token: logprob}`.
    pub(super) fn of_completion(choice: &Value) -> Option<Self> {
        let first = choice.pointer("/logprobs/top_logprobs/0")?.as_object()?;
        let pairs = first.iter().filter_map(|(token, value)| Some((token.clone(), value.as_f64()?)));
        Self::sound(pairs.collect())
    }

    /// The alternatives of a chat answer: `[{token, logprob}]`.
    pub(super) fn of_chat(choice: &Value) -> Option<Self> {
        let first = choice.pointer("/logprobs/content/0/top_logprobs")?.as_array()?;
        let pair = |entry: &Value| Some((entry.get("token")?.as_str()?.to_owned(), entry.get("logprob")?.as_f64()?));
        Self::sound(first.iter().filter_map(pair).collect())
    }

    fn sound(pairs: Vec<(String, f64)>) -> Option<Self> {
        let sound = !pairs.is_empty() && pairs.iter().all(|(_, value)| *value <= 1e-3);
        sound.then_some(Self(pairs))
    }

    /// Gives each word the probability of the alternatives that begin it (an alternative that begins
    /// several is shared evenly); the words that none begins share what is left, and no such word
    /// gets more than the least likely alternative, for else it would have been among them.
    pub(super) fn shared_among(&self, words: &[String]) -> Shared {
        let mut masses = vec![0f64; words.len()];
        for (token, value) in &self.0 {
            let token = token.trim().to_lowercase();
            let begins = |word: &&String| !token.is_empty() && word.trim().to_lowercase().starts_with(&token);
            let sharers = words.iter().filter(begins).count() as f64;
            for (mass, _) in masses.iter_mut().zip(words).filter(|(_, word)| begins(word)) {
                *mass += value.exp() / sharers;
            }
        }
        let known: f64 = self.0.iter().map(|(_, value)| value.exp()).sum();
        let least = self.0.iter().map(|(_, value)| value.exp()).fold(1.0, f64::min);
        let missing = (1.0 - known).clamp(0.0, 1.0);
        let floored = masses.iter().filter(|mass| **mass == 0.0).count();
        let floor = (missing / floored.max(1) as f64).min(least).max(1e-9);
        let scores = masses.iter().map(|mass| mass.max(if *mass == 0.0 { floor } else { 0.0 }).ln() as f32).collect();
        Shared { scores, floored, missing }
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

    #[test]
    fn words_beyond_the_alternatives_share_what_is_left() {
        let ln = f64::ln;
        let shown = Alternatives(vec![(" sp".into(), ln(0.4)), ("Food".into(), ln(0.3)), (" the".into(), ln(0.1))]);
        let found = shown.shared_among(&words(&[" sport", " space", " food", " drink", " tea"]));
        let mass: Vec<f32> = found.scores.iter().map(|score| score.exp()).collect();
        for (mass, expected) in mass.iter().zip([0.2, 0.2, 0.3, 0.1, 0.1]) {
            assert!((mass - expected).abs() < 1e-6, "{mass} is not {expected}");
        }
        assert_eq!(found.floored, 2);
        assert!((found.missing - 0.2).abs() < 1e-9);
        assert!(Alternatives::of_chat(&json!({ "logprobs": null })).is_none());
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
