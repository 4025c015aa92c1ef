//! The knob changes of a side: those of all its runs on one lane, the same change in several runs once.

use super::super::RunRecord;
use crate::link::Step;

/// A knob change in runs of a side.
#[derive(Clone, Debug, PartialEq)]
pub struct SideMark {
    /// First step that used the new value.
    pub step: Step,
    /// Which knob.
    pub knob: String,
    /// What it stood at.
    pub from: f64,
    /// What it stands at from then on.
    pub to: f64,
    /// Runs of the side in which that was so.
    pub runs: usize,
}

/// The changes of a side, steps ascending.
pub fn side_marks(records: &[RunRecord]) -> Vec<SideMark> {
    let mut marks: Vec<SideMark> = Vec::new();
    for mark in records.iter().flat_map(|record| &record.marks) {
        let (step, change) = (mark.step, &mark.change);
        let same = |other: &&mut SideMark| {
            (other.step, &other.knob, other.from, other.to) == (step, &change.knob, change.from, change.to)
        };
        match marks.iter_mut().find(same) {
            Some(other) => other.runs += 1,
            None => {
                let knob = change.knob.clone();
                marks.push(SideMark { step, knob, from: change.from, to: change.to, runs: 1 });
            }
        }
    }
    marks.sort_by_key(|mark| mark.step);
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{Fact, KnobChange, Origin};

    #[test]
    fn the_same_change_in_several_runs_is_one_mark() {
        let run = |marks: &[(Step, f64)]| {
            let mut record = RunRecord::default();
            for (step, to) in marks {
                let changes = vec![KnobChange { knob: "mixture.alpha".into(), from: 0.1, to: *to }];
                record.fold(Fact::KnobsChanged { step: *step, origin: Origin::Person, changes });
            }
            record
        };
        let marks = side_marks(&[run(&[(30, 0.5), (70, 0.9)]), run(&[(10, 0.5), (30, 0.5), (70, 0.8)])]);
        let told: Vec<(Step, f64, usize)> = marks.iter().map(|mark| (mark.step, mark.to, mark.runs)).collect();
        assert_eq!(told, [(10, 0.5, 1), (30, 0.5, 2), (70, 0.9, 1), (70, 0.8, 1)]);
        assert!(side_marks(&[]).is_empty());
    }
}
