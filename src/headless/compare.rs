//! `retort compare`: two runs, or two groups of seeds, on the same test texts.

use std::path::{Path, PathBuf};

use super::output::tell;
use super::runs::aligned;
use super::{CommandError, CompareArguments};
use crate::record::card::verdict;
use crate::record::compare::{Compared, Comparison, compare as compare_rows};
use crate::record::run_table::RunRow;
use crate::session::run_folder::{self, default_workspace};

/// Compares the runs of A with those of B.
///
/// # Errors
/// [`CommandError`]: folders that are no runs, or runs that cannot be compared.
pub fn compare(arguments: &CompareArguments) -> Result<String, CommandError> {
    let (ours, theirs) = match (arguments.runs.as_slice(), arguments.against.as_slice()) {
        ([ours, theirs], []) => (std::slice::from_ref(ours), std::slice::from_ref(theirs)),
        (_, []) => {
            let form = "name two runs, A and B, or the runs of A and those of B behind --against";
            return Err(CommandError::usage(format!("{} runs are named; {form}", arguments.runs.len())));
        }
        (ours, theirs) => (ours, theirs),
    };
    let workspace = arguments.workspace.clone().unwrap_or_else(default_workspace);
    let rows = |runs: &[PathBuf]| runs.iter().map(|run| row(run, &workspace)).collect::<Result<Vec<_>, _>>();
    let (ours, theirs) = (rows(ours)?, rows(theirs)?);
    let comparison = compare_rows(&ours, &theirs).map_err(CommandError::input)?;
    comparison.notes.iter().for_each(|note| tell(format!("note: {note}")));
    if arguments.card {
        put_into_cards(&comparison, &ours, &theirs)?;
    }
    match arguments.json {
        true => serde_json::to_string(&comparison).map_err(CommandError::run),
        false => Ok(words(&comparison)),
    }
}

/// Puts the comparison into the cards of A's students.
fn put_into_cards(comparison: &Comparison, ours: &[RunRow], theirs: &[RunRow]) -> Result<(), CommandError> {
    let [ours, theirs] = [ours, theirs].map(|rows| rows.iter().map(|row| row.folder.clone()).collect::<Vec<_>>());
    let students = verdict::put_for_runs(comparison, [&ours, &theirs]).map_err(CommandError::run)?;
    students.iter().for_each(|student| tell(format!("the comparison stands in the card of {}", student.display())));
    Ok(())
}

fn row(run: &Path, workspace: &Path) -> Result<RunRow, CommandError> {
    let places = [run.to_owned(), workspace.join(run)];
    let found = places.iter().find(|place| run_folder::has_journal(place) || run_folder::holder(place).is_some());
    found.map(|folder| RunRow::read(folder)).ok_or_else(|| {
        let (run, workspace) = (run.display(), workspace.display());
        CommandError::input(format!(
            "there is no run {run}, neither from here nor in {workspace}; retort list runs shows those there are"
        ))
    })
}

fn words(comparison: &Comparison) -> String {
    let head = ["", "A", "B", "A − B", "95 % interval", ""].map(str::to_owned).to_vec();
    let lines: Vec<Vec<String>> = [head].into_iter().chain(comparison.measures.iter().map(line)).collect();
    let (a, b) = comparison.runs;
    let seeds = match (comparison.paired_seeds, a.max(b)) {
        (_, 1) => "a run each; the interval is of other test texts".to_owned(),
        (true, _) => format!("{a} paired seeds; the interval is of other test texts and other seeds"),
        (false, _) => format!("{a} and {b} seeds, not paired; the interval is of other test texts and other seeds"),
    };
    let mut text = aligned(&lines);
    text += &format!("\n{} test texts, {seeds}", comparison.texts);
    if !comparison.settings.is_empty() {
        let head = ["setting", "A", "B"].map(str::to_owned).to_vec();
        let rows = comparison.settings.iter().map(|(path, a, b)| vec![path.clone(), a.clone(), b.clone()]);
        text += "\n\n";
        text += &aligned(&[head].into_iter().chain(rows).collect::<Vec<_>>());
    }
    text
}

fn line(compared: &Compared) -> Vec<String> {
    let side = |(mean, sd): (f64, Option<f64>)| match sd {
        Some(sd) => format!("{mean:.4} ± {sd:.4}"),
        None => format!("{mean:.4}"),
    };
    let of = compared.difference;
    vec![
        compared.measure.clone(),
        side(compared.a),
        side(compared.b),
        format!("{:+.4}", of.mean),
        format!("{:+.4} to {:+.4}", of.low, of.high),
        compared.verdict.words().to_owned(),
    ]
}
