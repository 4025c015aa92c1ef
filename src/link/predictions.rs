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
    /// Of a task over tokens one row per sample, in place of the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over_tokens: Vec<TokenPrediction>,
}

/// How the student does on one sample of a task over tokens: an example, or a stretch of running text. Figures are
/// means over the places that are told, at temperature 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TokenPrediction {
    /// Its text, or the beginning of a long one.
    pub text: String,
    /// The test example that it is; `None` of a stretch of running text, which may begin and end anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<usize>,
    /// Places that are told.
    pub tokens: usize,
    /// −ln of the probability of the right token, in nats.
    #[serde(with = "super::any_number::single")]
    pub loss: f32,
    /// The same of the teacher.
    #[serde(default, with = "super::any_number::optional", skip_serializing_if = "Option::is_none")]
    pub teacher_loss: Option<f32>,
    /// KL(teacher ‖ student), in nats.
    #[serde(default, with = "super::any_number::optional", skip_serializing_if = "Option::is_none")]
    pub kl: Option<f32>,
    /// Share of the places at which both find the same token likeliest, in [0, 1].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<f32>,
}

impl TokenPrediction {
    /// e to the loss: among so many equally likely tokens the student is as unsure.
    pub fn perplexity(&self) -> f64 {
        f64::from(self.loss).exp()
    }
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
