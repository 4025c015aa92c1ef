//! Which evaluation of a run was the best so far, and how many have passed since.

use serde::{Deserialize, Serialize};

use crate::link::{Measures, Step};
use crate::session::{Keep, Metric, Recipe, Sentence, say};

/// Why the evaluations of a run by `recipe` could not be compared, and what to change; `None` where they can
/// be, or need not be. `measured` are the texts of the validation part.
pub fn incomparable(recipe: &Recipe, measured: usize, has_teacher: bool) -> Option<(Sentence, Sentence)> {
    if recipe.keep == Keep::Last && recipe.patience.is_none() {
        return None;
    }
    if measured == 0 {
        let why = say!("keep and patience compare by the validation part, which is empty");
        return Some((why, say!("set data.validation above 0")));
    }
    let alone = recipe.keep.metric().needs_teacher() && !has_teacher;
    let why = say!("keep compares with the answers of a teacher, and this run has none");
    alone.then_some((why, say!("choose Accuracy, MacroF1 or Loss")))
}

/// The best evaluation of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Steps done when it was made.
    pub step: Step,
    /// By which measure.
    pub metric: Metric,
    /// What that was.
    pub value: f64,
}

/// The evaluations of a run, compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    /// The best one, once there was any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<Best>,
    /// Evaluations since then.
    #[serde(default)]
    pub stale: u64,
    /// Steps done at the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Step>,
}

impl Watch {
    /// Takes in an evaluation made behind `step` steps; tells whether it is the best so far. One
    /// without the measure, which a student that has diverged lacks, is no better than any.
    pub fn take(&mut self, step: Step, measures: &Measures, keep: Keep) -> bool {
        let metric = keep.metric();
        self.last = Some(step);
        // A session whose measure was changed compares anew.
        let best = self.best.filter(|best| best.metric == metric);
        let value = measures.get(metric.id()).copied();
        let better = value.filter(|value| best.is_none_or(|best| metric.is_better(*value, best.value)));
        match better {
            Some(value) => (self.best, self.stale) = (Some(Best { step, metric, value }), 0),
            None => self.stale += 1,
        }
        better.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measures(metric: Metric, value: f64) -> Measures {
        [(metric.id().to_owned(), value)].into()
    }

    #[test]
    fn the_first_of_the_best_is_kept_whichever_way_the_measure_runs() {
        for (metric, values) in [(Metric::Accuracy, [0.2, 0.8, 0.8, 0.5]), (Metric::Loss, [2.0, 0.1, 0.1, 0.4])] {
            let (mut watch, keep) = (Watch::default(), Keep::Best(metric));
            let better: Vec<bool> =
                (1..).zip(values).map(|(step, v)| watch.take(step, &measures(metric, v), keep)).collect();
            assert_eq!(better, [true, true, false, false], "{metric:?}");
            assert_eq!((watch.best.unwrap().step, watch.stale, watch.last), (2, 2, Some(4)));
        }
    }

    #[test]
    fn an_evaluation_without_the_measure_is_stale_and_never_the_best() {
        let mut watch = Watch::default();
        assert!(!watch.take(5, &Measures::new(), Keep::Last));
        assert_eq!((watch.best, watch.stale), (None, 1));
        assert!(watch.take(6, &measures(Metric::Accuracy, 0.0), Keep::Last));
    }
}
