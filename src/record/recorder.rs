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
use crate::link::{Event, EventSink, Outcome, Step};
use crate::session::file::write_atomically;
use crate::session::usage::STUDENT;
use crate::session::{Session, Usage, file};

pub use crate::session::run_folder::{SESSION, SUMMARY};

/// Writes down every run it hears of.
#[derive(Default)]
pub struct Recorder {
    record: RunRecord,
    run: Option<(Journal, PathBuf)>,
    table: Option<MetricsFile>,
    complaints: Vec<String>,
    /// What was complained of already: a full disk is not news at every checkpoint.
    said: BTreeSet<String>,
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
            Err(e) => (journal::without_journal(out), Some(e.to_string())),
        };
        self.record = record;
        if let Some(damage) = damage {
            self.complain(&damage);
        }
    }

    /// The run is over, or another one takes its place.
    fn close(&mut self) {
        self.settle();
        (self.run, self.table) = (None, None);
    }

    fn complain(&mut self, error: &dyn std::fmt::Display) {
        let words = error.to_string();
        if self.said.insert(words.clone()) {
            self.complaints.push(words);
        }
    }

    /// Writes the curves anew, as they are now.
    fn tabulate(&mut self) {
        let written = self.table.as_mut().map(|table| table.rewrite(&self.record));
        if let Some(Err(words)) = written {
            self.complain(&words);
        }
    }

    /// Adds what the curves have of the steps before `step`.
    fn add_rows(&mut self, step: Step) {
        let written = self.table.as_mut().map(|table| table.grow(&self.record, step));
        if let Some(Err(words)) = written {
            self.complain(&words);
        }
    }

    /// Session and curves as they are now.
    fn settle(&mut self) {
        let Some((journal, out)) = &mut self.run else { return };
        journal.flush();
        let out = out.clone();
        let journal = journal.check().map_err(|e| e.to_string());
        let session =
            self.session_as_run().map_or(Ok(()), |s| file::save(&s, &out.join(SESSION)).map_err(|e| e.to_string()));
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
        let summary = summary.map_err(|e| unwritten("the outcome", &e, &out.join(SUMMARY)));
        let elsewhere = outcome.saved.as_ref().and_then(|saved| saved.folder.clone());
        let card = self.describe(&elsewhere.unwrap_or_else(|| out.join(STUDENT)));
        for result in [summary, card] {
            if let Err(words) = result {
                self.complain(&words);
            }
        }
    }

    /// The model card of the student that the run has left.
    fn describe(&self, student: &Path) -> Result<(), String> {
        let Some(usage) = Usage::open(student).map_err(|e| e.to_string())? else { return Ok(()) };
        let Some(text) = card::text(&self.record, &usage) else { return Ok(()) };
        let path = student.join(card::FILE);
        write_atomically(&path, text.as_bytes()).map_err(|e| unwritten("the student's card", &e, &path))
    }

    /// A student that was written late is told in the folder of its run, which is closed by then.
    fn reopen(&mut self, out: &Path, outcome: &Outcome) {
        let shown = match journal::replay_what_is_left(out) {
            Ok((record, _)) => RunRecord { outcome: Some(Arc::new(outcome.clone())), ..record },
            Err(_) => RunRecord::default(),
        };
        let (run, record) = (self.run.take(), std::mem::replace(&mut self.record, shown));
        match Journal::append(&out.join(journal::FILE)) {
            Ok(mut journal) => {
                journal.emit(Event::Written { outcome: Box::new(outcome.clone()), out: out.to_owned() });
                self.run = Some((journal, out.to_owned()));
                self.summarise(outcome);
            }
            Err(e) => self.complain(&e),
        }
        (self.run, self.record) = (run, record);
    }

    fn note(&mut self, event: Event) {
        if let Some((journal, _)) = &mut self.run {
            journal.emit(event);
        }
    }
}

impl EventSink for Recorder {
    fn take_complaints(&mut self) -> Vec<String> {
        std::mem::take(&mut self.complaints)
    }

    fn emit(&mut self, event: Event) {
        if let Event::Started { session, out, step } = &event {
            self.begin(session, out, *step);
        }
        if let Event::Scalars { step, .. } = &event {
            self.add_rows(*step);
        }
        self.record.fold(event.clone());
        if let Event::Written { outcome, out } = &event {
            return self.reopen(out, outcome);
        }
        self.note(event.clone());
        match event {
            Event::Started { .. } => {
                self.tabulate();
                self.settle();
            }
            Event::Rewound { .. } => self.tabulate(),
            Event::Checkpoint { .. } => self.settle(),
            Event::Finished(outcome) => {
                self.summarise(&outcome);
                self.close();
            }
            Event::Failed(_) | Event::Left { .. } => self.close(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_is_said_once_with_the_file_and_the_rest_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("run");
        std::fs::create_dir_all(out.join(METRICS)).unwrap();
        let mut recorder = Recorder::default();
        let session = Box::new(Session::built_in().unwrap());
        recorder.emit(Event::Started { session, out: out.clone(), step: 0 });
        let said = recorder.take_complaints();
        assert!(
            said.len() == 1 && said[0].contains("cannot write the curves") && said[0].contains(METRICS),
            "{said:?}"
        );
        for step in 0..4 {
            recorder.emit(Event::Scalars { step, values: vec![("loss/total".into(), 1.0)] });
            recorder.emit(Event::Checkpoint { step });
        }
        assert_eq!(recorder.take_complaints(), Vec::<String>::new());
        std::fs::remove_dir(out.join(METRICS)).unwrap();
        recorder.emit(Event::Checkpoint { step: 4 });
        let table = std::fs::read_to_string(out.join(METRICS)).unwrap();
        assert_eq!(table.lines().count(), 5, "written as soon as it can be: {table}");
        assert!(out.join(SESSION).exists());
    }
}
