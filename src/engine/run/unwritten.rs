//! A student that could not be written when its run ended, as on a full disk: kept in memory as the files it
//! would be, until it is written or let go. Its run's folder stays claimed, and no other run begins: the
//! training is not to be lost to the next click.

use std::path::{Path, PathBuf};

use super::super::EngineError;
use super::super::model::StudentFiles;
use super::{Claim, Engine, claim};
use crate::link::{Fact, Outcome, Reply, RunId, Saved, Unwritten as Told};
use crate::session::run_folder::STUDENT;
use crate::session::{Say, Sentence};

/// Such a student.
pub(super) struct Unwritten {
    /// The run.
    pub run: RunId,
    pub files: StudentFiles,
    /// Which one it is.
    pub saved: Saved,
    /// How its run ended.
    pub outcome: Outcome,
    /// The run's folder.
    pub out: PathBuf,
    /// Keeps that from every other process.
    pub claim: Claim,
}

/// Writes a student into its run's folder.
///
/// # Errors
/// [`EngineError`]; nothing of an older student is lost to it.
pub(super) fn write(files: &StudentFiles, out: &Path) -> Result<(), EngineError> {
    claim::student_free(out)?;
    Ok(files.write(&out.join(STUDENT))?)
}

impl Engine<'_> {
    /// Keeps a student for later.
    pub(super) fn keep_unwritten(&mut self, unwritten: Unwritten) {
        let reason = unwritten.outcome.unwritten.clone().unwrap_or_default();
        self.tell_unwritten(&unwritten, reason);
        self.unwritten = Some(unwritten);
    }

    fn tell_unwritten(&mut self, unwritten: &Unwritten, reason: Sentence) {
        let told = Told { run: unwritten.run, out: unwritten.out.clone(), reason, bytes: unwritten.files.bytes() };
        self.news.reply(Reply::Unwritten(Some(Box::new(told))));
    }

    /// Why no run can begin now, if a student waits to be written.
    pub(super) fn waits_for_student(&self) -> Option<EngineError> {
        self.unwritten.as_ref().map(|unwritten| EngineError::Unwritten { path: unwritten.out.clone() })
    }

    /// Tries again to write it, in its run's folder or elsewhere.
    pub(super) fn write_student(&mut self, to: Option<PathBuf>) {
        let Some(mut unwritten) = self.unwritten.take() else { return };
        let done = match &to {
            None => write(&unwritten.files, &unwritten.out).map(|()| None),
            Some(folder) => elsewhere(&unwritten.files, folder).map(Some),
        };
        match done {
            Ok(folder) => {
                let place = folder.clone().unwrap_or_else(|| unwritten.out.join(STUDENT));
                unwritten.outcome.student.bytes = StudentFiles::weight_bytes_in(&place);
                unwritten.outcome.saved = Some(Saved { folder, ..unwritten.saved });
                unwritten.outcome.unwritten = None;
                self.news.reply(Reply::Unwritten(None));
                let (run, out) = (unwritten.run, unwritten.out);
                self.news.fact_of(run, Fact::Written { outcome: Box::new(unwritten.outcome), out: out.clone() });
                self.measure_folder(run, &out);
                drop(unwritten.claim);
            }
            Err(e) => {
                self.tell_unwritten(&unwritten, e.said());
                self.news.reply(Reply::Warning(e.into()));
                self.unwritten = Some(unwritten);
            }
        }
    }

    /// Lets it go.
    pub(super) fn drop_student(&mut self) {
        if self.unwritten.take().is_some() {
            self.news.reply(Reply::Unwritten(None));
        }
    }
}

/// Writes a student into a folder a person has chosen: one that is new, empty or a student's of ours; in
/// any other a folder of its own.
fn elsewhere(files: &StudentFiles, chosen: &Path) -> Result<PathBuf, EngineError> {
    let chosen = std::path::absolute(chosen).unwrap_or_else(|_| chosen.to_owned());
    let folder = if claim::free_for_student(&chosen) { chosen } else { chosen.join(STUDENT) };
    if !claim::free_for_student(&folder) {
        return Err(super::FolderError::NotOurStudent { path: folder }.into());
    }
    files.write(&folder)?;
    Ok(folder)
}
