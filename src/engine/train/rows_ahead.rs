//! The teacher's rows of steps to come: what a run will ask for, known before it and made before it. They lie in the
//! same file that the run reads, so a run that goes on meanwhile takes them up from there.

use std::borrow::Cow;

use super::{Trainer, reader};
use crate::engine::EngineError;
use crate::engine::task::Sample;
use crate::engine::teacher::RowTeacher;
use crate::link::Step;

impl Trainer {
    /// The samples of a step of which the teacher's rows would be kept and are not yet; none where nothing is learned
    /// from rows, or none are kept.
    ///
    /// # Errors
    /// [`EngineError`] as the step itself.
    pub fn rows_lacking(&mut self, step: Step) -> Result<Vec<Sample>, EngineError> {
        let passes: Vec<_> = self.plan.passes(step).map(|pass| (pass, self.plan.places(pass))).collect();
        let keeps = |teacher: &&RowTeacher| self.objective.needs_teacher() && teacher.keeps();
        let Some(teacher) = self.row_teacher.as_ref().filter(keeps) else { return Ok(Vec::new()) };
        let reader = reader(&self.session, &self.pair, self.task.as_ref());
        let mut lacking = Vec::new();
        for (pass, places) in passes {
            let samples = self.redrawn(self.plan.samples(&reader, &places)?, pass);
            lacking.extend(samples.into_iter().filter(|sample| teacher.lacks(sample)).map(Cow::into_owned));
        }
        Ok(lacking)
    }

    /// Has the teacher read samples, and keeps what it says.
    ///
    /// # Errors
    /// [`EngineError`] if the tensor library refuses.
    pub fn make_rows(&self, samples: &[Sample]) -> Result<(), EngineError> {
        let Some(teacher) = &self.row_teacher else { return Ok(()) };
        let samples: Vec<&Sample> = samples.iter().collect();
        Ok(teacher.targets(self.task.as_ref(), &samples).map(drop)?)
    }
}
