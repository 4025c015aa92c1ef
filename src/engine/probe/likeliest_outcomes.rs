//! What both models tell at one place of a text, as far as a person can look at it: the likeliest tokens of either,
//! the one that stands there, and all others as one.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::engine::model::Tokens;
use crate::engine::model::ops::{log_sum_exp, widest};
use crate::link::scores::divergence;
use crate::link::{ToldRow, WholeRow};

/// Tokens that are shown of each side.
const SHOWN: usize = 8;

/// What is shown of a row of the teacher's and one of the student's logits, `[outcomes]` each; `token` is the one that
/// stands there.
pub fn told(theirs: Option<&[f32]>, ours: &[f32], token: Option<u32>, tokens: &Tokens) -> ToldRow {
    let (theirs, ours) = (theirs.map(log_probabilities), log_probabilities(ours));
    let theirs = theirs.as_deref();
    let right = token.map(|id| id as usize).filter(|id| *id < ours.len());
    let shown = of_either(theirs, &ours, right);
    let others = ours.len() - shown.len();
    let names = shown.iter().map(|id| tokens.show(*id as u32)).chain((others > 0).then(|| all_others(others)));
    let outcomes: Arc<[String]> = names.collect::<Vec<_>>().into();
    let whole = WholeRow {
        outcomes: ours.len(),
        others,
        kl: theirs.map(|theirs| divergence(theirs, &ours)),
        teacher_entropy: theirs.map(entropy),
        student_entropy: entropy(&ours),
    };
    let of_right = |row: &[f32]| right.map(|id| row[id]);
    ToldRow {
        whole,
        teacher: theirs.and_then(of_right),
        student: of_right(&ours),
        outcomes,
        gold: right.and_then(|right| shown.iter().position(|id| *id == right)),
        teacher_scores: theirs.map(|row| with_others(row, &shown)),
        student_scores: with_others(&ours, &shown),
    }
}

/// What all others together are called.
pub fn all_others(count: usize) -> String {
    format!("all others ({count})")
}

/// Logits as log-probabilities.
fn log_probabilities(logits: &[f32]) -> Vec<f32> {
    let level = widest(
        #[inline(always)]
        || log_sum_exp(logits, 1.0),
    );
    logits.iter().map(|value| value - level).collect()
}

/// The likeliest of either side, the teacher's first, and the right one.
fn of_either(theirs: Option<&[f32]>, ours: &[f32], right: Option<usize>) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    let all = theirs.map(likeliest).into_iter().flatten().chain(likeliest(ours)).chain(right);
    all.filter(|id| seen.insert(*id)).collect()
}

/// Of equals that of the lower id comes first.
fn likeliest(row: &[f32]) -> Vec<usize> {
    let by_value = |a: &usize, b: &usize| row[*b].total_cmp(&row[*a]).then(a.cmp(b));
    let mut order: Vec<usize> = (0..row.len()).collect();
    if order.len() > SHOWN {
        order.select_nth_unstable_by(SHOWN, by_value);
        order.truncate(SHOWN);
    }
    order.sort_by(by_value);
    order
}

/// The log-probabilities of `shown`, and of all others together, where there are any.
fn with_others(row: &[f32], shown: &[usize]) -> Vec<f32> {
    let known = shown.iter().map(|id| row[*id]);
    if shown.len() == row.len() {
        return known.collect();
    }
    let mut others: Vec<f32> = row.to_vec();
    shown.iter().for_each(|id| others[*id] = f32::NEG_INFINITY);
    let rest: f64 = others.iter().map(|log| f64::from(*log).exp()).sum();
    known.chain([rest.ln() as f32]).collect()
}

fn entropy(row: &[f32]) -> f64 {
    let part = |log: f64| if log == f64::NEG_INFINITY { 0.0 } else { -log.exp() * log };
    row.iter().map(|log| part(f64::from(*log))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_of_either_are_shown_and_the_others_are_what_is_left() {
        let row = |peak: usize| {
            let logits: Vec<f32> = (0..40).map(|i| if i == peak { 4.0 } else { -(i as f32) * 0.1 }).collect();
            log_probabilities(&logits)
        };
        let (theirs, ours) = (row(30), row(20));
        let shown = of_either(Some(&theirs), &ours, Some(39));
        assert_eq!((shown[0], shown.len(), shown[9]), (30, 10, 39), "seven are the same, and the right one");
        assert_eq!(of_either(Some(&theirs), &ours, Some(20)).len(), 9, "which may be among them");
        for row in [&theirs, &ours] {
            let reduced = with_others(row, &shown);
            assert_eq!(reduced.len(), 11);
            let sum: f64 = reduced.iter().map(|log| f64::from(*log).exp()).sum();
            assert!((sum - 1.0).abs() < 1e-6, "{sum}");
        }
        assert!(entropy(&theirs) > 0.0 && entropy(&[0.0, f32::NEG_INFINITY]) == 0.0);
    }

    #[test]
    fn the_likeliest_come_in_order_and_of_equals_the_first() {
        let mut row = vec![0.0; 30];
        (row[7], row[21]) = (2.0, 3.0);
        assert_eq!(likeliest(&row), [21, 7, 0, 1, 2, 3, 4, 5]);
        assert_eq!(likeliest(&[1.0, 2.0]), [1, 0]);
        assert_eq!(with_others(&[1.0, 2.0], &[1, 0]), [2.0, 1.0], "there are no others");
    }
}
