//! A step as the run sees it: knobs before, what is due behind.

use std::sync::Arc;
use std::time::Instant;

use super::super::divergence::{Evaluated, Raised, StepSeen, information};
use super::super::evaluate::Validated;
use super::super::teacher::CachedTeacher;
use super::super::train::Trainer;
use super::super::{EngineError, checkpoint, evaluate, vetting};
use super::finish::{FINISHED, REACHED, STALE};
use super::reporter::STATUS_PAUSE;
use super::{Engine, Mode, Run};
use crate::link::{Fact, KnobChange, Measures, Measuring, Origin, Phase, SeriesId, Step};
use crate::session::{Catalog, Keep, Knobs, Say, Sentence, say};

impl Engine<'_> {
    /// One step of the run and what is due behind it.
    pub(super) fn step(&mut self) {
        let Some(run) = &mut self.run else { return };
        let recipe = run.trainer.session.recipe.clone();
        if run.trainer.step >= recipe.steps {
            run.ends = Some(run.ends.unwrap_or(FINISHED));
        }
        let ends = run.ends;
        if self.asks_ahead(ends.is_some()) {
            return;
        }
        if let Some(reason) = ends {
            return self.finish(reason);
        }
        self.turn_knobs();
        let Some(run) = &mut self.run else { return };
        let step = run.trainer.step;
        let stepped = match run.trainer.advance() {
            Ok(stepped) => stepped,
            Err(e) => return self.give_up(&e),
        };
        run.pacer.step(run.since.elapsed().as_secs_f64());
        run.since = Instant::now();
        let once = run.mode == Mode::OneStep;
        let warning = run.trainer.teacher.as_mut().and_then(|targets| targets.take_warning());
        let warning = warning.or_else(|| run.trainer.row_teacher.as_ref()?.take_warning());
        let seen = run.step_seen(&stepped.values);
        self.news.fact(Fact::Scalars { step, values: stepped.values });
        if let Some(warning) = warning {
            self.news.warn(warning);
        }
        if !stepped.sound {
            return self.trouble(step);
        }
        let raised = self.run.as_mut().and_then(|run| run.divergence.step(step + 1, seen));
        let (better, at_evaluation) = if recipe.evaluates_behind(step) { self.validate(step) } else { (false, None) };
        let Some(run) = &self.run else { return };
        if run.ends.is_some() {
            return;
        }
        let due = recipe.checkpoint_every > 0 && (step + 1) % recipe.checkpoint_every == 0;
        if due || better && recipe.keep != Keep::Last {
            self.checkpoint();
        }
        self.tell();
        self.look(false);
        if once {
            self.set_mode(Mode::Paused);
        }
        if let Some(raised) = Raised::together(raised.into_iter().chain(at_evaluation)) {
            self.alarm(step, raised);
        }
    }

    /// Says before the first step what is worth knowing of the pair, and what the teacher gets right; of
    /// one behind a server as soon as its answers on the validation part are there.
    pub(super) fn vet(&mut self) {
        let Some(run) = &self.run else { return };
        let in_vain = run.trainer.learns_nothing().into_iter().chain(run.trainer.turned_in_vain());
        let in_vain = in_vain.chain(run.trainer.rates.doubts().iter().cloned());
        let in_vain: Vec<Sentence> = in_vain.collect();
        for note in vetting::notes(&run.trainer) {
            self.news.fact(Fact::Note(note.into()));
        }
        in_vain.into_iter().for_each(|said| self.news.warn(said));
        self.vet_teacher();
    }

    /// Says once what the teacher gets right on the validation part, if its answers are there.
    fn vet_teacher(&mut self) {
        if self.run.as_ref().is_none_or(|run| run.vetted || !vetting::can_vet(&run.trainer)) {
            return;
        }
        self.phase(Phase::Evaluating, say!("asking the teacher about the validation part"));
        let Some(run) = &mut self.run else { return };
        let begun = Instant::now();
        match vetting::teacher(&mut run.trainer) {
            Ok(None) => {}
            Ok(Some(vetted)) => {
                run.vetted = true;
                // One behind a server has answered before, and is asked before it is measured at the end.
                if !run.trainer.teacher.as_ref().is_some_and(CachedTeacher::asks_singly) {
                    run.pacer
                        .asked(run.trainer.pair.assets.data.validation.len() as u64, begun.elapsed().as_secs_f64());
                }
                self.news.fact(Fact::Note(vetted.says.into()));
                if let Some(warning) = vetted.warning {
                    self.news.warn(warning);
                }
            }
            Err(e) => self.give_up(&e),
        }
    }

    /// Puts one question to a teacher behind a server, if what comes next needs it, or looks whether its
    /// answer is there. True while it is at it: orders are read between two looks. A teacher that fails
    /// ends the run only where a step needs its answer: what is measured is measured without it, and that
    /// is said.
    fn asks_ahead(&mut self, ends: bool) -> bool {
        let Some(run) = &mut self.run else { return false };
        if ends && run.unasked.is_some() {
            return false;
        }
        match run.trainer.ask_ahead(ends) {
            Ok(None) => return false,
            Ok(Some((known, all))) => {
                if run.asked.is_none_or(|asked| asked.elapsed() >= STATUS_PAUSE) {
                    run.asked = Some(Instant::now());
                    let waiting = run.trainer.teacher.as_ref().and_then(|targets| targets.waiting());
                    let waiting = waiting.map(|what| format!("; {what}")).unwrap_or_default();
                    self.phase(
                        Phase::Running,
                        say!("asking the teacher, {known} / {all}{waiting}", known, all, waiting),
                    );
                    self.look(false);
                }
            }
            Err(e) if ends => run.unasked = Some(e.said()),
            Err(_) if run.trainer.can_step() => return false,
            Err(e) => self.give_up(&e),
        }
        true
    }

    /// Loads the knobs once for the coming step: first the script's changes, then those of a hand.
    pub(super) fn turn_knobs(&mut self) {
        let Some(run) = &mut self.run else { return };
        let (step, live) = (run.trainer.step, self.cells.knobs.load());
        let due = run.trainer.session.script.iter().filter(|change| change.step == step);
        let scripted: Vec<(String, f64)> = due.map(|change| (change.knob.clone(), change.value)).collect();
        let script = set_knobs(&mut run.trainer.knobs, scripted);
        // Those of another run, which is about to begin, do not turn this one.
        let live = if live.run == run.id { live } else { Arc::clone(&run.seen) };
        let person = set_knobs(&mut run.trainer.knobs, moved(&self.catalog, &run.seen, &live));
        run.seen = live;
        for (origin, changes) in [(Origin::Script, script), (Origin::Person, person)] {
            if let Some(run) = self.run.as_mut().filter(|_| !changes.is_empty()) {
                run.divergence.turned(&changes);
                self.news.fact(Fact::KnobsChanged { step, origin, changes });
            }
        }
    }

    /// Measures on the validation part behind `step`, and ends the run where that is called for. Tells
    /// whether the student is the best so far, and whether it has come apart.
    pub(super) fn validate(&mut self, step: Step) -> (bool, Option<Raised>) {
        let Some(run) = &mut self.run else { return (false, None) };
        run.evaluates = true;
        let measured = self.measure_validation();
        let Some(run) = &mut self.run else { return (false, None) };
        run.evaluates = false;
        let (Validated { student: measures, leaning, commonest, .. }, lack, information) = match measured {
            Ok(measured) => measured,
            Err(e) => {
                self.give_up(&e);
                return (false, None);
            }
        };
        // Where the teacher could not be asked, what is compared with it is not worse but unknown.
        let unknown = lack.is_some() && run.trainer.session.recipe.keep.metric().needs_teacher();
        let better = !unknown && run.take_evaluation(&measures);
        let data = &run.trainer.pair.assets.data;
        let seen = Evaluated {
            texts: data.validation.len(),
            classes: data.classes.len(),
            accuracy: measures.get("accuracy").copied().unwrap_or(f64::NAN),
            commonest,
            leaning,
            information,
        };
        let raised = run.divergence.evaluated(run.trainer.step, seen).filter(|_| !data.validation.is_empty());
        run.ends = run.early_end(&measures);
        let values = measures.iter().map(|(name, value)| (SeriesId::from(format!("measure/{name}").as_str()), *value));
        self.news.fact(Fact::Scalars { step, values: values.collect() });
        if let Some(lack) = lack {
            let said = say!("the evaluation of step {step} is without the teacher: {lack}", step = step + 1, lack);
            self.news.warn(said);
        }
        self.vet_teacher();
        if self.run.is_none() {
            return (false, None);
        }
        self.phase(Phase::Running, Sentence::default());
        (better, raised)
    }

    /// Measures on the validation part, and tells how far that is. What it takes is no part of the pace of
    /// the steps.
    fn measure_validation(&mut self) -> Result<(Validated, Option<EngineError>, Option<f64>), EngineError> {
        self.phase(Phase::Evaluating, say!("measuring on the validation part"));
        let Some(mut run) = self.run.take() else { return Ok(Default::default()) };
        let begun = Instant::now();
        let mut measuring = Measuring { done: 0, total: run.trainer.pair.assets.data.validation.len() as u64 };
        let mut watch = |texts: u64| {
            measuring.done += texts;
            self.news.measuring(measuring);
            true
        };
        let measured = evaluate::validation_without_fail(&mut run.trainer, &mut watch);
        let measured = measured.and_then(|(validated, lack)| Ok((validated, lack, information(&run.trainer)?)));
        self.news.status.measuring = None;
        let took = begun.elapsed();
        run.pacer.measured(measuring.total, took.as_secs_f64());
        (run.told, run.since) = (run.told + took, Instant::now());
        self.run = Some(run);
        measured
    }

    pub(super) fn trouble(&mut self, step: Step) {
        let checkpoint = self.run.as_ref().and_then(|run| checkpoint::list(&run.out).last().copied());
        let what = say!(
            "the loss or the gradient of step {step} is not a finite number; the weights were left as they were. A lower learning rate usually helps",
            step
        );
        self.news.fact(Fact::Trouble { step, what, checkpoint, alarm: None });
        self.set_mode(Mode::Paused);
    }

    /// Pauses a run that has come apart. The checkpoint to go back to is one from before that began.
    fn alarm(&mut self, step: Step, raised: Raised) {
        let Raised { alarm, what, sound } = raised;
        let kept = self.run.as_ref().map(|run| checkpoint::list(&run.out)).unwrap_or_default();
        let checkpoint = kept.into_iter().rfind(|checkpoint| *checkpoint <= sound);
        let what = say!("{what}; a lower learning rate usually helps", what);
        self.news.fact(Fact::Trouble { step, what, checkpoint, alarm: Some(alarm) });
        self.set_mode(Mode::Paused);
    }

    pub(super) fn tell(&mut self) {
        let Some(run) = &mut self.run else { return };
        let waited = run.told.elapsed();
        if waited < STATUS_PAUSE {
            return;
        }
        self.news.status.steps_per_sec = (run.trainer.step - run.told_step) as f64 / waited.as_secs_f64();
        self.news.status.looking = self.looks.spent.as_secs_f64() / run.begun.elapsed().as_secs_f64().max(1e-9);
        (run.told, run.told_step) = (Instant::now(), run.trainer.step);
        self.phase(Phase::Running, Sentence::default());
    }
}

impl Run {
    /// What the step that was just done says of how the run goes.
    fn step_seen(&self, values: &[(SeriesId, f64)]) -> StepSeen {
        let value = |id: &str| values.iter().find(|(own, _)| &*own.0 == id).map_or(f64::NAN, |(_, value)| *value);
        let classes = self.trainer.pair.assets.data.classes.len();
        StepSeen { loss: value("loss/total"), norm: value("train/grad_norm"), classes }
    }

    /// Compares an evaluation made now with those before it; tells whether it is the best. What was
    /// counted until the run was continued for more steps counts no longer.
    fn take_evaluation(&mut self, measures: &Measures) -> bool {
        let (recipe, done) = (&self.trainer.session.recipe, self.trainer.step);
        let last = self.watch.last;
        if recipe.extended.iter().any(|then| then.at < done && last.is_none_or(|last| last <= then.at)) {
            self.watch.stale = 0;
        }
        self.watch.take(done, measures, recipe.keep)
    }

    /// Why the run ends with the evaluation that was just made, if it does.
    fn early_end(&self, measures: &Measures) -> Option<&'static str> {
        let recipe = &self.trainer.session.recipe;
        let reached = |target: f64| measures.get("accuracy").is_some_and(|accuracy| *accuracy >= target);
        if self.trainer.step <= recipe.bound_until() {
            return None;
        }
        if recipe.target_accuracy.is_some_and(reached) {
            return Some(REACHED);
        }
        recipe.patience.filter(|patience| self.watch.stale >= *patience).map(|_| STALE)
    }
}

/// How much the student's heads tell on the first texts of the validation part.
fn information(trainer: &Trainer) -> Result<Option<f64>, EngineError> {
    let texts: Vec<&str> =
        trainer.pair.assets.data.validation.iter().take(information::TEXTS).map(|example| example.text()).collect();
    information::of_attention(&trainer.pair.student, trainer.task.as_ref(), &texts)
}

/// What a hand has moved between two readings of the sliders, and may move while a run is on.
fn moved(catalog: &Catalog, seen: &Knobs, live: &Knobs) -> Vec<(String, f64)> {
    if live.revision == seen.revision {
        return Vec::new();
    }
    let moved = live.values.iter().filter(|(id, value)| seen.values.get(*id) != Some(value));
    let may = |id: &str, value| catalog.knob(id).is_some_and(|knob| knob.live && knob.problem(value).is_none());
    moved.filter(|(id, value)| may(id, **value)).map(|(id, value)| (id.clone(), *value)).collect()
}

/// Sets knobs and tells what really changed.
fn set_knobs(knobs: &mut Knobs, wanted: Vec<(String, f64)>) -> Vec<KnobChange> {
    let change = |(knob, to): (String, f64)| {
        let from = knobs.values.get(&knob).copied().unwrap_or(to);
        if from == to {
            return None;
        }
        knobs.set(&knob, to);
        Some(KnobChange { knob, from, to })
    };
    wanted.into_iter().filter_map(change).collect()
}
