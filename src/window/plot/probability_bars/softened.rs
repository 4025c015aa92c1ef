//! Softened probabilities and how far two of them are apart.

use crate::link::scores::{divergence, log_softened, softmax};

/// softmax(scores / T), computed around the largest score so that nothing overflows. A score that
/// is not a number counts as impossible; so does every score where all are.
///
/// # Source
/// Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network" (2015), eq. 1.
pub fn softened(scores: &[f32], temperature: f64) -> Vec<f64> {
    let temperature = usable_temperature(temperature);
    let usable = |score: f32| if score.is_nan() { f64::NEG_INFINITY } else { f64::from(score) };
    let most = scores.iter().map(|&score| usable(score)).fold(f64::NEG_INFINITY, f64::max);
    if !most.is_finite() {
        return vec![0.0; scores.len()];
    }
    let mut p: Vec<f64> = scores.iter().map(|&score| (usable(score) - most) / temperature).collect();
    softmax(&mut p);
    p
}

/// KL(teacher ‖ student) of scores at a temperature, in nats: the divergence that the test table tells, at
/// T = 1; NaN where one side has no answer.
pub fn kl(teacher: &[f32], student: &[f32], temperature: f64) -> f64 {
    let temperature = usable_temperature(temperature);
    divergence(&log_softened(teacher, temperature), &log_softened(student, temperature))
}

fn usable_temperature(temperature: f64) -> f64 {
    if temperature.is_finite() { temperature.max(0.01) } else { 1.0 }
}

/// Entropy in nats.
pub fn entropy(p: &[f64]) -> f64 {
    p.iter().filter(|&&p| p > 0.0).map(|&p| -p * p.ln()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temperature_one_gives_the_probabilities_back() {
        let p = softened(&[0.7f32.ln(), 0.2f32.ln(), 0.1f32.ln()], 1.0);
        assert!((p[0] - 0.7).abs() < 1e-6 && (p[1] - 0.2).abs() < 1e-6 && (p[2] - 0.1).abs() < 1e-6);
    }

    #[test]
    fn a_high_temperature_evens_out_and_a_low_one_decides() {
        let scores = [3.0, 1.0, -2.0];
        assert!(softened(&scores, 1e6).iter().all(|p| (p - 1.0 / 3.0).abs() < 1e-4));
        assert!(softened(&scores, 0.01)[0] > 0.999);
        assert_eq!(softened(&scores, 0.0), softened(&scores, 0.01));
    }

    #[test]
    fn a_constant_added_to_every_score_changes_nothing() {
        assert_eq!(softened(&[1.0, 2.0], 2.0), softened(&[101.0, 102.0], 2.0));
    }

    #[test]
    fn scores_that_are_no_numbers_get_nothing() {
        assert_eq!(softened(&[f32::NAN, 0.0, f32::NEG_INFINITY], 2.0), [0.0, 1.0, 0.0]);
        assert_eq!(softened(&[f32::NAN], 1.0), [0.0]);
        assert!(softened(&[], 1.0).is_empty());
    }

    #[test]
    fn kl_is_zero_for_equals_and_entropy_is_log_n_when_even() {
        let p = [0.25; 4];
        assert_eq!(kl(&[1.0; 4], &[2.0; 4], 3.0), 0.0);
        assert!((entropy(&p) - 4f64.ln()).abs() < 1e-12);
        let out = f32::NEG_INFINITY;
        assert!((kl(&[0.0, out], &[0.0, 0.0], 1.0) - 2f64.ln()).abs() < 1e-12);
        assert_eq!(kl(&[0.0, 0.0], &[0.0, out], 1.0), f64::INFINITY);
        assert!(kl(&[f32::NAN, 0.0], &[0.0, 0.0], 2.0).is_nan());
    }
}
