//! `retort run`: a session from start to end, followed on stderr. A signal ends it as *Stop* does in the
//! window, and the exit code says which.

mod live_events;
mod queue;

use std::path::{Path, PathBuf};
use std::sync::mpsc::RecvTimeoutError;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use self::live_events::LiveEvents;
use super::interrupt::Interrupt;
use super::output::{print, tell};
use super::progress::Progress;
use super::{CommandError, RunArguments, consent, figures};
use crate::engine;
use crate::engine::hub::HubError;
use crate::engine::secret::PermitError;
use crate::link::{
    Command, Event, Fact, Order, Outcome, Question, Reply, RunId, STOPPED, WatchEnd, connect, grouped, human_bytes,
};
use crate::record::journal;
use crate::record::recorder::Recorder;
use crate::session::run_folder::queued;
use crate::session::workspace::{begun, free_run_folder};
use crate::session::{Session, file};

/// How long a run that a signal ends may take to leave before its first step.
const LEAVING: Duration = Duration::from_secs(1);
/// Time between two looks at signals while nothing happens.
const LOOK: Duration = Duration::from_millis(100);

/// Runs a session; the result is what goes to stdout.
///
/// # Errors
/// [`CommandError`]: input errors before the first step, run errors after it. A run that a signal ended
/// has its result on stdout all the same.
pub fn run(arguments: &RunArguments) -> Result<String, CommandError> {
    consent::allow_keys(&arguments.consent)?;
    if arguments.sessions.len() > 1 || arguments.seeds.is_some() || arguments.queue {
        return queue::run(arguments);
    }
    let (order, out) = if arguments.resume { resume(arguments)? } else { start(arguments)? };
    let interrupt = Interrupt::listen().map_err(CommandError::run)?;
    let outcome = match execute(order, &out, &interrupt, LiveEvents::new(arguments, &out)?)? {
        Ended::BeforeFirstStep(code) => return Err(CommandError::quiet(code)),
        Ended::Outcome(outcome) => outcome,
    };
    let result =
        if arguments.json { serde_json::to_string(&outcome.in_words()).unwrap_or_default() } else { table(&outcome) };
    if let Some(reason) = &outcome.unwritten {
        return unwritten(&result, reason, &out);
    }
    // A signal that came while the end was measured has stopped that.
    let stopped = outcome.reason == STOPPED || !outcome.unmeasured.is_empty();
    let Some(code) = interrupt.code().filter(|_| stopped) else { return Ok(result) };
    let printed = print(&result);
    tell(way_on(&out));
    printed.and(Err(CommandError::quiet(code)))
}

/// Runs what is ordered into `out`, to its end or to a signal.
///
/// # Errors
/// [`CommandError`]: input errors before the first step, run errors after it.
fn execute(order: Command, out: &Path, interrupt: &Interrupt, mut events: LiveEvents) -> Result<Ended, CommandError> {
    let (watch, end) = connect();
    let thread = engine::spawn(end, Recorder::default()).map_err(CommandError::run)?;
    watch.commands.send(order).map_err(CommandError::run)?;
    let ended = follow(&watch, interrupt, &mut events);
    if let Some(lost) = events.finish() {
        tell(format!("warning: {lost}"));
    }
    drop(watch);
    if let Ok(Ended::BeforeFirstStep(_)) = ended {
        leave(&thread, out);
        return ended;
    }
    // A run in trouble writes a last checkpoint. A panic inside the engine has already become a failure of
    // the run.
    let _ = thread.join();
    ended
}

/// A run whose student found no room: what was measured is the result all the same, and the run is gone on
/// with from its newest checkpoint, which measures and writes again.
fn unwritten(result: &str, reason: &str, out: &Path) -> Result<String, CommandError> {
    let printed = print(result);
    let way_on = way_on(out);
    printed.and(Err(CommandError::run(format!("the student could not be written: {reason}; make room, then {way_on}"))))
}

/// How following a run ended.
enum Ended {
    /// By the run's own end, or a stop.
    Outcome(Box<Outcome>),
    /// By a signal, with this exit code, while models and data were fetched or read.
    BeforeFirstStep(u8),
}

/// Leaves a run that has not begun. Reading a large model cannot be called off, and nothing of it is
/// worth waiting for.
fn leave(thread: &JoinHandle<()>, out: &Path) {
    let asked = Instant::now();
    while !thread.is_finished() && asked.elapsed() < LEAVING {
        std::thread::sleep(LOOK / 10);
    }
    if out.join(journal::FILE).exists() {
        // It has begun, though nobody was told in time.
        let _ = begun(out);
        return tell(format!("stopped before the first step; {}", way_on(out)));
    }
    let next = if queued(out).is_some() { "it waits in the queue" } else { "give the same command to begin again" };
    tell(format!("stopped before the first step; {next}"));
}

/// The command that goes on with a run.
fn way_on(out: &Path) -> String {
    format!("go on with: retort run --resume --out {}", shell_word(out))
}

/// A session that is to be run, the built-in one where no path is given, with what is set of it from outside.
fn asked(arguments: &RunArguments, path: Option<&Path>) -> Result<Session, CommandError> {
    let mut session = match path {
        Some(path) => file::open(path).map_err(CommandError::input)?,
        None => Session::built_in().map_err(CommandError::input)?,
    };
    for assignment in &arguments.set {
        set(&mut session, assignment)?;
    }
    if let Some(problem) = session.problem().or_else(|| session.knob_problem(&engine::catalog())) {
        return Err(CommandError::input(problem));
    }
    let names = arguments.set.iter().filter_map(|assignment| assignment.split_once('=')).map(|(name, _)| name.trim());
    let knobs = names.filter(|name| session.knobs.contains_key(*name));
    let in_vain = knobs.filter_map(|knob| engine::script::set_in_vain(&session, knob));
    in_vain.for_each(|said| tell(format!("warning: {said}")));
    Ok(session)
}

fn start(arguments: &RunArguments) -> Result<(Command, PathBuf), CommandError> {
    let mut session = asked(arguments, arguments.sessions.first().map(PathBuf::as_path))?;
    let out = arguments.out.clone().unwrap_or_else(|| free_run_folder(&workspace_of(arguments), &session));
    // Before anything is fetched.
    engine::run::vacant(&out).map_err(CommandError::input)?;
    consent::ensure_local(&session, &arguments.consent)?;
    writable_names(&mut session, &out)?;
    tell(format!("running {:?} into {}", session.name, out.display()));
    Ok((Order::Start { session: Box::new(session), out: out.clone() }.to(RunId::FIRST), out))
}

/// Session, journal and checkpoints name files in Unicode, or not at all.
fn writable_names(session: &mut Session, out: &Path) -> Result<(), CommandError> {
    let paths = session.paths_mut().into_iter().map(|path| &**path).chain([out]);
    let unnamed = paths.into_iter().find(|path| path.to_str().is_none());
    unnamed.map_or(Ok(()), |path| {
        let advice = "a run writes down where its files are; give file and folders a name in Unicode";
        Err(CommandError::input(format!("not a name that can be written down; {advice}: {}", path.display())))
    })
}

fn resume(arguments: &RunArguments) -> Result<(Command, PathBuf), CommandError> {
    let Some(out) = &arguments.out else {
        return Err(CommandError::input("--resume needs --out, the folder of the run to go on with"));
    };
    if !arguments.sessions.is_empty() {
        return Err(CommandError::input("--resume goes on with the run as it was; leave out the session"));
    }
    if !out.is_dir() {
        let advice = "--resume goes on with a run, so --out is the folder that it was written into, such as runs/NAME";
        return Err(CommandError::input(format!("there is no folder {}; {advice}", out.display())));
    }
    if let Some(session) = consent::session_of(out) {
        consent::ensure_local(&session, &arguments.consent)?;
    }
    let Some(steps) = more_steps(&arguments.set)? else {
        return Ok((Order::Continue(out.clone()).to(RunId::FIRST), out.clone()));
    };
    Ok((Order::Extend { out: out.clone(), steps }.to(RunId::FIRST), out.clone()))
}

/// The only thing that can be set of a run that is gone on with: how many steps it does in all.
fn more_steps(set: &[String]) -> Result<Option<u64>, CommandError> {
    let mut steps = None;
    for assignment in set {
        let Some(("recipe.steps", value)) = assignment.split_once('=').map(|(name, value)| (name.trim(), value)) else {
            return Err(CommandError::input(format!(
                "--resume goes on with the run as it was, and only --set recipe.steps=N, its steps in all, can be given with it; leave out --set {assignment}"
            )));
        };
        let number = value.trim().parse();
        let wrong = |_| CommandError::input(format!("recipe.steps takes a whole number, not {value:?}"));
        steps = Some(number.map_err(wrong)?);
    }
    Ok(steps)
}

/// Where runs without a folder of their own lie.
fn workspace_of(arguments: &RunArguments) -> PathBuf {
    arguments.workspace.clone().unwrap_or_else(|| PathBuf::from("runs"))
}

/// `name=value`: a field of the session, or a knob.
fn set(session: &mut Session, assignment: &str) -> Result<(), CommandError> {
    let (name, value) = assignment.split_once('=').map(|(name, value)| (name.trim(), value.trim())).unwrap_or_default();
    if name.is_empty() {
        let form = "--set takes NAME=VALUE, such as recipe.steps=200 or mixture.alpha=0.3";
        return Err(CommandError::usage(format!("{form}, not {assignment:?}")));
    }
    session.assign(name, value).map_err(|refused| match knob_called(name) {
        Some(knob) => CommandError::input(format!("there is no field {name}, and the knob is called {knob}; set that")),
        None => CommandError::input(refused),
    })
}

/// The id of the knob that is called so without its owner.
fn knob_called(name: &str) -> Option<&'static str> {
    let mut knobs = engine::catalog().knobs.into_iter().map(|knob| knob.id);
    knobs.find(|id| id.split_once('.').is_some_and(|(_, own)| own == name))
}

/// Listens until the run ends; a signal stops it as a person would.
fn follow(watch: &WatchEnd, interrupt: &Interrupt, events: &mut LiveEvents) -> Result<Ended, CommandError> {
    let mut progress = Progress::new();
    let (mut running, mut stopping) = (false, false);
    loop {
        let event = watch.events.recv_timeout(LOOK);
        if let Some(code) = interrupt.code().filter(|_| !stopping) {
            if !running && !matches!(event, Ok(Event::Fact(_, Fact::Started { .. }))) {
                progress.close();
                return Ok(Ended::BeforeFirstStep(code));
            }
            stopping = true;
            progress.line("stopping: a checkpoint, the test, the student; Ctrl+C once more ends at once");
            watch.commands.send(Order::Stop.to(RunId::FIRST)).map_err(CommandError::run)?;
        }
        let event = match event {
            Ok(event) => event,
            Err(RecvTimeoutError::Timeout) => {
                progress.tick();
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        if let Event::Fact(_, Fact::Started { out, .. }) = &event {
            running = true;
            // It waits no longer. Where that cannot be written, the journal beside it says so.
            let _ = begun(out);
        }
        progress.take(&event);
        if let Some(lost) = events.take(&event) {
            progress.line(format!("warning: {lost}"));
        }
        match event {
            // Nobody is there to answer.
            Event::Reply(Reply::Asked(question)) => return Err(CommandError::input(words(*question))),
            // Nobody is there to answer, and what looks lost may mend itself: it is said, and goes on.
            Event::Fact(_, Fact::Trouble { step, what, alarm: Some(_), .. }) => {
                progress.line(format!("warning: step {}: {what}; the run goes on", grouped(step)));
                watch.commands.send(Order::Resume.to(RunId::FIRST)).map_err(CommandError::run)?;
            }
            Event::Fact(_, Fact::Trouble { what, alarm: None, .. }) => return Err(CommandError::run(what)),
            Event::Fact(_, Fact::Failed(notice)) => return Err(CommandError::run(notice.text)),
            Event::Reply(Reply::Failed(notice)) => return Err(CommandError::input(notice.text)),
            Event::Fact(_, Fact::Finished(outcome)) => {
                progress.close();
                return Ok(Ended::Outcome(outcome));
            }
            _ => {}
        }
    }
    Err(CommandError::run("the engine stopped without a word; continue with --resume"))
}

/// A question as the reason why a run does not begin.
fn words(question: Question) -> String {
    match question {
        Question::Key(grant) => PermitError::Unasked(grant).to_string(),
        Question::Fetch(missing) => HubError::from(missing).to_string(),
    }
}

/// A path as a shell reads it back.
fn shell_word(path: &Path) -> String {
    let mark = if path.to_string_lossy().starts_with('-') { "./" } else { "" };
    let text = format!("{mark}{}", path.display());
    let plain = |c: char| c.is_alphanumeric() || "/._-+=@%:,".contains(c);
    match text.is_empty() || !text.chars().all(plain) {
        true => format!("'{}'", text.replace('\'', r"'\''")),
        false => text,
    }
}

fn table(outcome: &Outcome) -> String {
    let (student, classes) = (&outcome.student, &outcome.classes);
    let mut lines = figures::sides(outcome);
    lines.extend(student.speed.as_ref().map(figures::timing));
    lines.extend(figures::calibration(outcome));
    lines.extend(figures::per_class(classes, student, outcome.teacher.as_ref()));
    lines.extend(figures::most_confused(classes, &student.confusion, 3));
    lines.extend(
        (outcome.tokens > 0).then(|| format!("{} tokens paid to the teacher's server", grouped(outcome.tokens))),
    );
    lines.push(format!(
        "{} after {} steps, {:.1} s, peak memory {}",
        outcome.reason,
        outcome.steps,
        outcome.seconds,
        human_bytes(outcome.peak_bytes)
    ));
    lines.extend(outcome.saved.as_ref().map(|saved| format!("saved: {saved}")));
    lines.join("\n")
}
