//! The record of the run that a journal tells, and what the rest of its folder adds where the journal is damaged.

use std::path::Path;
use std::sync::Arc;

use super::super::kept_curves::{self, Others, Stamp};
use super::super::{Remark, RunRecord};
use super::reading::{Told, damage, read_each_told};
use super::{FILE, JournalError};
use crate::link::{Fact, Notice, Outcome, Step};
use crate::session::{Sentence, file, run_folder, say};

/// The record of the run in `folder`, folded from its journal, with the checkpoints that are there. What is
/// damaged of the journal is among its notices.
///
/// # Errors
/// As [`super::read`].
pub fn replay(folder: &Path) -> Result<RunRecord, JournalError> {
    replay_told(folder, &mut |_, _| {})
}

/// The same, and tells how far it has come: a journal of a million steps takes seconds the first time.
///
/// # Errors
/// As [`super::read`].
pub fn replay_told(folder: &Path, told: Told) -> Result<RunRecord, JournalError> {
    let (mut record, damage) = replay_into(RunRecord::default(), folder, told)?;
    record.notices.extend(damage.map(|damage| Remark::new(false, Notice::from(damage))));
    Ok(record)
}

/// The record of the run in `folder`, and in a sentence what is damaged of its journal.
///
/// # Errors
/// As [`super::read`].
pub fn replay_what_is_left(folder: &Path) -> Result<(RunRecord, Option<Sentence>), JournalError> {
    replay_into(RunRecord::default(), folder, &mut |_, _| {})
}

/// The same with every point of its curves, however long they are: for a thread of its own.
///
/// # Errors
/// As [`super::read`].
pub fn replay_whole(folder: &Path) -> Result<(RunRecord, Option<Sentence>), JournalError> {
    replay_into(RunRecord { keeps_points: true, ..RunRecord::default() }, folder, &mut |_, _| {})
}

fn replay_into(record: RunRecord, folder: &Path, told: Told) -> Result<(RunRecord, Option<Sentence>), JournalError> {
    let path = folder.join(FILE);
    let (mut record, last, damage) = match kept_beside(&record, folder) {
        Some((record, last)) => (record, last, None),
        None => fold_all(record, folder, told)?,
    };
    record.locate(folder);
    if damage.is_some() {
        record.complete(folder);
    }
    let damage = damage.or_else(|| record.outcome.as_ref().and_then(|outcome| gap(last?, outcome.steps, &path)));
    Ok((record, damage))
}

/// What was kept of the journal when it was read before.
fn kept_beside(record: &RunRecord, folder: &Path) -> Option<(RunRecord, Option<Step>)> {
    let stamp = Stamp::of(&folder.join(FILE)).filter(|stamp| stamp.is_long() && !record.keeps_points)?;
    kept_curves::kept(folder, stamp)
}

/// The record that all lines make, the step behind the last that has values, and what is damaged. Of a long journal that
/// is whole, it is kept.
fn fold_all(
    mut record: RunRecord,
    folder: &Path,
    told: Told,
) -> Result<(RunRecord, Option<Step>, Option<Sentence>), JournalError> {
    let path = folder.join(FILE);
    let before = Stamp::of(&path).filter(|stamp| stamp.is_long() && !record.keeps_points);
    let (mut last, mut events, mut others) = (None, 0, Others::default());
    let take = |fact: Fact| {
        match &fact {
            Fact::Scalars { step, .. } => last = Some(step + 1),
            other if before.is_some() => others.note(&record, other),
            _ => {}
        }
        events += 1;
        record.fold(fact);
    };
    let faults = read_each_told(&path, take, told)?;
    let damage = damage(&faults, events, &path);
    // One that grew meanwhile is read again the next time.
    if let Some(stamp) = before.filter(|stamp| damage.is_none() && Stamp::of(&path) == Some(*stamp)) {
        kept_curves::keep(folder, stamp, &record, &others, last);
    }
    Ok((record, last, damage))
}

/// What is said of a journal that ends before its run did.
fn gap(last: Step, steps: Step, path: &Path) -> Option<Sentence> {
    (last < steps).then(|| {
        say!("the journal lacks steps {last} to {steps}: they found no room on the disk; the student and its figures are those of the whole run: {path}", last = last + 1, steps, path = path.display())
    })
}

/// The record of a run whose journal cannot be read: what the rest of its folder tells.
pub fn without_journal(folder: &Path) -> RunRecord {
    let mut record = RunRecord::default();
    record.locate(folder);
    record.complete(folder);
    record
}

impl RunRecord {
    /// The folder is where it was found, wherever the run was begun, and has the checkpoints it has.
    fn locate(&mut self, folder: &Path) {
        self.out = Some(folder.to_owned());
        self.checkpoints = run_folder::checkpoints(folder);
    }

    /// Takes from the folder's other files what damaged lines may have told.
    fn complete(&mut self, folder: &Path) {
        if self.session.is_none() {
            self.session = file::open(&folder.join(run_folder::SESSION)).ok().map(Arc::new);
        }
        if self.applied.is_empty() {
            self.applied = self.session.as_ref().map(|session| session.knobs.clone()).unwrap_or_default();
        }
        let summary = std::fs::read(folder.join(run_folder::SUMMARY)).unwrap_or_default();
        let outcome = serde_json::from_slice::<Outcome>(&summary).ok();
        // One that was gone on with has an outcome of before.
        if let Some(outcome) = outcome.filter(|outcome| outcome.steps >= self.step) {
            self.step = outcome.steps;
            self.outcome.get_or_insert_with(|| Arc::new(outcome));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Journal;
    use super::*;

    #[test]
    fn a_journal_that_ends_before_its_run_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(&folder.path().join(FILE)).unwrap();
        (0..70).for_each(|step| journal.write(&Fact::Scalars { step, values: vec![("loss/total".into(), 1.0)] }));
        let ended = |steps| Fact::Finished(Box::new(Outcome { steps, ..Outcome::default() }));
        journal.write(&ended(70));
        assert!(replay(folder.path()).unwrap().notices.is_empty());
        journal.write(&ended(150));
        let record = replay(folder.path()).unwrap();
        assert!(record.notices[0].notice.text.contains("lacks steps 71 to 150"), "{:?}", record.notices);
    }
}
