//! What the engine is doing at the moment. How the machine fares, not what happened to a run: it is never
//! written down.

use serde::{Deserialize, Serialize};

use super::pace::{Measuring, Pace};
use crate::session::Sentence;

/// What the engine is doing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Which phase.
    pub phase: Phase,
    /// What exactly, e.g. `teacher scores the training texts`; empty while training.
    #[serde(flatten, with = "crate::session::written_sentence::as_what")]
    pub what: Sentence,
    /// Done units of `total`: steps while training.
    pub done: u64,
    /// Units in all; 0 if unknown.
    pub total: u64,
    /// Training steps per second of the last second or so, without evaluations.
    pub steps_per_sec: f64,
    /// How far the measuring of a part of the data is; `None` while none is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measuring: Option<Measuring>,
    /// What the rest of the run takes, as far as it can be told.
    #[serde(default)]
    pub pace: Pace,
    /// Share of the time spent on probes and pictures, in [0, 1].
    pub looking: f64,
    /// Peak memory of the process, bytes.
    pub peak_bytes: u64,
}

/// The phases of the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Nothing open.
    #[default]
    Empty,
    /// Reading models and data.
    Opening,
    /// Open, no run.
    Ready,
    /// Taking steps.
    Running,
    /// A run that waits.
    Paused,
    /// Measuring on the validation or test part.
    Evaluating,
    /// The run reached its end or its target.
    Finished,
    /// The run was stopped by hand.
    Stopped,
    /// The run failed.
    Failed,
    /// The engine's thread is gone.
    Gone,
}

impl Phase {
    /// Whether a run is loaded that can be resumed or stopped.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Evaluating)
    }
}

impl Status {
    /// Seconds until the run has ended and is measured; `None` where that cannot be told.
    pub fn seconds_left(&self) -> Option<f64> {
        let pace = &self.pace;
        if !self.phase.is_live() || pace.secs_per_step <= 0.0 {
            return None;
        }
        let share = self.measuring.map_or(0.0, |measuring| measuring.share());
        let evaluates = pace.evaluations_left > 0;
        let evaluations = pace.evaluations_left as f64 - if evaluates { share } else { 0.0 };
        let end = pace.secs_at_end * if evaluates { 1.0 } else { 1.0 - share };
        Some(pace.steps_left as f64 * pace.secs_per_step + evaluations * pace.secs_per_evaluation + end)
    }
}
