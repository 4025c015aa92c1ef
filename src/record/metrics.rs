//! The curves of a run as a table, `step,series,value`, which grows while the run goes on. Without times,
//! so that equal runs give equal bytes.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use super::RunRecord;
use crate::link::Step;
use crate::session::file::write_atomically;

pub use crate::session::run_folder::METRICS;
use crate::session::{Sentence, say};

const HEAD: &str = "step,series,value\n";

/// The table of a run that is going on. A step's rows are written together, in the order of their names,
/// once the next step begins: an evaluation adds to those of its step.
pub struct MetricsFile {
    path: PathBuf,
    file: Option<File>,
    /// The first step whose rows are not in the file yet.
    next: Step,
}

impl MetricsFile {
    /// The table in the run folder `out`; nothing is written yet.
    pub fn new(out: &Path) -> Self {
        Self { path: out.join(METRICS), file: None, next: 0 }
    }

    /// Writes the table anew, as a record with all points has it: rows of steps that did not happen are gone. The run has
    /// done `step` steps.
    ///
    /// # Errors
    /// The operating system's words.
    pub fn rewrite(&mut self, record: &RunRecord, step: Step) -> Result<(), Sentence> {
        self.file = None;
        let failed = |e: std::io::Error| unwritten(say!("the curves"), &e, &self.path);
        write_atomically(&self.path, metrics(record).as_bytes()).map_err(failed)?;
        self.file = Some(File::options().append(true).open(&self.path).map_err(failed)?);
        self.next = step;
        Ok(())
    }

    /// Has no room from now on.
    #[cfg(test)]
    pub(super) fn fill(&mut self) {
        self.file = File::options().write(true).open("/dev/full").ok();
    }

    /// Whether it must be written anew, lest half a line stays in its middle: a row could not be written.
    pub fn is_broken(&self) -> bool {
        self.file.is_none()
    }

    /// Takes away the rows of the steps from `step` on, unless it is broken: the run has gone back there.
    ///
    /// # Errors
    /// The operating system's words.
    pub fn cut(&mut self, step: Step) -> Result<(), Sentence> {
        let Some(file) = &self.file else { return Ok(()) };
        let cut = File::open(&self.path).and_then(|read| file.set_len(begin_of(read, step)?));
        self.next = step;
        cut.map_err(|e| {
            self.file = None;
            unwritten(say!("the curves"), &e, &self.path)
        })
    }

    /// Adds the rows of the steps before `step`, unless it is broken.
    ///
    /// # Errors
    /// The operating system's words.
    pub fn grow(&mut self, record: &RunRecord, step: Step) -> Result<(), Sentence> {
        let Some(file) = self.file.as_mut().filter(|_| step > self.next) else { return Ok(()) };
        let written = file.write_all(rows(record, self.next, step).as_bytes());
        self.next = step;
        written.map_err(|e| {
            self.file = None;
            unwritten(say!("the curves"), &e, &self.path)
        })
    }
}

/// Where the rows of `step` and those behind them begin in a table, read as bytes.
fn begin_of(file: File, step: Step) -> std::io::Result<u64> {
    let (mut lines, mut line, mut begin) = (BufReader::new(file), String::new(), 0);
    while lines.read_line(&mut line)? > 0 {
        let of = line.split(',').next().and_then(|word| word.parse::<Step>().ok());
        if of.is_some_and(|of| of >= step) {
            break;
        }
        begin += line.len() as u64;
        line.clear();
    }
    Ok(begin)
}

/// Why a file of a run is not there.
pub(super) fn unwritten(what: Sentence, error: &std::io::Error, path: &Path) -> Sentence {
    say!(
        "cannot write {what}: {error}; check that the folder can be written and has room: {path}",
        what,
        error,
        path = path.display()
    )
}

/// Every curve as one table, in step order.
pub fn metrics(record: &RunRecord) -> String {
    HEAD.to_owned() + &rows(record, 0, Step::MAX)
}

/// The rows of the steps in `[from, to)`.
fn rows(record: &RunRecord, from: Step, to: Step) -> String {
    let mut rows: Vec<(Step, &str, f64)> = Vec::new();
    for (id, series) in &record.series {
        let (first, last) =
            (series.steps().partition_point(|s| *s < from), series.steps().partition_point(|s| *s < to));
        let points = series.steps()[first..last].iter().zip(&series.values()[first..last]);
        rows.extend(points.map(|(step, value)| (*step, &*id.0, *value)));
    }
    rows.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    let mut text = String::new();
    for (step, id, value) in rows {
        let _ = writeln!(text, "{step},{id},{value}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Fact;

    fn scalars(step: Step, names: &[&str]) -> Fact {
        let value = |name: &&str| ((*name).into(), step as f64 + name.len() as f64 / 10.0);
        Fact::Scalars { step, values: names.iter().map(value).collect() }
    }

    #[test]
    fn a_table_that_grew_step_by_step_is_the_one_written_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let (mut record, mut file) = (RunRecord::default(), MetricsFile::new(folder.path()));
        let read = || std::fs::read_to_string(folder.path().join(METRICS)).unwrap();
        file.rewrite(&record, record.step).unwrap();
        assert_eq!(read(), HEAD);
        for step in 0..5 {
            file.grow(&record, step).unwrap();
            record.fold(scalars(step, &["loss/total", "prune/sparsity"]));
            record.fold(scalars(step, &["measure/accuracy"]));
            assert_eq!(read().lines().count() as u64, 1 + 3 * step, "it does not grow");
        }
        file.grow(&record, 5).unwrap();
        assert_eq!(read(), metrics(&record));
        assert!(read().ends_with("4,loss/total,5\n4,measure/accuracy,5.6\n4,prune/sparsity,5.4\n"), "{}", read());
        record.fold(Fact::Rewound { step: 2 });
        file.cut(2).unwrap();
        assert_eq!(read(), metrics(&record));
        record.fold(scalars(2, &["loss/total"]));
        file.grow(&record, 3).unwrap();
        assert_eq!(read(), metrics(&record));
        assert_eq!(read().lines().count(), 1 + 6 + 1);
    }
}
