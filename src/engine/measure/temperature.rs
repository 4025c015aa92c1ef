//! Temperature scaling: the one number by which a model's logits are divided so that its probabilities mean what they
//! say, fitted to the validation part by its cross-entropy (Guo et al. 2017, "On Calibration of Modern Neural
//! Networks", arXiv 1706.04599, §4.2). The likeliest class stays the same.
//!
//! *Why Newton's method by 1/T (2026-11).* The mean cross-entropy is convex in 1/T, so its slope has at most one zero:
//! a bracket around that, and within it Newton's steps, end at the same bits whatever the order of magnitude.

use super::{Measure, calibration, cross_entropy, measures};
use crate::link::scores::log_softened;
use crate::link::temperature_scaling::{FittedTemperature, NotFitted, TEMPERATURES, TemperatureScaling};

/// What a temperature changes.
const CHANGED: &[Measure] = &[cross_entropy::MEASURE, calibration::MEASURE];

/// Steps after which any bracket has closed: halving alone takes 60.
const MOST_STEPS: usize = 200;

/// A model's answers on one part of the data.
#[derive(Clone, Copy, Debug, Default)]
pub struct Part<'a> {
    /// The right class of each row, `[N]`.
    pub gold: &'a [usize],
    /// Natural log-probabilities, `[N][classes]`, or logits.
    pub rows: &'a [Vec<f32>],
}

/// The temperature of a model by its answers on the validation part, and what it makes of those on the test part.
pub fn scaling(validation: Part<'_>, test: Part<'_>, classes: usize) -> TemperatureScaling {
    match fit(validation) {
        Ok((temperature, clamped)) => {
            let texts = Some(validation.rows.len() as u64);
            TemperatureScaling::Fitted(FittedTemperature { texts, clamped, ..at(temperature, test, classes) })
        }
        Err(reason) => TemperatureScaling::NotFitted(reason),
    }
}

/// What a temperature makes of a model's answers.
pub fn at(temperature: f64, test: Part<'_>, classes: usize) -> FittedTemperature {
    let figures = |rows: &[Vec<f32>]| measures(CHANGED, test.gold, rows, None, classes);
    let (before, after) = (figures(test.rows), figures(&softened(test.rows, temperature)));
    FittedTemperature { temperature, before, after, ..FittedTemperature::default() }
}

/// Log-probabilities at a temperature, `[N][classes]`.
pub fn softened(rows: &[Vec<f32>], temperature: f64) -> Vec<Vec<f32>> {
    let of = |row: &Vec<f32>| log_softened(row, temperature).into_iter().map(|score| score as f32).collect();
    rows.iter().map(of).collect()
}

/// The temperature within [`TEMPERATURES`] of the lowest mean cross-entropy, and whether the best lies beyond them.
/// 1 where all are alike, as for answers that find all classes equally likely.
///
/// # Errors
/// [`NotFitted`].
pub fn fit(part: Part<'_>) -> Result<(f64, bool), NotFitted> {
    let rows = shifted(part)?;
    let (mut low, mut high) = (1.0 / TEMPERATURES.1, 1.0 / TEMPERATURES.0);
    let (at_low, at_high) = (slopes(&rows, low).0, slopes(&rows, high).0);
    if at_low == 0.0 && at_high == 0.0 {
        return Ok((1.0, false));
    }
    if at_low >= 0.0 {
        return Ok((TEMPERATURES.1, true));
    }
    if at_high <= 0.0 {
        return Ok((TEMPERATURES.0, true));
    }
    let mut beta = 1.0;
    for _ in 0..MOST_STEPS {
        let (slope, curvature) = slopes(&rows, beta);
        if slope > 0.0 {
            high = beta
        } else {
            low = beta
        }
        let newton = beta - slope / curvature;
        let next = if newton > low && newton < high { newton } else { (low * high).sqrt() };
        if slope == 0.0 || (next - beta).abs() <= f64::EPSILON * beta {
            break;
        }
        beta = next;
    }
    Ok((1.0 / beta, false))
}

/// A row's scores less the largest of them, without classes it rules out, and the right one's.
struct Shifted {
    scores: Vec<f64>,
    gold: f64,
}

fn shifted(part: Part<'_>) -> Result<Vec<Shifted>, NotFitted> {
    if part.rows.is_empty() || part.gold.is_empty() {
        return Err(NotFitted::NoValidation);
    }
    let of = |(row, gold): (&Vec<f32>, &usize)| {
        let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        if row.iter().any(|score| score.is_nan()) || !most.is_finite() {
            return Err(NotFitted::NoDistribution);
        }
        let below = |score: f32| f64::from(score) - f64::from(most);
        let gold = row.get(*gold).copied().map_or(f64::NEG_INFINITY, below);
        let scores = row.iter().copied().map(below).filter(|score| score.is_finite()).collect();
        if gold.is_finite() { Ok(Shifted { scores, gold }) } else { Err(NotFitted::RuledOut) }
    };
    part.rows.iter().zip(part.gold).map(of).collect()
}

/// First and second derivative by 1/T of the mean cross-entropy: how much the mean score lies above the right one's,
/// and the scores' variance, both under softmax(scores / T).
fn slopes(rows: &[Shifted], beta: f64) -> (f64, f64) {
    let (mut slope, mut curvature) = (0.0, 0.0);
    for Shifted { scores, gold } in rows {
        let (mut sum, mut first, mut second) = (0.0, 0.0, 0.0);
        for score in scores {
            let weight = (beta * score).exp();
            (sum, first, second) = (sum + weight, first + weight * score, second + weight * score * score);
        }
        let mean = first / sum;
        slope += mean - gold;
        curvature += second / sum - mean * mean;
    }
    let count = rows.len() as f64;
    (slope / count, curvature / count)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::link::scores::likeliest;

    fn loss(part: Part<'_>, temperature: f64) -> f64 {
        let of = |(row, gold): (&Vec<f32>, &usize)| -log_softened(row, temperature)[*gold];
        part.rows.iter().zip(part.gold).map(of).sum::<f64>() / part.rows.len() as f64
    }

    #[test]
    fn what_has_no_best_temperature_has_a_clamped_one_or_none_and_never_nan() {
        const OUT: f32 = f32::NEG_INFINITY;
        let row = |scores: &[f32]| scores.to_vec();
        type Case = (&'static str, Vec<Vec<f32>>, Vec<usize>, Result<(f64, bool), NotFitted>);
        let table: [Case; 9] = [
            ("nothing", vec![], vec![], Err(NotFitted::NoValidation)),
            ("all right", vec![row(&[2.0, 0.0]), row(&[0.0, 1.0])], vec![0, 1], Ok((0.05, true))),
            ("all right, far apart", vec![row(&[900.0, 0.0]); 3], vec![0; 3], Ok((0.05, true))),
            ("all wrong", vec![row(&[2.0, 0.0]), row(&[0.0, 1.0])], vec![1, 0], Ok((20.0, true))),
            (
                "one class, no better than chance",
                vec![row(&[1.0, -1.0]), row(&[-1.0, 1.0])],
                vec![0, 0],
                Ok((20.0, true)),
            ),
            ("all alike", vec![row(&[0.5, 0.5, 0.5])], vec![2], Ok((1.0, false))),
            ("one outcome", vec![row(&[0.0])], vec![0], Ok((1.0, false))),
            ("no distribution", vec![row(&[f32::NAN, 0.0])], vec![0], Err(NotFitted::NoDistribution)),
            ("a right class ruled out", vec![row(&[0.0, OUT])], vec![1], Err(NotFitted::RuledOut)),
        ];
        for (name, rows, gold, expected) in table {
            assert_eq!(fit(Part { gold: &gold, rows: &rows }), expected, "{name}");
        }
        // What is ruled out and not right counts for nothing.
        let (gold, with) = (vec![0, 0, 1], vec![row(&[1.0, 0.0, OUT]), row(&[2.0, 0.0, OUT]), row(&[1.0, 0.0, OUT])]);
        let without: Vec<Vec<f32>> = with.iter().map(|row| row[..2].to_vec()).collect();
        let fitted = fit(Part { gold: &gold, rows: &with }).unwrap();
        assert_eq!(fitted, fit(Part { gold: &gold, rows: &without }).unwrap());
        assert!(!fitted.1);
    }

    #[test]
    fn without_a_test_part_the_temperature_has_no_figures() {
        let rows = vec![vec![1.0, 0.0]; 3];
        let told = scaling(Part { gold: &[0, 0, 1], rows: &rows }, Part::default(), 2);
        let TemperatureScaling::Fitted(fitted) = told else { panic!("{told:?}") };
        // 2 of 3 right at one margin: the best probability is 2/3.
        assert!((fitted.temperature - 1.0 / 2f64.ln()).abs() < 1e-9, "{fitted:?}");
        assert!(fitted.before.is_empty() && fitted.after.is_empty());
    }

    proptest! {
        #[test]
        fn no_temperature_beside_it_is_better_and_no_answer_changes(
            rows in prop::collection::vec(prop::collection::vec(-30f32..30.0, 3), 1..30),
            gold in prop::collection::vec(0usize..3, 30),
            shift in -50f32..50.0,
        ) {
            let part = Part { gold: &gold[..rows.len()], rows: &rows };
            let (best, clamped) = fit(part).unwrap();
            prop_assert!(best >= TEMPERATURES.0 && best <= TEMPERATURES.1);
            prop_assert_eq!(clamped, best == TEMPERATURES.0 || best == TEMPERATURES.1);
            for near in [best * 0.9, best * 0.999, best * 1.001, best * 1.1] {
                let near = near.clamp(TEMPERATURES.0, TEMPERATURES.1);
                prop_assert!(loss(part, best) <= loss(part, near) + 1e-12, "{} and {}", best, near);
            }
            // At f32 two scores may become equal, and of equals the first counts: so it is asked of f64.
            for (row, soft) in rows.iter().zip(softened(&rows, best)) {
                prop_assert!(soft[likeliest(row)] >= soft[likeliest(&soft)]);
            }
            let moved: Vec<Vec<f32>> = rows.iter().map(|row| row.iter().map(|z| z + shift).collect()).collect();
            let again = fit(Part { rows: &moved, ..part }).unwrap().0;
            prop_assert!((again / best - 1.0).abs() < 1e-2, "{} and {}", again, best);
        }
    }
}
