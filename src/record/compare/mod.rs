//! Two runs, or two groups of runs of different seeds, compared on the same test texts: the difference of every measure
//! with its interval, and whether that decides between them.
//!
//! *Why not beside the measures of an evaluation (2026-11).* The window shows the verdict, and does not know the
//! engine; what it needs is on disk, the table of answers that a run leaves.

pub mod bootstrap;
pub mod curve_difference;
pub mod pareto_front;
pub mod side_axes;
pub mod side_curves;
pub mod side_marks;
pub mod side_records;
pub mod side_settings;
mod test_answers;

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;

use self::bootstrap::{Interval, Sample};
use self::side_settings::side_settings;
use self::test_answers::TestAnswers;
use super::run_table::seed_groups::{SeedGroup, Spread, seed_groups};
use super::run_table::{RunRow, differing};
use crate::link::higher_is_better;
use crate::session::settings::SEED;
use crate::session::{Say, Sentence, say, spoken};

/// Why two sides cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// A side has no run that counts.
    NoRuns {
        /// Which side, `A` or `B`.
        side: char,
    },
    /// A run stands on both sides.
    Itself {
        /// Its folder.
        path: PathBuf,
    },
    /// A run has left no answers to test texts.
    NoAnswers {
        /// The operating system's words.
        reason: Sentence,
        /// The file.
        path: PathBuf,
    },
    /// Its table of answers cannot be read.
    Damaged {
        /// What is wrong.
        reason: Sentence,
        /// The file.
        path: PathBuf,
    },
    /// The runs were tested on different texts.
    OtherTexts {
        /// Texts of the first.
        ours: usize,
        /// Texts of the other.
        theirs: usize,
        /// Texts that both have at the same place, with the same label.
        shared: usize,
        /// Folder of the other.
        path: PathBuf,
    },
    /// One tells classes and the other tokens.
    OtherTask {
        /// Folder of the other.
        path: PathBuf,
    },
}

impl Say for CompareError {
    fn said(&self) -> Sentence {
        match self {
            Self::NoRuns { side } => say!("{side} has no run that came to its end; name other folders", side),
            Self::Itself { path } => say!("the run stands on both sides; name two different ones: {path}", path),
            Self::NoAnswers { reason, path } => say!(
                "the run has left no answers to test texts: {reason}; let it come to its end, with a test part: {path}",
                reason,
                path
            ),
            Self::Damaged { reason, path } => {
                say!("the table of answers cannot be read: {reason}; run again to make it anew: {path}", reason, path)
            }
            Self::OtherTexts { ours, theirs, shared, path } => say!(
                "the runs were tested on different texts: {ours} and {theirs}, {shared} of them with the same text, label and tokens at the same place; compare runs of one test part: {path}",
                ours,
                theirs,
                shared,
                path
            ),
            Self::OtherTask { path } => {
                say!("one run tells classes and the other tokens; compare runs of one task: {path}", path)
            }
        }
    }
}

spoken!(CompareError);

/// Which side is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The whole interval speaks for A.
    Beats,
    /// The whole interval speaks against A.
    DoesNotBeat,
    /// Zero lies within the interval.
    NotDecided,
}

impl Verdict {
    fn of(measure: &str, interval: &Interval) -> Self {
        let (above, below) = (interval.low > 0.0, interval.high < 0.0);
        match (higher_is_better(measure), above, below) {
            (true, true, _) | (false, _, true) => Self::Beats,
            (true, _, true) | (false, true, _) => Self::DoesNotBeat,
            _ => Self::NotDecided,
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Beats => "A beats B",
            Self::DoesNotBeat => "A does not beat B",
            Self::NotDecided => "not decided",
        }
    }
}

/// One measure of both sides.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// Its name.
    pub measure: String,
    /// Mean of A over its seeds, and its sample standard deviation; `None` of one run.
    pub a: (f64, Option<f64>),
    /// The same of B.
    pub b: (f64, Option<f64>),
    /// A less B: mean and bounds of its 95 % interval.
    pub difference: Interval,
    /// What that decides.
    pub verdict: Verdict,
}

/// Both sides.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Test texts.
    pub texts: usize,
    /// Runs of A and of B that count.
    pub runs: (usize, usize),
    /// Whether a seed of A stands against the same seed of B.
    pub paired_seeds: bool,
    /// Measure by measure.
    pub measures: Vec<Compared>,
    /// Settings in which the sides differ, the seed aside: path, value of A, value of B; `…` where one side's runs
    /// differ among themselves.
    pub settings: Vec<(String, String, String)>,
    /// What to know before believing it.
    #[serde(skip)]
    pub notes: Vec<Sentence>,
}

/// One side of a comparison.
struct Side<'a> {
    rows: Vec<&'a RunRow>,
    answers: Vec<TestAnswers>,
}

/// Compares the runs of A with those of B.
///
/// # Errors
/// [`CompareError`].
///
/// # Source
/// Paired bootstrap over texts: Koehn 2004, "Statistical significance tests for machine translation evaluation"; over
/// seeds and texts together: Davison, Hinkley 1997, "Bootstrap Methods and their Application", §3.8 (hierarchical data).
pub fn compare(a: &[RunRow], b: &[RunRow]) -> Result<Comparison, CompareError> {
    let mut notes = Vec::new();
    let counted = [('A', a), ('B', b)].map(|(side, rows)| counted(side, rows, &mut notes));
    let [ours, theirs] = counted;
    let (ours, theirs) = (ours?, theirs?);
    let whole = |row: &RunRow| row.folder.canonicalize().unwrap_or_else(|_| row.folder.clone());
    if let Some(both) = ours.iter().find(|row| theirs.iter().any(|other| whole(other) == whole(row))) {
        return Err(CompareError::Itself { path: both.folder.clone() });
    }
    let (ours, theirs) = (Side::read(ours)?, Side::read(theirs)?);
    let first = &ours.answers[0];
    for (row, answers) in ours.rows.iter().zip(&ours.answers).chain(theirs.rows.iter().zip(&theirs.answers)) {
        first.same_texts(answers, row)?;
        notes.extend(answers.left_out().map(|(measure, texts)| left_out(measure, texts, row)));
    }
    let (ours, theirs, paired_seeds) = in_pairs(ours, theirs);
    if ours.answers.iter().zip(&theirs.answers).all(|(a, b)| a.same_answers(b)) {
        notes.push(say!("both sides give the same answer to every text"));
    }
    notes.extend(few_seeds(ours.rows.len(), theirs.rows.len()));
    let measures = measures(&ours, &theirs, paired_seeds);
    let (runs, settings) = ((ours.rows.len(), theirs.rows.len()), settings(&ours.rows, &theirs.rows));
    Ok(Comparison { texts: ours.answers[0].len(), runs, paired_seeds, measures, settings, notes })
}

/// Seeds a side from which on an interval over them is fair.
const SEEDS: usize = 5;

/// What to know of an interval over few seeds.
fn few_seeds(a: usize, b: usize) -> Option<Sentence> {
    if a.max(b) < 2 {
        return None;
    }
    Some(match a.min(b) {
        1 => say!("one side has a single run: what another seed of it may do is not in the interval"),
        n if n < SEEDS => say!("with {n} seeds a side the interval is rough; five and more make it fair", n),
        _ => return None,
    })
}

fn left_out(measure: &str, texts: usize, row: &RunRow) -> Sentence {
    say!(
        "{measure} is not compared: for {texts} texts it is no finite number: {path}",
        measure,
        texts,
        path = row.folder.display()
    )
}

/// The runs of a side that count: a single one as it is, of several the whole ones, one a seed.
fn counted<'a>(side: char, rows: &'a [RunRow], notes: &mut Vec<Sentence>) -> Result<Vec<&'a RunRow>, CompareError> {
    let all: Vec<usize> = (0..rows.len()).collect();
    let counted: Vec<&RunRow> = match rows {
        [row] => vec![row],
        _ => {
            let group: Vec<usize> =
                seed_groups(rows, &all).into_iter().flat_map(|SeedGroup { counted, .. }| counted).collect();
            group.into_iter().map(|place| &rows[place]).collect()
        }
    };
    if let ([row], false) = (rows, rows.iter().all(RunRow::is_finished)) {
        let (path, state) = (row.folder.display(), row.status.word());
        notes.push(say!(
            "the run of {side} is {state}; its answers are the last it has written: {path}",
            side,
            state,
            path
        ));
    }
    let left_out = rows.len() - counted.len();
    if left_out > 0 {
        notes.push(say!(
            "{left_out} of {count} runs of {side} do not count: they did not come to their end, or there is a newer one of the same seed",
            left_out,
            count = rows.len(),
            side
        ));
    }
    let others: Vec<&str> = differing(&counted).into_keys().filter(|path| *path != SEED).collect();
    if !others.is_empty() {
        notes.push(say!(
            "the runs of {side} differ in more than their seeds: {settings}",
            side,
            settings = others.join(", ")
        ));
    }
    if counted.is_empty() { Err(CompareError::NoRuns { side }) } else { Ok(counted) }
}

impl<'a> Side<'a> {
    fn read(rows: Vec<&'a RunRow>) -> Result<Self, CompareError> {
        let answers = rows.iter().map(|row| TestAnswers::read(&row.folder)).collect::<Result<_, _>>()?;
        Ok(Self { rows, answers })
    }

    fn seeds(&self) -> Vec<Option<&String>> {
        self.rows.iter().map(|row| row.settings.get(SEED)).collect()
    }
}

/// Puts the runs of both sides in one order of seeds, where they have the same ones.
fn in_pairs<'a>(mut ours: Side<'a>, theirs: Side<'a>) -> (Side<'a>, Side<'a>, bool) {
    let distinct = |side: &Side| side.seeds().into_iter().map(|seed| seed.cloned()).collect::<BTreeSet<_>>();
    let (mine, other) = (distinct(&ours), distinct(&theirs));
    let paired = mine == other && mine.len() == ours.rows.len() && other.len() == theirs.rows.len() && mine.len() > 1;
    if paired {
        let wanted: Vec<Option<String>> = theirs.seeds().into_iter().map(|seed| seed.cloned()).collect();
        let mut all: Vec<(&RunRow, TestAnswers)> = ours.rows.into_iter().zip(ours.answers).collect();
        all.sort_by_key(|(row, _)| wanted.iter().position(|seed| seed.as_ref() == row.settings.get(SEED)));
        let (rows, answers) = all.into_iter().unzip();
        ours = Side { rows, answers };
    }
    (ours, theirs, paired)
}

fn measures(ours: &Side, theirs: &Side, paired_seeds: bool) -> Vec<Compared> {
    let all = ours.answers.iter().chain(&theirs.answers);
    let names: Vec<&str> = ours.answers[0].measures();
    let everywhere = names.into_iter().filter(|name| all.clone().all(|answers| answers.measures().contains(name)));
    let compared = |name: &str| {
        let of = |side: &Side| -> Vec<Sample> { side.answers.iter().map(|answers| answers.sample(name)).collect() };
        let (a, b) = (of(ours), of(theirs));
        let difference = bootstrap::difference(&a, &b, paired_seeds);
        let spread = |samples: &[Sample]| {
            let values: Vec<(f64, usize)> = samples.iter().map(|sample| (sample.whole(), 0)).collect();
            Spread::of(name, &values).map_or((f64::NAN, None), |spread| (spread.mean, spread.sd))
        };
        let verdict = Verdict::of(name, &difference);
        Compared { measure: name.to_owned(), a: spread(&a), b: spread(&b), difference, verdict }
    };
    everywhere.map(compared).collect()
}

/// The settings in which two sides differ.
fn settings(ours: &[&RunRow], theirs: &[&RunRow]) -> Vec<(String, String, String)> {
    let of_two = |(path, values): (String, Vec<String>)| match <[String; 2]>::try_from(values) {
        Ok([a, b]) => Some((path, a, b)),
        Err(_) => None,
    };
    side_settings(&[ours, theirs]).into_iter().filter_map(of_two).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::record::run_table::RunStatus;
    use crate::session::run_folder::PREDICTIONS;

    /// A run of a seed in a folder, with a table of answers: of 200 texts every `wrong`-th is wrong.
    fn run(home: &Path, name: &str, seed: &str, wrong: usize) -> RunRow {
        let answer = |at: usize| if at.is_multiple_of(wrong) { "b" } else { "a" };
        let row = |at: usize| {
            let sure = if at.is_multiple_of(wrong) { 0.2 } else { 0.8 };
            format!("{},text {at},a,{},{sure},{}\n", at + 1, answer(at), 1.0 - sure)
        };
        let rows: String = (0..200).map(row).collect();
        write(home, name, &format!("row,text,gold,student,student:a,student:b\n{rows}"));
        RunRow {
            folder: home.join(name),
            status: RunStatus::Finished,
            settings: [(SEED.to_owned(), seed.to_owned()), ("recipe.batch".to_owned(), wrong.to_string())].into(),
            ..RunRow::default()
        }
    }

    fn write(home: &Path, name: &str, table: &str) {
        fs::create_dir_all(home.join(name)).unwrap();
        fs::write(home.join(name).join(PREDICTIONS), table).unwrap();
    }

    fn verdict(comparison: &Comparison, measure: &str) -> Verdict {
        comparison.measures.iter().find(|compared| compared.measure == measure).unwrap().verdict
    }

    #[test]
    fn the_better_run_beats_the_worse_and_a_small_difference_decides_nothing() {
        let home = tempfile::tempdir().unwrap();
        let run = |name: &str, seed: &str, wrong| run(home.path(), name, seed, wrong);
        let (good, bad, near) = (run("good", "1", 10), run("bad", "1", 3), run("near", "1", 11));
        let of = |a: &RunRow, b: &RunRow| compare(std::slice::from_ref(a), std::slice::from_ref(b)).unwrap();
        for measure in ["accuracy", "loss"] {
            assert_eq!(verdict(&of(&good, &bad), measure), Verdict::Beats, "{measure}");
            assert_eq!(verdict(&of(&bad, &good), measure), Verdict::DoesNotBeat, "{measure}");
            assert_eq!(verdict(&of(&good, &near), measure), Verdict::NotDecided, "{measure}");
        }
        let comparison = of(&good, &bad);
        assert_eq!((comparison.texts, comparison.runs, comparison.paired_seeds), (200, (1, 1), false));
        assert_eq!(comparison.settings, [("recipe.batch".to_owned(), "10".to_owned(), "3".to_owned())]);
        let accuracy = comparison.measures.iter().find(|compared| compared.measure == "accuracy").unwrap();
        assert!((accuracy.a.0 - 0.9).abs() < 1e-12 && (accuracy.b.0 - 133.0 / 200.0).abs() < 1e-12, "{accuracy:?}");
        assert!((accuracy.difference.mean - 0.235).abs() < 1e-12, "{accuracy:?}");
    }

    #[test]
    fn seeds_are_averaged_and_paired_whatever_their_order() {
        let home = tempfile::tempdir().unwrap();
        let run = |name: &str, seed: &str, wrong| run(home.path(), name, seed, wrong);
        let ours = [run("a1", "1", 10), run("a2", "2", 4), run("a3", "3", 8)];
        let theirs = [run("b3", "3", 8), run("b1", "1", 10), run("b2", "2", 4)];
        let comparison = compare(&ours, &theirs).unwrap();
        assert!(comparison.paired_seeds && comparison.runs == (3, 3));
        assert_eq!((comparison.measures[0].difference.low, comparison.measures[0].difference.high), (0.0, 0.0));
        let said: Vec<String> = comparison.notes.iter().map(ToString::to_string).collect();
        assert!(said.iter().any(|note| note.contains("differ in more than their seeds: recipe.batch")), "{said:?}");
        assert!(said.iter().any(|note| note.contains("same answer to every text")), "{said:?}");
        let stopped = RunRow { status: RunStatus::Stopped, ..run("a4", "4", 2) };
        let comparison = compare(&[ours[0].clone(), stopped], &theirs[..1]).unwrap();
        assert_eq!((comparison.runs, comparison.paired_seeds), ((1, 1), false));
        assert!(comparison.notes[0].contains("1 of 2 runs of A do not count"), "{:?}", comparison.notes);
    }

    #[test]
    fn what_cannot_be_compared_is_refused_with_the_reason_and_the_place() {
        let home = tempfile::tempdir().unwrap();
        let run = |name: &str, wrong| run(home.path(), name, "1", wrong);
        let good = run("good", 10);
        let with = |name: &str, table: &str| {
            write(home.path(), name, table);
            RunRow { folder: home.path().join(name), ..good.clone() }
        };
        let answers = fs::read_to_string(good.folder.join(PREDICTIONS)).unwrap();
        let mut gone = run("gone", 3);
        gone.folder = home.path().join("not there");
        let cases = [
            (good.clone(), "stands on both sides"),
            (gone, "has left no answers"),
            (with("texts", &answers.replacen("text 5,", "text five,", 1)), "200 and 200, 199 of them"),
            (with("labels", &answers.replacen("text 5,a", "text 5,b", 1)), "200 and 200, 199 of them"),
            (with("fewer", answers.rsplit_once("200,text").unwrap().0), "200 and 199, 199 of them"),
            (with("tokens", "row,text,tokens,loss\n1,text 0,3,0.5\n"), "one run tells classes"),
            (with("other", "a,b\n1,2\n"), "has no column text"),
            (with("no student", "row,text,gold\n1,t,a\n"), "has no column student"),
            (with("empty", "row,text,gold,student\n"), "it has no rows"),
            (with("torn", &answers.replacen("text 5,a,a", "text 5", 1)), "cannot be read"),
        ];
        for (other, words) in cases {
            let refused = compare(std::slice::from_ref(&good), std::slice::from_ref(&other)).unwrap_err().to_string();
            assert!(
                refused.contains(words) && refused.contains(&other.folder.display().to_string()),
                "{words}: {refused}"
            );
        }
        let stopped = RunRow { status: RunStatus::Stopped, ..run("stopped", 4) };
        let refused = compare(&[stopped.clone(), stopped], &[good]).unwrap_err().to_string();
        assert!(refused.contains("A has no run that came to its end"), "{refused}");
    }

    #[test]
    fn tokens_are_compared_by_what_each_tells_and_a_figure_that_some_lack_is_left_out_and_said() {
        let home = tempfile::tempdir().unwrap();
        let table = |loss: [f64; 2], kl: &str| {
            format!("row,text,tokens,loss,kl\n1,a,30,{},{kl}\n2,b,10,{},0.1\n", loss[0], loss[1])
        };
        let run = |name: &str, text: &str| {
            write(home.path(), name, text);
            RunRow { folder: home.path().join(name), status: RunStatus::Finished, ..RunRow::default() }
        };
        let (ours, theirs) = (run("a", &table([1.0, 2.0], "0.2")), run("b", &table([2.0, 3.0], "NaN")));
        let comparison = compare(&[ours], &[theirs]).unwrap();
        assert_eq!(comparison.measures.len(), 1);
        assert_eq!((comparison.measures[0].a.0, comparison.measures[0].difference.mean), (1.25, -1.0));
        assert_eq!(comparison.measures[0].verdict, Verdict::Beats);
        assert!(comparison.notes[0].contains("kl is not compared: for 1 texts"), "{:?}", comparison.notes);
    }
}
