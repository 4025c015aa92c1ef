//! Keeps a run's folder: the journal and the curves as a table as they happen; the session as run as
//! often as a checkpoint is made, so that a killed run loses at most what came after its last one; the
//! summary and the student's card at the end. A journal ends with its run: what is opened or refused
//! behind it is not written there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::journal::{self, Journal};
pub use super::metrics::METRICS;
use super::metrics::{MetricsFile, unwritten};
use super::{RunRecord, card};
use crate::link::{Event, EventSink, Fact, Outcome, Reply, Step};
use crate::session::file::write_atomically;
use crate::session::run_folder::STUDENT;
use crate::session::{InferenceSpec, Say, Sentence, Session, file, say};

pub use crate::session::run_folder::{SESSION, SUMMARY};

/// Writes down every run it hears of.
#[derive(Default)]
pub struct Recorder {
    record: RunRecord,
    run: Option<(Journal, PathBuf)>,
    table: Option<MetricsFile>,
    /// A run that has ended and whose files had no room for all of it.
    late: Option<Late>,
    complaints: Vec<Sentence>,
    /// What was complained of already: a full disk is not news at every checkpoint.
    said: BTreeSet<String>,
}

/// What is still to be written of a run that has ended.
struct Late {
    record: RunRecord,
    run: (Journal, PathBuf),
    table: MetricsFile,
}

impl Recorder {
    fn begin(&mut self, session: &Session, out: &Path, step: u64) {
        let path = out.join(journal::FILE);
        if step == 0 {
            // Before there is a journal: a folder with a journal is gone on with, which needs the session.
            let written = file::save(session, &out.join(SESSION));
            written.unwrap_or_else(|e| self.complain(&e));
        }
        let opened = if step == 0 || !path.exists() { Journal::create(&path) } else { Journal::append(&path) };
        match opened {
            Ok(journal) => (self.run, self.table) = (Some((journal, out.to_owned())), Some(MetricsFile::new(out))),
            Err(e) => self.complain(&e),
        }
        if step > 0 {
            self.take_up(out);
        }
    }

    /// Takes in what a run that is continued has written so far.
    fn take_up(&mut self, out: &Path) {
        let (record, damage) = match journal::replay_what_is_left(out) {
            Ok((record, damage)) => (record, damage),
            Err(e) => (journal::without_journal(out), Some(e.said())),
        };
        self.record = record;
        self.record.series.clear();
        if let Some(damage) = damage {
            self.complain(&damage);
        }
    }

    /// The run is over, or another one takes its place.
    fn close(&mut self) {
        self.settle();
        let ended = self.run.take().zip(self.table.take());
        let late = ended.filter(|((journal, _), table)| journal.is_behind() || table.is_broken());
        if let Some((run, table)) = late {
            self.late = Some(Late { record: self.record.clone(), run, table });
        }
    }

    /// Tries again to write what a run that has ended had no room for, and does `more` in its folder.
    fn catch_up(&mut self, more: impl FnOnce(&mut Self)) {
        let Some(Late { record, run, table }) = self.late.take() else { return };
        let record = std::mem::replace(&mut self.record, record);
        let (now, shown) = (self.run.replace(run), self.table.replace(table));
        more(self);
        self.close();
        (self.run, self.table, self.record) = (now, shown, record);
    }

    fn complain(&mut self, error: &impl Say) {
        let words = error.said();
        if self.said.insert(words.to_string()) {
            self.complaints.push(words);
        }
    }

    /// Writes the curves anew, as the journal has them. Where that waits for room, so does the table.
    fn tabulate(&mut self) {
        let Some((_, out)) = self.run.as_ref().filter(|(journal, _)| !journal.is_behind()) else { return };
        // Whoever cannot read the journal could not write it either, and that is said.
        let Ok((whole, _)) = journal::replay_whole(out) else { return };
        let written = self.table.as_mut().map(|table| table.rewrite(&whole, self.record.step));
        if let Some(Err(words)) = written {
            self.complain(&words);
        }
    }

    /// Adds what the curves have of the steps before `step`, and lets go of it: what a run without a window holds does
    /// not grow with its steps.
    fn add_rows(&mut self, step: Step) {
        let written = self.table.as_mut().map(|table| table.grow(&self.record, step));
        self.record.series.values_mut().for_each(|series| series.forget(step));
        if let Some(Err(words)) = written {
            self.complain(&words);
        }
    }

    /// Takes away the rows of the steps from `step` on.
    fn cut_rows(&mut self, step: Step) {
        self.add_rows(step);
        match self.table.as_mut().map(|table| table.cut(step)) {
            Some(Err(words)) => self.complain(&words),
            _ if self.table.as_ref().is_some_and(MetricsFile::is_broken) => self.tabulate(),
            _ => {}
        }
    }

    /// Session and curves as they are now.
    fn settle(&mut self) {
        let Some((journal, out)) = &mut self.run else { return };
        journal.flush();
        let out = out.clone();
        let journal = journal.check().map_err(|e| e.said());
        let session =
            self.session_as_run().map_or(Ok(()), |s| file::save(&s, &out.join(SESSION)).map_err(|e| e.said()));
        for result in [journal, session] {
            if let Err(words) = result {
                self.complain(&words);
            }
        }
        match &self.table {
            Some(table) if table.is_broken() => self.tabulate(),
            _ => self.add_rows(self.record.step),
        }
    }

    /// The session with the knob changes that were really made, then those still to come.
    fn session_as_run(&self) -> Option<Session> {
        let mut session = Session::clone(self.record.session.as_deref()?);
        let coming = session.script.iter().filter(|change| change.step >= self.record.step).cloned();
        session.script = self.record.script().into_iter().chain(coming).collect();
        Some(session)
    }

    fn summarise(&mut self, outcome: &Outcome) {
        let Some((_, out)) = &self.run else { return };
        let text = serde_json::to_string_pretty(outcome).unwrap_or_default() + "\n";
        let summary = write_atomically(&out.join(SUMMARY), text.as_bytes());
        let summary = summary.map_err(|e| unwritten(say!("the outcome"), &e, &out.join(SUMMARY)));
        let elsewhere = outcome.saved.as_ref().and_then(|saved| saved.folder.clone());
        let card = self.describe(&elsewhere.unwrap_or_else(|| out.join(STUDENT)));
        for result in [summary, card] {
            if let Err(words) = result {
                self.complain(&words);
            }
        }
    }

    /// The model card of the student that the run has left.
    fn describe(&self, student: &Path) -> Result<(), Sentence> {
        let usage = InferenceSpec::open(student).map_err(|e| e.said())?;
        let text = match usage {
            Some(usage) => card::text(&self.record, &usage),
            None => card::language::text(&self.record).filter(|_| student.is_dir()),
        };
        let Some(text) = text else { return Ok(()) };
        let path = student.join(card::FILE);
        write_atomically(&path, text.as_bytes()).map_err(|e| unwritten(say!("the student's card"), &e, &path))
    }

    /// A student that was written late is told in the folder of its run, which is closed by then.
    fn reopen(&mut self, out: &Path, outcome: &Outcome) {
        let written = || Fact::Written { outcome: Box::new(outcome.clone()), out: out.to_owned() };
        if self.late.as_ref().is_some_and(|late| late.run.1 == out) {
            return self.catch_up(|recorder| {
                recorder.record.fold(written());
                recorder.note(&written());
                recorder.summarise(outcome);
            });
        }
        let shown = match journal::replay_what_is_left(out) {
            Ok((record, _)) => RunRecord { outcome: Some(Arc::new(outcome.clone())), ..record },
            Err(_) => RunRecord::default(),
        };
        let (run, record) = (self.run.take(), std::mem::replace(&mut self.record, shown));
        match Journal::append(&out.join(journal::FILE)) {
            Ok(mut journal) => {
                journal.write(&written());
                self.run = Some((journal, out.to_owned()));
                self.summarise(outcome);
            }
            Err(e) => self.complain(&e),
        }
        (self.run, self.record) = (run, record);
    }

    fn note(&mut self, fact: &Fact) {
        if let Some((journal, _)) = &mut self.run {
            journal.write(fact);
        }
    }

    fn take(&mut self, fact: Fact) {
        match &fact {
            Fact::Started { session, out, step } => self.begin(session, out, *step),
            Fact::Scalars { step, .. } => self.add_rows(*step),
            Fact::Written { outcome, out } => {
                self.record.fold(fact.clone());
                return self.reopen(out, outcome);
            }
            _ => {}
        }
        self.record.fold(fact.clone());
        self.note(&fact);
        match fact {
            Fact::Started { .. } => {
                self.tabulate();
                self.settle();
            }
            Fact::Rewound { step } => self.cut_rows(step),
            Fact::Checkpoint { .. } => self.settle(),
            Fact::Finished(outcome) => {
                self.summarise(&outcome);
                self.close();
            }
            Fact::Failed(_) | Fact::Left { .. } => self.close(),
            _ => {}
        }
    }
}

impl EventSink for Recorder {
    fn take_complaints(&mut self) -> Vec<Sentence> {
        std::mem::take(&mut self.complaints)
    }

    fn emit(&mut self, event: Event) {
        match event {
            Event::Fact(_, fact) => {
                if matches!(fact, Fact::Started { .. } | Fact::Opened(_)) {
                    self.catch_up(|_| {});
                }
                self.take(fact);
            }
            Event::Reply(Reply::Unwritten(None) | Reply::Opened(_)) => self.catch_up(|_| {}),
            Event::Reply(_) => {}
        }
    }
}

impl Drop for Recorder {
    /// The last chance.
    fn drop(&mut self) {
        self.catch_up(|_| {});
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::RunId;

    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_run_had_no_room_for_is_written_once_its_student_is() {
        let folder = tempfile::tempdir().unwrap();
        let [whole, out] = ["whole", "out"].map(|name| folder.path().join(name));
        let scalars = |step| Fact::Scalars { step, values: vec![("loss/total".into(), step as f64)] }.of(RunId::FIRST);
        let outcome = Outcome {
            reason: "finished".into(),
            steps: 8,
            unwritten: Some(Sentence::verbatim("full")),
            ..Outcome::default()
        };
        for (out, full) in [(&whole, false), (&out, true)] {
            std::fs::create_dir_all(out).unwrap();
            let mut recorder = Recorder::default();
            let session = Box::new(Session::built_in().unwrap());
            recorder.emit(Fact::Started { session, out: out.clone(), step: 0 }.of(RunId::FIRST));
            (0..4).for_each(|step| recorder.emit(scalars(step)));
            let room = full.then(|| {
                recorder.table.as_mut().unwrap().fill();
                recorder.run.as_mut().unwrap().0.swap(std::fs::File::options().write(true).open("/dev/full").unwrap())
            });
            (4..8).for_each(|step| recorder.emit(scalars(step)));
            let mut ended = outcome.clone();
            recorder.emit(Fact::Finished(Box::new(ended.clone())).of(RunId::FIRST));
            if let Some(file) = room {
                assert!(journal::read(&out.join(journal::FILE)).unwrap().facts.len() < 6);
                recorder.late.as_mut().unwrap().run.0.swap(file);
            }
            ended.unwritten = None;
            recorder.emit(Event::Reply(Reply::Unwritten(None)));
            recorder.emit(Fact::Written { outcome: Box::new(ended), out: out.clone() }.of(RunId::FIRST));
            assert!(recorder.late.is_none());
        }
        let events = |out: &Path| journal::read(&out.join(journal::FILE)).unwrap().facts.len();
        assert_eq!(events(&whole), events(&out));
        for file in [METRICS, SUMMARY] {
            assert_eq!(std::fs::read(whole.join(file)).unwrap(), std::fs::read(out.join(file)).unwrap(), "{file}");
        }
        assert_eq!(journal::replay(&out).unwrap().step, 8);
    }

    #[test]
    fn what_cannot_be_written_is_said_once_with_the_file_and_the_rest_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("run");
        std::fs::create_dir_all(out.join(METRICS)).unwrap();
        let mut recorder = Recorder::default();
        let session = Box::new(Session::built_in().unwrap());
        recorder.emit(Fact::Started { session, out: out.clone(), step: 0 }.of(RunId::FIRST));
        let said = recorder.take_complaints();
        assert!(
            said.len() == 1 && said[0].contains("cannot write the curves") && said[0].contains(METRICS),
            "{said:?}"
        );
        for step in 0..4 {
            recorder.emit(Fact::Scalars { step, values: vec![("loss/total".into(), 1.0)] }.of(RunId::FIRST));
            recorder.emit(Fact::Checkpoint { step }.of(RunId::FIRST));
        }
        assert_eq!(recorder.take_complaints(), Vec::<Sentence>::new());
        std::fs::remove_dir(out.join(METRICS)).unwrap();
        recorder.emit(Fact::Checkpoint { step: 4 }.of(RunId::FIRST));
        let table = std::fs::read_to_string(out.join(METRICS)).unwrap();
        assert_eq!(table.lines().count(), 5, "written as soon as it can be: {table}");
        assert!(out.join(SESSION).exists());
    }
}
