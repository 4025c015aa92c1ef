//! Scores of classes as plain numbers: the one arg-max, the one softmax and the one divergence. Figures,
//! tables and pictures all reckon here, so that two of them never tell two answers for one text.

/// Index of the largest score, of equals the first; NaN counts as the smallest. 0 of none.
pub fn likeliest(scores: &[f32]) -> usize {
    let mut best = (0, f32::NEG_INFINITY);
    for (class, score) in scores.iter().enumerate() {
        if *score > best.1 {
            best = (class, *score);
        }
    }
    best.0
}

/// The likeliest class of a row of log-probabilities and its probability; NaN where there is none.
pub fn answer(log_probabilities: &[f32]) -> (usize, f32) {
    let class = likeliest(log_probabilities);
    (class, log_probabilities.get(class).map_or(f32::NAN, |score| score.exp()))
}

/// ln softmax(scores / T), computed around the largest score so that nothing overflows. All of them are
/// NaN where one is, and where every score is −∞: neither is a distribution.
///
/// # Source
/// Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network" (2015), eq. 1.
pub fn log_softened(scores: &[f32], temperature: f64) -> Vec<f64> {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let shifted: Vec<f64> = scores.iter().map(|score| f64::from(score - most) / temperature).collect();
    let sum: f64 = shifted.iter().map(|score| score.exp()).sum();
    shifted.iter().map(|score| score - sum.ln()).collect()
}

/// ln softmax(scores), as [`log_softened`] at temperature 1.
pub fn log_softmax(scores: &[f32]) -> Vec<f32> {
    log_softened(scores, 1.0).into_iter().map(|score| score as f32).collect()
}

/// Turns scores into softmax(scores), computed around the largest of them.
pub fn softmax(scores: &mut [f64]) {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    scores.iter_mut().for_each(|score| *score = (*score - most).exp());
    let sum: f64 = scores.iter().sum();
    scores.iter_mut().for_each(|score| *score /= sum);
}

/// KL(teacher ‖ student) of two rows of log-probabilities, in nats: infinite where the student rules out
/// what the teacher holds possible, NaN where one of them is no distribution, never below 0. A class that
/// the teacher rules out adds nothing.
pub fn divergence<F: Copy + Into<f64>>(teacher: &[F], student: &[F]) -> f64 {
    let pairs = teacher.iter().zip(student).map(|(teacher, student)| ((*teacher).into(), (*student).into()));
    let part = |(teacher, student): (f64, f64)| {
        let ruled_out = teacher == f64::NEG_INFINITY && !student.is_nan();
        if ruled_out { 0.0 } else { teacher.exp() * (teacher - student) }
    };
    let sum: f64 = pairs.map(part).sum();
    // Rounding may fall below 0; `max` would turn NaN into 0.
    if sum < 0.0 { 0.0 } else { sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUT: f32 = f32::NEG_INFINITY;

    #[test]
    fn of_equals_the_first_is_likeliest_and_nan_never() {
        assert_eq!(likeliest(&[0.5, 2.0, 2.0]), 1);
        assert_eq!(likeliest(&[f32::NAN, -3.0, f32::NAN, -3.0]), 1);
        assert_eq!((likeliest(&[]), likeliest(&[f32::NAN; 2]), likeliest(&[OUT; 3])), (0, 0, 0));
        let even = answer(&log_softmax(&[1.0; 4]));
        assert!(even.0 == 0 && (even.1 - 0.25).abs() < 1e-7);
        assert!(answer(&[]).1.is_nan() && answer(&[f32::NAN, f32::NAN]).1.is_nan());
    }

    #[test]
    fn the_softmax_is_the_same_in_every_form_and_far_out() {
        for scores in [vec![0.3f32, -1.0, 2.5], vec![200.0, -200.0, 199.0], vec![OUT, 0.0, 1.0]] {
            let logs = log_softmax(&scores);
            let mut plain: Vec<f64> = scores.iter().map(|score| f64::from(*score)).collect();
            softmax(&mut plain);
            for (log, p) in logs.iter().zip(&plain) {
                assert!((f64::from(*log).exp() - p).abs() < 1e-7, "{scores:?}");
            }
            let soft: f64 = log_softened(&scores, 3.0).iter().map(|log| log.exp()).sum();
            assert!((soft - 1.0).abs() < 1e-12, "{scores:?}");
        }
        assert!(log_softmax(&[0.0, f32::NAN]).iter().all(|log| log.is_nan()));
        assert!(log_softmax(&[OUT; 2]).iter().all(|log| log.is_nan()));
    }

    #[test]
    fn a_divergence_that_does_not_exist_is_no_0() {
        let even = log_softmax(&[0.0, 0.0]);
        let sure = log_softmax(&[0.0, OUT]);
        assert!((divergence(&sure, &even) - 2f64.ln()).abs() < 1e-6);
        assert_eq!(divergence(&even, &sure), f64::INFINITY);
        assert_eq!(divergence(&sure, &sure), 0.0);
        for broken in [[f32::NAN; 2], [0.0, f32::NAN]] {
            assert!(divergence(&broken, &even).is_nan() && divergence(&even, &broken).is_nan());
            assert!(divergence(&sure, &broken).is_nan(), "{broken:?}");
        }
    }
}
