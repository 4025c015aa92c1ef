//! Joins the wings: parses arguments, opens the window or runs a command, prints errors.

use std::process::ExitCode;

use clap::Parser as _;
use retort::engine;
use retort::headless::{self, Arguments, CommandError, Task};

#[global_allocator]
static ALLOCATOR: engine::allocator::BySize = engine::allocator::BySize;

fn main() -> ExitCode {
    engine::allocator::tune();
    fix_threads();
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("error")).init();
    // The client of servers and of the Hub traces every byte it sends, keys included.
    log::set_max_level(log::max_level().min(log::LevelFilter::Debug));
    let done = work(Arguments::parse());
    let done = done.and_then(|words| if words.is_empty() { Ok(()) } else { headless::print(&words) });
    let Err(error) = done else { return ExitCode::SUCCESS };
    if !error.message.is_empty() {
        headless::tell(format_args!("error: {error}"));
    }
    ExitCode::from(error.code)
}

/// Fixes the number of worker threads before any of them starts: it is part of bit-exact replay,
/// and candle would otherwise ask the system for it at every operation. With a window open one core
/// is left to it.
fn fix_threads() {
    const NAME: &str = "RAYON_NUM_THREADS";
    if std::env::var_os(NAME).is_some() {
        return;
    }
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let window = std::env::args().nth(1).is_none_or(|first| {
        ![
            "run", "probe", "evaluate", "predict", "baseline", "doctor", "new", "list", "compare", "export", "cache",
            "fetch", "key", "unqueue",
        ]
        .contains(&first.as_str())
    });
    let threads = if window { (cores - 1).max(1) } else { cores };
    // SAFETY: the first thing the process does; no other thread exists that could read the
    // environment at the same time.
    unsafe { std::env::set_var(NAME, threads.to_string()) };
}

fn work(arguments: Arguments) -> Result<String, CommandError> {
    match &arguments.command {
        Some(Task::Run(run)) => headless::run(run),
        Some(Task::Probe(probe)) => headless::probe(probe),
        Some(Task::Evaluate(evaluate)) => headless::evaluate(evaluate),
        Some(Task::Predict(predict)) => headless::predict(predict),
        Some(Task::Baseline(baseline)) => headless::baseline(baseline),
        Some(Task::Doctor(doctor)) => headless::examine(doctor),
        Some(Task::New(new)) => headless::new(new),
        Some(Task::Unqueue(unqueued)) => headless::unqueue(unqueued),
        Some(Task::List(listing)) => headless::list(listing),
        Some(Task::Compare(compared)) => headless::compare(compared),
        Some(Task::Export(export)) => headless::export(export),
        Some(Task::Cache(cache)) => headless::cache(cache),
        Some(Task::Fetch(fetch)) => headless::fetch(fetch),
        Some(Task::Key(key)) => headless::key(key),
        #[cfg(feature = "window")]
        Some(Task::BenchFrames(bench)) => bench_frames(bench),
        None => open_window(arguments),
    }
}

#[cfg(feature = "window")]
fn open_window(arguments: Arguments) -> Result<String, CommandError> {
    use retort::record::opening::{self, Found};
    use retort::session::{Say as _, Session};

    let found = arguments.session.as_deref().map(opening::find).transpose();
    let (found, trouble) = match found {
        Ok(found) => (found, None),
        // Whoever has clicked on the file sees no terminal.
        Err(e) => (None, Some(e.said())),
    };
    trouble.iter().for_each(|trouble| headless::tell(format_args!("error: {trouble}")));
    let (session, path) = match found {
        Some(Found { session, file, .. }) => (session, file),
        None => (Session::built_in().map_err(CommandError::input)?, None),
    };
    let (watch, end) = retort::link::connect();
    let thread = engine::spawn(end, retort::record::recorder::Recorder::default()).map_err(CommandError::run)?;
    let options = retort::window::Options { trouble, workspace: arguments.workspace, ..Default::default() };
    let closed = retort::window::run(watch, engine::catalog(), session, path, options);
    // The window has dropped its end: the engine writes a last checkpoint and leaves.
    let _ = thread.join();
    closed.map(|()| String::new()).map_err(CommandError::input)
}

/// The window measured: while the built-in run is going, with the runs of a workspace, or through a long run.
#[cfg(feature = "window")]
fn bench_frames(arguments: &headless::BenchArguments) -> Result<String, CommandError> {
    use retort::window::bench;

    let session = retort::session::Session::built_in().map_err(CommandError::input)?;
    if let Some(steps) = arguments.steps {
        let report = bench::long_run(engine::catalog(), session, steps).map_err(CommandError::input)?;
        return told(arguments.json, &report, report.words());
    }
    let (watch, end) = retort::link::connect();
    let thread = engine::spawn(end, retort::record::recorder::Recorder::default()).map_err(CommandError::run)?;
    let (catalog, frames) = (engine::catalog(), arguments.frames);
    let words = match arguments.runs {
        Some(runs) => bench::shelf(watch, catalog, session, (runs, arguments.points, frames))
            .map_err(CommandError::input)
            .and_then(|report| told(arguments.json, &report, report.words())),
        None => bench::training(watch, catalog, session, frames)
            .map_err(CommandError::input)
            .and_then(|report| told(arguments.json, &report, report.words())),
    };
    let _ = thread.join();
    words
}

/// A report as one JSON object, or in words.
#[cfg(feature = "window")]
fn told(json: bool, report: &impl serde::Serialize, words: String) -> Result<String, CommandError> {
    if json { serde_json::to_string(report).map_err(CommandError::run) } else { Ok(words) }
}

#[cfg(not(feature = "window"))]
fn open_window(_arguments: Arguments) -> Result<String, CommandError> {
    Err(CommandError::input("this program was built without its window; use `retort run`"))
}
