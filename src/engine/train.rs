//! One training step, whole, on one screen. Nothing here knows an architecture or a formula.

use std::sync::Arc;

use candle_core::Tensor;
use rayon::prelude::*;

use super::EngineError;
use super::data::Batches;
use super::loss::{LossInput, Mixture, hard_labels, needs_teacher};
use super::model::{DropoutRng, Trace, init, ops};
use super::optim::{LEARNING_RATE, Optimizer, Settings, scheduled};
use super::pair::Pair;
use super::prune::{Pruner, THETA};
use super::task::{self, Sample, Task};
use super::teacher::Targets;
use crate::link::scores::likeliest;
use crate::link::{SeriesId, Step};
use crate::session::{Catalog, Knobs, Session};

/// A run in progress: everything that changes from step to step, and what it reads.
pub struct Trainer {
    /// The session as run.
    pub session: Session,
    /// Models and data.
    pub pair: Pair,
    /// How the student answers.
    pub task: Box<dyn Task>,
    /// The teacher's answers.
    pub targets: Option<Targets>,
    /// Moves the student's weights.
    pub optimizer: Optimizer,
    /// Keeps removed weights removed.
    pub pruner: Pruner,
    /// Knob values in use.
    pub knobs: Knobs,
    /// Steps done.
    pub step: Step,
    mixture: Mixture,
    /// Indices into the training part that take part in the run.
    train_indices: Vec<usize>,
    prepared: Vec<Sample>,
    batches: Batches,
}

/// What one step gives.
pub struct Stepped {
    /// Curve and value.
    pub values: Vec<(SeriesId, f64)>,
    /// Whether every number was one; if not, the weights were left as they were.
    pub sound: bool,
}

impl Trainer {
    /// A run of `session` on an open pair, at step 0.
    ///
    /// # Errors
    /// [`EngineError`] if the recipe, the prompt or a knob cannot be used with this pair.
    pub fn new(session: Session, pair: Pair, catalog: &Catalog) -> Result<Self, EngineError> {
        pair.check()?;
        let task = task::for_model(&pair.student, &session.prompt, &pair.data.classes)?;
        let targets = pair.targets(&session)?;
        let mixture = mixture(&session, &pair, session.models.teacher.is_some())?;
        let knobs = checked_knobs(&session, catalog)?;
        let BatchPlan { train_indices, prepared, batches } = plan_batches(&session, &pair, task.as_ref(), &mixture)?;
        let variables = pair.student.weights.variables().iter().map(|(n, v)| (n.clone(), v.clone())).collect();
        let optimizer = Optimizer::new(session.recipe.optimizer, variables)?;
        let mut pruner = Pruner::default();
        pruner.set_theta(knobs.get(&THETA), &pair.student.weights)?;
        Ok(Self {
            session,
            pair,
            task,
            targets,
            optimizer,
            pruner,
            knobs,
            step: 0,
            mixture,
            train_indices,
            prepared,
            batches,
        })
    }

    /// One step with the knob values in use.
    ///
    /// # Errors
    /// [`EngineError`] if the tensor library or the teacher refuses.
    pub fn advance(&mut self) -> Result<Stepped, EngineError> {
        let picked = self.batches.at(self.step);
        let (labels, labelled, teacher) = self.batch_targets(&picked)?;
        let student = &self.pair.student;
        let batch: Vec<&Sample> = picked.iter().map(|&i| &self.prepared[i]).collect();
        if self.pruner.set_theta(self.knobs.get(&THETA), &student.weights)? {
            self.pruner.enforce(&student.weights, &mut self.optimizer)?;
        }

        let noise = DropoutRng::seeded(draw(self.session.recipe.seed, self.step as usize ^ 0x5EED));
        let language = self.mixture.needs_language();
        let pass = self.task.pass(student, student.tracked.as_ref(), &batch, language, &mut Trace::none(), &noise)?;
        let given = LossInput {
            student: &pass,
            teacher: teacher.as_ref(),
            labels: &labels,
            labelled: &labelled,
            knobs: &self.knobs,
        };
        let mixed = self.mixture.evaluate(&given)?;
        let mut gradients = ops::backward(&mixed.total)?;
        self.pruner.mask_gradients(&student.weights, &mut gradients)?;

        let rate = self.rate();
        let norm = self.optimizer.step(&gradients, rate, &Settings::from(&self.knobs))?;
        self.step += 1;

        // A batch without a labelled example says nothing about the labels: a gap, not a 0.
        let silent = labelled.sum_all()?.to_scalar::<f32>()? == 0.0;
        let told = mixed.parts.iter().filter(|(id, _)| !(silent && *id == hard_labels::LOSS.entry.id));
        let parts = told.map(|(id, value)| (format!("loss/{id}"), value));
        let named: Vec<(String, &Tensor)> = parts.chain([("loss/total".to_owned(), &mixed.total)]).collect();
        let values = Tensor::stack(&named.iter().map(|(_, value)| *value).collect::<Vec<_>>(), 0)?.to_vec1::<f32>()?;
        let sound = norm.is_finite() && values.iter().all(|value| value.is_finite());
        let mut values: Vec<(SeriesId, f64)> =
            named.iter().zip(values).map(|((id, _), value)| (SeriesId::from(id.as_str()), f64::from(value))).collect();
        values.push(("train/grad_norm".into(), norm));
        values.push(("train/learning_rate".into(), rate));
        let known = |i: &usize| self.pair.data.train[self.train_indices[*i]].label.is_some();
        let known: Vec<bool> = picked.iter().map(known).collect();
        if let Some(accuracy) = batch_accuracy(&pass.scores, &labels, &known)? {
            values.push(("train/batch_accuracy".into(), accuracy));
        }
        Ok(Stepped { values, sound })
    }

    /// Labels `[batch]`, their weights `[batch]` and the teacher's log-probabilities
    /// `[batch, classes]` for examples of the run; a teacher that no loss needs is not asked.
    fn batch_targets(&mut self, picked: &[usize]) -> Result<(Tensor, Tensor, Option<Tensor>), EngineError> {
        let (data, device) = (&self.pair.data, &self.pair.device);
        let own: Vec<usize> = picked.iter().map(|&i| self.train_indices[i]).collect();
        let labels: Vec<u32> = own.iter().map(|&i| data.train[i].label.unwrap_or_default() as u32).collect();
        let labelled: Vec<f32> = own.iter().map(|&i| f32::from(u8::from(data.labelled[i]))).collect();
        let needed = needs_teacher(&self.session.recipe);
        let teacher = match &mut self.targets {
            Some(targets) if needed => {
                let texts: Vec<&str> = own.iter().map(|&i| &*data.train[i].text).collect();
                let answers: Vec<f32> = targets.predict(&texts)?.iter().flat_map(|answer| answer.to_vec()).collect();
                Some(Tensor::from_vec(answers, (own.len(), data.classes.len()), device)?)
            }
            _ => None,
        };
        Ok((Tensor::new(labels, device)?, Tensor::new(labelled, device)?, teacher))
    }

    /// The texts of a step and the tokens it costs, padding counted.
    pub fn planned(&mut self, step: Step) -> (Vec<Arc<str>>, usize) {
        let picked = self.batches.at(step);
        let longest = picked.iter().map(|&i| self.prepared[i].tokens()).max().unwrap_or(0);
        let texts = picked.iter().map(|&i| Arc::clone(&self.pair.data.train[self.train_indices[i]].text));
        (texts.collect(), picked.len() * longest)
    }

    /// Puts one question to a teacher behind a server, if what comes next needs its answer: the coming
    /// step and what is measured behind it, or the measures at the end where the run `ends`. So the run
    /// can be stopped between two questions. Gives how many answers are there, of how many; `None` when
    /// nothing is missing.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn ask_ahead(&mut self, ends: bool) -> Result<Option<(usize, usize)>, EngineError> {
        if !self.targets.as_ref().is_some_and(Targets::asks_singly) {
            return Ok(None);
        }
        let measured = ends || self.session.recipe.evaluates_behind(self.step);
        let batch = if ends || !needs_teacher(&self.session.recipe) { Vec::new() } else { self.planned(self.step).0 };
        let data = Arc::clone(&self.pair.data);
        let validation = data.validation.iter().filter(|_| measured);
        let test = data.test.iter().filter(|_| ends);
        let texts = batch.iter().map(|text| &**text).chain(validation.chain(test).map(|example| &*example.text));
        let texts: Vec<&str> = texts.collect();
        Ok(self.targets.as_mut().map_or(Ok(None), |targets| targets.ask_one(&texts))?)
    }

    /// Does without the teacher from now on, if measuring with it would mean more questions to a server:
    /// a person who stops a run does not want to go on paying.
    pub fn spare_teacher(&mut self) {
        let data = &self.pair.data;
        let mut texts = data.validation.iter().chain(&data.test).map(|example| &*example.text);
        let spared = |targets: &Targets| targets.asks_singly() && texts.any(|text| !targets.knows(text));
        if self.targets.as_ref().is_some_and(spared) {
            self.targets = None;
        }
    }

    /// Whether the step about to be done needs no more answers of a teacher behind a server.
    pub fn can_step(&mut self) -> bool {
        let texts = if needs_teacher(&self.session.recipe) { self.planned(self.step).0 } else { Vec::new() };
        self.targets.as_ref().is_none_or(|targets| texts.iter().all(|text| targets.knows(text)))
    }

    /// Training texts of the run that are cut for the student, the tokens they lose, and all texts.
    pub fn cut(&self) -> (usize, usize, usize) {
        let cut = self.prepared.iter().map(Sample::cut).filter(|cut| *cut > 0);
        let (texts, tokens) = cut.fold((0, 0), |(texts, tokens), cut| (texts + 1, tokens + cut));
        (texts, tokens, self.prepared.len())
    }

    /// The learning rate of the step about to be done.
    pub fn rate(&self) -> f64 {
        let recipe = &self.session.recipe;
        let planned = recipe.steps_planned_at(self.step);
        self.knobs.get(&LEARNING_RATE) * scheduled(recipe.schedule, recipe.warmup, planned, self.step)
    }

    /// The student's log-probabilities for texts, `[texts][classes]`.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn student_answers(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EngineError> {
        let (task, student) = (self.task.as_ref(), &self.pair.student);
        let prepare = |text: &&str| task.prepare(student, text, 0);
        let prepared = texts.par_iter().map(prepare).collect::<Result<Vec<_>, _>>()?;
        let examples: Vec<&Sample> = prepared.iter().collect();
        Ok(task::log_probabilities(student, task, &examples)?)
    }

    /// The teacher's log-probabilities for texts, if there is a teacher.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn teacher_answers(&mut self, texts: &[&str]) -> Result<Option<Vec<Arc<[f32]>>>, EngineError> {
        self.targets.as_mut().map(|targets| targets.predict(texts)).transpose().map_err(EngineError::from)
    }
}

/// Which examples a run takes, and in which order.
pub struct BatchPlan {
    /// Indices into the training part that take part in the run.
    pub train_indices: Vec<usize>,
    /// The same as the student reads them.
    pub prepared: Vec<Sample>,
    /// Places in `train_indices`, step by step.
    pub batches: Batches,
}

/// The batches of a run of `session` on an open pair, known before the run.
///
/// # Errors
/// [`EngineError`] as [`Trainer::new`].
pub fn batch_plan(session: &Session, pair: &Pair) -> Result<BatchPlan, EngineError> {
    let task = task::for_model(&pair.student, &session.prompt, &pair.data.classes)?;
    let mixture = mixture(session, pair, session.models.teacher.is_some())?;
    plan_batches(session, pair, task.as_ref(), &mixture)
}

fn mixture(session: &Session, pair: &Pair, teacher: bool) -> Result<Mixture, EngineError> {
    let language = pair.student.architecture.causal() && matches!(pair.student.top, super::model::HeadKind::Vocabulary);
    Mixture::new(&session.recipe, teacher, language).map_err(EngineError::Recipe)
}

fn plan_batches(session: &Session, pair: &Pair, task: &dyn Task, mixture: &Mixture) -> Result<BatchPlan, EngineError> {
    let everyone = 0..pair.data.train.len();
    let train_indices: Vec<usize> = everyone.filter(|&i| !mixture.labels_only() || pair.data.labelled[i]).collect();
    if train_indices.is_empty() {
        return Err(EngineError::Recipe(
            "no training example has a label and no teacher speaks; raise data.labelled".into(),
        ));
    }
    let prepare = |&i: &usize| task.prepare(&pair.student, &pair.data.train[i].text, draw(session.recipe.seed, i));
    let prepared = train_indices.par_iter().map(prepare).collect::<Result<Vec<_>, _>>()?;
    let lengths: Vec<usize> = prepared.iter().map(Sample::tokens).collect();
    let batches = Batches::new(&lengths, session.recipe.batch, session.recipe.seed);
    Ok(BatchPlan { train_indices, prepared, batches })
}

/// The knob values at step 0, every one known and in its range.
fn checked_knobs(session: &Session, catalog: &Catalog) -> Result<Knobs, EngineError> {
    match session.knob_problem(catalog) {
        Some(problem) => Err(EngineError::Knob(problem)),
        None => Ok(session.start_knobs(catalog)),
    }
}

/// A number drawn from the seed for one place: which template an example gets, dropout of a step.
fn draw(seed: u64, place: usize) -> u64 {
    use rand::Rng as _;
    init::named_rng(&place.to_string(), seed).random()
}

/// Share of the batch whose highest score is its label's, hidden labels included: the curve shows
/// what happens, not what is learned from. Only `known` labels can be compared with; `None` without one.
fn batch_accuracy(scores: &Tensor, labels: &Tensor, known: &[bool]) -> candle_core::Result<Option<f64>> {
    // Not the device's own arg-max: of equals each takes another.
    let (scores, labels) = (scores.to_vec2::<f32>()?, labels.to_vec1::<u32>()?);
    let rows = scores.iter().zip(&labels).zip(known).filter(|(_, known)| **known);
    let right = rows.filter(|((row, label), _)| likeliest(row) == **label as usize).count();
    let all = known.iter().filter(|known| **known).count();
    Ok((all > 0).then(|| right as f64 / all as f64))
}
