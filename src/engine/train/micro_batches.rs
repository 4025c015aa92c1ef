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

use super::curves::{INSIGHT_EVERY, curve};
use super::{Trainer, reader};
use crate::engine::EngineError;
use crate::engine::batch_plan::draw;
use crate::engine::loss::{Insight, LossInput, LossOutput};
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
    /// What each term weighs in it.
    weights: Vec<f64>,
    /// What the terms ask of the student in the first pass, at the steps that look at it.
    pub insight: Option<Insight>,
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
            self.weights.clone_from(&loss.weights);
        }
        self.parts.iter_mut().zip(&loss.parts).for_each(|((_, sum), (_, value))| add(sum, *value));
        Ok(())
    }

    /// The curves of the losses. A term for which no row of the step counts says nothing: a gap, not a 0.
    pub fn curves(&self) -> Vec<(SeriesId, f64)> {
        let all = self.parts.iter().copied().chain([("total", self.total)]);
        let series = |(id, value): (&str, Option<f64>)| Some((curve("loss", id), value?));
        // Where a term weighs 1 its value is what it weighs in the sum.
        let weighing = self.parts.iter().zip(&self.weights).filter(|(_, weight)| **weight != 1.0);
        let weighted = weighing.filter_map(|((id, value), weight)| Some((curve("weighted", id), weight * (*value)?)));
        all.filter_map(series).chain(weighted).collect()
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
    pub(super) fn redrawn<'a>(&self, samples: Vec<Cow<'a, Sample>>, pass: u64) -> Vec<Cow<'a, Sample>> {
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
        let input = LossInput { student: &forward, teacher, knobs: &self.knobs, done, of_step };
        let loss = self.objective.evaluate(&input)?;
        if self.step.is_multiple_of(INSIGHT_EVERY) && learned.insight.is_none() {
            learned.insight = Some(self.objective.insight(&input)?);
        }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use candle_core::Tensor;

    use super::*;
    use crate::engine::pair::Pair;
    use crate::session::{Limits, Session, file};

    /// A run of four passes of eight a step, whose student drops nothing: what is dropped is drawn for each pass.
    fn trainer(mut session: Session) -> Trainer {
        session.data.limit = Limits { train: Some(60), validation: Some(6), test: Some(6) };
        (session.recipe.batch, session.recipe.accumulate) = (8, 4);
        let mut pair = Pair::open(&session, None).unwrap();
        for field in ["resid_pdrop", "embd_pdrop", "attn_pdrop", "hidden_dropout_prob", "attention_probs_dropout_prob"]
            .into_iter()
            .chain(["dropout", "attention_dropout", "seq_classif_dropout", "classifier_dropout"])
        {
            pair.student.config.set(field, 0.into());
        }
        pair.student.freeze(BTreeSet::new()).unwrap();
        Trainer::new(session, pair, &crate::engine::catalog()).unwrap()
    }

    fn session(name: &str) -> Session {
        file::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sessions").join(name)).unwrap()
    }

    /// Label words of a decoder, beside the next words of the texts.
    fn words() -> Session {
        let mut session = session("train-teacher.ron");
        session.recipe.terms = vec!["hard_labels".into(), "next_token".into()];
        session.data.labelled = Some(20);
        session
    }

    /// Several passes as one over the same samples.
    fn together<'a>(passes: &[MicroBatch<'a>]) -> MicroBatch<'a> {
        let all = |of: fn(&Planned) -> &Vec<usize>| passes.iter().flat_map(|pass| of(&pass.planned).clone()).collect();
        let of_classes: Vec<Tensor> = passes
            .iter()
            .filter_map(|pass| match &pass.planned.of_classes {
                Some(Targets::Dense(rows)) => Some(rows.clone()),
                _ => None,
            })
            .collect();
        let of_classes = (!of_classes.is_empty()).then(|| Tensor::cat(&of_classes, 0).unwrap().into());
        let planned =
            Planned { number: 0, places: all(|pass| &pass.places), examples: all(|pass| &pass.examples), of_classes };
        MicroBatch { planned, samples: passes.iter().flat_map(|pass| pass.samples.clone()).collect() }
    }

    fn gradients(trainer: &Trainer, learned: &Learned) -> Vec<(String, Vec<f32>)> {
        let flat = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let variables = trainer.pair.student.weights.variables().iter();
        variables.map(|(name, of)| (name.clone(), learned.gradients.get(of).map(flat).unwrap_or_default())).collect()
    }

    #[test]
    fn trap_5_four_batches_of_a_step_give_the_gradient_of_one_batch_of_all_their_samples() {
        let mut differs = 0;
        for (name, session) in [
            ("classes", Session::built_in().unwrap()),
            ("words and their texts", words()),
            ("next token", session("next-token.ron")),
            ("masked token", session("masked-token.ron")),
        ] {
            let mut trainer = trainer(session);
            let planned = trainer.plan.passes(0).map(|number| trainer.planned_pass(number).unwrap());
            let planned: Vec<Planned> = planned.collect();
            let passes = trainer.read(planned).unwrap();
            // One of an epoch may be smaller.
            assert!(passes.len() == 4 && passes.iter().all(|pass| (1..=8).contains(&pass.samples.len())), "{name}");
            let (apart, at_once) = (trainer.learn(&passes).unwrap(), trainer.learn(&[together(&passes)]).unwrap());
            let (ours, theirs) = (gradients(&trainer, &apart), gradients(&trainer, &at_once));
            let all = || theirs.iter().flat_map(|(_, values)| values);
            assert!(all().any(|slope| slope.abs() > 1e-3) && theirs.iter().all(|(_, values)| !values.is_empty()));
            for ((variable, ours), (_, theirs)) in ours.iter().zip(&theirs) {
                let most = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0f32, f32::max);
                assert!(most < 1e-5, "{name}, {variable}: {most} apart");
            }
            assert_eq!(apart.accuracy(), at_once.accuracy(), "{name}");
            for ((id, ours), (_, theirs)) in apart.curves().iter().zip(at_once.curves()) {
                assert!((ours - theirs).abs() < 1e-5 * theirs.abs().max(1.0), "{name} {id}: {ours} is not {theirs}");
            }
            // What a trainer does that divides each pass by its own rows.
            let alone = |pass: &MicroBatch| {
                let learned = trainer.learn(&[together(std::slice::from_ref(pass))]).unwrap();
                learned.total.unwrap() / passes.len() as f64
            };
            let naive: f64 = passes.iter().map(alone).sum();
            differs += usize::from((naive - at_once.total.unwrap()).abs() > 1e-4);
        }
        assert!(differs >= 2, "the batches here have rows alike, and the test proves nothing");
    }

    #[test]
    fn what_is_drawn_is_drawn_for_each_pass_and_as_ever_where_a_step_has_one() {
        let mut single = session("masked-token.ron");
        single.data.limit = Limits { train: Some(60), validation: Some(6), test: Some(6) };
        single.recipe.batch = 8;
        let mut trainer = trainer(single.clone());
        let mut of_one = {
            let pair = Pair::open(&single, None).unwrap();
            Trainer::new(single, pair, &crate::engine::catalog()).unwrap()
        };
        for number in 4..8 {
            let (ours, theirs) = (trainer.planned_pass(number).unwrap(), of_one.planned_pass(number).unwrap());
            let (ours, theirs) = (trainer.read(vec![ours]).unwrap(), of_one.read(vec![theirs]).unwrap());
            assert_eq!(ours[0].samples, theirs[0].samples);
        }
        let planned = trainer.planned_pass(0).unwrap();
        let again = |number| Planned { number, of_classes: None, places: planned.places.clone(), examples: Vec::new() };
        let passes = trainer.read(vec![again(0), again(1)]).unwrap();
        assert_ne!(passes[0].samples, passes[1].samples, "the same masks are met twice in a step");
    }
}
