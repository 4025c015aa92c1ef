//! The temperature at which a loss compares student and teacher: a knob, a ramp over the run, and more or less of it
//! by how sure the teacher is of a row.
//!
//! *Why a factor at the end, and not a second temperature (2026-11).* 1 leaves the temperature alone whatever it is
//! turned to, so that a ramp that nobody asked for cannot act; and a person who turns the temperature in the middle of
//! a ramp keeps the ramp.

use crate::session::{Knob, Knobs};

/// What a temperature does.
pub const HELP: &str = "Softens both distributions before they are compared: higher shows more of what the teacher thinks of the wrong classes.";

/// The knobs of one loss's temperature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Softening {
    /// Of both distributions, at the first step.
    pub temperature: Knob,
    /// By what the temperature is multiplied at the last planned step; on the way there by equal factors.
    pub ramp: Knob,
    /// How much the temperature of a row follows the teacher's confidence in it.
    pub by_confidence: Knob,
}

impl Softening {
    /// The three of them.
    pub fn knobs(&self) -> [&Knob; 3] {
        [&self.temperature, &self.ramp, &self.by_confidence]
    }

    /// The temperature where `done` of the planned steps are, in [0, 1].
    pub fn temperature_at(&self, knobs: &Knobs, done: f64) -> f64 {
        knobs.get(&self.temperature) * knobs.get(&self.ramp).powf(done.clamp(0.0, 1.0))
    }
}

/// The temperature of a row of which the teacher's largest probability is `confidence`: `T·e^(s·(2c − 1))`, so that a
/// row of which it is half sure keeps `T`. With `s` above 0 rows that are sure are softened more and doubtful ones
/// less, as AdaKD does by the difficulty of a token (Xie et al. 2025, arXiv 2510.11615).
pub fn by_confidence(temperature: f32, strength: f32, confidence: f32) -> f32 {
    if strength == 0.0 { temperature } else { temperature * (strength * (2.0 * confidence - 1.0)).exp() }
}

/// The [`Softening`] of a loss: `softening!("soft_targets", "Temperature", 2.0, "…")` makes the knobs
/// `soft_targets.temperature`, `.temperature_ramp` and `.temperature_by_confidence`.
macro_rules! softening {
    ($loss:literal, $label:literal, $default:expr, $help:expr) => {{
        use crate::session::{Knob, knob::Scale};
        crate::engine::loss::Softening {
            temperature: Knob {
                id: concat!($loss, ".temperature"),
                label: $label,
                unit: "",
                min: 0.5,
                max: 20.0,
                default: $default,
                scale: Scale::Log,
                live: true,
                help: $help,
            },
            ramp: Knob {
                id: concat!($loss, ".temperature_ramp"),
                label: "Temperature ramp",
                unit: "×",
                min: 0.05,
                max: 20.0,
                default: 1.0,
                scale: Scale::Log,
                live: true,
                help: "What the temperature is multiplied by at the last planned step; it gets there by equal factors. 1 leaves it as it is.",
            },
            by_confidence: Knob {
                id: concat!($loss, ".temperature_by_confidence"),
                label: "Temperature by confidence",
                unit: "",
                min: -2.0,
                max: 2.0,
                default: 0.0,
                scale: Scale::Linear,
                live: true,
                help: "Above 0 rows of which the teacher is sure are softened more and doubtful ones less, below 0 the other way round; 0 softens all alike.",
            },
        }
    }};
}
pub(super) use softening;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::loss::soft_targets::SOFTENING;

    #[test]
    fn the_ramp_goes_by_equal_factors_and_1_is_none() {
        let mut knobs = Knobs::default();
        knobs.set(SOFTENING.temperature.id, 4.0);
        assert_eq!(SOFTENING.temperature_at(&knobs, 0.7), 4.0);
        knobs.set(SOFTENING.ramp.id, 0.25);
        for (done, expected) in [(0.0, 4.0), (0.5, 2.0), (1.0, 1.0), (1.7, 1.0)] {
            assert!((SOFTENING.temperature_at(&knobs, done) - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn a_row_of_which_the_teacher_is_half_sure_keeps_its_temperature() {
        assert_eq!(by_confidence(3.0, 0.0, 0.9), 3.0);
        assert_eq!(by_confidence(3.0, 1.5, 0.5), 3.0);
        assert!(by_confidence(3.0, 1.0, 0.9) > 3.0 && by_confidence(3.0, 1.0, 0.1) < 3.0);
        assert!(by_confidence(3.0, -1.0, 0.9) < 3.0);
    }
}
