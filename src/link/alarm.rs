//! In which way a run has come apart although every number of it is still one.

use serde::{Deserialize, Serialize};

/// What looks wrong with a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Alarm {
    /// The loss is far above what it was.
    Loss,
    /// The gradient is far longer than it was.
    Gradient,
    /// The student was clearly better than guessing and guesses now.
    Accuracy,
    /// The student names one class for every text, and did not.
    Answers,
    /// In every head all tokens look at the same places, and in some they did not.
    Attention,
}
