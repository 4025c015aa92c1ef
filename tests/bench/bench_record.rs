//! What a long run costs beside its training: the memory of those who keep its record, the time to open it again, and the
//! time in which its curves are fetched for a frame. The run is made up: twelve curves, a checkpoint every 5 000 steps.
//!
//! Arguments: `watch` (the record that the window draws from), `write FOLDER` (what a run without a window keeps and
//! writes), `open FOLDER` (reading such a run back), each with STEPS at the end. Memory is that of the whole process; run
//! each in one of its own.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use retort::link::{EventSink as _, Fact, Outcome, RunId, SeriesId};
use retort::record::recorder::Recorder;
use retort::record::{RunRecord, journal};
use retort::session::Session;

const CURVES: usize = 12;
const CHECKPOINTS: u64 = 5_000;
/// Buckets that a chart of 1 000 points asks for.
const WANTED: usize = 4_000;

type Failed = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["watch", steps] => watch(steps.parse()?),
        ["write", folder, steps] => write(Path::new(folder), steps.parse()?),
        ["open", folder] => open(Path::new(folder)),
        _ => Err("bench_record watch STEPS | write FOLDER STEPS | open FOLDER".into()),
    }
}

/// The facts of a step, in the order in which a run tells them.
fn facts(step: u64, ids: &[SeriesId]) -> Vec<Fact> {
    let value = |place: usize| 2.0 / (1.0 + step as f64 / 1e4) + ((step as f64) * 0.37 + place as f64).sin() / 7.0;
    let values = ids.iter().enumerate().map(|(place, id)| (id.clone(), value(place))).collect();
    let checkpoint = (step % CHECKPOINTS == CHECKPOINTS - 1).then_some(Fact::Checkpoint { step: step + 1 });
    [Fact::Scalars { step, values }].into_iter().chain(checkpoint).collect()
}

fn ids() -> Vec<SeriesId> {
    (0..CURVES).map(|place| SeriesId::from(format!("loss/term_{place}").as_str())).collect()
}

fn started(out: PathBuf) -> Result<Fact, Failed> {
    Ok(Fact::Started { session: Box::new(Session::built_in()?), out, step: 0 })
}

/// Megabytes that the process takes now.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok()).map_or(f64::NAN, |kb| kb / 1024.0)
}

/// Whether memory is told of at this step: 10⁴, 10⁵, …
fn is_told(step: u64) -> bool {
    step >= 10_000 && 10u64.pow(step.ilog10()) == step
}

fn watch(steps: u64) -> Result<(), Failed> {
    let (mut record, ids) = (RunRecord::default(), ids());
    record.fold(started(PathBuf::from("nowhere"))?);
    for step in 0..steps {
        facts(step, &ids).into_iter().for_each(|fact| record.fold(fact));
        if is_told(step + 1) {
            println!("{:>9} steps {:6.1} MB, a frame's curves {:.2} ms", step + 1, resident(), frame(&record));
        }
    }
    Ok(())
}

/// Milliseconds in which all curves are fetched, at the worst of twelve zooms.
fn frame(record: &RunRecord) -> f64 {
    let last = record.step as f64;
    let fetched = |from: f64| {
        let begun = Instant::now();
        let buckets: usize = record.series.values().map(|series| series.visible(from, last, WANTED).len()).sum();
        assert!(buckets > 0, "nothing is drawn");
        begun.elapsed().as_secs_f64() * 1e3
    };
    (0..12).map(|zoom| fetched(last - last / 2f64.powi(zoom))).fold(0.0, f64::max)
}

fn write(folder: &Path, steps: u64) -> Result<(), Failed> {
    std::fs::create_dir_all(folder)?;
    let (mut recorder, ids) = (Recorder::default(), ids());
    recorder.emit(started(folder.to_owned())?.of(RunId::FIRST));
    let begun = Instant::now();
    for step in 0..steps {
        facts(step, &ids).into_iter().for_each(|fact| recorder.emit(fact.of(RunId::FIRST)));
        if is_told(step + 1) {
            let each = begun.elapsed().as_secs_f64() * 1e6 / (step + 1) as f64;
            println!("{:>9} steps {:6.1} MB, {each:.1} µs a step", step + 1, resident());
        }
    }
    recorder.emit(Fact::Finished(Box::new(Outcome { steps, ..Outcome::default() })).of(RunId::FIRST));
    println!("{:>9} ended {:6.1} MB", steps, resident());
    recorder.take_complaints().iter().for_each(|words| println!("{words}"));
    Ok(())
}

fn open(folder: &Path) -> Result<(), Failed> {
    for which in ["first", "again"] {
        let (before, begun) = (resident(), Instant::now());
        let record = journal::replay(folder)?;
        let seconds = begun.elapsed().as_secs_f64();
        println!("{which}: {} steps in {seconds:.3} s, {:+.1} MB", record.step, resident() - before);
    }
    Ok(())
}
