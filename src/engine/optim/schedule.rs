//! How the learning rate moves over a run.

use crate::session::ScheduleKind;

/// Factor on the learning rate at `step` (counted from 0) of `steps`.
///
/// During the warm-up it rises in equal parts, the first of them at step 0, and is 1 at step
/// `warmup`; from there it follows `kind`, and is 0 from `steps` on unless it stays constant.
pub fn scheduled(kind: ScheduleKind, warmup: u64, steps: u64, step: u64) -> f64 {
    if step < warmup {
        return (step + 1) as f64 / (warmup + 1) as f64;
    }
    let left = steps.saturating_sub(step) as f64 / steps.saturating_sub(warmup).max(1) as f64;
    match kind {
        ScheduleKind::Constant => 1.0,
        ScheduleKind::Linear => left.min(1.0),
        ScheduleKind::Cosine => 0.5 * (1.0 - (std::f64::consts::PI * left.min(1.0)).cos()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warm_up_rises_evenly_and_ends_at_one() {
        for kind in ScheduleKind::ALL {
            let rise: Vec<f64> = (0..=3).map(|step| scheduled(kind, 3, 10, step)).collect();
            assert_eq!(rise, [0.25, 0.5, 0.75, 1.0]);
        }
    }

    #[test]
    fn linear_and_cosine_meet_at_half_way_and_end_at_zero() {
        for kind in [ScheduleKind::Linear, ScheduleKind::Cosine] {
            assert!((scheduled(kind, 0, 10, 5) - 0.5).abs() < 1e-12);
            assert!(scheduled(kind, 0, 10, 10).abs() < 1e-12);
            assert!(scheduled(kind, 0, 10, 11).abs() < 1e-12);
        }
        assert!((scheduled(ScheduleKind::Linear, 0, 10, 1) - 0.9).abs() < 1e-12);
        assert!(scheduled(ScheduleKind::Cosine, 0, 10, 1) > 0.97);
    }

    #[test]
    fn a_run_without_steps_or_all_warm_up_has_a_finite_rate() {
        for kind in ScheduleKind::ALL {
            for (warmup, steps, step) in [(0, 0, 0), (5, 0, 2), (10, 5, 7), (5, 5, 5)] {
                let factor = scheduled(kind, warmup, steps, step);
                assert!((0.0..=1.0).contains(&factor), "{kind:?} {warmup} {steps} {step}: {factor}");
            }
        }
    }
}
