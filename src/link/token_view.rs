//! A text token by token, as both models tell it: of a task over tokens.

use std::sync::Arc;

use serde::Serialize;

/// The tokens of the text under the lens.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TokenView {
    /// The first of them, and always the last one that is told.
    pub tokens: Vec<ToldToken>,
    /// Tokens before the last one that are not among them, because there are too many.
    pub left_out: usize,
    /// Tokens of the text that the student does not read, because it is too long.
    pub cut: usize,
}

/// One token, and what is known of the place at which it is told.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ToldToken {
    /// Its text, with the space of a byte-level token as `␣` and a line break as `⏎`.
    pub text: String,
    /// Its id; `None` where nothing stands there and the models tell what would.
    pub id: Option<u32>,
    /// Whether the models see a mask, or another token, in its place.
    pub hidden: bool,
    /// Both models' distributions over what stands here; `None` of a token that nobody has to tell.
    pub row: Option<ToldRow>,
}

/// Both models' distributions over the vocabulary at one place, as far as a person can look at them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ToldRow {
    /// Figures of all outcomes.
    pub whole: WholeRow,
    /// ln of the probability that the teacher gives to the token that stands there.
    pub teacher: Option<f32>,
    /// The same of the student; `None` where no token stands there.
    pub student: Option<f32>,
    /// The likeliest tokens of either model and the one that stands there; behind them all others as one, where there
    /// are any.
    pub outcomes: Arc<[String]>,
    /// Which of them stands there.
    pub gold: Option<usize>,
    /// The teacher's log-probabilities of them, at T = 1.
    pub teacher_scores: Option<Vec<f32>>,
    /// The student's.
    pub student_scores: Vec<f32>,
}

/// Figures of a row over a vocabulary of which only the likeliest outcomes are shown, at temperature 1, in nats.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct WholeRow {
    /// Outcomes of the row.
    pub outcomes: usize,
    /// How many of them are shown as one, behind those that are shown by themselves.
    pub others: usize,
    /// KL(teacher ‖ student).
    pub kl: Option<f64>,
    /// Entropy of the teacher's distribution.
    pub teacher_entropy: Option<f64>,
    /// Entropy of the student's.
    pub student_entropy: f64,
}

impl ToldRow {
    /// By how much the student misses: KL(teacher ‖ student), or without a teacher −ln p of the token, in nats.
    pub fn gap(&self) -> Option<f64> {
        self.whole.kl.or_else(|| self.student.map(|log| -f64::from(log)))
    }
}

impl TokenView {
    /// The place whose outcomes are shown where nobody has chosen one: the last that is told.
    pub fn last(&self) -> Option<usize> {
        self.tokens.iter().rposition(|token| token.row.is_some())
    }

    /// The row at a place.
    pub fn row(&self, place: usize) -> Option<&ToldRow> {
        self.tokens.get(place)?.row.as_ref()
    }

    /// The next place that is told in a direction, forwards or backwards; `None` at the end.
    pub fn beside(&self, place: usize, forwards: bool) -> Option<usize> {
        let is_told = |place: &usize| self.row(*place).is_some();
        match forwards {
            true => (place + 1..self.tokens.len()).find(is_told),
            false => (0..place.min(self.tokens.len())).rev().find(is_told),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kl: Option<f64>) -> ToldRow {
        let whole = WholeRow { outcomes: 9, others: 0, kl, teacher_entropy: None, student_entropy: 1.0 };
        ToldRow {
            whole,
            teacher: None,
            student: Some(-2.0),
            outcomes: Arc::from([]),
            gold: None,
            teacher_scores: None,
            student_scores: Vec::new(),
        }
    }

    #[test]
    fn the_hand_moves_from_one_told_token_to_the_next() {
        let told = [false, true, false, true, false];
        let token = |is: bool| ToldToken { row: is.then(|| row(None)), ..ToldToken::default() };
        let view = TokenView { tokens: told.map(token).to_vec(), ..TokenView::default() };
        assert_eq!(view.last(), Some(3));
        for (place, forwards, expected) in
            [(1, true, Some(3)), (3, false, Some(1)), (3, true, None), (1, false, None), (99, false, Some(3))]
        {
            assert_eq!(view.beside(place, forwards), expected, "{place} {forwards}");
        }
        assert_eq!(TokenView::default().last(), None);
    }

    #[test]
    fn without_a_teacher_a_token_is_as_far_off_as_the_student_is_surprised() {
        assert_eq!(row(Some(0.5)).gap(), Some(0.5));
        assert_eq!(row(None).gap(), Some(2.0));
    }
}
