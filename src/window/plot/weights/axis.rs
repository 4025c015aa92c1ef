//! The logarithmic axis of relative importance.

use egui::Rangef;

use crate::link::Histogram;
use crate::window::plot::figures::rounded;

/// Maps r to a place on screen and back. The left end is also r = 0: nothing below it is told apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) screen: Rangef,
}

impl Axis {
    /// Place on screen of `r`.
    pub(super) fn x(self, r: f64) -> f32 {
        let share = (r.max(1e-300).log10() - Histogram::LOW) / (Histogram::HIGH - Histogram::LOW);
        self.screen.min + self.screen.span() * share.clamp(0.0, 1.0) as f32
    }

    /// The r at a place on screen, to three figures.
    pub(super) fn r(self, x: f32) -> f64 {
        let share = f64::from((x - self.screen.min) / self.screen.span().max(1.0));
        if share <= 0.0 {
            return 0.0;
        }
        rounded(10f64.powf(Histogram::LOW + share.min(1.0) * (Histogram::HIGH - Histogram::LOW)))
    }

    /// The powers of ten on the axis.
    pub(super) fn ticks() -> impl Iterator<Item = f64> {
        (Histogram::LOW as i32..=Histogram::HIGH as i32).map(|power| 10f64.powi(power))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_and_its_importance_belong_together() {
        let axis = Axis { screen: Rangef::new(10.0, 610.0) };
        for r in [0.0002, 0.01, 0.5, 1.0, 30.0] {
            assert!((axis.r(axis.x(r)) - r).abs() < 0.01 * r, "{r}");
        }
        assert_eq!(axis.r(10.0), 0.0);
        assert_eq!(axis.r(-50.0), 0.0);
        assert_eq!(axis.x(0.0), 10.0);
        assert_eq!(axis.x(1e9), 610.0);
    }
}
