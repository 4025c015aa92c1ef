//! The first answers of a run, looked at before the rest is paid: a teacher that finds every class as
//! likely, or none of whose label words is likely at all, teaches nothing.

use super::answer_file::Reading;
use super::estimator::Estimator;
use super::former::is_mute;
use super::target_cache::Answer;

/// Answers that are looked at.
pub const FIRST: usize = 8;
/// Share of the probability that label words need in at least one of them, where the server shows only the
/// likeliest tokens. Below it what is compared is the noise of the least likely tokens.
pub const LEAST_MASS: f32 = 0.01;

/// The first answers, as long as none of them says anything.
#[derive(Default)]
pub struct Trial {
    mute: Vec<(Reading, Answer)>,
    passed: bool,
}

/// Whether an answer says nothing of its text.
pub fn says_nothing(answer: &Answer, estimator: Option<Estimator>) -> bool {
    let shown = matches!(estimator, Some(Estimator::FirstTokens { .. }));
    is_mute(&answer.scores) || shown && (0.0..LEAST_MASS).contains(&answer.mass)
}

impl Trial {
    /// Whether further answers are looked at.
    pub fn is_on(&self) -> bool {
        !self.passed
    }

    /// Looks at an answer; gives those that say nothing once they are too many.
    pub fn look(
        &mut self,
        reading: Reading,
        answer: &Answer,
        estimator: Option<Estimator>,
    ) -> Option<Vec<(Reading, Answer)>> {
        if self.passed || self.mute.iter().any(|(known, _)| *known == reading) {
            return None;
        }
        if !says_nothing(answer, estimator) {
            self.passed = true;
            self.mute.clear();
            return None;
        }
        self.mute.push((reading, answer.clone()));
        (self.mute.len() >= FIRST).then(|| std::mem::take(&mut self.mute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOWN: Option<Estimator> = Some(Estimator::FirstTokens { alternatives: 20 });

    #[test]
    fn one_answer_that_says_something_is_enough_and_the_same_text_counts_once() {
        let mute = Answer { scores: [-0.7, -0.7].into(), mass: 0.0 };
        let faint = Answer { scores: [-0.1, -2.3].into(), mass: 0.005 };
        let sound = Answer { scores: [-0.1, -2.3].into(), mass: 0.5 };
        assert!(says_nothing(&faint, SHOWN) && !says_nothing(&faint, Some(Estimator::WholeWords)));
        let mut trial = Trial::default();
        let look = |trial: &mut Trial, number: u8, answer| trial.look([number; 32], answer, SHOWN).map(|all| all.len());
        assert!((0..7).all(|n| look(&mut trial, n, &mute).is_none()) && look(&mut trial, 6, &mute).is_none());
        assert_eq!(look(&mut trial, 7, &faint), Some(FIRST));
        assert!(trial.is_on());
        assert_eq!(look(&mut trial, 8, &sound), None);
        assert!(!trial.is_on() && (0..9).all(|n| look(&mut trial, n, &mute).is_none()));
    }
}
