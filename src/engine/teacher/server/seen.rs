//! What was learned of a server by asking: how it answers, and what share of the probability the label
//! words have.

use std::collections::BTreeMap;

use super::granted::MOST;
use super::pieces;
use super::scores::{Alternatives, Shared};
use crate::engine::teacher::Estimator;
use crate::session::{Sentence, say};

/// Tokens that are shown of what a server shows.
const SHOWN: usize = 4;
/// Share from which on a token is called what the server writes.
const MOSTLY: f64 = 0.5;

/// What was learned of the server by asking.
pub(super) struct Seen {
    /// Whether it scores the words of a prompt; `None` before it was asked.
    pub(super) echo: Option<bool>,
    /// Why it does not, in its words.
    pub(super) no_echo: Option<String>,
    /// Whether every prompt must be a question of its own.
    pub(super) apart: bool,
    /// Alternatives that it is asked for.
    pub(super) most: u32,
    /// Whether it has given as many.
    pub(super) granted: bool,
    /// Whether kept answers came about in this way, so that no other will do.
    pub(super) bound: bool,
    answers: usize,
    floored: usize,
    /// Probability of the label words: of all answers together, and in the worst.
    mass: f64,
    worst: f64,
    /// Probability of the tokens that begin several words alike, of all answers together.
    alike: f64,
    pair: Option<(String, usize, usize)>,
    /// Probability of each token shown, of all answers together.
    tokens: BTreeMap<String, f64>,
    said: bool,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            echo: None,
            no_echo: None,
            apart: false,
            most: MOST,
            granted: false,
            bound: false,
            answers: 0,
            floored: 0,
            mass: 0.0,
            worst: 1.0,
            alike: 0.0,
            pair: None,
            tokens: BTreeMap::new(),
            said: false,
        }
    }
}

/// Why a server's first answers say nothing.
pub(super) struct Mute {
    /// What is wrong with the label words.
    pub(super) what: Sentence,
    /// The likeliest tokens with their share.
    pub(super) shown: Sentence,
    /// What to do.
    pub(super) advice: Sentence,
}

impl Seen {
    /// Answers in this way only.
    pub(super) fn keep_to(&mut self, estimator: Estimator) {
        self.bound = true;
        match estimator {
            Estimator::WholeWords => self.echo = Some(true),
            Estimator::FirstTokens { alternatives } => (self.echo, self.most) = (Some(false), alternatives),
        }
    }

    /// Takes in one answer by first tokens.
    pub(super) fn take_in(&mut self, alternatives: &Alternatives, found: &Shared) {
        self.answers += 1;
        self.floored += usize::from(found.floored > 0);
        self.mass += found.mass;
        self.worst = self.worst.min(found.mass);
        self.alike += found.alike;
        if found.pair.is_some() {
            self.pair.clone_from(&found.pair);
        }
        for one in &alternatives.0 {
            *self.tokens.entry(pieces::shown(&one.token)).or_default() += one.mass;
        }
    }

    fn share(&self, mass: f64) -> f64 {
        mass / self.answers.max(1) as f64
    }

    /// The likeliest tokens with their mean probability, the first one first.
    fn likeliest(&self) -> Vec<(&str, f64)> {
        let mut tokens: Vec<(&str, f64)> =
            self.tokens.iter().map(|(token, mass)| (token.as_str(), self.share(*mass))).collect();
        tokens.sort_by(|a, b| b.1.total_cmp(&a.1));
        tokens.truncate(SHOWN);
        tokens
    }

    fn shown(&self) -> Sentence {
        let shown = self.likeliest().into_iter().map(|(token, share)| format!("{token} {}", percent(share)));
        Sentence::verbatim(shown.collect::<Vec<_>>().join(", "))
    }

    /// Why the answers so far say nothing; `None` where there were none.
    pub(super) fn mute(&self, words: &[String]) -> Option<Mute> {
        if self.answers == 0 {
            return (self.echo == Some(true)).then(|| Mute {
                what: say!("every label word is as likely as every other"),
                shown: say!("the same score for all of them"),
                advice: say!("choose a prompt after which the words differ, or another model"),
            });
        }
        let first = self.likeliest().first().map(|(token, _)| (*token).to_owned()).unwrap_or_default();
        let alike = self.pair.as_ref().filter(|_| self.alike > MOSTLY * self.mass && self.mass > 0.0);
        let what = match alike {
            Some((token, a, b)) => {
                say!(
                    "the label words {a} and {b} begin alike, with {token}",
                    a = named(words, *a),
                    b = named(words, *b),
                    token = format_args!("{token:?}")
                )
            }
            None => say!("the label words have {percent} of the probability", percent = percent(self.share(self.mass))),
        };
        let advice = match alike {
            Some(_) => {
                say!("choose label words that begin differently, or a server with echo, which scores whole words")
            }
            None if pieces::is_thinking(&first) => {
                say!(
                    "the model thinks before it answers: turn its thinking off at the server or in the prompt (some know /no_think), or choose one that answers at once"
                )
            }
            None => {
                say!(
                    "choose label words that the model would write there, or a prompt that asks for one of them and nothing else"
                )
            }
        };
        Some(Mute { what, shown: self.shown(), advice })
    }

    /// What the person should know of the answers so far, said once.
    pub(super) fn take_warning(&mut self, words: &[String]) -> Option<Sentence> {
        if let Some(why) = self.no_echo.take() {
            return Some(say!(
                "the server does not score whole label words, so they are scored by their first tokens: {why}",
                why
            ));
        }
        let thinking =
            self.likeliest().first().is_some_and(|(token, share)| pieces::is_thinking(token) && *share > MOSTLY);
        let alike = self.alike > MOSTLY * self.mass && self.mass > 0.0;
        if self.said || !(self.floored > 0 || thinking || alike) {
            return None;
        }
        self.said = true;
        let (most, mean, worst) = (self.most, percent(self.share(self.mass)), percent(self.worst));
        let mut says = say!(
            "the server shows only its {most} likeliest tokens: the label words have {mean} of the probability in the {texts} so far, {worst} in the worst, and words that are not shown share what is left",
            most,
            mean,
            texts = texts(self.answers),
            worst
        );
        if let Some((token, a, b)) = self.pair.as_ref().filter(|_| alike) {
            says = say!(
                "{says}; {a} and {b} begin alike, with {token}, so that their classes are not told apart",
                says,
                a = named(words, *a),
                b = named(words, *b),
                token = format_args!("{token:?}")
            );
        }
        if thinking {
            says = say!("{says}; the model thinks before it answers", says);
        }
        Some(say!("{says}; it shows {shown}; a server with echo scores all words whole", says, shown = self.shown()))
    }
}

fn texts(count: usize) -> Sentence {
    if count == 1 { say!("one text") } else { say!("{count} texts", count) }
}

fn named(words: &[String], place: usize) -> String {
    format!("{:?}", words.get(place).map_or("", |word| word.trim()))
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
