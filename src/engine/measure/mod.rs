//! Figures that compare answers with gold labels and with the teacher. They take log-probabilities
//! as plain numbers, so a figure means the same for every architecture. A measure is one file and one
//! line in [`OF_CLASSES`]; a task names the measures that mean something for its rows.
//!
//! Not here: what a run measures when, and figures of speed and size.

mod accuracy;
mod agreement;
pub mod bigram;
pub mod by_class;
mod calibration;
mod cross_entropy;
pub mod linear_baseline;
pub mod of_tokens;
mod teacher_gap;
pub mod temperature;

use crate::link::scores::likeliest;
use crate::link::{Measures, Side};
pub use of_tokens::{RowFigures, TokenMeasure};

/// One figure.
#[derive(Clone, Copy)]
pub struct Measure {
    /// Its name in curves, tables and files.
    pub id: &'static str,
    /// The figure; NaN where there is none.
    pub of: fn(&Answered) -> f64,
    /// Whether it compares with a teacher, so that there is none without.
    pub needs_teacher: bool,
}

/// The measures of answers that are classes.
pub const OF_CLASSES: &[Measure] = &[
    accuracy::MEASURE,
    by_class::MEASURE,
    cross_entropy::MEASURE,
    calibration::MEASURE,
    agreement::MEASURE,
    teacher_gap::MEASURE,
];

/// What was answered on one part of the data, `N` rows.
pub struct Answered<'a> {
    /// The right outcome of each row, `[N]`.
    pub gold: &'a [usize],
    /// The student's natural log-probabilities, `[N][outcomes]`.
    pub student: &'a [Vec<f32>],
    /// The teacher's; empty where there is no teacher.
    pub teacher: &'a [Vec<f32>],
    /// The student's likeliest outcomes, `[N]`; of equals the first.
    pub likeliest: Vec<usize>,
    /// Number of outcomes.
    pub outcomes: usize,
}

/// All of `measures` on one part of the data. A figure that is not a finite number (no rows, or a model that
/// has diverged) is left out, since no record could hold it.
///
/// # Shapes
/// `gold` `[N]`; `student` and `teacher` `[N][outcomes]`, natural log-probabilities. Where they differ in
/// length the shortest counts.
pub fn measures(
    measures: &[Measure],
    gold: &[usize],
    student: &[Vec<f32>],
    teacher: Option<&[Vec<f32>]>,
    outcomes: usize,
) -> Measures {
    let likeliest = student.iter().map(|row| likeliest(row)).collect();
    let answered = Answered { gold, student, teacher: teacher.unwrap_or_default(), likeliest, outcomes };
    let there = measures.iter().filter(|measure| teacher.is_some() || !measure.needs_teacher);
    let figures = there.map(|measure| (measure.id.to_owned(), (measure.of)(&answered)));
    figures.filter(|(_, value)| value.is_finite()).collect()
}

/// A model's figures on the test part, the whole and class by class; of its side of an outcome only these
/// are filled in. `gold` and shapes as in [`measures`].
pub fn on_test(gold: &[usize], rows: &[Vec<f32>], teacher: Option<&[Vec<f32>]>, classes: usize) -> Side {
    let answers: Vec<usize> = rows.iter().map(|row| likeliest(row)).collect();
    Side {
        test: measures(OF_CLASSES, gold, rows, teacher, classes),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::link::scores::divergence;

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
        let figures = measures(OF_CLASSES, &[0, 1, 1, 1], &student, Some(&teacher), 4);
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
        let names: Vec<_> = measures(OF_CLASSES, &[0], &logs(&[&[0.9, 0.1]]), None, 2).into_keys().collect();
        assert_eq!(names, ["accuracy", "ece", "loss", "macro_f1"]);
    }

    #[test]
    fn figures_that_do_not_exist_are_left_out() {
        assert!(measures(OF_CLASSES, &[], &[], None, 3).is_empty());
        let figures = measures(OF_CLASSES, &[0, 1], &[vec![f32::NAN, f32::NAN], vec![-0.7, -0.7]], None, 2);
        assert_eq!(figures.keys().collect::<Vec<_>>(), ["accuracy", "macro_f1"]);
        let wild = measures(OF_CLASSES, &[9, 0], &logs(&[&[1.0], &[]]), Some(&logs(&[&[1.0, 0.0]])), 1);
        assert!(wild.values().all(|value| value.is_finite()));
    }

    fn distribution(classes: usize) -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec(-8.0f32..8.0, classes).prop_map(|logits| {
            let total: f32 = logits.iter().map(|x| x.exp()).sum();
            logits.iter().map(|x| x - total.ln()).collect()
        })
    }

    #[test]
    fn no_two_measures_bear_one_name() {
        let names: std::collections::BTreeSet<&str> = OF_CLASSES.iter().map(|measure| measure.id).collect();
        assert_eq!(names.len(), OF_CLASSES.len());
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
            let figures = measures(OF_CLASSES, &gold, &student, Some(&teacher), 4);
            for name in ["accuracy", "macro_f1", "ece", "agreement"] {
                prop_assert!((0.0..=1.0 + 1e-9).contains(&figures[name]), "{} {}", name, figures[name]);
            }
        }
    }
}
