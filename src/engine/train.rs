//! One training step: what is read, learned and moved, in this order. Nothing here knows an architecture or a formula.

mod curves;
mod micro_batches;
mod rows_ahead;

use std::sync::Arc;

use candle_core::Tensor;
use micro_batches::Planned;
use rayon::prelude::*;

use super::EngineError;
use super::batch_plan::{BatchPlan, Reader};
use super::data::{Example, Fields};
use super::layer_rates::LayerRates;
use super::loss::{Objective, Offered};
use super::model::HeadKind;
use super::optim::{LEARNING_RATE, Optimizer, Settings, scheduled};
use super::pair::Pair;
use super::prompt::{PromptError, template_problem};
use super::prune::{Pruner, THETA};
use super::script;
use super::task::{self, Targets, Task};
use super::teacher::{CachedTeacher, RowTeacher};
use crate::link::{SeriesId, Step};
use crate::session::{Catalog, Knobs, Sentence, Session};

/// A run in progress: everything that changes from step to step, and what it reads.
pub struct Trainer {
    /// The session as run.
    pub session: Session,
    /// Models and data.
    pub pair: Pair,
    /// How the student answers.
    pub task: Box<dyn Task>,
    /// Who is asked for the targets.
    pub teacher: Option<CachedTeacher>,
    /// Who is asked for those of rows over tokens.
    pub row_teacher: Option<RowTeacher>,
    /// Moves the student's weights.
    pub optimizer: Optimizer,
    /// Keeps removed weights removed.
    pub pruner: Pruner,
    /// Knob values in use.
    pub knobs: Knobs,
    /// Steps done.
    pub step: Step,
    /// What the learning rate of each variable is multiplied by.
    pub rates: LayerRates,
    objective: Objective,
    plan: BatchPlan,
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
    pub fn new(session: Session, mut pair: Pair, catalog: &Catalog) -> Result<Self, EngineError> {
        pair.check()?;
        if let Some(problem) = template_problem(&session.prompt, &pair.assets.data.layout) {
            return Err(PromptError::Template(problem).into());
        }
        let task = pair.task(&pair.student, &session.prompt.for_student())?;
        let (teacher, row_teacher) = (pair.cached_teacher(&session)?, pair.row_teacher());
        let objective = objective(&session, &pair)?;
        let knobs = checked_knobs(&session, catalog)?;
        let plan = plan_batches(&session, &pair, task.as_ref(), &objective)?;
        let rates = LayerRates::of(&session.recipe.groups, &pair.student).map_err(EngineError::Recipe)?;
        if rates.trainable().is_some() {
            pair.student.freeze(rates.frozen())?;
        }
        let variables = pair.student.weights.variables().iter().map(|(n, v)| (n.clone(), v.clone())).collect();
        let optimizer = Optimizer::grouped(session.recipe.optimizer, variables, |name| rates.of_variable(name))?;
        let mut pruner = Pruner::default();
        pruner.set_theta(knobs.get(&THETA), &pair.student.weights)?;
        let step = 0;
        Ok(Self { session, pair, task, teacher, row_teacher, optimizer, pruner, knobs, step, rates, objective, plan })
    }

    /// One step with the knob values in use: all of its passes, then pruning's mask, clip and optimiser once.
    ///
    /// # Errors
    /// [`EngineError`] if the tensor library or the teacher refuses.
    pub fn advance(&mut self) -> Result<Stepped, EngineError> {
        let passes = self.plan.passes(self.step).map(|number| self.planned_pass(number));
        let passes = passes.collect::<Result<Vec<_>, _>>()?;
        let student = &self.pair.student;
        if self.pruner.set_theta(self.knobs.get(&THETA), &student.weights)? {
            self.pruner.enforce(&student.weights, &mut self.optimizer)?;
        }
        let mut learned = self.learn(&self.read(passes)?)?;
        self.pruner.mask_gradients(&self.pair.student.weights, &mut learned.gradients)?;

        let rate = self.rate();
        let norm = self.optimizer.step(&learned.gradients, rate, &Settings::from(&self.knobs))?;
        self.step += 1;

        let mut values = learned.curves();
        let sound = norm.is_finite() && values.iter().all(|(_, value)| value.is_finite());
        values.extend(learned.insight.iter().flat_map(curves::of_insight));
        values.push(("train/grad_norm".into(), norm));
        values.push(("train/learning_rate".into(), rate));
        values.extend(learned.accuracy().map(|accuracy| ("train/batch_accuracy".into(), accuracy)));
        Ok(Stepped { values, sound })
    }

    /// What pass number `number` reads, and what the teacher says of its examples.
    fn planned_pass(&mut self, number: u64) -> Result<Planned, EngineError> {
        let places = self.plan.places(number);
        let examples = self.plan.examples(&places);
        let of_classes = self.batch_targets(&examples)?;
        Ok(Planned { number, places, examples, of_classes })
    }

    /// That every term of the loss weighs nothing as the knobs stand; `None` where one does.
    pub fn learns_nothing(&self) -> Option<Sentence> {
        self.objective.learns_nothing(&self.knobs)
    }

    /// What the session's script turns in vain, a sentence each.
    pub fn turned_in_vain(&self) -> Vec<Sentence> {
        script::in_vain(&self.session, &self.objective)
    }

    /// What the teacher says of examples of the run, `[batch, classes]`; a teacher that no loss needs is not
    /// asked.
    fn batch_targets(&mut self, picked: &[usize]) -> Result<Option<Targets>, EngineError> {
        let (data, device) = (&self.pair.assets.data, &self.pair.assets.device);
        let asked = self.objective.needs_teacher() && self.task.token_measures().is_none();
        let Some(teacher) = self.teacher.as_mut().filter(|_| asked) else { return Ok(None) };
        let texts: Vec<Fields> = picked.iter().map(|&i| data.train[i].fields.clone()).collect();
        let answers: Vec<f32> = teacher.predict(&texts)?.iter().flat_map(|answer| answer.to_vec()).collect();
        let log_probs = Tensor::from_vec(answers, (picked.len(), data.classes.len()), device)?;
        Ok(Some(log_probs.into()))
    }

    /// The texts of all passes of a step and the tokens it costs, padding counted.
    pub fn planned(&mut self, step: Step) -> (Vec<Fields>, usize) {
        let (picked, tokens) = self.plan.planned(step);
        (picked.iter().map(|&i| self.pair.assets.data.train[i].fields.clone()).collect(), tokens)
    }

    /// Puts one question to a teacher behind a server, if what comes next needs its answer: the coming
    /// step and what is measured behind it, or the measures at the end where the run `ends`. So the run
    /// can be stopped between two questions. Gives how many answers are there, of how many; `None` when
    /// nothing is missing.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn ask_ahead(&mut self, ends: bool) -> Result<Option<(usize, usize)>, EngineError> {
        if !self.teacher.as_ref().is_some_and(CachedTeacher::asks_singly) {
            return Ok(None);
        }
        let measured = ends || self.session.recipe.evaluates_behind(self.step);
        let batch = if ends || !self.objective.needs_teacher() { Vec::new() } else { self.planned(self.step).0 };
        let data = Arc::clone(&self.pair.assets.data);
        let validation = data.validation.iter().filter(|_| measured);
        let test = data.test.iter().filter(|_| ends);
        let measured = validation.chain(test).map(|example| example.fields.clone());
        let texts: Vec<Fields> = batch.into_iter().chain(measured).collect();
        Ok(self.teacher.as_mut().map_or(Ok(None), |teacher| teacher.ask_one(&texts))?)
    }

    /// Does without the teacher from now on, if measuring with it would mean more questions to a server:
    /// a person who stops a run does not want to go on paying.
    pub fn spare_teacher(&mut self) {
        let data = &self.pair.assets.data;
        let mut texts = data.validation.iter().chain(&data.test).map(|example| &example.fields);
        let spared = |teacher: &CachedTeacher| teacher.asks_singly() && texts.any(|text| !teacher.knows(text));
        if self.teacher.as_ref().is_some_and(spared) {
            self.teacher = None;
        }
    }

    /// Whether the step about to be done needs no more answers of a teacher behind a server.
    pub fn can_step(&mut self) -> bool {
        let texts = if self.objective.needs_teacher() { self.planned(self.step).0 } else { Vec::new() };
        self.teacher.as_ref().is_none_or(|teacher| texts.iter().all(|text| teacher.knows(text)))
    }

    /// Training texts of the run that are cut for the student, the tokens they lose, and all texts.
    pub fn cut(&self) -> (usize, usize, usize) {
        self.plan.cut()
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
    pub fn student_answers(&self, texts: &[Fields]) -> Result<Vec<Vec<f32>>, EngineError> {
        let (task, student) = (self.task.as_ref(), &self.pair.student);
        let encode = |text: &Fields| task.encode(student, &Example::of(text), 0);
        let samples = texts.par_iter().map(encode).collect::<Result<Vec<_>, _>>()?;
        Ok(task::log_probabilities(student, task, &samples.iter().collect::<Vec<_>>())?)
    }

    /// The teacher's log-probabilities for texts, if there is a teacher.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn teacher_answers(&mut self, texts: &[Fields]) -> Result<Option<Vec<Arc<[f32]>>>, EngineError> {
        self.teacher.as_mut().map(|teacher| teacher.predict(texts)).transpose().map_err(EngineError::from)
    }
}

/// The batches of a run of `session` on an open pair, known before the run.
///
/// # Errors
/// [`EngineError`] as [`Trainer::new`].
pub fn batch_plan(session: &Session, pair: &Pair) -> Result<BatchPlan, EngineError> {
    let task = pair.task(&pair.student, &session.prompt.for_student())?;
    plan_batches(session, pair, task.as_ref(), &objective(session, pair)?)
}

/// What losses may learn from in a run of `session` on an open pair.
pub fn offered(session: &Session, pair: &Pair) -> Offered {
    let student = &pair.student;
    let over_classes = session.recipe.task.is_classes();
    let text = over_classes && student.architecture.causal() && matches!(student.top, HeadKind::Vocabulary);
    let whole_rows = over_classes || session.recipe.teacher_rows.k().is_none();
    Offered { teacher: session.teacher().is_some(), text, whole_rows }
}

fn objective(session: &Session, pair: &Pair) -> Result<Objective, EngineError> {
    Objective::new(&session.recipe, offered(session, pair)).map_err(EngineError::Recipe)
}

fn plan_batches(
    session: &Session,
    pair: &Pair,
    task: &dyn Task,
    objective: &Objective,
) -> Result<BatchPlan, EngineError> {
    let (batch, accumulate) = (session.recipe.batch, session.recipe.accumulate);
    BatchPlan::new(&reader(session, pair, task), (batch, accumulate), objective.labels_only())
}

/// How the run's student reads an example.
fn reader<'a>(session: &Session, pair: &'a Pair, task: &'a dyn Task) -> Reader<'a> {
    Reader { pair, task, seed: session.recipe.seed }
}

/// The knob values at step 0, every one known and in its range.
fn checked_knobs(session: &Session, catalog: &Catalog) -> Result<Knobs, EngineError> {
    match session.knob_problem(catalog) {
        Some(problem) => Err(EngineError::Knob(problem)),
        None => Ok(session.start_knobs(catalog)),
    }
}
