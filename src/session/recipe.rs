//! The recipe: what is minimised, by which optimiser, for how long, from which seed.

use serde::{Deserialize, Serialize};

use super::{Device, LayerGroup, TaskKind, TeacherRows};
use crate::session::{Sentence, say};

/// Everything about training that is not a live knob.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    /// What is asked of an example.
    #[serde(skip_serializing_if = "TaskKind::is_classes")]
    #[cfg_attr(test, schemars(!skip_serializing_if))]
    pub task: TaskKind,
    /// Of a task over tokens: what is kept of the teacher's rows. Every step, and every measuring, learns from them as
    /// they are kept, whether they were kept before or not, so a run gives the same bits with and without.
    #[serde(skip_serializing_if = "TeacherRows::is_live")]
    #[cfg_attr(test, schemars(!skip_serializing_if))]
    pub teacher_rows: TeacherRows,
    /// The terms of the loss that is minimised, by the ids of their losses, e.g. `soft_targets`,
    /// `hard_labels`, `next_token`. What a term weighs is not repeated here: that is a knob (`<loss>.weight`, and
    /// `mixture.alpha` between labels and teacher), which is turned while the run goes on.
    pub terms: Vec<String>,
    /// Which optimiser.
    pub optimizer: OptimizerKind,
    /// How the learning rate moves over the steps, after the warm-up.
    pub schedule: ScheduleKind,
    /// Steps over which the learning rate rises from 0.
    pub warmup: u64,
    /// Optimiser steps in all.
    pub steps: u64,
    /// Examples per pass through the student; a step gathers `accumulate` passes.
    pub batch: usize,
    /// Passes over `batch` examples whose gradients one optimiser step gathers. The mean is taken once, over the rows of
    /// all of them, so that a step learns what one pass over as many examples would; memory is that of one pass and
    /// one more set of gradients.
    #[serde(skip_serializing_if = "is_one")]
    #[cfg_attr(test, schemars(!skip_serializing_if))]
    pub accumulate: usize,
    /// Parts of the student that learn at another rate, or are frozen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(!skip_serializing_if))]
    pub groups: Vec<LayerGroup>,
    /// Seed of weights, batches, dropout and which examples keep their label.
    pub seed: u64,
    /// Steps between two evaluations on the validation part; 0 never evaluates in between.
    pub evaluate_every: u64,
    /// Steps between two checkpoints; with 0 a run that has done all its steps keeps its student alone,
    /// and one that ended before them keeps one checkpoint, to go on from.
    pub checkpoint_every: u64,
    /// Stops early once the validation accuracy reaches this, in [0, 1].
    pub target_accuracy: Option<f64>,
    /// Stops early after so many evaluations in a row without a better measure: the one that `keep`
    /// names, else the accuracy. `None` never does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<u64>,
    /// Which step's student the run saves.
    #[serde(skip_serializing_if = "Keep::is_last")]
    #[cfg_attr(test, schemars(!skip_serializing_if))]
    pub keep: Keep,
    /// How the run was planned before it was continued for more steps, in step order. Written by the
    /// program, so that a session as run repeats the learning rates of such a run too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extended: Vec<Extension>,
    /// Worker threads of the tensor library; `None` takes what the machine has (one fewer with the
    /// window open). Part of bit-exact replay, so a run's own session has it filled in.
    pub threads: Option<usize>,
    /// Where both models compute.
    #[serde(skip_serializing_if = "Device::is_cpu")]
    #[cfg_attr(test, schemars(!skip_serializing_if))]
    pub device: Device,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            task: TaskKind::Classes,
            teacher_rows: TeacherRows::Live,
            terms: vec!["soft_targets".to_owned(), "hard_labels".to_owned()],
            optimizer: OptimizerKind::AdamW,
            schedule: ScheduleKind::Linear,
            warmup: 50,
            steps: 1000,
            batch: 32,
            accumulate: 1,
            groups: Vec::new(),
            seed: 7,
            evaluate_every: 100,
            checkpoint_every: 200,
            target_accuracy: None,
            patience: None,
            keep: Keep::Last,
            extended: Vec::new(),
            threads: None,
            device: Device::Cpu,
        }
    }
}

impl Recipe {
    /// Why its terms make no loss, or `None`: the checks that need no list of what there is.
    pub fn terms_problem(&self) -> Option<Sentence> {
        if self.terms.is_empty() {
            return Some(say!("recipe.terms is empty; name at least one loss"));
        }
        let again = self.terms.iter().enumerate().find(|(place, loss)| self.terms[..*place].contains(loss));
        again.map(|(_, loss)| {
            say!("recipe.terms names {loss} more than once, which would count it twice; name it once and turn its weight", loss)
        })
    }

    /// Examples that one optimiser step learns from.
    pub fn examples_per_step(&self) -> usize {
        self.batch.saturating_mul(self.accumulate)
    }

    /// The steps that were planned when the run was at `step`: what its schedule goes by.
    pub fn steps_planned_at(&self, step: u64) -> u64 {
        self.extended.iter().find(|extension| step < extension.at).map_or(self.steps, |extension| extension.steps)
    }

    /// Whether the validation part is measured behind `step`: every so often, and where the best is kept
    /// also at the end.
    pub fn evaluates_behind(&self, step: u64) -> bool {
        let due = self.evaluate_every > 0 && (step + 1).is_multiple_of(self.evaluate_every);
        due || self.keep != Keep::Last && step + 1 == self.steps_planned_at(step)
    }

    /// How many evaluations the steps from `step` on bring.
    pub fn evaluations_from(&self, step: u64) -> u64 {
        let (every, steps) = (self.evaluate_every, self.steps.max(step));
        let due = |until: u64| until.checked_div(every).unwrap_or(0);
        let last = steps > step && self.evaluates_behind(steps - 1) && due(steps) == due(steps - 1);
        due(steps) - due(step) + u64::from(last)
    }

    /// The step behind which the run may end early: what ended it before it was continued does not
    /// end it again.
    pub fn bound_until(&self) -> u64 {
        self.extended.last().map_or(0, |extension| extension.at)
    }

    /// What no run could do, in words, or `None`.
    pub fn problem(&self) -> Option<Sentence> {
        let evaluates = self.evaluate_every > 0;
        if self.patience.is_some() && !evaluates {
            return Some(say!("recipe.patience counts evaluations; set recipe.evaluate_every above 0"));
        }
        if self.keep != Keep::Last && !evaluates {
            return Some(say!("recipe.keep chooses by evaluations; set recipe.evaluate_every above 0, or keep: Last"));
        }
        let sound = |pair: &[Extension]| pair[0].at <= pair[1].at;
        let far = |extension: &Extension| extension.at > extension.steps || extension.at > self.steps;
        if !self.extended.windows(2).all(sound) || self.extended.iter().any(far) {
            return Some(say!("recipe.extended must be in step order, none of it behind the steps it was planned for"));
        }
        self.groups.iter().find_map(LayerGroup::problem)
    }
}

fn is_one(count: &usize) -> bool {
    *count == 1
}

/// How a run was planned until it was continued for more steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// Steps done when it was continued.
    pub at: u64,
    /// Steps planned until then.
    pub steps: u64,
}

/// Which step's student a run saves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Keep {
    /// The last step's student.
    #[default]
    Last,
    /// The student of the evaluation with the best measure on the validation part, of equals the first. Its
    /// checkpoint is never removed while the run can go back to it.
    Best(Metric),
}

impl Keep {
    /// Whether it is the default, which a session file leaves out.
    pub fn is_last(&self) -> bool {
        *self == Self::Last
    }

    /// The measure by which evaluations are compared.
    pub fn metric(self) -> Metric {
        match self {
            Self::Last => Metric::Accuracy,
            Self::Best(metric) => metric,
        }
    }
}

/// A measure on the validation part by which students are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Metric {
    /// Share of right answers; higher is better.
    Accuracy,
    /// Mean F1 over the classes; higher is better.
    MacroF1,
    /// Cross-entropy of the label; lower is better.
    Loss,
    /// Share of answers like the teacher's; higher is better.
    Agreement,
    /// KL(teacher ‖ student); lower is better.
    Kl,
}

impl Metric {
    /// All of them, in the order a picker shows them.
    pub const ALL: [Self; 5] = [Self::Accuracy, Self::MacroF1, Self::Loss, Self::Agreement, Self::Kl];

    /// Its name among the measures of an evaluation.
    pub fn id(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::MacroF1 => "macro_f1",
            Self::Loss => "loss",
            Self::Agreement => "agreement",
            Self::Kl => "kl",
        }
    }

    /// Whether it compares with the teacher.
    pub fn needs_teacher(self) -> bool {
        matches!(self, Self::Agreement | Self::Kl)
    }

    /// Whether `value` is better than `than`; of equals neither is.
    pub fn is_better(self, value: f64, than: f64) -> bool {
        match self {
            Self::Accuracy | Self::MacroF1 | Self::Agreement => value > than,
            Self::Loss | Self::Kl => value < than,
        }
    }
}

/// The optimisers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum OptimizerKind {
    /// Stochastic gradient descent with momentum.
    Sgd,
    /// Adam; weight decay enters through the gradient (L2).
    Adam,
    /// Adam with decoupled weight decay.
    AdamW,
}

impl OptimizerKind {
    /// All of them, in the order a picker shows them.
    pub const ALL: [Self; 3] = [Self::Sgd, Self::Adam, Self::AdamW];

    /// The field's name for it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Sgd => "SGD",
            Self::Adam => "Adam",
            Self::AdamW => "AdamW",
        }
    }
}

/// The learning-rate schedules, each after a linear warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ScheduleKind {
    /// Stays at the knob's value.
    Constant,
    /// Falls in a straight line to 0 at the last step.
    Linear,
    /// Falls along half a cosine to 0 at the last step.
    Cosine,
}

impl ScheduleKind {
    /// All of them, in the order a picker shows them.
    pub const ALL: [Self; 3] = [Self::Constant, Self::Linear, Self::Cosine];

    /// The field's name for it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Linear => "linear",
            Self::Cosine => "cosine",
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::session::{Keep, Metric, Session};

    #[test]
    fn the_evaluations_to_come_are_those_that_the_steps_to_come_bring() {
        let mut recipe = Session::built_in().unwrap().recipe;
        for keep in [Keep::Last, Keep::Best(Metric::Accuracy)] {
            for (steps, every) in [(12, 0), (12, 4), (12, 5), (1, 1), (0, 3), (7, 20)] {
                (recipe.steps, recipe.evaluate_every, recipe.keep) = (steps, every, keep);
                for from in 0..=steps + 2 {
                    let counted = (from..steps).filter(|step| recipe.evaluates_behind(*step)).count();
                    assert_eq!(
                        recipe.evaluations_from(from),
                        counted as u64,
                        "{from} of {steps}, every {every}, {keep:?}"
                    );
                }
            }
        }
    }
}
