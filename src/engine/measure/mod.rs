//! Figures that compare answers with gold labels and with the teacher. They take log-probabilities
//! as plain numbers, so a figure means the same for every architecture.
//!
//! Not here: what a run measures when, and figures of speed and size.

pub mod by_class;
pub mod linear_baseline;

use crate::link::scores::{divergence, likeliest};
use crate::link::{Measures, Side};

/// Bins of the expected calibration error, the number its paper and later work report with.
const CALIBRATION_BINS: usize = 15;

/// Figures on one part of the data, `N` examples:
///
/// - `accuracy`: share of examples whose likeliest class is the gold one; of equals the first;
/// - `macro_f1`: mean F1 over the classes that occur as gold or as answer, each counting alike;
/// - `loss`: mean cross-entropy of the gold class, nats;
/// - `ece`: expected calibration error in 15 bins of equal width;
/// - `agreement`: share of examples on which student and teacher name the same class;
/// - `kl`: mean KL(teacher ‖ student) at T = 1, nats.
///
/// The last two exist with a teacher only. A figure that is not a finite number (no examples, or a
/// model that has diverged) is left out, since no record could hold it.
///
/// # Shapes
/// `gold` `[N]`; `student` and `teacher` `[N][classes]`, natural log-probabilities. Where they
/// differ in length the shortest counts.
///
/// # Source
/// Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3, for `ece`.
pub fn measures(gold: &[usize], student: &[Vec<f32>], teacher: Option<&[Vec<f32>]>, classes: usize) -> Measures {
    let answers: Vec<usize> = student.iter().map(|row| likeliest(row)).collect();
    let mut figures = vec![
        ("accuracy", mean(gold.iter().zip(&answers).map(|(gold, answer)| share(gold == answer)))),
        ("macro_f1", by_class::macro_f1(&by_class::per_class(gold, &answers, classes))),
        ("loss", mean(gold.iter().zip(student).map(|(gold, row)| -log_prob(row, *gold)))),
        ("ece", calibration_error(gold, student, &answers)),
    ];
    if let Some(teacher) = teacher {
        let same = answers.iter().zip(teacher).map(|(answer, row)| share(*answer == likeliest(row)));
        figures.push(("agreement", mean(same)));
        figures.push(("kl", mean(teacher.iter().zip(student).map(|(teacher, student)| divergence(teacher, student)))));
    }
    let finite = figures.into_iter().filter(|(_, value)| value.is_finite());
    finite.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A model's figures on the test part, the whole and class by class; of its side of an outcome only these
/// are filled in. `gold` and shapes as in [`measures`].
pub fn on_test(gold: &[usize], rows: &[Vec<f32>], teacher: Option<&[Vec<f32>]>, classes: usize) -> Side {
    let answers: Vec<usize> = rows.iter().map(|row| likeliest(row)).collect();
    Side {
        test: measures(gold, rows, teacher, classes),
        per_class: by_class::per_class(gold, &answers, classes),
        confusion: by_class::confusion(gold, &answers, classes),
        undecided: rows.iter().filter(|row| row.iter().any(|score| score.is_nan())).count() as u64,
        ..Side::default()
    }
}

/// Share of the commonest of `classes` classes among answers; NaN of none.
pub fn commonest(answers: impl Iterator<Item = usize>, classes: usize) -> f64 {
    let mut counts = vec![0u32; classes];
    answers.for_each(|class| counts.iter_mut().skip(class).take(1).for_each(|count| *count += 1));
    f64::from(counts.iter().copied().max().unwrap_or(0)) / f64::from(counts.iter().sum::<u32>())
}

fn log_prob(row: &[f32], class: usize) -> f64 {
    row.get(class).map_or(f64::NAN, |value| f64::from(*value))
}

fn share(yes: bool) -> f64 {
    f64::from(u8::from(yes))
}

/// The mean; NaN of nothing.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

fn calibration_error(gold: &[usize], student: &[Vec<f32>], answers: &[usize]) -> f64 {
    let mut gaps = [0.0f64; CALIBRATION_BINS];
    let mut count = 0.0;
    for ((gold, row), answer) in gold.iter().zip(student).zip(answers) {
        let confidence = log_prob(row, *answer).exp();
        if !confidence.is_finite() {
            return f64::NAN;
        }
        // Bins are open below and closed above, so a confidence of 1 is in the last one.
        let bin = ((confidence * CALIBRATION_BINS as f64).ceil() as usize).clamp(1, CALIBRATION_BINS) - 1;
        if let Some(gap) = gaps.get_mut(bin) {
            *gap += share(gold == answer) - confidence;
        }
        count += 1.0;
    }
    gaps.iter().map(|gap| gap.abs()).sum::<f64>() / count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn logs(rows: &[&[f32]]) -> Vec<Vec<f32>> {
        rows.iter().map(|row| row.iter().map(|p| p.ln()).collect()).collect()
    }

    fn close(measures: &Measures, name: &str, expected: f64) {
        assert!((measures[name] - expected).abs() < 1e-6, "{name}: {} instead of {expected}", measures[name]);
    }

    #[test]
    fn the_figures_agree_with_those_worked_out_by_hand() {
        let student = logs(&[&[0.7, 0.2, 0.1], &[0.3, 0.6, 0.1], &[0.6, 0.3, 0.1], &[0.1, 0.8, 0.1]]);
        let teacher = logs(&[&[0.5, 0.25, 0.25], &[0.3, 0.6, 0.1], &[0.2, 0.7, 0.1], &[0.1, 0.8, 0.1]]);
        let figures = measures(&[0, 1, 1, 1], &student, Some(&teacher), 4);
        close(&figures, "accuracy", 0.75);
        // Class 0: right 1 of 2 answers and 1 gold, 2/3. Class 1: right 2 of 2 and 3, 4/5. Others absent.
        close(&figures, "macro_f1", (2.0 / 3.0 + 0.8) / 2.0);
        close(&figures, "loss", -(0.7f64.ln() + 0.6f64.ln() + 0.3f64.ln() + 0.8f64.ln()) / 4.0);
        // In bins of 1/15: 0.7 and 0.8 alone; 0.6 is right once and wrong once.
        close(&figures, "ece", (0.3 + 0.2 + (0.4f64 - 0.6).abs()) / 4.0);
        close(&figures, "agreement", 0.75);
        let first = 0.5 * (0.5f64 / 0.7).ln() + 0.25 * (0.25f64 / 0.2).ln() + 0.25 * 2.5f64.ln();
        let third = 0.2 * (0.2f64 / 0.6).ln() + 0.7 * (0.7f64 / 0.3).ln();
        close(&figures, "kl", (first + third) / 4.0);
    }

    #[test]
    fn the_mean_over_the_classes_is_the_macro_f1_and_rows_without_an_answer_are_counted() {
        let rows = [vec![f32::NAN, 0.0], vec![-1.0, -0.5], vec![-0.2, -2.0], vec![-0.2, -2.0]];
        let side = on_test(&[0, 1, 0, 1], &rows, None, 3);
        let f1: Vec<f64> = side.per_class.iter().filter_map(|class| class.f1).collect();
        assert_eq!((f1.len(), side.undecided), (2, 1));
        close(&side.test, "macro_f1", f1.iter().sum::<f64>() / 2.0);
        let right: u64 = (0..3).map(|class| side.confusion[class][class]).sum();
        close(&side.test, "accuracy", right as f64 / 4.0);
    }

    #[test]
    fn without_a_teacher_there_is_no_agreement() {
        let names: Vec<_> = measures(&[0], &logs(&[&[0.9, 0.1]]), None, 2).into_keys().collect();
        assert_eq!(names, ["accuracy", "ece", "loss", "macro_f1"]);
    }

    #[test]
    fn figures_that_do_not_exist_are_left_out() {
        assert!(measures(&[], &[], None, 3).is_empty());
        let figures = measures(&[0, 1], &[vec![f32::NAN, f32::NAN], vec![-0.7, -0.7]], None, 2);
        assert_eq!(figures.keys().collect::<Vec<_>>(), ["accuracy", "macro_f1"]);
        let wild = measures(&[9, 0], &logs(&[&[1.0], &[]]), Some(&logs(&[&[1.0, 0.0]])), 1);
        assert!(wild.values().all(|value| value.is_finite()));
    }

    fn distribution(classes: usize) -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec(-8.0f32..8.0, classes).prop_map(|logits| {
            let total: f32 = logits.iter().map(|x| x.exp()).sum();
            logits.iter().map(|x| x - total.ln()).collect()
        })
    }

    proptest! {
        #[test]
        fn divergence_is_zero_of_a_thing_from_itself_and_else_positive(p in distribution(5), q in distribution(5)) {
            prop_assert!(divergence(&p, &p).abs() < 1e-9);
            prop_assert!(divergence(&p, &q) >= 0.0);
        }

        #[test]
        fn shares_lie_between_0_and_1(rows in prop::collection::vec((0usize..4, distribution(4), distribution(4)), 1..40)) {
            let gold: Vec<usize> = rows.iter().map(|row| row.0).collect();
            let (student, teacher): (Vec<_>, Vec<_>) = rows.into_iter().map(|row| (row.1, row.2)).unzip();
            let figures = measures(&gold, &student, Some(&teacher), 4);
            for name in ["accuracy", "macro_f1", "ece", "agreement"] {
                prop_assert!((0.0..=1.0 + 1e-9).contains(&figures[name]), "{} {}", name, figures[name]);
            }
        }
    }
}
