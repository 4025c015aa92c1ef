//! The answers of both models on the test part.

use serde::{Deserialize, Serialize};

use super::series::Step;

/// Answers on the test part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Predictions {
    /// Steps done when they were made.
    pub step: Step,
    /// One row per example.
    pub rows: Vec<Prediction>,
}

/// Answers on one text. Probabilities are at temperature 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// The text, cut to a few hundred characters.
    pub text: String,
    /// Its class.
    pub gold: usize,
    /// The teacher's class and its probability.
    #[serde(default, with = "super::any_number::optional_answer")]
    pub teacher: Option<(usize, f32)>,
    /// The student's class and its probability.
    #[serde(with = "super::any_number::answer")]
    pub student: (usize, f32),
    /// KL(teacher ‖ student) at T = 1, in nats; NaN where one of them answers with no distribution.
    #[serde(default, with = "super::any_number::optional")]
    pub kl: Option<f32>,
}
