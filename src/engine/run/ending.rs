//! What a run leaves behind: checkpoints while it goes, its outcome when it ends.

use std::sync::Arc;

use super::super::train::Trainer;
use super::super::{EngineError, checkpoint, evaluate};
use super::{Engine, Left, Mode, peak_bytes};
use crate::link::{Event, Notice, Outcome, Phase, STOPPED, Step};
use crate::session::usage::STUDENT;

impl Engine<'_> {
    pub(super) fn checkpoint(&mut self) {
        let Some(run) = &mut self.run else { return };
        let step = run.trainer.step;
        match checkpoint::save(&run.trainer, &run.out, run.seconds()) {
            Ok(()) => self.emit(Event::Checkpoint { step }),
            // A full disk must not end a night's training.
            Err(e) => self.emit(Event::Warning(Notice::from(e))),
        }
    }

    pub(super) fn rewind(&mut self, step: Step) {
        let Some(run) = &mut self.run else { return };
        let back = checkpoint::read(&run.out, Some(step))
            .and_then(|(state, folder)| checkpoint::restore(&mut run.trainer, &state, &folder));
        match back {
            Ok(()) => {
                run.ends = None;
                run.settle(&self.cells.knobs.load());
                let step = run.trainer.step;
                self.emit(Event::Rewound { step });
                self.set_mode(Mode::Paused);
                self.look(true);
            }
            Err(e) => self.emit(Event::Warning(Notice::from(e))),
        }
    }

    /// Ends the run: checkpoint, test, student, outcome.
    pub(super) fn finish(&mut self, reason: &str) {
        self.checkpoint();
        self.phase(Phase::Evaluating, "measuring on the test part");
        let Some(mut run) = self.run.take() else { return self.phase(Phase::Ready, "") };
        let tokens = run.trainer.targets.as_ref().map_or(0, |targets| targets.paid());
        if reason == STOPPED {
            run.trainer.spare_teacher();
        }
        let result = evaluate::test(&mut run.trainer, |_, _| ()).and_then(|result| {
            let (teacher, student) = evaluate::sides(&mut run.trainer, &result)?;
            let (pair, prompt) = (&run.trainer.pair, &run.trainer.session.prompt);
            pair.student.save_student(&run.out.join(STUDENT), &pair.data.classes, prompt)?;
            Ok((result.predictions, teacher, student))
        });
        let (predictions, teacher, student) = match result {
            Ok(measured) => measured,
            Err(e) => {
                // What was paid for since the checkpoint is written down too.
                self.run = Some(run);
                return self.give_up(&e);
            }
        };
        let (steps, seconds) = (run.trainer.step, run.seconds());
        self.keep(run.trainer);
        self.emit(Event::Predictions(Arc::new(predictions)));
        let (reason, peak_bytes) = (reason.to_owned(), peak_bytes());
        let outcome = Outcome { reason, steps, seconds, peak_bytes, tokens, teacher, student };
        self.emit(Event::Finished(Box::new(outcome)));
        self.phase(end_phase(steps, self.status.total), "");
        self.look(true);
    }

    /// An error in the middle of a run: what was learned is kept in a checkpoint.
    pub(super) fn give_up(&mut self, error: &EngineError) {
        self.checkpoint();
        if let Some(run) = self.run.take() {
            self.keep(run.trainer);
        }
        self.fail(error);
    }

    /// What a run leaves to look at.
    fn keep(&mut self, trainer: Trainer) {
        self.left = Left { step: trainer.step, pruner: trainer.pruner };
        self.pair = Some(trainer.pair);
    }

    /// The watching end is gone: keep what was learned.
    pub(super) fn leave(&mut self) {
        if self.run.as_ref().is_some_and(|run| run.trainer.step > 0) {
            self.checkpoint();
        }
    }
}

fn end_phase(steps: Step, total: u64) -> Phase {
    if steps >= total { Phase::Finished } else { Phase::Stopped }
}
