//! The meter: tokens that a server has been paid for, and what a question may take at most.

use serde_json::Value;

/// Letters of a Latin text per token, about: what is said before a server has counted any.
const LETTERS_PER_TOKEN: f64 = 4.0;
/// Tokens that a server adds to a prompt at most, before it has shown how many: those of a chat's
/// template, and its own words to the model.
const AROUND: u64 = 64;
/// Of these, tokens that a chat's template usually takes.
const USUAL: f64 = 8.0;

/// Tokens paid for, so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine::teacher) struct Meter {
    /// Tokens read.
    pub(in crate::engine::teacher) prompt: u64,
    /// Tokens written.
    pub(in crate::engine::teacher) answer: u64,
    /// Answers that came without a count; theirs is guessed.
    pub(in crate::engine::teacher) uncounted: u64,
    /// The most tokens that a prompt had beyond its bytes.
    around: u64,
}

impl Meter {
    /// All tokens.
    pub(in crate::engine::teacher) fn total(&self) -> u64 {
        self.prompt.saturating_add(self.answer)
    }

    /// Reads what the server counted for an answer to `prompts`.
    pub(super) fn read(&mut self, answer: &Value, prompts: &[String]) {
        let count = |name: &str| answer.get("usage")?.get(name)?.as_u64();
        let Some(prompt) = count("prompt_tokens") else {
            self.uncounted += 1;
            let guessed = prompts.iter().map(|prompt| guess(prompt)).sum::<f64>().ceil() as u64;
            return self.add(guessed, prompts.len() as u64);
        };
        let bytes = prompts.iter().map(|prompt| prompt.len() as u64).sum();
        self.around = self.around.max(prompt.saturating_sub(bytes));
        self.add(prompt, count("completion_tokens").unwrap_or(prompts.len() as u64));
    }

    /// A server may count what it likes; the meter stays at its end then.
    fn add(&mut self, prompt: u64, answer: u64) {
        self.prompt = self.prompt.saturating_add(prompt);
        self.answer = self.answer.saturating_add(answer);
    }

    /// The most tokens that `times` prompts with so many bytes together can take: a token is at least a
    /// byte, and each prompt has something around it and one token behind it.
    pub(super) fn most(&self, bytes: u64, times: u64) -> u64 {
        self.around.max(AROUND).saturating_add(1).saturating_mul(times).saturating_add(bytes)
    }
}

/// Tokens of a prompt, by its letters alone: four of an alphabet to a token, and a token for each sign of
/// a script that has no alphabet.
pub(super) fn guess(prompt: &str) -> f64 {
    let plain = prompt.bytes().filter(u8::is_ascii).count() as f64;
    let others = prompt.chars().filter(|letter| !letter.is_ascii()).count() as f64;
    plain / LETTERS_PER_TOKEN + others + USUAL
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_server_counts_is_believed_and_the_rest_guessed() {
        let mut meter = Meter::default();
        let prompts = ["a question of four words".to_owned()];
        meter.read(&json!({ "usage": { "prompt_tokens": 5, "completion_tokens": 1 } }), &prompts);
        assert_eq!((meter.prompt, meter.answer, meter.uncounted), (5, 1, 0));
        meter.read(&json!({ "choices": [] }), &prompts);
        assert_eq!((meter.prompt, meter.answer, meter.uncounted), (5 + 14, 2, 1));
        assert!(meter.most(24, 1) >= 24 + 65);
        meter.read(&json!({ "usage": { "prompt_tokens": 524 } }), &prompts);
        assert_eq!(meter.most(24, 1), 24 + 501, "a long text around the prompt was seen");
        meter.read(&json!({ "usage": { "prompt_tokens": u64::MAX, "completion_tokens": u64::MAX } }), &prompts);
        assert_eq!((meter.total(), meter.most(24, 8)), (u64::MAX, u64::MAX));
    }
}
