//! Expected calibration error in bins of equal width: how far confidence is from accuracy (Guo et al. 2017,
//! "On Calibration of Modern Neural Networks", equation 3).

use super::{Answered, Measure, log_prob, share};

/// Bins, the number the paper and later work report with.
const BINS: usize = 15;

/// The registry's line.
pub const MEASURE: Measure = Measure { id: "ece", of: error, needs_teacher: false };

fn error(answered: &Answered) -> f64 {
    let mut gaps = [0.0f64; BINS];
    let mut count = 0.0;
    for ((gold, row), answer) in answered.gold.iter().zip(answered.student).zip(&answered.likeliest) {
        let confidence = log_prob(row, *answer).exp();
        if !confidence.is_finite() {
            return f64::NAN;
        }
        // Bins are open below and closed above, so a confidence of 1 is in the last one.
        let bin = ((confidence * BINS as f64).ceil() as usize).clamp(1, BINS) - 1;
        if let Some(gap) = gaps.get_mut(bin) {
            *gap += share(gold == answer) - confidence;
        }
        count += 1.0;
    }
    gaps.iter().map(|gap| gap.abs()).sum::<f64>() / count
}
