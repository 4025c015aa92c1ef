//! What counting reaches over tokens: how often a token comes at all, and how often behind the one before it. The floor
//! under a language model, as a bag of words is under a classifier.
//!
//! *Source*: of single tokens Laplace's rule (add one); of pairs the interpolation of Witten and Bell 1991, "The
//! Zero-Frequency Problem", method C, as in Chen and Goodman 1998, "An Empirical Study of Smoothing Techniques for
//! Language Modeling", §2.6: a token that was followed by many different ones leaves more to those it was not.

use std::collections::HashMap;

use super::RowFigures;

/// A token that is to be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ToldToken {
    /// The token before it; `None` where the task gives none, as in the place of a mask.
    pub before: Option<u32>,
    /// Which one is right.
    pub token: u32,
    /// Bytes of text that it stands for.
    pub bytes: u16,
    /// What it counts in a mean.
    pub weight: f32,
}

/// Counts of tokens and pairs of them.
pub struct Counts {
    /// How many tokens there could be.
    outcomes: usize,
    all: u64,
    of: HashMap<u32, u64>,
    /// The commonest token, of equals the one of the lowest id.
    commonest: u32,
    behind: HashMap<u32, Followers>,
}

/// What came behind one token.
#[derive(Default)]
struct Followers {
    all: u64,
    of: HashMap<u32, u64>,
}

impl Counts {
    /// The counts of `tokens` out of a vocabulary of `outcomes`; what weighs nothing is not counted.
    pub fn of(tokens: &[ToldToken], outcomes: usize) -> Self {
        let mut counts = Self { outcomes, all: 0, of: HashMap::new(), commonest: 0, behind: HashMap::new() };
        for told in tokens.iter().filter(|told| told.weight > 0.0) {
            counts.all += 1;
            *counts.of.entry(told.token).or_default() += 1;
            if let Some(before) = told.before {
                let followers = counts.behind.entry(before).or_default();
                followers.all += 1;
                *followers.of.entry(told.token).or_default() += 1;
            }
        }
        let likeliest = counts.of.iter().max_by_key(|(token, count)| (**count, std::cmp::Reverse(**token)));
        counts.commonest = likeliest.map_or(0, |(token, _)| *token);
        counts
    }

    /// Whether any token has one before it.
    pub fn has_pairs(&self) -> bool {
        !self.behind.is_empty()
    }

    /// The probability of a token whatever stands before it: (c(w) + 1) / (N + V).
    pub fn alone(&self, token: u32) -> f64 {
        (self.count(token) + 1) as f64 / (self.all as f64 + self.outcomes as f64)
    }

    /// The probability of a token behind `before`: (c(v, w) + T(v) p(w)) / (c(v) + T(v)), T the number of different
    /// tokens that came behind v.
    pub fn behind(&self, before: u32, token: u32) -> f64 {
        let Some(followers) = self.behind.get(&before) else { return self.alone(token) };
        let kinds = followers.of.len() as f64;
        let seen = followers.of.get(&token).copied().unwrap_or_default() as f64;
        (seen + kinds * self.alone(token)) / (followers.all as f64 + kinds)
    }

    fn count(&self, token: u32) -> u64 {
        self.of.get(&token).copied().unwrap_or_default()
    }

    /// What is known of each token by how often it comes at all.
    pub fn figures_alone(&self, tokens: &[ToldToken]) -> Vec<RowFigures> {
        tokens.iter().map(|told| figures(told, self.alone(told.token), self.commonest)).collect()
    }

    /// The same by how often it comes behind the one before it.
    pub fn figures_behind(&self, tokens: &[ToldToken]) -> Vec<RowFigures> {
        let likeliest: HashMap<u32, u32> =
            self.behind.keys().map(|before| (*before, self.likeliest(*before))).collect();
        let of = |told: &ToldToken| match told.before {
            Some(before) => {
                let likeliest = likeliest.get(&before).copied().unwrap_or(self.commonest);
                figures(told, self.behind(before, told.token), likeliest)
            }
            None => figures(told, self.alone(told.token), self.commonest),
        };
        tokens.iter().map(of).collect()
    }

    /// The likeliest token behind `before`: one that came there, or the commonest of all.
    fn likeliest(&self, before: u32) -> u32 {
        let came = self.behind.get(&before).into_iter().flat_map(|followers| followers.of.keys().copied());
        let rank = |token: &u32| (self.behind(before, *token), std::cmp::Reverse(*token));
        came.chain([self.commonest])
            .max_by(|a, b| rank(a).0.total_cmp(&rank(b).0).then(rank(a).1.cmp(&rank(b).1)))
            .unwrap_or(self.commonest)
    }
}

fn figures(told: &ToldToken, probability: f64, likeliest: u32) -> RowFigures {
    let (surprise, right) = (-probability.ln() as f32, told.token == likeliest);
    RowFigures { weight: told.weight, bytes: told.bytes, surprise, right, ..RowFigures::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(ids: &[u32]) -> Vec<ToldToken> {
        let told = |pair: &[u32]| ToldToken { before: Some(pair[0]), token: pair[1], bytes: 1, weight: 1.0 };
        ids.windows(2).map(told).collect()
    }

    #[test]
    fn probabilities_are_those_worked_out_by_hand_and_sum_to_one() {
        // Behind 0: 1 1 2; behind 1: 0 0; behind 2: 0.
        let counts = Counts::of(&tokens(&[0, 1, 0, 1, 0, 2, 0]), 5);
        for (token, expected) in [(0, 4.0), (1, 3.0), (2, 2.0), (3, 1.0), (4, 1.0)] {
            assert!((counts.alone(token) - expected / 11.0).abs() < 1e-12, "{token}");
        }
        let behind = [
            (0, 1, (2.0 + 2.0 * 3.0 / 11.0) / 5.0),
            (0, 3, (2.0 / 11.0) / 5.0),
            (1, 0, (2.0 + 4.0 / 11.0) / 3.0),
            (4, 2, 2.0 / 11.0),
        ];
        for (before, token, expected) in behind {
            assert!((counts.behind(before, token) - expected).abs() < 1e-12, "{before} {token}");
        }
        for before in 0..5 {
            let sum: f64 = (0..5).map(|token| counts.behind(before, token)).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{before}: {sum}");
        }
    }

    #[test]
    fn the_likeliest_is_right_and_what_stands_alone_is_told_alone() {
        let train = tokens(&[0, 1, 0, 1, 0, 2, 0]);
        let counts = Counts::of(&train, 5);
        let test = tokens(&[0, 1, 0, 4, 0]);
        let right = |rows: &[RowFigures]| rows.iter().map(|row| row.right).collect::<Vec<_>>();
        assert_eq!(right(&counts.figures_alone(&test)), [false, true, false, true]);
        // Behind 4 nothing came, so the commonest of all is likeliest.
        assert_eq!(right(&counts.figures_behind(&test)), [true, true, false, true]);
        let masked: Vec<ToldToken> = test.iter().map(|told| ToldToken { before: None, ..*told }).collect();
        assert_eq!(counts.figures_behind(&masked), counts.figures_alone(&masked));
        assert!(!Counts::of(&masked, 5).has_pairs() && counts.has_pairs());
        let nothing = ToldToken { weight: 0.0, ..train[0] };
        assert_eq!(Counts::of(&[nothing], 5).alone(1), 1.0 / 5.0, "what weighs nothing is not counted");
    }
}
