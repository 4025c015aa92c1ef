//! A run's folder read for its row: one pass over the journal that parses only the lines a row is made of, so that a
//! long run costs the time of reading its bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::sync::Arc;

use super::run_row::Curve;
use super::{RunRow, RunStatus};
use crate::link::{Fact, InputFile, Outcome, STOPPED, Step};
use crate::session::run_folder::{self, JOURNAL, SESSION, SUMMARY};
use crate::session::{Session, TaskKind, file};

/// Hexadecimal digits of a hash that are shown: two files that differ are told apart.
const DIGITS: usize = 12;

/// The row of the run in `folder`.
pub fn scan(folder: &Path) -> RunRow {
    let mut seen = Seen::default();
    seen.journal(folder);
    seen.row(folder)
}

/// What a journal tells of a run, as far as a row shows it.
#[derive(Default)]
struct Seen {
    session: Option<Arc<Session>>,
    steps: Step,
    measures: BTreeMap<String, Curve>,
    /// Steps at which a measure was no number.
    not_finite: BTreeMap<String, Vec<Step>>,
    inputs: BTreeMap<String, Vec<String>>,
    outcome: Option<Outcome>,
    failed: Option<String>,
    damaged: usize,
    /// Whether the last line was cut off by a crash.
    is_cut: bool,
    /// Whether it was gone on with: the summary may be that of before.
    goes_on: bool,
}

impl Seen {
    fn journal(&mut self, folder: &Path) {
        let Ok(file) = File::open(folder.join(JOURNAL)) else { return };
        let (mut reader, mut line, mut last_step) = (BufReader::with_capacity(1 << 16, file), Vec::new(), Vec::new());
        while reader.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
            let whole = line.ends_with(b"\n");
            match kind(&line) {
                // One that a crash has cut off says nothing.
                Kind::Step if !whole => self.is_cut = true,
                Kind::Step => std::mem::swap(&mut line, &mut last_step),
                Kind::Told => {
                    self.step(&std::mem::take(&mut last_step));
                    self.line(&line, whole);
                }
                Kind::Other => {}
            }
            line.clear();
        }
        self.step(&last_step);
    }

    /// The newest of the steps whose values no row shows.
    fn step(&mut self, line: &[u8]) {
        if !line.is_empty() {
            self.line(line, line.ends_with(b"\n"));
        }
    }

    /// Takes in a line. One that a crash has cut off is no damage.
    fn line(&mut self, line: &[u8], whole: bool) {
        match serde_json::from_slice(line) {
            Ok(fact) => self.fact(fact),
            Err(_) if whole => self.damaged += 1,
            Err(_) => self.is_cut = true,
        }
    }

    fn fact(&mut self, fact: Fact) {
        match fact {
            Fact::Started { session, step, .. } => {
                self.session = Some(Arc::from(session));
                self.back_to(step);
                (self.outcome, self.failed, self.goes_on) = (None, None, step > 0);
            }
            Fact::Scalars { step, values } => {
                self.steps = self.steps.max(step + 1);
                for (id, value) in values.into_iter().filter(|(id, _)| id.group() == "measure") {
                    let name = id.name().to_owned();
                    match value.is_finite() {
                        true => self.measures.entry(name).or_default().push((step, value)),
                        // What is no number decides nothing, and JSON has no word for it.
                        false => self.not_finite.entry(name).or_default().push(step),
                    }
                }
            }
            Fact::Rewound { step } => self.back_to(step),
            Fact::Inputs(files) => self.read(&files),
            Fact::Failed(notice) => self.failed = Some(notice.text.to_string()),
            Fact::Finished(outcome) | Fact::Written { outcome, .. } => self.outcome = Some(*outcome),
            _ => {}
        }
    }

    fn back_to(&mut self, step: Step) {
        self.steps = step;
        self.measures.values_mut().for_each(|curve| curve.retain(|(at, _)| *at < step));
        self.not_finite.values_mut().for_each(|steps| steps.retain(|at| *at < step));
    }

    fn read(&mut self, files: &[InputFile]) {
        self.inputs.clear();
        // Which examples are labelled is drawn by the seed: what was drawn is no setting.
        for file in files.iter().filter(|file| file.role != "examples") {
            let hash = file.hash.get(..DIGITS).unwrap_or(&file.hash).to_owned();
            self.inputs.entry(format!("input.{}", file.role)).or_default().push(hash);
        }
    }

    fn row(mut self, folder: &Path) -> RunRow {
        let session = file::open(&folder.join(SESSION)).ok().map(Arc::new).or_else(|| self.session.clone());
        let status = self.status(folder);
        let mut settings = session.as_ref().map(|session| session.settings()).unwrap_or_default();
        settings.extend(std::mem::take(&mut self.inputs).into_iter().map(|(role, hashes)| (role, hashes.join(" "))));
        let outcome = self.outcome.take();
        let not_finite = std::mem::take(&mut self.not_finite).into_iter().map(|(name, steps)| (name, steps.len()));
        let (student, teacher) = outcome.clone().map(|outcome| (outcome.student, outcome.teacher)).unwrap_or_default();
        RunRow {
            session: session.as_ref().map(|session| session.name.clone()).unwrap_or_default(),
            pair: session.as_ref().map(|session| pair(session)).unwrap_or_default(),
            task: session.as_ref().map(|session| task(session.recipe.task)).unwrap_or_default().to_owned(),
            status,
            steps: outcome.as_ref().map_or(self.steps, |outcome| outcome.steps),
            when: run_folder::when(folder),
            seconds: outcome.as_ref().map(|outcome| outcome.seconds),
            bytes: run_folder::bytes(folder),
            parameters: student.parameters,
            validation: std::mem::take(&mut self.measures),
            test: student.test,
            teacher: teacher.map(|teacher| teacher.test).unwrap_or_default(),
            settings,
            not_finite: not_finite.filter(|(_, count)| *count > 0).collect(),
            damaged_lines: self.damaged,
            ..RunRow::default()
        }
    }

    /// Where it stands; of one whose journal does not tell its end, the summary may.
    fn status(&mut self, folder: &Path) -> RunStatus {
        if let Some(mark) = run_folder::queued(folder) {
            return mark.failed.map_or(RunStatus::Waiting, RunStatus::Failed);
        }
        if let Some(words) = self.failed.take() {
            return RunStatus::Failed(words);
        }
        let torn = self.damaged > 0 || self.is_cut || self.session.is_none();
        if self.outcome.is_none() && torn {
            let summary = std::fs::read(folder.join(SUMMARY)).unwrap_or_default();
            let outcome = serde_json::from_slice::<Outcome>(&summary).ok();
            let of_now = |outcome: &Outcome| outcome.steps >= self.steps && !(self.goes_on && self.before(folder));
            self.outcome = outcome.filter(of_now);
        }
        match &self.outcome {
            None => RunStatus::Interrupted,
            Some(outcome) if outcome.reason == STOPPED => RunStatus::Stopped,
            Some(_) => RunStatus::Finished,
        }
    }
}

impl Seen {
    /// Whether the summary was written before the journal was last.
    fn before(&self, folder: &Path) -> bool {
        let time = |file: &str| std::fs::metadata(folder.join(file)).and_then(|seen| seen.modified()).ok();
        time(SUMMARY) < time(JOURNAL)
    }
}

/// What has to be done with a line of a journal.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// Values of a step, none of which is shown: only the newest is read, for how far the run came.
    Step,
    /// It is read.
    Told,
    /// Nothing of it is shown.
    Other,
}

fn kind(line: &[u8]) -> Kind {
    const PASSED: [&[u8]; 11] = [
        b"retort_journal\"",
        b"Opened\"",
        b"Counted\"",
        b"KnobsChanged\"",
        b"Predictions\"",
        b"Checkpoint\"",
        b"Trouble\"",
        b"CheckpointsKept\"",
        b"Left\"",
        b"Note\"",
        b"Warning\"",
    ];
    let Some(word) = line.strip_prefix(b"{\"") else { return Kind::Told };
    if PASSED.iter().any(|name| word.starts_with(name)) {
        return Kind::Other;
    }
    match word.starts_with(b"Scalars\"").then(|| behind(word, b"\"values\":[[\"")).flatten() {
        Some(first) if !first.starts_with(b"measure/") => Kind::Step,
        _ => Kind::Told,
    }
}

/// What stands behind the first `mark`.
fn behind<'a>(line: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    let at = line.windows(mark.len()).position(|bytes| bytes == mark)?;
    line.get(at + mark.len()..)
}

fn pair(session: &Session) -> String {
    let student = session.student.source.title();
    session.teacher().map_or_else(|| student.clone(), |teacher| format!("{} → {student}", teacher.source.title()))
}

fn task(task: TaskKind) -> &'static str {
    match task {
        TaskKind::Classes => "classes",
        TaskKind::NextToken { .. } => "next_token",
        TaskKind::MaskedToken { .. } => "masked_token",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{EventSink as _, RunId};
    use crate::record::recorder::Recorder;

    #[test]
    fn validation_figures_that_are_no_numbers_are_counted_beside_those_that_are_and_a_rewind_takes_them_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut recorder = Recorder::default();
        let mut tell = |fact: Fact| recorder.emit(fact.of(RunId::FIRST));
        let session = Box::new(Session::built_in().unwrap());
        tell(Fact::Started { session, out: folder.path().to_owned(), step: 0 });
        let measured = |step, loss, accuracy| {
            let values = vec![("measure/loss".into(), loss), ("measure/accuracy".into(), accuracy)];
            Fact::Scalars { step, values }
        };
        tell(measured(9, 1.5, 0.5));
        tell(measured(19, f64::NAN, 0.6));
        tell(measured(29, f64::INFINITY, 0.7));
        let row = scan(folder.path());
        assert_eq!((row.validation["loss"].len(), row.validation["accuracy"].len()), (1, 3));
        assert_eq!(row.not_finite, BTreeMap::from([("loss".to_owned(), 2)]));
        let said = row.said_not_finite().unwrap().to_string();
        assert!(said.contains("2 of loss"), "{said}");
        tell(Fact::Rewound { step: 15 });
        let row = scan(folder.path());
        assert_eq!((row.not_finite.len(), row.said_not_finite()), (0, None));
    }
}
