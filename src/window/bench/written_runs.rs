//! A workspace of made-up runs, written as the product writes them: ten seeds to a learning rate, three curves with a
//! value at every step and two measures at every fiftieth. No knob is turned: lanes below a chart would leave it less room.

use std::io::{Error, Result};
use std::path::Path;

use crate::link::{EventSink as _, Fact, Outcome, RunId, SeriesId, Side, Step};
use crate::record::recorder::Recorder;
use crate::session::Session;

/// Seeds to a learning rate.
const SEEDS: u64 = 10;
/// Steps between two measurements.
const MEASURED: u64 = 50;

/// Writes so many runs of so many steps into a workspace.
///
/// # Errors
/// The operating system's, and what the recorder complains of.
pub(super) fn write(workspace: &Path, runs: u64, steps: Step) -> Result<()> {
    let built_in = Session::built_in().map_err(Error::other)?;
    (0..runs).try_for_each(|number| write_run(workspace, &built_in, number, steps))
}

fn write_run(workspace: &Path, built_in: &Session, number: u64, steps: Step) -> Result<()> {
    let out = workspace.join(format!("made-up-{number:04}"));
    std::fs::create_dir_all(&out)?;
    let mut session = Session { name: "Made up".to_owned(), ..built_in.clone() };
    session.recipe.seed = number % SEEDS;
    session.recipe.steps = steps;
    session.set_knob("optimizer.learning_rate", (100 + number / SEEDS) as f64 / 1e5);
    let mut recorder = Recorder::default();
    let mut tell = |fact: Fact| recorder.emit(fact.of(RunId::FIRST));
    tell(Fact::Started { session: Box::new(session), out, step: 0 });
    for step in 0..steps {
        tell(Fact::Scalars { step, values: losses(number, step, steps) });
        if step % MEASURED == MEASURED - 1 {
            tell(Fact::Scalars { step, values: measures(number, step, steps) });
        }
    }
    tell(ended(number, steps));
    match recorder.take_complaints().first() {
        Some(words) => Err(Error::other(words.to_string())),
        None => Ok(()),
    }
}

/// A number in ±1 that no two places share.
fn noise(number: u64, step: Step, salt: f64) -> f64 {
    let turned = (number as f64 * 12.9898 + step as f64 * 78.233 + salt).sin() * 43_758.547;
    2.0 * turned.fract().abs() - 1.0
}

/// What the loss goes by: it falls, and of every run to another place.
fn falls(number: u64, step: Step, steps: Step) -> f64 {
    1.6 * (-6.0 * step as f64 / steps.max(1) as f64).exp() + 0.2 + 0.002 * number as f64
}

fn losses(number: u64, step: Step, steps: Step) -> Vec<(SeriesId, f64)> {
    let falls = falls(number, step, steps);
    let of_step = |id: &str, salt: f64| (SeriesId::from(id), falls + 0.08 * noise(number, step, salt));
    vec![of_step("loss/total", 0.0), of_step("loss/soft_targets", 1.0), of_step("loss/hard_labels", 2.0)]
}

fn measures(number: u64, step: Step, steps: Step) -> Vec<(SeriesId, f64)> {
    let falls = falls(number, step, steps);
    let accuracy = 0.95 - 0.4 * falls + 0.01 * noise(number, step, 3.0);
    vec![("measure/accuracy".into(), accuracy), ("measure/loss".into(), falls)]
}

fn ended(number: u64, steps: Step) -> Fact {
    let accuracy = 0.85 + 0.05 * noise(number, steps, 4.0);
    let test = [("accuracy".to_owned(), accuracy), ("loss".to_owned(), 1.4 - accuracy)].into();
    let student = Side { test, ..Side::default() };
    let seconds = 60.0 + number as f64;
    Fact::Finished(Box::new(Outcome { reason: "finished".to_owned(), steps, seconds, student, ..Outcome::default() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::run_table::RunTable;
    use crate::record::run_table::seed_groups::seed_groups;

    #[test]
    fn the_runs_have_come_to_their_end_in_groups_of_ten_seeds_with_all_their_points() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), 20, 100).unwrap();
        let table = RunTable::read(folder.path());
        assert!(table.rows.len() == 20 && table.rows.iter().all(|row| row.is_finished() && row.steps == 100));
        let all: Vec<usize> = (0..20).collect();
        let groups = seed_groups(&table.rows, &all);
        assert_eq!(groups.iter().map(|group| group.counted.len()).collect::<Vec<_>>(), [10, 10]);
        assert_eq!(table.rows[0].validation["accuracy"].len(), 2, "measures are told as the engine tells them");
        let (record, damage) = crate::record::journal::replay_whole(&table.rows[0].folder).unwrap();
        assert!(damage.is_none() && record.series[&"loss/total".into()].points().count() == 100);
        assert_eq!(record.series[&"measure/accuracy".into()].points().count(), 2);
    }
}
