//! What a step of a side is worth on each axis: epochs, examples, seconds. All axes are a step times a figure, so that a
//! curve is kept once and drawn on any of them.
//!
//! A journal tells no time of a step: it tells that of the whole run, once the run has ended. Seconds are at the mean
//! pace of the run, and of a run that has not ended there are none.

use super::super::RunRecord;
use crate::link::PartCounts;
use crate::session::Session;

/// What curves are drawn over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CurveAxis {
    /// Optimiser steps.
    #[default]
    Step,
    /// Passes over the training part.
    Epoch,
    /// Training examples that were read, each as often as it was.
    Examples,
    /// Wall time at the mean pace of the run, seconds.
    Time,
}

impl CurveAxis {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Step, Self::Epoch, Self::Examples, Self::Time];
}

/// What one step of a side is worth; `None` where that is not known, or its runs differ in it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SideAxes {
    /// Epochs a step.
    pub epochs: Option<f64>,
    /// Examples a step.
    pub examples: Option<f64>,
    /// Seconds a step, at the mean pace of its runs.
    pub seconds: Option<f64>,
}

impl SideAxes {
    /// Of the runs of a side.
    pub fn of(records: &[RunRecord]) -> Self {
        let all: Vec<Self> = records.iter().map(of_run).collect();
        let paces: Option<Vec<f64>> = all.iter().map(|axes| axes.seconds).collect();
        Self {
            epochs: shared(&all, |axes| axes.epochs),
            examples: shared(&all, |axes| axes.examples),
            seconds: paces.filter(|paces| !paces.is_empty()).map(|all| all.iter().sum::<f64>() / all.len() as f64),
        }
    }

    /// Units of an axis that a step is worth.
    pub fn per_step(&self, axis: CurveAxis) -> Option<f64> {
        match axis {
            CurveAxis::Step => Some(1.0),
            CurveAxis::Epoch => self.epochs,
            CurveAxis::Examples => self.examples,
            CurveAxis::Time => self.seconds,
        }
    }
}

fn shared(all: &[SideAxes], of: fn(&SideAxes) -> Option<f64>) -> Option<f64> {
    let first = of(all.first()?)?;
    all.iter().all(|axes| of(axes) == Some(first)).then_some(first)
}

fn of_run(record: &RunRecord) -> SideAxes {
    let parts = record.opened.as_ref().map(|opened| opened.parts);
    let session = record.session.as_deref();
    let epochs = session.and_then(|session| epochs_a_step(session, parts?));
    let examples = session.and_then(|session| examples_a_step(session, parts));
    let ended = record.outcome.as_ref().filter(|outcome| outcome.steps > 0 && outcome.seconds > 0.0);
    SideAxes { epochs, examples, seconds: ended.map(|outcome| outcome.seconds / outcome.steps as f64) }
}

/// The last batch of an epoch may be smaller: an epoch is its batches, not its examples over the size of one.
fn epochs_a_step(session: &Session, parts: PartCounts) -> Option<f64> {
    let epoch = examples_of_an_epoch(session, parts)?;
    Some(session.recipe.accumulate as f64 / epoch.div_ceil(session.recipe.batch.max(1)) as f64)
}

fn examples_a_step(session: &Session, parts: Option<PartCounts>) -> Option<f64> {
    let epoch = parts.and_then(|parts| Some((epochs_a_step(session, parts)?, examples_of_an_epoch(session, parts)?)));
    let of_epoch = epoch.map(|(epochs, examples)| epochs * examples as f64);
    of_epoch.or_else(|| session.recipe.task.is_classes().then(|| session.recipe.examples_per_step() as f64))
}

/// Where texts are cut into stretches of tokens, what an epoch has of them is not in the journal.
fn examples_of_an_epoch(session: &Session, parts: PartCounts) -> Option<usize> {
    let labels_alone = session.recipe.terms.iter().all(|term| term == "hard_labels");
    let examples = if labels_alone { parts.labelled } else { parts.train };
    (session.recipe.task.is_classes() && examples > 0).then_some(examples)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::link::{Opened, Outcome};
    use crate::session::TaskKind;

    fn record(batch: usize, train: usize, seconds: f64) -> RunRecord {
        let mut session = Session::built_in().unwrap();
        (session.recipe.batch, session.recipe.accumulate) = (batch, 2);
        let parts = PartCounts { train, labelled: 10, ..PartCounts::default() };
        RunRecord {
            session: Some(Arc::new(session)),
            opened: Some(Arc::new(Opened { parts, ..Opened::default() })),
            outcome: Some(Arc::new(Outcome { steps: 50, seconds, ..Outcome::default() })),
            ..RunRecord::default()
        }
    }

    #[test]
    fn a_step_is_worth_its_batches_and_the_last_batch_of_an_epoch_may_be_smaller() {
        let axes = SideAxes::of(&[record(32, 100, 100.0)]);
        let expected = SideAxes { epochs: Some(0.5), examples: Some(50.0), seconds: Some(2.0) };
        assert_eq!(axes, expected, "100 examples are four batches of 32, of which a step takes two");
        assert_eq!(CurveAxis::ALL.map(|axis| axes.per_step(axis)), [Some(1.0), Some(0.5), Some(50.0), Some(2.0)]);
    }

    #[test]
    fn where_labels_alone_teach_an_epoch_has_the_labelled_examples() {
        let mut of_labels = record(10, 100, 1.0);
        let session = Arc::make_mut(of_labels.session.as_mut().unwrap());
        session.recipe.terms = vec!["hard_labels".into()];
        assert_eq!(SideAxes::of(&[of_labels]).epochs, Some(2.0));
    }

    #[test]
    fn an_axis_that_is_not_known_or_on_which_runs_differ_is_none() {
        let mixed = SideAxes::of(&[record(32, 100, 100.0), record(16, 100, 200.0)]);
        assert_eq!(mixed, SideAxes { epochs: None, examples: None, seconds: Some(3.0) });
        let not_ended = RunRecord { outcome: None, opened: None, ..record(32, 100, 0.0) };
        assert_eq!(SideAxes::of(&[not_ended]), SideAxes { examples: Some(64.0), ..SideAxes::default() });
        let mut of_tokens = record(32, 100, 0.0);
        let session = Arc::make_mut(of_tokens.session.as_mut().unwrap());
        session.recipe.task = TaskKind::NextToken { packed: true, learn_prompt: false };
        assert_eq!(SideAxes::of(&[of_tokens]), SideAxes::default());
        assert_eq!(SideAxes::of(&[]), SideAxes::default());
    }
}
