//! `retort run`: a session from start to end, with a progress bar.

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{CommandError, RunArguments};
use crate::engine::{self, checkpoint};
use crate::link::grouped;
use crate::link::{Command, Event, Outcome, Phase, Status, WatchEnd, connect};
use crate::record::journal;
use crate::record::recorder::{Recorder, SESSION, SUMMARY};
use crate::session::{Session, Source, file};

/// Runs a session; the result is what goes to stdout.
///
/// # Errors
/// [`CommandError`]: input errors before the first step, run errors after it.
pub fn run(arguments: &RunArguments) -> Result<String, CommandError> {
    let order = if arguments.resume { resume(arguments)? } else { start(arguments)? };
    let (watch, end) = connect();
    let thread = engine::spawn(end, Recorder::default()).map_err(CommandError::run)?;
    watch.commands.send(order).map_err(CommandError::run)?;
    let result = follow(&watch);
    drop(watch);
    // A panic inside the engine has already become a failure of the run.
    let _ = thread.join();
    let outcome = result?;
    Ok(if arguments.json { serde_json::to_string(&outcome).unwrap_or_default() } else { table(&outcome) })
}

fn start(arguments: &RunArguments) -> Result<Command, CommandError> {
    let mut session = match &arguments.session {
        Some(path) => file::open(path).map_err(CommandError::input)?,
        None => Session::built_in().map_err(CommandError::input)?,
    };
    for assignment in &arguments.set {
        set(&mut session, assignment).map_err(CommandError::input)?;
    }
    if let Some(problem) = session.problem() {
        return Err(CommandError::input(problem));
    }
    let out = arguments.out.clone().unwrap_or_else(free_folder);
    if out.join(journal::FILE).exists() {
        let advice = "add --resume to go on with it, or choose another --out";
        return Err(CommandError::input(format!("the folder already holds a run; {advice}: {}", out.display())));
    }
    eprintln!("running {:?} into {}", session.name, out.display());
    Ok(Command::Start { session: Box::new(session), out })
}

fn resume(arguments: &RunArguments) -> Result<Command, CommandError> {
    let Some(out) = &arguments.out else {
        return Err(CommandError::input("--resume needs --out, the folder of the run to go on with"));
    };
    if arguments.session.is_some() || !arguments.set.is_empty() {
        return Err(CommandError::input("--resume goes on with the run as it was; leave out the session and --set"));
    }
    // Killed before its first checkpoint, a run has its session written down, and begins again. One that
    // came to its end is never begun again, even if its checkpoints were cleared away.
    let ended = out.join(SUMMARY).exists();
    if !ended && checkpoint::list(out).is_empty() && out.join(SESSION).exists() {
        let session = file::open(&out.join(SESSION)).map_err(CommandError::input)?;
        return Ok(Command::Start { session: Box::new(session), out: out.clone() });
    }
    Ok(Command::Continue(out.clone()))
}

/// The first of `runs/1`, `runs/2`, … that is free.
fn free_folder() -> PathBuf {
    let free = |number: &u32| !Path::new("runs").join(number.to_string()).exists();
    Path::new("runs").join((1..).find(free).unwrap_or(u32::MAX).to_string())
}

/// `name=value`: a knob, or one of the session's numbers.
fn set(session: &mut Session, assignment: &str) -> Result<(), String> {
    let (name, value) =
        assignment.split_once('=').ok_or_else(|| format!("--set takes NAME=VALUE, not {assignment:?}"))?;
    let number: f64 = value.trim().parse().map_err(|_| format!("{name} takes a number, not {value:?}"))?;
    let whole = || {
        let fits = number >= 0.0 && number.fract() == 0.0 && number < 9e15;
        fits.then_some(number as u64).ok_or_else(|| format!("{name} takes a whole number, not {value}"))
    };
    match name.trim() {
        "recipe.seed" => session.recipe.seed = whole()?,
        "recipe.steps" => session.recipe.steps = whole()?,
        "recipe.batch" => session.recipe.batch = whole()? as usize,
        "recipe.warmup" => session.recipe.warmup = whole()?,
        "recipe.evaluate_every" => session.recipe.evaluate_every = whole()?,
        "recipe.checkpoint_every" => session.recipe.checkpoint_every = whole()?,
        "data.split_seed" => session.data.split_seed = whole()?,
        "data.labelled" => session.data.labelled = Some(whole()? as usize),
        "teacher.token_limit" => limit_tokens(session, whole()?)?,
        "data.limit" => session.data.limit = Some(whole()? as usize),
        knob => session.set_knob(knob, number),
    }
    Ok(())
}

fn limit_tokens(session: &mut Session, most: u64) -> Result<(), String> {
    match session.models.teacher.as_mut().map(|teacher| &mut teacher.source) {
        Some(Source::Server { token_limit, .. }) => *token_limit = Some(most),
        _ => return Err("teacher.token_limit is for a teacher behind a server; this session has none".to_owned()),
    }
    Ok(())
}

/// Listens until the run ends.
fn follow(watch: &WatchEnd) -> Result<Outcome, CommandError> {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} · {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut running = false;
    for event in &watch.events {
        match event {
            Event::Started { session, step, .. } => {
                running = true;
                bar.set_length(session.recipe.steps);
                bar.set_position(step);
            }
            Event::Scalars { step, values } => show(&bar, step, &values),
            Event::Status(status) => tell(&bar, &status),
            // Not the bar's own printing, which is silent where there is no terminal.
            Event::Counted(Some(budget)) => bar.suspend(|| eprintln!("teacher: {}", budget.sentence())),
            Event::Warning(notice) => bar.println(format!("warning: {}", notice.text)),
            Event::Opened(opened) => opened.notes.iter().for_each(|note| bar.println(format!("data: {note}"))),
            Event::Trouble { what, .. } => return Err(CommandError::run(what)),
            Event::Failed(notice) if running => return Err(CommandError::run(notice.text)),
            Event::Failed(notice) => return Err(CommandError::input(notice.text)),
            Event::Finished(outcome) => {
                bar.finish_and_clear();
                return Ok(*outcome);
            }
            _ => {}
        }
    }
    Err(CommandError::run("the engine stopped without a word; continue with --resume"))
}

fn show(bar: &ProgressBar, step: u64, values: &[(crate::link::SeriesId, f64)]) {
    let of = |id: &str| values.iter().find(|(series, _)| &*series.0 == id).map(|(_, value)| *value);
    if let Some(loss) = of("loss/total") {
        bar.set_position(step + 1);
        bar.set_message(format!("loss {loss:.3}"));
    }
    if let Some(accuracy) = of("measure/accuracy") {
        bar.println(format!("step {:>6}  validation accuracy {accuracy:.4}", step + 1));
    }
}

fn tell(bar: &ProgressBar, status: &Status) {
    let says = matches!(status.phase, Phase::Opening | Phase::Running | Phase::Evaluating);
    if says && !status.what.is_empty() {
        bar.set_message(status.what.clone());
    }
}

fn table(outcome: &Outcome) -> String {
    let row = |name: &str, side: &crate::link::Side| {
        let of = |id: &str| side.test.get(id).map_or("     –".to_owned(), |value| format!("{value:.4}"));
        format!("{name:<8} {:>12} {:>10} {:>9} {:>9}", side.parameters, side.pruned, of("accuracy"), of("macro_f1"))
    };
    let head = format!("{:<8} {:>12} {:>10} {:>9} {:>9}", "", "parameters", "pruned", "accuracy", "macro F1");
    let teacher = outcome.teacher.as_ref().map(|side| row("teacher", side));
    let paid = (outcome.tokens > 0).then(|| format!("{} tokens paid to the teacher's server", grouped(outcome.tokens)));
    let last = format!(
        "{} after {} steps, {:.1} s, peak memory {:.0} MB",
        outcome.reason,
        outcome.steps,
        outcome.seconds,
        outcome.peak_bytes as f64 / 1e6
    );
    let lines = [Some(head), teacher, Some(row("student", &outcome.student)), paid, Some(last)];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}
