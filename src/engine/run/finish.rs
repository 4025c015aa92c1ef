//! What a run leaves behind: checkpoints while it goes, its student and its outcome when it ends. The
//! student is saved before anything is measured at the end: a test that fails costs nothing else.

use std::path::Path;
use std::sync::Arc;

use super::super::checkpoint::{Found, Story};
use super::super::model::StudentFiles;
use super::super::train::Trainer;
use super::super::{EngineError, checkpoint};
use super::{Engine, FinishedRun, Mode, Run, Unwritten, measuring, peak_bytes, unwritten};
use crate::link::{Abandoned, Fact, Outcome, Phase, RunId, STOPPED, Saved, Step, TemperatureScaling};
use crate::session::run_folder::{STUDENT, SUMMARY};
use crate::session::{Keep, Say, Sentence, say};

/// The reason of a run that has done its steps.
pub(super) const FINISHED: &str = "finished";
/// The reason of a run that is as good as was asked.
pub(super) const REACHED: &str = "target reached";
/// The reason of a run whose evaluations no longer get better.
pub(super) const STALE: &str = "no improvement";
/// The reasons that end a run before its last step, without a person.
pub(super) const EARLY: [&str; 2] = [REACHED, STALE];

impl Engine<'_> {
    pub(super) fn checkpoint(&mut self) {
        let Some(run) = &mut self.run else { return };
        let step = run.trainer.step;
        let ended = run.ends.map(str::to_owned);
        let (watch, divergence, inputs) = (run.watch.clone(), run.divergence.clone(), run.inputs.clone());
        let story = Story { seconds: run.seconds(), watch, divergence, ended, inputs };
        let (id, out) = (run.id, run.out.clone());
        match checkpoint::save(&run.trainer, &out, story) {
            Ok(()) => {
                self.news.fact(Fact::Checkpoint { step });
                self.tell_checkpoints(None);
                self.measure_folder(id, &out);
            }
            // A full disk must not end a night's training.
            Err(e) => self.news.warn(e),
        }
    }

    /// Tells which checkpoints the disk has: only those can be gone back to.
    pub(super) fn tell_checkpoints(&mut self, abandoned: Option<Abandoned>) {
        let Some(run) = &self.run else { return };
        let steps = checkpoint::list(&run.out);
        self.news.fact(Fact::CheckpointsKept { steps, abandoned });
    }

    pub(super) fn rewind(&mut self, step: Step) {
        let Some(run) = &mut self.run else { return };
        match put_back(run, step) {
            Ok((abandoned, damaged)) => {
                run.ends = None;
                run.sync_knobs(&self.cells.knobs.load().it);
                let step = run.trainer.step;
                self.news.fact(Fact::Rewound { step });
                self.tell_checkpoints(abandoned);
                for fault in damaged {
                    self.news.warn(say!("{fault}; the run was put back to step {step}", fault, step));
                }
                self.set_mode(Mode::Paused);
                self.look(true);
            }
            Err(e) => {
                self.news.warn(e);
                self.tell_checkpoints(None);
            }
        }
    }

    /// Ends the run: checkpoint, student, test, outcome.
    pub(super) fn finish(&mut self, reason: &'static str) {
        let Some(run) = &mut self.run else { return };
        run.ends = Some(reason);
        let steps = run.trainer.step;
        self.checkpoint();
        self.phase(Phase::Evaluating, say!("measuring on the test part"));
        let (saved, mut files) = match self.student_to_save() {
            Ok(chosen) => chosen,
            Err(e) => return self.give_up(&e),
        };
        let Some(mut run) = self.run.take() else { return };
        let mut unwritten = unwritten::write(&files, &run.out).err();
        let tokens = run.trainer.teacher.as_ref().map_or(0, |targets| targets.billed_tokens());
        if reason == STOPPED {
            run.trainer.spare_teacher();
        }
        let (out, unasked, classes) =
            (run.out.clone(), run.unasked.take(), run.trainer.pair.assets.data.classes.clone());
        let mut measured = self.measure_at_the_end(&mut run.trainer, &out, unasked);
        let seconds = run.seconds();
        let temperature = measured.student.temperature_scaling.as_ref().and_then(TemperatureScaling::temperature);
        let noted = temperature.map_or(Ok(()), |temperature| files.note_temperature(temperature));
        if unwritten.is_some() {
            // Measuring takes its time: there may be room by now.
            unwritten = unwritten::write(&files, &run.out).err();
        } else if let Err(e) = noted.and_then(|()| files.write_usage(&run.out.join(STUDENT))) {
            measured.lacks.push(say!("the temperature of its probabilities is not kept beside the student: {e}", e));
        }
        // Whoever asks for no checkpoints wants the student alone; but what can be gone on with stays.
        let done = reason == FINISHED && measured.lacks.is_empty() && unwritten.is_none();
        let spare = done && run.trainer.session.recipe.checkpoint_every == 0;
        let spent = spare.then(|| run.out.clone());
        self.keep(run.id, run.trainer);
        for lack in &measured.lacks {
            let student = if unwritten.is_none() { say!("the student is saved, and ") } else { Sentence::default() };
            let said = say!("{lack}; {student}the run can be continued to measure again", lack, student);
            self.news.warn(said);
        }
        if let Some(predictions) = measured.predictions {
            if let Some(said) = measuring::all_alike(&predictions, &classes) {
                self.news.warn(said);
            }
            self.news.fact(Fact::Predictions(Arc::new(predictions)));
        }
        let outcome = Outcome {
            reason: reason.to_owned(),
            steps,
            seconds,
            peak_bytes: peak_bytes(),
            tokens,
            classes,
            teacher: measured.teacher,
            student: measured.student,
            saved: unwritten.is_none().then(|| saved.clone()),
            unmeasured: measured.lacks,
            unwritten: unwritten.map(|e| e.said()),
        };
        self.news.fact(Fact::Finished(Box::new(outcome.clone())));
        if outcome.unwritten.is_some() {
            self.keep_unwritten(Unwritten {
                run: run.id,
                files,
                saved,
                outcome,
                out: run.out.clone(),
                claim: run.claim,
            });
        }
        self.measure_folder(run.id, &run.out);
        if let Some(out) = spent {
            // Behind the outcome: killed in between, the run has still ended.
            checkpoint::clear(&out);
            self.news.fact(Fact::CheckpointsKept { steps: checkpoint::list(&out), abandoned: None });
        }
        self.news.run_ends();
        self.phase(end_phase(steps, self.news.status.total), Sentence::default());
        self.look(true);
    }

    /// The student that the recipe chooses, as its files; the trainer then holds that one.
    fn student_to_save(&mut self) -> Result<(Saved, StudentFiles), EngineError> {
        let Some(run) = &mut self.run else { return Ok(Default::default()) };
        let (saved, fault) = chosen(run);
        let (pair, prompt) = (&run.trainer.pair, &run.trainer.session.prompt);
        let (data, prompt) = (&pair.assets.data, prompt.for_student());
        let files = pair.student.student_files(&data.classes, &prompt, data.layout.said(&prompt))?;
        fault.into_iter().for_each(|fault| self.news.warn(fault));
        Ok((saved, files))
    }

    /// An error in the middle of a run: what was learned is kept in a checkpoint.
    pub(super) fn give_up(&mut self, error: &EngineError) {
        let Some(run) = &mut self.run else { return self.news.fail(error) };
        run.ends = None;
        if run.fresh && run.trainer.step == 0 {
            return self.undo_start(error);
        }
        self.checkpoint();
        let held = self.run.take().map(|run| {
            self.keep(run.id, run.trainer);
            self.measure_folder(run.id, &run.out);
            run.claim
        });
        self.news.fail(error);
        // Until here the folder was still being written to.
        drop(held);
    }

    /// An error before the first step: nothing was learned, and nothing is left behind.
    fn undo_start(&mut self, error: &EngineError) {
        let Some(run) = self.run.take() else { return };
        self.keep(run.id, run.trainer);
        self.cells.folder.store(None);
        self.news.fail_and_undo(error.into(), || run.claim.undo(&run.out));
        self.phase(Phase::Failed, Sentence::default());
    }

    /// What a run leaves to look at.
    fn keep(&mut self, run: RunId, trainer: Trainer) {
        self.left = FinishedRun { run, step: trainer.step, pruner: trainer.pruner };
        self.pair = Some(trainer.pair);
    }

    /// The watching end is gone: keep what was learned.
    pub(super) fn leave(&mut self) {
        if self.run.as_ref().is_some_and(|run| run.trainer.step > 0) {
            self.checkpoint();
        }
    }
}

/// Puts a run back; gives what lay behind and what was damaged.
fn put_back(run: &mut Run, step: Step) -> Result<(Option<Abandoned>, Vec<Sentence>), EngineError> {
    let Found { checkpoint, damaged } = checkpoint::find(&run.out, Some(step))?;
    let (out, to) = (run.out.clone(), checkpoint.state.step);
    let abandoned = checkpoint.restore(&mut run.trainer, || abandon(&out, to))?;
    run.watch = checkpoint.state.watch.clone();
    run.divergence = checkpoint.state.divergence.clone();
    Ok((abandoned, damaged))
}

/// Sets aside what lies behind `step`.
pub(super) fn abandon(out: &Path, step: Step) -> Result<Option<Abandoned>, EngineError> {
    let failed = |e: std::io::Error| EngineError::Checkpoint {
        reason: say!("those behind step {step} cannot be set aside ({e})", step, e),
        path: out.to_owned(),
    };
    checkpoint::abandon(out, step).map_err(failed)
}

/// The student to save, put into the trainer: the best by the recipe's measure, if it keeps that and
/// there is one, else the last. With what went wrong, if the best cannot be read.
fn chosen(run: &mut Run) -> (Saved, Option<Sentence>) {
    let last = Saved { step: run.trainer.step, ..Saved::default() };
    let Some(best) = run.watch.best.filter(|_| run.trainer.session.recipe.keep != Keep::Last) else {
        return (last, None);
    };
    let best_by = Some((best.metric.id().to_owned(), best.value));
    let saved = Saved { step: best.step, best: best_by, folder: None };
    if best.step == run.trainer.step {
        return (saved, None);
    }
    match checkpoint::put_student(&mut run.trainer, &run.out, best.step) {
        Ok(()) => (saved, None),
        Err(e) => (last, Some(say!("{e}; the student of the last step is saved instead of the best one", e))),
    }
}

/// Why a run that is taken up at `step` has nothing left to do but to write and measure: it ended there, and
/// was killed or found no room before its student was written.
pub(super) fn cut_short(out: &Path, step: Step, ended: Option<&str>) -> Option<&'static str> {
    let reason = EARLY.into_iter().find(|early| Some(*early) == ended)?;
    let summary = std::fs::read(out.join(SUMMARY)).ok();
    let outcome: Option<Outcome> = summary.and_then(|text| serde_json::from_slice(&text).ok());
    let done = outcome.is_some_and(|outcome| outcome.steps == step && outcome.unwritten.is_none());
    (!done).then_some(reason)
}

fn end_phase(steps: Step, total: u64) -> Phase {
    if steps >= total { Phase::Finished } else { Phase::Stopped }
}
