//! What both models tell at one place of a text, as far as a person can look at it: the likeliest tokens of either
//! and all others as one.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::engine::model::Tokens;
use crate::link::scores::divergence;
use crate::link::{ProbeFrame, WholeRow};

/// Tokens that are shown of each side.
const SHOWN: usize = 8;
/// What all others together are called.
const OTHERS: &str = "…";

/// Takes from the frame, whose scores are of the whole vocabulary, what is looked at.
pub fn reduce(frame: &mut ProbeFrame, tokens: &Tokens) {
    let theirs = frame.teacher.as_ref().map(|side| side.scores.as_slice());
    let ours = frame.student.scores.as_slice();
    let shown: Vec<usize> = of_either(theirs, ours);
    let names = shown.iter().map(|id| tokens.show(*id as u32)).chain([OTHERS.to_owned()]);
    let classes: Arc<[String]> = names.collect::<Vec<_>>().into();
    let exact = WholeRow {
        outcomes: ours.len(),
        kl: theirs.map(|theirs| divergence(theirs, ours)),
        teacher_entropy: theirs.map(entropy),
        student_entropy: entropy(ours),
    };
    let [teacher, student] = [theirs, Some(ours)].map(|row| row.map(|row| with_others(row, &shown)));
    if let (Some(side), Some(scores)) = (&mut frame.teacher, teacher) {
        side.scores = scores;
    }
    frame.student.scores = student.unwrap_or_default();
    (frame.classes, frame.whole_row) = (classes, Some(exact));
}

/// The likeliest of either side, the teacher's first.
fn of_either(theirs: Option<&[f32]>, ours: &[f32]) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    let all = theirs.map(likeliest).into_iter().flatten().chain(likeliest(ours));
    all.filter(|id| seen.insert(*id)).collect()
}

fn likeliest(row: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..row.len()).collect();
    order.sort_by(|a, b| row[*b].total_cmp(&row[*a]).then(a.cmp(b)));
    order.truncate(SHOWN);
    order
}

/// The log-probabilities of `shown`, and of all others together.
fn with_others(row: &[f32], shown: &[usize]) -> Vec<f32> {
    let mut others: Vec<f32> = row.to_vec();
    shown.iter().for_each(|id| others[*id] = f32::NEG_INFINITY);
    let rest: f64 = others.iter().map(|log| f64::from(*log).exp()).sum();
    shown.iter().map(|id| row[*id]).chain([rest.ln() as f32]).collect()
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
            crate::link::scores::log_softmax(&logits)
        };
        let (theirs, ours) = (row(30), row(20));
        let shown = of_either(Some(&theirs), &ours);
        assert_eq!((shown[0], shown.len()), (30, 9), "seven are the same");
        for row in [&theirs, &ours] {
            let reduced = with_others(row, &shown);
            let sum: f64 = reduced.iter().map(|log| f64::from(*log).exp()).sum();
            assert!((sum - 1.0).abs() < 1e-6, "{sum}");
        }
        assert!(entropy(&theirs) > 0.0 && entropy(&[0.0, f32::NEG_INFINITY]) == 0.0);
    }
}
