//! What rows weigh in all, before any of them is computed: a mean over rows that are computed in several passes divides
//! by what all of them weigh. A mean of the passes' means is another number wherever the passes have different numbers
//! of rows that count, as they have over tokens.

use super::{Row, Sample, Task, token_rows};

/// What rows weigh.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Weighed {
    /// All of them.
    pub all: f64,
    /// Those of which the truth may be learned.
    pub known: f64,
}

/// What both sets of rows of a step weigh.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepWeights {
    /// Those of the task's own answers.
    pub answers: Weighed,
    /// Those of the texts themselves.
    pub text: Weighed,
}

impl Weighed {
    /// What these weigh together.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Self {
        rows.into_iter().fold(Self::default(), |Self { all, known }, row| {
            let weight = f64::from(row.weight);
            Self { all: all + weight, known: known + if row.truth.is_some() { weight } else { 0.0 } }
        })
    }
}

impl StepWeights {
    /// What the rows of all samples of a step weigh.
    pub fn of<'a>(task: &dyn Task, samples: impl IntoIterator<Item = &'a Sample>) -> Self {
        let over_tokens = task.token_measures().is_some();
        let (mut answers, mut text) = (Vec::new(), Vec::new());
        for sample in samples {
            match over_tokens {
                true => answers.extend(token_rows::rows(&[sample])),
                false => answers.push(sample.row(0)),
            }
            text.extend(sample.text_rows(0));
        }
        Self { answers: Weighed::of(&answers), text: Weighed::of(&text) }
    }
}
