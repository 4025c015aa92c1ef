//! The passes of one optimiser step. Their gradients are added up, and every term of the loss is a mean over the rows of
//! all of them, taken once: what they weigh together is known before the first pass.
//!
//! *Why not a mean of the passes' means (2026-11).* That is another loss wherever the passes have different numbers of
//! rows that count: a token of a short batch would weigh more than one of a long batch. Trainers that did so gave other
//! results than the large batch they stood for (huggingface/transformers issue 34198).

use std::borrow::Cow;

use candle_core::Var;
use candle_core::backprop::GradStore;
use rayon::prelude::*;

use super::{Trainer, reader};
use crate::engine::EngineError;
use crate::engine::batch_plan::draw;
use crate::engine::loss::{LossInput, LossOutput};
use crate::engine::model::{DropoutRng, Trace, ops};
use crate::engine::task::{Logits, Outputs, Sample, StepWeights, Targets};
use crate::link::SeriesId;
use crate::link::scores::likeliest;

/// One pass of a step, before anything is read.
pub(super) struct Planned {
    /// Its number, counted over the whole run: what is drawn is drawn by it.
    pub number: u64,
    /// Its samples.
    pub places: Vec<usize>,
    /// The examples that they are of, as indices into the training part.
    pub examples: Vec<usize>,
    /// What the teacher says of the examples, `[batch, classes]`, where it is asked about examples.
    pub of_classes: Option<Targets>,
}

/// The same with what the student reads.
pub(super) struct MicroBatch<'a> {
    /// As planned.
    pub planned: Planned,
    /// What the student reads.
    pub samples: Vec<Cow<'a, Sample>>,
}

/// What the passes of a step give together.
#[derive(Default)]
pub(super) struct Learned {
    /// Gradients of the student's variables, added up in the order of the passes.
    pub gradients: GradStore,
    /// The loss.
    total: Option<f64>,
    /// Each term of it; `None` where no row of the step counts for it.
    parts: Vec<(&'static str, Option<f64>)>,
    /// Examples whose highest score is their label's, and those whose label is known, where rows are examples.
    right: Option<(usize, usize)>,
}

impl Learned {
    /// Takes in a pass over what `variables` are.
    fn take<'v>(
        &mut self,
        variables: impl Iterator<Item = &'v Var>,
        loss: &LossOutput,
        mut gradients: GradStore,
    ) -> candle_core::Result<()> {
        for variable in variables {
            let Some(gradient) = gradients.remove(variable) else { continue };
            let sum = match self.gradients.remove(variable) {
                Some(before) => (before + gradient)?,
                None => gradient,
            };
            self.gradients.insert(variable, sum);
        }
        add(&mut self.total, Some(loss.total.to_scalar::<f32>()?));
        if self.parts.is_empty() {
            self.parts = loss.parts.iter().map(|(id, _)| (*id, None)).collect();
        }
        self.parts.iter_mut().zip(&loss.parts).for_each(|((_, sum), (_, value))| add(sum, *value));
        Ok(())
    }

    /// The curves of the losses. A term for which no row of the step counts says nothing: a gap, not a 0.
    pub fn curves(&self) -> Vec<(SeriesId, f64)> {
        let all = self.parts.iter().copied().chain([("total", self.total)]);
        let series = |(id, value): (&str, Option<f64>)| Some((SeriesId::from(format!("loss/{id}").as_str()), value?));
        all.filter_map(series).collect()
    }

    /// Share of the examples whose highest score is their label's, hidden labels included: the curve shows what the
    /// student knows, not only what it was told. Nothing where no label is known.
    pub fn accuracy(&self) -> Option<f64> {
        self.right.filter(|(_, known)| *known > 0).map(|(right, known)| right as f64 / known as f64)
    }
}

fn add(sum: &mut Option<f64>, value: Option<f32>) {
    if let Some(value) = value.map(f64::from) {
        *sum = Some(sum.map_or(value, |sum| sum + value));
    }
}

impl Trainer {
    /// Passes with what the student reads in them, as the run meets it this time.
    pub(super) fn read(&self, passes: Vec<Planned>) -> Result<Vec<MicroBatch<'_>>, EngineError> {
        let reader = reader(&self.session, &self.pair, self.task.as_ref());
        let read = |planned: Planned| {
            let samples = self.redrawn(self.plan.samples(&reader, &planned.places)?, planned.number);
            Ok(MicroBatch { planned, samples })
        };
        passes.into_iter().map(read).collect()
    }

    /// Samples as pass number `pass` meets them.
    fn redrawn<'a>(&self, samples: Vec<Cow<'a, Sample>>, pass: u64) -> Vec<Cow<'a, Sample>> {
        let seed = draw(self.session.recipe.seed, pass as usize ^ 0x3A5C_0000);
        let (task, student) = (self.task.as_ref(), &self.pair.student);
        let drawn = |(place, sample): (usize, Cow<'a, Sample>)| {
            let again = task.redrawn(student, &sample, draw(seed, place));
            again.map_or(sample, Cow::Owned)
        };
        samples.into_par_iter().enumerate().map(drawn).collect()
    }

    /// What a step learns from all of its passes, one after another: what a pass keeps is gone before the next.
    pub(super) fn learn(&self, passes: &[MicroBatch]) -> Result<Learned, EngineError> {
        let samples = || passes.iter().flat_map(|pass| pass.samples.iter().map(AsRef::as_ref));
        let of_step = (passes.len() > 1).then(|| StepWeights::of(self.task.as_ref(), samples()));
        let mut learned = Learned::default();
        for pass in passes {
            self.pass(pass, of_step.as_ref(), &mut learned)?;
        }
        Ok(learned)
    }

    fn pass(
        &self,
        MicroBatch { planned, samples }: &MicroBatch,
        of_step: Option<&StepWeights>,
        learned: &mut Learned,
    ) -> Result<(), EngineError> {
        let batch: Vec<&Sample> = samples.iter().map(AsRef::as_ref).collect();
        let of_rows = self.row_teacher.as_ref().filter(|_| self.objective.needs_teacher());
        let of_rows = of_rows.map(|teacher| teacher.targets(self.task.as_ref(), &batch)).transpose()?;
        let teacher = of_rows.as_ref().or(planned.of_classes.as_ref());

        let recipe = &self.session.recipe;
        let dropout = DropoutRng::seeded(draw(recipe.seed, planned.number as usize ^ 0x5EED));
        let (student, text) = (&self.pair.student, self.objective.needs_text());
        let network = student.tracked.as_ref();
        let forward = self.task.forward(student, network, &batch, text, &mut Trace::none(), &dropout)?;
        let done = self.step as f64 / recipe.steps_planned_at(self.step).max(1) as f64;
        let loss =
            self.objective.evaluate(&LossInput { student: &forward, teacher, knobs: &self.knobs, done, of_step })?;
        let gradients = ops::backward(&loss.total)?;
        learned.take(student.weights.variables().values(), &loss, gradients)?;
        if let Some((right, known)) = self.right(&planned.examples, &forward.answers)? {
            let before = learned.right.unwrap_or_default();
            learned.right = Some((before.0 + right, before.1 + known));
        }
        Ok(())
    }

    /// Examples whose highest score is their label's, and those whose label is known; `None` where rows are no examples.
    fn right(&self, examples: &[usize], answers: &Outputs) -> Result<Option<(usize, usize)>, EngineError> {
        let Logits::Dense(rows) = &answers.logits else { return Ok(None) };
        let rows = rows.to_vec2::<f32>()?;
        let truth = examples.iter().map(|&i| self.pair.assets.data.train[i].class());
        let of_known = rows.iter().zip(truth).filter_map(|(row, truth)| Some(likeliest(row) == truth?));
        Ok(Some(of_known.fold((0, 0), |(right, all), hit| (right + usize::from(hit), all + 1))))
    }
}
