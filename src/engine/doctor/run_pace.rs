//! The pace of a run: three real steps of a throwaway copy over the sample, timed, and what follows from
//! them for the whole. A teacher behind a server is not asked: its answers may cost money.

use std::sync::Arc;
use std::time::Instant;

use super::sample::instead;
use crate::engine::EngineError;
use crate::engine::data::{Dataset, Fields};
use crate::engine::loss::needs_teacher;
use crate::engine::pair::Pair;
use crate::engine::teacher::cached_teacher::Asked;
use crate::engine::teacher::{CachedTeacher, Identity, TargetCache, Teacher, TeacherError};
use crate::engine::train::Trainer;
use crate::link::{Finding, Subject};
use crate::session::{Catalog, Sentence, Session, say};

const SUBJECT: Subject = Subject::Pace;
/// Steps taken.
const STEPS: u64 = 3;
/// Batches over which the tokens of a usual step are averaged.
const AVERAGED: u64 = 16;
/// Seconds from which on a run is worth a warning: a day.
const LONG: f64 = 86_400.0;

/// What was measured, seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Timed {
    /// A usual step of the student, the teacher's answers known.
    pub step: f64,
    /// The teacher's answer to one text.
    pub answer: f64,
    /// The student's answer to one text.
    pub look: f64,
    /// Share of the texts whose answer the teacher still owes, in [0, 1].
    pub owed: f64,
}

/// The row on the pace; uses the pair up.
pub fn row(session: &Session, pair: Pair, sample: &Dataset, catalog: &Catalog) -> Finding {
    let counts = pair.assets.data.counts();
    let server = pair.assets.teacher.is_none() && session.teacher().is_some();
    match timed(session, instead(pair, sample), server, catalog) {
        Ok(timed) => told(session, timed, counts.train, counts.validation, counts.test, server),
        Err(e) => super::refused(SUBJECT, e),
    }
}

/// The row where no step could be taken.
pub fn not_taken() -> Finding {
    Finding::amber(SUBJECT, say!("no step was taken, since the run could not start"), say!("mend the red rows first"))
}

fn timed(session: &Session, pair: Pair, server: bool, catalog: &Catalog) -> Result<Timed, EngineError> {
    // A step of many passes takes as many times as long as one of one: the check-up is not to wait for it.
    let mut single = session.clone();
    let passes = std::mem::replace(&mut single.recipe.accumulate, 1) as f64;
    let mut trainer = Trainer::new(single, pair, catalog)?;
    if server && trainer.teacher.is_some() {
        let classes = trainer.pair.assets.data.classes.len();
        trainer.teacher =
            Some(CachedTeacher::new(Asked::Free(Arc::new(StandIn::new(classes))), TargetCache::in_memory()));
    }
    let texts: Vec<Fields> = (0..STEPS).flat_map(|step| trainer.planned(step).0).collect();
    let targets = trainer.teacher.as_ref();
    let owed = targets.map_or(0, |targets| texts.iter().filter(|text| !targets.knows(text)).count());
    let (answers, _) = clocked(|| trainer.teacher_answers(&texts))?;
    let looked = &texts[..texts.len().min(16)];
    let (looks, _) = clocked(|| trainer.student_answers(looked))?;
    Ok(Timed {
        step: passes * step_time(&mut trainer)?,
        answer: answers / owed.max(1) as f64,
        look: looks / looked.len().max(1) as f64,
        owed: owed as f64 / texts.len().max(1) as f64,
    })
}

/// Seconds of a usual step: of the steps taken all but the first, which warms up what comes behind it,
/// by tokens, since batches differ in length.
fn step_time(trainer: &mut Trainer) -> Result<f64, EngineError> {
    let (mut secs, mut tokens) = (0.0, 0);
    for step in 0..STEPS {
        let (took, stepped) = clocked(|| trainer.advance())?;
        if !stepped.sound {
            return Err(EngineError::Recipe(say!(
                "the very first steps give numbers that are none; lower the learning rate"
            )));
        }
        if step > 0 {
            (secs, tokens) = (secs + took, tokens + trainer.planned(step).1);
        }
    }
    let usual = (0..AVERAGED).map(|step| trainer.planned(step).1).sum::<usize>() as f64 / AVERAGED as f64;
    Ok(secs / tokens.max(1) as f64 * usual)
}

fn clocked<T>(work: impl FnOnce() -> Result<T, EngineError>) -> Result<(f64, T), EngineError> {
    let begun = Instant::now();
    let result = work()?;
    Ok((begun.elapsed().as_secs_f64(), result))
}

/// The row on what was measured, for a run over parts of these sizes.
pub fn told(session: &Session, timed: Timed, train: usize, validation: usize, test: usize, server: bool) -> Finding {
    let recipe = &session.recipe;
    let steps = recipe.steps as f64;
    let batches =
        if needs_teacher(recipe) { (steps * recipe.examples_per_step() as f64).min(train as f64) } else { 0.0 };
    let taught = batches + (validation + test) as f64;
    let evaluations = recipe.steps.checked_div(recipe.evaluate_every).unwrap_or(0) as f64;
    let looks = evaluations * validation as f64 + (validation + test) as f64;
    let secs = steps * timed.step + timed.owed * taught * timed.answer + looks * timed.look;
    let pace = 1.0 / timed.step.max(1e-9);
    let far = if server { say!("; the server's answers come on top") } else { Sentence::default() };
    let says =
        say!("{pace} steps/s, {secs} to the end{far}", pace = format_args!("{pace:.2}"), secs = clock(secs), far);
    let row = if secs > LONG {
        Finding::amber(SUBJECT, says, say!("lower recipe.steps or the batch, or choose a smaller student"))
    } else {
        Finding::green(SUBJECT, says)
    };
    row.with("steps_per_sec", pace).with("secs", secs)
}

/// Seconds as a clock shows them.
fn clock(secs: f64) -> String {
    let whole = secs.round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{}:{:02} min", whole / 60, whole % 60),
        _ => format!("{}:{:02} h", whole / 3600, whole / 60 % 60),
    }
}

/// Stands in for a server that is not asked: every class is as likely.
struct StandIn(usize, Identity);

impl StandIn {
    fn new(classes: usize) -> Self {
        let (fingerprint, estimators, about, former) = ([0; 32], Vec::new(), String::new(), None);
        Self(classes, Identity { fingerprint, estimators, about, former })
    }
}

impl Teacher for StandIn {
    fn predict(&self, texts: &[Fields]) -> Result<Vec<Vec<f32>>, TeacherError> {
        let level = -(self.0.max(1) as f32).ln();
        Ok(texts.iter().map(|_| vec![level; self.0]).collect())
    }

    fn identity(&self) -> &Identity {
        &self.1
    }
}
